"""Which ranks make up the industry's best, the median firm and the points of the percentile curve,
by the number of controlling firms.

No figure is set by one firm: the best leaves out the very best firms (one in fifty, one at least),
so that one report, however false, moves it by one rank and no further; whatever stands at a rank
(the median firm, a point of the curve) is the mean of the five ranks around it, at either end of
the outermost five. Nor is any figure one firm's: each is a mean of five at least. With single
ranks, whoever knew a firm's rank knew its value. All act on the last axis.

Between two points of the curve, and beyond the first and the last, lie at least five firms: nine
points from 50 firms on, the quartiles from 20 on, below that none, so no two points share a firm.
Published percentile curves of the cement industry go from p10 to p90 likewise (GNR, "Getting the
Numbers Right", reporting rules).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.composition.posterior import Array
from benchmarks.errors import PolicyRefusal
from benchmarks.phrases import Phrase
from benchmarks.policies import CompositionRule

RuleName = Literal["trimmed-best-five", "trimmed-best-decile"]
"""How the best is formed: the mean of five firms, or of a tenth, after those that are left out."""

FEWEST_AVERAGED = 5
"""Firms whose values a published figure is the mean of, at least."""

FIRMS_A_TRIMMED = 50
"""One firm of so many, or part of so many, is left out of the best: the breakdown point."""


def rule_for(firms: int, rules: Sequence[CompositionRule]) -> CompositionRule | None:
    """The rule that holds for this number of firms; None where the pack has no rule for so few."""
    holding = [rule for rule in rules if rule.firms_from <= firms]
    return max(holding, key=lambda rule: rule.firms_from, default=None)


def averaged(rule: RuleName, firms: int) -> range:
    """The ranks that make up the best, 0 the least energy: the mean breaks down when more firms
    than stand before the first of them send falsehoods.
    """
    if firms <= FEWEST_AVERAGED:
        raise PolicyRefusal(
            "rule-needs-more-firms",
            Phrase(
                "The rule %(rule)s needs six firms, but there are %(firms)s here.",
                rule=rule,
                firms=firms,
            ),
            "Correct the pack's [[composition]] so that this rule starts at six firms or more.",
        )
    if rule == "trimmed-best-five":
        return range(1, 1 + FEWEST_AVERAGED)
    left_out = math.ceil(firms / FIRMS_A_TRIMMED)
    return range(left_out, left_out + math.ceil(firms / 10))


def around(rank: int, firms: int) -> range:
    """The ranks that make up what is published for one rank, 0 the least energy: five neighbours,
    the outermost five at either end.

    Of fewer than five firms all: the gate shows nothing of so few.
    """
    first = min(max(rank - FEWEST_AVERAGED // 2, 0), max(firms - FEWEST_AVERAGED, 0))
    return range(first, min(first + FEWEST_AVERAGED, firms))


def middle(firms: int) -> list[int]:
    """The ranks that make up the median firm; of an even number of firms some stand twice, for both
    ranks in the middle.
    """
    both = [rank for middle in ((firms - 1) // 2, firms // 2) for rank in around(middle, firms)]
    return both if firms % 2 == 0 else both[: len(both) // 2]


def heaviest_weight(rule: RuleName, firms: int) -> Fraction:
    """The weight of one firm in the published mean."""
    return Fraction(1, len(averaged(rule, firms)))


def apply_rule(rule: RuleName, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rule on the last axis: one value of the industry for each row of firms' values."""
    ranks = averaged(rule, values.shape[-1])
    return apply_to_ordered(rule, np.partition(values, (ranks[0], ranks[-1]), axis=-1))


def apply_to_ordered(rule: RuleName, ordered: NDArray[np.float64]) -> NDArray[np.float64]:
    """`apply_rule` where the last axis is in rising order already. Of a mean the order among its
    firms does not matter.
    """
    ranks = averaged(rule, ordered.shape[-1])
    return np.asarray(ordered[..., ranks.start : ranks.stop].mean(axis=-1))


def median_of_ordered(ordered: NDArray[np.float64]) -> NDArray[np.float64]:
    """The median firm on the last axis, which is in rising order."""
    return np.asarray(ordered[..., middle(ordered.shape[-1])].mean(axis=-1))


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
