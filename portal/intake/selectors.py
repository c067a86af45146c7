"""Reading submissions and participation. Another firm's submission is not found, exactly as one that does not exist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import QuerySet

from portal.accounts.models import User
from portal.accounts.selectors import may_decide_for, own_sites, regulated_sites, visible_sites
from portal.catalogue.models import PeerGroup, PeerGroupMember, ReportingPeriod
from portal.catalogue.selectors import group_of
from portal.intake.models import State, Submission


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
    obliged: bool
    taking: Taking
    received_at: datetime | None
    revision: int | None
    reason: str  # of a refusal


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


def submissions_of(user: User) -> tuple[SubmissionView, ...]:
    """All submissions of the person's own sites, newest first."""
    rows = Submission.objects.filter(site__in=own_sites(user)).order_by("-log_index")
    return views_of(rows)


def submission(user: User, digest: str) -> SubmissionView | None:
    """One submission of an own or regulated site."""
    return next(iter(views_of(Submission.objects.filter(digest=digest, site__in=visible_sites(user)))), None)


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
    members = (
        PeerGroupMember.objects.filter(peer_group=group, site__in=regulated_sites(user))
        .select_related("site__organisation__controlling_firm", "site__jurisdiction")
        .order_by("site__organisation__controlling_firm__name", "site__slug")
    )
    latest: dict[int, Submission] = {}
    rows = Submission.objects.filter(period=period, site__in=members.values("site")).order_by("revision").defer("envelope", "receipt")
    for row in rows:
        held = latest.get(row.site_id)
        if held is None or held.state != State.ACCEPTED or row.state == State.ACCEPTED:
            latest[row.site_id] = row
    return ParticipationView(
        peer_group=group.pk,
        pack=group.pack,
        pack_version=group.pack_version,
        route=group.route,
        scope=group.scope.name,
        scope_zh=group.scope.name_zh,
        period=period,
        due=asked.due,
        closed_at=asked.closed_at,
        may_decide=may_decide_for(user, group.scope),
        participants=tuple(_participant(member, latest.get(member.site_id), asked.due, now) for member in members),
    )


def _participant(member: PeerGroupMember, row: Submission | None, due: datetime, now: datetime) -> ParticipantView:
    site = member.site
    firm = site.organisation.controlling_firm
    return ParticipantView(
        firm=firm.name if firm else site.organisation.name,
        firm_zh=firm.name_zh if firm else site.organisation.name_zh,
        organisation=site.organisation.name,
        site=site.slug,
        site_name=site.name,
        site_name_zh=site.name_zh,
        jurisdiction=site.jurisdiction.name,
        jurisdiction_zh=site.jurisdiction.name_zh,
        obliged=member.obliged,
        taking=_taking(row, due, now),
        received_at=row.received_at if row else None,
        revision=row.revision if row else None,
        reason=row.reason if row else "",
    )


def _taking(row: Submission | None, due: datetime, now: datetime) -> Taking:
    if row is None:
        return Taking.LATE if now > due else Taking.MISSING
    if row.state == State.ACCEPTED:
        return Taking.REPORTED
    return Taking.UNUSABLE if row.state == State.REFUSED else Taking.WAITING
