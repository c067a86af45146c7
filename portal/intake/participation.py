"""Who took part in a period of a peer group, site by site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from django.db.models import FilteredRelation, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from benchmarks.phrases import Name, restored
from portal.accounts.models import Jurisdiction, User
from portal.accounts.selectors import jurisdictions_of, within
from portal.catalogue.deadlines import due_dates
from portal.catalogue.models import PeerGroupMember, ReportingPeriod
from portal.catalogue.selectors import touch
from portal.intake.models import Commitment, State
from portal.names import Called


class Taking(StrEnum):
    """Where a site stands with its report."""

    REPORTED = "reported"  # accepted
    WAITING = "waiting"  # received, not yet opened
    UNUSABLE = "unusable"  # refused, and no later revision accepted
    LATE = "late"  # nothing there, the due date is past, and the site is obliged
    NOT_OWED = "not-owed"  # nothing there and the due date is past, but the site takes part by its own will
    MISSING = "missing"  # nothing there, not yet due


class ParticipantView(NamedTuple):
    """A site's part in the period."""

    firm: Name  # the controlling one, else the organisation itself
    organisation: str
    credit_code: str  # of the site, where it has one of its own, else of its organisation
    site: str
    site_name: Name
    jurisdiction: Name
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
        """Whether the first report that was owed came after the due date."""
        return self.obliged and self.first_received_at is not None and self.first_received_at > self.due


@dataclass(frozen=True, slots=True)
class Totals:
    """Everybody who takes part, counted."""

    firms: int
    firms_reported: int
    states: Mapping[Taking, int]  # sites
    committed: int  # sites that committed to their data and have sent no report yet
    regions: tuple[Name, ...]  # names of the jurisdictions of the sites, sorted


@dataclass(frozen=True, slots=True)
class ParticipationView:
    """Who reported for a period. No value, by design: regions show participation only."""

    peer_group: int
    pack: str
    pack_version: str
    route: str
    scope: Name
    period: str
    start: datetime
    due: datetime
    closed_at: datetime | None
    may_decide: bool
    participants: tuple[ParticipantView, ...]  # by firm and site
    totals: Totals
    previous: str | None  # the period before, by name

    @property
    def firms(self) -> int:
        return self.totals.firms

    @property
    def firms_reported(self) -> int:
        return self.totals.firms_reported

    def count(self, taking: Taking) -> int:
        return self.totals.states.get(taking, 0)


def participation(user: User, peer_group: int, period: str, now: datetime) -> ParticipationView | None:
    """Who of the group's sites in the regulator's jurisdiction reported; None where the person is no regulator of any of it."""
    held = jurisdictions_of(user)
    earlier = ReportingPeriod.objects.filter(peer_group=OuterRef("peer_group"), end__lte=OuterRef("start")).order_by("-end")
    periods = ReportingPeriod.objects.select_related("peer_group__scope").annotate(previous=Subquery(earlier.values("name")[:1]))
    asked = periods.filter(peer_group=peer_group, name=period).first()
    if asked is None or not any(touch(jurisdiction, asked.peer_group.scope.path) for jurisdiction in held):
        return None
    group = asked.peer_group
    participants = _participants(held, asked, now)
    return ParticipationView(
        peer_group=group.pk,
        pack=group.pack,
        pack_version=group.pack_version,
        route=group.route,
        scope=group.scope.name,
        period=asked.name,
        start=asked.start,
        due=asked.due,
        closed_at=asked.closed_at,
        may_decide=any(jurisdiction.covers(group.scope) for jurisdiction in held),
        participants=participants,
        totals=_totals(participants),
        previous=asked.previous,
    )


def _participants(held: tuple[Jurisdiction, ...], period: ReportingPeriod, now: datetime) -> tuple[ParticipantView, ...]:
    """By firm and site: three questions, however many sites there are. An accepted report counts, else the last one."""
    members = PeerGroupMember.objects.filter(within(held, "site__jurisdiction__path"), peer_group=period.peer_group_id)
    commitments = Commitment.objects.filter(period=period.name, site__in=members.values("site")).order_by("-committed_at")
    committed = dict(commitments.values_list("site_id", "committed_at"))  # the first one stays
    later = due_dates([period.pk])
    of_the_period = FilteredRelation("site__submissions", condition=Q(site__submissions__period=period.name))
    rows = members.annotate(**_NAMES, sent=of_the_period).order_by("sent__revision")
    first: dict[int, datetime | None] = {}
    counting: dict[int, Any] = {}
    for row in rows.values_list(*_NAMES, *_MEMBER, *_SENT, named=True):
        first.setdefault(row.site_id, row.sent__received_at)
        before = counting.get(row.site_id)
        if before is None or before.sent__state != State.ACCEPTED or row.sent__state == State.ACCEPTED:
            counting[row.site_id] = row
    participants = []
    for row in counting.values():
        due = later.get((period.pk, row.site_id), period.due)
        participants.append(
            ParticipantView(
                firm=row.firm,
                organisation=row.site__organisation__name,
                credit_code=row.site__credit_code or row.site__organisation__credit_code,
                site=row.site__slug,
                site_name=row.site_name,
                jurisdiction=row.region,
                size_class=row.site__size_class,
                obliged=row.obliged,
                cohort=row.cohort,
                site_id=row.site_id,
                taking=taking_of(row.sent__state, due, now, obliged=row.obliged),
                due=due,
                committed_at=committed.get(row.site_id),
                first_received_at=first[row.site_id],
                received_at=row.sent__received_at,
                revision=row.sent__revision,
                reason=restored(row.sent__reason_phrase) if row.sent__reason_phrase else row.sent__reason or "",
                covers=row.sent__covers or "",
            )
        )
    return tuple(sorted(participants, key=lambda participant: (participant.firm, participant.site)))


_NAMES = {
    "firm": Coalesce(Called("site__organisation__controlling_firm__"), Called("site__organisation__")),
    "site_name": Called("site__"),
    "region": Called("site__jurisdiction__"),
}
_SITE = ("slug", "size_class", "credit_code", "organisation__name", "organisation__credit_code")
_MEMBER = ("site_id", "obliged", "cohort", *(f"site__{name}" for name in _SITE))
_SENT = tuple(f"sent__{name}" for name in ("state", "received_at", "revision", "reason", "reason_phrase", "covers"))


def _totals(participants: Collection[ParticipantView]) -> Totals:
    return Totals(
        firms=len({participant.firm for participant in participants}),
        firms_reported=len({participant.firm for participant in participants if participant.taking is Taking.REPORTED}),
        states=Counter(participant.taking for participant in participants),
        committed=sum(participant.committed_at is not None and participant.received_at is None for participant in participants),
        regions=tuple(sorted({participant.jurisdiction for participant in participants})),
    )


def taking_of(state: str | None, due: datetime, now: datetime, *, obliged: bool) -> Taking:
    """Where a site stands whose last report that counts is in this state; None: nothing came."""
    if state is None:
        if now <= due:
            return Taking.MISSING
        return Taking.LATE if obliged else Taking.NOT_OWED
    if state == State.ACCEPTED:
        return Taking.REPORTED
    return Taking.UNUSABLE if state == State.REFUSED else Taking.WAITING
