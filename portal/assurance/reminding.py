"""Telling firm and body of the days of an audit that come or are past: each day once, by the rules of `needs`.

That a day was told of is written in the transaction of its notices, under a unique key: a sweep that dies leaves neither and the next
one tells, and of two at once the second finds the row. The worker reads days and numbers here, never what somebody wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery
from django.utils.timezone import localdate

from portal.accounts.models import Site
from portal.assurance.announcing import tell_body, tell_firm, tell_of_duty
from portal.assurance.duty import Duty
from portal.assurance.models import Assignment, Attestation, Finding, FindingStep, Reminded
from portal.assurance.models.findings import Act
from portal.assurance.needs import BEFORE_DUE, BEFORE_EXPIRY, BEFORE_VISIT, Need
from portal.assurance.obliged import DueSite, due_sites
from portal.notifications.kinds import Kind

_KINDS = {
    Need.LATE_ANSWERS: Kind.FINDING_OVERDUE,
    Need.SURVEILLANCE: Kind.SURVEILLANCE_COMES,
    Need.EXPIRES: Kind.VALIDITY_ENDS,
    Need.DUE_SOON: Kind.CONCLUSION_COMES,
    Need.OVERDUE: Kind.CONCLUSION_LATE,
}
_OF_BODIES_ALONE = frozenset({Need.DUE_SOON})
_DUTIES = {Duty.SOON: Kind.AUDIT_COMES, Duty.OVERDUE: Kind.AUDIT_OVERDUE}


@dataclass(frozen=True, slots=True)
class DayTold:
    """A day that firm and body have to hear of now."""

    need: Need
    assignment: int
    subject: str
    day: date
    finding: int | None = None  # its number


def remind(now: datetime) -> int:
    """Tell of every day that was not told of yet; how many. Safe to run twice, at once, and after a death at any point."""
    today = localdate(now)
    told = sum(_tell_once(one, now) for one in days_to_tell(today))
    return told + sum(_tell_duty_once(one, now) for one in due_sites(today) if one.due.duty in _DUTIES)


def days_to_tell(today: date) -> Iterator[DayTold]:
    """What stands on the pages of firm and body as late or near; told of before or not."""
    yield from _days_of_statements(today)
    yield from _late_answers(today)
    yield from _conclusions(today)


def _days_of_statements(today: date) -> Iterator[DayTold]:
    newest: dict[int, tuple[str, date, date | None]] = {}
    rows = Attestation.objects.filter(state=Attestation.State.ISSUED, valid_until__gte=today).exclude(assignment=None).order_by("pk")
    for assignment, digest, until, visit in rows.values_list("assignment", "digest", "valid_until", "surveillance_on"):
        newest[assignment] = (digest, until, visit)
    for assignment, (digest, until, visit) in newest.items():
        if visit is not None and visit >= today > visit - BEFORE_VISIT:
            yield DayTold(Need.SURVEILLANCE, assignment, digest, visit)
        if today > until - BEFORE_EXPIRY:
            yield DayTold(Need.EXPIRES, assignment, digest, until)


def _late_answers(today: date) -> Iterator[DayTold]:
    """Findings past their day that wait for the plant: never answered, or sent back."""
    last = FindingStep.objects.filter(finding=OuterRef("pk")).order_by("-pk").values("act")[:1]
    rows = Finding.objects.filter(due__lt=today, assignment__taken_back_at=None).annotate(last=Subquery(last)).order_by("pk")
    for assignment, number, due, act in rows.values_list("assignment", "number", "due", "last"):
        if act in (None, Act.RETURNED):
            yield DayTold(Need.LATE_ANSWERS, assignment, f"assignment {assignment}, finding {number}", due, number)


def _conclusions(today: date) -> Iterator[DayTold]:
    """Those that are wanted soon or were by now, where nothing was concluded yet."""
    concluded = Attestation.objects.filter(assignment=OuterRef("pk"), state=Attestation.State.ISSUED)
    rows = Assignment.objects.filter(~Exists(concluded), due__lt=today + BEFORE_DUE, taken_back_at=None).order_by("pk")
    for assignment, day in rows.values_list("pk", "due"):
        if day is not None:
            yield DayTold(Need.OVERDUE if today > day else Need.DUE_SOON, assignment, f"assignment {assignment}", day)


def _tell_duty_once(one: DueSite, now: datetime) -> bool:
    """The firm, of its obligatory audit: once that it comes, once that it is late; another day, as after a certificate, anew."""
    day = one.due.day
    key = {"need": f"audit-{one.due.duty}", "subject": f"obligatory audit of site {one.site}", "day": day}
    if day is None or Reminded.objects.filter(**key).exists():
        return False
    with transaction.atomic():
        site = Site.objects.get(pk=one.site)
        _row, made = Reminded.objects.get_or_create(**key, defaults={"site": site, "at": now})
        if made:
            tell_of_duty(_DUTIES[one.due.duty], site, day, now)
    return made


def _tell_once(one: DayTold, now: datetime) -> bool:
    key = {"need": one.need, "subject": one.subject, "day": one.day}
    if Reminded.objects.filter(**key).exists():
        return False
    with transaction.atomic():
        about = Assignment.objects.select_related("site").get(pk=one.assignment)
        _row, made = Reminded.objects.get_or_create(**key, defaults={"site": about.site, "at": now})
        if made:
            if one.need not in _OF_BODIES_ALONE:
                tell_firm(_KINDS[one.need], about, now, one.day, one.finding)
            tell_body(_KINDS[one.need], about, now, one.day, one.finding)
    return made
