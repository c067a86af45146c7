"""Who took part in a period of a peer group, site by site; read once and remembered by its stamps (`portal.intake.stamps`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from django.db.models.functions import Coalesce

from benchmarks.phrases import restored
from portal.accounts.models import Jurisdiction, User
from portal.accounts.selectors import jurisdictions_of, within
from portal.catalogue.deadlines import due_dates
from portal.catalogue.models import PeerGroup, PeerGroupMember, ReportingPeriod
from portal.catalogue.selectors import group_touching
from portal.intake.models import Commitment, State, Submission
from portal.intake.stamps import SITES, Remembered, of_period, stamps


class Taking(StrEnum):
    """Where a site stands with its report."""

    REPORTED = "reported"  # accepted
    WAITING = "waiting"  # received, not yet opened
    UNUSABLE = "unusable"  # refused, and no later revision accepted
    LATE = "late"  # nothing there and the due date is past
    MISSING = "missing"  # nothing there, not yet due


@dataclass(frozen=True, slots=True)
class ParticipantView:
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
    taking: Taking
    due: datetime
    committed_at: datetime | None  # of the first commitment
    first_received_at: datetime | None  # of the first report, whatever became of it
    received_at: datetime | None  # of the report that counts
    revision: int | None
    reason: str  # of a refusal; a phrase, which pages say in their reader's language

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
    participants: tuple[ParticipantView, ...]
    totals: Totals
    stamps: Mapping[str, str]  # as they were before this was read

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
    try:
        group = group_touching(held, peer_group)
        asked = ReportingPeriod.objects.get(peer_group=group, name=period)
    except (PeerGroup.DoesNotExist, ReportingPeriod.DoesNotExist):
        return None
    known = stamps()
    key = (known.get(SITES, ""), of_period(known, period), asked.pk, tuple(sorted(one.path for one in held)))
    told = _remembered.get(key)
    if told is None or not told.since <= now <= told.until:
        told = _remembered.put(key, _told(held, group, asked, now))
    return ParticipationView(
        peer_group=group.pk,
        pack=group.pack,
        pack_version=group.pack_version,
        route=group.route,
        scope=group.scope.name,
        scope_zh=group.scope.name_zh,
        period=period,
        start=asked.start,
        due=asked.due,
        closed_at=asked.closed_at,
        may_decide=any(one.covers(group.scope) for one in held),
        participants=told.participants,
        totals=told.totals,
        stamps=known,
    )


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


def _told(held: tuple[Jurisdiction, ...], group: PeerGroup, asked: ReportingPeriod, now: datetime) -> _Told:
    members = PeerGroupMember.objects.filter(within(held, "site__jurisdiction__path"), peer_group=group)
    latest: dict[int, _Report] = {}
    first: dict[int, datetime] = {}
    reports = Submission.objects.filter(period=asked.name, site__in=members.values("site")).order_by("revision")
    for site, *columns in reports.values_list("site_id", *_Report._fields):
        report = _Report(*columns)
        first.setdefault(site, report.received_at)
        last = latest.get(site)
        if last is None or last.state != State.ACCEPTED or report.state == State.ACCEPTED:
            latest[site] = report
    commitments = Commitment.objects.filter(period=asked.name, site__in=members.values("site")).order_by("-committed_at")
    committed = dict(commitments.values_list("site_id", "committed_at"))  # the first one stays
    later = due_dates([asked.pk])
    participants = tuple(
        _participant(_Member(*columns), latest.get(site), later.get((asked.pk, site), asked.due), now, committed.get(site), first.get(site))
        for site, *columns in members.order_by("site__organisation__controlling_firm__name", "site__slug").values_list(
            "site_id", *_MEMBER.values()
        )
    )
    coming = [one.due for one in participants if one.due >= now]
    return _Told(participants, _totals(participants), now, min(coming, default=_NEVER))


def _totals(participants: tuple[ParticipantView, ...]) -> Totals:
    return Totals(
        firms=len({one.firm for one in participants}),
        firms_reported=len({one.firm for one in participants if one.taking is Taking.REPORTED}),
        states=Counter(one.taking for one in participants),
        committed=sum(one.committed_at is not None and one.received_at is None for one in participants),
    )


class _Report(NamedTuple):
    """What participation tells of a submission: read as columns, for a model of each of thousands costs more than all questions."""

    state: str
    received_at: datetime
    revision: int
    reason: str
    reason_phrase: list[Any] | None


class _Member(NamedTuple):
    """A site of the peer group; its firm is the controlling one, else the organisation itself."""

    firm: str
    firm_zh: str
    organisation: str
    site: str
    site_name: str
    site_name_zh: str
    jurisdiction: str
    jurisdiction_zh: str
    size_class: str
    obliged: bool
    cohort: str


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
}
"""Where the fields of a member are found, in their order."""


def _participant(
    member: _Member,
    report: _Report | None,
    due: datetime,
    now: datetime,
    committed_at: datetime | None,
    first_received_at: datetime | None,
) -> ParticipantView:
    return ParticipantView(
        *member,
        taking=taking_of(report.state if report else None, due, now),
        due=due,
        committed_at=committed_at,
        first_received_at=first_received_at,
        received_at=report.received_at if report else None,
        revision=report.revision if report else None,
        reason=_reason(report) if report else "",
    )


def _reason(report: _Report) -> str:
    return restored(report.reason_phrase) if report.reason_phrase else report.reason


def taking_of(state: str | None, due: datetime, now: datetime) -> Taking:
    """Where a site stands whose last report that counts is in this state; None: nothing came."""
    if state is None:
        return Taking.LATE if now > due else Taking.MISSING
    if state == State.ACCEPTED:
        return Taking.REPORTED
    return Taking.UNUSABLE if state == State.REFUSED else Taking.WAITING
