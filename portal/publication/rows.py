"""Versions as they lie in the tables, in two parts: the light columns that every question reads, and what was signed, read when asked for.

What was let out of a version never changes, so a process keeps the last few it decoded, by row and digest of the signed document.
A version's state (in force, withdrawn) is always read afresh.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from benchmarks.disclosure import GateResult
from portal.days import scheme_day
from portal.publication.in_force import forget as forget_labels
from portal.publication.models import UNSEEN, Publication, Status
from portal.publication.shapes import BenchmarkView, LabelView, ListedView, VersionView, label_view, summary_view

KEPT = 32
"""Decoded versions a process keeps: a few hundred kilobytes each."""

_OF_THE_ROW = ("pk", "period_id", "version", "status", "digest", "what_changed")
_OF_ITS_PEOPLE = ("drafted_by__name", "drafted_by__email", "approved_by__name", "approved_by__email")
_OF_ITS_DECISION = ("published_at", "withdrawn_at", "withdrawal_reason", "summary", "first_at_its_address")
_OF_ITS_GROUP = tuple(f"period__peer_group__{name}" for name in ("pack", "pack_version", "route"))
_OF_ITS_PLACE = tuple(f"period__peer_group__scope__{name}" for name in ("path", "name", "name_zh"))
FIELDS = (*_OF_THE_ROW, *_OF_ITS_PEOPLE, *_OF_ITS_DECISION, *_OF_ITS_GROUP, *_OF_ITS_PLACE, "period__name", "period__start", "period__end")


@dataclass(frozen=True, slots=True)
class Row:
    """The light columns of a version, in the order of `FIELDS`."""

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
    first_at_its_address: bool
    pack: str
    pack_version: str
    route: str
    place: str
    scope: str
    scope_zh: str
    period: str
    start: datetime
    end: datetime

    @property
    def content(self) -> tuple[int, str, str]:
        """What a page of this version depends on: what was signed, and whether it still stands."""
        return self.id, self.digest, self.status


def read(rows: QuerySet[Publication]) -> tuple[Row, ...]:
    return tuple(Row(*values) for values in rows.values_list(*FIELDS))


@cache
def every() -> QuerySet[Publication, tuple[Any, ...]]:
    """All versions, newest first, as `Row` has them. Built once and then narrowed: finding so many columns takes longer than asking."""
    return Publication.objects.order_by("-version").values_list(*FIELDS)


def public() -> QuerySet[Publication]:
    """What the public has seen: in force, replaced or withdrawn."""
    return Publication.objects.exclude(status__in=UNSEEN)


def in_force() -> QuerySet[Publication]:
    """Of every period the newest version that was not withdrawn."""
    newer = Publication.objects.filter(period=OuterRef("period"), status=Status.PUBLISHED, version__gt=OuterRef("version"))
    return Publication.objects.filter(~Exists(newer), status=Status.PUBLISHED)


@dataclass(frozen=True, slots=True)
class Series:
    """All versions of one benchmark, newest first."""

    rows: tuple[Row, ...]

    @property
    def in_force(self) -> int | None:
        return next((row.version for row in self.rows if row.status == Status.PUBLISHED), None)

    @property
    def content(self) -> tuple[Hashable, ...]:
        """What a page of one of them depends on: every version's content and state."""
        return tuple(row.content for row in self.rows)

    @property
    def views(self) -> tuple[VersionView, ...]:
        return tuple(version_view(row) for row in self.rows)

    def row(self, version: int | None) -> Row | None:
        """That version; without a number the one in force, else the last that was withdrawn."""
        wanted = self.in_force if version is None else version
        return next((row for row in self.rows if wanted in (None, row.version)), None)


def listed_view(row: Row) -> ListedView:
    return ListedView(
        pack=row.pack,
        pack_version=row.pack_version,
        route=row.route,
        place=row.place,
        scope=row.scope,
        scope_zh=row.scope_zh,
        period=row.period,
        version=row.version,
        status=row.status,
        published_on=scheme_day(row.published_at),
        summary=summary_view(row.summary),
    )


def version_view(row: Row) -> VersionView:
    summary = summary_view(row.summary)
    return VersionView(
        id=row.id,
        version=row.version,
        status=row.status,
        published_on=scheme_day(row.published_at) if row.published_at else None,
        composite=summary.composite,
        firms=summary.firms,
        what_changed=row.what_changed,
        drafted_by=row.drafter or row.drafter_email,
        approved_by=row.approver or row.approver_email or "",
        withdrawn_on=scheme_day(row.withdrawn_at) if row.withdrawn_at else None,
        withdrawal_reason=row.withdrawal_reason,
    )


def benchmark_view(row: Row, latest_version: int | None) -> BenchmarkView:
    """Raises: ValueError for a version that was never published."""
    if row.published_at is None or row.status in UNSEEN:
        raise ValueError(f"version {row.version} of {row.pack}, {row.period} was never published")
    label, explanation, document = _signed(row.id, row.digest)
    return BenchmarkView(
        pack=row.pack,
        pack_version=row.pack_version,
        route=row.route,
        place=row.place,
        scope=row.scope,
        scope_zh=row.scope_zh,
        product=row.summary["product"],
        period=row.period,
        version=row.version,
        status=row.status,
        published_on=scheme_day(row.published_at),
        label=label,
        explanation=explanation,
        what_changed=row.what_changed,
        latest_version=latest_version,
        withdrawn_on=scheme_day(row.withdrawn_at) if row.withdrawn_at else None,
        withdrawal_reason=row.withdrawal_reason,
        document=document,
        digest=row.digest,
    )


@dataclass(frozen=True, slots=True)
class Gated:
    """A gate's result as the people who decide read it."""

    label: LabelView
    hold: bool
    shown: int  # values


@lru_cache(maxsize=KEPT)
def gated(gate: str) -> Gated:
    """Of the JSON of a gate's result. What is kept is found by that whole text: a result that was written anew is another one."""
    found = GateResult.from_json(json.loads(gate))
    return Gated(label_view(found), found.hold, found.shown)


def signed_label(pk: int, digest: str) -> LabelView:
    """The gated label of what was published under this digest."""
    return _signed(pk, digest)[0]


@lru_cache(maxsize=KEPT)
def _signed(pk: int, digest: str) -> tuple[LabelView, Mapping[str, Any], Mapping[str, Any]]:
    """Gated label, explanation and document; `digest` is part of the key, so that another database's row is never taken for this one."""
    signed = public().filter(document__isnull=False).values_list("gate", "explanation", "document")
    gate, explanation, document = signed.get(pk=pk, digest=digest)
    return label_view(GateResult.from_json(gate)), explanation, document or {}


def forget() -> None:
    """Read what was signed afresh: for tests, in which one digest may stand in two worlds."""
    _signed.cache_clear()
    forget_labels()
