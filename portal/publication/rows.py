"""Versions as they lie in the tables: the light columns that every question reads, and what was
signed, read when asked for.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from benchmarks.disclosure import GateResult
from benchmarks.phrases import Name
from portal.catalogue.models import ReportingPeriod
from portal.days import scheme_day
from portal.names import RelatedName
from portal.plain_views import view_of
from portal.publication.definition_changes import same_length
from portal.publication.models import UNSEEN, Publication, VersionStatus
from portal.publication.shapes import (
    BenchmarkView,
    ListedView,
    VersionView,
    label_view,
    summary_view,
)

_GROUP = "period__peer_group__"
_COLUMNS = {
    "id": "pk",
    "period_id": "period_id",
    "version": "version",
    "status": "status",
    "digest": "digest",
    "what_changed": "what_changed",
    "drafter": "drafted_by__name",
    "drafter_email": "drafted_by__email",
    "approver": "approved_by__name",
    "approver_email": "approved_by__email",
    "published_at": "published_at",
    "withdrawn_at": "withdrawn_at",
    "withdrawal_reason": "withdrawal_reason",
    "summary": "summary",
    "pack": f"{_GROUP}pack",
    "pack_version": f"{_GROUP}pack_version",
    "route": f"{_GROUP}route",
    "jurisdiction": f"{_GROUP}scope__path",
    "scope": "called",
    "period": "period__name",
    "start": "period__start",
    "end": "period__end",
}
"""Where the fields of a `VersionColumns` are found."""


@dataclass(frozen=True, slots=True)
class VersionColumns:
    """The light columns of a version."""

    id: int
    period_id: int
    version: int
    status: str
    digest: str
    what_changed: str
    drafter: str
    drafter_email: str
    approver: str | None
    approver_email: str | None
    published_at: datetime | None
    withdrawn_at: datetime | None
    withdrawal_reason: str
    summary: Mapping[str, Any]
    pack: str
    pack_version: str
    route: str
    jurisdiction: str
    scope: Name
    period: str
    start: datetime
    end: datetime

    @property
    def content(self) -> tuple[int, str, str]:
        """What a page of this version depends on: what was signed, and whether it still stands."""
        return self.id, self.digest, self.status


def follows(before: VersionColumns, row: VersionColumns) -> bool:
    """Whether a period comes after one of its length."""
    return before.end <= row.start and same_length(
        *(period.end - period.start for period in (before, row))
    )


def read(rows: QuerySet[Publication]) -> tuple[VersionColumns, ...]:
    return tuple(
        VersionColumns(**{name: row[column] for name, column in _COLUMNS.items()})
        for row in rows.annotate(called=RelatedName(f"{_GROUP}scope__")).values(*_COLUMNS.values())
    )


def public() -> QuerySet[Publication]:
    """What the public has seen: in force, replaced or withdrawn."""
    return Publication.objects.exclude(status__in=UNSEEN)


_ADDRESS = ("period__name", f"{_GROUP}pack", f"{_GROUP}route", f"{_GROUP}scope")
"""What an address names. Groups by several versions of a pack share it, with one row of version
numbers.
"""


def at_one_address(period: ReportingPeriod) -> QuerySet[ReportingPeriod]:
    """The periods that an address cannot tell apart: this one, and those of the like groups by
    other versions of the pack.
    """
    group = period.peer_group
    return ReportingPeriod.objects.filter(
        name=period.name,
        peer_group__pack=group.pack,
        peer_group__route=group.route,
        peer_group__scope=group.scope_id,
    )


def shown_beside(period: ReportingPeriod) -> QuerySet[Publication]:
    """Every version at the address of this period that the public has seen, by whichever version of
    the pack.
    """
    return public().filter(period__in=at_one_address(period))


def is_replaced() -> Exists:
    """Of a query's versions, whether a newer one stands at the same address that was not
    withdrawn.
    """
    return _with_newer(Publication.objects.filter(status=VersionStatus.PUBLISHED))


def is_behind_the_public() -> Exists:
    """Of a query's versions, whether the public has seen a newer one at the same address, withdrawn
    or not.
    """
    return _with_newer(public())


def _with_newer(among: QuerySet[Publication]) -> Exists:
    same = {part: OuterRef(part) for part in _ADDRESS}
    return Exists(among.filter(**same, version__gt=OuterRef("version")))


def in_force() -> QuerySet[Publication]:
    """Of every address the newest version that was not withdrawn."""
    return Publication.objects.filter(~is_replaced(), status=VersionStatus.PUBLISHED)


@dataclass(frozen=True, slots=True)
class VersionSeries:
    """All versions of one benchmark, newest first."""

    rows: tuple[VersionColumns, ...]

    @property
    def in_force(self) -> int | None:
        return next(
            (row.version for row in self.rows if row.status == VersionStatus.PUBLISHED), None
        )

    @property
    def content(self) -> tuple[Hashable, ...]:
        """What a page of one of them depends on: every version's content and state."""
        return tuple(row.content for row in self.rows)

    @property
    def views(self) -> tuple[VersionView, ...]:
        return tuple(version_view(row) for row in self.rows)

    def row(self, version: int | None) -> VersionColumns | None:
        """That version; without a number the one in force, else the last that was withdrawn."""
        wanted = self.in_force if version is None else version
        return next((row for row in self.rows if wanted in (None, row.version)), None)


def listed_view(row: VersionColumns) -> ListedView:
    return view_of(
        ListedView,
        row,
        published_on=scheme_day(row.published_at),
        summary=summary_view(row.summary),
    )


def version_view(row: VersionColumns) -> VersionView:
    summary = summary_view(row.summary)
    return view_of(
        VersionView,
        row,
        published_on=scheme_day(row.published_at) if row.published_at else None,
        composite=summary.composite,
        firms=summary.firms,
        drafted_by=row.drafter or row.drafter_email,
        approved_by=row.approver or row.approver_email or "",
        withdrawn_on=scheme_day(row.withdrawn_at) if row.withdrawn_at else None,
    )


def benchmark_view(row: VersionColumns, latest_version: int | None) -> BenchmarkView:
    """Raises: ValueError for a version that was never published."""
    if row.published_at is None or row.status in UNSEEN:
        raise ValueError(f"version {row.version} of {row.pack}, {row.period} was never published")
    signed = public().only("gate", "explanation", "document").get(pk=row.id, digest=row.digest)
    return view_of(
        BenchmarkView,
        row,
        product=row.summary["product"],
        published_on=scheme_day(row.published_at),
        label=label_view(GateResult.from_json(signed.gate)),
        explanation=signed.explanation,
        latest_version=latest_version,
        withdrawn_on=scheme_day(row.withdrawn_at) if row.withdrawn_at else None,
        document=signed.document or {},
    )
