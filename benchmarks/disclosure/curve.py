"""Which of a cell's curve points are shown, by the firms between them, rounded; and whether one
gives firms away beside an earlier curve.

A curve is decided with its cell: the same firms stand behind both, so what refuses the one refuses
the other, and a later version that differs in too few firms waits for both. Where some point of it
would move by too few of the changed firms, which would tell in which part of the curve one of them
lies, the curve alone stays out. Beyond that a point needs `FEWEST_BETWEEN` firms between it and the
next, and beyond the first and the last: a point is the mean of five firms, and points closer
together would share some of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from benchmarks.composition.rules import CurvePoint, percents
from benchmarks.disclosure.influence import Exhibit, gives_away
from benchmarks.disclosure.rounding import outward, to_grid
from benchmarks.policies import DisclosurePolicy


def let_through(
    points: Sequence[CurvePoint], firms: int, width: Fraction, origin: Fraction
) -> tuple[CurvePoint, ...]:
    """The points that so many firms allow, on the release grid."""
    allowed = percents(firms)
    return tuple(
        CurvePoint(
            point.percent,
            to_grid(point.value, width, origin),
            outward(point.interval, width, origin),
        )
        for point in points
        if point.percent in allowed
    )


def gives_firms_away(ours: Exhibit, shown: Iterable[Exhibit], policy: DisclosurePolicy) -> bool:
    """Whether some point, beside the same point of a curve shown before, would tell where one of
    the changed firms lies.
    """
    return any(gives_away(ours.curve, ours, other.curve, other, policy) for other in shown)
