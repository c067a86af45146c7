"""The portal's key directory, signed offline, the witnesses of its log, and the enrolment token
that names the directory key.

A portal that could hand out keys of its own choice could read every report. So the directory of
processing and receipt keys is signed by a key that is kept off the portal, and that key's
fingerprint reaches the plant in the enrolment token, by hand. An agent remembers the number of the
directory it last took and takes none with a lower one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar, Self

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire.canonical import LARGEST_INTEGER, Value, decode
from benchmarks.wire.notes import NoteKey, SignatureType
from benchmarks.wire.records import Fields, Record, malformed
from benchmarks.wire.sealing import PUBLIC_BYTES as PROCESSING_BYTES
from benchmarks.wire.sealing import ProcessingPublicKey
from benchmarks.wire.signed import Signed
from benchmarks.wire.signing import (
    PUBLIC_BYTES,
    Purpose,
    Secret,
    VerifyingKey,
    key_id,
)

GRACE = timedelta(days=31)
"""A report sealed on a key's last day may travel by hand: the portal takes it for so long after the
key's window, then no more.
"""

_MOST_KEYS = 64
_MOST_DAYS = 366
WITNESSED_WITHIN_DAYS = 7


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A public key and the days on which it is used, half-open [valid_from, valid_to)."""

    public_bytes: bytes
    valid_from: date
    valid_to: date

    @property
    def key_id(self) -> str:
        return key_id(self.public_bytes)

    def is_valid(self, on: date) -> bool:
        return self.valid_from <= on < self.valid_to

    def is_taken(self, on: date) -> bool:
        """Whether a report sealed to this key is still let in on that day; afterwards the key may
        be destroyed.
        """
        return on < self.valid_to + GRACE

    def _to_wire(self) -> Value:
        return {
            "public": self.public_bytes,
            "valid_from": self.valid_from.isoformat(),
            "valid_to": self.valid_to.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class ListedWitness:
    """Somebody independent of the portal who cosigns the heads of its log, by name and public
    key.
    """

    name: str
    public_bytes: bytes

    @property
    def note_key(self) -> NoteKey:
        return NoteKey(self.name, VerifyingKey(self.public_bytes), SignatureType.COSIGNATURE)


@dataclass(frozen=True, slots=True)
class Directory(Record):
    """The keys of one portal, and who witnesses its log. `number` grows with every directory that
    is signed.

    An agent takes a head of the log as witnessed once `witnesses_required` of the witnesses have
    cosigned it within `witnessed_within_days`. With 0 it asks for none.
    """

    WHERE: ClassVar[str] = "directory"

    number: int
    processing: tuple[ListedKey, ...]
    receipts: tuple[ListedKey, ...]
    witnesses: tuple[ListedWitness, ...] = ()
    witnesses_required: int = 0
    witnessed_within_days: int = WITNESSED_WITHIN_DAYS

    def processing_key(self, on: date) -> ProcessingPublicKey:
        """The key to seal to on that day: of the valid ones, the one that began last; of those that
        began on one day, the one listed last.

        Raises:
            VerificationError: `no-valid-key`.
        """
        valid = [key for key in self.processing if key.is_valid(on)]
        if not valid:
            raise VerificationError(
                "no-valid-key",
                Phrase(
                    "The portal's key directory lists no processing key for %(day)s.",
                    day=on.isoformat(),
                ),
                "Check this machine's date. Then fetch the directory again (submit does; without "
                "a connection, --directory FILE), or ask "
                "the coordinator to renew it.",
            )
        newest = max(
            reversed(valid), key=lambda key: key.valid_from
        )  # a rotation adds its key at the end
        return ProcessingPublicKey(newest.public_bytes)

    def receipt_keys(self) -> dict[str, VerifyingKey]:
        """All receipt keys ever listed, by key id: a receipt stays good when its key is no longer
        used.
        """
        keys = (VerifyingKey(key.public_bytes) for key in self.receipts)
        return {key.key_id: key for key in keys}

    def witness_keys(self) -> tuple[NoteKey, ...]:
        """The keys under which witnesses cosign."""
        return tuple(witness.note_key for witness in self.witnesses)

    def to_wire(self) -> dict[str, Value]:
        content: dict[str, Value] = {
            "number": self.number,
            "processing": [key._to_wire() for key in self.processing],
            "receipts": [key._to_wire() for key in self.receipts],
        }
        if self.witnesses:
            content["witnesses"] = {
                "named": [
                    {"name": witness.name, "public": witness.public_bytes}
                    for witness in self.witnesses
                ],
                "required": self.witnesses_required,
                "days": self.witnessed_within_days,
            }
        return content

    @classmethod
    def from_wire(cls, value: Value | Fields, where: str = "") -> Self:
        fields = value if isinstance(value, Fields) else Fields(value, where or cls.WHERE)
        directory = cls(
            number=fields.integer("number", 0, LARGEST_INTEGER),
            processing=tuple(
                _key_from_wire(key, PROCESSING_BYTES)
                for key in fields.each("processing", _MOST_KEYS)
            ),
            receipts=tuple(
                _key_from_wire(key, PUBLIC_BYTES) for key in fields.each("receipts", _MOST_KEYS)
            ),
            **_witnessing(fields.fields("witnesses")) if fields.has("witnesses") else {},
        )
        fields.done()
        return directory


DIRECTORY = Signed(
    Directory,
    Purpose.DIRECTORY,
    lambda: VerificationError(
        "directory-signature-invalid",
        "The portal's key directory was altered after it was signed.",
        "Do not submit. Fetch it again. If it is still not valid, ask the coordinator.",
    ),
    offline=True,
    stranger=lambda: VerificationError(
        "directory-signer-unknown",
        "The portal's key directory was not signed by the key that the enrolment token names.",
        "Do not submit. Ask the coordinator, through another channel than this portal, which "
        "fingerprint is right.",
    ),
)
issue = DIRECTORY.issue


def verify(raw: bytes, fingerprint: str, at_least: int = 0) -> Directory:
    """The directory in `raw`, signed by the key with this fingerprint.

    Args:
        fingerprint: of the directory key, from the enrolment token (and kept since).
        at_least: the number of the directory last taken.

    Raises:
        VerificationError: `directory-signer-unknown`, `directory-signature-invalid`,
            `directory-outdated`, or malformed bytes.
    """
    directory = DIRECTORY.verify(raw, fingerprint)
    if directory.number < at_least:
        raise VerificationError(
            "directory-outdated",
            Phrase(
                "The portal offers key directory %(number)s, but number %(at_least)s was already "
                "seen.",
                number=directory.number,
                at_least=at_least,
            ),
            "Do not submit. Fetch it again. If it is still the old one, ask the coordinator.",
        )
    return directory


def signer_of(raw: bytes) -> str:
    """The fingerprint of the key that a directory says signed it: for the portal that hands it out,
    never for who has a token.
    """
    return VerifyingKey(Fields(decode(raw)).octets("signer", PUBLIC_BYTES)).key_id


def renewed(raw: bytes, fingerprint: str, last_directory: Directory) -> Directory:
    """The directory in `raw`, held against the one taken last: a higher number, or the very same.

    Raises:
        VerificationError: as `verify`; `directory-forked` for another content under a number
            already seen.
    """
    directory = verify(raw, fingerprint, at_least=last_directory.number)
    if directory.number == last_directory.number and directory != last_directory:
        raise VerificationError(
            "directory-forked",
            Phrase(
                "The portal offers a key directory with the number %(number)s that differs from "
                "the one seen before with this number.",
                number=directory.number,
            ),
            "Do not submit. Ask the coordinator, through another channel than this portal, why "
            "two were signed.",
        )
    return directory


def _witnessing(fields: Fields) -> dict[str, Any]:
    named = tuple(_witness_from_wire(entry) for entry in fields.each("named", _MOST_KEYS))
    if (
        not named
        or len({witness.name for witness in named}) < len(named)
        or len({witness.public_bytes for witness in named}) < len(named)
    ):
        raise malformed(
            fields.path("named"),
            Phrase("a list of witnesses, each with a name and a key of its own"),
        )
    required = fields.integer("required", 0, len(named))
    days = fields.integer("days", 1, _MOST_DAYS)
    fields.done()
    return {
        "witnesses": named,
        "witnesses_required": required,
        "witnessed_within_days": days,
    }


def _witness_from_wire(fields: Fields) -> ListedWitness:
    witness = ListedWitness(fields.words("name"), fields.octets("public", PUBLIC_BYTES))
    try:
        witness.note_key  # noqa: B018  # refuses a name that could not stand in a signature line, and a weak key
    except VerificationError as refusal:
        raise malformed(fields.path("name"), Phrase("the name and key of a witness")) from refusal
    fields.done()
    return witness


def _key_from_wire(fields: Fields, length: int) -> ListedKey:
    key = ListedKey(
        fields.octets("public", length), fields.day("valid_from"), fields.day("valid_to")
    )
    if not key.valid_from < key.valid_to:
        raise malformed(fields.path("valid_to"), Phrase("after valid_from"))
    fields.done()
    return key


class EnrolmentSecret(Secret):
    """`sl1.<secret>.<fingerprint>`: admits one device once, and names the directory key to trust.

    `secret` alone is sent to the portal; the fingerprint never is, so a portal cannot answer with
    one that fits.
    """

    __slots__ = ("fingerprint", "secret")

    _FORM = re.compile(r"sl1\.([A-Za-z0-9_-]{43})\.([0-9a-f]{64})")

    def __init__(self, secret: str, fingerprint: str) -> None:
        if not self._FORM.fullmatch(f"sl1.{secret}.{fingerprint}"):
            raise _token_malformed()
        self.secret = secret
        self.fingerprint = fingerprint

    @classmethod
    def parse(cls, text: str) -> EnrolmentSecret:
        """Read a token as a person pastes it; spaces around it do not matter. VerificationError
        `token-malformed`.
        """
        match = cls._FORM.fullmatch(text.strip())
        if match is None:
            raise _token_malformed()
        return cls(match[1], match[2])

    def text(self) -> str:
        """The whole token, to be handed over once, by another way than the portal's own pages where
        that matters.
        """
        return f"sl1.{self.secret}.{self.fingerprint}"

    @property
    def _public_name(self) -> str:
        return f"for directory key {self.fingerprint[:16]}"


def _token_malformed() -> VerificationError:
    return VerificationError(
        "token-malformed",
        "The enrolment token is not complete.",
        "Copy it whole: sl1, a secret of 43 characters and a fingerprint of 64 hex digits, "
        "separated by dots.",
    )
