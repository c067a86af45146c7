"""What a certification body sees: the submissions it is assigned, from outside. What is inside is the plant's to open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.accounts.models import Role, User
from portal.assurance.models import Assignment
from portal.intake.models import Submission
from portal.intake.selectors import SubmissionView, views_of


@dataclass(frozen=True, slots=True)
class AssignmentView:
    body: str
    body_zh: str
    site: str
    site_name: str
    site_name_zh: str
    period: str
    assigned_at: datetime
    submissions: tuple[SubmissionView, ...]  # all revisions, newest first


def assigned_submissions(user: User) -> tuple[AssignmentView, ...]:
    """The assignments of the certification bodies the person acts for."""
    if not user.is_authenticated:
        return ()
    rows = (
        Assignment.objects.filter(body__memberships__user=user, body__memberships__role=Role.CERTIFICATION_BODY)
        .select_related("body", "site")
        .distinct()
        .order_by("-period", "site__slug")
    )
    # one question for all of them; what is of another period of the same site falls out below
    theirs = Submission.objects.filter(site__in={row.site_id for row in rows}, period__in={row.period for row in rows})
    found: dict[tuple[str, str], list[SubmissionView]] = {}
    for view in views_of(theirs.order_by("-revision")):
        found.setdefault((view.site, view.period), []).append(view)
    return tuple(
        AssignmentView(
            row.body.name,
            row.body.name_zh,
            row.site.slug,
            row.site.name,
            row.site.name_zh,
            row.period,
            row.assigned_at,
            tuple(found.get((row.site.slug, row.period), ())),
        )
        for row in rows
    )


def assigned_submission(user: User, digest: str) -> SubmissionView | None:
    """One submission out of those."""
    return next((one for assignment in assigned_submissions(user) for one in assignment.submissions if one.digest == digest), None)
