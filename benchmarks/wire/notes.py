"""Signed notes: a text and signature lines under it, in the form that public logs and their
witnesses use (C2SP signed-note).

A line names its key by a name and four bytes of a hash, so lines of keys that are not known are
skipped, and a line of a known key must hold. Two kinds are made and read here: Ed25519 over the
text (type 0x01, by a log) and the cosignature of a witness, Ed25519 over a header with a time and
the text (type 0x04, C2SP tlog-cosignature). Neither message holds a byte 0, and everything else
that our keys sign does (`signing.Purpose.message`): no signature of one is good for the other.

Sources: https://c2sp.org/signed-note, https://c2sp.org/tlog-cosignature.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire.records import LAST_SECOND
from benchmarks.wire.signing import PUBLIC_BYTES, SIGNATURE_BYTES, VerifyingKey

KEY_ID_BYTES = 4
TIME_BYTES = 8
MOST_SIGNATURES = 100
_DASH = "\u2014 "


class SignatureType(IntEnum):
    """The algorithm byte under which a key has its id."""

    ED25519 = 0x01
    COSIGNATURE = 0x04


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key under its name, for signatures of one type."""

    name: str
    key: VerifyingKey
    kind: SignatureType

    def __post_init__(self) -> None:
        if (
            not self.name
            or "+" in self.name
            or not self.name.isprintable()
            or any(sign.isspace() for sign in self.name)
        ):
            raise _malformed(Phrase("the name of a key is empty, or has a space or a plus in it"))

    @property
    def key_id(self) -> bytes:
        """SHA-256(name, newline, type, public key), the first four bytes."""
        return hashlib.sha256(
            self.name.encode() + b"\n" + bytes([self.kind]) + self.key.public_bytes
        ).digest()[:KEY_ID_BYTES]

    @property
    def text(self) -> str:
        """`name+id+key`: the form in which such keys are handed on ("vkey")."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.kind]) + self.key.public_bytes).decode()}"  # noqa: E501

    @classmethod
    def parse(cls, text: str) -> NoteKey:
        """Read `name+id+key`.

        Raises:
            VerificationError: `note-malformed`: not of this form, another type, or an id that is
                not the key's.
        """
        parts = text.strip().split("+", 2)
        raw = _decoded(parts[2]) if len(parts) == 3 else None
        if raw is None or len(raw) != 1 + PUBLIC_BYTES or raw[0] not in tuple(SignatureType):
            raise _malformed(Phrase("a key is not written as name+id+key"))
        key = cls(parts[0], VerifyingKey(raw[1:]), SignatureType(raw[0]))
        if key.key_id.hex() != parts[1]:
            raise _malformed(Phrase("the id of a key is not that of its name and bytes"))
        return key


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One line under a note; `body` is what follows the key's id."""

    name: str
    key_id: bytes
    body: bytes

    @property
    def line(self) -> str:
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.body).decode()}\n"

    @property
    def time(self) -> int | None:
        """When a cosignature was made, in seconds since 1970; None for lines of another length."""
        return (
            int.from_bytes(self.body[:TIME_BYTES], "big")
            if len(self.body) == TIME_BYTES + SIGNATURE_BYTES
            else None
        )


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and the lines under it, none of them verified."""

    text: str
    signatures: tuple[NoteSignature, ...] = ()

    @property
    def raw(self) -> bytes:
        return (
            self.text + "\n" + "".join(signature.line for signature in self.signatures)
        ).encode()

    def signed_by(self, keys: Iterable[NoteKey]) -> tuple[tuple[NoteKey, NoteSignature], ...]:
        """The keys, each once, whose line is there and holds; for a witness's key its latest line.

        Raises:
            VerificationError: `note-signature-invalid`: a line of a known key does not hold.
        """
        latest: dict[NoteKey, NoteSignature] = {}
        for key in keys:
            for signature in self.signatures:
                if (signature.name, signature.key_id) != (key.name, key.key_id):
                    continue
                if not _holds(key, signature, self.text):
                    raise VerificationError(
                        "note-signature-invalid",
                        Phrase(
                            "The signature of %(name)s on the head of the log is not valid.",
                            name=key.name,
                        ),
                        "Do not use it. Fetch it again. If it is still not valid, ask through "
                        "another channel whose key it is.",
                    )
                if key not in latest or (signature.time or 0) > (latest[key].time or 0):
                    latest[key] = signature
        return tuple(latest.items())


def parse(raw: bytes) -> Note:
    """Read a note's structure.

    Raises:
        VerificationError: `note-malformed`.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed(Phrase("it is not UTF-8")) from error
    if any(ord(sign) < 0x20 and sign != "\n" for sign in text):
        raise _malformed(Phrase("it contains a control character"))
    head, blank, below = text.rpartition("\n\n")
    if not blank or not below.endswith("\n"):
        raise _malformed(
            Phrase(
                "there is no empty line between text and signatures, or the last line is not ended"
            )
        )
    lines = below[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise _malformed(Phrase("it has more than %(most)s signatures", most=MOST_SIGNATURES))
    return Note(head + "\n", tuple(parse_line(line) for line in lines))


def parse_line(line: str) -> NoteSignature:
    """One signature line, without its newline."""
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    raw = _decoded(encoded)
    if (
        not line.startswith(_DASH)
        or not name
        or "+" in name
        or raw is None
        or len(raw) <= KEY_ID_BYTES
    ):
        raise _malformed(Phrase("a line under it is not a signature"))
    return NoteSignature(name, raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])


def cosigned_message(time: int, text: str) -> bytes:
    """What a witness signs: that at this time the log of this text was the largest that it had
    seen.
    """
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _holds(key: NoteKey, line: NoteSignature, text: str) -> bool:
    if key.kind is SignatureType.ED25519:
        return key.key.accepts_bytes(text.encode(), line.body)
    if line.time is None or line.time > LAST_SECOND:
        return False
    return key.key.accepts_bytes(cosigned_message(line.time, text), line.body[TIME_BYTES:])


def _decoded(encoded: str) -> bytes | None:
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode() == encoded else None


def _malformed(why: str) -> VerificationError:
    return VerificationError(
        "note-malformed",
        Phrase("This is not a signed note: %(why)s.", why=why),
        "Use the file or answer unchanged, as it was given. Its format is C2SP signed-note.",
    )
