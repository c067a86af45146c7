"""What people are told of, and how each kind reaches them. The words for it are
`portal.web.presenters.notices`.
"""

from __future__ import annotations

from django.db import models


class NoticeKind(models.TextChoices):
    """Stable names: they stand in people's wishes."""

    REPORT_REMINDED = "report.reminded"
    REPORT_COMES = "report.comes"
    EXTENSION_GRANTED = "extension.granted"
    EXTENSION_REFUSED = "extension.refused"
    EXTENSION_ASKED = "extension.asked"
    SUBMISSION_ACCEPTED = "submission.accepted"
    SUBMISSION_REFUSED = "submission.refused"
    BENCHMARK_PUBLISHED = "benchmark.published"
    BENCHMARK_WITHDRAWN = "benchmark.withdrawn"
    SITE_APPROVED = "site.approved"
    SITE_REFUSED = "site.refused"
    DEVICE_ENROLLED = "device.enrolled"
    DEVICE_REVOKED = "device.revoked"
    FIRM_LEAVES = "firm.leaves"
    FIRM_STAYS = "firm.stays"
    ASSIGNMENT_MADE = "assignment.made"
    ASSIGNMENT_TAKEN_BACK = "assignment.taken-back"
    FINDING_MADE = "finding.made"
    FINDING_ANSWERED = "finding.answered"
    FINDING_RETURNED = "finding.returned"
    FINDING_CLOSED = "finding.closed"
    FINDING_APPEALED = "finding.appealed"
    APPEAL_WAITS = "appeal.waits"
    APPEAL_DECIDED = "appeal.decided"
    FINDING_OVERDUE = "finding.overdue"
    SAMPLE_DRAWN = "sample.drawn"
    OPENING_COMES = "opening.comes"
    CONCLUSION_COMES = "conclusion.comes"
    CONCLUSION_LATE = "conclusion.late"
    CONCLUSION_GIVEN = "conclusion.given"
    CONCLUSION_WITHDRAWN = "conclusion.withdrawn"
    SURVEILLANCE_COMES = "surveillance.comes"
    VALIDITY_ENDS = "validity.ends"
    AUDIT_COMES = "audit.comes"
    AUDIT_OVERDUE = "audit.overdue"
    DRAFT_WAITS = "draft.waits"
    RELEASE_STOPPED = "release.stopped"
    APPLICATION_WAITS = "application.waits"
    PACK_WAITS = "pack.waits"
    PACK_PROPOSED = "pack.proposed"
    PACK_COMMENTED = "pack.commented"
    PACK_DECIDED = "pack.decided"
    PRACTICE_WAITS = "practice.waits"
    PRACTICE_DECIDED = "practice.decided"
    PRACTICE_ASKED = "practice.asked"
    OUTCOME_WAITS = "practice-outcome.waits"
    OUTCOME_DECIDED = "practice-outcome.decided"
    GROUP_INVITED = "site-group.invited"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - the name of a kind
    SECOND_FACTOR_ADDED = "second-factor.added"
    SECOND_FACTOR_REMOVED = "second-factor.removed"


class MailFrequency(models.TextChoices):
    """How a kind reaches somebody by mail; in the portal it always stands."""

    AT_ONCE = "at-once"
    DAILY = "daily"
    NEVER = "never"


SECURITY = frozenset(
    {
        NoticeKind.DEVICE_ENROLLED,
        NoticeKind.DEVICE_REVOKED,
        NoticeKind.FIRM_LEAVES,
        NoticeKind.PASSWORD_CHANGED,
        NoticeKind.SECOND_FACTOR_ADDED,
        NoticeKind.SECOND_FACTOR_REMOVED,
    }
)
"""Mailed at once whatever somebody wishes: whoever took an account over would switch these off
first.
"""

ASKED_BY_LEAVE = frozenset({NoticeKind.PRACTICE_ASKED})
"""A favour that is asked: whoever wishes never to have mail of it is not asked in the portal
either.
"""

DAILY_AT_FIRST = frozenset(
    {
        NoticeKind.SUBMISSION_ACCEPTED,
        NoticeKind.BENCHMARK_PUBLISHED,
        NoticeKind.PACK_PROPOSED,
        NoticeKind.PRACTICE_WAITS,
        NoticeKind.PRACTICE_ASKED,
    }
)
"""Nothing has to be done: these come in one mail a day unless somebody wishes otherwise."""


def at_first(kind: str) -> MailFrequency:
    """What holds for a kind as long as somebody has wished nothing."""
    return MailFrequency.DAILY if kind in DAILY_AT_FIRST else MailFrequency.AT_ONCE


def kinds() -> list[tuple[str, str]]:
    """A function, so that a new kind is no new migration of every database."""
    return list(NoticeKind.choices)
