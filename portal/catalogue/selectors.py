"""Reading peer groups and periods."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from benchmarks.phrases import Name
from portal.accounts.models import Jurisdiction, Site, User
from portal.accounts.selectors import jurisdictions_of, within
from portal.catalogue.models import (
    Extension,
    ExtensionRequest,
    PeerGroup,
    PeerGroupMember,
    ReportingPeriod,
)


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
    """A peer group as a regulator sees it; `may_decide` says whether this person may draft and
    publish for it.
    """

    id: int
    pack: str
    pack_version: str
    route: str
    scope: Name
    jurisdiction: str  # the path of the scope
    sites: int
    may_decide: bool
    periods: tuple[PeriodView, ...]
    attested_only: bool
    adverse_leaves: bool


def sites_of(group: PeerGroup) -> QuerySet[Site]:
    """The sites of the group's pack that lie in its scope, members or not, retired ones too."""
    return Site.objects.filter(within((group.scope,)), pack=group.pack)


def groups_of(user: User) -> tuple[PeerGroupView, ...]:
    """The peer groups whose scope touches the person's jurisdiction, with all periods."""
    jurisdictions = jurisdictions_of(user)
    rows = (
        PeerGroup.objects.select_related("scope")
        .annotate(member_count=Count("members"))
        .order_by("pack", "route", "scope__path")
    )
    groups = [
        row
        for row in rows
        if any(touch(jurisdiction, row.scope.path) for jurisdiction in jurisdictions)
    ]
    periods: dict[int, list[PeriodView]] = {}
    for row in ReportingPeriod.objects.filter(peer_group__in=groups):
        view = PeriodView(
            id=row.pk,
            name=row.name,
            start=row.start,
            end=row.end,
            due=row.due,
            closed_at=row.closed_at,
        )
        periods.setdefault(row.peer_group_id, []).append(view)
    return tuple(
        PeerGroupView(
            id=group.pk,
            pack=group.pack,
            pack_version=group.pack_version,
            route=group.route,
            scope=group.scope.name,
            jurisdiction=group.scope.path,
            sites=group.member_count,
            may_decide=any(jurisdiction.covers(group.scope) for jurisdiction in jurisdictions),
            periods=tuple(periods.get(group.pk, ())),
            attested_only=group.attested_only,
            adverse_leaves=group.adverse_leaves,
        )
        for group in groups
    )


def group_of(user: User, peer_group: int) -> PeerGroup:
    """One of those groups; `PeerGroup.DoesNotExist` for anybody else's, as for one that is not
    there.
    """
    jurisdictions = jurisdictions_of(user)
    group = peer_group_by_id(peer_group)
    if not any(touch(jurisdiction, group.scope.path) for jurisdiction in jurisdictions):
        raise PeerGroup.DoesNotExist
    return group


def peer_group_by_id(peer_group: int) -> PeerGroup:
    """With its scope, for who has asked already whether the person may; `PeerGroup.DoesNotExist`
    where there is none.
    """
    return PeerGroup.objects.select_related("scope").get(pk=peer_group)


def groups_of_route(pack: str, route: str, scope: Jurisdiction) -> QuerySet[PeerGroup]:
    """The groups of that route and scope, one for each version of the pack that was taken up, the
    one made last at the end.
    """
    return PeerGroup.objects.filter(pack=pack, route=route, scope=scope).order_by("pk")


def period_of_group(peer_group: int, name: str) -> ReportingPeriod:
    """With its group and scope, open or closed; `ReportingPeriod.DoesNotExist` where the group has
    none of that name.
    """
    return ReportingPeriod.objects.select_related("peer_group__scope").get(
        peer_group=peer_group, name=name
    )


def memberships_of(site: Site) -> tuple[PeerGroupMember, ...]:
    """In which peer groups the site is, with site and group."""
    return tuple(PeerGroupMember.objects.filter(site=site).select_related("site", "peer_group"))


def requests_of(site: Site) -> tuple[ExtensionRequest, ...]:
    """What the site's firm asked for more time, newest first, with site and period."""
    return tuple(ExtensionRequest.objects.filter(site=site).select_related("site", "period"))


def extensions_of(site: Site) -> tuple[Extension, ...]:
    """The more time that the site was given, in the order in which it was, with the period."""
    return tuple(Extension.objects.filter(site=site).select_related("period"))


def period_taking_reports(site: Site, name: str) -> ReportingPeriod | None:
    """The open period of that name in a peer group of the site, if there is one."""
    return (
        ReportingPeriod.objects.filter(
            name=name, closed_at=None, peer_group__members__site=site, peer_group__pack=site.pack
        )
        .select_related("peer_group")
        .order_by("pk")
        .first()
    )


def overlapping(start: datetime, end: datetime) -> Q:
    """Of reporting periods, those that share some time with [start, end)."""
    return Q(start__lt=end, end__gt=start)


def touch(jurisdiction: Jurisdiction, path: str) -> bool:
    """Whether the jurisdiction of that path lies in this one, or this one in it."""
    return jurisdiction.covers_path(path) or jurisdiction.path.startswith(path + "/")
