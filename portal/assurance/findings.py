"""Findings: raised, answered, returned or closed, appealed to the regulator and decided; which
major ones are still open; and engagements that end with the firm.

A firm that disputes one appeals, once, to the regulator of the site, as a firm asks the authority
that ordered a check to review it. A finding outlives the assignment that it was raised under: where
the same body is given the site and period anew, it is answered, closed and counted there.

Engagements that end with the firm: the site is there no more, and nobody is left to answer a
finding.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max, QuerySet

from benchmarks.wire.records import HEX_DIGEST
from portal.accounts.deciding import require_regulator_of_site
from portal.accounts.models import Site, User
from portal.accounts.selectors import managed_sites
from portal.assurance import reminding
from portal.assurance.auditors import lock_standing, require_free
from portal.assurance.models import Assignment, Finding, FindingStep
from portal.assurance.models.assigned import goes_on
from portal.assurance.models.findings import (
    ENDED,
    WAITS_FOR_PLANT,
    FindingAct,
    FindingGrade,
    last_act,
)
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.problems import RefusedError

_ACTIONS = {
    FindingAct.ANSWERED: Action.FINDING_ANSWERED,
    FindingAct.RETURNED: Action.FINDING_RETURNED,
    FindingAct.CLOSED: Action.FINDING_CLOSED,
    FindingAct.APPEALED: Action.FINDING_APPEALED,
    FindingAct.CONFIRMED: Action.FINDING_CONFIRMED,
    FindingAct.ANNULLED: Action.FINDING_ANNULLED,
}
_OF_APPEALS = frozenset({FindingAct.CONFIRMED, FindingAct.ANNULLED})


def raise_finding(
    assignment: Assignment,
    grade: FindingGrade,
    text: str,
    evidence: str,
    evidence_digest: str,
    due: date,
    by: User,
    now: datetime,
) -> Finding:
    """Put a finding on record. The same sent twice is one finding.

    Raises:
        RefusedError: what `require_free` and `lock_standing` refuse, `evidence-not-a-digest` (409).
    """
    require_free(assignment, by)
    _require_digest(evidence_digest)
    with transaction.atomic():
        lock_standing(assignment)
        last: Finding | None = Finding.objects.filter(assignment=assignment).last()
        fields = {
            "grade": grade,
            "text": text,
            "evidence": evidence,
            "evidence_digest": evidence_digest,
            "due": due,
            "raised_by": by,
        }
        if last is not None and all(getattr(last, name) == value for name, value in fields.items()):
            return last
        number = (_by_body_at(assignment).aggregate(most=Max("number"))["most"] or 0) + 1
        finding: Finding = Finding.objects.create(
            assignment=assignment, number=number, raised_at=now, **fields
        )
        record(
            now,
            by.email,
            Action.FINDING_RAISED,
            f"site {assignment.site.slug}",
            f"{assignment.period}, finding {number}: {grade}",
        )
        reminding.raised(finding, now)
    return finding


def finding_by_number(assignment: int, number: int) -> Finding:
    """With its assignment, body and site, for who has asked already whether the person may;
    `Finding.DoesNotExist` where there is none.
    """
    row: Finding = Finding.objects.select_related("assignment__body", "assignment__site").get(
        assignment=assignment, number=number
    )
    return row


def answer(
    finding: Finding, text: str, evidence_digest: str, by: User, now: datetime
) -> FindingStep:
    """The plant's answer and what it corrected.

    Raises:
        RefusedError: `not-your-site` (403), `finding-closed`, `evidence-not-a-digest`, and what
            `lock_standing` refuses (409).
    """
    _require_own(finding, by)
    return _step(finding, FindingAct.ANSWERED, text, evidence_digest, by, now)


def appeal(
    finding: Finding, text: str, evidence_digest: str, by: User, now: datetime
) -> FindingStep:
    """The plant disputes the finding: the regulator of the site reads it with all that was said,
    and decides. Once a finding.

    Raises:
        RefusedError: `not-your-site` (403), `finding-closed`, `finding-appealed`,
            `appealed-before`, what `lock_standing` refuses (409).
    """
    _require_own(finding, by)
    if finding.steps.filter(act__in=_OF_APPEALS).exists():
        raise RefusedError(
            409,
            "appealed-before",
            "The regulator has decided about this finding.",
            "Answer it; the certification body reads your answer.",
        )
    return _step(finding, FindingAct.APPEALED, text, evidence_digest, by, now)


def decide_appeal(
    finding: Finding, text: str, by: User, now: datetime, *, annulled: bool
) -> FindingStep:
    """The finding falls, or stands and waits for the plant; and why. Also once the assignment was
    taken back, while the firm is there.

    Raises:
        RefusedError: `not-regulator` (403), `no-appeal`, and what `lock_standing` refuses where the
            firm has left (409).
    """
    require_regulator_of_site(by, finding.assignment.site)
    return _step(
        finding, FindingAct.ANNULLED if annulled else FindingAct.CONFIRMED, text, "", by, now
    )


def close(finding: Finding, text: str, by: User, now: datetime) -> FindingStep:
    """The finding is settled, and why.

    Raises:
        RefusedError: what `require_free` and `lock_standing` refuse, `finding-closed`,
            `finding-unanswered` (409).
    """
    require_free(_standing(finding), by)
    if (
        finding.grade != FindingGrade.OBSERVATION
        and not finding.steps.filter(act=FindingAct.ANSWERED).exists()
    ):
        raise RefusedError(
            409,
            "finding-unanswered",
            "The plant has not answered this finding.",
            "Wait for its answer; an observation needs none.",
        )
    return _step(finding, FindingAct.CLOSED, text, "", by, now)


def send_back(finding: Finding, text: str, by: User, now: datetime) -> FindingStep:
    """The answer does not settle it, and why.

    Raises:
        RefusedError: what `require_free` and `lock_standing` refuse, `finding-closed`,
            `finding-unanswered` (409).
    """
    require_free(_standing(finding), by)
    last = finding.steps.last()
    if (last and last.act) in WAITS_FOR_PLANT:
        raise RefusedError(
            409,
            "finding-unanswered",
            "There is no answer to send back.",
            "Wait for the plant's answer.",
        )
    return _step(finding, FindingAct.RETURNED, text, "", by, now)


def open_majors(assignment: Assignment) -> int:
    """How many major findings of the body at this site and period are not closed."""
    majors = _by_body_at(assignment).filter(grade=FindingGrade.MAJOR)
    return sum(
        act not in ENDED for act in majors.annotate(last=last_act()).values_list("last", flat=True)
    )


def _by_body_at(assignment: Assignment) -> QuerySet[Finding]:
    """All that the body found at this site and period, also before the assignment was taken back
    and made anew.
    """
    return Finding.objects.filter(
        assignment__body=assignment.body_id,
        assignment__site=assignment.site_id,
        assignment__period=assignment.period,
    )


def _standing(finding: Finding) -> Assignment:
    """The assignment that the finding is dealt with under: that of its body at this site and period
    that stands, else its own.
    """
    own = finding.assignment
    same = Assignment.objects.filter(
        body=own.body_id, site=own.site_id, period=own.period, taken_back_at=None
    )
    return same.select_related("body", "site__organisation").first() or own


def _step(
    finding: Finding, act: FindingAct, text: str, evidence_digest: str, by: User, now: datetime
) -> FindingStep:
    _require_digest(evidence_digest)
    with transaction.atomic():
        # of an appeal the regulator decides, also about a body that the regulator has taken the
        # site from since
        lock_standing(_standing(finding), or_taken_back=act in _OF_APPEALS)
        last: FindingStep | None = FindingStep.objects.filter(finding=finding).last()
        if last is not None and (last.act, last.text, last.evidence_digest, last.by_id) == (
            act,
            text,
            evidence_digest,
            by.pk,
        ):
            return last
        if last is not None and last.act in ENDED:
            raise RefusedError(
                409,
                "finding-closed",
                "This finding is closed.",
                "If something else was found, raise a new finding.",
            )
        appealed = last is not None and last.act == FindingAct.APPEALED
        if appealed and act not in _OF_APPEALS:
            raise RefusedError(
                409,
                "finding-appealed",
                "The firm has appealed against this finding.",
                "Wait for the regulator’s decision.",
            )
        if act in _OF_APPEALS and not appealed:
            raise RefusedError(
                409,
                "no-appeal",
                "There is no appeal to decide for this finding.",
                "Read what was said about it.",
            )
        step: FindingStep = FindingStep.objects.create(
            finding=finding, act=act, text=text, evidence_digest=evidence_digest, by=by, at=now
        )
        subject = f"site {finding.assignment.site.slug}"
        record(
            now,
            by.email,
            _ACTIONS[act],
            subject,
            f"{finding.assignment.period}, finding {finding.number}",
        )
        reminding.tell_of_act(finding, act, now)
    return step


def _require_own(finding: Finding, by: User) -> None:
    if not managed_sites(by).filter(pk=finding.assignment.site_id).exists():
        raise RefusedError(
            403,
            "not-your-site",
            "You do not act for the site of this finding.",
            "Somebody from that plant must answer.",
        )


def _require_digest(text: str) -> None:
    if text and not HEX_DIGEST.fullmatch(text):
        raise RefusedError(
            409,
            "evidence-not-a-digest",
            "The evidence is not a SHA-256.",
            "Give 64 digits of 0-9 and a-f, or nothing.",
        )


def end_engagements(sites: Collection[Site], because: str, by: str, now: datetime) -> int:
    """Take back every assignment at these sites, and end with it each finding that is open; how
    many assignments.

    What was said to a finding is never changed, so that it is closed stands on the record, with the
    reason. To be called in a transaction.
    """
    rows = list(
        Assignment.objects.filter(site__in=sites, taken_back_at=None)
        .select_related("site", "body")
        .order_by("pk")
    )
    of_them = {(row.body_id, row.site_id, row.period): row for row in rows}
    findings = Finding.objects.filter(goes_on("assignment__"), assignment__site__in=sites).annotate(
        last=last_act()
    )
    engaged = ("assignment__body", "assignment__site", "assignment__period")
    for body, site, period, number, act in findings.order_by("assignment", "number").values_list(
        *engaged, "number", "last"
    ):
        if act not in ENDED:
            about = of_them[body, site, period]
            record(
                now,
                by,
                Action.FINDING_CLOSED,
                f"site {about.site.slug}",
                f"{about.period}, finding {number}: {because}",
            )
    for row in rows:
        record(
            now,
            by,
            Action.ASSIGNMENT_TAKEN_BACK,
            f"site {row.site.slug}",
            f"{row.body}, {row.period}: {because}",
        )
        reminding.taken_back(row, now)
    Assignment.objects.filter(site__in=sites).update(ended_with_firm=True)
    return Assignment.objects.filter(pk__in=[row.pk for row in rows]).update(
        taken_back_at=now, taken_back_reason=because
    )
