"""Records of the wire: each field of a dataclass is told once, with its kind, and is written and
read by it.

    @dataclass(frozen=True, slots=True)
    class Header(Record):
        site: Identifier
        surveillance_on: Annotated[date | None, optional(DAY)]

Reading is that of `wire.fields`: a field that is missing, malformed or not known is refused by its
path. What is None is left out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Annotated, Any, ClassVar, Self, get_type_hints

from benchmarks.wire.canonical import LARGEST_INTEGER, Value
from benchmarks.wire.fields import Fields, rational_to_wire


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
