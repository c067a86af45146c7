"""Engagements that end with the firm: the site is there no more, and nobody is left to answer a finding."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import OuterRef, Subquery

from portal.accounts.models import Site
from portal.assurance import announcing
from portal.assurance.models import Assignment, Finding, FindingStep
from portal.assurance.models.findings import Act
from portal.auditlog.models import Action
from portal.auditlog.services import record


def end_engagements(sites: Collection[Site], because: str, by: str, now: datetime) -> int:
    """Take back every assignment at these sites, and end with it each finding that is open; how many assignments.

    What was said to a finding is never changed, so that it is closed stands on the record, with the reason. To be called in a transaction.
    """
    rows = list(Assignment.objects.filter(site__in=sites, taken_back_at=None).select_related("site", "body").order_by("pk"))
    of_them = {row.pk: row for row in rows}
    last = FindingStep.objects.filter(finding=OuterRef("pk")).order_by("-pk").values("act")[:1]
    findings = Finding.objects.filter(assignment__in=rows).annotate(last=Subquery(last)).order_by("assignment", "number")
    for assignment, number, act in findings.values_list("assignment", "number", "last"):
        if act != Act.CLOSED:
            about = of_them[assignment]
            record(now, by, Action.FINDING_CLOSED, f"site {about.site.slug}", f"{about.period}, finding {number}: {because}")
    for row in rows:
        record(now, by, Action.ASSIGNMENT_TAKEN_BACK, f"site {row.site.slug}", f"{row.body}, {row.period}: {because}")
        announcing.taken_back(row, now)
    return Assignment.objects.filter(pk__in=list(of_them)).update(taken_back_at=now, taken_back_reason=because)
