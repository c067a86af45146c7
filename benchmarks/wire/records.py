"""Strict reading and writing of decoded maps: field by field (`Fields`), or as a record whose every
field is declared once with its kind.

    @dataclass(frozen=True, slots=True)
    class Header(Record):
        site: Identifier
        surveillance_on: Annotated[date | None, optional(DAY)]

A field that is missing, malformed or not known is refused by its path, such as
`labels[3].best.cell`. What is None is left out.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cache
from math import gcd
from typing import Annotated, Any, ClassVar, Self, get_type_hints

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire.canonical import LARGEST_INTEGER, Value

VERSION = 1
"""Of the wire format: the field `v` of every document that is signed or sealed."""

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Ids of sites, devices, steps, packs and reason codes."""

HEX_DIGEST = re.compile(r"[0-9a-f]{64}")
"""A SHA-256 digest as lower-case hex: key ids and envelope digests."""

_AN_IDENTIFIER = Phrase(
    "an identifier of at most 64 letters, digits, dots, hyphens and underscores"
)
_A_DIGEST = Phrase("a SHA-256 digest in lower-case hex")
_A_DAY = Phrase("a date YYYY-MM-DD")
_REMEDY = Phrase(
    "Update the program that wrote it. docs/wire-format.md lists every field with its kind and "
    "range."
)


def rational_to_wire(number: Fraction) -> Value:
    """[numerator, denominator] in lowest terms: exact, and one spelling only."""
    return [number.numerator, number.denominator]


def malformed(where: str, wanted: str) -> VerificationError:
    """The refusal of one field's content."""
    return VerificationError(
        "field-malformed",
        Phrase("The field %(where)s is not %(wanted)s.", where=where, wanted=wanted),
        _REMEDY,
    )


class Fields:
    """One map being read. Call `done` at the end: a field that was not read is refused as
    unknown.
    """

    def __init__(self, value: Value, where: str = "") -> None:
        if not isinstance(value, dict):
            raise malformed(where or Phrase("at the top"), Phrase("a map of named fields"))
        self._left = dict(value)
        self._where = where

    def path(self, name: str) -> str:
        return f"{self._where}.{name}" if self._where else name

    def _take(self, name: str) -> Value:
        if name not in self._left:
            raise VerificationError(
                "field-missing",
                Phrase("The field %(path)s is missing.", path=self.path(name)),
                _REMEDY,
            )
        return self._left.pop(name)

    def has(self, name: str) -> bool:
        """Whether an optional field is there: what is absent is left out, never null."""
        return name in self._left

    def integer(self, name: str, least: int, most: int) -> int:
        value = self._take(name)
        if (
            type(value) is not int or not least <= value <= most
        ):  # a boolean is an integer to isinstance
            raise malformed(
                self.path(name),
                Phrase("a whole number from %(least)s to %(most)s", least=least, most=most),
            )
        return value

    def version(self) -> None:
        """Read the field `v`.

        Raises:
            VerificationError: `wire-version-unknown`, or as for a whole number.
        """
        version = self.integer("v", 1, LARGEST_INTEGER)
        if version != VERSION:
            raise VerificationError(
                "wire-version-unknown",
                Phrase(
                    "The document is of version %(version)s of the wire format, and this release "
                    "reads version %(known)s.",
                    version=version,
                    known=VERSION,
                ),
                "Use a newer release of steplabel-agent or of the portal.",
            )

    def octets(self, name: str, length: int | None = None) -> bytes:
        value = self._take(name)
        if not isinstance(value, bytes) or (length is not None and len(value) != length):
            wanted = (
                Phrase("a string of bytes")
                if length is None
                else Phrase("a string of %(length)s bytes", length=length)
            )
            raise malformed(self.path(name), wanted)
        return value

    def matching(self, name: str, pattern: re.Pattern[str], wanted: str) -> str:
        value = self._take(name)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise malformed(self.path(name), wanted)
        return value

    def identifier(self, name: str) -> str:
        return self.matching(name, IDENTIFIER, _AN_IDENTIFIER)

    def digest_hex(self, name: str) -> str:
        return self.matching(name, HEX_DIGEST, _A_DIGEST)

    def words(self, name: str, shortest: int = 1, longest: int = 120) -> str:
        """A short text without control characters."""
        value = self._take(name)
        if (
            not isinstance(value, str)
            or not shortest <= len(value) <= longest
            or not value.isprintable()
        ):
            raise malformed(
                self.path(name),
                Phrase(
                    "a text of %(shortest)s to %(longest)s printable characters",
                    shortest=shortest,
                    longest=longest,
                ),
            )
        return value

    def day(self, name: str) -> date:
        """A calendar date, YYYY-MM-DD: the wire carries no times."""
        value = self.matching(name, re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII), _A_DAY)
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise malformed(self.path(name), Phrase("a date of the calendar")) from error

    def rational(self, name: str) -> Fraction:
        value = self._take(name)
        match value:
            case [int(numerator), int(denominator)] if (
                bool not in map(type, value)
                and denominator > 0
                and gcd(numerator, denominator) == 1
            ):
                return Fraction(numerator, denominator)
        raise malformed(
            self.path(name), Phrase("a fraction [numerator, denominator] in lowest terms")
        )

    def fields(self, name: str) -> Fields:
        return Fields(self._take(name), self.path(name))

    def map_of(self, name: str) -> Value:
        """A map handed on whole, to be read by the schema it belongs to."""
        return self._take(name)

    def items(self, name: str, most: int) -> list[Value]:
        """A list, each item to be read by the schema it belongs to."""
        value = self._take(name)
        if not isinstance(value, list) or len(value) > most:
            raise malformed(
                self.path(name), Phrase("a list of at most %(most)s entries", most=most)
            )
        return value

    def each(self, name: str, most: int) -> list[Fields]:
        """A list of maps."""
        return [
            Fields(item, f"{self.path(name)}[{position}]")
            for position, item in enumerate(self.items(name, most))
        ]

    def done(self) -> None:
        """Refuse what was not read."""
        for name in self._left:
            raise VerificationError(
                "field-unknown",
                Phrase(
                    "The field %(path)s is not known to this version.", path=repr(self.path(name))
                ),
                _REMEDY,
            )


