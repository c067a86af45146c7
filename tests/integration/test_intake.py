"""POST /api/v1/submissions/: what gets in, what does not, and that a refusal leaves nothing
behind.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings
from rest_framework.throttling import ScopedRateThrottle

from benchmarks.wire import MAX_ENVELOPE_BYTES, receipts
from benchmarks.wire import envelope as envelopes
from benchmarks.wire.canonical import decode, encode
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.signing import DeviceKey
from portal import keys
from portal.accounts.enrolling import revoke
from portal.auditlog.models import Event
from portal.catalogue.periods import close_period, open_period
from portal.intake.models import Submission, SubmissionState
from portal.translog.models import LogEntry
from tests.integration.portal_cast import NOW, Cast, make_cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("portal_keys")]


def build_scene() -> Cast:
    return make_cast()


def post(client: Client, body: bytes, **more: Any) -> Any:
    return client.post("/api/v1/submissions/", body, content_type="application/cbor", **more)


def stored() -> tuple[int, int, int]:
    logged = LogEntry.objects.filter(kind=EntryKind.ENVELOPE).count()
    return (
        Submission.objects.count(),
        logged,
        Event.objects.filter(action="submission.received").count(),
    )


def test_a_sealed_envelope_is_taken_and_its_receipt_verifies(client: Client, cast: Cast) -> None:
    sent = cast.plants[0].envelope(cast.pack)
    answer = post(client, sent)
    assert answer.status_code == 201
    body = answer.json()
    receipt = receipts.verify(
        base64.b64decode(body["receipt"]), keys.published_directory().content.receipt_keys(), sent
    )
    logged = LogEntry.objects.get(digest=receipt.envelope_digest).index
    assert (receipt.log_index, body["log_index"], body["state"]) == (logged, logged, "received")
    assert stored() == (1, 1, 1)


def test_the_same_envelope_again_brings_the_same_receipt_and_no_second_row(
    client: Client, cast: Cast
) -> None:
    sent = cast.plants[0].envelope(cast.pack)
    first, again = post(client, sent), post(client, sent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["receipt"] == again.json()["receipt"]
    assert stored() == (1, 1, 1)


def test_an_envelope_replayed_after_the_period_has_closed_brings_its_receipt_and_changes_nothing(
    client: Client, cast: Cast
) -> None:
    sent = cast.plants[0].envelope(cast.pack)
    first = post(client, sent)
    close_period(cast.period, "test", NOW)
    again = post(client, sent)
    assert (again.status_code, again.json()["receipt"]) == (200, first.json()["receipt"])
    assert stored() == (1, 1, 1)


def test_an_envelope_replayed_by_a_device_since_revoked_is_refused_and_what_was_taken_stands(
    client: Client, cast: Cast
) -> None:
    sent = cast.plants[0].envelope(cast.pack)
    digest = post(client, sent).json()["submission"]
    revoke(cast.plants[0].device, cast.drafter, NOW)
    again = post(client, sent)
    assert (again.status_code, again.json()["code"]) == (401, "device-revoked")
    assert client.get(f"/api/v1/submissions/{digest}/").json()["state"] == SubmissionState.RECEIVED
    assert stored() == (1, 1, 1)


@pytest.mark.parametrize("field", [{"period": "2015"}, {"revision": 2}, {"ledger_sequence": 2}])
def test_a_sealed_report_replayed_under_another_header_is_refused(
    client: Client, cast: Cast, field: dict[str, Any]
) -> None:
    plant = cast.plants[0]
    post(client, plant.envelope(cast.pack))
    open_period(cast.group, "2015", "test", NOW)
    content = decode(plant.envelope(cast.pack))
    assert isinstance(content, dict)
    content["header"] = {**plant.header().to_wire(), **field}
    answer = post(client, encode(content))
    assert (answer.status_code, answer.json()["code"]) == (401, "outer-signature-invalid")
    assert stored() == (1, 1, 1)


def test_another_envelope_for_the_same_revision_is_a_conflict(client: Client, cast: Cast) -> None:
    post(client, cast.plants[0].envelope(cast.pack))
    answer = post(client, cast.plants[0].envelope(cast.pack, shift=1))
    assert (answer.status_code, answer.json()["code"]) == (409, "revision-conflict")
    assert stored() == (1, 1, 1)


def test_revisions_come_one_after_the_other(client: Client, cast: Cast) -> None:
    plant = cast.plants[0]
    early = post(client, plant.envelope(cast.pack, revision=2, committed=False))
    assert (early.status_code, early.json()["code"]) == (422, "revision-out-of-order")
    assert [post(client, plant.envelope(cast.pack, revision=r)).status_code for r in (1, 2)] == [
        201,
        201,
    ]
    skipped = post(client, plant.envelope(cast.pack, revision=4, committed=False))
    assert (skipped.status_code, skipped.json()["code"]) == (422, "revision-out-of-order")


def test_a_report_whose_data_nobody_committed_to_is_refused_at_the_door(
    client: Client, cast: Cast
) -> None:
    plant = cast.plants[0]
    answer = post(client, plant.envelope(cast.pack, committed=False))
    assert (answer.status_code, answer.json()["code"]) == (422, "commitment-missing")
    assert "commits to the data first" in answer.json()["remedy"]
    assert stored() == (0, 0, 0)
    plant.challenge()
    assert post(client, plant.envelope(cast.pack)).status_code == 201


def _altered(cast: Cast) -> bytes:
    sent = bytearray(cast.plants[0].envelope(cast.pack))
    sent[len(sent) // 2] ^= 1
    return bytes(sent)


def _of_unknown_device(cast: Cast) -> bytes:
    plant = cast.plants[0]
    header = plant.header()
    stranger = type(header)(
        header.site,
        header.period,
        header.revision,
        header.key_id,
        "11111111-1111-4111-8111-111111111111",
        1,
    )
    return envelopes.build(
        plant.report(cast.pack),
        stranger,
        plant.key,
        keys.published_directory().content.processing_key(NOW.date()),
    )


def _of_other_sites_device(cast: Cast) -> bytes:
    plant, other = cast.plants
    header = plant.header()
    borrowed = type(header)(
        header.site, header.period, header.revision, header.key_id, str(other.device.pk), 1
    )
    return envelopes.build(
        plant.report(cast.pack),
        borrowed,
        other.key,
        keys.published_directory().content.processing_key(NOW.date()),
    )


def _signed_by_another_key(cast: Cast) -> bytes:
    plant = cast.plants[0]
    return envelopes.build(
        plant.report(cast.pack),
        plant.header(),
        DeviceKey.generate(),
        keys.published_directory().content.processing_key(NOW.date()),
    )


def _of_revoked_device(cast: Cast) -> bytes:
    revoke(cast.plants[0].device, cast.drafter, NOW)
    return cast.plants[0].envelope(cast.pack)


def _of_closed_period(cast: Cast) -> bytes:
    close_period(cast.period, "test", NOW)
    return cast.plants[0].envelope(cast.pack)


BAD: dict[str, tuple[Callable[[Cast], bytes], int, str]] = {
    "empty": (lambda _: b"", 400, "body-empty"),
    "noise": (lambda _: b"\xff" * 100, 400, "cbor-malformed"),
    "truncated": (lambda cast: cast.plants[0].envelope(cast.pack)[:-10], 400, "cbor-malformed"),
    "with a tail": (
        lambda cast: cast.plants[0].envelope(cast.pack) + b"\x00",
        400,
        "cbor-malformed",
    ),
    "one bit altered": (_altered, 401, "outer-signature-invalid"),
    "unknown device": (_of_unknown_device, 401, "device-unknown"),
    "a device of another site": (_of_other_sites_device, 401, "device-unknown"),
    "signed by another key": (_signed_by_another_key, 401, "outer-signature-invalid"),
    "revoked device": (_of_revoked_device, 401, "device-revoked"),
    "period that nobody opened": (
        lambda cast: cast.plants[0].envelope(cast.pack, period="2015"),
        422,
        "period-not-open",
    ),
    "closed period": (_of_closed_period, 422, "period-not-open"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_refused_with_its_reason_and_nothing_is_stored(
    client: Client, cast: Cast, name: str
) -> None:
    make, status, code = BAD[name]
    answer = post(client, make(cast))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "remedy"} <= answer.json().keys()
    assert stored() == (0, 0, 0)


def test_a_body_above_the_limit_is_refused_before_it_is_read(client: Client, cast: Cast) -> None:
    answer = post(client, bytes(MAX_ENVELOPE_BYTES + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert stored() == (0, 0, 0)


def test_a_body_of_100_mb_is_refused_by_what_it_declares(client: Client, cast: Cast) -> None:
    class Unreadable(io.BytesIO):
        def read(self, *_args: Any) -> bytes:
            raise AssertionError("the body was read")

    declared: dict[str, Any] = {"CONTENT_LENGTH": "100000000", "wsgi.input": Unreadable()}
    answer = post(client, b"", **declared)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert stored() == (0, 0, 0)


def test_a_body_that_does_not_say_its_length_is_refused(client: Client, cast: Cast) -> None:
    answer = post(
        client, cast.plants[0].envelope(cast.pack), headers={"Transfer-Encoding": "chunked"}
    )
    assert (answer.status_code, answer.json()["code"]) == (411, "length-required")
    assert stored() == (0, 0, 0)


def test_a_body_of_another_kind_is_refused(client: Client, cast: Cast) -> None:
    answer = client.post("/api/v1/submissions/", {"a": 1}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")


@pytest.fixture
def two_a_minute(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """So many reports of one network, for as long as a test counts them."""
    cache.clear()
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"submissions": "2/min"})
    yield
    cache.clear()


@pytest.mark.usefixtures("two_a_minute")
def test_too_many_requests_are_told_when_to_come_back(
    client: Client, cast: Cast, settings: Settings
) -> None:
    settings.DEVICE_RATE = None
    sent = cast.plants[0].envelope(cast.pack)
    answers = [post(client, sent) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 200, 429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert (answers[-1]["Content-Type"], answers[-1].json()["code"]) == (
        "application/problem+json",
        "too-many-requests",
    )


@pytest.mark.usefixtures("two_a_minute")
def test_sites_that_share_an_address_are_counted_by_their_devices(
    client: Client, cast: Cast, settings: Settings
) -> None:
    settings.DEVICE_RATE = (1, 60)
    group = [plant.envelope(cast.pack) for plant in cast.plants]
    assert [post(client, sent).status_code for sent in group] == [201, 201]
    assert [post(client, group[0]).status_code for _ in range(3)] == [
        200,
        200,
        429,
    ]  # beyond its own rate it counts for its network: alone, the first would be the last


@pytest.mark.usefixtures("two_a_minute")
def test_who_only_names_a_device_is_counted_by_network(
    client: Client, cast: Cast, settings: Settings
) -> None:
    settings.DEVICE_RATE = (30, 60)
    sent = cast.plants[0].envelope(cast.pack)
    forged = sent[:-1] + bytes([sent[-1] ^ 1])
    assert [post(client, forged).status_code for _ in range(3)] == [401, 401, 429]


def test_the_state_of_a_submission_can_be_asked_by_its_digest(client: Client, cast: Cast) -> None:
    digest = post(client, cast.plants[0].envelope(cast.pack)).json()["submission"]
    answer = client.get(f"/api/v1/submissions/{digest}/")
    assert (answer.status_code, answer.json()["state"]) == (200, SubmissionState.RECEIVED)
    assert client.get(f"/api/v1/submissions/{'0' * 64}/").status_code == 404


def test_a_device_asks_what_the_portal_holds_of_its_site_and_nobody_elses(
    client: Client, cast: Cast
) -> None:
    from django.utils import timezone

    from benchmarks.wire import device_requests

    for plant in cast.plants:
        post(client, plant.envelope(cast.pack))
    plant = cast.plants[0]
    path = "/api/v1/submissions/"
    signature = device_requests.sign_request(
        "GET", path, str(plant.device.pk), timezone.now(), plant.key
    )
    answer = client.get(path, headers={device_requests.HTTP_HEADER: signature})
    assert [row["site"] for row in answer.json()] == [plant.site.slug]
    forged = device_requests.sign_request(
        "GET", path, str(plant.device.pk), timezone.now(), DeviceKey.generate()
    )
    refused = client.get(path, headers={device_requests.HTTP_HEADER: forged})
    assert (refused.status_code, refused.json()["code"]) == (401, "request-signature-invalid")
    assert client.get(path).status_code == 400
