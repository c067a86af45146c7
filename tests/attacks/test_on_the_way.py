"""Between plant and worker: replays, splices of one plant's seal with another's header, floods.
Each refused under its code.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings
from rest_framework.throttling import ScopedRateThrottle

from benchmarks.errors import VerificationError
from benchmarks.wire import MAX_ENVELOPE_BYTES, envelope, sealing
from benchmarks.wire.canonical import encode
from benchmarks.wire.records import VERSION
from benchmarks.wire.schema import Header
from benchmarks.wire.signing import DeviceKey, Purpose, VerifyingKey
from portal import keys, request_sizes
from portal.intake import admission
from portal.intake.api import SubmissionsView
from portal.intake.models import Submission, SubmissionState
from portal.opening import unsealing as opening
from tests.attacks.conftest import State
from tests.attacks.table import Row
from tests.integration.portal_cast import PERIOD, Cast, make_cast

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


@pytest.fixture
def cast(portal_keys: object) -> Cast:
    return make_cast()


@pytest.fixture
def unthrottled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SubmissionsView, "throttle_classes", ())


def post(client: Client, body: bytes, **more: Any) -> Any:
    return client.post("/api/v1/submissions/", body, content_type="application/cbor", **more)


# One report, counted twice


def replays(cast: Cast) -> list[bytes]:
    """The same bytes; the same report sealed anew; the same report as the revisions after it."""
    plant = cast.plants[0]
    same = plant.envelope(cast.pack)
    again = [plant.envelope(cast.pack) for _ in range(5)]
    later = [
        plant.envelope(cast.pack, revision=revision, committed=False) for revision in range(2, 7)
    ]
    return [same, *[same] * 5, *again, *later]


@pytest.mark.usefixtures("unthrottled")
def test_a_report_counts_once_however_often_it_comes(
    stated: State, client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = replays(cast)
    answers = [post(client, body) for body in sent]
    assert [answer.status_code for answer in answers] == [201, *[200] * 5, *[409] * 5, *[422] * 5]
    assert {answer.json()["code"] for answer in answers[6:11]} == {"revision-conflict"}
    assert len({answer.json()["receipt"] for answer in answers[:6]}) == 1
    # nothing was committed to under the later revisions
    assert [answer.json()["code"] for answer in answers[11:]] == [
        "commitment-missing",
        *["revision-out-of-order"] * 4,
    ]
    assert counted() == 1

    for module in (admission, opening):  # the door asks, and the worker again
        monkeypatch.setattr(module, "_require_commitment", lambda *_: None)
    assert [post(client, body).status_code for body in sent[11:]] == [201] * 5
    unbound = counted()
    assert unbound == 6

    stated(
        Row(
            "replay",
            "one report sent again: same bytes, sealed anew, as later revisions",
            "one envelope a revision; one commitment a revision",
            "accepted once",
            f"accepted once in {len(sent)}: same receipt, `revision-conflict`, "
            "`commitment-missing`",
            f"commitment not asked for: accepted {unbound} times",
        )
    )


def counted() -> int:
    """Envelopes that the worker has accepted, those included that a later revision stands for."""
    opening.sweep(keys.processing_key(), timezone.now)
    return Submission.objects.filter(
        state__in=(SubmissionState.ACCEPTED, SubmissionState.SUPERSEDED)
    ).count()


# Another's report passed off as one's own


def passed_off(cast: Cast, thief: DeviceKey, header: Header) -> bytes:
    """The first plant's sealed report under the thief's header, signed outside by the thief."""
    sealed = envelope.parse(cast.plants[0].envelope(cast.pack)).sealed
    signature = thief.sign(
        Purpose.ENVELOPE, {"v": VERSION, "header": header.to_wire(), "sealed": sealed}
    )
    return encode(
        {
            "v": VERSION,
            "header": header.to_wire(),
            "sealed": sealed,
            "signature": signature,
        }
    )


def opened(raw: bytes, key: sealing.ProcessingKey, device: VerifyingKey) -> str:
    """The code under which the worker refuses, or whose report it takes it for."""
    parsed = envelope.parse(raw)
    try:
        envelope.open(parsed, key, device)
    except VerificationError as refusal:
        return refusal.code
    return parsed.header.site


@pytest.mark.usefixtures("unthrottled")
def test_a_sealed_report_does_not_pass_under_another_header(
    stated: State, client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant, thief = cast.plants
    own = thief.header()
    changed = [
        dataclasses.replace(plant.header(), **change)
        for change in ({"period": "2015"}, {"revision": 2}, {"ledger_sequence": 9})
    ]
    good = envelope.parse(plant.envelope(cast.pack))
    unsigned = [
        encode(
            {"v": 1, "header": header.to_wire(), "sealed": good.sealed, "signature": good.signature}
        )
        for header in (*changed, own)
    ]
    at_door = [post(client, body) for body in unsigned]
    assert {(answer.status_code, answer.json()["code"]) for answer in at_door} == {
        (401, "outer-signature-invalid")
    }

    monkeypatch.setattr(
        sealing, "_info", lambda _header: b""
    )  # what was sealed while the header was not bound in
    loose = passed_off(cast, thief.key, own)
    monkeypatch.undo()
    raw = passed_off(cast, thief.key, own)
    layers: list[tuple[object, str, Callable[..., Any]]] = [
        (sealing, "_info", lambda _header: b""),
        (VerifyingKey, "accepts", lambda *_: True),
        (envelope, "_require_same_subject", lambda *_: None),
    ]
    codes = [opened(raw, keys.processing_key(), thief.key.public)]
    for module, name, nothing in layers:
        monkeypatch.setattr(module, name, nothing)
        codes.append(opened(loose, keys.processing_key(), thief.key.public))
    assert codes == ["seal-broken", "inner-signature-invalid", "header-mismatch", thief.site.slug]

    stated(
        Row(
            "splice",
            "one plant's sealed report under another's header",
            "outer signature; header bound into the seal; inner signature; same subject",
            "0 taken",
            f"0 of {len(unsigned) + 1}: `outer-signature-invalid` at the door, `{codes[0]}` at "
            "the worker",
            f"seal unbound: `{codes[1]}`; unsigned too: `{codes[2]}`; all off: taken as the "
            "thief's",
        )
    )


# Size and number


class Unreadable(io.BytesIO):
    """A body of 100 MB that nobody may touch; `touched` says whether somebody did."""

    touched = False

    def read(self, *_args: Any) -> bytes:
        self.touched = True
        return b""


def test_floods_are_turned_away_unread(
    stated: State, client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    cache.clear()
    settings.DEVICE_RATE = (2, 60)  # of which its network bears nothing
    large = Unreadable()
    declared: dict[str, Any] = {
        "CONTENT_TYPE": "application/cbor",
        "CONTENT_LENGTH": "100000000",
        "wsgi.input": large,
    }
    sent = cast.plants[0].envelope(cast.pack)
    sizes = [post(client, b"", **declared), post(client, bytes(MAX_ENVELOPE_BYTES + 1))]
    chunked = post(client, sent, headers={"Transfer-Encoding": "chunked"})
    assert [answer.status_code for answer in (*sizes, chunked)] == [413, 413, 411]
    assert not large.touched
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"submissions": "5/min"})
    statuses = [post(client, sent).status_code for _ in range(50)]
    cache.clear()
    assert statuses == [201, *[200] * 6, *[429] * 43]

    monkeypatch.setattr(request_sizes, "MAX_ENVELOPE_BYTES", 10**9)
    monkeypatch.setattr(SubmissionsView, "throttle_classes", ())
    post(client, b"", **declared)
    assert large.touched
    assert [post(client, sent).status_code for _ in range(10)] == [200] * 10

    stated(
        Row(
            "flood",
            "100 MB, chunks of no stated length, 50 requests of a device in a minute where 2 are "
            "its own and 5 its network's",
            "length looked at before the body; rates",
            "0 bytes read; 7 answered",
            f"413 unread, 411; {statuses.count(429)} of 50 answered 429",
            "no limit: the body is read; no rate: all answered",
        )
    )


def test_the_cast_reports_the_period_that_is_open(cast: Cast) -> None:
    """What the rows above rest on: without the attack, the report is taken."""
    assert cast.period.name == PERIOD
    assert post(Client(), cast.plants[1].envelope(cast.pack)).status_code == 201
