"""The checks of one published value: frequency, dominance, p-percent, weight, differencing, overlap.

Each gives the reason why the value is refused, or None.

Dominance and p-percent are on declared size classes (public weights, equal where none is declared), because a firm's
output never reaches the portal; the thresholds are the pack's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from benchmarks.composition.participants import CellRoster
from benchmarks.composition.rules import RuleName, heaviest_weight
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
    """No firm above `largest_weight` of the cell's declared size; and the p-percent rule on the same sizes.

    p-percent: the cell is refused where what remains without the two largest is below p % of the largest, because the
    second largest, who knows itself, could then work the largest out that closely.
    """
    sizes = sorted((size_weights.get(firm, 1.0) for firm in roster.firms), reverse=True)
    largest_share = sizes[0] / sum(sizes)
    if largest_share > policy.largest_weight:
        return Reason.DOMINANCE, sentence(Reason.DOMINANCE, share=_per_cent(float(policy.largest_weight)))
    p = float(policy.p_percent)  # a share: 1/10 is 10 %
    if sum(sizes[2:]) < p * sizes[0]:
        return Reason.P_PERCENT, sentence(Reason.P_PERCENT, share=_per_cent(p))
    return None


def weight(rule: RuleName, firms: int, policy: DisclosurePolicy) -> Refusal | None:
    """No firm above `largest_weight` in the published mean."""
    if heaviest_weight(rule, firms) <= policy.largest_weight:
        return None
    return Reason.WEIGHT, sentence(Reason.WEIGHT, share=_per_cent(float(policy.largest_weight)))


def changed_firms(before: CellRoster, after: CellRoster) -> int:
    """Firms that joined, left, or stand with another site or another draw."""
    old = {member.firm: member for member in before.members}
    new = {member.firm: member for member in after.members}
    return sum(old.get(firm) != new.get(firm) for firm in old.keys() | new.keys())


def differencing(
    roster: CellRoster, others: Iterable[tuple[str, CellRoster]], policy: DisclosurePolicy, reason: Reason = Reason.DIFFERENCING
) -> Refusal | None:
    """Against every other publication that ever showed this value, withdrawn ones too: no firm differs, or at least
    `least_changed_participants` do.

    Args:
        others: name of the publication, and who stood behind the value there.
        reason: `differencing` against earlier versions, `overlap` against other peer groups.
    """
    for version, before in others:
        changed = changed_firms(before, roster)
        if 0 < changed < policy.least_changed_participants:
            return reason, sentence(reason, version=version, changed=changed, least=policy.least_changed_participants)
    return None


def alone(who: CellRoster, rule: RuleName | None, policy: DisclosurePolicy, size_weights: Mapping[str, float]) -> Refusal | None:
    """The first check that a value fails by itself; frequency first, so that the later ones always have firms to look at."""
    return frequency(who, policy) or dominance(who, policy, size_weights) or (weight(rule, len(who.firms), policy) if rule else None)


def beside(
    who: CellRoster, earlier: Iterable[tuple[str, CellRoster]], others: Iterable[tuple[str, CellRoster]], policy: DisclosurePolicy
) -> Refusal | None:
    """The first check that a value fails beside what is public: earlier versions of its own, then other peer groups."""
    return differencing(who, earlier, policy) or differencing(who, others, policy, Reason.OVERLAP)


def passed(*, unchanged: bool) -> tuple[Reason, Words]:
    """What is said of a value that no check refuses."""
    reason = Reason.UNCHANGED if unchanged else Reason.SHOWN
    return reason, sentence(reason)


def _per_cent(share: float) -> str:
    return f"{100 * share:g} %"
