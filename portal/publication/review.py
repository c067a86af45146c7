"""One version as those see it who decide about it: what the gate found, what was said of it, what keeps a person from publishing it.

Nothing here reads the draft label or the roster, and of a row no more than the page tells: a model with its JSON costs as much as all else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func, IntegerField, QuerySet, TextField
from django.db.models.functions import Cast
from django.db.models.sql.compiler import SQLCompiler

from benchmarks.disclosure import GateResult
from portal.accounts.models import User
from portal.accounts.selectors import may_decide_for, may_decide_in
from portal.publication.models import DraftComment, Publication, ScheduledRelease, Status
from portal.publication.rows import gated, public, signed_label
from portal.publication.shapes import LabelView


@dataclass(frozen=True, slots=True)
class CommentView:
    author: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """An approval for a set time: the one that waits, or the last that came to an end."""

    at: datetime
    approved_by: str
    approved_at: datetime
    note: str
    state: str  # ScheduledRelease.State
    ended_at: datetime | None
    ended_by: str
    reason_code: str  # why it was stopped: not-a-draft, not-regulator, draft-outdated, gate-changed


@dataclass(frozen=True, slots=True)
class PreviousView:
    """The label that a reader of this benchmark had before."""

    version: int
    label: LabelView


@dataclass(frozen=True, slots=True)
class DraftView:
    """A version for the people who decide about it: gated like every surface, with what stands in the way."""

    id: int
    peer_group: int
    pack: str
    pack_version: str
    route: str
    place: str  # path of the jurisdiction
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
    approval_note: str
    withdrawn_at: datetime | None
    withdrawal_reason: str
    discarded_by: str
    discarded_at: datetime | None
    discard_reason: str
    what_changed: str
    comments: tuple[CommentView, ...]  # oldest first
    release: ReleaseView | None
    previous: PreviousView | None  # the version before this one that was published
    may_publish: bool
    why_not: str  # code: not-regulator, not-a-draft, is-scheduled, own-draft, gate-holds, nothing-shown; empty when it may
    may_discard: bool
    may_withdraw: bool


class _Entries(Func):
    """How many entries a JSON array has, counted where it lies: two thousand digests are not read to be counted."""

    function = "JSON_ARRAY_LENGTH"  # SQLite
    output_field = IntegerField()

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_more: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, function="JSONB_ARRAY_LENGTH")


class _Row(NamedTuple):
    """The columns of a version that its page needs."""

    period_id: int
    version: int
    status: str
    drafted_at: datetime
    published_at: datetime | None
    approval_note: str
    withdrawn_at: datetime | None
    withdrawal_reason: str
    what_changed: str
    discarded_at: datetime | None
    discard_reason: str
    drafted_by: int
    drafter: str
    drafter_email: str
    approver: str | None
    approver_email: str | None
    discarder: str | None
    discarder_email: str | None
    period: str
    peer_group: int
    pack: str
    pack_version: str
    route: str
    place: str
    scope: str
    gate: str  # JSON
    entered: int


_OF_THE_ROW = ("period_id", "version", "status", "drafted_at", "published_at")
_OF_ITS_DECISION = ("approval_note", "withdrawn_at", "withdrawal_reason", "what_changed", "discarded_at", "discard_reason")
_OF_ITS_PEOPLE = (
    "drafted_by_id",
    *(f"{who}__{told}" for who in ("drafted_by", "approved_by", "discarded_by") for told in ("name", "email")),
)
_OF_ITS_GROUP = tuple(f"period__peer_group__{name}" for name in ("id", "pack", "pack_version", "route", "scope__path", "scope__name"))
_OF_A_RELEASE = ("at", "approved_by__name", "approved_by__email", "approved_at", "note", "state")
_OF_ITS_END = ("ended_at", "ended_by__name", "ended_by__email", "reason_code")
_COLUMNS = (*_OF_THE_ROW, *_OF_ITS_DECISION, *_OF_ITS_PEOPLE, "period__name", *_OF_ITS_GROUP)


# Questions are built once and then narrowed: Django takes longer to find the columns of a wide one than PostgreSQL to answer it.


@cache
def _rows() -> QuerySet[Publication, tuple[Any, ...]]:
    return Publication.objects.values_list(*_COLUMNS, Cast("gate", TextField()), _Entries("participants"))


@cache
def _before() -> QuerySet[Publication, tuple[Any, ...]]:
    return public().order_by("-version").values_list("pk", "version", "digest")


@cache
def _said() -> QuerySet[DraftComment, tuple[Any, ...]]:
    return DraftComment.objects.values_list("author__name", "author__email", "at", "text")


@cache
def _releases() -> QuerySet[ScheduledRelease, tuple[Any, ...]]:
    return ScheduledRelease.objects.order_by("-pk").values_list(*_OF_A_RELEASE, *_OF_ITS_END)


def draft_review(user: User, publication: int) -> DraftView | None:
    """One version, whatever its status, for a regulator whose jurisdiction covers its scope; None for anybody else."""
    found = _rows().filter(pk=publication).first()
    row = None if found is None else _Row(*found)
    if row is None or not may_decide_in(user, row.place):
        return None
    gate = gated(row.gate)
    release = _release(publication)
    waiting = release is not None and release.state == ScheduledRelease.State.WAITING
    own = row.drafted_by == user.pk
    why_not = _why_not(row.status, waiting=waiting, own=own, hold=gate.hold, shown=gate.shown)
    return DraftView(
        id=publication,
        peer_group=row.peer_group,
        pack=row.pack,
        pack_version=row.pack_version,
        route=row.route,
        place=row.place,
        scope=row.scope,
        period=row.period,
        version=row.version,
        status=row.status,
        label=gate.label,
        hold=gate.hold,
        participants=row.entered,
        drafted_by=row.drafter or row.drafter_email,
        drafted_at=row.drafted_at,
        approved_by=row.approver or row.approver_email or "",
        published_at=row.published_at,
        approval_note=row.approval_note,
        withdrawn_at=row.withdrawn_at,
        withdrawal_reason=row.withdrawal_reason,
        discarded_by=row.discarder or row.discarder_email or "",
        discarded_at=row.discarded_at,
        discard_reason=row.discard_reason,
        what_changed=row.what_changed,
        comments=_comments(publication),
        release=release,
        previous=_previous(row.period_id, row.version),
        may_publish=not why_not,
        why_not=why_not,
        may_discard=row.status == Status.DRAFT and not waiting,
        may_withdraw=row.status == Status.PUBLISHED,
    )


def obstacle(row: Publication, user: User, gate: GateResult) -> str:
    """Why this person may not publish this version now, as a code; empty when nothing stands in the way."""
    if not may_decide_for(user, row.period.peer_group.scope):
        return "not-regulator"
    waiting = row.releases.filter(state=ScheduledRelease.State.WAITING).exists()
    return _why_not(row.status, waiting=waiting, own=row.drafted_by_id == user.pk, hold=gate.hold, shown=gate.shown)


def _why_not(status: str, *, waiting: bool, own: bool, hold: bool, shown: int) -> str:
    """The same of who may decide about it."""
    if status != Status.DRAFT:
        return "not-a-draft"
    if waiting:
        return "is-scheduled"
    if own:
        return "own-draft"
    if hold:
        return "gate-holds"
    return "" if shown else "nothing-shown"


def _previous(period: int, version: int) -> PreviousView | None:
    before = _before().filter(period=period, version__lt=version).first()
    return None if before is None else PreviousView(before[1], signed_label(before[0], before[2]))


def _comments(publication: int) -> tuple[CommentView, ...]:
    return tuple(CommentView(name or email, at, text) for name, email, at, text in _said().filter(publication=publication))


def _release(publication: int) -> ReleaseView | None:
    """The last one; where one waits it is that, for none is made beside one that waits."""
    last = _releases().filter(publication=publication).first()
    if last is None:
        return None
    at, name, email, approved_at, note, state, ended_at, ended_name, ended_email, reason_code = last
    return ReleaseView(at, name or email, approved_at, note, state, ended_at, ended_name or ended_email or "", reason_code)
