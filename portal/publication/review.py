"""One version as those see it who decide about it: what the gate found, what was said of it, what
keeps a person from publishing it.

The draft label and the roster are read for one thing alone: how far one report moves each value,
and whose report to audit first, which the reader, who sees every protected value, may know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from benchmarks.composition import IndustryLabel, Roster
from benchmarks.disclosure import GateResult, one_firm
from benchmarks.disclosure.corrected_values import Correction
from benchmarks.disclosure.errata import MovedFigure, moved, unknown_firms
from benchmarks.phrases import Name
from portal.accounts.models import ControllingFirm, User
from portal.accounts.selectors import may_decide_for, sites_by_slug
from portal.days import scheme_day
from portal.intake.models import Submission
from portal.plain_views import view_of
from portal.publication.errata import is_corrected_itself
from portal.publication.models import DraftComment, Publication, ScheduledRelease, VersionStatus
from portal.publication.rows import shown_beside
from portal.publication.shapes import LabelView, label_view
from portal.publication.who_may_publish import is_overtaken, obstacle_by_state
from portal.standings.attested import verdicts_of


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
    reason_code: str  # why it was stopped, as `scheduling` says it; empty where it was not


@dataclass(frozen=True, slots=True)
class PreviousView:
    """The label that a reader of this benchmark had before."""

    version: int
    label: LabelView


@dataclass(frozen=True, slots=True)
class ReportMove:
    """By how much a value moves at most without any one report, and whose to audit first."""

    by: float  # in the value's unit
    share: float | None  # of the value; None of a value of 0
    audit_first: Name | None  # the site; None where every report that moves it is audited


@dataclass(frozen=True, slots=True)
class DraftView:
    """A version for the people who decide about it: gated like every surface, with what stands in
    the way.
    """

    id: int
    peer_group: int
    pack: str
    pack_version: str
    route: str
    jurisdiction: str  # its path
    scope: str
    period: str
    version: int
    status: str
    label: LabelView
    moves: Mapping[str, ReportMove]  # of cells by name, of totals by measure; none once decided
    hold: bool  # the gate lets some value wait: the whole version waits
    reports: int  # submissions that entered
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
    previous: (
        PreviousView | None
    )  # the version before this one at its address that is published and not withdrawn
    newest_shown: (
        int | None
        # the newest of this very group before this one that the public ever saw: the gate compares
        # the two, too
    )
    may_publish: bool
    # code: not-regulator, not-a-draft, is-scheduled, newer-published, own-draft, gate-holds,
    # nothing-shown; empty when it may
    why_not: str
    may_discard: bool
    may_withdraw: bool
    may_correct: bool  # errata are made of this version
    erratum: ErratumView | None


@dataclass(frozen=True, slots=True)
class ErratumView:
    """What an erratum corrects: for those who decide, with the firms by name."""

    version: int
    firms: tuple[tuple[Name, Correction], ...]
    unknown: int  # of the firms in a mean, how many at least are known to nobody
    moved: tuple[MovedFigure, ...]


_PEOPLE = ("drafted_by", "approved_by", "discarded_by")
_UNREAD = ("explanation", "document", "summary")


def draft_review(user: User, publication: int, now: datetime) -> DraftView | None:
    """One version, whatever its status, for a regulator whose jurisdiction covers its scope; None
    for anybody else.
    """
    rows = Publication.objects.select_related("period__peer_group__scope", *_PEOPLE).defer(*_UNREAD)
    row = rows.filter(pk=publication).first()
    if row is None or not may_decide_for(user, row.period.peer_group.scope):
        return None
    group, gate = row.period.peer_group, GateResult.from_json(row.gate)
    release = _release(publication)
    waiting = release is not None and release.state == ScheduledRelease.State.WAITING
    own = row.drafted_by_id == user.pk
    overtaken = row.status == VersionStatus.DRAFT and is_overtaken(row)
    why_not = obstacle_by_state(
        row.status, waiting=waiting, overtaken=overtaken, own=own, hold=gate.hold, shown=gate.shown
    )
    return DraftView(
        id=publication,
        peer_group=group.pk,
        pack=group.pack,
        pack_version=group.pack_version,
        route=group.route,
        jurisdiction=group.scope.path,
        scope=group.scope.name,
        period=row.period.name,
        version=row.version,
        status=row.status,
        label=label_view(gate),
        moves=_moves(row, now)
        if row.status == VersionStatus.DRAFT and row.corrects_id is None
        else {},
        hold=gate.hold,
        reports=len(row.participants),
        drafted_by=_called(row.drafted_by),
        drafted_at=row.drafted_at,
        approved_by=_called(row.approved_by),
        published_at=row.published_at,
        approval_note=row.approval_note,
        withdrawn_at=row.withdrawn_at,
        withdrawal_reason=row.withdrawal_reason,
        discarded_by=_called(row.discarded_by),
        discarded_at=row.discarded_at,
        discard_reason=row.discard_reason,
        what_changed=row.what_changed,
        comments=_comments(publication),
        release=release,
        previous=_previous(row),
        newest_shown=_shown_before(row)
        .filter(period=row.period_id)
        .values_list("version", flat=True)
        .first(),
        may_publish=not why_not,
        why_not=why_not,
        may_discard=row.status == VersionStatus.DRAFT and not waiting,
        may_withdraw=row.status == VersionStatus.PUBLISHED,
        may_correct=is_corrected_itself(row),
        erratum=_erratum(row, gate),
    )


def _erratum(row: Publication, gate: GateResult) -> ErratumView | None:
    if row.corrects is None:
        return None
    kinds = row.corrected_firms
    return ErratumView(
        row.corrects.version,
        tuple(
            (firm.name, kinds[str(firm.pk)])
            for firm in ControllingFirm.objects.filter(pk__in=kinds).order_by("name")
        ),
        unknown_firms(len(kinds)),
        moved(GateResult.from_json(row.corrects.gate).published, gate.published),
    )


def _moves(row: Publication, now: datetime) -> dict[str, ReportMove]:
    submissions = dict(
        Submission.objects.filter(digest__in=row.participants).values_list("site__slug", "pk")
    )
    audited = verdicts_of(submissions.values(), scheme_day(now)).audited(submissions)
    largest = one_firm.largest_moves(
        IndustryLabel.from_json(row.label), Roster.from_json(row.roster), audited
    )
    first = [move.audit_first for move in largest.values() if move.audit_first is not None]
    named = {site.slug: site.name for site in sites_by_slug(first)}
    return {
        name: ReportMove(move.by, move.share, named.get(move.audit_first or ""))
        for name, move in largest.items()
    }


def _called(person: User | None) -> str:
    """Name or address; empty for nobody."""
    return "" if person is None else person.name or person.email


def _shown_before(row: Publication) -> QuerySet[Publication]:
    return shown_beside(row.period).filter(version__lt=row.version).order_by("-version")


def _previous(row: Publication) -> PreviousView | None:
    before = (
        _shown_before(row).filter(status=VersionStatus.PUBLISHED).only("version", "gate").first()
    )
    return (
        None
        if before is None
        else PreviousView(before.version, label_view(GateResult.from_json(before.gate)))
    )


def _comments(publication: int) -> tuple[CommentView, ...]:
    rows = DraftComment.objects.filter(publication=publication).select_related("author")
    return tuple(CommentView(_called(row.author), row.at, row.text) for row in rows)


def _release(publication: int) -> ReleaseView | None:
    """The last one; where one waits it is that, for none is made beside one that waits."""
    last = (
        ScheduledRelease.objects.filter(publication=publication)
        .select_related("approved_by", "ended_by")
        .order_by("-pk")
        .first()
    )
    if last is None:
        return None
    return view_of(
        ReleaseView, last, approved_by=_called(last.approved_by), ended_by=_called(last.ended_by)
    )
