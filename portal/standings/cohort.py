"""Who enters a composition: the accepted submissions of a period's peer group, as the core takes them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.composition import Participant
from portal.accounts.models import SizeClass
from portal.catalogue.models import PeerGroupMember, ReportingPeriod
from portal.intake.models import State
from portal.standings.models import ProtectedValue

SIZE_WEIGHTS: Mapping[str, float] = {SizeClass.SMALL: 1.0, SizeClass.MEDIUM: 3.0, SizeClass.LARGE: 10.0, SizeClass.VERY_LARGE: 30.0}
"""Declared weights of the size classes (an assumption of ours, public): about a factor of three a class."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """Participants with what the gate and the record need to know of them."""

    participants: tuple[Participant, ...]
    submissions: Mapping[str, int]  # site -> row
    digests: tuple[str, ...]  # of the envelopes, sorted
    size_weights: Mapping[str, float]  # firm -> declared weight, sites added up

    def seed(self, purpose: str) -> int:
        """A seed out of the participants' envelopes: nobody chooses it, and whoever holds them can repeat the simulation."""
        content = "\n".join((f"steplabel/1 {purpose}", *self.digests))
        return int.from_bytes(hashlib.sha256(content.encode()).digest())


def cohort(period: ReportingPeriod) -> Cohort:
    """What is accepted now; superseded revisions and refused submissions never count."""
    members = PeerGroupMember.objects.filter(peer_group=period.peer_group)
    rows = (
        ProtectedValue.objects.filter(
            submission__state=State.ACCEPTED, submission__period=period.name, submission__site__in=members.values("site")
        )
        .select_related("submission__site__organisation")
        .defer("submission__envelope")
        .order_by("submission__site__slug", "pk")
    )
    participants: list[Participant] = []
    submissions: dict[str, int] = {}
    digests: set[str] = set()
    weights: dict[str, float] = {}
    for row in rows:
        site = row.submission.site
        firm = str(site.organisation.controlling_firm_id)
        participants.append(Participant(firm, site.slug, row.released()))
        if site.slug not in submissions:
            weights[firm] = weights.get(firm, 0.0) + SIZE_WEIGHTS[site.size_class]
        submissions[site.slug] = row.submission_id
        digests.add(row.submission.digest)
    return Cohort(tuple(participants), submissions, tuple(sorted(digests)), weights)
