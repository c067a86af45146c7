"""Keys keep to themselves and to their role; the seal opens for one key and one header."""

from __future__ import annotations

import copy
import logging
import pickle
import traceback
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from benchmarks.errors import VerificationError
from benchmarks.wire import sealing, signing
from benchmarks.wire.directory import EnrolmentSecret
from benchmarks.wire.schema import Header
from benchmarks.wire.sealing import ProcessingKey, ProcessingPublicKey
from benchmarks.wire.signing import (
    AuditorSigningKey,
    DeviceKey,
    DirectoryKey,
    Purpose,
    ReceiptKey,
    VerifyingKey,
)

SECRETS = [
    sealing.generate(),
    DeviceKey.generate(),
    ReceiptKey.generate(),
    DirectoryKey.generate(),
    EnrolmentSecret("s" * 43, "0" * 64),
]


def hidden_parts(secret: object) -> list[str]:
    """Everything of a secret that must show nowhere, as the texts it might show as."""
    if isinstance(secret, EnrolmentSecret):
        return [secret.secret]
    if isinstance(secret, ProcessingKey):
        raws = [secret._lattice.private_bytes_raw(), secret._curve.private_bytes_raw()]
    elif isinstance(secret, signing.SigningKey):
        raws = [secret._private.private_bytes_raw()]
    else:
        raise TypeError(secret)
    return [shown for raw in raws for shown in (raw.hex(), str(raw), str(list(raw)))]


def stumble_over(secret: object) -> None:
    raise ValueError(secret)


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: type(secret).__name__)
def test_a_secret_shows_in_no_print_log_or_traceback(
    secret: object, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("wire").warning("key %s %r", secret, secret)
    with pytest.raises(ValueError, match=type(secret).__name__) as raised:
        stumble_over(secret)
    trace = "".join(
        traceback.TracebackException.from_exception(raised.value, capture_locals=True).format()
    )
    shown = f"{secret} {secret!r} {[secret]} {caplog.text} {trace}"
    assert type(secret).__name__ in shown
    for part in hidden_parts(secret):
        assert part not in shown


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: type(secret).__name__)
def test_a_secret_is_neither_pickled_nor_copied(secret: object) -> None:
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="secret"):
            attempt(secret)
    with pytest.raises(TypeError, match="secret"):
        secret.__reduce__()


def test_a_processing_key_survives_its_pem(processing_key: ProcessingKey, header: Header) -> None:
    sealed = sealing.seal(processing_key.public, header, b"text")
    again = ProcessingKey.from_pem(processing_key.to_pem(b"password"), b"password")
    assert again.key_id == processing_key.key_id
    assert sealing.unseal(again, header, sealed) == b"text"


def test_a_processing_key_is_encrypted_at_rest(processing_key: ProcessingKey) -> None:
    pem = processing_key.to_pem(b"password")
    assert pem.count(b"BEGIN ENCRYPTED PRIVATE KEY") == 2
    with pytest.raises(ValueError, match="password"):
        processing_key.to_pem(b"")


def test_a_processing_key_in_the_wrong_hands_is_unreadable(
    processing_key: ProcessingKey, device_key: DeviceKey
) -> None:
    pem = processing_key.to_pem(b"password")
    first, second = pem.split(b"-----END ENCRYPTED PRIVATE KEY-----\n", 1)
    first += b"-----END ENCRYPTED PRIVATE KEY-----\n"
    plain = X25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    bad = [
        b"",
        b"nonsense",
        pem[:-40],
        first,
        second,
        second + first,
        first + first,
        pem + second,
        first + plain,
        device_key.to_pem(b"password"),
    ]
    for candidate in bad:
        with pytest.raises(VerificationError) as refusal:
            ProcessingKey.from_pem(candidate, b"password")
        assert refusal.value.code == "key-unreadable"
    with pytest.raises(VerificationError) as refusal:
        ProcessingKey.from_pem(pem, b"another")
    assert refusal.value.code == "key-unreadable"


@pytest.mark.parametrize("password", [None, b"password"], ids=["open", "encrypted"])
def test_a_device_key_survives_its_pem(password: bytes | None, device_key: DeviceKey) -> None:
    again = DeviceKey.from_pem(device_key.to_pem(password), password)
    assert again.public == device_key.public
    assert (b"ENCRYPTED" in device_key.to_pem(password)) is (password is not None)


def test_a_device_key_that_is_something_else_is_unreadable(device_key: DeviceKey) -> None:
    curve = X25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")
    )
    for pem, password in [
        (curve, b"password"),
        (device_key.to_pem(b"password"), b"other"),
        (device_key.to_pem(b"password"), None),
        (b"", None),
    ]:
        with pytest.raises(VerificationError) as refusal:
            DeviceKey.from_pem(pem, password)
        assert refusal.value.code == "key-unreadable"


