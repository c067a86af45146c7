"""Energies off by a factor between units: all at once, row by row, from a moment on, or a register
that went on in another unit.

On a logarithmic scale they lie at ln f beside the rest, as close together. The factor is reported,
nothing multiplied.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LARGE = (
    1e3,
    1e6,
    3.6e3,
    3.6e6,
    1e3 / 3.6,
    1e6 / 3.6,
)  # W, kW, MW; kJ, MJ, GJ against them; L and m3, kg and t
# MJ and kWh, a decimal that moved by one or two: a batch that was broken off may come near them
SMALL = (3.6, 10.0, 100.0)
# rated primary currents over secondary ones of 5 A (IEC 61869-2, 5.201), and voltages' multiples
TRANSFORMERS = [
    first * 10.0**digits
    for digits in (1, 2, 3)
    for first in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8)
]


FACTORS, PROPOSED = (
    np.array([factor for multiple in multiples for factor in (multiple, 1 / multiple)])
    for multiples in ((*LARGE, *SMALL), (*LARGE, *SMALL, 1e4, 1e5, *TRANSFORMERS))
)
CERTAIN = 10.0  # times off: then something is wrong with a scale, whether a factor fits or not
FEWEST = 12  # values that tell what is usual
# a register that was changed to another unit falls or jumps to its value in that unit, but for what
# it counted meanwhile
SAME_SCALE = 1e-3
MOST_SLACK = 0.05
RISES = (*LARGE, *SMALL)
MAD_TO_SIGMA = 1.4826
DEVIATIONS = 4.0  # robust standard deviations within which a value belongs to a factor
LEAST_WIDTH, MOST_WIDTH = 0.1, 0.4  # the same in ln: 10 % and 49 %
APART = 3.0  # widths that a factor must lie from 1, or else the values themselves swing that far
FEWEST_SMALL = 3  # values at a small factor, which by themselves are no proof
FEWEST_OF_LEVEL = 5  # batches on either side of a turn from level to level
FEWEST_SIDE = 3  # loads on either side of a change
HIGH, ABOVE = (
    0.95,
    3.0,
    # of the loads the highest; times what it is in the smaller unit, which no load in that unit
    # reaches
)
MOST_BESIDE = (
    0.5  # values just outside the width, as a share of those inside: more are a tail, not a unit
)


def off_scale(value: Floats) -> Floats:
    """By what factor each value lies off the rest (1 where it does not, and where there are too few
    to tell). NaN and values <= 0 are 1.
    """
    factors = np.ones(len(value))
    positive = np.flatnonzero(np.isfinite(value) & (value > 0))
    if len(positive) < FEWEST:
        return factors
    away = np.log(value[positive])
    away -= np.median(away)
    swing = DEVIATIONS * MAD_TO_SIGMA * float(np.median(np.abs(away)))
    width = min(max(swing, LEAST_WIDTH), MOST_WIDTH)
    for factor in FACTORS.tolist():
        centre = float(np.log(factor))
        inside = np.abs(away - centre) <= width
        count = int(inside.sum())
        beside = int(
            (~inside & (np.abs(away - centre) <= 2 * width) & (np.abs(away) > width)).sum()
        )
        fewest = FEWEST_SMALL if abs(centre) < np.log(min(LARGE)) else 1
        if (
            abs(centre) >= APART * max(width, swing)
            and count >= fewest
            and beside <= MOST_BESIDE * count
        ):
            factors[positive[inside]] = factor
    return factors


def measured(above: Floats, below: Floats) -> tuple[float, tuple[float, ...]]:
    """By what factor the one values lie above the others, by their medians, and the usual factor
    that this is within their scatter and what two meters may differ by; none where none fits."""
    logs = [np.log(side[np.isfinite(side) & (side > 0)]) for side in (above, below)]
    middles = [np.median(side) for side in logs]
    errors = [
        np.median(np.abs(side - middle)) / np.sqrt(len(side))
        for side, middle in zip(logs, middles, strict=True)
    ]
    width = np.clip(DEVIATIONS * MAD_TO_SIGMA * np.hypot(*errors), LEAST_WIDTH / 2, LEAST_WIDTH)
    ratio = float(np.exp(middles[0] - middles[1]))
    factor = fitting(ratio, float(width))
    return ratio, () if factor is None else (factor,)


def fitting(ratio: float, width: float = LEAST_WIDTH) -> float | None:
    """The factor between units or of a transformer that a ratio of two like energies is, within a
    width in ln; None where it is none."""
    if not np.isfinite(ratio) or ratio <= 0:
        return None
    away = np.abs(np.log(ratio / PROPOSED))
    nearest = int(np.argmin(away))
    return float(PROPOSED[nearest]) if away[nearest] <= width else None


def into(value: float, low: float, high: float) -> Floats:
    """The factors that bring a value outside of physical bounds inside them: a thousand alone where
    that does, the most common mistake; none where the value lies inside."""
    if not (np.isfinite(value) and value > 0 and 0 < low < high) or low <= value <= high:
        return np.zeros(0)
    inside = np.unique(PROPOSED[(value * PROPOSED >= low) & (value * PROPOSED <= high)])
    thousand = inside[np.isin(inside, (1e3, 1e-3))]
    return thousand if len(thousand) else inside


def level_turn(value: Floats) -> tuple[int, float, tuple[float, ...]] | None:
    """Where two levels meet, each close about its median: the index of the first value of the
    second, and how it lies off the first (`measured`); None where no usual factor fits, and it is
    less than `CERTAIN`."""
    usable = np.isfinite(value) & (value > 0)
    if usable.sum() < 2 * FEWEST_OF_LEVEL or not usable.all():
        return None
    away = np.log(value)
    splits = range(FEWEST_OF_LEVEL, len(away) - FEWEST_OF_LEVEL + 1)
    apart = [
        np.abs(away[:at] - np.median(away[:at])).sum()
        + np.abs(away[at:] - np.median(away[at:])).sum()
        for at in splits
    ]
    at = splits[int(np.argmin(apart))]
    before, after = away[:at], away[at:]
    step = float(np.median(after) - np.median(before))
    spread = max(float(np.median(np.abs(side - np.median(side)))) for side in (before, after))
    swing = DEVIATIONS * MAD_TO_SIGMA * spread
    if swing > MOST_WIDTH or abs(step) < APART * max(swing, LEAST_WIDTH):
        return None
    factor, meant = measured(value[at:], value[:at])
    return (at, factor, meant) if meant or abs(step) >= np.log(CERTAIN) else None


def turning(load: Floats, indices: Integers, factor: float) -> int:
    """Of these indices of a series of loads the one from which on they are the factor times those
    before.

    By a large factor even what a line takes while it stands lies above all that it can show in the
    smaller unit; a small one shows where their level (on a logarithmic scale) changes most.
    """
    positive = indices[np.isfinite(load[indices]) & (load[indices] > 0)]
    if len(positive) and max(factor, 1 / factor) >= min(LARGE) - 1e-9:
        high = float(np.quantile(load[positive], HIGH)) * min(factor, 1 / factor) * ABOVE
        large = (load[positive] > high) == (factor < 1)  # as before the change
        sums = np.concatenate(([0], np.cumsum(large)))
        misplaced = (
            np.arange(len(positive)) - sums[:-1] + sums[-1] - sums[:-1]
        )  # other ones before, such ones after
        return int(positive[np.argmin(misplaced)])
    if len(positive) < 2 * FEWEST_SIDE:
        return int(indices[len(indices) // 2])
    level = np.log(load[positive])
    count = np.arange(1, len(level))
    before = np.cumsum(level)[:-1]
    after = before[-1] + level[-1] - before
    between = (before / count - after / (len(level) - count)) ** 2 * count * (len(level) - count)
    inner = between[FEWEST_SIDE - 1 : len(between) - FEWEST_SIDE + 1]
    return int(positive[FEWEST_SIDE + int(np.argmax(inner))])


def rescaled_by(before: Floats, after: Floats, usual: float) -> Flags:
    """Whether a register went on in another unit: its value is the one before, and about a step's
    energy, times a factor between units.
    """
    slack = np.minimum(SAME_SCALE + 2 * usual / np.maximum(np.abs(before), 1e-9), MOST_SLACK)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(
            (before > 0) & (after > 0), np.maximum(before / after, after / before), 1.0
        )
    rescaled: Flags = (np.abs(ratio[:, None] / np.array(RISES) - 1) <= slack[:, None]).any(axis=1)
    return rescaled