@dataclass(frozen=True, slots=True)
class FieldKind:
    """How one field is read from a map under its name, and what is written of it."""

    read: Callable[[Fields, str], Any]
    write: Callable[[Any], Value] = lambda value: value
    name: str = ""
    """Under which it travels; empty: the field's own."""
    spread: bool = False
    """Whether it stands in the record's own map under several names: `write` gives these."""
    optional: bool = False


class Record:
    """A dataclass whose every field is annotated with its kind."""

    __slots__ = ()
    WHERE: ClassVar[str] = ""
    """Before the names of fields in refusals, where the record is read by itself."""

    def to_wire(self) -> dict[str, Value]:
        written: dict[str, Value] = {}
        for field, kind in _kinds(type(self)).items():  # type: ignore[arg-type] # mypy: a class is hashable
            value = getattr(self, field)
            if kind.optional and value is None:
                continue
            spelled = kind.write(value)
            written |= (
                spelled
                if kind.spread and isinstance(spelled, dict)
                else {kind.name or field: spelled}
            )
        return written

    @classmethod
    def from_wire(cls, value: Value | Fields, where: str = "") -> Self:
        """Read strictly; VerificationError names the field."""
        fields = value if isinstance(value, Fields) else Fields(value, where or cls.WHERE)
        read = {}
        for field, kind in _kinds(cls).items():  # type: ignore[arg-type] # mypy: a class is hashable
            name = kind.name or field
            read[field] = (
                None if kind.optional and not fields.has(name) else kind.read(fields, name)
            )
        fields.done()
        record = cls(**read)
        record.refuse(fields)
        return record

    def refuse(self, at: Fields) -> None:
        """Raises VerificationError where fields that are well-formed do not fit one another."""


@cache
def _kinds(cls: Any) -> Mapping[str, FieldKind]:
    hints = get_type_hints(cls, include_extras=True)
    return {field.name: hints[field.name].__metadata__[0] for field in dataclasses.fields(cls)}


def optional(kind: FieldKind) -> FieldKind:
    """Left out where it is None."""
    return replace(kind, optional=True)


def whole(least: int, most: int) -> FieldKind:
    return FieldKind(lambda fields, name: fields.integer(name, least, most))


def octets(length: int | None = None) -> FieldKind:
    return FieldKind(lambda fields, name: fields.octets(name, length))


def words(shortest: int = 1, longest: int = 120) -> FieldKind:
    return FieldKind(lambda fields, name: fields.words(name, shortest, longest))


def nested(record: type[Record]) -> FieldKind:
    """A record of its own under one name."""
    return FieldKind(
        lambda fields, name: record.from_wire(fields.fields(name)), lambda value: value.to_wire()
    )


def each(record: type[Record], most: int) -> FieldKind:
    """A list of records, at most so many."""
    return FieldKind(
        lambda fields, name: tuple(record.from_wire(entry) for entry in fields.each(name, most)),
        lambda records: [entry.to_wire() for entry in records],
    )


def names(most: int) -> FieldKind:
    """A list of identifiers, at most so many."""

    def read(fields: Fields, name: str) -> tuple[str, ...]:
        singular = name.removesuffix("s")
        return tuple(
            Fields({singular: item}, fields.path(name)).identifier(singular)
            for item in fields.items(name, most)
        )

    return FieldKind(read, list)


DAY = FieldKind(Fields.day, date.isoformat)
RATIONAL = FieldKind(Fields.rational, rational_to_wire)
Identifier = Annotated[str, FieldKind(Fields.identifier)]
DigestHex = Annotated[str, FieldKind(Fields.digest_hex)]
Day = Annotated[date, DAY]
Rational = Annotated[Fraction, RATIONAL]
Natural = Annotated[int, whole(0, LARGEST_INTEGER)]
LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z: a later moment is none of the calendar
Seconds = Annotated[int, whole(0, LAST_SECOND)]
"""Since 1970-01-01T00:00Z."""
