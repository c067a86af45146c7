"""Reading publications: the public's versions, and the regulators' drafts. Nothing here reads the draft label or the roster."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from benchmarks import packs
from benchmarks.disclosure import GateResult
from portal.accounts.models import User
from portal.accounts.selectors import may_decide_for
from portal.catalogue.models import PeerGroup
from portal.catalogue.selectors import group_of
from portal.publication.models import Publication, Status
from portal.publication.shapes import BenchmarkView, LabelView, VersionView, benchmark_view, label_view, version_view


@dataclass(frozen=True, slots=True)
class DraftView:
    """A version for the people who decide about it: gated like every surface, with what stands in the way."""

    id: int
    peer_group: int
    pack: str
    pack_version: str
    route: str
    scope: str
    period: str
    version: int
    status: str
    label: LabelView
    hold: bool  # the gate lets some value wait: the whole version waits
    participants: int  # submissions that entered
    drafted_by: str
    drafted_at: datetime
    approved_by: str
    published_at: datetime | None
    withdrawn_at: datetime | None
    withdrawal_reason: str
    what_changed: str
    previous: BenchmarkView | None  # the version before this one that was published
    may_publish: bool
    why_not: str  # code: not-regulator, own-draft, not-a-draft, gate-holds, nothing-shown; empty when it may
    may_withdraw: bool


def latest_published() -> tuple[BenchmarkView, ...]:
    """The version now in force of every benchmark."""
    rows = _public().filter(status=Status.PUBLISHED).order_by("period__peer_group__pack", "-period__start", "period_id", "-version")
    latest: dict[int, Publication] = {}
    for row in rows:
        latest.setdefault(row.period_id, row)
    return tuple(benchmark_view(row, row.version) for row in latest.values())


def benchmark(pack: str, period: str, version: int | None = None, route: str | None = None) -> BenchmarkView | None:
    """One version; without `version` the one in force, else the last that was withdrawn. Without `route` the pack's main route."""
    rows = list(_versions(pack, period, route))
    in_force = next((row for row in rows if row.status == Status.PUBLISHED), None)
    wanted = (in_force or next(iter(rows), None)) if version is None else next((row for row in rows if row.version == version), None)
    return None if wanted is None else benchmark_view(wanted, in_force.version if in_force else None)


def versions(pack: str, period: str, route: str | None = None) -> tuple[VersionView, ...]:
    """Every version that the public has seen, newest first."""
    return tuple(version_view(row) for row in _versions(pack, period, route))


def drafts_of(user: User, peer_group: int, period: str) -> tuple[VersionView, ...]:
    """All versions of a group and period, drafts too, newest first; nothing for who is no regulator of it."""
    try:
        group = group_of(user, peer_group)
    except PeerGroup.DoesNotExist:
        return ()
    rows = Publication.objects.filter(period__peer_group=group, period__name=period).select_related("drafted_by", "approved_by")
    return tuple(version_view(row) for row in rows.order_by("-version"))


def draft_review(user: User, publication: int) -> DraftView | None:
    """One version, whatever its status, for a regulator whose jurisdiction covers its scope; None for anybody else."""
    row = Publication.objects.select_related("period__peer_group__scope", "drafted_by", "approved_by").filter(pk=publication).first()
    if row is None or not may_decide_for(user, row.period.peer_group.scope):
        return None
    group = row.period.peer_group
    gate = GateResult.from_json(row.gate)
    before = _public().filter(period=row.period, version__lt=row.version).order_by("-version").first()
    why_not = obstacle(row, user, gate)
    return DraftView(
        id=row.pk,
        peer_group=group.pk,
        pack=group.pack,
        pack_version=group.pack_version,
        route=group.route,
        scope=group.scope.name,
        period=row.period.name,
        version=row.version,
        status=row.status,
        label=label_view(gate),
        hold=gate.hold,
        participants=len(row.participants),
        drafted_by=str(row.drafted_by),
        drafted_at=row.drafted_at,
        approved_by=str(row.approved_by or ""),
        published_at=row.published_at,
        withdrawn_at=row.withdrawn_at,
        withdrawal_reason=row.withdrawal_reason,
        what_changed=row.what_changed,
        previous=benchmark_view(before, None) if before else None,
        may_publish=not why_not,
        why_not=why_not,
        may_withdraw=row.status == Status.PUBLISHED,
    )


def obstacle(row: Publication, user: User, gate: GateResult) -> str:
    """Why this person may not publish this version now, as a code; empty when nothing stands in the way."""
    if not may_decide_for(user, row.period.peer_group.scope):
        return "not-regulator"
    if row.status != Status.DRAFT:
        return "not-a-draft"
    if row.drafted_by_id == user.pk:
        return "own-draft"
    if gate.hold:
        return "gate-holds"
    return "" if gate.shown else "nothing-shown"


def _public() -> QuerySet[Publication]:
    return Publication.objects.exclude(status=Status.DRAFT).select_related("approved_by", "drafted_by", "period__peer_group")


def _versions(pack: str, period: str, route: str | None) -> QuerySet[Publication]:
    if route is None:
        route = packs.load(pack).routes[0].id if pack in packs.available() else ""
    return _public().filter(period__peer_group__pack=pack, period__peer_group__route=route, period__name=period).order_by("-version")
