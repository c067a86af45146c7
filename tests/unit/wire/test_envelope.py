"""The envelope, and everything that must not pass for one: each case refused by the defence that is
meant for it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.errors import VerificationError
from benchmarks.wire import MAX_ENVELOPE_BYTES, canonical, envelope, sealing
from benchmarks.wire.schema import Header, Report, encode_report
from benchmarks.wire.sealing import ProcessingKey
from benchmarks.wire.signing import DeviceKey, Purpose

OUTER_REFUSALS = {
    "cbor-malformed",
    "cbor-not-canonical",
    "field-missing",
    "field-unknown",
    "field-malformed",
    "period-not-canonical",
    "outer-signature-invalid",
    "wire-version-unknown",
}


def refused(raw: bytes, key: ProcessingKey, device: DeviceKey) -> str:
    """The code under which these bytes are refused on the whole way in."""
    with pytest.raises(VerificationError) as refusal:
        envelope.open(envelope.parse(raw), key, device.public)
    return refusal.value.code


def signed(header: Header, sealed: bytes, device: DeviceKey) -> bytes:
    """An envelope around `sealed` whose outer signature is right: what an enrolled but dishonest
    device can make.
    """
    content: Any = {"v": 1, "header": header.to_wire(), "sealed": sealed}
    return canonical.encode(content | {"signature": device.sign(Purpose.ENVELOPE, content)})


def sealed_by_hand(inside: Any, header: Header, key: ProcessingKey, device: DeviceKey) -> bytes:
    return signed(header, sealing.seal(key.public, header, canonical.encode(inside)), device)


def test_what_was_sealed_is_what_is_read(
    raw_envelope: bytes,
    report: Report,
    header: Header,
    processing_key: ProcessingKey,
    device_key: DeviceKey,
) -> None:
    parsed = envelope.parse(raw_envelope)
    assert parsed.header == header
    assert parsed.digest == envelope.digest(raw_envelope)
    assert envelope.open(parsed, processing_key, device_key.public) == report


def test_nothing_of_the_report_stands_in_the_clear(raw_envelope: bytes) -> None:
    for inside in (
        b"converter",
        b"crude-steel",
        b"kgce/t",
        b"steplabel-agent",
        b"too-few-batches",
        bytes(range(32)),
    ):
        assert inside not in raw_envelope


def test_sealing_twice_gives_two_envelopes_of_one_length(
    raw_envelope: bytes,
    report: Report,
    header: Header,
    device_key: DeviceKey,
    processing_key: ProcessingKey,
) -> None:
    again = envelope.build(report, header, device_key, processing_key.public)
    assert again != raw_envelope
    assert len(again) == len(raw_envelope)


def test_more_labels_do_not_show_in_the_length(
    report: Report,
    header: Header,
    device_key: DeviceKey,
    processing_key: ProcessingKey,
    raw_envelope: bytes,
) -> None:
    label = report.released.labels[0]
    labels = tuple(replace(label, variant=f"grade-{number}") for number in range(5))
    larger = replace(report, released=replace(report.released, labels=labels))
    assert len(envelope.build(larger, header, device_key, processing_key.public)) == len(
        raw_envelope
    )


def test_the_largest_report_still_fits_an_envelope(
    report: Report, header: Header, device_key: DeviceKey, processing_key: ProcessingKey
) -> None:
    label = report.released.labels[0]
    many = [replace(label, variant=f"grade-{number}", product="x" * 20) for number in range(480)]
    larger = replace(report, released=replace(report.released, labels=tuple(many)))
    raw = envelope.build(larger, header, device_key, processing_key.public)
    assert 131_072 < len(raw) <= MAX_ENVELOPE_BYTES
    assert envelope.open(envelope.parse(raw), processing_key, device_key.public) == larger


def test_a_report_too_long_for_any_envelope_is_refused_before_sealing(
    report: Report, header: Header, device_key: DeviceKey, processing_key: ProcessingKey
) -> None:
    label = report.released.labels[0]
    many = tuple(
        replace(label, variant=f"{number:04d}", product="x" * 120, boundary="y" * 120)
        for number in range(512)
    )
    with pytest.raises(VerificationError) as refusal:
        envelope.build(
            replace(report, released=replace(report.released, labels=many)),
            header,
            device_key,
            processing_key.public,
        )
    assert refusal.value.code == "report-too-long"


def test_an_envelope_too_large_is_refused_unread() -> None:
    with pytest.raises(VerificationError) as refusal:
        envelope.parse(b"\x9f" * (MAX_ENVELOPE_BYTES + 1))
    assert refusal.value.code == "envelope-too-large"


def test_a_strange_device_is_refused_outside(
    raw_envelope: bytes, processing_key: ProcessingKey, other_device_key: DeviceKey
) -> None:
    assert refused(raw_envelope, processing_key, other_device_key) == "outer-signature-invalid"


def test_another_processing_key_is_told_by_its_id(
    raw_envelope: bytes, device_key: DeviceKey
) -> None:
    assert refused(raw_envelope, sealing.generate(), device_key) == "key-mismatch"


def test_another_processing_key_under_the_right_id_opens_nothing(
    raw_envelope: bytes, header: Header, device_key: DeviceKey, processing_key: ProcessingKey
) -> None:
    """A device that names one key and seals to another."""
    other = sealing.generate()
    theirs = replace(header, key_id=other.key_id)
    sealed = sealing.seal(other.public, theirs, b"anything")
    assert refused(signed(header, sealed, device_key), processing_key, device_key) == "seal-broken"


@pytest.mark.parametrize(
    "change",
    [
        {"site": "works-3"},
        {"period": "2017"},
        {"revision": 2},
        {"device_id": "device-8"},
        {"ledger_sequence": 17},
    ],
    ids=str,
)
def test_a_header_spliced_onto_another_seal_is_refused(
    change: dict[str, Any],
    raw_envelope: bytes,
    header: Header,
    processing_key: ProcessingKey,
    device_key: DeviceKey,
) -> None:
    original = envelope.parse(raw_envelope)
    spliced = replace(header, **change)
    content: Any = {
        "v": 1,
        "header": spliced.to_wire(),
        "sealed": original.sealed,
        "signature": original.signature,
    }
    assert (
        refused(canonical.encode(content), processing_key, device_key) == "outer-signature-invalid"
    )
    # and signed anew, by the right device: the seal is bound to the header it was made under
    assert (
        refused(signed(spliced, original.sealed, device_key), processing_key, device_key)
        == "seal-broken"
    )


def test_a_sealed_report_of_another_device_opens_for_nobody(
    raw_envelope: bytes, header: Header, processing_key: ProcessingKey, other_device_key: DeviceKey
) -> None:
    """An enrolled competitor signs a ciphertext anew that it has seen: under its own device id the
    seal does not open.
    """
    stolen = envelope.parse(raw_envelope).sealed
    assert (
        refused(
            signed(replace(header, device_id="device-9"), stolen, other_device_key),
            processing_key,
            other_device_key,
        )
        == "seal-broken"
    )
    # even if the portal had given out one device id twice, the inner signature is the first owner's
    assert (
        refused(signed(header, stolen, other_device_key), processing_key, other_device_key)
        == "inner-signature-invalid"
    )


def test_a_replaced_inner_signer_is_refused_inside(
    report: Report,
    header: Header,
    processing_key: ProcessingKey,
    device_key: DeviceKey,
    other_device_key: DeviceKey,
) -> None:
    written = encode_report(report)
    signature = other_device_key.sign(
        Purpose.REPORT, {"header": header.to_wire(), "report": written}
    )
    raw = sealed_by_hand(
        {"report": written, "signature": signature}, header, processing_key, device_key
    )
    assert refused(raw, processing_key, device_key) == "inner-signature-invalid"


@pytest.mark.parametrize(
    "change",
    [
        {"key_id": "0" * 64},
        {"site": "works-3"},
        {"period": "2015"},
        {"revision": 0},
        {"ledger_sequence": 1},
    ],
    ids=str,
)
def test_an_inner_signature_made_for_something_else_is_refused_inside(
    change: dict[str, Any],
    report: Report,
    header: Header,
    processing_key: ProcessingKey,
    device_key: DeviceKey,
) -> None:
    """The worker of another portal, or the portal's own, cannot seal a report anew as another
    submission.
    """
    written = encode_report(report)
    signature = device_key.sign(
        Purpose.REPORT, {"header": replace(header, **change).to_wire(), "report": written}
    )
    raw = sealed_by_hand(
        {"report": written, "signature": signature}, header, processing_key, device_key
    )
    assert refused(raw, processing_key, device_key) == "inner-signature-invalid"


def test_an_outer_signature_does_not_pass_for_an_inner_one(
    report: Report, header: Header, processing_key: ProcessingKey, device_key: DeviceKey
) -> None:
    written = encode_report(report)
    signature = device_key.sign(Purpose.ENVELOPE, {"header": header.to_wire(), "report": written})
    raw = sealed_by_hand(
        {"report": written, "signature": signature}, header, processing_key, device_key
    )
    assert refused(raw, processing_key, device_key) == "inner-signature-invalid"


def test_a_report_about_another_revision_than_its_header_is_refused(
    report: Report, header: Header, processing_key: ProcessingKey, device_key: DeviceKey
) -> None:
    written = encode_report(replace(report, released=replace(report.released, revision=2)))
    signature = device_key.sign(Purpose.REPORT, {"header": header.to_wire(), "report": written})
    raw = sealed_by_hand(
        {"report": written, "signature": signature}, header, processing_key, device_key
    )
    assert refused(raw, processing_key, device_key) == "header-mismatch"
    with pytest.raises(VerificationError) as refusal:
        envelope.build(report, replace(header, revision=2), device_key, processing_key.public)
    assert refusal.value.code == "header-mismatch"


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ({"report": b"", "signature": bytes(64)}, "inner-signature-invalid"),
        ({"report": b""}, "field-missing"),
        ({"report": "text", "signature": bytes(64)}, "field-malformed"),
        ({"report": b"", "signature": bytes(63)}, "field-malformed"),
        ({"report": b"", "signature": bytes(64), "batches": 1}, "field-unknown"),
        ([], "field-malformed"),
    ],
)
def test_what_is_no_report_inside_is_refused(
    inside: Any, code: str, header: Header, processing_key: ProcessingKey, device_key: DeviceKey
) -> None:
    assert (
        refused(
            sealed_by_hand(inside, header, processing_key, device_key), processing_key, device_key
        )
        == code
    )


def test_a_well_signed_report_of_garbage_is_refused(
    header: Header, processing_key: ProcessingKey, device_key: DeviceKey
) -> None:
    written = b"\xa1\x61a\xfb\x40\x09\x21\xfb\x54\x44\x2d\x18"  # {"a": 3.14...}
    signature = device_key.sign(Purpose.REPORT, {"header": header.to_wire(), "report": written})
    raw = sealed_by_hand(
        {"report": written, "signature": signature}, header, processing_key, device_key
    )
    assert refused(raw, processing_key, device_key) == "cbor-malformed"


def test_the_outer_signature_is_checked_before_the_key_is_used(
    raw_envelope: bytes, other_device_key: DeviceKey, device_key: DeviceKey, header: Header
) -> None:
    """With everything wrong at once, the refusal is the outer one: a stranger's ciphertext never
    reaches the private key.
    """
    parsed = envelope.parse(raw_envelope)
    broken = replace(parsed, sealed=bytes(len(parsed.sealed)))
    with pytest.raises(VerificationError) as refusal:
        envelope.open(broken, sealing.generate(), other_device_key.public)
    assert refusal.value.code == "outer-signature-invalid"


@pytest.mark.parametrize("left", [0, 1, 2, 100, 268, 1200, 1404, 4000, -1000, -65, -64, -2, -1])
def test_an_envelope_cut_anywhere_is_refused_as_malformed(
    left: int, raw_envelope: bytes, processing_key: ProcessingKey, device_key: DeviceKey
) -> None:
    assert refused(raw_envelope[:left], processing_key, device_key) == "cbor-malformed"


@pytest.mark.parametrize("length", [0, 1, 1088, 1120, 1135, 1136, 5231, 5233, 9327])
def test_a_ciphertext_of_any_other_length_is_refused_unopened(
    length: int,
    raw_envelope: bytes,
    header: Header,
    processing_key: ProcessingKey,
    device_key: DeviceKey,
) -> None:
    sealed = envelope.parse(raw_envelope).sealed.ljust(10_000, b"\x00")[:length]
    assert (
        refused(signed(header, sealed, device_key), processing_key, device_key) == "field-malformed"
    )


@settings(max_examples=400)
@given(data=st.data())
def test_one_flipped_bit_anywhere_is_refused(
    data: st.DataObject, raw_envelope: bytes, processing_key: ProcessingKey, device_key: DeviceKey
) -> None:
    position = data.draw(st.integers(0, 8 * len(raw_envelope) - 1))
    flipped = bytearray(raw_envelope)
    flipped[position // 8] ^= 1 << position % 8
    assert refused(bytes(flipped), processing_key, device_key) in OUTER_REFUSALS


def test_every_flipped_bit_of_header_and_signature_is_refused(
    raw_envelope: bytes, processing_key: ProcessingKey, device_key: DeviceKey
) -> None:
    start_of_sealed = raw_envelope.index(b"fsealed") + 10
    end_of_sealed = start_of_sealed + len(envelope.parse(raw_envelope).sealed)
    positions = [*range(8 * start_of_sealed), *range(8 * end_of_sealed, 8 * len(raw_envelope))]
    for position in positions:
        flipped = bytearray(raw_envelope)
        flipped[position // 8] ^= 1 << position % 8
        assert refused(bytes(flipped), processing_key, device_key) in OUTER_REFUSALS


@settings(max_examples=150)
@given(data=st.data())
def test_one_flipped_bit_in_a_ciphertext_signed_anew_breaks_the_seal(
    data: st.DataObject,
    raw_envelope: bytes,
    header: Header,
    processing_key: ProcessingKey,
    device_key: DeviceKey,
) -> None:
    sealed = bytearray(envelope.parse(raw_envelope).sealed)
    position = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[position // 8] ^= 1 << position % 8
    assert (
        refused(signed(header, bytes(sealed), device_key), processing_key, device_key)
        == "seal-broken"
    )


def test_another_version_is_refused(
    header: Header, raw_envelope: bytes, processing_key: ProcessingKey, device_key: DeviceKey
) -> None:
    parsed = envelope.parse(raw_envelope)
    content: Any = {
        "v": 2,
        "header": header.to_wire(),
        "sealed": parsed.sealed,
        "signature": parsed.signature,
    }
    assert refused(canonical.encode(content), processing_key, device_key) == "wire-version-unknown"


@given(st.binary(max_size=200))
def test_noise_is_refused_in_our_own_words(raw: bytes) -> None:
    with pytest.raises(VerificationError):
        envelope.parse(raw)
