"""Reading peer groups and periods."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

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


_OF_A_GROUP = ("pk", "pack", "pack_version", "route", "attested_only", "adverse_leaves", "scope__path", "scope__name", "scope__name_zh")
_OF_A_PERIOD = ("id", "name", "start", "end", "due", "closed_at")


def groups_of(user: User) -> tuple[PeerGroupView, ...]:
    """The peer groups whose scope touches the person's jurisdiction, with all periods: read as columns, for pages ask for all of them."""
    held = jurisdictions_of(user)
    rows = PeerGroup.objects.order_by("pack", "route", "scope__path").values_list(*_OF_A_GROUP, Count("members"))
    groups = [row for row in rows if any(touch(one, row[6]) for one in held)]
    periods: dict[int, list[PeriodView]] = {}
    for peer_group, *columns in ReportingPeriod.objects.filter(peer_group__in=[row[0] for row in groups]).values_list(
        "peer_group_id", *_OF_A_PERIOD
    ):
        periods.setdefault(peer_group, []).append(PeriodView(*columns))
    return tuple(
        PeerGroupView(
            id=pk,
            pack=pack,
            pack_version=pack_version,
            route=route,
            scope=scope,
            scope_zh=scope_zh,
            sites=sites,
            may_decide=any(one.covers_path(path) for one in held),
            periods=tuple(periods.get(pk, ())),
            attested_only=attested_only,
            adverse_leaves=adverse_leaves,
        )
        for pk, pack, pack_version, route, attested_only, adverse_leaves, path, scope, scope_zh, sites in groups
    )


def group_of(user: User, peer_group: int) -> PeerGroup:
    """One of those groups; `PeerGroup.DoesNotExist` for anybody else's, as for one that is not there."""
    held = jurisdictions_of(user)
    group = PeerGroup.objects.select_related("scope").get(pk=peer_group)
    if not any(touch(one, group.scope.path) for one in held):
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


def overlapping(start: datetime, end: datetime) -> Q:
    """Of reporting periods, those that share some time with [start, end)."""
    return Q(start__lt=end, end__gt=start)


def touch(one: Jurisdiction, path: str) -> bool:
    """Whether the jurisdiction of that path lies in this one, or this one in it."""
    return one.covers_path(path) or one.path.startswith(path + "/")
