"""How good the reports of a period are, as far as it can be told without a value: which steps they cover, where a series breaks.

A series breaks where a report is signed by another agent than the period before without that agent's own rotation (a lost
machine: another seed, and nobody knows what the old one had spent), or where the agent's ledger says less than it did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db.models import Count, QuerySet

from portal.accounts.models import Device
from portal.catalogue.models import PeerGroupMember, ReportingPeriod
from portal.intake.models import State, Submission
from portal.intake.participation import PERIODS_KEPT, ParticipationView
from portal.intake.stamps import SITES, Remembered
from portal.standings.models import ProtectedValue


class Break(StrEnum):
    AGENT = "agent"  # another agent signs, and the one before did not vouch for it
    LEDGER = "ledger"  # its ledger counts fewer reports than that of the period before


@dataclass(frozen=True, slots=True)
class QualityView:
    """Of one site's accepted report."""

    steps: int  # of the peer group's route
    breaks: tuple[Break, ...]


@dataclass(frozen=True, slots=True)
class _Signed:
    submission: int
    device: UUID
    ledger: int


_remembered: Remembered[Mapping[str, QualityView]] = Remembered(PERIODS_KEPT)


def quality(view: ParticipationView, route_steps: tuple[str, ...]) -> Mapping[str, QualityView]:
    """By site, for the accepted reports of those who took part; whom the reader may see, the view has settled.

    The database is asked for the whole group, once: a list of two thousand sites costs more to send than what it leaves out, and whoever
    regulates any part of it is told from the same answer until a stamp of what it was read from is renewed.
    """
    periods = ReportingPeriod.objects.filter(peer_group=view.peer_group, end__lte=view.start).order_by("-end")
    last: str | None = periods.values_list("name", flat=True).first()
    content = tuple(view.stamps.get(name, "") for name in (SITES, f"period {view.period}", f"period {last}"))
    key = (*content, view.peer_group, view.period, route_steps)
    known = _remembered.of(key, lambda: _of_everybody(view.peer_group, view.period, last, route_steps))
    return {one.site: known[one.site] for one in view.participants if one.site in known}


def _of_everybody(peer_group: int, period: str, last: str | None, route_steps: tuple[str, ...]) -> Mapping[str, QualityView]:
    members = PeerGroupMember.objects.filter(peer_group=peer_group).values("site")
    accepted = Submission.objects.filter(state=State.ACCEPTED, site__in=members)
    now = _signed(accepted, period)
    before = _signed(accepted, last) if last else {}
    successor_of = dict(Device.objects.filter(site__in=members, replaces__isnull=False).values_list("replaces_id", "pk"))
    values = ProtectedValue.objects.filter(submission__in=accepted.filter(period=period), step__in=route_steps)
    steps = dict(values.values_list("submission_id").annotate(steps=Count("step", distinct=True)).order_by())
    return {
        site: QualityView(steps.get(signed.submission, 0), _breaks(before.get(site), signed, successor_of)) for site, signed in now.items()
    }


def _signed(accepted: QuerySet[Submission], period: str) -> dict[str, _Signed]:
    rows = accepted.filter(period=period).values_list("site__slug", "pk", "device_id", "ledger_sequence")
    return {site: _Signed(submission, device, ledger) for site, submission, device, ledger in rows}


def _breaks(before: _Signed | None, now: _Signed, successor_of: Mapping[UUID, UUID]) -> tuple[Break, ...]:
    if before is None:
        return ()
    device: UUID | None = before.device
    while device is not None and device != now.device:
        device = successor_of.get(device)
    found = [] if device is not None else [Break.AGENT]
    return (*found, Break.LEDGER) if now.ledger < before.ledger else tuple(found)
