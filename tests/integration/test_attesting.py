"""The audit of a site: interests, findings, an opinion signed with the auditor's own key and taken
back, and who may do what of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks.errors import VerificationError
from benchmarks.wire import attestations
from benchmarks.wire.attestations import Assurance, Opinion
from benchmarks.wire.signing import AuditorSigningKey
from portal.accounts.models import Membership, Organisation, Role, User
from portal.assurance import attesting, auditors, findings
from portal.assurance.assigning import assign, take_back
from portal.assurance.attestation_standing import STALE, AttestationStanding, by_code, code_of
from portal.assurance.engagements import audits_of_own_sites, engagement, engagements_of
from portal.assurance.models import Assignment, Attestation, Finding
from portal.assurance.models.findings import FindingGrade
from portal.assurance.period_audits import audits_of_period
from portal.assurance.reminding import AuditNeed, needs
from portal.assurance.selectors import assigned_values
from portal.auditlog.models import AppendOnlyError, Event
from portal.intake.models import Submission
from portal.problems import RefusedError
from portal.translog import log, selectors
from tests.integration.portal_cast import (
    NOW,
    PERIOD,
    Cast,
    deliver,
    make_cast,
    open_waiting,
    person,
    signed_in,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

TODAY = NOW.date()
TERMS = attesting.AttestationTerms(
    opinion=Opinion.UNQUALIFIED,
    assurance=Assurance.LIMITED,
    steps=("clinker-burning",),
    boundary="Works 1, clinker burning.",
    materiality=Fraction(1, 20),
    checked="60 records\nagainst the log.",
    not_checked="Nothing else.",
    valid_until=TODAY + timedelta(days=365),
    surveillance_on=TODAY + timedelta(days=180),
)


@dataclass
class Audit:
    cast: Cast
    assignment: Assignment
    key: AuditorSigningKey
    colleague: User

    @property
    def auditor(self) -> User:
        return self.cast.auditor

    @property
    def owner(self) -> User:
        return self.cast.plants[0].owner

    def asked(self, today: date = TODAY) -> list[AuditNeed]:
        view = engagement(self.auditor, self.assignment.pk, today)
        assert view is not None
        return [need.need for need in needs(view, today)]

    def issue(self, terms: attesting.AttestationTerms = TERMS) -> Attestation:
        drawn = attesting.draw_up(self.assignment, terms, self.auditor, NOW)
        return attesting.take(attestations.sign(bytes(drawn.content), self.key), self.auditor, NOW)

    def major(self) -> Finding:
        return findings.raise_finding(
            self.assignment,
            FindingGrade.MAJOR,
            "Scale out of order.",
            "Record 7",
            "",
            TODAY,
            self.auditor,
            NOW,
        )


@pytest.fixture
def audit(portal_keys: object) -> Audit:
    cast = make_cast(2)
    for plant in cast.plants:
        deliver(plant.envelope(cast.pack))
    open_waiting()
    due = TODAY + timedelta(days=100)
    assignment = assign(
        cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW, due, sees_values=True
    )
    engagement = Audit(
        cast,
        assignment,
        AuditorSigningKey.generate(),
        person("colleague@example.org", cast.body, Role.CERTIFICATION_BODY),
    )
    auditors.declare(assignment, cast.auditor, False, "", NOW)
    auditors.register(cast.body, engagement.key.public.hex, cast.auditor, NOW)
    return engagement


def code_of_refusal(attempt: Callable[[], object]) -> str:
    with pytest.raises((RefusedError, VerificationError)) as refused:
        attempt()
    return refused.value.code


def test_reasonable_assurance_rests_on_a_sample_that_was_opened(audit: Audit) -> None:
    sure = replace(TERMS, assurance=Assurance.REASONABLE)
    assert (
        code_of_refusal(lambda: attesting.draw_up(audit.assignment, sure, audit.auditor, NOW))
        == "assurance-without-sample"
    )
    adverse = replace(sure, opinion=Opinion.ADVERSE)
    assert (
        attesting.draw_up(audit.assignment, adverse, audit.auditor, NOW).opinion == Opinion.ADVERSE
    )


def test_a_signed_opinion_is_issued_logged_and_found_by_its_code(audit: Audit) -> None:
    before = log.lock().size
    drawn = attesting.draw_up(audit.assignment, TERMS, audit.auditor, NOW)
    assert attesting.draw_up(audit.assignment, TERMS, audit.auditor, NOW) == drawn
    assert by_code(code_of(drawn.digest), TODAY) is None  # not public before it is signed
    signed = attestations.sign(bytes(drawn.content), audit.key)
    issued = attesting.take(signed, audit.auditor, NOW)
    assert attesting.take(signed, audit.auditor, NOW) == issued
    assert (issued.log_index, log.lock().size, selectors.first_fault()) == (
        before,
        before + 1,
        None,
    )
    attestation = by_code(code_of(drawn.digest).lower().replace("-", " "), TODAY)
    assert attestation is not None
    assert (attestation.standing, attestation.statement.checked) == (
        AttestationStanding.VALID,
        "60 records against the log.",
    )
    assert attestations.read(signed) == attestation.statement
    after = by_code(attestation.code, TERMS.valid_until + timedelta(days=1))
    assert after is not None
    assert after.standing is AttestationStanding.EXPIRED
    assert Event.objects.filter(action="attestation.issued").count() == 1


def test_terms_that_were_changed_can_be_changed_back_on_the_same_day(audit: Audit) -> None:
    drawn = attesting.draw_up(audit.assignment, TERMS, audit.auditor, NOW)
    other = attesting.draw_up(
        audit.assignment, replace(TERMS, checked="30 records."), audit.auditor, NOW
    )
    again = attesting.draw_up(audit.assignment, TERMS, audit.auditor, NOW)
    other.refresh_from_db()
    assert (again, again.state, other.state) == (
        drawn,
        Attestation.State.DRAWN_UP,
        Attestation.State.DISCARDED,
    )
    take_back(audit.assignment, "Entered in error.", audit.cast.approver, NOW)
    anew = assign(audit.cast.body, audit.cast.plants[0].site, PERIOD, audit.cast.approver, NOW)
    auditors.declare(anew, audit.auditor, False, "", NOW)
    attesting.draw_up(anew, TERMS, audit.auditor, NOW)
    issued = attesting.take(attestations.sign(bytes(drawn.content), audit.key), audit.auditor, NOW)
    assert (issued.state, issued.assignment) == (Attestation.State.ISSUED, anew)


def test_a_statement_that_was_signed_is_not_drawn_up_again_on_that_day_withdrawn_or_not(
    audit: Audit,
) -> None:
    issued = audit.issue()
    assert (
        code_of_refusal(lambda: attesting.draw_up(audit.assignment, TERMS, audit.auditor, NOW))
        == "attestation-signed-before"
    )
    drawn = attesting.draw_up_withdrawal(issued, "Of another scale.", audit.auditor, NOW)
    attesting.take(attestations.sign(bytes(drawn.withdrawal or b""), audit.key), audit.auditor, NOW)
    assert (
        code_of_refusal(lambda: attesting.draw_up(audit.assignment, TERMS, audit.auditor, NOW))
        == "attestation-signed-before"
    )
    tomorrow = attesting.draw_up(audit.assignment, TERMS, audit.auditor, NOW + timedelta(days=1))
    assert tomorrow.state == Attestation.State.DRAWN_UP


def test_a_withdrawal_is_signed_and_logged_too(audit: Audit) -> None:
    issued = audit.issue()
    drawn = attesting.draw_up_withdrawal(
        issued, "The record was\nof another scale.", audit.auditor, NOW
    )
    assert drawn.withdrawal is not None
    assert by_code(code_of(issued.digest), TODAY).standing is AttestationStanding.VALID  # type: ignore[union-attr] # it is there
    gone = attesting.take(attestations.sign(bytes(drawn.withdrawal), audit.key), audit.auditor, NOW)
    assert gone.withdrawal_log_index == log.lock().size - 1
    attestation = by_code(code_of(issued.digest), TODAY)
    assert attestation is not None
    assert (attestation.standing, attestation.withdrawal_reason) == (
        AttestationStanding.WITHDRAWN,
        "The record was of another scale.",
    )
    assert (
        code_of_refusal(lambda: attesting.draw_up_withdrawal(issued, "Again.", audit.auditor, NOW))
        == "not-issued"
    )


def test_nothing_is_concluded_before_interests_are_declared(audit: Audit) -> None:
    new = audit.colleague
    assert (
        code_of_refusal(lambda: attesting.draw_up(audit.assignment, TERMS, new, NOW))
        == "interest-undeclared"
    )
    assert (
        code_of_refusal(lambda: auditors.declare(audit.assignment, audit.owner, False, "", NOW))
        == "not-auditor"
    )
    assert (
        code_of_refusal(lambda: auditors.declare(audit.assignment, new, True, " ", NOW))
        == "interest-unsaid"
    )
    auditors.declare(audit.assignment, new, True, "My sister works there.", NOW)
    assert (
        code_of_refusal(lambda: auditors.declare(audit.assignment, new, False, "", NOW))
        == "interest-stays"
    )
    assert (
        code_of_refusal(lambda: attesting.draw_up(audit.assignment, TERMS, new, NOW))
        == "interest-declared"
    )
    assert audit.issue().state == Attestation.State.ISSUED  # the other one has none


def test_an_interest_that_comes_late_stops_what_was_drawn_up(audit: Audit) -> None:
    drawn = attesting.draw_up(audit.assignment, TERMS, audit.auditor, NOW)
    auditors.declare(audit.assignment, audit.auditor, True, "I was offered a post.", NOW)
    signed = attestations.sign(bytes(drawn.content), audit.key)
    assert (
        code_of_refusal(lambda: attesting.take(signed, audit.auditor, NOW)) == "interest-declared"
    )
    assert audit.asked() == [AuditNeed.TAKE_OVER]
    auditors.declare(audit.assignment, audit.colleague, False, "", NOW)
    key = AuditorSigningKey.generate()
    auditors.register(audit.cast.body, key.public.hex, audit.colleague, NOW)
    again = attesting.draw_up(audit.assignment, TERMS, audit.colleague, NOW)
    assert (
        attesting.take(attestations.sign(bytes(again.content), key), audit.colleague, NOW).state
        == Attestation.State.ISSUED
    )


def test_what_was_signed_is_withdrawn_by_a_colleague_after_the_assignment_was_taken_back(
    audit: Audit,
) -> None:
    issued, key = audit.issue(), AuditorSigningKey.generate()
    take_back(audit.assignment, "The body advised this plant.", audit.cast.approver, NOW)
    Membership.objects.filter(user=audit.auditor).delete()
    auditors.register(audit.cast.body, key.public.hex, audit.colleague, NOW)
    drawn = attesting.draw_up_withdrawal(issued, "The auditor was not free.", audit.colleague, NOW)
    withdrawn = attesting.take(
        attestations.sign(bytes(drawn.withdrawal or b""), key), audit.colleague, NOW
    )
    assert withdrawn.state == Attestation.State.WITHDRAWN


def test_an_auditor_whose_interest_came_after_the_signature_withdraws_the_statement(
    audit: Audit,
) -> None:
    issued = audit.issue()
    auditors.declare(audit.assignment, audit.auditor, True, "I was offered a post there.", NOW)
    stranger = audit.cast.plants[0].owner
    assert (
        code_of_refusal(
            lambda: attesting.draw_up_withdrawal(issued, "I have an interest.", stranger, NOW)
        )
        == "not-auditor"
    )
    drawn = attesting.draw_up_withdrawal(issued, "I have an interest.", audit.auditor, NOW)
    withdrawn = attesting.take(
        attestations.sign(bytes(drawn.withdrawal or b""), audit.key), audit.auditor, NOW
    )
    assert withdrawn.state == Attestation.State.WITHDRAWN


def test_a_statement_whose_last_day_is_past_is_not_issued(audit: Audit) -> None:
    """It would be valid for no day, and conclude the engagement all the same."""
    short = replace(TERMS, valid_until=TODAY + timedelta(days=10), surveillance_on=None)
    signed = attestations.sign(
        bytes(attesting.draw_up(audit.assignment, short, audit.auditor, NOW).content), audit.key
    )
    assert (
        code_of_refusal(lambda: attesting.take(signed, audit.auditor, NOW + timedelta(days=11)))
        == "attestation-stale"
    )
    assert Attestation.objects.get().state == Attestation.State.DRAWN_UP
    assert (
        attesting.take(signed, audit.auditor, NOW + timedelta(days=10)).state
        == Attestation.State.ISSUED
    )


def test_the_public_reads_of_limited_assurance_what_was_not_found(audit: Audit) -> None:
    page = (
        Client().get(reverse("web:verify", args=[code_of(audit.issue().digest)])).content.decode()
    )
    assert "limited assurance" in page
    assert "Certifier checked this and found nothing that shows it to be incorrect." in page
    assert "found it correct" not in page


def test_an_open_major_stops_a_positive_opinion_until_it_is_closed(audit: Audit) -> None:
    drawn = attesting.draw_up(audit.assignment, TERMS, audit.auditor, NOW)
    major = audit.major()
    for opinion in (Opinion.UNQUALIFIED, Opinion.QUALIFIED):
        terms = replace(TERMS, opinion=opinion)
        assert (
            code_of_refusal(
                lambda terms=terms: attesting.draw_up(audit.assignment, terms, audit.auditor, NOW)  # type: ignore[misc] # bound now
            )
            == "major-open"
        )
    signed = attestations.sign(bytes(drawn.content), audit.key)
    assert code_of_refusal(lambda: attesting.take(signed, audit.auditor, NOW)) == "major-open"
    assert (
        code_of_refusal(lambda: findings.close(major, "Fine.", audit.auditor, NOW))
        == "finding-unanswered"
    )
    findings.answer(major, "Replaced on 3 May.", "ab" * 32, audit.owner, NOW)
    assert AuditNeed.ANSWERED in audit.asked()
    findings.send_back(major, "Which scale?", audit.auditor, NOW)
    assert code_of_refusal(lambda: attesting.take(signed, audit.auditor, NOW)) == "major-open"
    findings.answer(major, "Scale 2.", "", audit.owner, NOW)
    findings.close(major, "Seen on site.", audit.auditor, NOW)
    assert (
        code_of_refusal(lambda: findings.answer(major, "And more.", "", audit.owner, NOW))
        == "finding-closed"
    )
    assert attesting.take(signed, audit.auditor, NOW).state == Attestation.State.ISSUED


def test_an_adverse_opinion_may_be_given_with_a_major_open(audit: Audit) -> None:
    audit.major()
    assert audit.issue(replace(TERMS, opinion=Opinion.ADVERSE)).opinion == "adverse"


def test_a_firm_answers_and_reads_what_is_found_at_its_own_sites_only(audit: Audit) -> None:
    major = audit.major()
    other = audit.cast.plants[1].owner
    assert (
        code_of_refusal(lambda: findings.answer(major, "Mine.", "", other, NOW)) == "not-your-site"
    )
    assert (
        code_of_refusal(lambda: findings.answer(major, "Mine.", "xyz", audit.owner, NOW))
        == "evidence-not-a-digest"
    )
    assert audits_of_own_sites(other, TODAY) == ()
    (mine,) = audits_of_own_sites(audit.owner, TODAY)
    assert ([finding.text for finding in mine.findings], mine.declarations) == (
        ["Scale out of order."],
        (),
    )
    with pytest.raises(AppendOnlyError):
        type(major).objects.update(text="Nothing.")


def test_an_answer_with_its_document_is_kept_beside_the_same_words_without_it(audit: Audit) -> None:
    major = audit.major()
    for digest in ("", "ab" * 32, "ab" * 32):
        findings.answer(major, "Replaced on 3 May.", digest, audit.owner, NOW)
    assert [step.evidence_digest for step in major.steps.all()] == ["", "ab" * 32], (
        "only what is sent twice is one"
    )


def test_only_steps_of_the_report_can_be_stated_to_be_audited(audit: Audit) -> None:
    Submission.objects.filter(site=audit.assignment.site).update(
        covers="clinker-burning raw-milling"
    )
    auditor, address = (
        signed_in(audit.auditor),
        reverse("web:engagement-opinion", args=[audit.assignment.pk]),
    )
    assert [
        step for step, _name in auditor.get(address).context["form"].fields["steps"].choices
    ] == ["clinker-burning", "raw-milling"]
    answers = {
        "opinion": "unqualified",
        "assurance": "limited",
        "boundary": "Kiln 1.",
        "materiality": "5",
        "checked": "60 records.",
        "not_checked": "Nothing else.",
        "valid_until": "2999-01-01",
    }
    assert (
        "steps"
        in auditor.post(address, {**answers, "steps": ["cement-grinding"]}).context["form"].errors
    )


def test_a_report_with_two_statements_of_one_opinion_is_counted_once(audit: Audit) -> None:
    audit.issue()
    audit.issue(replace(TERMS, checked="80 records against the log."))
    counted = audits_of_period([audit.assignment.site_id], PERIOD, TODAY)
    assert counted.opinions == {"unqualified": 1}


def test_another_body_sees_and_does_nothing(audit: Audit) -> None:
    elsewhere = Organisation.objects.create(name="Another certifier", kind=Role.CERTIFICATION_BODY)
    stranger = person("other@example.org", elsewhere, Role.CERTIFICATION_BODY)
    assert engagements_of(stranger, TODAY) == ()
    issued = audit.issue()
    assert (
        code_of_refusal(lambda: attesting.draw_up_withdrawal(issued, "No.", stranger, NOW))
        == "not-auditor"
    )
    assert (
        code_of_refusal(lambda: auditors.register(audit.cast.body, "ab" * 32, stranger, NOW))
        == "not-auditor"
    )
    assert code_of_refusal(lambda: auditors.revoke(issued.key, stranger, NOW)) == "not-auditor"
    digest = audit.cast.plants[0].site.submissions.get().digest
    assert assigned_values(stranger, digest) == ()
    assert assigned_values(audit.auditor, digest) != ()
    Assignment.objects.update(sees_values=False)
    assert assigned_values(audit.auditor, digest) == ()


def test_a_revoked_key_signs_nothing_new_and_what_it_signed_stands(audit: Audit) -> None:
    issued = audit.issue()
    drawn = attesting.draw_up_withdrawal(issued, "Taken back.", audit.auditor, NOW)
    auditors.revoke(issued.key, audit.auditor, NOW)
    assert drawn.withdrawal is not None
    signed = attestations.sign(bytes(drawn.withdrawal), audit.key)
    assert (
        code_of_refusal(lambda: attesting.take(signed, audit.auditor, NOW)) == "auditor-key-revoked"
    )
    assert (
        code_of_refusal(lambda: attesting.draw_up(audit.assignment, TERMS, audit.auditor, NOW))
        == "no-auditor-key"
    )
    assert (
        code_of_refusal(
            lambda: auditors.register(audit.cast.body, audit.key.public.hex, audit.auditor, NOW)
        )
        == "auditor-key-taken"
    )
    assert by_code(code_of(issued.digest), TODAY).standing is AttestationStanding.VALID  # type: ignore[union-attr] # it is there


def test_a_signature_made_in_the_browser_and_sent_twice_is_taken_once_and_no_fault(
    audit: Audit,
) -> None:
    drawn = attesting.draw_up(audit.assignment, TERMS, audit.auditor, NOW)
    Attestation.objects.update(
        drawn_up_at=timezone.now(), valid_until=timezone.now().date() + timedelta(days=30)
    )
    client, address = signed_in(audit.auditor), reverse("web:attestation", args=[drawn.digest])

    def send_twice(opened_for: str, waiting: bytes) -> None:
        assert f'name="opened_for" value="{opened_for}"' in client.get(address).content.decode()
        signature = attestations.parse(attestations.sign(waiting, audit.key)).signature
        assert signature is not None
        answers = [
            client.post(address, {"signature": signature.hex(), "opened_for": opened_for})
            for _click in range(2)
        ]
        assert [answer.status_code for answer in answers] == [302, 302]

    send_twice("attestation", bytes(drawn.content))
    withdrawn = attesting.draw_up_withdrawal(drawn, "Taken back.", audit.auditor, NOW)
    send_twice("withdrawal", bytes(withdrawn.withdrawal or b""))
    assert Attestation.objects.get().state == Attestation.State.WITHDRAWN


def test_only_what_was_drawn_up_comes_back_and_by_its_own_auditor(audit: Audit) -> None:
    drawn = attesting.draw_up(audit.assignment, TERMS, audit.auditor, NOW)
    assert (
        code_of_refusal(lambda: attesting.take(bytes(drawn.content), audit.auditor, NOW))
        == "attestation-unsigned"
    )
    statement = attestations.parse(bytes(drawn.content)).statement
    assert isinstance(statement, attestations.AttestationStatement)
    better = attestations.unsigned(replace(statement, not_checked="Nothing."))
    assert (
        code_of_refusal(
            lambda: attesting.take(attestations.sign(better, audit.key), audit.auditor, NOW)
        )
        == "attestation-unknown"
    )
    signed = attestations.sign(bytes(drawn.content), audit.key)
    auditors.declare(audit.assignment, audit.colleague, False, "", NOW)
    assert code_of_refusal(lambda: attesting.take(signed, audit.colleague, NOW)) == "not-your-key"
    late = NOW + STALE + timedelta(days=1)
    assert (
        code_of_refusal(lambda: attesting.take(signed, audit.auditor, late)) == "attestation-stale"
    )
    attesting.draw_up(
        audit.assignment, replace(TERMS, opinion=Opinion.QUALIFIED), audit.auditor, NOW
    )
    assert (
        code_of_refusal(lambda: attesting.take(signed, audit.auditor, NOW))
        == "attestation-discarded"
    )


def test_a_report_that_was_replaced_meanwhile_is_not_attested(audit: Audit) -> None:
    drawn = attesting.draw_up(audit.assignment, TERMS, audit.auditor, NOW)
    plant = audit.cast.plants[0]
    deliver(plant.envelope(audit.cast.pack, revision=2))
    open_waiting()
    signed = attestations.sign(bytes(drawn.content), audit.key)
    assert (
        code_of_refusal(lambda: attesting.take(signed, audit.auditor, NOW)) == "report-superseded"
    )


def test_four_years_are_the_longest(audit: Audit) -> None:
    terms = replace(
        TERMS, valid_until=TODAY + timedelta(days=attesting.LONGEST + 1), surveillance_on=None
    )
    assert (
        code_of_refusal(lambda: attesting.draw_up(audit.assignment, terms, audit.auditor, NOW))
        == "validity-too-long"
    )


@pytest.mark.parametrize(
    "why",
    ["drawn up too long ago", "its key revoked", "its report replaced", "its auditor interested"],
)
def test_what_can_be_signed_no_more_waits_for_nobody_and_hides_no_open_conclusion(
    audit: Audit, why: str
) -> None:
    key = AuditorSigningKey.generate()
    auditors.declare(audit.assignment, audit.colleague, False, "", NOW)
    registered = auditors.register(audit.cast.body, key.public.hex, audit.colleague, NOW)
    attesting.draw_up(audit.assignment, TERMS, audit.colleague, NOW)
    assert audit.asked() == [AuditNeed.SIGN]
    today = TODAY
    if why == "drawn up too long ago":
        today += STALE + timedelta(days=1)
    elif why == "its key revoked":
        auditors.revoke(registered, audit.colleague, NOW)
    elif why == "its report replaced":
        deliver(audit.cast.plants[0].envelope(audit.cast.pack, revision=2))
        open_waiting()
    else:
        auditors.declare(audit.assignment, audit.colleague, True, "I was offered a post.", NOW)
    assert audit.asked(today) == [AuditNeed.CONCLUDE]
    audit.issue()
    assert audit.asked(today) == []


def test_what_needs_the_auditor_is_told_in_time(audit: Audit) -> None:
    assert audit.asked() == [AuditNeed.CONCLUDE]
    assert audit.asked(TODAY + timedelta(days=80)) == [AuditNeed.DUE_SOON, AuditNeed.CONCLUDE]
    assert audit.asked(TODAY + timedelta(days=101)) == [AuditNeed.OVERDUE, AuditNeed.CONCLUDE]
    audit.issue()
    assert audit.asked() == []
    assert audit.asked(TODAY + timedelta(days=151)) == [AuditNeed.SURVEILLANCE]
    assert audit.asked(TODAY + timedelta(days=300)) == [AuditNeed.SURVEILLANCE, AuditNeed.EXPIRES]
    audit.major()
    assert audit.asked(TODAY + timedelta(days=1)) == [AuditNeed.LATE_ANSWERS]


def test_an_audit_that_was_concluded_in_time_is_never_late_afterwards_unless_its_report_is_replaced(
    audit: Audit,
) -> None:
    audit.issue()
    expired = TODAY + timedelta(days=100 + 400)
    assert audit.asked(expired) == [], "what was stated has expired; it was stated in time"
    plant = audit.cast.plants[0]
    deliver(plant.envelope(audit.cast.pack, revision=2))
    open_waiting()
    assert audit.asked() == [AuditNeed.CONCLUDE]
    assert audit.asked(TODAY + timedelta(days=101)) == [AuditNeed.OVERDUE, AuditNeed.CONCLUDE]
