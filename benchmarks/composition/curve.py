"""The percentile curve of a cell: which points it has for so many firms, and the value that each
share of them stays at or below.

From the same posterior as the step's best, so that noise neither lowers its foot nor lifts its
head. Between two points, and beyond the first and the last, lie at least five firms
(`FEWEST_BETWEEN`): nine points from 50 firms on, the quartiles from 20 on, below that none. A point
is the mean of the five ranks around its own (`rules.around`), so no point is one firm's value, and
no two points share a firm. Published percentile curves of the cement industry go from p10 to p90
likewise (GNR, "Getting the Numbers Right", reporting rules).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.composition.posterior import Array
from benchmarks.composition.rules import around

FEWEST_BETWEEN = 5
LADDERS = ((10, 20, 30, 40, 50, 60, 70, 80, 90), (25, 50, 75))


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The value that `percent` of the firms stay at or below, with its 95 % interval, in the
    metric's unit.
    """

    percent: int
    value: float
    interval: tuple[float, float]


def percents(firms: int) -> tuple[int, ...]:
    """The points that so many firms allow; none where five between two points are not to be had."""
    for ladder in LADDERS:
        narrowest = min(later - earlier for earlier, later in pairwise((0, *ladder, 100)))
        if narrowest * firms >= 100 * FEWEST_BETWEEN:
            return ladder
    return ()


def rank_at(percent: int, firms: int) -> int:
    """The firm at a point, from 1: k = ceil(p n), in integers."""
    return -(-percent * firms // 100)


def ranks(percent: int, firms: int) -> range:
    """The ranks that make up a point, 0 the least energy."""
    return around(rank_at(percent, firms) - 1, firms)


def read_off(ordered: Array) -> Array:
    """The points of each row of firms' values in rising order: along the last axis."""
    firms = ordered.shape[-1]
    points = [
        ordered[..., at.start : at.stop].mean(axis=-1)
        for at in (ranks(percent, firms) for percent in percents(firms))
    ]
    return np.stack(points, axis=-1) if points else ordered[..., :0]


def share_at(points: Sequence[CurvePoint], level: float) -> tuple[int, int]:
    """Between which percentages of the firms stay at or below `level`: the last point surely at or
    below it, the first surely above.
    """
    least = max((point.percent for point in points if point.interval[1] <= level), default=0)
    return least, min((point.percent for point in points if point.interval[0] > level), default=100)
