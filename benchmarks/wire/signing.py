"""Ed25519 signatures (RFC 8032) bound to one purpose, keys to one role, key ids, and secrets that
no log or pickle gets.

What is signed is always `label || 0x00 || canonical CBOR`: the label names the purpose, so a
signature made for one thing is never valid for another. A key signs only what its role may: a
device never signs a receipt.

What a private key of ours will not do: print itself, be logged, be pickled or be copied.

A key that reaches a traceback, a log line, a task queue or a debugger's dump is a key that has
leaked. Python has no way to wipe memory; this keeps the accidental ways shut, not a debugger out.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, NoReturn, Self, SupportsIndex

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire.canonical import Value, encode


class Secret:
    """Base of everything secret. Subclasses say in `_public_name` what may be shown of them."""

    __slots__ = ()

    @property
    def _public_name(self) -> str:
        return "hidden"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._public_name}>"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is secret and is neither pickled nor copied")

    def __reduce__(self) -> NoReturn:
        self.__reduce_ex__(0)


SIGNATURE_BYTES = 64
PUBLIC_BYTES = 32

_SMALL_ORDER = frozenset(
    bytes.fromhex(point)
    for point in (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)
"""Points of order 1, 2, 4 and 8, sign bit cleared. Under such a key one signature fits many
messages, and its owner could later say to have signed another; OpenSSL accepts them (Chalkias,
Garillot, Nikolaenko, Taming the many EdDSAs, 2020)."""


class Purpose(Enum):
    """Domain separation labels. None is a prefix of another once the 0x00 that ends it is
    counted.
    """

    REPORT = b"steplabel/1 report"  # inner signature: by the device, inside the seal
    ENVELOPE = b"steplabel/1 envelope"  # outer signature: by the device, over header and ciphertext
    COMMITMENT = b"steplabel/1 commitment"  # of a device to its data, before it draws
    CHALLENGE = b"steplabel/1 challenge"  # the portal's answer to that
    RECEIPT = b"steplabel/1 receipt"
    DIRECTORY = b"steplabel/1 directory"
    REQUEST = b"steplabel/1 request"  # a device asking for what is its own
    BENCHMARK = b"steplabel/1 benchmark"  # a published industry label
    PACK = b"steplabel/1 method pack"  # an approved version of a pack
    LIBRARY = b"steplabel/1 practices"  # an edition of the library of practices
    TREE_HEAD = b"steplabel/1 tree head"  # what the portal's log is at one size
    LOG_RESTART = b"steplabel/1 log restart"  # what the log lost, by the coordinator
    AGENT_RELEASE = (
        b"steplabel/1 agent release"  # the newest version of the agent, by the coordinator
    )
    ROTATION = b"steplabel/1 rotation"  # a device's new key, by the old one and by itself
    ATTESTATION = b"steplabel/1 attestation"  # an auditor's opinion of a report or of a publication
    ATTESTATION_WITHDRAWN = b"steplabel/1 attestation-withdrawn"  # an auditor taking one back
    OUTCOME = (
        b"steplabel/1 practice outcome"  # a device standing by what a practice did at its site
    )
    OUTCOME_CONFIRMED = (
        b"steplabel/1 outcome confirmed"  # an auditor who found the same in the plant's own records
    )
    OPENING = b"steplabel/1 opening"  # a device standing by what its plant shows an auditor
    AUDIT_NONCE = (
        b"steplabel/1 audit-nonce"  # an auditor binding themselves to a number not shown yet
    )
    AUDIT_DRAW = b"steplabel/1 audit-draw"  # an auditor's draw of what is to be opened
    # never shown: a browser hashes it to the number of a promise, and finds that again to draw
    AUDIT_SEED = b"steplabel/1 audit-seed"

    def message(self, content: Value) -> bytes:
        """The bytes that are signed."""
        return self.value + b"\x00" + encode(content)


def key_id(public_bytes: bytes) -> str:
    """The id (fingerprint) of any public key: SHA-256 of its raw bytes, lower-case hex."""
    return hashlib.sha256(public_bytes).hexdigest()


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """The public half of a signing key."""

    public_bytes: bytes

    def __post_init__(self) -> None:
        if len(self.public_bytes) != PUBLIC_BYTES:
            raise VerificationError(
                "public-key-malformed",
                Phrase(
                    "An Ed25519 public key has %(wanted)s bytes, but this one has %(found)s.",
                    wanted=PUBLIC_BYTES,
                    found=len(self.public_bytes),
                ),
                "Copy the key again from where it was made.",
            )
        if self.public_bytes[:-1] + bytes([self.public_bytes[-1] & 0x7F]) in _SMALL_ORDER:
            raise VerificationError(
                "public-key-weak",
                "This public key is in the curve's small subgroup: a signature made with it "
                "binds nobody.",
                "Make a new key with the agent. Its own generator never makes such a key.",
            )

    @classmethod
    def from_hex(cls, text: str) -> Self:
        """Read the 64 hex digits in which a public key is registered."""
        try:
            return cls(bytes.fromhex(text))
        except ValueError as error:
            raise VerificationError(
                "public-key-malformed",
                "The public key is not written in hex digits.",
                "Copy the key again from where it was made.",
            ) from error

    @property
    def hex(self) -> str:
        return self.public_bytes.hex()

    @property
    def key_id(self) -> str:
        return key_id(self.public_bytes)

    def accepts(self, purpose: Purpose, content: Value, signature: bytes) -> bool:
        """Whether `signature` was made by this key's owner over `content` for `purpose`. Callers
        refuse in their own words.
        """
        return self.accepts_bytes(purpose.message(content), signature)

    def accepts_bytes(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` was made over exactly these bytes: for forms that are not ours
        (`notes`).
        """
        try:
            Ed25519PublicKey.from_public_bytes(self.public_bytes).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class SigningKey(Secret):
    """A private Ed25519 key in one role. Keep its PEM in a file of mode 0600."""

    __slots__ = ("_private",)

    purposes: ClassVar[frozenset[Purpose]] = frozenset()
    signs_notes: ClassVar[bool] = False

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    @classmethod
    def generate(cls) -> Self:
        """A new key from the operating system's randomness. Called at entrances only."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: bytes, password: bytes | None = None) -> Self:
        """Read a key back.

        Raises:
            VerificationError: `key-unreadable`: damaged, another kind of key, or not this password.
        """
        try:
            private = load_pem_private_key(pem, password)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise _unreadable() from error
        if not isinstance(private, Ed25519PrivateKey):
            raise _unreadable()
        return cls(private)

    def to_pem(self, password: bytes | None = None) -> bytes:
        """PKCS #8, encrypted where a password is given. Without one (an unattended device) the
        file's mode is the only guard.
        """
        encryption = BestAvailableEncryption(password) if password else NoEncryption()
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)

    @property
    def public(self) -> VerifyingKey:
        return VerifyingKey(self._private.public_key().public_bytes_raw())

    @property
    def public_bytes(self) -> bytes:
        return self.public.public_bytes

    @property
    def key_id(self) -> str:
        return self.public.key_id

    @property
    def _public_name(self) -> str:
        return self.key_id[:16]

    def sign(self, purpose: Purpose, content: Value) -> bytes:
        """64 bytes; the same for the same content, always (Ed25519 is deterministic)."""
        if purpose not in self.purposes:
            raise ValueError(f"a {type(self).__name__} does not sign for {purpose.name}")
        return self._private.sign(purpose.message(content))

    def sign_note(self, message: bytes) -> bytes:
        """64 bytes over the message of a signed note, which holds no byte 0: so it is the message
        of no purpose.
        """
        if not self.signs_notes or b"\x00" in message:
            raise ValueError(f"a {type(self).__name__} does not sign this note")
        return self._private.sign(message)


class DeviceKey(SigningKey):
    """Of one agent at one site, registered at enrolment."""

    __slots__ = ()
    purposes = frozenset(
        {
            Purpose.COMMITMENT,
            Purpose.REPORT,
            Purpose.ENVELOPE,
            Purpose.REQUEST,
            Purpose.ROTATION,
            Purpose.OPENING,
            Purpose.OUTCOME,
        }
    )


class ReceiptKey(SigningKey):
    """Of the portal's web tier: it signs challenges, receipts, heads of the log and published
    benchmarks, and can open nothing.
    """

    __slots__ = ()
    purposes = frozenset(
        {
            Purpose.CHALLENGE,
            Purpose.RECEIPT,
            Purpose.TREE_HEAD,
            Purpose.BENCHMARK,
            Purpose.PACK,
            Purpose.LIBRARY,
        }
    )
    signs_notes = True


class DirectoryKey(SigningKey):
    """Of the coordinator, kept offline: it signs the key directory and restarts of the log; its
    fingerprint travels in every token.
    """

    __slots__ = ()
    purposes = frozenset({Purpose.DIRECTORY, Purpose.LOG_RESTART, Purpose.AGENT_RELEASE})


class WitnessKey(SigningKey):
    """Of a witness of the log: it cosigns heads and nothing else, under one name (C2SP
    tlog-cosignature).
    """

    __slots__ = ()
    signs_notes = True


class AuditorSigningKey(SigningKey):
    """Of one auditor of a certification body, registered there by its owner; the portal never sees
    its private half.
    """

    __slots__ = ()
    purposes = frozenset(
        {
            Purpose.ATTESTATION,
            Purpose.ATTESTATION_WITHDRAWN,
            Purpose.OUTCOME_CONFIRMED,
            Purpose.AUDIT_NONCE,
            Purpose.AUDIT_DRAW,
            Purpose.AUDIT_SEED,
        }
    )


def _unreadable() -> VerificationError:
    return VerificationError(
        "key-unreadable",
        "The private key cannot be read.",
        "Check that the file is the right one and complete, and that the password belongs to it.",
    )
