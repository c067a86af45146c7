"""Strict reading of a decoded map, field by field, refusal of what nobody asked for, and the one
spelling of a fraction.

The wire's schemas are written as one read per field; the names in the refusals are paths such as
`labels[3].best.cell`.
"""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from math import gcd

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
                Phrase("Use a newer release of steplabel-agent or of the portal."),
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
