"""A plant's protected value beside the industry's best: how far apart they are, in which energies,
and with which CO2.

Read in this order: `estimates` (a figure with its interval), `gaps` (its distance to another),
`energies` (whether a distance lies in electricity or in fuel), `co2` (what closing it would spare).
"""
