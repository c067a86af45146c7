"""How many firms take part, counted by the database: for pages that tell nothing of a single
one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Count, F, Q

from portal.accounts.models import User
from portal.accounts.selectors import jurisdictions_of, within
from portal.catalogue.models import PeerGroupMember
from portal.intake.models import IN_THE_VAULT, Submission

_FIRM = "site__organisation__controlling_firm"


@dataclass(frozen=True, slots=True)
class FirmsView:
    """Firms of the sites where the person is regulator."""

    of: Mapping[int, int]  # by peer group; a group without any is left out
    reported: Mapping[
        tuple[int, str], int
    ]  # by peer group and period, of which a report was accepted; none of a pair that is left out


def firms(user: User, groups: Collection[int], periods: Collection[str]) -> FirmsView:
    """Counted for these peer groups and these periods of theirs."""
    inside = within(jurisdictions_of(user), "site__jurisdiction__path")
    members = PeerGroupMember.objects.filter(inside, peer_group__in=groups).order_by()
    of = dict(members.values_list("peer_group").annotate(firms=Count(_FIRM, distinct=True)))
    by_its_version = Q(pack_version="") | Q(
        pack_version=F("site__peer_group_members__peer_group__pack_version")
    )
    accepted = Submission.objects.filter(
        inside,
        by_its_version,
        state__in=IN_THE_VAULT,
        period__in=periods,
        site__peer_group_members__peer_group__in=groups,
    )
    reported = (
        accepted.order_by()
        .values_list("site__peer_group_members__peer_group", "period")
        .annotate(firms=Count(_FIRM, distinct=True))
    )
    return FirmsView(of, {(group, period): number for group, period, number in reported})
