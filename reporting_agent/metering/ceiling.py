"""A flat ceiling that nobody declared: a sensor that saturates below the loads it was bought for.

A load that swings goes through many different values below its highest and meets the highest seldom. Where instead the
highest value stands far more often than any value below it, while below it hardly two readings are alike, the values were
cut off there. A load that is steady, or written in coarse steps, has many alike below its highest as well and shows nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reporting_agent.metering.sample import Sample

Floats = NDArray[np.float64]

FEWEST_AT = 8  # readings of the sample at the ceiling
LEAST_SHARE = 0.002  # of the readings under load
UPPER = 0.7  # what is meant by "below the highest": from this share of it up
FEWEST_BELOW = 20  # different values there
TIMES_ALIKE = 5  # how much more often than any of them the highest stands


def flat_ceiling(sample: Sample, below: float) -> float | None:
    """The value at which the readings were cut off; None where they were not. Values above `below` are spikes and count for nothing."""
    value = sample.value[np.isfinite(sample.value) & (sample.value > 0) & (sample.power <= below)]
    if len(value) < FEWEST_AT + FEWEST_BELOW:
        return None
    levels, count = np.unique(value, return_counts=True)
    top, at_top = float(levels[-1]), int(count[-1])
    lower = count[:-1][levels[:-1] >= UPPER * top]
    if at_top < max(FEWEST_AT, LEAST_SHARE * len(value)) or len(lower) < FEWEST_BELOW:
        return None
    return top if at_top >= TIMES_ALIKE * int(lower.max()) else None


def standing_ceiling(values: Floats, sample: Sample, below: float) -> float | None:
    """The value at which a meter stands again and again for implausibly long, where it shows none above it: the end of its range."""
    value = sample.value[np.isfinite(sample.value) & (sample.power <= below)]
    if not len(values) or not len(value):
        return None
    top = float(values.max())
    return top if top >= float(value.max()) else None
