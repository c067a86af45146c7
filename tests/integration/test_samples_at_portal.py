"""Sample and opening at the portal: a promise, the one head that it leads to, the draw, and counts;
never an opening.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks.audit import sample_file, signed_draws
from benchmarks.audit.sample_file import OF_A_SAMPLE
from benchmarks.audit.sampling_plan import SamplingPlan
from benchmarks.errors import VerificationError
from benchmarks.wire import attestations, challenges, heads, restarts
from benchmarks.wire.attestations import Assurance
from benchmarks.wire.logged import EntryKind, leaf_of_object
from benchmarks.wire.merkle import leaf_hash, require_inclusion
from benchmarks.wire.restarts import LogRestartStatement
from benchmarks.wire.signing import AuditorSigningKey, DirectoryKey
from portal import keys
from portal.accounts.models import Organisation, Role
from portal.accounts.reading import read_in
from portal.assurance import attesting, auditors, sampling
from portal.assurance.api_samples import EvidenceSerializer
from portal.assurance.assigning import assign
from portal.assurance.attestation_standing import AttestationStanding, by_code, code_of
from portal.assurance.evidence_file import _restarts, evidence_of
from portal.assurance.models import Assignment, AuditorKey, Sample
from portal.assurance.summaries import Summary, read_summary
from portal.auditlog.models import Event
from portal.intake.models import Commitment, Submission
from portal.notifications.kinds import NoticeKind
from portal.notifications.models import Notice
from portal.problems import RefusedError
from portal.translog import log
from portal.translog import selectors as logged
from portal.translog.models import LogEntry, LogRestart
from tests.integration.audited import draw_of, promise_of, summary_bytes, terms
from tests.integration.portal_cast import (
    NOW,
    PASSWORD,
    PERIOD,
    SALT,
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

KEY = AuditorSigningKey.generate()
OTHER = bytes(range(signed_draws.NONCE_BYTES))


def build_scene() -> Cast:
    cast = make_cast(2)
    for plant in cast.plants:
        deliver(plant.envelope(cast.pack))
    open_waiting()
    auditors.register(cast.body, KEY.public.hex, cast.auditor, NOW)
    return cast


@pytest.fixture
def assignment(cast: Cast) -> Assignment:
    engagement = assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW)
    auditors.declare(engagement, cast.auditor, False, "", NOW)
    return engagement


def promised(cast: Cast, assignment: Assignment) -> Sample:
    return sampling.promise(assignment, promise_of(assignment, KEY, NOW), cast.auditor, NOW)


def refusal_of(attempt: Callable[[], object]) -> str:
    with pytest.raises((RefusedError, VerificationError)) as refused:
        attempt()
    return refused.value.code


def test_a_sample_is_promised_drawn_from_the_one_head_and_noted_in_counts(
    cast: Cast, assignment: Assignment
) -> None:
    sample = promised(cast, assignment)
    drawn = sampling.draw(sample, draw_of(sample, KEY), cast.auditor, NOW)
    assert sampling.draw(sample, draw_of(sample, KEY), cast.auditor, NOW).drawn_at == drawn.drawn_at
    noted = sampling.note(
        sample, summary_of(sample, failed={"records-recomputed": 2}), cast.auditor, NOW
    )
    assert (noted.held, noted.limits, noted.codes) == (
        len(OF_A_SAMPLE) - 1,
        ["single-records"],
        {"records-recomputed": 2},
    )
    assert (noted.bound, noted.not_checkable) == (True, [])
    assert (
        refusal_of(lambda: sampling.note(sample, summary_of(sample), cast.auditor, NOW))
        == "sample-noted"
    )


def summary_of(
    sample: Sample,
    *,
    failed: dict[str, int] | None = None,
    left_out: tuple[str, ...] = (),
    **changed: Any,
) -> Summary:
    """What `verify` wrote of the sample: all held but what is named."""
    sample.refresh_from_db()
    return read_summary(summary_bytes(sample, failed or {}, left_out, **changed))


def test_a_summary_of_another_draw_or_revision_is_refused(
    cast: Cast, assignment: Assignment
) -> None:
    sample = promised(cast, assignment)
    sampling.draw(sample, draw_of(sample, KEY), cast.auditor, NOW)
    for changed in ({"draw": "cd" * 32}, {"revision": 2}, {"site": "works-2"}, {"period": "2024"}):
        summary = summary_of(sample, **changed)
        assert (
            refusal_of(lambda summary=summary: sampling.note(sample, summary, cast.auditor, NOW))  # type: ignore[misc] # bound now
            == "summary-of-another"
        )
    assert Sample.objects.get().verified_at is None


def test_the_page_never_says_that_all_hold_when_checks_were_left_out(
    cast: Cast, assignment: Assignment
) -> None:
    sample = promised(cast, assignment)
    sampling.draw(sample, draw_of(sample, KEY), cast.auditor, NOW)
    left_out = ("values-logged", "whole-recomputed")
    sampling.note(
        sample,
        summary_of(sample, left_out=left_out[:1], limits=[]),
        cast.auditor,
        NOW,
    )
    client = Client()
    assert client.login(username=cast.auditor.email, password=PASSWORD)
    page = client.get(reverse("web:engagement-sample", args=[assignment.pk])).content.decode()
    n = len(OF_A_SAMPLE) + 1
    assert (
        f"NOT VERIFIED: {n - 2} of {n} checks that were asked for passed; 2 could not be made."
        in page
    )
    assert "not bound to the report that this portal accepted" in page
    assert all(code in page for code in left_out)
    doubting = terms(NOW, attestations.Opinion.QUALIFIED)
    drawn_up = attesting.draw_up(assignment, doubting, cast.auditor, NOW)
    statement = attestations.parse(bytes(drawn_up.content)).statement
    assert isinstance(statement, attestations.AttestationStatement)
    assert statement.sample is not None
    verdict = statement.sample.verdict
    assert (verdict.bound, set(verdict.not_checkable)) == (False, set(left_out))


def test_a_revision_that_replaced_the_one_drawn_from_is_told_so(
    cast: Cast, assignment: Assignment
) -> None:
    sample = promised(cast, assignment)
    sampling.draw(sample, draw_of(sample, KEY), cast.auditor, NOW)
    sampling.note(sample, summary_of(sample), cast.auditor, NOW)
    drawn_up = attesting.draw_up(assignment, terms(NOW), cast.auditor, NOW)
    issued = attesting.take(attestations.sign(bytes(drawn_up.content), KEY), cast.auditor, NOW)
    client, address = Client(), reverse("web:verify", args=[code_of(issued.digest)])
    earlier = "This statement is about revision 1 of the report. A later revision has replaced it"
    assert earlier not in client.get(address).content.decode()
    plant = cast.plants[0]
    deliver(plant.envelope(cast.pack, revision=2))
    open_waiting()
    attestation = by_code(code_of(issued.digest), NOW.date())
    assert attestation is not None
    assert attestation.standing is AttestationStanding.EARLIER
    assert earlier in client.get(address).content.decode()
    assert client.login(username=cast.auditor.email, password=PASSWORD)
    assert (
        "This is about revision 1 of the report, which is not the newest."
        in client.get(reverse("web:engagement-sample", args=[assignment.pk])).content.decode()
    )
    assert (
        sampling.outcome_of(
            assignment, Submission.objects.get(site=plant.site, revision=2), terms(NOW).steps
        )
        is None
    )


def test_a_promise_that_waits_is_drawn_with_from_the_revision_that_it_was_made_for(
    cast: Cast, assignment: Assignment
) -> None:
    sample = promised(cast, assignment)
    deliver(cast.plants[0].envelope(cast.pack, revision=2))
    open_waiting()
    auditor = signed_in(cast.auditor)
    address = reverse("web:sample-evidence", args=[sample.pk])
    assert (
        address
        in auditor.get(reverse("web:engagement-sample", args=[assignment.pk])).content.decode()
    )
    committed = bytes(Commitment.objects.get(site=assignment.site, revision=1).signed)
    before = auditor.get(address).json()
    assert before["revision"] == 1
    assert base64.b64decode(before["files"]["commitment"]) == committed
    assert "draw" not in before["files"]
    assert signed_in(cast.plants[0].owner).get(address).status_code == 404
    sampling.draw(sample, draw_of(sample, KEY), cast.auditor, NOW)
    after = auditor.get(address).json()
    assert after["revision"] == 1
    assert "draw" in after["files"]


def test_of_two_promises_none_can_be_chosen(cast: Cast, assignment: Assignment) -> None:
    sample = promised(cast, assignment)
    another = promise_of(assignment, KEY, NOW, OTHER)
    assert (
        refusal_of(lambda: sampling.promise(assignment, another, cast.auditor, NOW))
        == "promise-waits"
    )
    assert (
        refusal_of(lambda: sampling.draw(sample, draw_of(sample, KEY, OTHER), cast.auditor, NOW))
        == "nonce-not-promised"
    )
    sampling.draw(sample, draw_of(sample, KEY), cast.auditor, NOW)
    sampling.promise(assignment, another, cast.auditor, NOW)  # the next sample


def test_a_promise_that_nobody_can_draw_with_is_given_up_and_a_colleague_promises(
    cast: Cast, assignment: Assignment
) -> None:
    """The auditor who promised has lost the key."""
    sample = promised(cast, assignment)
    auditors.revoke(AuditorKey.objects.get(owner=cast.auditor), cast.auditor, NOW)
    colleague, key = (
        person("colleague@example.org", cast.body, Role.CERTIFICATION_BODY),
        AuditorSigningKey.generate(),
    )
    auditors.register(cast.body, key.public.hex, colleague, NOW)
    again = promise_of(assignment, key, NOW, OTHER)
    page, address = (
        reverse(f"web:engagement-{name}", args=[assignment.pk]) for name in ("sample", "give-up")
    )
    client, reason = signed_in(colleague), {"reason": "The key is  lost."}
    assert address in client.get(page).content.decode()
    undeclared = client.post(address, reason)
    assert (undeclared.status_code, "You have not declared" in undeclared.content.decode()) == (
        400,
        True,
    )
    auditors.declare(assignment, colleague, False, "", NOW)
    assert (
        refusal_of(lambda: sampling.promise(assignment, again, colleague, NOW)) == "promise-waits"
    )
    without = client.post(address, {"reason": " "})
    assert (
        without.status_code,
        "a promise is never given up without a reason" in without.content.decode(),
    ) == (400, True)
    for _twice in range(2):
        assert client.post(address, reason).status_code == 302
    event = Event.objects.get(action="sample.given-up")
    assert (event.actor, event.subject) == (colleague.email, "site works-1")
    assert event.detail == f"{PERIOD}, promise {sample.promise_digest[:16]}: The key is lost."
    text = client.get(page).content.decode()
    assert "The key is lost." in text
    assert "Promise a number" in text
    assert address not in text

    second = sampling.promise(assignment, again, colleague, NOW)
    sampling.draw(second, draw_of(second, key, OTHER), colleague, NOW)
    sampling.note(second, summary_of(second), colleague, NOW)
    outcome = sampling.outcome_of(assignment, second.submission, terms(NOW).steps)
    assert outcome is not None
    assert outcome.promised_before == 1, "what was given up was promised"
    assert (
        refusal_of(lambda: sampling.give_up(second, "We do not like it.", colleague, NOW))
        == "sample-drawn"
    )


def test_with_a_promise_that_was_given_up_nobody_draws(cast: Cast, assignment: Assignment) -> None:
    sample = promised(cast, assignment)
    assert refusal_of(lambda: sampling.give_up(sample, " ", cast.auditor, NOW)) == "reason-missing"
    assert (
        refusal_of(lambda: sampling.give_up(sample, "x" * 1_001, cast.auditor, NOW))
        == "text-too-long"
    ), "a reason is never cut"
    sampling.give_up(sample, "The number is lost.", cast.auditor, NOW)
    assert (
        sampling.give_up(sample, "Another reason.", cast.auditor, NOW).given_up_reason
        == "The number is lost."
    )
    assert (
        refusal_of(lambda: sampling.draw(sample, draw_of(sample, KEY), cast.auditor, NOW))
        == "promise-given-up"
    )
    assert (
        refusal_of(
            lambda: sampling.promise(
                assignment, promise_of(assignment, KEY, NOW), cast.auditor, NOW
            )
        )
        == "promise-ended"
    )


def test_reasonable_assurance_rests_on_what_was_opened_to_the_bodys_own_auditors(
    cast: Cast, assignment: Assignment
) -> None:
    sample = promised(cast, assignment)
    sampling.draw(sample, draw_of(sample, KEY), cast.auditor, NOW)
    sampling.note(sample, summary_of(sample), cast.auditor, NOW)
    body, key = (
        Organisation.objects.create(name="Another certifier", kind=Role.CERTIFICATION_BODY),
        AuditorSigningKey.generate(),
    )
    auditor = person("other@example.org", body, Role.CERTIFICATION_BODY)
    second = assign(body, cast.plants[0].site, PERIOD, cast.approver, NOW)
    auditors.declare(second, auditor, False, "", NOW)
    auditors.register(body, key.public.hex, auditor, NOW)
    sure = replace(terms(NOW), assurance=Assurance.REASONABLE)
    assert (
        refusal_of(lambda: attesting.draw_up(second, sure, auditor, NOW))
        == "assurance-without-sample"
    )
    limited = attestations.parse(
        bytes(attesting.draw_up(second, terms(NOW), auditor, NOW).content)
    ).statement
    assert isinstance(limited, attestations.AttestationStatement)
    assert limited.sample is None, "another body's opening is not signed as its own"
    own = sampling.promise(second, promise_of(second, key, NOW, OTHER), auditor, NOW)
    sampling.draw(own, draw_of(own, key, OTHER), auditor, NOW)
    sampling.note(own, summary_of(own), auditor, NOW)
    assured = attestations.parse(
        bytes(attesting.draw_up(second, sure, auditor, NOW).content)
    ).statement
    assert isinstance(assured, attestations.AttestationStatement)
    assert assured.sample is not None
    assert assured.sample.promised_before == 1, (
        "every promise of this report counts, whichever body made it"
    )


def opened_of(cast: Cast, assignment: Assignment, steps: tuple[str, ...]) -> Sample:
    """A draw of these steps alone, and its opening noted."""
    promised_sample = sampling.promise(
        assignment, promise_of(assignment, KEY, NOW, steps=steps), cast.auditor, NOW
    )
    drawn = sampling.draw(promised_sample, draw_of(promised_sample, KEY), cast.auditor, NOW)
    left_out = ("plan-sufficient",)
    return sampling.note(
        drawn,
        read_summary(summary_bytes(drawn, {}, left_out, not_checkable=list(left_out))),
        cast.auditor,
        NOW,
    )


def test_reasonable_assurance_of_a_step_needs_an_opening_of_that_step(
    cast: Cast, assignment: Assignment
) -> None:
    opened_of(cast, assignment, ("raw-meal-homogenisation",))
    doubting = terms(NOW, attestations.Opinion.QUALIFIED)
    sure = replace(doubting, assurance=Assurance.REASONABLE)
    assert (
        refusal_of(lambda: attesting.draw_up(assignment, sure, cast.auditor, NOW))
        == "assurance-without-sample"
    )
    of_what_was_drawn = replace(sure, steps=("raw-meal-homogenisation",))
    statement = attestations.parse(
        bytes(attesting.draw_up(assignment, of_what_was_drawn, cast.auditor, NOW).content)
    ).statement
    assert isinstance(statement, attestations.AttestationStatement)
    assert statement.sample is not None
    assert statement.sample.confidence == Fraction(95, 100)


def test_page_and_statement_say_of_which_steps_a_draw_opened_nothing(
    cast: Cast, assignment: Assignment
) -> None:
    opened_of(cast, assignment, ("raw-meal-homogenisation",))
    page = (
        signed_in(cast.auditor)
        .get(reverse("web:engagement-sample", args=[assignment.pk]))
        .content.decode()
    )
    assert "95 % certainty" in page
    (name,) = [step.words.en for step in cast.pack.steps if step.id == "raw-meal-homogenisation"]
    assert re.search(f"Steps drawn.{{0,300}}{name}", page, re.DOTALL)
    doubting = terms(NOW, attestations.Opinion.QUALIFIED)
    drawn_up = attesting.draw_up(assignment, doubting, cast.auditor, NOW)
    issued = attesting.take(attestations.sign(bytes(drawn_up.content), KEY), cast.auditor, NOW)
    public = Client().get(reverse("web:verify", args=[code_of(issued.digest)])).content.decode()
    assert "The draw contains no counted records of at least one of the steps concerned." in public
    assert "95 %" not in public


def test_a_statement_is_not_signed_over_an_opening_that_another_has_followed(
    cast: Cast, assignment: Assignment
) -> None:
    """The first opening held, a statement was drawn up, and then a second one failed."""
    first = promised(cast, assignment)
    sampling.draw(first, draw_of(first, KEY), cast.auditor, NOW)
    sampling.note(first, summary_of(first), cast.auditor, NOW)
    drawn = attesting.draw_up(assignment, terms(NOW), cast.auditor, NOW)
    second = sampling.promise(
        assignment, promise_of(assignment, KEY, NOW, OTHER), cast.auditor, NOW
    )
    sampling.draw(second, draw_of(second, KEY, OTHER), cast.auditor, NOW)
    sampling.note(second, summary_of(second, failed={"records-recomputed": 2}), cast.auditor, NOW)
    assert (
        refusal_of(
            lambda: attesting.take(attestations.sign(bytes(drawn.content), KEY), cast.auditor, NOW)
        )
        == "another-opening"
    )
    adverse = terms(NOW, attestations.Opinion.ADVERSE)
    anew = attesting.draw_up(assignment, adverse, cast.auditor, NOW)
    issued = attesting.take(attestations.sign(bytes(anew.content), KEY), cast.auditor, NOW)
    statement = attestations.parse(bytes(issued.content)).statement
    assert isinstance(statement, attestations.AttestationStatement)
    assert statement.sample is not None
    assert statement.sample.verdict.failed == ("records-recomputed",)


def test_the_head_is_no_choice(cast: Cast, assignment: Assignment) -> None:
    sample = promised(cast, assignment)
    for number in range(3):
        log.add(EntryKind.KEY_DESTROYED, f"{number:064x}", NOW)
    for size in (sample.head_size - 1, sample.head_size + 1):
        other = draw_of(sample, KEY, size=size)
        assert (
            refusal_of(lambda other=other: sampling.draw(sample, other, cast.auditor, NOW))  # type: ignore[misc] # bound now
            == "head-of-another"
        )
    sampling.draw(sample, draw_of(sample, KEY), cast.auditor, NOW)


def test_right_behind_a_promise_stands_an_entry_that_nobody_outside_chooses(
    cast: Cast, assignment: Assignment
) -> None:
    """Else the body or the plant makes that entry, after trying offline which one gives the draw
    that they like.
    """
    sample = promised(cast, assignment)
    promise, beacon = LogEntry.objects.order_by("-index")[:2][::-1]
    assert (promise.kind, promise.digest, beacon.kind) == (
        EntryKind.AUDIT_PROMISE,
        sample.promise_digest,
        EntryKind.AUDIT_BEACON,
    )
    assert sample.head_size == beacon.index + 1 == logged.size(), "the draw waits for nobody"
    sampling.draw(sample, draw_of(sample, KEY), cast.auditor, NOW)
    sampling.promise(assignment, promise_of(assignment, KEY, NOW, OTHER), cast.auditor, NOW)
    assert LogEntry.objects.order_by("-index")[0].digest != beacon.digest


def test_plant_and_body_are_told_of_a_draw_with_their_command(
    cast: Cast, assignment: Assignment
) -> None:
    sample = promised(cast, assignment)
    for _twice in range(2):
        sampling.draw(sample, draw_of(sample, KEY), cast.auditor, NOW)
    for who, command in (
        (cast.plants[0].owner, "steplabel-agent open DRAW"),
        (cast.auditor, "steplabel-agent audit FOLDER OPENING EVIDENCE"),
    ):
        client = Client()
        assert client.login(username=who.email, password=PASSWORD)
        assert client.get(reverse("web:notifications")).content.decode().count(command) == 1
    assert (
        Notice.objects.filter(kind=NoticeKind.SAMPLE_DRAWN, recipient=cast.plants[1].owner).count()
        == 0
    )


def test_another_key_another_site_and_an_interest_are_refused(
    cast: Cast, assignment: Assignment
) -> None:
    stranger = AuditorSigningKey.generate()
    by_stranger = promise_of(assignment, stranger, NOW)
    assert (
        refusal_of(lambda: sampling.promise(assignment, by_stranger, cast.auditor, NOW))
        == "not-your-key"
    )
    elsewhere = signed_draws.promise("works-2", PERIOD, OTHER, NOW.date(), KEY)
    assert (
        refusal_of(lambda: sampling.promise(assignment, elsewhere, cast.auditor, NOW))
        == "draw-of-another"
    )
    auditors.declare(assignment, cast.auditor, True, "A post was offered to me.", NOW)
    assert refusal_of(lambda: promised(cast, assignment)) == "interest-declared"
    assert not Sample.objects.exists()


@pytest.mark.parametrize(
    "changed",
    [
        {"records": ["2025-07-03 14:10"]},
        {"failed": {"7 July 14:10 batch 8": 1}},
        {"failed": {"records-recomputed": [1, 2]}},
        {"failed": {"records-recomputed": 99.1}},
        {"failed": {"records-recomputed": True}},
        {"failed": {"leaves-proven": 1}, "held": ["leaves-proven"]},
        {"not_checkable": ["Batch 8 of kiln 1"]},
        {"held": 16},
        {"limits": ["nearly"]},
        {"limits": ["single-records"], "held": ["whole-recomputed"]},
        {"schema": "steplabel/opening/1"},
        {"site": "Kiln 1, 7 July"},
    ],
)
def test_a_file_with_more_than_codes_and_counts_is_refused_and_not_kept(
    cast: Cast, assignment: Assignment, changed: dict[str, object]
) -> None:
    sample = promised(cast, assignment)
    sampling.draw(sample, draw_of(sample, KEY), cast.auditor, NOW)
    sample.refresh_from_db()
    raw = json.dumps(json.loads(summary_bytes(sample, {})) | changed).encode()
    assert refusal_of(lambda: read_summary(raw)) == "summary-not-counts"
    client = Client()
    assert client.login(username=cast.auditor.email, password=PASSWORD)
    file = SimpleUploadedFile("summary.json", raw)
    answer = client.post(reverse("web:engagement-sample", args=[assignment.pk]), {"summary": file})
    assert answer.status_code == 400
    assert "counts and codes" in answer.content.decode()
    assert Sample.objects.get().verified_at is None


def test_what_is_no_summary_is_refused() -> None:
    for raw in (b"\xff", b" " * 9000, b"[]"):
        assert refusal_of(lambda raw=raw: read_summary(raw)) == "summary-not-counts"  # type: ignore[misc] # bound now


def test_the_evidence_file_holds_all_that_binds_and_no_value(
    cast: Cast, assignment: Assignment
) -> None:
    sample = promised(cast, assignment)
    sampling.draw(sample, draw_of(sample, KEY), cast.auditor, NOW)
    client = Client()
    assert client.login(username=cast.auditor.email, password=PASSWORD)
    answer = client.get(reverse("web:sample-evidence", args=[sample.pk]))
    file = sample_file.read(json.loads(answer.content))
    assert {entry.kind for entry in file.entries} == set(sample_file.ENTRIES)
    assert set(file.contents()) == set(sample_file.FILES)
    root = logged.root_at(sample.head_size)
    for entry in file.entries:
        leaf = leaf_hash(leaf_of_object(entry.kind, bytes.fromhex(entry.logged), entry.on))
        require_inclusion(leaf, entry.index, sample.head_size, entry.entry().proof, root)
    assert SALT.hex().encode() not in answer.content  # whoever has it could try values


def test_body_and_plant_fetch_the_draw_and_nobody_else(cast: Cast, assignment: Assignment) -> None:
    sample = promised(cast, assignment)
    auditor, owner, other = Client(), Client(), Client()
    for client, who in (
        (auditor, cast.auditor),
        (owner, cast.plants[0].owner),
        (other, cast.plants[1].owner),
    ):
        assert client.login(username=who.email, password=PASSWORD)
    page = reverse("web:engagement-sample", args=[assignment.pk])
    assert f"{sample.head_size}:" in auditor.get(page).content.decode()
    signed = draw_of(sample, KEY)
    assert (
        auditor.post(page, {"signed": SimpleUploadedFile("draw.cbor", signed)}).status_code == 302
    )
    address = reverse("web:draw-file", args=[sample.pk])
    assert auditor.get(address).content == owner.get(address).content == signed
    assert other.get(address).status_code == 404
    assert address in owner.get(reverse("web:audits")).content.decode()
    sample.refresh_from_db()
    summary = SimpleUploadedFile("summary.json", summary_bytes(sample, {}))
    noted = auditor.post(page, {"summary": summary}, follow=True).content.decode()
    assert (
        f"All {len(OF_A_SAMPLE)} checks that were asked for passed. The opened report is the one "
        "that the portal accepted." in noted
    )
    assert (
        "If 1 % of the counted records are misstated, the plan of the draw finds at least one of "
        "them with 95 % certainty." in noted
    )
    assert "Earlier draws promised from this report: 0." in noted
    typed = auditor.post(page, {"held": "16", "failing": "0"})
    assert typed.status_code == 400


def test_what_is_sent_twice_by_a_second_click_is_on_record_once_and_no_fault(
    cast: Cast, assignment: Assignment
) -> None:
    auditor, address = (
        signed_in(cast.auditor),
        reverse("web:engagement-sample", args=[assignment.pk]),
    )

    def send_twice(opened_for: str, name: str, raw: bytes) -> None:
        assert f'name="opened_for" value="{opened_for}"' in auditor.get(address).content.decode()
        for _click in range(2):
            assert (
                auditor.post(
                    address, {name: SimpleUploadedFile("file", raw), "opened_for": opened_for}
                ).status_code
                == 302
            )

    send_twice("promise", "signed", promise_of(assignment, KEY, NOW))
    send_twice("draw", "signed", draw_of(Sample.objects.get(), KEY))
    send_twice("counts", "summary", summary_bytes(Sample.objects.get(), {}))
    assert Sample.objects.get().verified_at is not None


@pytest.mark.parametrize("replaced", [False, True])
def test_after_a_draw_that_the_plant_never_opens_the_auditor_may_promise_anew(
    cast: Cast, assignment: Assignment, replaced: bool
) -> None:
    sample = promised(cast, assignment)
    sample = sampling.draw(sample, draw_of(sample, KEY), cast.auditor, NOW)
    if replaced:
        deliver(cast.plants[0].envelope(cast.pack, revision=2))
        open_waiting()
    auditor, address = (
        signed_in(cast.auditor),
        reverse("web:engagement-sample", args=[assignment.pk]),
    )
    assert re.findall(
        r'name="opened_for" value="([^"]*)"', auditor.get(address).content.decode()
    ) == ["counts", "promise"]
    wrong = auditor.post(
        address, {"signed": SimpleUploadedFile("promise", b"none"), "opened_for": "promise"}
    )
    assert (wrong.status_code, 'id="id_signed_error"' in wrong.content.decode()) == (400, True)
    anew = promise_of(assignment, KEY, NOW, OTHER)
    assert (
        auditor.post(
            address, {"signed": SimpleUploadedFile("promise", anew), "opened_for": "promise"}
        ).status_code
        == 302
    )
    assert Sample.objects.first().submission.revision == (2 if replaced else 1)  # type: ignore[union-attr] # there are two
    late = auditor.post(
        address,
        {
            "summary": SimpleUploadedFile("summary.json", summary_bytes(sample, {})),
            "opened_for": "counts",
        },
    )
    assert (late.status_code, "Nothing has been drawn yet." in late.content.decode()) == (400, True)


def test_who_draws_until_it_suits_signs_how_often(cast: Cast, assignment: Assignment) -> None:
    for number in range(3):
        nonce = bytes([number]) * 32
        sample = sampling.promise(
            assignment, promise_of(assignment, KEY, NOW, nonce), cast.auditor, NOW
        )
        log.add(EntryKind.KEY_DESTROYED, f"{number:064x}", NOW)
        sampling.draw(sample, draw_of(sample, KEY, nonce), cast.auditor, NOW)
        sampling.note(sample, summary_of(sample), cast.auditor, NOW)
        outcome = sampling.outcome_of(assignment, sample.submission, terms(NOW).steps)
        assert outcome is not None
        signed = bytes(Sample.objects.get(pk=sample.pk).draw or b"")
        assert (outcome.draw, outcome.promised_before) == (
            signed_draws.read(signed).digest,
            number,
        )


def test_a_draw_by_another_plan_than_the_promised_one_is_refused_by_the_portal(
    cast: Cast, assignment: Assignment
) -> None:
    sample = promised(cast, assignment)
    draw = signed_draws.read(draw_of(sample, KEY))
    other = signed_draws.sign(replace(draw, plan=SamplingPlan({})), KEY)
    assert (
        refusal_of(lambda: sampling.draw(sample, other, cast.auditor, NOW)) == "plan-not-promised"
    )


def test_it_holds_the_statement_that_the_commitments_first_entry_was_lost(
    cast: Cast, assignment: Assignment
) -> None:
    sample = promised(cast, assignment)
    sampling.draw(sample, draw_of(sample, KEY), cast.auditor, NOW)
    assert "restarts" not in evidence_of(sample, keys.receipt_key()), (
        "as agents before them read it"
    )
    committed = Commitment.objects.get(site=sample.submission.site_id, period=PERIOD)
    challenge, at = challenges.parse(bytes(committed.challenge)), int(NOW.timestamp()) + 86_400
    before, after = (
        heads.issue(size, bytes(32), at, keys.receipt_key())
        for size in (challenge.log_index + 9, challenge.log_index)
    )
    other = heads.issue(challenge.log_index + 1, bytes(32), at, keys.receipt_key())
    for number, goes_on_from in enumerate((after, other)):
        raw = restarts.issue(
            LogRestartStatement(before, challenge.log_index + 9, goes_on_from, at, "A disk."),
            DirectoryKey.generate(),
        )
        LogRestart.objects.create(digest=f"{number:064x}", signed=raw, taken_at=NOW)
    committed.log_index += 5  # where it would be handed in again
    assert [restarts.parse(raw).lost_from for raw in _restarts(committed)] == [challenge.log_index]


def test_the_api_describes_every_member_of_the_file() -> None:
    members = {field.alias or name for name, field in sample_file.SampleFile.model_fields.items()}
    assert members == set(EvidenceSerializer().fields)


LATE = datetime(2026, 3, 4, 15, 59, tzinfo=UTC)
"""A minute before midnight where the portal is."""


def at_moment(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(timezone, "now", lambda: moment)


def signed_on(page: str) -> dict[str, str]:
    """What the script of the page sends: the message of the page, signed with the digest of the
    number in the place of the mark.
    """
    message, mark = (
        re.findall(rf'data-{name}="([0-9a-f]*)"', page)[0] for name in ("message", "mark")
    )
    digest = signed_draws.nonce_digest(OTHER).hex()
    signature = KEY._private.sign(bytes.fromhex(message.replace(mark, digest)))
    return {
        "number": digest,
        "signature": signature.hex(),
        "day": re.findall(r'name="day" value="([^"]*)"', page)[0],
    }


@pytest.mark.parametrize(
    ("opened", "sent", "day"),
    [
        (
            LATE.replace(hour=22),
            LATE.replace(hour=22),
            date(2026, 3, 5),
        ),  # afternoon of the day before in Los Angeles
        (LATE, LATE + timedelta(minutes=2), date(2026, 3, 4)),  # over midnight
    ],
)
def test_a_promise_signed_in_the_browser_names_the_schemes_day_on_which_its_page_was_opened(
    cast: Cast,
    assignment: Assignment,
    monkeypatch: pytest.MonkeyPatch,
    opened: datetime,
    sent: datetime,
    day: date,
) -> None:
    read_in(cast.auditor, "America/Los_Angeles")
    client, address = Client(), reverse("web:engagement-sample", args=[assignment.pk])
    at_moment(monkeypatch, opened)
    client.force_login(cast.auditor)
    typed = signed_on(client.get(address).content.decode())
    at_moment(monkeypatch, sent)
    assert client.post(address, typed).status_code == 302
    assert signed_draws.read_promise(bytes(Sample.objects.get().promise)).made_on == day


def test_a_promise_that_names_a_day_long_past_is_refused_with_the_reason(
    cast: Cast, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, address = Client(), reverse("web:engagement-sample", args=[assignment.pk])
    at_moment(monkeypatch, LATE)
    client.force_login(cast.auditor)
    typed = signed_on(client.get(address).content.decode())
    at_moment(monkeypatch, LATE + timedelta(days=2))
    client.force_login(cast.auditor)  # the session of then is over
    for answers in (typed, {**typed, "day": ""}, {**typed, "day": "soon"}):
        answer = client.post(address, answers)
        assert (answer.status_code, "Open the page again" in answer.content.decode()) == (400, True)
    assert not Sample.objects.exists()
    assert client.post(address, signed_on(client.get(address).content.decode())).status_code == 302
