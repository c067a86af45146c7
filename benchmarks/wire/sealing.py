"""Seals and unseals by HPKE (RFC 9180): a report filled up to one of six sizes, to the processing
key; other content, to its reader's key.

The suite is ML-KEM-768 + X25519 (hybrid), SHAKE256 and AES-256-GCM: the seal holds as long as
either the lattice or the curve does, so a copy kept today stays closed to a quantum computer later.
There is no suite field to downgrade. The header is bound in HPKE's `info` behind a label: under any
other header the seal does not open.

A report is padded, so that its sealed length does not tell how many labels it holds. A framed text
is `length (4 bytes, big-endian) || text || zeros` up to the next power of two from 4 KiB to 128
KiB: six sizes in all. Most plants fit the smallest two. `unpad` accepts only the one framing `pad`
makes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire.canonical import encode
from benchmarks.wire.schema import Header
from benchmarks.wire.signing import Secret, key_id

SIZES = tuple(1 << power for power in range(12, 18))  # 4 KiB to 128 KiB
_LENGTH_BYTES = 4


def pad(text: bytes) -> bytes:
    """The framed text, of one of SIZES bytes.

    Raises:
        VerificationError: `report-too-long` above 128 KiB less the length field.
    """
    framed = len(text).to_bytes(_LENGTH_BYTES) + text
    for size in SIZES:
        if len(framed) <= size:
            return framed.ljust(size, b"\x00")
    raise VerificationError(
        "report-too-long",
        Phrase(
            "The report has %(size)s bytes; at most %(most)s fit in one envelope.",
            size=f"{len(text):,}",
            most=f"{SIZES[-1] - _LENGTH_BYTES:,}",
        ),
        "Merge small variants up their declared tree, or report fewer metrics.",
    )


def unpad(padded: bytes) -> bytes:
    """The text that was framed; anything but the exact framing is `padding-malformed`."""
    length = int.from_bytes(padded[:_LENGTH_BYTES])
    text = padded[_LENGTH_BYTES : _LENGTH_BYTES + length]
    if len(text) != length or length > SIZES[-1] - _LENGTH_BYTES or pad(text) != padded:
        raise VerificationError(
            "padding-malformed",
            "The unsealed content does not have the form of a report: its length or its padding "
            "is wrong.",
            "Send again with a current agent. The program that wrote this did not follow "
            "docs/wire-format.md.",
        )
    return text


_SUITE = Suite(KEM.MLKEM768_X25519, KDF.SHAKE256, AEAD.AES_256_GCM)
_LABEL = b"steplabel/1 seal"

_MLKEM_BYTES = 1184
PUBLIC_BYTES = _MLKEM_BYTES + 32
OVERHEAD_BYTES = 1088 + 32 + 16  # ML-KEM ciphertext, X25519 share, GCM tag
SEALED_SIZES = tuple(size + OVERHEAD_BYTES for size in SIZES)

_PEM_BLOCK = re.compile(rb"-----BEGIN [^-]+-----.*?-----END [^-]+-----\n?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ProcessingPublicKey:
    """The public half: the ML-KEM-768 encapsulation key (1184 bytes), then the X25519 key (32
    bytes).
    """

    public_bytes: bytes
    hybrid: MLKEM768X25519PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hybrid", self._of_halves())

    def _of_halves(self) -> MLKEM768X25519PublicKey:
        try:
            lattice = MLKEM768PublicKey.from_public_bytes(self.public_bytes[:_MLKEM_BYTES])
            curve = X25519PublicKey.from_public_bytes(self.public_bytes[_MLKEM_BYTES:])
        except ValueError as error:
            raise _no_public_key() from error
        return MLKEM768X25519PublicKey(lattice, curve)

    @property
    def key_id(self) -> str:
        return key_id(self.public_bytes)


class ProcessingKey(Secret):
    """The private half, which the portal's worker alone holds.

    The library cannot export a hybrid private key, so this keeps its two parts and builds it from
    them.
    """

    __slots__ = ("_curve", "_key", "_lattice", "_public")

    def __init__(self, lattice: MLKEM768PrivateKey, curve: X25519PrivateKey) -> None:
        self._lattice = lattice
        self._curve = curve
        self._key = MLKEM768X25519PrivateKey(lattice, curve)
        self._public = ProcessingPublicKey(
            lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
        )

    @classmethod
    def from_pem(cls, pem: bytes, password: bytes) -> Self:
        """Read both parts back.

        Raises:
            VerificationError: `key-unreadable`: not two encrypted blocks of the right kinds, or not
                this password.
        """
        blocks = _PEM_BLOCK.findall(pem)
        try:
            parts = [load_pem_private_key(block, password) for block in blocks]
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise _unreadable() from error
        match parts:
            case [MLKEM768PrivateKey() as lattice, X25519PrivateKey() as curve]:
                return cls(lattice, curve)
        raise _unreadable()

    def to_pem(self, password: bytes) -> bytes:
        """Two blocks of encrypted PKCS #8 (RFC 5958, RFC 9935): the 64-byte ML-KEM seed, then the
        X25519 key.

        Args:
            password: 32 random bytes from the secret store rather than words: the format's key
                derivation is a fast one.
        """
        if not password:
            raise ValueError("a processing key is never written without a password")
        encryption = BestAvailableEncryption(password)
        return b"".join(
            part.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
            for part in (self._lattice, self._curve)
        )

    @property
    def public(self) -> ProcessingPublicKey:
        return self._public

    @property
    def public_bytes(self) -> bytes:
        return self._public.public_bytes

    @property
    def key_id(self) -> str:
        return self._public.key_id

    @property
    def _public_name(self) -> str:
        return self.key_id[:16]


def generate() -> ProcessingKey:
    """A new processing key from the operating system's randomness. Called at entrances only."""
    return ProcessingKey(MLKEM768PrivateKey.generate(), X25519PrivateKey.generate())


