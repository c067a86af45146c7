"""Who is told of an audit: of assignments, findings, draws, statements, and of its days, each once;
and what it asks of the auditor.

That a day was told of is written in the transaction of its notices, under a unique key: a sweep
that dies leaves neither and the next one tells, and of two at once the second finds the row. The
worker reads days and numbers here, never what somebody wrote.

What an engagement asks of the auditor on a day: for the first page of a body and for the reminders.

The firm is told of what the body finds and signs, the body of what the firm answers and the
regulator assigns.

Called in the transaction of its cause.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.utils.timezone import localdate

from portal.accounts.audience import named, people_of_body, people_of_site, regulators_of
from portal.accounts.models import Site
from portal.assurance.attestation_standing import AttestationStanding, concluding, has_conclusion
from portal.assurance.engagements import EngagementView
from portal.assurance.models import Assignment, Attestation, Finding, Reminded, Sample
from portal.assurance.models.assigned import goes_on
from portal.assurance.models.findings import WAITS_FOR_PLANT, FindingAct, FindingGrade, last_act
from portal.assurance.next_audit import Duty
from portal.assurance.obliged_sites import DueSite, due_sites
from portal.notifications.kinds import NoticeKind
from portal.notifications.telling import NoticeFacts, tell

BEFORE_EXPIRY = timedelta(days=90)
"""Time to arrange a new audit."""

BEFORE_VISIT = timedelta(days=30)
BEFORE_DUE = timedelta(days=30)


class AuditNeed(StrEnum):
    """In the order in which they are shown: what holds everything up comes first."""

    TAKE_OVER = "take-over"  # everybody who declared has an interest
    DECLARE = "declare"  # nobody has declared
    OVERDUE = "overdue"  # the conclusion is late
    DUE_SOON = "due-soon"
    ANSWERED = "answered"  # findings that the plant has answered
    LATE_ANSWERS = "late-answers"  # findings whose answer is late
    SIGN = "sign"  # drawn up, not signed, and it still can be
    SURVEILLANCE = "surveillance"
    EXPIRES = "expires"
    CONCLUDE = "conclude"  # nothing stands in the way


@dataclass(frozen=True, slots=True)
class NeedCount:
    need: AuditNeed
    count: int = 0
    day: date | None = None


def needs(view: EngagementView, today: date) -> tuple[NeedCount, ...]:
    """Nothing where nothing is to be done now, and of what was taken back. Whoever drew a statement
    up signs it: one whose auditor may not act, or that can be signed no more, waits for nobody."""
    if view.taken_back_at is not None:
        return ()
    asked: list[NeedCount] = []
    valid = next(
        (
            attestation
            for attestation in view.attestations
            if attestation.standing is AttestationStanding.VALID
        ),
        None,
    )
    acting = [declaration for declaration in view.declarations if declaration.acts]
    free = {declaration.person_id for declaration in acting if not declaration.interested}
    drawn = [
        attestation
        for attestation in view.attestations
        if attestation.takes_signature and attestation.auditor in free
    ]
    if not view.concluded and view.accepted is not None and not free:
        asked.append(NeedCount(AuditNeed.TAKE_OVER if acting else AuditNeed.DECLARE))
    if not view.concluded and view.due is not None and today >= view.due - BEFORE_DUE:
        asked.append(
            NeedCount(AuditNeed.OVERDUE if today > view.due else AuditNeed.DUE_SOON, day=view.due)
        )
    if answered := sum(finding.answered for finding in view.every_finding):
        asked.append(NeedCount(AuditNeed.ANSWERED, answered))
    if late := sum(finding.overdue(today) for finding in view.every_finding):
        asked.append(NeedCount(AuditNeed.LATE_ANSWERS, late))
    if drawn:
        asked.append(NeedCount(AuditNeed.SIGN, len(drawn)))
    if valid is not None:
        visit = valid.statement.surveillance_on
        if visit is not None and today >= visit - BEFORE_VISIT:
            asked.append(NeedCount(AuditNeed.SURVEILLANCE, day=visit))
        if today >= valid.statement.valid_until - BEFORE_EXPIRY:
            asked.append(NeedCount(AuditNeed.EXPIRES, day=valid.statement.valid_until))
    open_findings = any(
        not finding.closed and finding.grade != FindingGrade.OBSERVATION
        for finding in view.every_finding
    )
    if (
        not view.concluded
        and not drawn
        and free
        and view.accepted is not None
        and not open_findings
    ):
        asked.append(NeedCount(AuditNeed.CONCLUDE))
    return tuple(asked)


_TO_THE_FIRM = {
    FindingAct.RETURNED: NoticeKind.FINDING_RETURNED,
    FindingAct.CLOSED: NoticeKind.FINDING_CLOSED,
}


def assigned(about: Assignment, now: datetime) -> None:
    tell_body(NoticeKind.ASSIGNMENT_MADE, about, now, about.due)


def taken_back(about: Assignment, now: datetime) -> None:
    tell_body(NoticeKind.ASSIGNMENT_TAKEN_BACK, about, now)


def raised(finding: Finding, now: datetime) -> None:
    tell_firm(NoticeKind.FINDING_MADE, finding.assignment, now, finding=finding.number)


def tell_of_act(finding: Finding, act: FindingAct, now: datetime) -> None:
    """An answer concerns the body, what the body makes of it the firm; an appeal the regulator and
    the body, what came of it both.
    """
    if act == FindingAct.ANSWERED:
        tell_body(NoticeKind.FINDING_ANSWERED, finding.assignment, now, finding=finding.number)
    elif act == FindingAct.APPEALED:
        about = finding.assignment
        tell_body(NoticeKind.FINDING_APPEALED, about, now, finding=finding.number)
        parts: NoticeFacts = {"assignment": about.pk, "number": finding.number}
        tell(
            NoticeKind.APPEAL_WAITS,
            regulators_of(about.site.jurisdiction),
            "web:appealed-finding",
            parts,
            _facts(about, None),
            now,
        )
    elif act in (FindingAct.CONFIRMED, FindingAct.ANNULLED):
        for notify in (tell_firm, tell_body):
            notify(NoticeKind.APPEAL_DECIDED, finding.assignment, now, finding=finding.number)
    else:
        tell_firm(_TO_THE_FIRM[act], finding.assignment, now, finding=finding.number)


def drawn(sample: Sample, now: datetime) -> None:
    """The plant has to open what was drawn, and the body awaits it: each is told with the command
    that is theirs.
    """
    tell_firm(NoticeKind.SAMPLE_DRAWN, sample.assignment, now)
    tell_body(NoticeKind.OPENING_COMES, sample.assignment, now)


def concluded(row: Attestation, now: datetime) -> None:
    if row.assignment is not None:
        tell_firm(NoticeKind.CONCLUSION_GIVEN, row.assignment, now)


def withdrawn(row: Attestation, now: datetime) -> None:
    if row.assignment is not None:
        tell_firm(NoticeKind.CONCLUSION_WITHDRAWN, row.assignment, now)


def tell_firm(
    kind: NoticeKind,
    about: Assignment,
    now: datetime,
    day: date | None = None,
    finding: int | None = None,
) -> None:
    """Everybody who acts for the firm of the site; to the finding where it is about one, else to
    the audits of their sites.
    """
    address, parts = _address("web:audits", "web:audit-finding", about, finding, {})
    tell(kind, people_of_site(about.site), address, parts, _facts(about, day), now)


def tell_body(
    kind: NoticeKind,
    about: Assignment,
    now: datetime,
    day: date | None = None,
    finding: int | None = None,
) -> None:
    """Everybody who acts for the body."""
    address, parts = _address(
        "web:engagement", "web:engagement-finding", about, finding, {"assignment": about.pk}
    )
    tell(kind, people_of_body(about.body_id), address, parts, _facts(about, day), now)


def tell_of_duty(kind: NoticeKind, site: Site, day: date, now: datetime) -> None:
    """Everybody who acts for the firm of the site, of the day of its obligatory audit."""
    tell(kind, people_of_site(site), "web:audits", {}, {**named(site), "due": day.isoformat()}, now)


def _address(
    whole: str, single: str, about: Assignment, finding: int | None, parts: NoticeFacts
) -> tuple[str, NoticeFacts]:
    return (
        (whole, parts) if finding is None else (single, {"assignment": about.pk, "number": finding})
    )


def _facts(about: Assignment, day: date | None) -> NoticeFacts:
    return {
        **named(about.site),
        "period": about.period,
        **({"due": day.isoformat()} if day else {}),
    }


_KINDS = {
    AuditNeed.LATE_ANSWERS: NoticeKind.FINDING_OVERDUE,
    AuditNeed.SURVEILLANCE: NoticeKind.SURVEILLANCE_COMES,
    AuditNeed.EXPIRES: NoticeKind.VALIDITY_ENDS,
    AuditNeed.DUE_SOON: NoticeKind.CONCLUSION_COMES,
    AuditNeed.OVERDUE: NoticeKind.CONCLUSION_LATE,
}
_OF_BODIES_ALONE = frozenset({AuditNeed.DUE_SOON})
_DUTIES = {Duty.SOON: NoticeKind.AUDIT_COMES, Duty.OVERDUE: NoticeKind.AUDIT_OVERDUE}


@dataclass(frozen=True, slots=True)
class DayTold:
    """A day that firm and body have to hear of now."""

    need: AuditNeed
    assignment: int
    subject: str
    day: date
    finding: int | None = None  # its number


def remind(now: datetime) -> int:
    """Tell of every day that was not told of yet; how many. Safe to run twice, at once, and after a
    death at any point.
    """
    today = localdate(now)
    count = sum(_tell_once(reminder, now) for reminder in days_to_tell(today))
    return count + sum(
        _tell_duty_once(due_site, now)
        for due_site in due_sites(today)
        if due_site.due.duty in _DUTIES
    )


def days_to_tell(today: date) -> Iterator[DayTold]:
    """What stands on the pages of firm and body as late or near; told of before or not."""
    yield from _days_of_statements(today)
    yield from _late_answers(today)
    yield from _conclusions(today)


def _days_of_statements(today: date) -> Iterator[DayTold]:
    newest: dict[int, tuple[str, date, date | None]] = {}
    rows = concluding().filter(valid_until__gte=today).order_by("pk")
    for assignment, digest, until, visit in rows.values_list(
        "assignment", "digest", "valid_until", "surveillance_on"
    ):
        newest[assignment] = (digest, until, visit)
    for assignment, (digest, until, visit) in newest.items():
        if visit is not None and visit >= today >= visit - BEFORE_VISIT:
            yield DayTold(AuditNeed.SURVEILLANCE, assignment, digest, visit)
        if today >= until - BEFORE_EXPIRY:
            yield DayTold(AuditNeed.EXPIRES, assignment, digest, until)


def _late_answers(today: date) -> Iterator[DayTold]:
    """Findings past their day that wait for the plant: never answered, sent back, or confirmed on
    appeal.
    """
    rows = (
        Finding.objects.filter(goes_on("assignment__"), due__lt=today)
        .annotate(last=last_act())
        .order_by("pk")
    )
    for assignment, number, due, act in rows.values_list("assignment", "number", "due", "last"):
        if act in WAITS_FOR_PLANT:
            yield DayTold(
                AuditNeed.LATE_ANSWERS,
                assignment,
                f"assignment {assignment}, finding {number}",
                due,
                number,
            )


def _conclusions(today: date) -> Iterator[DayTold]:
    """Those that are wanted soon or were by now, where nothing was concluded of the accepted
    report.
    """
    rows = Assignment.objects.filter(
        ~has_conclusion(), due__lte=today + BEFORE_DUE, taken_back_at=None
    ).order_by("pk")
    for assignment, day in rows.values_list("pk", "due"):
        if day is not None:
            yield DayTold(
                AuditNeed.OVERDUE if today > day else AuditNeed.DUE_SOON,
                assignment,
                f"assignment {assignment}",
                day,
            )


def _tell_duty_once(due_site: DueSite, now: datetime) -> bool:
    """The firm, of its obligatory audit: once that it comes, once that it is late; another day, as
    after a certificate, anew.
    """
    day = due_site.due.day
    key = {
        "need": f"audit-{due_site.due.duty}",
        "subject": f"obligatory audit of site {due_site.site}",
        "day": day,
    }
    if day is None or Reminded.objects.filter(**key).exists():
        return False
    with transaction.atomic():
        site = Site.objects.get(pk=due_site.site)
        _row, created = Reminded.objects.get_or_create(**key, defaults={"site": site, "at": now})
        if created:
            tell_of_duty(_DUTIES[due_site.due.duty], site, day, now)
    return created


def _tell_once(reminder: DayTold, now: datetime) -> bool:
    key = {"need": reminder.need, "subject": reminder.subject, "day": reminder.day}
    if Reminded.objects.filter(**key).exists():
        return False
    with transaction.atomic():
        about = Assignment.objects.select_related("site").get(pk=reminder.assignment)
        _row, created = Reminded.objects.get_or_create(
            **key, defaults={"site": about.site, "at": now}
        )
        if created:
            if reminder.need not in _OF_BODIES_ALONE:
                tell_firm(_KINDS[reminder.need], about, now, reminder.day, reminder.finding)
            tell_body(_KINDS[reminder.need], about, now, reminder.day, reminder.finding)
    return created