def test_a_key_signs_only_what_its_role_may() -> None:
    roles = {
        DeviceKey: {
            *(Purpose.COMMITMENT, Purpose.REPORT, Purpose.ENVELOPE, Purpose.REQUEST),
            *(Purpose.ROTATION, Purpose.OPENING, Purpose.OUTCOME),
        },
        ReceiptKey: {
            Purpose.CHALLENGE,
            Purpose.RECEIPT,
            Purpose.TREE_HEAD,
            Purpose.BENCHMARK,
            Purpose.PACK,
            Purpose.LIBRARY,
        },
        DirectoryKey: {Purpose.DIRECTORY, Purpose.LOG_RESTART, Purpose.AGENT_RELEASE},
        AuditorSigningKey: {
            *(Purpose.ATTESTATION, Purpose.ATTESTATION_WITHDRAWN, Purpose.OUTCOME_CONFIRMED),
            *(Purpose.AUDIT_NONCE, Purpose.AUDIT_DRAW, Purpose.AUDIT_SEED),
        },
    }
    assert set.union(*roles.values()) == set(Purpose)
    for role, allowed in roles.items():
        key = role.generate()
        for purpose in Purpose:
            if purpose in allowed:
                assert key.public.accepts(purpose, {"a": 1}, key.sign(purpose, {"a": 1}))
            else:
                with pytest.raises(ValueError, match="does not sign"):
                    key.sign(purpose, {"a": 1})


def test_a_signature_holds_for_one_purpose_and_content_only(
    device_key: DeviceKey, other_device_key: DeviceKey
) -> None:
    signature = device_key.sign(Purpose.REPORT, {"a": 1})
    assert device_key.public.accepts(Purpose.REPORT, {"a": 1}, signature)
    assert not any(
        device_key.public.accepts(purpose, {"a": 1}, signature)
        for purpose in Purpose
        if purpose is not Purpose.REPORT
    )
    assert not device_key.public.accepts(Purpose.REPORT, {"a": 2}, signature)
    assert not other_device_key.public.accepts(Purpose.REPORT, {"a": 1}, signature)
    for length in (0, 1, 63):
        assert not device_key.public.accepts(Purpose.REPORT, {"a": 1}, signature[:length])
    assert not device_key.public.accepts(Purpose.REPORT, {"a": 1}, signature + b"\x00")


def test_no_label_begins_with_another() -> None:
    labels = [purpose.value + b"\x00" for purpose in Purpose] + [
        sealing._LABEL + b"\x00",
        b"steplabel/1 policy\x00",
    ]
    assert not [
        (label, other)
        for label in labels
        for other in labels
        if label is not other and other.startswith(label)
    ]


def test_a_public_key_is_read_from_hex_and_of_32_bytes(device_key: DeviceKey) -> None:
    assert VerifyingKey.from_hex(device_key.public.hex) == device_key.public
    for bad in ("", "zz", device_key.public.hex[:-2], device_key.public.hex + "00"):
        with pytest.raises(VerificationError) as refusal:
            VerifyingKey.from_hex(bad)
        assert refusal.value.code == "public-key-malformed"


def test_a_key_of_small_order_is_refused_though_the_library_takes_it() -> None:
    identity, forged = b"\x01" + bytes(31), b"\x01" + bytes(63)
    Ed25519PublicKey.from_public_bytes(identity).verify(
        forged, b"any message at all"
    )  # does not raise: hence the rule
    for weak in signing._SMALL_ORDER:
        for sign_bit in (0, 0x80):
            with pytest.raises(VerificationError) as refusal:
                VerifyingKey(weak[:-1] + bytes([weak[-1] | sign_bit]))
            assert refusal.value.code == "public-key-weak"


def test_the_small_order_list_is_what_the_curve_says() -> None:
    """Each y on the list, on -x^2 + y^2 = 1 + d x^2 y^2 modulo p, doubles three times to the
    neutral element.
    """
    p = 2**255 - 19
    d = -121665 * pow(121666, -1, p) % p
    for weak in signing._SMALL_ORDER:
        y = int.from_bytes(weak, "little") % p
        y2 = y * y % p
        for _ in range(
            3
            # on y^2 alone: x^2 follows from the curve, and doubling gives y' = (y^2 + x^2) / (2 -
            # y^2 + x^2)
        ):
            x2 = (y2 - 1) * pow(d * y2 + 1, -1, p) % p
            y = (y2 + x2) * pow(2 - y2 + x2, -1, p) % p
            y2 = y * y % p
        assert y == 1