def seal(recipient: ProcessingPublicKey, header: Header, plaintext: bytes) -> bytes:
    """Pad `plaintext` to a fixed size and seal it to `recipient` under `header`. Every call gives
    other bytes.

    Raises:
        VerificationError: `key-mismatch` where the header names another key, `report-too-long`
            above the largest size, `public-key-malformed` where nothing can be sealed to that key.
    """
    _require_key(header, recipient.key_id)
    padded = pad(plaintext)
    try:
        return _SUITE.encrypt(padded, recipient.hybrid, info=_info(header))
    except (
        ValueError
    ) as error:  # an X25519 key of small order: everybody would know the shared secret
        raise _no_public_key() from error


def unseal(key: ProcessingKey, header: Header, sealed: bytes) -> bytes:
    """The plaintext that was sealed to `key` under exactly this header.

    Raises:
        VerificationError: `key-mismatch`, `seal-broken` (altered, cut, another key or another
            header), `padding-malformed`.
    """
    _require_key(header, key.key_id)
    try:
        padded = _SUITE.decrypt(sealed, key._key, info=_info(header))
    except InvalidTag as error:
        raise VerificationError(
            "seal-broken",
            "The sealed report cannot be opened: it was altered on the way, or sealed to another "
            "key or under another header.",
            "Submit again from the site's spool. No part of this copy can be used.",
        ) from error
    return unpad(padded)


def seal_bytes(recipient: ProcessingPublicKey, info: bytes, content: bytes) -> bytes:
    """Seal content of any length, unpadded, under a label of the caller's own, to a key of whoever
    is to read it.
    """
    try:
        return _SUITE.encrypt(content, recipient.hybrid, info=info)
    except ValueError as error:  # as in `seal`
        raise _no_public_key() from error


def unseal_bytes(key: ProcessingKey, info: bytes, sealed: bytes) -> bytes:
    """What `seal_bytes` sealed.

    Raises:
        VerificationError: `seal-broken`: altered, cut, another key or another label.
    """
    try:
        return _SUITE.decrypt(sealed, key._key, info=info)
    except InvalidTag as error:
        raise VerificationError(
            "seal-broken",
            "The sealed file cannot be opened: it was altered on the way, or sealed to another "
            "key.",
            "Ask for it to be written again, and open it with the key that it names.",
        ) from error


def _info(header: Header) -> bytes:
    return _LABEL + b"\x00" + encode(header.to_wire())


def _require_key(header: Header, expected: str) -> None:
    if header.key_id != expected:
        raise VerificationError(
            "key-mismatch",
            Phrase(
                "The envelope names the processing key %(named)s, but this key is %(key)s.",
                named=header.key_id[:16],
                key=expected[:16],
            ),
            "Fetch the portal's key directory, and seal to the key that it lists for today.",
        )


def _no_public_key() -> VerificationError:
    return VerificationError(
        "public-key-malformed",
        "These bytes are not a processing key.",
        "Fetch the portal's key directory again.",
    )


def _unreadable() -> VerificationError:
    return VerificationError(
        "key-unreadable",
        "The processing key cannot be read.",
        "Check that the file is the right one and complete, and that the password belongs to it.",
    )
