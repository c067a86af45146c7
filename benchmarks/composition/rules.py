"""Which value of the industry is published, by the number of controlling firms (pack policy), and what it means.

The first quartile is the k-th smallest firm with k = ceil(n/4); the means are of the 5, or the ceil(n/10), smallest.
All act on the last axis, so that one call serves the true values of a sector and thousands of posterior draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import PolicyRefusal
from benchmarks.phrases import Phrase
from benchmarks.routes import CompositionRule

RuleName = Literal["first-quartile", "mean-of-best-five", "mean-of-top-decile"]


def rule_for(firms: int, rules: Sequence[CompositionRule]) -> CompositionRule | None:
    """The rule that holds for this number of firms; None where the pack has no rule for so few."""
    holding = [rule for rule in rules if rule.firms_from <= firms]
    return max(holding, key=lambda rule: rule.firms_from, default=None)


def smallest_used(rule: RuleName, firms: int) -> int:
    """How many of the smallest values the rule looks at: the rank it takes, or the number it averages."""
    if rule == "first-quartile":
        return math.ceil(firms / 4)
    if rule == "mean-of-best-five":
        if firms < 5:
            raise PolicyRefusal(
                "rule-needs-more-firms",
                Phrase("The rule %(rule)s needs five firms; the number of firms here is %(firms)s.", rule=rule, firms=firms),
                "Correct the pack's [[composition]] so that this rule starts at five firms or more.",
            )
        return 5
    return math.ceil(firms / 10)


def heaviest_weight(rule: RuleName, firms: int) -> float:
    """The weight of one firm in the published mean; 0 for a quartile, which is one rank and no mean of firms."""
    return 0.0 if rule == "first-quartile" else 1.0 / smallest_used(rule, firms)


def apply_rule(rule: RuleName, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rule on the last axis: one value of the industry for each row of firms' values."""
    return apply_to_ordered(rule, np.partition(values, smallest_used(rule, values.shape[-1]) - 1, axis=-1))


def apply_to_ordered(rule: RuleName, ordered: NDArray[np.float64]) -> NDArray[np.float64]:
    """`apply_rule` where the last axis is in rising order already."""
    count = smallest_used(rule, ordered.shape[-1])
    if rule == "first-quartile":
        return np.asarray(ordered[..., count - 1])
    return np.asarray(ordered[..., :count].mean(axis=-1))
