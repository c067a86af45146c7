"""How each column of a template is filled, from a file's column or a constant; unmapped columns
that may hold energy or material.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, tzinfo
from typing import Any

from benchmarks.carriers import CARRIERS, named
from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase, alternatives
from reporting_agent.config import Profile
from reporting_agent.config.profile import zone_named
from reporting_agent.sources import cells, rejected_rows
from reporting_agent.sources.cells import Cell, UnreadableCell
from reporting_agent.sources.sheets import header_twice
from reporting_agent.sources.wanted import CellKind, Template, TemplateColumn

_LONGEST_S = (
    200 * 366 * 86_400.0
)  # what is longer is a date as a count; no calendar has the end of it
_MOST_KNOWN = 1 << 14  # texts of one column whose value is kept; files repeat themselves


class BadCell(Exception):  # noqa: N818 - a cell that makes its row unusable
    """Why a cell cannot be used: header, reason, what was found and what is wanted."""

    def __init__(self, header: str | None, reason: str, found: str, wanted: str) -> None:
        super().__init__(reason)
        self.header, self.reason, self.found, self.wanted = header, reason, found, wanted


@dataclass(frozen=True, slots=True)
class Field:
    """One standard column: its position in the row, or None with the constant that stands in every
    row.
    """

    column: TemplateColumn
    header: str
    position: int | None
    constant: Any
    read: Callable[[Cell], Any]
    missing: tuple[str, ...]
    known: dict[str, Any] = field(default_factory=dict)  # what texts met before were read as

    def value(self, cell: Cell) -> Any:
        """The cell's value; BadCell where it cannot be used."""
        if not isinstance(cell, str):
            return self._read(cell)
        if cell in self.known:
            return self.known[cell]
        value = self._read(cell)
        if len(self.known) < _MOST_KNOWN:
            self.known[cell] = value
        return value

    def _read(self, cell: Cell) -> Any:
        if cells.is_blank(cell, self.missing):
            if self.column.required:
                raise BadCell(
                    self.header,
                    Phrase("a required value is missing"),
                    repr(cell or ""),
                    self.column.kind.words,
                )
            return self.column.default
        try:
            return self.read(cell)
        except UnreadableCell as wrong:
            raise BadCell(
                self.header, Phrase("the value cannot be read"), shown(cell), wrong.wanted
            ) from wrong


def shown(cell: Cell) -> str:
    """A cell in a message: as written, and not longer than a message may be. A remark that stands
    in the cell's place stays a phrase.
    """
    text = (
        cell.isoformat(" ")
        if isinstance(cell, datetime)
        else cell.isoformat()
        if isinstance(cell, date | time)
        else repr(cell)
    )
    if len(text) > 120:
        return Phrase(
            "%(beginning)s… (%(length)s characters)", beginning=text[:100], length=f"{len(text):,}"
        )
    return Phrase("'%(remark)s'", remark=cell) if isinstance(cell, Phrase) else text


