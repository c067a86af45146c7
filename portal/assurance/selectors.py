"""One submission for the certification body that it is assigned to: from outside, and with its
protected values where it may see them.
"""

from __future__ import annotations

from portal.accounts.models import User
from portal.assurance.engagements import checked_by
from portal.intake.models import Submission
from portal.intake.selectors import SubmissionView, views_of
from portal.standings.selectors import ProtectedValueView, values_of


def assigned_submission(user: User, digest: str) -> SubmissionView | None:
    """One submission of a site and period that is assigned to a body of the person."""
    row = Submission.objects.filter(digest=digest).defer("envelope").first()
    if row is None or not checked_by(user).filter(site=row.site_id, period=row.period).exists():
        return None
    return next(iter(views_of(Submission.objects.filter(pk=row.pk))), None)


def assigned_values(user: User, digest: str) -> tuple[ProtectedValueView, ...]:
    """Its protected values, where an assignment lets the body see them."""
    row = Submission.objects.filter(digest=digest).defer("envelope").first()
    if (
        row is None
        or not checked_by(user)
        .filter(site=row.site_id, period=row.period, sees_values=True)
        .exists()
    ):
        return ()
    return values_of(row)
