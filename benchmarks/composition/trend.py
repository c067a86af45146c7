"""A benchmark over the years: how far a figure moved between two versions, and how far the firms of
one lie apart.

Two figures with noise of their own: the interval of their difference is recovered from their two
(Zou and Donner 2008, *Statistics in Medicine* 27, 1693-1702), each side's distances added in
squares. Made of published figures alone, so it tells nothing that they do not; versions that define
a figure otherwise are not subtracted.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

from benchmarks.composition.curve import CurvePoint

Known = tuple[float, tuple[float, float]]
"""A value and its 95 % interval."""


def difference(of: Known, less: Known) -> Known:
    """`of` less `less`, drawn independently. Where they lean on the same noise the interval is a
    little too wide, never too narrow.
    """
    value = of[0] - less[0]
    down = hypot(of[0] - of[1][0], less[1][1] - less[0])
    up = hypot(of[1][1] - of[0], less[0] - less[1][0])
    return value, (value - down, value + up)


def spread(points: Sequence[CurvePoint]) -> Known | None:
    """From the lower quartile of the firms to the upper; between tenths a quartile lies midway.
    None where there is no curve.

    The ends of an interval between two points are the means of theirs, which holds where both do.
    """
    at = {point.percent: (point.value, point.interval) for point in points}
    if not at:
        return None
    return difference(_quartile(at, 75, (70, 80)), _quartile(at, 25, (20, 30)))


def _quartile(at: dict[int, Known], percent: int, beside: tuple[int, int]) -> Known:
    if percent in at:
        return at[percent]
    (low, (low_from, low_to)), (high, (high_from, high_to)) = (at[rank] for rank in beside)
    return (low + high) / 2, ((low_from + high_from) / 2, (low_to + high_to) / 2)