def fields_of(
    header: tuple[str, ...],
    file: str,
    profile: Profile,
    wanted: Template,
    zone: tzinfo,
    column_remedy: Callable[[str], str] | None = None,
) -> tuple[list[Field], tuple[str, ...]]:
    """The columns of the template that this header fills, and the headers that mean nothing here.

    `column_remedy` says how a column that is missing is named where the rows come from tables of
    site.toml other than a mapping profile.

    Raises:
        InputError: a required column is missing, a header stands twice, or the profile names what
            is not there.
    """
    positions = {name: index for index, name in enumerate(header)}
    where = zone_of(profile, file, wanted) or zone
    claimed = set(
        profile.columns.values()
    )  # a header that the profile gives to one column is not another one's by its name
    chosen = dict(profile.columns)
    chosen |= {
        column.name: column.name
        for column in wanted.columns
        if column.name not in chosen and column.name not in claimed
    }
    chosen |= {column.name: "" for column in wanted.columns if column.name not in chosen}
    chosen |= {
        name: name
        for name in header
        if name not in chosen and name not in claimed and wanted.column(name) is not None
    }
    chosen |= {name: name for name in profile.constants if name not in chosen}
    fields: list[Field] = []
    for name, foreign in chosen.items():
        column = wanted.column(name)
        if column is None:
            raise _profile_error(file, name, wanted)
        if foreign and header.count(foreign) > 1:
            raise header_twice(file, header, foreign, profile.header_row)
        own = (
            profile.model_copy(update={"midnight": "begins"}) if name in profile.parts else profile
        )  # made of parts: midnight is settled
        read = _reader(column, own, where, zone, is_key=name == wanted.key)
        missing = profile.missing.get(name, ())
        if name in profile.constants:
            fields.append(
                Field(
                    column,
                    name,
                    None,
                    _constant(read, profile.constants[name], file, name),
                    read,
                    missing,
                )
            )
        elif foreign in positions:
            fields.append(Field(column, foreign, positions[foreign], None, read, missing))
        elif column.required or name in profile.columns:
            raise InputError(
                "column-missing",
                Phrase("The file has no column for %(name)s.", name=name),
                column_remedy(name)
                if column_remedy is not None and name not in profile.columns
                else Phrase(
                    "Name the column under [mapping.%(table)s] columns in site.toml, or give it "
                    "one value "
                    "under constants; `steplabel-agent label FILE` writes both into a site.toml.",
                    table=wanted.name,
                ),
                place=Place(file, profile.header_row, foreign or name),
                found=", ".join(heading for heading in header if heading) or Phrase("no headers"),
                wanted=foreign or Phrase("a column for %(name)s of its own", name=name),
            )
        else:
            fields.append(Field(column, name, None, column.default, read, missing))
    if profile.rows and wanted.column("batch_id") is None:
        raise InputError(
            "profile-invalid",
            Phrase(
                "Several rows become one by their batch, and rows of %(table)s have none.",
                table=wanted.name,
            ),
            Phrase("Remove rows from [mapping.%(table)s].", table=wanted.name),
            place=Place(file, column=f"mapping.{wanted.name}.rows"),
            found=", ".join(profile.rows),
            wanted=Phrase("no rows"),
        )
    for name in (
        *profile.fill_down,
        *profile.rows,
        *profile.scale,
        *profile.values,
        *profile.missing,
    ):
        if wanted.column(name) is None:
            raise _profile_error(file, name, wanted)
    refuse_words_for_numbers(profile, wanted, file)
    used = {filled.header for filled in fields if filled.position is not None}
    return fields, tuple(name for name in header if name and name not in used)


def refuse_words_for_numbers(profile: Profile, wanted: Template, file: str) -> None:
    """InputError `profile-invalid` where `values` gives words for a column of numbers or moments:
    only texts are put into other words.
    """
    for name in profile.values:
        column = wanted.column(name)
        if column is not None and column.kind is not CellKind.TEXT:
            raise InputError(
                "profile-invalid",
                Phrase(
                    "values replaces words with other words, but %(name)s does not contain words.",
                    name=name,
                ),
                Phrase(
                    "Remove values.%(name)s from [mapping.%(table)s]. Give a foreign unit as a "
                    "factor under scale, and a sign for "
                    "unknown values under missing. Correct wrong entries in the file itself.",
                    name=name,
                    table=wanted.name,
                ),
                place=Place(file, column=f"mapping.{wanted.name}.values.{name}"),
                found=", ".join(
                    f"{word!r} = {other!r}" for word, other in profile.values[name].items()
                )
                or Phrase("an empty table"),
                wanted=Phrase(
                    "a column of texts; %(name)s is %(kind)s", name=name, kind=column.kind.words
                ),
            )


WEIGHED = re.compile(r"[\s_\-.(\[（](t|kg)[)\]）]?$", re.IGNORECASE)
"""A heading that says t or kg."""


def of_carriers(
    header: tuple[str, ...], unused: tuple[str, ...], profile: Profile
) -> Iterator[Field]:
    """The columns that mean nothing in this input and whose heading is a carrier's name: they may
    hold energy that nothing counts.

    `heat` is what melt shops call a batch.
    """
    yield from _beside(
        header,
        unused,
        profile,
        lambda name: (
            (mention := named(name)) is not None
            and CARRIERS[mention.carrier].form not in {"medium", "heat"}
        ),
    )


def of_masses(
    header: tuple[str, ...], unused: tuple[str, ...], profile: Profile
) -> Iterator[Field]:
    """Likewise, those whose heading says t or kg and names no carrier: material, or fuel under a
    name that nobody knows.
    """
    yield from _beside(
        header,
        unused,
        profile,
        lambda name: WEIGHED.search(name) is not None and named(name) is None,
    )


