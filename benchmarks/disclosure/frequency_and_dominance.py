"""The checks of one published value by itself: lag, frequency, its mean's weights, and dominance
and p-percent by weights that the caller gives.

Each gives the reason why the value is refused, or None. What it would give away beside others is in
`differencing`.

Dominance and p-percent are on declared size classes (public weights, equal where none is declared),
because a firm's output never reaches the portal; the thresholds are the pack's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction

from benchmarks.composition.result import CellRoster
from benchmarks.composition.rules import FEWEST_AVERAGED, RuleName, averaged, heaviest_weight
from benchmarks.declared import Words
from benchmarks.disclosure.reasons import GateReason, sentence
from benchmarks.policies import DisclosurePolicy

Refusal = tuple[GateReason, Words]


def lag(policy: DisclosurePolicy, period_end: date, today: date) -> Refusal | None:
    """Figures wait `lag_days` after the end of the period."""
    allowed_from = period_end + timedelta(days=policy.lag_days)
    return (
        None
        if today >= allowed_from
        else (GateReason.LAG, sentence(GateReason.LAG, date=allowed_from.isoformat()))
    )


def frequency(roster: CellRoster, policy: DisclosurePolicy) -> Refusal | None:
    """At least `fewest_firms` controlling firms."""
    firms = len(roster.firms)
    if firms >= policy.fewest_firms:
        return None
    return GateReason.TOO_FEW_FIRMS, sentence(
        GateReason.TOO_FEW_FIRMS, firms=firms, fewest=policy.fewest_firms
    )


def dominance(
    roster: CellRoster, policy: DisclosurePolicy, size_weights: Mapping[str, float]
) -> Refusal | None:
    """No firm above `largest_weight` of the cell's declared size."""
    sizes = _sizes(roster, size_weights)
    if sizes[0] <= policy.largest_weight * sum(sizes):
        return None
    return GateReason.DOMINANCE, sentence(
        GateReason.DOMINANCE, share=per_cent(float(policy.largest_weight))
    )


def p_percent(
    roster: CellRoster, policy: DisclosurePolicy, size_weights: Mapping[str, float]
) -> Refusal | None:
    """What remains of the declared sizes without the two largest is at least p % of the largest.

    Else the second largest, who knows itself, could work the largest out that closely.
    """
    sizes = _sizes(roster, size_weights)
    if sum(sizes[2:]) >= policy.p_percent * sizes[0]:  # a share: 1/10 is 10 %
        return None
    return GateReason.P_PERCENT, sentence(
        GateReason.P_PERCENT, share=per_cent(float(policy.p_percent))
    )


def _sizes(roster: CellRoster, size_weights: Mapping[str, float]) -> list[Fraction]:
    """Declared sizes of the cell's firms, the largest first; exact, for one of five has a fifth and
    no more.
    """
    return sorted((Fraction(size_weights.get(firm, 1.0)) for firm in roster.firms), reverse=True)


def weight(rule: RuleName, firms: int, policy: DisclosurePolicy) -> Refusal | None:
    """The published best is a mean of at least five firms, none of them above `largest_weight`."""
    if (
        len(averaged(rule, firms)) >= FEWEST_AVERAGED
        and heaviest_weight(rule, firms) <= policy.largest_weight
    ):
        return None
    return GateReason.WEIGHT, sentence(
        GateReason.WEIGHT, share=per_cent(float(policy.largest_weight)), fewest=FEWEST_AVERAGED
    )


def alone(
    who: CellRoster,
    rule: RuleName | None,
    policy: DisclosurePolicy,
    size_weights: Mapping[str, float],
) -> Refusal | None:
    """The first check that a value fails by itself; frequency first, so that the later ones always
    have firms to look at.
    """
    return (
        frequency(who, policy)
        or dominance(who, policy, size_weights)
        or p_percent(who, policy, size_weights)
        or (weight(rule, len(who.firms), policy) if rule else None)
    )


def passed(*, unchanged: bool) -> tuple[GateReason, Words]:
    """What is said of a value that no check refuses."""
    reason = GateReason.UNCHANGED if unchanged else GateReason.SHOWN
    return reason, sentence(reason)


def per_cent(share: float) -> str:
    return f"{100 * share:g} %"
