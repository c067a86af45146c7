"""Reading peer groups and periods."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from portal.accounts.models import Jurisdiction, Site, User
from portal.accounts.selectors import jurisdictions_of
from portal.catalogue.models import PeerGroup, ReportingPeriod


@dataclass(frozen=True, slots=True)
class PeriodView:
    id: int
    name: str
    start: datetime
    end: datetime
    due: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class PeerGroupView:
    """A peer group as a regulator sees it; `may_decide` says whether this person may draft and publish for it."""

    id: int
    pack: str
    pack_version: str
    route: str
    scope: str
    scope_zh: str
    sites: int
    may_decide: bool
    periods: tuple[PeriodView, ...]
    attested_only: bool
    adverse_leaves: bool


def groups_of(user: User) -> tuple[PeerGroupView, ...]:
    """The peer groups whose scope touches the person's jurisdiction."""
    held = jurisdictions_of(user)
    groups = PeerGroup.objects.select_related("scope").prefetch_related("periods").annotate(of_sites=Count("members"))
    return tuple(
        PeerGroupView(
            group.pk,
            group.pack,
            group.pack_version,
            group.route,
            group.scope.name,
            group.scope.name_zh,
            group.of_sites,
            any(jurisdiction.covers(group.scope) for jurisdiction in held),
            tuple(_view(period) for period in group.periods.all()),
            group.attested_only,
            group.adverse_leaves,
        )
        for group in groups.order_by("pack", "route", "scope__path")
        if any(_touch(jurisdiction, group.scope) for jurisdiction in held)
    )


def group_of(user: User, peer_group: int) -> PeerGroup:
    """One of those groups; `PeerGroup.DoesNotExist` for anybody else's, as for one that is not there."""
    return group_touching(jurisdictions_of(user), peer_group)


def group_touching(held: tuple[Jurisdiction, ...], peer_group: int) -> PeerGroup:
    """The same for jurisdictions that were asked for already."""
    group = PeerGroup.objects.select_related("scope").get(pk=peer_group)
    if not any(_touch(jurisdiction, group.scope) for jurisdiction in held):
        raise PeerGroup.DoesNotExist
    return group


def period_taking_reports(site: Site, name: str) -> ReportingPeriod | None:
    """The open period of that name in a peer group of the site, if there is one."""
    return (
        ReportingPeriod.objects.filter(name=name, closed_at=None, peer_group__members__site=site, peer_group__pack=site.pack)
        .select_related("peer_group")
        .order_by("pk")
        .first()
    )


def _touch(one: Jurisdiction, other: Jurisdiction) -> bool:
    return one.covers(other) or other.covers(one)


def _view(period: ReportingPeriod) -> PeriodView:
    return PeriodView(period.pk, period.name, period.start, period.end, period.due, period.closed_at)