def _beside(
    header: tuple[str, ...],
    unused: tuple[str, ...],
    profile: Profile,
    is_meant: Callable[[str], bool],
) -> Iterator[Field]:
    """Read as far as they are numbers."""

    def read(cell: Cell) -> float | None:
        try:
            return cells.number(cell, profile)
        except UnreadableCell:
            return None

    for position, name in enumerate(header):
        if name in unused and is_meant(name):
            own = name if header.index(name) == position else f"{name} ({position + 1})"
            yield Field(TemplateColumn(own, CellKind.NUMBER), name, position, None, read, ())


def zone_of(profile: Profile, file: str, wanted: Template) -> tzinfo | None:
    """The zone that the profile declares for stamps without an offset; InputError `profile-invalid`
    where there is no such zone.
    """
    if profile.timezone is None:
        return None
    if (zone := zone_named(profile.timezone)) is not None:
        return zone
    raise InputError(
        "profile-invalid",
        "The mapping profile names a time zone that does not exist.",
        Phrase("Correct timezone under [mapping.%(table)s].", table=wanted.name),
        place=Place(file, column="timezone"),
        found=repr(profile.timezone),
        wanted=Phrase("a time zone of the IANA list, such as Asia/Shanghai"),
    )


def _reader(
    column: TemplateColumn, profile: Profile, where: tzinfo, zone: tzinfo, *, is_key: bool
) -> Callable[[Cell], Any]:
    """How a cell is read: a stamp without an offset is of the zone `where`, and its day and year
    are those of the site's `zone`.
    """
    words = profile.values.get(column.name, {})
    scale = profile.scale.get(column.name, 1.0)

    def read_text(cell: Cell) -> str:
        day = cell if is_key and profile.days and isinstance(cell, date) else None
        raw = (
            f"{day:%Y-%m-%d}"
            if day is not None
            else str(cell)
            if isinstance(cell, bool)
            else cells.text(cell)
        )
        text = words.get(raw, raw)
        if column.choices and text not in column.choices:
            raise UnreadableCell(Phrase("one of %(choices)s", choices=", ".join(column.choices)))
        if is_key and rejected_rows.names_a_total(text, profile.totals):
            raise UnreadableCell(Phrase("the name of a row; this is a word for a total"))
        return text

    def read_number(cell: Cell) -> float:
        number = (
            cells.measured
            if (column.name, column.kind) == ("quantity", CellKind.NUMBER)
            else cells.number
        )  # of an energy
        value = (
            cells.seconds(cell, profile) * scale
            if column.kind is CellKind.SECONDS
            else number(cell, profile, scale)
        )
        if column.kind in {CellKind.AMOUNT, CellKind.SECONDS} and value < 0:
            raise UnreadableCell(
                CellKind.AMOUNT.words
                if column.kind is CellKind.AMOUNT
                else Phrase("a duration of at least 0")
            )
        if column.kind is CellKind.SECONDS and value > _LONGEST_S:
            raise UnreadableCell(Phrase("a duration in seconds, below 200 years"))
        return value

    if column.kind is CellKind.TEXT:
        return read_text

    def read_written(cell: Cell) -> datetime:
        written = cells.written_moment(cell, profile)
        cells.fixed(written, where)  # refused where the clock skipped it
        return written

    if column.kind is CellKind.MOMENT:
        return (
            read_written
            if column.as_written
            else lambda cell: cells.fixed(cells.moment(cell, profile, where), zone)
        )
    return read_number


def _constant(read: Callable[[Cell], Any], value: str | float, file: str, name: str) -> Any:
    try:
        return read(value)
    except UnreadableCell as wrong:
        raise InputError(
            "profile-invalid",
            Phrase("The constant for %(name)s cannot be used.", name=name),
            "Correct it under constants in the mapping profile.",
            place=Place(file, column=name),
            found=repr(value),
            wanted=wrong.wanted,
        ) from wrong


def _profile_error(file: str, name: str, wanted: Template) -> InputError:
    column_names = ", ".join(column.name for column in wanted.columns)
    return InputError(
        "profile-invalid",
        Phrase(
            "mapping.%(table)s names a column that this input does not have.", table=wanted.name
        ),
        "Correct the name in the mapping profile.",
        place=Place(file, column=name),
        found=name,
        wanted=column_names
        if not wanted.open_prefixes
        else Phrase(
            "%(columns)s, or a name that begins with %(prefixes)s",
            columns=column_names,
            prefixes=alternatives(wanted.open_prefixes),
        ),
    )
