"""What a device commits to before it draws, and what the portal answers: signed, bound to each
other, and the same every time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from benchmarks.errors import VerificationError
from benchmarks.wire import canonical, challenges, commitments
from benchmarks.wire.challenges import AnsweredCommitment, LedgerStand
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.records import VERSION
from benchmarks.wire.signing import DeviceKey, Purpose, ReceiptKey

DAY = date(2017, 1, 16)
RECEIPT_KEY = ReceiptKey.generate()
KNOWN = {RECEIPT_KEY.key_id: RECEIPT_KEY.public}
COMMITMENT = ReportCommitment("works-2", "2016", 1, bytes(range(32)))
NONCE = bytes(range(32, 64))
ENROLLED = bytes(range(64, 96))
LEDGER = LedgerStand(
    3, (AnsweredCommitment(1, "2015", 1, bytes(32)), AnsweredCommitment(2, "2015", 2, b"\x01" * 32))
)


def code_of(attempt: Callable[[], object]) -> str:
    with pytest.raises(VerificationError) as refusal:
        attempt()
    return refusal.value.code


def edited(raw: bytes, change: Callable[[Any], object]) -> bytes:
    content: Any = canonical.decode(raw)
    change(content)
    return canonical.encode(content)


@pytest.fixture(scope="module")
def raw(device_key: DeviceKey) -> bytes:
    return commitments.commit(COMMITMENT, "device-7", device_key)


@pytest.fixture(scope="module")
def challenge() -> bytes:
    return challenges.issue(COMMITMENT, NONCE, 40, DAY, ENROLLED, LEDGER, RECEIPT_KEY)


def test_a_commitment_reads_back_and_holds_for_its_device_only(
    raw: bytes, device_key: DeviceKey, other_device_key: DeviceKey
) -> None:
    signed = commitments.parse(raw)
    assert (signed.commitment, signed.device_id) == (COMMITMENT, "device-7")
    commitments.verify(signed, device_key.public)
    assert (
        code_of(lambda: commitments.verify(signed, other_device_key.public))
        == "commitment-signature-invalid"
    )


def test_the_same_commitment_has_the_same_bytes_and_by_any_device_the_same_digest(
    raw: bytes, device_key: DeviceKey, other_device_key: DeviceKey
) -> None:
    assert commitments.commit(COMMITMENT, "device-7", device_key) == raw
    again = commitments.parse(commitments.commit(COMMITMENT, "device-8", other_device_key))
    assert again.commitment.digest == COMMITMENT.digest


@pytest.mark.parametrize(
    "change", [{"site": "works-3"}, {"period": "2017"}, {"revision": 2}, {"data_root": bytes(32)}]
)
def test_every_field_is_signed_and_in_the_digest(
    raw: bytes, device_key: DeviceKey, change: dict[str, Any]
) -> None:
    assert replace(COMMITMENT, **change).digest != COMMITMENT.digest
    altered = commitments.parse(edited(raw, lambda content: content["commitment"].update(change)))
    assert (
        code_of(lambda: commitments.verify(altered, device_key.public))
        == "commitment-signature-invalid"
    )


def test_another_device_s_name_is_no_part_of_it(raw: bytes, device_key: DeviceKey) -> None:
    altered = commitments.parse(edited(raw, lambda content: content.update(device_id="device-8")))
    assert (
        code_of(lambda: commitments.verify(altered, device_key.public))
        == "commitment-signature-invalid"
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda c: c["commitment"].update(batches=14727), "field-unknown"),
        (lambda c: c["commitment"].pop("data_root"), "field-missing"),
        (lambda c: c["commitment"].update(data_root=bytes(31)), "field-malformed"),
        (lambda c: c["commitment"].update(period="2016-01-01/2017-01-01"), "period-not-canonical"),
        (lambda c: c.update(v=2), "wire-version-unknown"),
    ],
)
def test_a_commitment_has_room_for_nothing_else(
    raw: bytes, change: Callable[[Any], object], code: str
) -> None:
    assert code_of(lambda: commitments.parse(edited(raw, change))) == code


def test_a_file_is_told_from_a_sealed_report(raw: bytes, raw_envelope: bytes) -> None:
    kinds = [
        commitments.is_commitment(content)
        for content in (raw, raw_envelope, b"", b"\xff\xd8 a photograph", canonical.encode([1]))
    ]
    assert kinds == [True, False, False, False, False]


def test_a_challenge_is_for_one_commitment(challenge: bytes) -> None:
    verified_challenge = challenges.verify(challenge, KNOWN, COMMITMENT)
    assert (
        verified_challenge.nonce,
        verified_challenge.log_index,
        verified_challenge.given_on,
    ) == (NONCE, 40, DAY)
    for other in (
        replace(COMMITMENT, data_root=bytes(32)),
        replace(COMMITMENT, revision=2),
        replace(COMMITMENT, site="works-3"),
    ):
        assert (
            code_of(lambda other=other: challenges.verify(challenge, KNOWN, other))  # type: ignore[misc]
            == "challenge-for-another"
        )


def test_a_challenge_of_a_stranger_or_altered_is_refused(challenge: bytes) -> None:
    stranger = ReceiptKey.generate()
    theirs = challenges.issue(COMMITMENT, NONCE, 40, DAY, ENROLLED, LEDGER, stranger)
    posed = edited(theirs, lambda content: content["challenge"].update(key_id=RECEIPT_KEY.key_id))
    altered = edited(challenge, lambda content: content["challenge"].update(nonce=bytes(32)))
    moved = edited(challenge, lambda content: content["challenge"].update(log_index=41))
    reseeded = edited(challenge, lambda c: c["challenge"].update(seed_commitment=bytes(32)))
    for bad in (theirs, posed, altered, moved, reseeded):
        assert code_of(lambda bad=bad: challenges.read(bad, KNOWN)) == "challenge-signature-invalid"  # type: ignore[misc]


def test_a_challenge_says_where_the_ledger_stands(challenge: bytes) -> None:
    assert challenges.read(challenge, KNOWN).ledger == LEDGER
    forgotten = edited(challenge, lambda content: content["challenge"]["ledger"].update(before=[]))
    assert code_of(lambda: challenges.read(forgotten, KNOWN)) == "challenge-signature-invalid"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda c: c["challenge"]["ledger"].update(sequence=2), "field-malformed"),
        (lambda c: c["challenge"]["ledger"]["before"].reverse(), "field-malformed"),
        (lambda c: c["challenge"]["ledger"]["before"][0].update(sequence=0), "field-malformed"),
        (lambda c: c["challenge"]["ledger"]["before"][0].update(batches=7), "field-unknown"),
        (lambda c: c["challenge"].pop("ledger"), "field-missing"),
        (lambda c: c.update(v=2), "wire-version-unknown"),
    ],
)
def test_a_ledger_is_in_order_and_whole(
    challenge: bytes, change: Callable[[Any], object], code: str
) -> None:
    assert code_of(lambda: challenges.parse(edited(challenge, change))) == code


def test_no_signature_of_another_purpose_counts(device_key: DeviceKey) -> None:
    """Domain separation: the same bytes signed by the same keys for something else."""
    content: dict[str, canonical.Value] = {
        "v": VERSION,
        "commitment": COMMITMENT.to_wire(),
        "device_id": "device-7",
    }
    for purpose in (Purpose.REPORT, Purpose.ENVELOPE, Purpose.REQUEST):
        signed = commitments.parse(
            canonical.encode({**content, "signature": device_key.sign(purpose, content)})
        )
        assert (
            code_of(lambda signed=signed: commitments.verify(signed, device_key.public))  # type: ignore[misc]
            == "commitment-signature-invalid"
        )
    answer: Any = canonical.decode(
        challenges.issue(COMMITMENT, NONCE, 40, DAY, ENROLLED, LEDGER, RECEIPT_KEY)
    )
    for purpose in (Purpose.RECEIPT, Purpose.BENCHMARK):
        posed = canonical.encode(
            {**answer, "signature": RECEIPT_KEY.sign(purpose, answer["challenge"])}
        )
        assert (
            code_of(lambda posed=posed: challenges.read(posed, KNOWN))  # type: ignore[misc]
            == "challenge-signature-invalid"
        )
