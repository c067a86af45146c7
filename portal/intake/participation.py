"""Who took part in a period of a peer group, site by site; read once and remembered by its stamps (`portal.intake.stamps`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from benchmarks.phrases import restored
from portal.accounts.models import Jurisdiction, User
from portal.accounts.selectors import jurisdictions_of, within
from portal.catalogue.deadlines import due_dates
from portal.catalogue.models import PeerGroupMember, ReportingPeriod
from portal.catalogue.selectors import touch
from portal.intake.models import Commitment, State, Submission
from portal.intake.stamps import SITES, Remembered, of_period, stamps


class Taking(StrEnum):
    """Where a site stands with its report."""

    REPORTED = "reported"  # accepted
    WAITING = "waiting"  # received, not yet opened
    UNUSABLE = "unusable"  # refused, and no later revision accepted
    LATE = "late"  # nothing there and the due date is past
    MISSING = "missing"  # nothing there, not yet due


class ParticipantView(NamedTuple):
    """A site's part in the period. A tuple, for thousands are made at once."""

    firm: str
    firm_zh: str
    organisation: str
    site: str
    site_name: str
    site_name_zh: str
    jurisdiction: str
    jurisdiction_zh: str
    size_class: str  # as declared
    obliged: bool
    cohort: str  # hundred, thousand, ten-thousand, or none
    site_id: int
    taking: Taking
    due: datetime
    committed_at: datetime | None  # of the first commitment
    first_received_at: datetime | None  # of the first report, whatever became of it
    received_at: datetime | None  # of the report that counts
    revision: int | None
    reason: str  # of a refusal; a phrase, which pages say in their reader's language
    covers: str  # ids of the steps that the accepted report has values of, a space between them

    @property
    def arrived_late(self) -> bool:
        """Whether the first report came after the due date."""
        return self.first_received_at is not None and self.first_received_at > self.due


@dataclass(frozen=True, slots=True)
class Totals:
    """Everybody who takes part, counted."""

    firms: int
    firms_reported: int
    states: Mapping[Taking, int]  # sites
    committed: int  # sites that committed to their data and have sent no report yet
    regions: tuple[tuple[str, str], ...]  # names of the jurisdictions of the sites, in English and Chinese, sorted


@dataclass(frozen=True, slots=True)
class ParticipationView:
    """Who reported for a period. No value, by design: regions show participation only."""

    peer_group: int
    pack: str
    pack_version: str
    route: str
    scope: str
    scope_zh: str
    period: str
    start: datetime
    due: datetime
    closed_at: datetime | None
    may_decide: bool
    participants: tuple[ParticipantView, ...]  # by firm and site
    totals: Totals
    previous: str | None  # the period before, by name
    stamps: Mapping[str, str]  # as they were before this was read
    known_by: Hashable  # by what the participants are remembered

    @property
    def firms(self) -> int:
        return self.totals.firms

    @property
    def firms_reported(self) -> int:
        return self.totals.firms_reported

    def count(self, taking: Taking) -> int:
        return self.totals.states.get(taking, 0)


def participation(user: User, peer_group: int, period: str, now: datetime) -> ParticipationView | None:
    """Who of the group's sites in the regulator's jurisdiction reported; None where the person is no regulator of any of it.

    What was read is remembered for everybody who regulates the same jurisdictions, until one of its stamps is renewed or a due date passes.
    """
    held = jurisdictions_of(user)
    found = _periods().filter(peer_group=peer_group, name=period).first()
    asked = None if found is None else _Asked(*found)
    if asked is None or not any(touch(one, asked.place) for one in held):
        return None
    known = stamps()
    key = (known.get(SITES, ""), of_period(known, period), asked.id, tuple(sorted(one.path for one in held)))
    told = _remembered.get(key)
    if told is None or not told.since <= now <= told.until:
        told = _remembered.put(key, _told(held, peer_group, asked, now))
    return ParticipationView(
        peer_group=peer_group,
        pack=asked.pack,
        pack_version=asked.pack_version,
        route=asked.route,
        scope=asked.scope,
        scope_zh=asked.scope_zh,
        period=period,
        start=asked.start,
        due=asked.due,
        closed_at=asked.closed_at,
        may_decide=any(one.covers_path(asked.place) for one in held),
        participants=told.participants,
        totals=told.totals,
        previous=asked.previous,
        stamps=known,
        known_by=key,
    )


class _Asked(NamedTuple):
    """A period with its peer group and the period before it."""

    id: int
    name: str
    start: datetime
    due: datetime
    closed_at: datetime | None
    pack: str
    pack_version: str
    route: str
    place: str  # path of the group's jurisdiction
    scope: str
    scope_zh: str
    previous: str | None


