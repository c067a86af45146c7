"""What an engagement asks of whom, while people leave, promises end and drafts grow old."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse

from benchmarks.errors import VerificationError
from benchmarks.wire.signing import AuditorSigningKey
from portal.accounts.models import Membership, Organisation, Role
from portal.assurance import auditors, findings, reminding, sampling
from portal.assurance.assigning import assign, take_back
from portal.assurance.assignments import AssignmentStanding, assignments_of_regulator
from portal.assurance.engagements import engagement
from portal.assurance.models import Assignment, AuditorKey
from portal.assurance.models.findings import FindingGrade
from portal.assurance.reminding import AuditNeed, needs
from portal.problems import RefusedError
from tests.integration.audited import engaged, promise_of, two_reported
from tests.integration.portal_cast import NOW, PERIOD, Cast, person, signed_in

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

KEY = AuditorSigningKey.generate()
TODAY = NOW.date()
build_scene = two_reported


@pytest.fixture
def assignment(cast: Cast) -> Assignment:
    return engaged(cast, KEY, TODAY + timedelta(days=200))


def code_of(attempt: Callable[[], object]) -> str:
    with pytest.raises((RefusedError, VerificationError)) as refused:
        attempt()
    return refused.value.code


def test_nobody_who_may_act_has_declared_when_the_one_who_did_has_left(
    cast: Cast, assignment: Assignment
) -> None:
    colleague = person("colleague@example.org", cast.body, Role.CERTIFICATION_BODY)
    Membership.objects.filter(user=cast.auditor).delete()
    view = engagement(colleague, assignment.pk, TODAY)
    assert view is not None
    assert [need.need for need in needs(view, TODAY)] == [AuditNeed.DECLARE]


def test_the_body_is_told_thirty_days_before_the_conclusion_is_due(
    cast: Cast, assignment: Assignment
) -> None:
    day = TODAY + timedelta(days=170)  # 30 days before day 200
    assert [near.need for near in reminding.days_to_tell(day)] == [AuditNeed.DUE_SOON]


def test_findings_that_ended_with_the_firm_are_open_on_no_list(
    cast: Cast, assignment: Assignment
) -> None:
    """docs/pages.md: each finding that was open is closed on the record, with the reason."""
    findings.raise_finding(
        assignment, FindingGrade.MAJOR, "A scale.", "", "", TODAY, cast.auditor, NOW
    )
    findings.end_engagements([cast.plants[0].site], "the firm has left", "worker", NOW)
    (view,) = assignments_of_regulator(cast.approver, TODAY)
    assert (view.course, view.majors) == (AssignmentStanding.TAKEN_BACK, 0)


def test_a_day_for_an_answer_that_is_past_is_refused(cast: Cast, assignment: Assignment) -> None:
    """A finding is never changed: with a slip of the year it is late for ever, and the firm is told
    so the same night.
    """
    answers = {
        "grade": "minor",
        "text": "A scale.",
        "evidence": "",
        "evidence_digest": "",
        "due": "2016-07-01",
    }
    answer = signed_in(cast.auditor).post(
        reverse("web:engagement-new-finding", args=[assignment.pk]), answers
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("ended", ["given up", "taken back"])
def test_a_promise_that_ended_is_not_said_to_be_on_record_again(
    cast: Cast, assignment: Assignment, ended: str
) -> None:
    raw = promise_of(assignment, KEY, NOW)
    sample = sampling.promise(assignment, raw, cast.auditor, NOW)
    anew = assignment
    if ended == "given up":
        sampling.give_up(sample, "The number is lost.", cast.auditor, NOW)
    else:
        take_back(assignment, "Entered in error.", cast.approver, NOW)
        anew = assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW)
        auditors.declare(anew, cast.auditor, False, "", NOW)
    assert code_of(lambda: sampling.promise(anew, raw, cast.auditor, NOW))


def test_an_auditor_of_two_bodies_registers_a_key_for_each(cast: Cast) -> None:
    other = Organisation.objects.create(name="Second certifier", kind=Role.CERTIFICATION_BODY)
    Membership.objects.create(user=cast.auditor, organisation=other, role=Role.CERTIFICATION_BODY)
    row = assign(other, cast.plants[0].site, PERIOD, cast.approver, NOW)
    auditors.declare(row, cast.auditor, False, "", NOW)
    client = signed_in(cast.auditor)
    for body in (other, cast.body):
        answer = client.post(
            reverse("web:auditor-keys"),
            {"body": body.pk, "public_key": AuditorSigningKey.generate().public.hex},
        )
        assert answer.status_code == 302
    assert set(AuditorKey.objects.values_list("body", flat=True)) == {other.pk, cast.body.pk}
    assert client.get(reverse("web:auditor-keys")).content.decode().count("Second certifier") == 2