def test_a_seal_opens_for_its_key_and_header_only(
    processing_key: ProcessingKey, header: Header
) -> None:
    sealed = sealing.seal(processing_key.public, header, b"text")
    assert sealing.unseal(processing_key, header, sealed) == b"text"
    other = sealing.generate()
    with pytest.raises(VerificationError) as refusal:
        sealing.unseal(other, header, sealed)
    assert refusal.value.code == "key-mismatch"
    with pytest.raises(VerificationError) as refusal:
        sealing.unseal(other, replace(header, key_id=other.key_id), sealed)
    assert refusal.value.code == "seal-broken"
    with pytest.raises(VerificationError) as refusal:
        sealing.unseal(processing_key, replace(header, revision=2), sealed)
    assert refusal.value.code == "seal-broken"


@pytest.mark.parametrize("length", [0, 1, 1087, 1088, 1119, 1120, 1135, 1136, 5231])
def test_a_seal_cut_short_does_not_open(
    length: int, processing_key: ProcessingKey, header: Header
) -> None:
    sealed = sealing.seal(processing_key.public, header, b"text")
    with pytest.raises(VerificationError) as refusal:
        sealing.unseal(processing_key, header, sealed[:length])
    assert refusal.value.code == "seal-broken"


def test_a_curve_share_of_small_order_does_not_open(
    processing_key: ProcessingKey, header: Header
) -> None:
    sealed = bytearray(sealing.seal(processing_key.public, header, b"text"))
    sealed[1088:1120] = bytes(32)
    with pytest.raises(VerificationError) as refusal:
        sealing.unseal(processing_key, header, bytes(sealed))
    assert refusal.value.code == "seal-broken"


def test_nothing_can_be_hidden_in_the_padding_of_a_seal(
    processing_key: ProcessingKey, header: Header
) -> None:
    padded = sealing.pad(b"text")[:-5] + b"14727"
    sealed = sealing._SUITE.encrypt(
        padded, processing_key.public.hybrid, info=sealing._info(header)
    )
    with pytest.raises(VerificationError) as refusal:
        sealing.unseal(processing_key, header, sealed)
    assert refusal.value.code == "padding-malformed"


def test_sealing_to_a_key_the_header_does_not_name_is_refused(
    processing_key: ProcessingKey, header: Header
) -> None:
    with pytest.raises(VerificationError) as refusal:
        sealing.seal(sealing.generate().public, header, b"text")
    assert refusal.value.code == "key-mismatch"


def test_what_is_no_processing_key_is_refused(
    processing_key: ProcessingKey, header: Header
) -> None:
    for bad in (
        b"",
        processing_key.public_bytes[:-1],
        processing_key.public_bytes + b"\x00",
        b"\xff" * 1216,
    ):
        with pytest.raises(VerificationError) as refusal:
            ProcessingPublicKey(bad)
        assert refusal.value.code == "public-key-malformed"
    weak = ProcessingPublicKey(processing_key.public_bytes[:1184] + bytes(32))
    with pytest.raises(VerificationError) as refusal:
        sealing.seal(weak, replace(header, key_id=weak.key_id), b"text")
    assert refusal.value.code == "public-key-malformed"


@pytest.mark.parametrize("length", [0, 1, 4091, 4092, 4093, 8188, 8189, 131_068])
def test_padding_gives_one_of_six_sizes_and_comes_off_again(length: int) -> None:
    text = b"\x00\x01" * (length // 2) + b"\x00" * (length % 2)
    padded = sealing.pad(text)
    assert len(padded) in sealing.SIZES
    assert len(padded) < 2 * (length + 4) or len(padded) == 4096
    assert sealing.unpad(padded) == text


def test_too_long_a_text_is_not_padded() -> None:
    with pytest.raises(VerificationError) as refusal:
        sealing.pad(bytes(131_069))
    assert refusal.value.code == "report-too-long"


@pytest.mark.parametrize(
    "padded",
    [
        b"",
        bytes(3),
        bytes(4095),
        bytes(4097),
        bytes(8192),  # a short text in a longer size than it needs
        b"\x00\x00\x00\x01a" + bytes(4090) + b"\x01",  # something hidden in the padding
        b"\xff\xff\xff\xff" + bytes(4092),
        b"\x00\x00\x0f\xfd" + bytes(4092),  # one byte more than is there
        (131_069).to_bytes(4) + bytes(131_069),
    ],
    ids=len,
)
def test_any_other_padding_is_refused(padded: bytes) -> None:
    with pytest.raises(VerificationError) as refusal:
        sealing.unpad(padded)
    assert refusal.value.code == "padding-malformed"
