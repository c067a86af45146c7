"""What the portal signs, what the coordinator signs, and what a device signs to read what is its
own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from benchmarks.errors import VerificationError
from benchmarks.wire import canonical, device_requests, directory, envelope, receipts, sealing
from benchmarks.wire.directory import Directory, EnrolmentSecret, ListedKey
from benchmarks.wire.schema import Header
from benchmarks.wire.sealing import ProcessingKey
from benchmarks.wire.signing import DeviceKey, DirectoryKey, Purpose, ReceiptKey

DAY = date(2017, 1, 16)
MOMENT = datetime(2017, 1, 16, 9, 30, tzinfo=UTC)
RECEIPT_KEY = ReceiptKey.generate()
DIRECTORY_KEY = DirectoryKey.generate()
KNOWN = {RECEIPT_KEY.key_id: RECEIPT_KEY.public}


def code_of(attempt: Callable[[], object]) -> str:
    with pytest.raises(VerificationError) as refusal:
        attempt()
    return refusal.value.code


def edited(raw: bytes, change: Callable[[Any], object]) -> bytes:
    content: Any = canonical.decode(raw)
    change(content)
    return canonical.encode(content)


@pytest.fixture(scope="module")
def receipt(raw_envelope: bytes, header: Header) -> bytes:
    return receipts.issue(envelope.digest(raw_envelope), header, 41, DAY, RECEIPT_KEY)


def test_a_receipt_says_what_was_taken_when_and_where(
    receipt: bytes, raw_envelope: bytes, header: Header
) -> None:
    assert receipts.verify(receipt, KNOWN, raw_envelope) == receipts.Receipt(
        envelope.digest(raw_envelope), header, 41, DAY, RECEIPT_KEY.key_id
    )


def test_the_same_receipt_is_issued_again_to_the_byte(
    receipt: bytes, raw_envelope: bytes, header: Header
) -> None:
    assert receipts.issue(envelope.digest(raw_envelope), header, 41, DAY, RECEIPT_KEY) == receipt


def test_a_receipt_of_a_stranger_is_refused(
    receipt: bytes, raw_envelope: bytes, header: Header
) -> None:
    stranger = ReceiptKey.generate()
    theirs = receipts.issue(envelope.digest(raw_envelope), header, 41, DAY, stranger)
    assert code_of(lambda: receipts.read(theirs, KNOWN)) == "receipt-signature-invalid"
    assert code_of(lambda: receipts.read(receipt, {})) == "receipt-signature-invalid"
    # a stranger that names the portal's key
    posed = edited(theirs, lambda content: content["receipt"].update(key_id=RECEIPT_KEY.key_id))
    assert code_of(lambda: receipts.read(posed, KNOWN)) == "receipt-signature-invalid"


@pytest.mark.parametrize(
    "change",
    [{"log_index": 42}, {"received_on": "2017-01-17"}, {"envelope_digest": "0" * 64}],
    ids=lambda change: next(iter(change)),
)
def test_an_altered_receipt_is_refused(change: dict[str, Any], receipt: bytes) -> None:
    altered = edited(receipt, lambda content: content["receipt"].update(change))
    assert code_of(lambda: receipts.read(altered, KNOWN)) == "receipt-signature-invalid"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"log_index": -1}, "field-malformed"),
        ({"received_on": "2017-02-29"}, "field-malformed"),
        ({"received_on": "2017-1-16"}, "field-malformed"),
        ({"envelope_digest": "0" * 63}, "field-malformed"),
        ({"header": {}}, "field-missing"),
        ({"received_at": "2017-01-16T09:30:00Z"}, "field-unknown"),
    ],
)
def test_a_malformed_receipt_is_refused(change: dict[str, Any], code: str, receipt: bytes) -> None:
    assert (
        code_of(
            lambda: receipts.read(
                edited(receipt, lambda content: content["receipt"].update(change)), KNOWN
            )
        )
        == code
    )


def test_a_receipt_for_another_envelope_is_refused(
    raw_envelope: bytes, header: Header, receipt: bytes
) -> None:
    other = receipts.issue("0" * 64, header, 41, DAY, RECEIPT_KEY)
    assert code_of(lambda: receipts.verify(other, KNOWN, raw_envelope)) == "receipt-for-another"
    echo = receipts.issue(
        envelope.digest(raw_envelope), replace(header, ledger_sequence=3), 41, DAY, RECEIPT_KEY
    )
    assert code_of(lambda: receipts.verify(echo, KNOWN, raw_envelope)) == "receipt-for-another"


def test_a_receipt_cut_anywhere_is_refused(receipt: bytes) -> None:
    for end in range(len(receipt)):
        assert code_of(lambda end=end: receipts.read(receipt[:end], KNOWN)) == "cbor-malformed"  # type: ignore[misc]


@pytest.fixture(scope="module")
def listed(processing_key: ProcessingKey) -> Directory:
    later = sealing.generate()
    return Directory(
        number=7,
        processing=(
            ListedKey(processing_key.public_bytes, date(2017, 1, 1), date(2018, 1, 1)),
            ListedKey(later.public_bytes, date(2017, 12, 1), date(2019, 1, 1)),
        ),
        receipts=(ListedKey(RECEIPT_KEY.public_bytes, date(2017, 1, 1), date(2018, 1, 1)),),
    )


def test_a_directory_is_trusted_by_its_fingerprint(listed: Directory) -> None:
    raw = directory.issue(listed, DIRECTORY_KEY)
    assert directory.verify(raw, DIRECTORY_KEY.key_id) == listed
    assert directory.verify(raw, DIRECTORY_KEY.key_id, at_least=7).receipt_keys() == KNOWN


def test_a_directory_of_another_signer_is_refused(listed: Directory) -> None:
    other = DirectoryKey.generate()
    raw = directory.issue(listed, other)
    assert (
        code_of(lambda: directory.verify(raw, DIRECTORY_KEY.key_id)) == "directory-signer-unknown"
    )
    posed = edited(raw, lambda content: content.update(signer=DIRECTORY_KEY.public_bytes))
    assert (
        code_of(lambda: directory.verify(posed, DIRECTORY_KEY.key_id))
        == "directory-signature-invalid"
    )


def test_a_directory_with_a_key_slipped_in_is_refused(listed: Directory) -> None:
    raw = directory.issue(listed, DIRECTORY_KEY)
    mine = sealing.generate().public_bytes
    slipped = edited(raw, lambda content: content["directory"]["processing"][0].update(public=mine))
    assert (
        code_of(lambda: directory.verify(slipped, DIRECTORY_KEY.key_id))
        == "directory-signature-invalid"
    )


def test_a_directory_older_than_the_last_one_is_refused(listed: Directory) -> None:
    raw = directory.issue(listed, DIRECTORY_KEY)
    assert (
        code_of(lambda: directory.verify(raw, DIRECTORY_KEY.key_id, at_least=8))
        == "directory-outdated"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"number": -1},
        {
            "processing": [
                {"public": bytes(1215), "valid_from": "2017-01-01", "valid_to": "2018-01-01"}
            ]
        },
        {"receipts": [{"public": bytes(32), "valid_from": "2018-01-01", "valid_to": "2018-01-01"}]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_malformed_directory_is_refused_though_well_signed(
    change: dict[str, Any], listed: Directory
) -> None:
    content: Any = canonical.decode(directory.issue(listed, DIRECTORY_KEY))
    content["directory"].update(change)
    content["signature"] = DIRECTORY_KEY.sign(Purpose.DIRECTORY, content["directory"])
    assert (
        code_of(lambda: directory.verify(canonical.encode(content), DIRECTORY_KEY.key_id))
        == "field-malformed"
    )


def test_a_report_is_sealed_to_the_newest_key_of_the_day(listed: Directory) -> None:
    first, second = (key.public_bytes for key in listed.processing)
    assert listed.processing_key(date(2017, 1, 1)).public_bytes == first
    assert listed.processing_key(date(2017, 11, 30)).public_bytes == first
    assert listed.processing_key(date(2017, 12, 1)).public_bytes == second
    assert listed.processing_key(date(2018, 12, 31)).public_bytes == second
    for day in (date(2016, 12, 31), date(2019, 1, 1)):
        assert code_of(lambda day=day: listed.processing_key(day)) == "no-valid-key"  # type: ignore[misc]


def test_a_token_is_read_as_it_was_written() -> None:
    token = EnrolmentSecret("A-_z0" * 8 + "xyz", DIRECTORY_KEY.key_id)
    again = EnrolmentSecret.parse(f"  {token.text()}\n")
    assert (again.secret, again.fingerprint) == (token.secret, token.fingerprint)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sl1",
        "sl1..",
        f"sl2.{'s' * 43}.{'0' * 64}",
        f"sl1.{'s' * 42}.{'0' * 64}",
        f"sl1.{'s' * 43}.{'0' * 63}",
        f"sl1.{'s' * 43}.{'A' * 64}",
        f"sl1.{'s' * 43}.{'0' * 64}.more",
        f"sl1.{'=' * 43}.{'0' * 64}",
    ],
)
def test_an_incomplete_token_is_refused(text: str) -> None:
    assert code_of(lambda: EnrolmentSecret.parse(text)) == "token-malformed"


PATH = "/api/v1/submissions/?period=2016"


def test_a_device_reads_what_is_its_own(device_key: DeviceKey) -> None:
    value = device_requests.sign_request("get", PATH, "device-7", MOMENT, device_key)
    request = device_requests.parse_request(value)
    assert request.device_id == "device-7"
    device_requests.verify_request(
        request, "GET", PATH, MOMENT + timedelta(minutes=5), device_key.public
    )
    device_requests.verify_request(
        request, "GET", PATH, MOMENT - timedelta(minutes=5), device_key.public
    )


def test_a_request_for_something_else_or_by_someone_else_is_refused(
    device_key: DeviceKey, other_device_key: DeviceKey
) -> None:
    request = device_requests.parse_request(
        device_requests.sign_request("GET", PATH, "device-7", MOMENT, device_key)
    )
    attempts: list[tuple[device_requests.SignedRequest, str, str, DeviceKey]] = [
        (request, "POST", PATH, device_key),
        (request, "GET", PATH + "7", device_key),
        (request, "GET", PATH, other_device_key),
        (replace(request, device_id="device-8"), "GET", PATH, device_key),
        (replace(request, at=request.at + 1), "GET", PATH, device_key),
    ]
    for posed, method, path, key in attempts:
        refusal = code_of(
            lambda posed=posed, method=method, path=path, key=key: device_requests.verify_request(  # type: ignore[misc]
                posed, method, path, MOMENT, key.public
            )
        )
        assert refusal == "request-signature-invalid"


@pytest.mark.parametrize("minutes", [-6, 6, 60])
def test_an_old_or_early_request_is_refused(minutes: int, device_key: DeviceKey) -> None:
    request = device_requests.parse_request(
        device_requests.sign_request("GET", PATH, "device-7", MOMENT, device_key)
    )
    now = MOMENT + timedelta(minutes=minutes)
    assert (
        code_of(
            lambda: device_requests.verify_request(request, "GET", PATH, now, device_key.public)
        )
        == "request-outdated"
    )


@pytest.mark.parametrize(
    "value",
    [
        "",
        "device=d",
        "device=d, at=1, signature=",
        f"device=d, at=-1, signature={'0' * 128}",
        f"device=, at=1, signature={'0' * 128}",
        "Bearer x",
    ],
)
def test_a_header_that_is_no_signature_is_refused(value: str) -> None:
    assert code_of(lambda: device_requests.parse_request(value)) == "request-malformed"
