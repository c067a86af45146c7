"""Reading submissions and participation. Another firm's submission is not found, exactly as one that does not exist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from django.db.models import Min, QuerySet
from django.db.models.functions import Coalesce

from portal.accounts.models import User
from portal.accounts.selectors import managed_sites, may_decide_for, own_sites, regulated_sites, visible_sites
from portal.catalogue.deadlines import due_dates
from portal.catalogue.models import PeerGroup, PeerGroupMember, ReportingPeriod
from portal.catalogue.selectors import group_of
from portal.intake.models import Commitment, State, Submission


@dataclass(frozen=True, slots=True)
class SubmissionView:
    """One submission for its owner, its regulator or its certification body: what is on the outside, and its fate."""

    digest: str
    site: str
    site_name: str
    site_name_zh: str
    pack: str
    period: str
    revision: int
    device: str
    key_id: str
    ledger_sequence: int
    size_bytes: int
    log_index: int
    received_at: datetime
    state: str  # State value
    reason_code: str
    reason: str
    decided_at: datetime | None
    receipt: bytes  # signed canonical CBOR, to be handed out as it is


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
    reason: str  # of a refusal

    @property
    def arrived_late(self) -> bool:
        """Whether the first report came after the due date."""
        return self.first_received_at is not None and self.first_received_at > self.due


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

    @property
    def firms(self) -> int:
        return len({participant.firm for participant in self.participants})

    @property
    def firms_reported(self) -> int:
        return len({participant.firm for participant in self.participants if participant.taking is Taking.REPORTED})

    def count(self, taking: Taking) -> int:
        return sum(participant.taking is taking for participant in self.participants)


def waiting_since() -> datetime | None:
    """When the submission that has waited longest to be opened came in; None where none waits."""
    waiting = Submission.objects.filter(state__in=(State.RECEIVED, State.OPENING))
    oldest: datetime | None = waiting.aggregate(oldest=Min("received_at"))["oldest"]
    return oldest


def submissions_of(user: User) -> tuple[SubmissionView, ...]:
    """All submissions of the person's own sites, newest first."""
    rows = Submission.objects.filter(site__in=own_sites(user)).order_by("-log_index")
    return views_of(rows)


def submission(user: User, digest: str) -> SubmissionView | None:
    """One submission of an own or regulated site."""
    return next(iter(views_of(Submission.objects.filter(digest=digest, site__in=visible_sites(user)))), None)


def own_commitment(user: User, digest: str) -> Commitment | None:
    """What was committed to for a site that the person manages."""
    return Commitment.objects.select_related("site").filter(digest=digest, site__in=managed_sites(user)).first()


def views_of(rows: QuerySet[Submission]) -> tuple[SubmissionView, ...]:
    """For selectors of the apps above, which bring their own permission."""
    return tuple(
        SubmissionView(
            digest=row.digest,
            site=row.site.slug,
            site_name=row.site.name,
            site_name_zh=row.site.name_zh,
            pack=row.site.pack,
            period=row.period,
            revision=row.revision,
            device=str(row.device_id),
            key_id=row.key_id,
            ledger_sequence=row.ledger_sequence,
            size_bytes=row.size_bytes,
            log_index=row.log_index,
            received_at=row.received_at,
            state=row.state,
            reason_code=row.reason_code,
            reason=row.reason,
            decided_at=row.decided_at,
            receipt=bytes(row.receipt),
        )
        for row in rows.select_related("site").defer("envelope")
    )


def participation(user: User, peer_group: int, period: str, now: datetime) -> ParticipationView | None:
    """Who of the group's sites in the regulator's jurisdiction reported; None where the person is no regulator of any of it."""
    try:
        group = group_of(user, peer_group)
        asked = ReportingPeriod.objects.get(peer_group=group, name=period)
    except (PeerGroup.DoesNotExist, ReportingPeriod.DoesNotExist):
        return None
    members = PeerGroupMember.objects.filter(peer_group=group, site__in=regulated_sites(user))
    latest: dict[int, _Report] = {}
    first: dict[int, datetime] = {}
    reports = Submission.objects.filter(period=period, site__in=members.values("site")).order_by("revision")
    for site, *told in reports.values_list("site_id", *_Report._fields):
        report = _Report(*told)
        first.setdefault(site, report.received_at)
        held = latest.get(site)
        if held is None or held.state != State.ACCEPTED or report.state == State.ACCEPTED:
            latest[site] = report
    commitments = Commitment.objects.filter(period=period, site__in=members.values("site")).order_by("-committed_at")
    committed = dict(commitments.values_list("site_id", "committed_at"))  # the first one stays
    later = due_dates([asked.pk])
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
        may_decide=may_decide_for(user, group.scope),
        participants=tuple(
            _participant(
                _Member(*told),
                latest.get(site),
                later.get((asked.pk, site), asked.due),
                now,
                committed.get(site),
                first.get(site),
            )
            for site, *told in members.order_by("site__organisation__controlling_firm__name", "site__slug").values_list(
                "site_id", *_MEMBER.values()
            )
        ),
    )


class _Report(NamedTuple):
    """What participation tells of a submission: read as columns, for a model of each of thousands costs more than all questions."""

    state: str
    received_at: datetime
    revision: int
    reason: str


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
        reason=report.reason if report else "",
    )


def taking_of(state: str | None, due: datetime, now: datetime) -> Taking:
    """Where a site stands whose last report that counts is in this state; None: nothing came."""
    if state is None:
        return Taking.LATE if now > due else Taking.MISSING
    if state == State.ACCEPTED:
        return Taking.REPORTED
    return Taking.UNUSABLE if state == State.REFUSED else Taking.WAITING
