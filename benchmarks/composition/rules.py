"""Which ranks make up the industry's best and the median firm, by the number of controlling firms,
and a firm's heaviest weight.

No figure is set by one firm: the best leaves out the very best firms (one in fifty, one at least),
so that one report, however false, moves it by one rank and no further; whatever stands at a rank
(the median firm, a point of the curve) is the mean of the five ranks around it, at either end of
the outermost five. Nor is any figure one firm's: each is a mean of five at least
(`FEWEST_AVERAGED`). With single ranks, whoever knew a firm's rank knew its value. All act on the
last axis, so that one call serves the true values of a sector and thousands of draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

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
