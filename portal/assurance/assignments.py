"""What a regulator has assigned and how each stands on a day; which sites, bodies and periods there
are to assign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db.models import Count, QuerySet

from benchmarks.phrases import Name
from portal.accounts.models import Organisation, Role, Site, User
from portal.accounts.selectors import regulated_sites
from portal.assurance.attestation_standing import has_conclusion
from portal.assurance.models import Assignment, Finding
from portal.assurance.models.findings import ENDED, FindingGrade, last_act
from portal.catalogue.models import ReportingPeriod


class AssignmentStanding(StrEnum):
    """How an assignment stands on a day."""

    UNDER_WAY = "under-way"
    LATE = "late"  # no conclusion, and its day is past
    CONCLUDED = "concluded"  # a statement of the accepted report stands, perhaps past its validity
    TAKEN_BACK = "taken-back"


@dataclass(frozen=True, slots=True)
class AssignmentView:
    id: int
    body: Name
    site: str
    site_name: Name
    firm: Name
    period: str
    due: date | None
    sees_values: bool
    assigned_by: str
    assigned_at: datetime
    course: AssignmentStanding
    majors: int  # major findings that are not closed
    taken_back_by: str
    taken_back_at: datetime | None
    taken_back_reason: str


def regulated_assignments(user: User) -> QuerySet[Assignment]:
    """What was assigned at the sites that the person regulates, by whomever."""
    return Assignment.objects.filter(site__in=regulated_sites(user))


def assignments_of_regulator(user: User, today: date) -> tuple[AssignmentView, ...]:
    """Newest first, also those that were taken back."""
    rows = regulated_assignments(user).select_related(
        "body", "site__organisation", "assigned_by", "taken_back_by"
    )
    assignments = list(rows.annotate(concluded=has_conclusion()).order_by("-pk"))
    majors = _open_majors(assignments)
    return tuple(
        AssignmentView(
            id=row.pk,
            body=row.body.name,
            site=row.site.slug,
            site_name=row.site.name,
            firm=row.site.organisation.name,
            period=row.period,
            due=row.due,
            sees_values=row.sees_values,
            assigned_by=str(row.assigned_by),
            assigned_at=row.assigned_at,
            course=_course(row, today, concluded=row.concluded),
            majors=majors.get(row.pk, 0),
            taken_back_by=str(row.taken_back_by) if row.taken_back_by else "",
            taken_back_at=row.taken_back_at,
            taken_back_reason=row.taken_back_reason,
        )
        for row in assignments
    )


def assignable_sites(user: User) -> QuerySet[Site]:
    """The sites that the person may assign a body to: those of the jurisdiction that are not
    retired.
    """
    return regulated_sites(user).filter(retired_at=None).select_related("organisation")


def certification_bodies() -> QuerySet[Organisation]:
    return Organisation.objects.filter(kind=Role.CERTIFICATION_BODY).order_by("name")


def bodies_at(sites: QuerySet[Site]) -> dict[int, int]:
    """How many assignments stand at each of these sites; none for a site without."""
    standing = Assignment.objects.filter(taken_back_at=None, site__in=sites)
    return dict(standing.values_list("site").annotate(n=Count("pk")))


def periods_of(*sites: Site) -> tuple[str, ...]:
    """The periods that peer groups of the sites report for, newest first: each of them can be
    checked.
    """
    rows = (
        ReportingPeriod.objects.filter(peer_group__members__site__in=sites)
        .order_by("-start")
        .values_list("name", flat=True)
    )
    return tuple(dict.fromkeys(rows))


def _course(row: Assignment, today: date, *, concluded: bool) -> AssignmentStanding:
    if row.taken_back_at is not None:
        return AssignmentStanding.TAKEN_BACK
    if concluded:
        return AssignmentStanding.CONCLUDED
    return (
        AssignmentStanding.LATE
        if row.due is not None and today > row.due
        else AssignmentStanding.UNDER_WAY
    )


def _open_majors(assignments: Sequence[Assignment]) -> dict[int, int]:
    """By row; one that stands has those, too, that its body found there before it was taken back
    and made anew.
    """
    standing = {
        (row.body_id, row.site_id, row.period): row.pk
        for row in assignments
        if row.taken_back_at is None
    }
    majors = Finding.objects.filter(assignment__in=assignments, grade=FindingGrade.MAJOR).annotate(
        last=last_act()
    )
    engaged = ("assignment__body", "assignment__site", "assignment__period")
    counted: dict[int, int] = {}
    for own, act, *of in majors.values_list("assignment", "last", *engaged):
        if act not in ENDED:
            for assignment in {own, standing.get(tuple(of), own)}:
                counted[assignment] = counted.get(assignment, 0) + 1
    return counted
