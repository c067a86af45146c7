"""Who is told of an audit: the firm of what the body finds and signs, the body of what the firm answers and the regulator assigns.

Called in the transaction of its cause.
"""

from __future__ import annotations

from datetime import date, datetime

from portal.accounts.audience import named, people_of_body, people_of_site
from portal.accounts.models import Site
from portal.assurance.models import Assignment, Attestation, Finding
from portal.assurance.models.findings import Act
from portal.notifications.kinds import Kind
from portal.notifications.services import Told, tell

_TO_THE_FIRM = {Act.RETURNED: Kind.FINDING_RETURNED, Act.CLOSED: Kind.FINDING_CLOSED}


def assigned(about: Assignment, now: datetime) -> None:
    tell_body(Kind.ASSIGNMENT_MADE, about, now, about.due)


def taken_back(about: Assignment, now: datetime) -> None:
    tell_body(Kind.ASSIGNMENT_TAKEN_BACK, about, now)


def raised(finding: Finding, now: datetime) -> None:
    tell_firm(Kind.FINDING_MADE, finding.assignment, now, finding=finding.number)


def said(finding: Finding, act: Act, now: datetime) -> None:
    """An answer concerns the body, what the body makes of it the firm."""
    if act == Act.ANSWERED:
        tell_body(Kind.FINDING_ANSWERED, finding.assignment, now, finding=finding.number)
    else:
        tell_firm(_TO_THE_FIRM[act], finding.assignment, now, finding=finding.number)


def concluded(row: Attestation, now: datetime) -> None:
    if row.assignment is not None:
        tell_firm(Kind.CONCLUSION_GIVEN, row.assignment, now)


def withdrawn(row: Attestation, now: datetime) -> None:
    if row.assignment is not None:
        tell_firm(Kind.CONCLUSION_WITHDRAWN, row.assignment, now)


def tell_firm(kind: Kind, about: Assignment, now: datetime, day: date | None = None, finding: int | None = None) -> None:
    """Everybody who acts for the firm of the site; to the finding where it is about one, else to the audits of their sites."""
    place, parts = _place("web:audits", "web:audit-finding", about, finding, {})
    tell(kind, people_of_site(about.site), place, parts, _told(about, day), now)


def tell_body(kind: Kind, about: Assignment, now: datetime, day: date | None = None, finding: int | None = None) -> None:
    """Everybody who acts for the body."""
    place, parts = _place("web:engagement", "web:engagement-finding", about, finding, {"assignment": about.pk})
    tell(kind, people_of_body(about.body_id), place, parts, _told(about, day), now)


def tell_of_duty(kind: Kind, site: Site, day: date, now: datetime) -> None:
    """Everybody who acts for the firm of the site, of the day of its obligatory audit."""
    tell(kind, people_of_site(site), "web:audits", {}, {**named(site), "due": day.isoformat()}, now)


def _place(whole: str, one: str, about: Assignment, finding: int | None, parts: Told) -> tuple[str, Told]:
    return (whole, parts) if finding is None else (one, {"assignment": about.pk, "number": finding})


def _told(about: Assignment, day: date | None) -> Told:
    return {**named(about.site), "period": about.period, **({"due": day.isoformat()} if day else {})}
