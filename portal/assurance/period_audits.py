"""What audits came to over a period, counted over a regulator's sites: assignments, opinions,
findings; and what became of reports.

Never a value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from portal.assurance.attestation_standing import concluding
from portal.assurance.models import Assignment, Attestation, Finding
from portal.assurance.models.findings import ENDED, last_act
from portal.intake.models import Submission, SubmissionState


@dataclass(frozen=True, slots=True)
class PeriodAudits:
    """`findings` by (grade, whether it is closed or fell); `assigned` and `bodies` of assignments
    that stand.
    """

    assigned: int
    bodies: int
    opinions: Mapping[str, int]  # reports by the opinion of a statement on them that holds today
    withdrawn: int
    findings: Mapping[tuple[str, bool], int]


@dataclass(frozen=True, slots=True)
class Refusals:
    """Reports of the period by what became of them."""

    received: int
    accepted: int
    refused: Mapping[str, int]  # by code


def audits_of_period(sites: Collection[int], period: str, today: date) -> PeriodAudits:
    """For a caller who let the reader in. `sites` are rows of the reader's own jurisdiction."""
    assigned = Assignment.objects.filter(site__in=sites, period=period, taken_back_at=None)
    attested = {"site__in": sites, "submission__period": period}
    findings = Finding.objects.filter(
        assignment__site__in=sites, assignment__period=period
    ).annotate(last=last_act())
    holding = (
        concluding()
        .filter(**attested, valid_until__gte=today)
        .values_list("opinion", "submission")
        .distinct()
    )
    return PeriodAudits(
        assigned=len(rows := list(assigned.values_list("body_id", flat=True))),
        bodies=len(set(rows)),
        opinions=Counter(opinion for opinion, _report in holding),
        withdrawn=Attestation.objects.filter(**attested, state=Attestation.State.WITHDRAWN).count(),
        findings=Counter(
            (grade, act in ENDED) for grade, act in findings.values_list("grade", "last")
        ),
    )


def refusals_of_period(sites: Collection[int], period: str) -> Refusals:
    rows = list(
        Submission.objects.filter(site__in=sites, period=period).values_list("state", "reason_code")
    )
    return Refusals(
        received=len(rows),
        accepted=sum(state == SubmissionState.ACCEPTED for state, _ in rows),
        refused=Counter(code for state, code in rows if state == SubmissionState.REFUSED),
    )
