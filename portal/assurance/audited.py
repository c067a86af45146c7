"""The report that an audit is of."""

from __future__ import annotations

from portal.assurance.models import Assignment
from portal.intake.models import State, Submission


def audited_report(assignment: Assignment) -> Submission | None:
    """The report that an opinion would be of: the accepted one."""
    found: Submission | None = (
        Submission.objects.filter(site=assignment.site_id, period=assignment.period, state=State.ACCEPTED).defer("envelope").first()
    )
    return found
