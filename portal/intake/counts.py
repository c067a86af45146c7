"""How many firms take part, counted by the database: for pages that tell nothing of a single one."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db.models import Count

from portal.accounts.models import User
from portal.accounts.selectors import jurisdictions_of, within
from portal.catalogue.models import PeerGroupMember
from portal.intake.models import State, Submission

_FIRM = "site__organisation__controlling_firm"


def firms_of(user: User, groups: Collection[int]) -> Mapping[int, int]:
    """By peer group, the firms of its sites where the person is regulator; a group without any is left out."""
    held = within(jurisdictions_of(user), "site__jurisdiction__path")
    members = PeerGroupMember.objects.filter(held, peer_group__in=groups).order_by()
    return dict(members.values_list("peer_group").annotate(firms=Count(_FIRM, distinct=True)))


def firms_reported(user: User, groups: Collection[int], periods: Collection[str]) -> Mapping[tuple[int, str], int]:
    """By peer group and period, those of them of which a report was accepted; none of a pair that is left out."""
    held = within(jurisdictions_of(user), "site__jurisdiction__path")
    accepted = Submission.objects.filter(held, state=State.ACCEPTED, period__in=periods, site__peer_group_members__peer_group__in=groups)
    counted = accepted.order_by().values_list("site__peer_group_members__peer_group", "period").annotate(firms=Count(_FIRM, distinct=True))
    return {(group, period): firms for group, period, firms in counted}
