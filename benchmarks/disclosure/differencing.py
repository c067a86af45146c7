"""What the difference of two shown values gives away: beside earlier versions, other peer groups,
other metrics, and other years.

The other is of an earlier version, another peer group, another year, or another metric of the step;
their difference is judged as if it were published (`influence`).

Each check gives the reason why the value is refused, or None. Several publications at once are held
in `several_publications`.
"""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.disclosure.frequency_and_dominance import Refusal, per_cent
from benchmarks.disclosure.influence import Exhibit, alone_give_away, gives_away, years_give_away
from benchmarks.disclosure.reasons import GateReason, sentence
from benchmarks.policies import DisclosurePolicy


def differencing(
    ours: Exhibit,
    others: Iterable[Exhibit],
    policy: DisclosurePolicy,
    reason: GateReason = GateReason.DIFFERENCING,
) -> Refusal | None:
    """Against every other publication that ever showed this value, withdrawn ones too: no firm
    differs, or at least `least_changed_participants` do, as many matter to a figure that moves, and
    none makes up most of its change.

    The sentence is one for all of these and counts no firms: it does not say whose value moved, nor
    whether one that was drawn anew did.

    Args:
        reason: `differencing` against earlier versions, `overlap` against other peer groups.
    """
    least = policy.least_changed_participants
    for other in others:
        if ours.too_close_to(other, least) or gives_away(
            ours.figures, ours, other.figures, other, policy
        ):
            share = per_cent(float(policy.largest_share_of_change))
            return reason, sentence(reason, version=other.name, least=least, share=share)
    return None


def metrics(ours: Exhibit, others: Iterable[Exhibit], policy: DisclosurePolicy) -> Refusal | None:
    """Against other metrics of the same step that are shown, here or elsewhere: the same firms, or
    enough that stand in one alone.
    """
    if any(alone_give_away(ours.figures, ours, other.figures, other, policy) for other in others):
        return GateReason.METRICS, sentence(
            GateReason.METRICS, least=policy.least_changed_participants
        )
    return None


def years(ours: Exhibit, others: Iterable[Exhibit], policy: DisclosurePolicy) -> Refusal | None:
    """Against other years that showed this value: too few firms that matter stand in one of two
    alone, and the others moved too little to hide them."""
    for other in others:
        if years_give_away(ours, other, policy):
            return GateReason.YEARS, sentence(
                GateReason.YEARS, version=other.name, least=policy.least_changed_participants
            )
    return None
