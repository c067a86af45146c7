"""Whether a step of a report enters a publication, by the peer group's policy and what auditors
said of the report.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.db.models import QuerySet

from portal.catalogue.models import PeerGroup, ReportingPeriod
from portal.intake.models import SubmissionState
from portal.standings.models import Verdict


class NotEnteredReason(StrEnum):
    """Why an accepted report does not enter a publication."""

    NOT_ATTESTED = "not-attested"
    ADVERSE = "adverse-opinion"


@dataclass(frozen=True, slots=True)
class Verdicts:
    """In force on a day, by row of the submission. An adverse opinion outweighs a positive one of
    another body.
    """

    positive: Mapping[int, tuple[Verdict, ...]]
    adverse: frozenset[int]

    def left_out(self, group: PeerGroup, submission: int, step: str) -> NotEnteredReason | None:
        """Why a step of a report does not enter by the group's policy; None where it does."""
        if group.adverse_leaves and submission in self.adverse:
            return NotEnteredReason.ADVERSE
        if group.attested_only and not self.attests(submission, step):
            return NotEnteredReason.NOT_ATTESTED
        return None

    def attests(self, submission: int, step: str) -> bool:
        """Whether a positive opinion covers the step, and nobody gave an adverse one."""
        return self.attestation(submission, step) is not None

    def attestation(self, submission: int, step: str) -> Verdict | None:
        """The newest that attests it."""
        if submission in self.adverse:
            return None
        return next(
            (
                verdict
                for verdict in reversed(self.positive.get(submission, ()))
                if step in verdict.steps
            ),
            None,
        )

    def audited(self, submissions: Mapping[str, int]) -> Mapping[str, frozenset[str]]:
        """By step, the sites whose report a positive opinion covers, and no adverse one.

        Args:
            submissions: site -> row of its report.
        """
        by_step: defaultdict[str, set[str]] = defaultdict(set)
        for site, submission in submissions.items():
            if submission not in self.adverse:
                for verdict in self.positive.get(submission, ()):
                    for step in verdict.steps:
                        by_step[step].add(site)
        return {step: frozenset(sites) for step, sites in by_step.items()}


NONE = Verdicts({}, frozenset())


def verdicts(period: ReportingPeriod, on: date) -> Verdicts:
    """Those of the accepted reports of a period."""
    of_period = Verdict.objects.filter(
        submission__state=SubmissionState.ACCEPTED,
        submission__period=period.name,
        submission__site__peer_group_members__peer_group=period.peer_group_id,
    )
    return _in_force(of_period, on)


def verdicts_of(submissions: Collection[int], on: date) -> Verdicts:
    """Those of these reports, by row."""
    return _in_force(Verdict.objects.filter(submission__in=submissions), on)


def _in_force(rows: QuerySet[Verdict], on: date) -> Verdicts:
    positive: dict[int, tuple[Verdict, ...]] = {}
    adverse = set()
    for row in rows.filter(ended_at=None, valid_until__gte=on).order_by("pk"):
        if row.adverse:
            adverse.add(row.submission_id)
        else:
            positive[row.submission_id] = (*positive.get(row.submission_id, ()), row)
    return Verdicts(positive, frozenset(adverse))
