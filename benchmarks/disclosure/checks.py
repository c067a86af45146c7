"""The checks of one published value: frequency, dominance, p-percent, weight, differencing, overlap, metrics.

Each gives the reason why the value is refused, or None.

Two publications are held against each other as if their difference were published (`influence`).

Dominance and p-percent are on declared size classes (public weights, equal where none is declared), because a firm's
output never reaches the portal; the thresholds are the pack's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from benchmarks.composition.participants import CellRoster
from benchmarks.composition.rules import FEWEST_AVERAGED, RuleName, averaged, heaviest_weight
from benchmarks.disclosure.influence import Exhibit, gives_away, metrics_give_away
from benchmarks.disclosure.reasons import Reason, sentence
from benchmarks.routes import DisclosurePolicy, Words

Refusal = tuple[Reason, Words]


def lag(policy: DisclosurePolicy, period_end: date, today: date) -> Refusal | None:
    """Figures wait `lag_days` after the end of the period."""
    allowed_from = period_end + timedelta(days=policy.lag_days)
    return None if today >= allowed_from else (Reason.LAG, sentence(Reason.LAG, date=allowed_from.isoformat()))


def frequency(roster: CellRoster, policy: DisclosurePolicy) -> Refusal | None:
    """At least `fewest_firms` controlling firms."""
    firms = len(roster.firms)
    if firms >= policy.fewest_firms:
        return None
    return Reason.TOO_FEW_FIRMS, sentence(Reason.TOO_FEW_FIRMS, firms=firms, fewest=policy.fewest_firms)


def dominance(roster: CellRoster, policy: DisclosurePolicy, size_weights: Mapping[str, float]) -> Refusal | None:
    """No firm above `largest_weight` of the cell's declared size."""
    sizes = _sizes(roster, size_weights)
    if sizes[0] / sum(sizes) <= policy.largest_weight:
        return None
    return Reason.DOMINANCE, sentence(Reason.DOMINANCE, share=_per_cent(float(policy.largest_weight)))


def p_percent(roster: CellRoster, policy: DisclosurePolicy, size_weights: Mapping[str, float]) -> Refusal | None:
    """What remains of the declared sizes without the two largest is at least p % of the largest.

    Else the second largest, who knows itself, could work the largest out that closely.
    """
    sizes = _sizes(roster, size_weights)
    p = float(policy.p_percent)  # a share: 1/10 is 10 %
    if sum(sizes[2:]) >= p * sizes[0]:
        return None
    return Reason.P_PERCENT, sentence(Reason.P_PERCENT, share=_per_cent(p))


def _sizes(roster: CellRoster, size_weights: Mapping[str, float]) -> list[float]:
    """Declared sizes of the cell's firms, the largest first."""
    return sorted((size_weights.get(firm, 1.0) for firm in roster.firms), reverse=True)


def weight(rule: RuleName, firms: int, policy: DisclosurePolicy) -> Refusal | None:
    """The published best is a mean of at least five firms, none of them above `largest_weight`."""
    if len(averaged(rule, firms)) >= FEWEST_AVERAGED and heaviest_weight(rule, firms) <= policy.largest_weight:
        return None
    return Reason.WEIGHT, sentence(Reason.WEIGHT, share=_per_cent(float(policy.largest_weight)), fewest=FEWEST_AVERAGED)


def differencing(
    ours: Exhibit, others: Iterable[Exhibit], policy: DisclosurePolicy, reason: Reason = Reason.DIFFERENCING
) -> Refusal | None:
    """Against every other publication that ever showed this value, withdrawn ones too: no firm differs, or at least
    `least_changed_participants` do, as many matter to a figure that moves, and none makes up most of its change.

    The sentence is one for all of these and counts no firms: it does not say whose value moved, nor whether one that was drawn anew did.

    Args:
        reason: `differencing` against earlier versions, `overlap` against other peer groups.
    """
    least = policy.least_changed_participants
    for other in others:
        if ours.too_close_to(other, least) or gives_away(ours.figures, ours, other.figures, other, policy):
            share = _per_cent(float(policy.largest_share_of_change))
            return reason, sentence(reason, version=other.name, least=least, share=share)
    return None


def metrics(ours: Exhibit, others: Iterable[Exhibit], policy: DisclosurePolicy) -> Refusal | None:
    """Against other metrics of the same step that are shown, here or elsewhere: the same firms, or enough that stand in one alone."""
    if any(metrics_give_away(ours, other, policy) for other in others):
        return Reason.METRICS, sentence(Reason.METRICS, least=policy.least_changed_participants)
    return None


def alone(who: CellRoster, rule: RuleName | None, policy: DisclosurePolicy, size_weights: Mapping[str, float]) -> Refusal | None:
    """The first check that a value fails by itself; frequency first, so that the later ones always have firms to look at."""
    return (
        frequency(who, policy)
        or dominance(who, policy, size_weights)
        or p_percent(who, policy, size_weights)
        or (weight(rule, len(who.firms), policy) if rule else None)
    )


def beside(ours: Exhibit, earlier: Iterable[Exhibit], others: Iterable[Exhibit], policy: DisclosurePolicy) -> Refusal | None:
    """The first check that a value fails beside what is public: earlier versions of its own, then other peer groups."""
    return differencing(ours, earlier, policy) or differencing(ours, others, policy, Reason.OVERLAP)


def passed(*, unchanged: bool) -> tuple[Reason, Words]:
    """What is said of a value that no check refuses."""
    reason = Reason.UNCHANGED if unchanged else Reason.SHOWN
    return reason, sentence(reason)


def _per_cent(share: float) -> str:
    return f"{100 * share:g} %"
