"""What our envelope costs beside the bare primitives on the same bytes, in the same run.

Ours: `envelope.build` (schema, canonical bytes, inner signature, padding, seal, outer signature)
and `parse` with `open` (all of it back, with both signatures checked). Reference: the library's
HPKE and Ed25519 alone, two signatures and one seal over texts of the same lengths. The difference
is what strictness costs.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, Suite

from benchmarks.wire import envelope, sealing
from benchmarks.wire.schema import Header, encode_report
from benchmarks.wire.signing import DeviceKey
from tests.performance import sample
from tests.performance.measurement import Measurement, compare

ENVELOPES = 300


def measure() -> list[Measurement]:
    """One line a direction; seconds are of ENVELOPES envelopes of `sample.LABELS` labels each."""
    device, key = DeviceKey.generate(), sealing.generate()
    header = Header("works-2", sample.PERIOD, 1, key.key_id, "device-7", 18)
    report = sample.report("works-2")
    raw = envelope.build(report, header, device, key.public)

    suite = Suite(KEM.MLKEM768_X25519, KDF.SHAKE256, AEAD.AES_256_GCM)
    signer = Ed25519PrivateKey.generate()
    verifier = signer.public_key()
    bare = MLKEM768X25519PrivateKey(MLKEM768PrivateKey.generate(), X25519PrivateKey.generate())
    bare_public = bare.public_key()
    inner_text, info = encode_report(report), bytes(200)
    padded = bytes(len(envelope.parse(raw).sealed) - sealing.OVERHEAD_BYTES)
    inner = signer.sign(inner_text)
    sealed = suite.encrypt(padded, bare_public, info=info)
    outer = signer.sign(sealed)

    def bare_seal() -> None:
        signer.sign(inner_text)
        signer.sign(suite.encrypt(padded, bare_public, info=info))

    def bare_open() -> None:
        verifier.verify(outer, sealed)
        suite.decrypt(sealed, bare, info=info)
        verifier.verify(inner, inner_text)

    size = f"{ENVELOPES} envelopes of {len(raw):,} bytes"
    return [
        compare(
            "seal and sign",
            size,
            _often(lambda: envelope.build(report, header, device, key.public)),
            "bare HPKE seal, 2 signatures",
            _often(bare_seal),
        ),
        compare(
            "open and verify",
            size,
            _often(lambda: envelope.open(envelope.parse(raw), key, device.public)),
            "bare HPKE open, 2 verifications",
            _often(bare_open),
        ),
    ]


def _often(action: Callable[[], object]) -> Callable[[], None]:
    def repeated() -> None:
        for _ in range(ENVELOPES):
            action()

    return repeated
