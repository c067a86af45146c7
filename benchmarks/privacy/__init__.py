"""The privacy mechanism: what a plant's batches are protected by, before anything leaves the site.

Read in this order: bounds, mechanism, randomness, units, charges, stability, intervals,
eligibility, pooling, accounting. `docs/privacy.md` has the proof and the figures; `python -m
tests.statistical` checks them.
"""
