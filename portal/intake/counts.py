"""How many firms take part, counted by the database: for pages that tell nothing of a single one.

Counted once and remembered by what the counts depend on (`portal.intake.stamps`): 2,000 firms in twelve periods are 24,000 reports.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Count

from portal.accounts.models import Jurisdiction, User
from portal.accounts.selectors import jurisdictions_of, within
from portal.catalogue.models import PeerGroupMember
from portal.intake.models import State, Submission
from portal.intake.stamps import SITES, Remembered, of_period, stamps

KEPT = 1_000
"""Counts that a process remembers, one a peer group or a period of it and jurisdiction: some hundred bytes each."""

_FIRM = "site__organisation__controlling_firm"
_remembered: Remembered[Mapping[int, int]] = Remembered(KEPT)


@dataclass(frozen=True, slots=True)
class FirmsView:
    """Firms of the sites where the person is regulator."""

    of: Mapping[int, int]  # by peer group; a group without any is left out
    reported: Mapping[tuple[int, str], int]  # by peer group and period, of which a report was accepted; none of a pair that is left out


def firms(user: User, groups: Collection[int], periods: Collection[str]) -> FirmsView:
    """Counted for these peer groups and these periods of theirs."""
    known, held = stamps(), jurisdictions_of(user)
    asked = (known.get(SITES, ""), tuple(sorted(one.path for one in held)), tuple(sorted(groups)))
    of = _remembered.of(asked, lambda: _members(held, groups))
    keys = {name: (*asked, name, of_period(known, name)) for name in periods}
    found = {name: _remembered.get(key) for name, key in keys.items()}
    missing = [name for name, counted in found.items() if counted is None]
    if missing:
        counted = _reported(held, groups, missing)
        for name in missing:
            found[name] = _remembered.put(keys[name], counted.get(name, {}))
    return FirmsView(of, {(group, name): count for name, counts in found.items() for group, count in (counts or {}).items()})


def _members(held: tuple[Jurisdiction, ...], groups: Collection[int]) -> Mapping[int, int]:
    members = PeerGroupMember.objects.filter(within(held, "site__jurisdiction__path"), peer_group__in=groups).order_by()
    return dict(members.values_list("peer_group").annotate(firms=Count(_FIRM, distinct=True)))


def _reported(held: tuple[Jurisdiction, ...], groups: Collection[int], periods: Collection[str]) -> Mapping[str, Mapping[int, int]]:
    inside = within(held, "site__jurisdiction__path")
    accepted = Submission.objects.filter(inside, state=State.ACCEPTED, period__in=periods, site__peer_group_members__peer_group__in=groups)
    rows = accepted.order_by().values_list("period", "site__peer_group_members__peer_group").annotate(firms=Count(_FIRM, distinct=True))
    counted: dict[str, dict[int, int]] = {}
    for period, group, number in rows:
        counted.setdefault(period, {})[group] = number
    return counted
