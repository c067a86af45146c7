"""A firm that leaves ends the audits at its sites: each
works before and is refused after.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import User
from portal.assurance import attesting, auditors, findings, reminding
from portal.assurance.assigning import assign
from portal.assurance.attestation_standing import code_of
from portal.assurance.engagements import engagements_of
from portal.assurance.models import Assignment, Attestation
from portal.assurance.models.findings import FindingGrade
from portal.assurance.selectors import assigned_values
from portal.auditlog.models import Action, Event
from portal.catalogue.models import PeerGroupMember
from portal.intake.models import Submission
from portal.notifications.kinds import NoticeKind
from portal.notifications.models import Notice
from portal.problems import RefusedError
from portal.register import leaving
from tests.integration.audited import make_attestation, terms
from tests.integration.portal_cast import NOW, PERIOD, Cast, deliver, make_cast, open_waiting

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def build_scene() -> Cast:
    cast = make_cast(2)
    for plant in cast.plants:
        deliver(plant.envelope(cast.pack))
    open_waiting()
    PeerGroupMember.objects.update(obliged=False)
    return cast


def leave(cast: Cast) -> None:
    first = cast.plants[0]
    asked = timezone.now()
    leaving.ask(first.owner, first.site.organisation_id, asked)
    assert leaving.carry_out_due(lambda: asked + leaving.COOLING) == 1


def status(user: User | None, address: str) -> int:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client.get(address).status_code


@pytest.fixture
def attested(cast: Cast) -> Attestation:
    """An issued statement, its observation open, and a major finding that waits for the plant."""
    attestation = make_attestation(
        assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW, sees_values=True),
        cast.auditor,
        NOW,
    )
    assignment = Assignment.objects.get()
    findings.raise_finding(
        assignment, FindingGrade.MAJOR, "No meter on line 2.", "", "", NOW.date(), cast.auditor, NOW
    )
    closed = findings.raise_finding(
        assignment,
        FindingGrade.OBSERVATION,
        "A label is missing.",
        "",
        "",
        NOW.date(),
        cast.auditor,
        NOW,
    )
    findings.close(closed, "It is there now.", cast.auditor, NOW)
    return attestation


def test_an_audit_ends_with_its_open_findings_and_says_why(
    cast: Cast, attested: Attestation
) -> None:
    auditor, digest = cast.auditor, Submission.objects.get(site=cast.plants[0].site).digest
    today = timezone.now().date()
    assignment = Assignment.objects.get()
    reports = [
        reverse("web:assigned-submission", args=[digest]),
        reverse("web:assigned-submission-receipt", args=[digest]),
    ]
    assert [status(auditor, page) for page in reports] == [200, 200]
    assert assigned_values(auditor, digest)
    assert list(reminding.days_to_tell(today))
    leave(cast)
    assert [status(auditor, page) for page in reports] == [404, 404]
    assert assigned_values(auditor, digest) == ()
    assert [engagement.submissions for engagement in engagements_of(auditor, today)] == [()]
    assert not [reminder for reminder in reminding.days_to_tell(today) if reminder.finding], (
        "nobody is reminded of an answer that nobody can give"
    )
    logged = Event.objects.filter(
        actor="worker", action__in=(Action.FINDING_CLOSED, Action.ASSIGNMENT_TAKEN_BACK)
    ).order_by("pk")
    assert [(event.action, event.subject, event.detail) for event in logged] == [
        (
            Action.FINDING_CLOSED,
            "site works-1",
            f"{PERIOD}, finding 1: the firm has left the programme",
        ),
        (
            Action.FINDING_CLOSED,
            "site works-1",
            f"{PERIOD}, finding 2: the firm has left the programme",
        ),
        (
            Action.ASSIGNMENT_TAKEN_BACK,
            "site works-1",
            f"Certifier, {PERIOD}: the firm has left the programme",
        ),
    ]
    client = Client()
    client.force_login(auditor)
    assert (
        "the firm has left the programme"
        in client.get(reverse("web:engagement", args=[assignment.pk])).content.decode()
    )
    assert (
        Notice.objects.filter(recipient=auditor, kind=NoticeKind.ASSIGNMENT_TAKEN_BACK).count() == 1
    ), "the body is told"
    assert status(None, reverse("web:verify", args=[code_of(attested.digest)])) == 200, (
        "what was issued stands"
    )


def test_nothing_is_done_in_an_engagement_that_has_ended(cast: Cast, attested: Attestation) -> None:
    assignment = Assignment.objects.get()
    finding = assignment.findings.get(
        number=1
    )  # an observation: it could be closed without an answer
    leave(cast)
    acts: dict[str, Callable[[], object]] = {
        "raise": lambda: findings.raise_finding(
            assignment, FindingGrade.MINOR, "x", "", "", NOW.date(), cast.auditor, NOW
        ),
        "close": lambda: findings.close(finding, "x", cast.auditor, NOW),
        "declare": lambda: auditors.declare(assignment, cast.auditor, False, "", NOW),
        "conclude": lambda: attesting.draw_up(assignment, terms(NOW), cast.auditor, NOW),
    }
    for name, act in acts.items():
        with pytest.raises(RefusedError) as refused:
            act()
        code = "no-accepted-report" if name == "conclude" else "assignment-taken-back"
        assert (refused.value.status, refused.value.code) == (409, code), name
