"""The core of Steplabel: labels, private release, composition, disclosure and audit. No framework,
no HTTP, no database.

Read in this order: errors, quantities, carriers, conversion, routes, packs, measurements, labels,
privacy, released, release, stored, composition, ranking, disclosure, explanation, wire.
"""