_OF_ITS_GROUP = ("pack", "pack_version", "route", "scope__path", "scope__name", "scope__name_zh")


@cache
def _periods() -> QuerySet[ReportingPeriod, tuple[Any, ...]]:
    """Built once and then narrowed: Django takes longer to find the columns than the database to answer."""
    earlier = ReportingPeriod.objects.filter(peer_group=OuterRef("peer_group"), end__lte=OuterRef("start")).order_by("-end")
    columns = ("id", "name", "start", "due", "closed_at", *(f"peer_group__{name}" for name in _OF_ITS_GROUP))
    return ReportingPeriod.objects.values_list(*columns, Subquery(earlier.values("name")[:1]))


@dataclass(frozen=True, slots=True)
class _Told:
    """Who takes part, as it is from one moment to another: the next due date makes late who is missing now."""

    participants: tuple[ParticipantView, ...]
    totals: Totals
    since: datetime
    until: datetime


PERIODS_KEPT = 8
"""Of how many periods a process remembers who took part: 2,000 sites are some two megabytes."""

_remembered: Remembered[_Told] = Remembered(PERIODS_KEPT)
_NEVER = datetime.max.replace(tzinfo=UTC)


def _told(held: tuple[Jurisdiction, ...], peer_group: int, asked: _Asked, now: datetime) -> _Told:
    members = PeerGroupMember.objects.filter(within(held, "site__jurisdiction__path"), peer_group=peer_group)
    latest: dict[int, _Report] = {}
    first: dict[int, datetime | None] = {}
    reports = Submission.objects.filter(period=asked.name, site__in=members.values("site")).order_by("revision")
    for site, *columns in reports.values_list("site_id", *_Report._fields):
        report = _Report(*columns)
        first.setdefault(site, report.received_at)
        last = latest.get(site)
        if last is None or last.state != State.ACCEPTED or report.state == State.ACCEPTED:
            latest[site] = report
    commitments = Commitment.objects.filter(period=asked.name, site__in=members.values("site")).order_by("-committed_at")
    committed = dict(commitments.values_list("site_id", "committed_at"))  # the first one stays
    later = due_dates([asked.id])
    participants = []
    for columns in members.values_list(*_MEMBER.values()):
        site = columns[-1]
        due, report = later.get((asked.id, site), asked.due), latest.get(site) or _NOTHING
        taking = taking_of(report.state, due, now)
        sent = (committed.get(site), first.get(site), report.received_at, report.revision, _reason(report), report.covers)
        participants.append(ParticipantView._make((*columns, taking, due, *sent)))
    participants.sort(key=lambda one: (one.firm, one.site))
    coming = [one.due for one in participants if one.due >= now]
    return _Told(tuple(participants), _totals(participants), now, min(coming, default=_NEVER))


def _totals(participants: Collection[ParticipantView]) -> Totals:
    return Totals(
        firms=len({one.firm for one in participants}),
        firms_reported=len({one.firm for one in participants if one.taking is Taking.REPORTED}),
        states=Counter(one.taking for one in participants),
        committed=sum(one.committed_at is not None and one.received_at is None for one in participants),
        regions=tuple(sorted({one.jurisdiction: one.jurisdiction_zh for one in participants}.items())),
    )


class _Report(NamedTuple):
    """What participation tells of a submission."""

    state: str | None
    received_at: datetime | None
    revision: int | None
    reason: str
    reason_phrase: list[Any] | None
    covers: str


_NOTHING = _Report(None, None, None, "", None, "")

_OWNER = "site__organisation__"
_MEMBER: dict[str, str | Coalesce] = {
    "firm": Coalesce(f"{_OWNER}controlling_firm__name", f"{_OWNER}name"),
    "firm_zh": Coalesce(f"{_OWNER}controlling_firm__name_zh", f"{_OWNER}name_zh"),
    "organisation": f"{_OWNER}name",
    "site": "site__slug",
    "site_name": "site__name",
    "site_name_zh": "site__name_zh",
    "jurisdiction": "site__jurisdiction__name",
    "jurisdiction_zh": "site__jurisdiction__name_zh",
    "size_class": "site__size_class",
    "obliged": "obliged",
    "cohort": "cohort",
    "site_id": "site_id",
}
"""Where a `ParticipantView` begins: its firm is the controlling one, else the organisation itself."""


def _reason(report: _Report) -> str:
    return restored(report.reason_phrase) if report.reason_phrase else report.reason


def taking_of(state: str | None, due: datetime, now: datetime) -> Taking:
    """Where a site stands whose last report that counts is in this state; None: nothing came."""
    if state is None:
        return Taking.LATE if now > due else Taking.MISSING
    if state == State.ACCEPTED:
        return Taking.REPORTED
    return Taking.UNUSABLE if state == State.REFUSED else Taking.WAITING
