"""Three thousand envelopes changed on the way (a hundred thousand in the long form): none is taken,
none is a server error.

Outside by HTTP, where nobody who changes an envelope holds a device's key. Inside by a device that
is enrolled and hostile: it signs whatever it likes, and the worker must refuse every report that
its agent would not have written.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from django.test import Client

from benchmarks.errors import VerificationError
from benchmarks.wire import envelope, sealing
from benchmarks.wire.canonical import encode
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.records import VERSION
from benchmarks.wire.schema import Header, Report, decode_report, encode_report
from benchmarks.wire.signing import DeviceKey, Purpose, VerifyingKey
from portal.intake.api import SubmissionsView
from portal.intake.models import Submission
from portal.translog.models import LogEntry
from tests.attacks.conftest import State
from tests.attacks.mutation import MUTATIONS, mutated
from tests.attacks.table import Row
from tests.integration.portal_cast import Cast, make_cast

IN_CI, IN_LONG = 3_000, 100_000
REFUSALS = {400, 401, 409, 413, 422}


@pytest.fixture
def cast(portal_keys: object) -> Cast:
    return make_cast()


def hammer(client: Client, cast: Cast, count: int, seed: int) -> Counter[tuple[str, int]]:
    """Send `count` changed envelopes; how often each kind of change was answered with each
    status.
    """
    first, second = (plant.envelope(cast.pack) for plant in cast.plants[:2])
    chance = np.random.default_rng(seed)
    answers: Counter[tuple[str, int]] = Counter()
    for _ in range(count):
        kind, body = mutated(first, second, chance)
        answer = client.post("/api/v1/submissions/", body, content_type="application/cbor")
        answers[kind, answer.status_code] += 1
    return answers


def status_table(answers: Counter[tuple[str, int]]) -> str:
    statuses = sorted({status for _, status in answers})
    lines = [
        "| changed | " + " | ".join(map(str, statuses)) + " |",
        "|---" * (len(statuses) + 1) + "|",
    ]
    lines += [
        f"| {kind} | " + " | ".join(f"{answers[kind, status]:,}" for status in statuses) + " |"
        for kind in MUTATIONS
    ]
    return "\n".join(lines)


@pytest.mark.django_db
@pytest.mark.usefixtures("portal_keys")
@pytest.mark.parametrize(
    "count",
    [pytest.param(IN_CI, id="ci"), pytest.param(IN_LONG, id="long", marks=pytest.mark.long)],
)
@pytest.mark.timeout(1800)
def test_no_changed_envelope_is_taken_and_none_is_a_server_error(
    client: Client, cast: Cast, count: int, monkeypatch: pytest.MonkeyPatch, stated: State
) -> None:
    monkeypatch.setattr(
        SubmissionsView, "throttle_classes", ()
    )  # a 429 would hide what intake itself says
    answers = hammer(client, cast, count, seed=2026)
    print("\n" + status_table(answers))
    assert {status for _, status in answers} <= REFUSALS
    assert {kind for kind, _ in answers} == set(MUTATIONS)
    assert (
        Submission.objects.count(),
        LogEntry.objects.filter(kind=EntryKind.ENVELOPE).count(),
    ) == (0, 0)

    monkeypatch.setattr(VerifyingKey, "accepts", lambda *_: True)
    let_in = sum(
        number
        for (_, status), number in hammer(client, cast, 300, seed=2026).items()
        if status == 201
    )
    assert let_in > 0
    if count == IN_CI:
        stated(
            Row(
                "mutation",
                "envelopes changed on the way, in ten ways",
                "one spelling; outer signature",
                "0 taken, 0 server errors",
                f"0 and 0 of {count:,}",
                "signature not checked: let in",
            )
        )


def forged_inside(
    report: Report,
    header: Header,
    key: DeviceKey,
    recipient: sealing.ProcessingPublicKey,
    chance: Any,
) -> bytes:
    """An envelope that the device signed outside over a report changed inside, signed inside too or
    not.
    """
    _, written = _changed_inside(encode_report(report), chance)
    signature = key.sign(Purpose.REPORT, {"header": header.to_wire(), "report": written})
    if chance.random() < 0.3:
        signature = bytes(chance.bytes(64))
    sealed = sealing.seal(recipient, header, encode({"report": written, "signature": signature}))
    outer = key.sign(Purpose.ENVELOPE, {"v": VERSION, "header": header.to_wire(), "sealed": sealed})
    return encode({"v": VERSION, "header": header.to_wire(), "sealed": sealed, "signature": outer})


def _changed_inside(written: bytes, chance: Any) -> tuple[str, bytes]:
    names = [
        name for name in MUTATIONS if name not in {"a field changed", "parts spliced"}
    ]  # those know an envelope's fields
    while True:
        name = names[int(chance.integers(len(names)))]
        changed = MUTATIONS[name](written, written[::-1], chance)
        if changed != written:
            return name, changed


@pytest.mark.parametrize(
    "count", [pytest.param(500, id="ci"), pytest.param(20_000, id="long", marks=pytest.mark.long)]
)
@pytest.mark.timeout(1800)
def test_a_report_changed_inside_by_a_hostile_device_opens_as_a_good_report_or_not_at_all(
    count: int,
) -> None:
    """What opens must be a report that could have been written: it is spelled in one way, and every
    field is in its range.
    """
    from tests.performance import sample

    device, key = DeviceKey.generate(), sealing.generate()
    header = Header("works-2", sample.PERIOD, 1, key.key_id, "device-7", 18)
    report = sample.report("works-2")
    chance = np.random.default_rng(7)
    refusals: Counter[str] = Counter()
    for _ in range(count):
        raw = forged_inside(report, header, device, key.public, chance)
        try:
            opened = envelope.open(envelope.parse(raw), key, device.public)
        except VerificationError as refusal:
            refusals[refusal.code] += 1
        else:
            assert opened != report
            assert decode_report(encode_report(opened)) == opened
            assert opened.released.site == "works-2"
            refusals["another report, well-formed"] += 1
    print("\n" + "\n".join(f"{code}: {number:,}" for code, number in refusals.most_common()))
    assert refusals["inner-signature-invalid"] > 0
    assert refusals["cbor-malformed"] > 0
