"""How good the reports of a period are, as far as it can be told without a value: which steps they
cover, where a series breaks.

A series breaks where a report is signed by another agent than the period before without that
agent's own rotation (a lost machine: another seed, and nobody knows what the old one had spent), or
where the agent's ledger says less than it did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db.models import F, FilteredRelation, Q

from portal.accounts.models import Device
from portal.catalogue.models import PeerGroupMember
from portal.intake.models import Submission, SubmissionState
from portal.intake.participation import ParticipantView, ParticipationView, PartView, ReportingState


class HistoryBreak(StrEnum):
    AGENT = "agent"  # another agent signs, and the one before did not vouch for it
    LEDGER = "ledger"  # its ledger counts fewer reports than that of the period before


@dataclass(frozen=True, slots=True)
class QualityView:
    """Of one site's accepted report."""

    steps: int  # of the peer group's route
    breaks: tuple[HistoryBreak, ...]


@dataclass(frozen=True, slots=True)
class QualitiesView:
    """Of the accepted reports of those who took part, as far as the reader may see them."""

    accepted: int
    whole: int  # of those, reports that cover every step of the route
    broken: int  # reports that break their series
    steps: Mapping[
        str, int
    ]  # how many steps of the route each combination covers that a report has
    breaks: Mapping[
        int, tuple[HistoryBreak, ...]
    ]  # by row of the site; sites whose series goes on are left out

    def of(self, part: PartView | ParticipantView) -> QualityView | None:
        """None where no report is accepted."""
        return (
            QualityView(self.steps[part.covers], self.breaks.get(part.site_id, ()))
            if part.taking is ReportingState.REPORTED
            else None
        )


def quality(view: ParticipationView, route_steps: Collection[str]) -> QualitiesView:
    """What can be told of the accepted reports of a participation; whom the reader may see, the
    participation has settled.

    Which steps a report covers stands in its own row since it was accepted.
    """
    route = frozenset(route_steps)
    accepted = [part for part in view.parts if part.taking is ReportingState.REPORTED]
    covering = Counter(part.covers for part in accepted)
    steps = {covers: len(route.intersection(covers.split())) for covers in covering}
    breaks = _breaks(view.peer_group, view.period, view.previous) if view.previous else {}
    return QualitiesView(
        accepted=len(accepted),
        whole=sum(number for covers, number in covering.items() if steps[covers] == len(route)),
        broken=sum(part.site_id in breaks for part in accepted),
        steps=steps,
        breaks=breaks,
    )


def _breaks(peer_group: int, period: str, previous: str) -> Mapping[int, tuple[HistoryBreak, ...]]:
    """Only of reports that differ from the one before in what could break a series, which the
    database picks out.
    """
    members = PeerGroupMember.objects.filter(peer_group=peer_group).values("site")
    here = Q(site__submissions__period=previous, site__submissions__state=SubmissionState.ACCEPTED)
    other = Q(before__device__lt=F("device")) | Q(
        before__device__gt=F("device")
    )  # and not "not equal", which asks another question
    rows = (
        Submission.objects.filter(state=SubmissionState.ACCEPTED, period=period, site__in=members)
        .annotate(before=FilteredRelation("site__submissions", condition=here))
        .filter(other | Q(before__ledger_sequence__gt=F("ledger_sequence")))
        .values_list(
            "site_id",
            "before__device_id",
            "device_id",
            "before__ledger_sequence",
            "ledger_sequence",
        )
    )
    differing = list(rows)
    if not differing:
        return {}
    successor_of = dict(
        Device.objects.filter(site__in=members, replaces__isnull=False).values_list(
            "replaces_id", "pk"
        )
    )
    breaks: dict[int, tuple[HistoryBreak, ...]] = {}
    for site, device_before, device, ledger_before, ledger in differing:
        agent = () if _vouched_for(device_before, device, successor_of) else (HistoryBreak.AGENT,)
        set_back = (
            None not in (ledger, ledger_before) and ledger < ledger_before
        )  # a number that another report had is not kept
        if site_breaks := (*agent, HistoryBreak.LEDGER) if set_back else agent:
            breaks[site] = site_breaks
    return breaks


def _vouched_for(before: UUID, now: UUID, successor_of: Mapping[UUID, UUID]) -> bool:
    """Whether it is the same agent, or one that took over from it by its own rotation."""
    device: UUID | None = before
    while device is not None and device != now:
        device = successor_of.get(device)
    return device is not None
