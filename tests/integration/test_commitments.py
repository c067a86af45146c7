"""POST /api/v1/commitments/: one challenge for one commitment, one commitment for a revision; and
what the worker makes of it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks.errors import VerificationError
from benchmarks.wire import challenges, commitments, device_requests, envelope
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.schema import Report
from benchmarks.wire.signing import DeviceKey
from portal import keys
from portal.accounts import enrolling as accounts
from portal.catalogue.peer_groups import make_peer_group
from portal.catalogue.periods import close_period, open_period
from portal.intake import admission
from portal.intake.models import Commitment, Submission, SubmissionState
from portal.opening import unsealing as opening
from portal.standings.models import ProtectedValue
from portal.translog import selectors as log
from portal.translog.models import LogEntry
from tests.integration.portal_cast import (
    DATA_ROOT,
    NOW,
    PERIOD,
    Cast,
    Plant,
    deliver,
    make_cast,
    open_waiting,
    processing_public,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

OTHER_ROOT = b"\x02" * 32
ADDRESS = "/api/v1/commitments/"


def build_scene() -> Cast:
    return make_cast()


def commitment(
    plant: Plant,
    revision: int = 1,
    root: bytes = DATA_ROOT,
    period: str = PERIOD,
    key: DeviceKey | None = None,
) -> bytes:
    what = ReportCommitment(plant.site.slug, period, revision, root)
    return commitments.commit(what, str(plant.device.pk), key or plant.key)


def post(client: Client, body: bytes) -> Any:
    return client.post(ADDRESS, body, content_type="application/cbor")


def stored() -> tuple[int, int]:
    return Commitment.objects.count(), LogEntry.objects.filter(kind=EntryKind.COMMITMENT).count()


def challenge_of(answer: Any) -> challenges.Challenge:
    return challenges.read(
        base64.b64decode(answer.json()["challenge"]),
        keys.published_directory().content.receipt_keys(),
    )


def test_a_commitment_is_logged_and_answered_with_a_signed_challenge(
    client: Client, cast: Cast
) -> None:
    raw = commitment(cast.plants[0])
    answer = post(client, raw)
    assert answer.status_code == 201
    challenge = challenge_of(answer)
    assert (challenge.commitment, challenge.log_index) == (
        commitments.parse(raw).commitment,
        answer.json()["log_index"],
    )
    entry = LogEntry.objects.get(index=challenge.log_index)
    assert (entry.kind, entry.digest) == (EntryKind.COMMITMENT, challenge.commitment.digest)
    assert log.first_fault() is None


def test_the_same_commitment_gets_the_same_challenge_by_whichever_device_and_after_the_period_has_closed(
    client: Client, cast: Cast
) -> None:
    plant = cast.plants[0]
    first = post(client, commitment(plant))
    again = post(client, commitment(plant))
    token = accounts.issue_token(plant.site, None, keys.published_directory().fingerprint, NOW)
    key = DeviceKey.generate()
    device = accounts.enrol(
        token.split(".")[1], key.public.hex, "0" * 63 + "1", "steplabel-agent/test", NOW
    ).device
    close_period(cast.period, "test", NOW)
    renewed = post(
        client,
        commitments.commit(
            ReportCommitment(plant.site.slug, PERIOD, 1, DATA_ROOT), str(device.pk), key
        ),
    )
    assert [answer.status_code for answer in (first, again, renewed)] == [201, 200, 200]
    assert len({answer.json()["challenge"] for answer in (first, again, renewed)}) == 1
    assert stored() == (1, 1)


def test_challenges_are_drawn_anew_for_every_commitment(client: Client, cast: Cast) -> None:
    nonces = {challenge_of(post(client, commitment(plant))).nonce for plant in cast.plants}
    assert len(nonces) == len(cast.plants)


def test_other_data_for_the_same_revision_are_refused_and_say_what_to_do(
    client: Client, cast: Cast
) -> None:
    post(client, commitment(cast.plants[0]))
    refused = post(client, commitment(cast.plants[0], root=OTHER_ROOT))
    assert (refused.status_code, refused.json()["code"]) == (409, "commitment-conflict")
    assert "--correct" in refused.json()["remedy"]
    assert "challenge" not in refused.json()
    assert stored() == (1, 1)


def test_a_plant_has_as_many_looks_as_the_policy_has_corrections_and_one(
    client: Client, cast: Cast
) -> None:
    """Every commitment is a look at a draw; whoever changed the agent's ledger meets the same rule
    here.
    """
    plant = cast.plants[0]
    answers = [
        post(client, commitment(plant, revision, bytes([revision]) * 32)) for revision in (1, 2, 3)
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 422]
    assert answers[-1].json()["code"] == "corrections-used"
    quarters = make_peer_group(
        "cement", cast.nation, [plant.site], route="clinker"
    )  # periods of one group never overlap
    open_period(quarters, f"{PERIOD}-Q1", "test", NOW)
    of_quarter = [
        post(client, commitment(plant, revision, OTHER_ROOT, f"{PERIOD}-Q1")) for revision in (1, 2)
    ]
    assert [answer.status_code for answer in of_quarter] == [201, 422]  # of the same year
    open_period(cast.group, "2017", "test", NOW)
    of_next_year = [
        post(client, commitment(plant, revision, OTHER_ROOT, "2017")) for revision in (1, 2)
    ]
    assert [answer.status_code for answer in of_next_year] == [201, 201]


def test_with_that_rule_off_a_plant_looks_as_often_as_it_likes(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.intake import commitments as services

    monkeypatch.setattr(services, "_require_correction_left", lambda *_: None)
    answers = [
        post(client, commitment(cast.plants[0], revision, bytes([revision]) * 32))
        for revision in range(1, 10)
    ]
    assert {answer.status_code for answer in answers} == {201}


def _revoked(cast: Cast) -> bytes:
    accounts.revoke(cast.plants[0].device, cast.drafter, NOW)
    return commitment(cast.plants[0])


def _closed(cast: Cast) -> bytes:
    close_period(cast.period, "test", NOW)
    return commitment(cast.plants[0])


def _of_other_sites_device(cast: Cast) -> bytes:
    plant, other = cast.plants
    return commitments.commit(
        ReportCommitment(plant.site.slug, PERIOD, 1, DATA_ROOT), str(other.device.pk), other.key
    )


BAD: dict[str, tuple[Callable[[Cast], bytes], int, str]] = {
    "empty": (lambda _: b"", 400, "body-empty"),
    "noise": (lambda _: b"\xff" * 100, 400, "cbor-malformed"),
    "an envelope": (
        lambda cast: cast.plants[1].envelope(cast.pack, committed=False),
        400,
        "field-missing",
    ),
    "signed by another key": (
        lambda cast: commitment(cast.plants[0], key=DeviceKey.generate()),
        401,
        "commitment-signature-invalid",
    ),
    "a device of another site": (_of_other_sites_device, 401, "device-unknown"),
    "a revoked device": (_revoked, 401, "device-revoked"),
    "a period that nobody opened": (
        lambda cast: commitment(cast.plants[0], period="2015"),
        422,
        "period-not-open",
    ),
    "a closed period": (_closed, 422, "period-not-open"),
    "a revision before its turn": (
        lambda cast: commitment(cast.plants[0], revision=2),
        422,
        "revision-out-of-order",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_refused_with_its_reason_and_leaves_no_trace(
    client: Client, cast: Cast, name: str
) -> None:
    make, status, code = BAD[name]
    answer = post(client, make(cast))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert stored() == (0, 0)


def test_a_device_is_told_every_challenge_of_its_site_and_nobody_elses(
    client: Client, cast: Cast
) -> None:
    answers = [post(client, commitment(plant)).json()["challenge"] for plant in cast.plants]
    plant = cast.plants[0]
    signature = device_requests.sign_request(
        "GET", ADDRESS, str(plant.device.pk), timezone.now(), plant.key
    )
    challenges = client.get(ADDRESS, headers={device_requests.HTTP_HEADER: signature}).json()
    assert [row["challenge"] for row in challenges] == answers[:1]
    forged = device_requests.sign_request(
        "GET", ADDRESS, str(plant.device.pk), timezone.now(), DeviceKey.generate()
    )
    assert client.get(ADDRESS, headers={device_requests.HTTP_HEADER: forged}).status_code == 401


def test_a_revision_that_was_committed_to_and_given_up_does_not_stand_in_the_way_of_the_next(
    client: Client, cast: Cast
) -> None:
    plant = cast.plants[0]
    assert post(client, commitment(plant)).status_code == 201
    stored = deliver(plant.envelope(cast.pack, revision=2))
    assert stored.created
    open_waiting()
    assert Submission.objects.get().state == SubmissionState.ACCEPTED


# By hand


def hand_in(client: Client, content: bytes) -> Any:
    return client.post(
        reverse("web:upload"), {"sealed": SimpleUploadedFile("report.sealed.commitment", content)}
    )


def test_a_commitment_carried_by_hand_gets_its_challenge_as_a_file(
    client: Client, cast: Cast
) -> None:
    plant = cast.plants[0]
    client.force_login(plant.owner)
    answer = hand_in(client, commitment(plant))
    assert answer.status_code == 200
    assert (
        answer["Content-Disposition"]
        == f'attachment; filename="challenge-{plant.site.slug}-{PERIOD}-r1.cbor"'
    )
    by_wire = base64.b64decode(post(client, commitment(plant)).json()["challenge"])
    assert answer.content == by_wire
    assert hand_in(client, commitment(plant)).content == by_wire


def test_a_person_hands_in_commitments_of_own_plants_only(client: Client, cast: Cast) -> None:
    plant, other = cast.plants
    client.force_login(plant.owner)
    refused = hand_in(client, commitment(other))
    assert (refused.status_code, stored()) == (400, (0, 0))
    assert "not one of yours" in refused.content.decode()


def test_what_is_wrong_with_a_commitment_by_hand_is_told_on_the_page(
    client: Client, cast: Cast
) -> None:
    plant = cast.plants[0]
    client.force_login(plant.owner)
    hand_in(client, commitment(plant))
    refused = hand_in(client, commitment(plant, root=OTHER_ROOT))
    assert refused.status_code == 400
    assert "committed to other data" in refused.content.decode()


# The worker


def altered(
    cast: Cast, change: Callable[[Report], Report], *, committed: bool = True
) -> Submission:
    """A report that the door let in: it asks for a commitment, the worker asks again."""
    plant = cast.plants[0]
    report = change(plant.report(cast.pack, committed=committed))
    raw = envelope.build(report, plant.header(), plant.key, processing_public())
    with pytest.MonkeyPatch.context() as door:
        if not committed:
            door.setattr(admission, "_require_commitment", lambda *_: None)
        return deliver(raw).submission


CHANGES: dict[str, tuple[Callable[[Report], Report], bool]] = {
    "commitment-missing": (lambda report: report, False),
    "data-root-mismatch": (lambda report: replace(report, data_root=OTHER_ROOT), True),
    "challenge-mismatch": (lambda report: replace(report, challenge=OTHER_ROOT), True),
}


@pytest.mark.parametrize("code", CHANGES)
def test_a_report_of_other_data_or_another_challenge_is_refused_and_never_counted(
    cast: Cast, code: str
) -> None:
    change, committed = CHANGES[code]
    row = altered(cast, change, committed=committed)
    assert open_waiting() == opening.SweepCounts(accepted=0, refused=1)
    row.refresh_from_db()
    assert (row.state, row.reason_code) == (SubmissionState.REFUSED, code)
    assert ProtectedValue.objects.count() == 0


@pytest.mark.parametrize("code", CHANGES)
def test_with_that_check_off_it_would_be_counted(
    cast: Cast, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, committed = CHANGES[code]
    monkeypatch.setattr(opening, "_require_commitment", lambda *_: None)
    altered(cast, change, committed=committed)
    assert open_waiting() == opening.SweepCounts(accepted=1, refused=0)


def test_a_challenge_of_another_revision_is_no_challenge_for_this_one(cast: Cast) -> None:
    plant = cast.plants[0]
    second = plant.challenge(2)
    row = altered(cast, lambda report: replace(report, challenge=second))
    opening.sweep(keys.processing_key(), lambda: NOW + timedelta(minutes=1))
    row.refresh_from_db()
    assert row.reason_code == "challenge-mismatch"
    with pytest.raises(VerificationError):
        opening.opened(row, keys.processing_key())
