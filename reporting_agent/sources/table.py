"""A whole file as typed columns: what could be read, and every row that could not, with its reason.

For batches, energy per batch and production logs (up to a few million rows). Meter readings are streamed instead, see
`readings`. A file of which more than half the rows cannot be read is refused as a whole: then the profile is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.errors import InputError, Place
from reporting_agent.config import Profile
from reporting_agent.console import progress
from reporting_agent.sources import cells
from reporting_agent.sources.cells import Cell, Unreadable
from reporting_agent.sources.sheets import open_sheet
from reporting_agent.sources.wanted import Column, Kind, Wanted

_MOST_KNOWN = 1 << 14  # texts of one column whose value is kept; files repeat themselves


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that could not be read: where, why, what stood there, what was wanted, and the row as it was."""

    place: Place
    reason: str
    found: str
    wanted: str
    original: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by their standard name, all of one length; `rows[i]` is the row of the file that value i came from."""

    file: str
    columns: Mapping[str, list[Any]]
    rows: list[int]
    rejected: list[Rejected] = field(default_factory=list)
    unused: tuple[str, ...] = ()  # headers of the file that mean nothing here

    def __len__(self) -> int:
        return len(self.rows)

    def place(self, index: int, column: str | None = None) -> Place:
        return Place(self.file, self.rows[index], column)


@dataclass(frozen=True, slots=True)
class _Field:
    """How one standard column is filled: from a position in the row, or from a constant."""

    column: Column
    header: str
    position: int | None
    constant: Any
    read: Callable[[Cell], Any]
    missing: tuple[str, ...]
    known: dict[str, Any] = field(default_factory=dict)  # what texts met before were read as


def read_table(path: str | Path, profile: Profile, wanted: Wanted, zone: tzinfo) -> Table:
    """Read a file by its profile into the template's columns.

    Raises:
        InputError: the file is missing, not of its format, lacks a required column, or most of its rows are unreadable.
    """
    path = Path(path)
    sheet = open_sheet(path, profile)
    fields, unused = _fields(sheet.header, sheet.file, profile, wanted, zone)
    columns: dict[str, list[Any]] = {sys.intern(one.column.name): [] for one in fields}
    there = [(one, one.position) for one in fields if one.position is not None]
    filled = [columns[one.column.name] for one, _ in there]
    rows: list[int] = []
    rejected: list[Rejected] = []
    width = len(sheet.header)
    for row, raw in progress(sheet.rows, None, f"reading {path.name}"):
        if not any(raw) and not any(cell is not None and cell != "" for cell in raw):
            continue
        fault = _ragged(raw, width)
        values: list[Any] = []
        if fault is None:
            try:
                values = [_value(one, raw[position]) for one, position in there]
            except _BadCell as bad:
                fault = (bad.header, bad.reason, bad.found, bad.wanted)
        if fault is not None:
            header, reason, found, phrase = fault
            rejected.append(
                Rejected(Place(sheet.file, row, header), reason, found, phrase, tuple("" if c is None else str(c) for c in raw))
            )
            continue
        for column, value in zip(filled, values, strict=True):
            column.append(value)
        rows.append(row)
    for one in fields:
        if one.position is None:
            columns[one.column.name] += [one.constant] * len(rows)
    table = Table(sheet.file, columns, rows, rejected, unused)
    _refuse_if_mostly_unreadable(table)
    return table


class _BadCell(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, header: str, reason: str, found: str, wanted: str) -> None:
        super().__init__(reason)
        self.header, self.reason, self.found, self.wanted = header, reason, found, wanted


def _value(one: _Field, cell: Cell) -> Any:
    if not isinstance(cell, str):
        return _read(one, cell)
    if cell in one.known:
        return one.known[cell]
    value = _read(one, cell)
    if len(one.known) < _MOST_KNOWN:
        one.known[cell] = value
    return value


def _read(one: _Field, cell: Cell) -> Any:
    if cells.is_blank(cell, one.missing):
        if one.column.required:
            raise _BadCell(one.header, "a required value is missing", repr(cell or ""), one.column.kind)
        return one.column.default
    try:
        return one.read(cell)
    except Unreadable as wrong:
        raise _BadCell(one.header, "the value cannot be read", repr(cell), str(wrong)) from wrong


def _ragged(raw: Sequence[Cell], width: int) -> tuple[str | None, str, str, str] | None:
    if len(raw) == width:
        return None
    extra = [cell for cell in raw[width:] if cell not in (None, "")]
    if len(raw) < width or extra:
        return None, "the row has not as many cells as the header", f"{len(raw)} cells", f"{width} cells"
    return None


def _fields(header: tuple[str, ...], file: str, profile: Profile, wanted: Wanted, zone: tzinfo) -> tuple[list[_Field], tuple[str, ...]]:
    twice = sorted({name for name in header if name and header.count(name) > 1})
    positions = {name: index for index, name in enumerate(header)}
    where = ZoneInfo(profile.timezone) if profile.timezone else zone
    claimed = set(profile.columns.values())  # a header that the profile gives to one column is not another one's by its name
    chosen = dict(profile.columns)
    chosen |= {column.name: column.name for column in wanted.columns if column.name not in chosen and column.name not in claimed}
    chosen |= {column.name: "" for column in wanted.columns if column.name not in chosen}
    chosen |= {name: name for name in header if name not in chosen and name not in claimed and wanted.column(name) is not None}
    chosen |= {name: name for name in profile.constants if name not in chosen}
    fields: list[_Field] = []
    for name, foreign in chosen.items():
        column = wanted.column(name)
        if column is None:
            raise _profile_error(file, name, f"mapping.{wanted.name} names a column that this input does not have", wanted)
        if foreign in twice:
            raise InputError(
                "header-twice",
                "Two columns have the same header.",
                "Rename one of them in the file.",
                place=Place(file, profile.header_row, foreign),
                found=f"{header.count(foreign)} columns named {foreign!r}",
                wanted="one",
            )
        read = _reader(column, profile, where)
        missing = profile.missing.get(name, ())
        if name in profile.constants:
            fields.append(_Field(column, name, None, _constant(read, profile.constants[name], file, name), read, missing))
        elif foreign in positions:
            fields.append(_Field(column, foreign, positions[foreign], None, read, missing))
        elif column.required or name in profile.columns:
            raise InputError(
                "column-missing",
                f"The file has no column for {name}.",
                f"Name the column under [mapping.{wanted.name}] columns in site.toml, or give it one value under constants.",
                place=Place(file, profile.header_row, foreign or name),
                found=", ".join(one for one in header if one) or "no headers",
                wanted=foreign or f"a column for {name} of its own",
            )
        else:
            fields.append(_Field(column, name, None, column.default, read, missing))
    used = {one.header for one in fields if one.position is not None}
    return fields, tuple(name for name in header if name and name not in used)


def _reader(column: Column, profile: Profile, zone: tzinfo) -> Callable[[Cell], Any]:
    words = profile.values.get(column.name, {})
    scale = profile.scale.get(column.name, 1.0)

    def read_text(cell: Cell) -> str:
        text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
        text = words.get(text, text)
        if column.choices and text not in column.choices:
            raise Unreadable("one of " + ", ".join(column.choices))
        return text

    def read_number(cell: Cell) -> float:
        value = (cells.seconds if column.kind is Kind.SECONDS else cells.number)(cell, profile) * scale
        if column.kind is Kind.AMOUNT and value < 0:
            raise Unreadable(Kind.AMOUNT)
        return value

    if column.kind is Kind.TEXT:
        return read_text
    if column.kind is Kind.MOMENT:
        return lambda cell: cells.moment(cell, profile, zone)
    return read_number


def _constant(read: Callable[[Cell], Any], value: str | float, file: str, name: str) -> Any:
    try:
        return read(value)
    except Unreadable as wrong:
        raise InputError(
            "profile-invalid",
            f"The constant for {name} cannot be used.",
            "Correct it under constants in the mapping profile.",
            place=Place(file, column=name),
            found=repr(value),
            wanted=str(wrong),
        ) from wrong


def _profile_error(file: str, name: str, sentence: str, wanted: Wanted) -> InputError:
    known = ", ".join(column.name for column in wanted.columns)
    more = f", or a name that begins with {' or '.join(wanted.open_prefixes)}" if wanted.open_prefixes else ""
    return InputError(
        "profile-invalid",
        f"{sentence}.",
        "Correct the name in the mapping profile.",
        place=Place(file, column=name),
        found=name,
        wanted=known + more,
    )


def _refuse_if_mostly_unreadable(table: Table) -> None:
    if not table.rows and not table.rejected:
        raise InputError(
            "file-empty",
            "The file has a header and no rows.",
            "Export it again, or name another file under [inputs].",
            place=Place(table.file),
            found="0 rows",
            wanted="at least one row",
        )
    if len(table.rejected) > len(table.rows):
        first = table.rejected[0]
        raise InputError(
            "mostly-unreadable",
            f"{len(table.rejected):,} of {len(table.rejected) + len(table.rows):,} rows cannot be read; this is the first: {first.reason}.",
            "Set the mapping profile in site.toml to how the file is written; docs/agent.md shows how.",
            place=first.place,
            found=first.found,
            wanted=first.wanted,
        )
