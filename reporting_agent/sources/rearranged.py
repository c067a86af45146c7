"""Sheets that hold what is wanted in another arrangement: days side by side, days of a month named
elsewhere, units in cells, counters.

What comes out is a sheet as every reader knows it. Rows of a sheet whose days stand side by side
count as its columns do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from reporting_agent.config import Profile
from reporting_agent.sources import cells
from reporting_agent.sources.cells import Cell, UnreadableCell
from reporting_agent.sources.sheets import BrokenRow, Sheet

Rows = Iterator[tuple[int, Sequence[Cell]]]


def dated(sheet: Sheet, months: Mapping[str, str]) -> Sheet:
    """The sheet with dates for numbers of days; a number that is no day of the month stays, and its
    row is told.

    Raises:
        InputError: the column is missing or stands twice.
    """
    by_index = {
        _index(sheet, column, "month"): date.fromisoformat(f"{month}-01")
        for column, month in months.items()
    }
    return _with_cells(
        sheet, {index: partial(_day, month=month) for index, month in by_index.items()}
    )


def _with_cells(sheet: Sheet, changes: Mapping[int, Callable[[Cell], Cell]]) -> Sheet:
    """The sheet with the cells of these columns changed; rows that are broken stay as they are."""

    def rows() -> Rows:
        for row, raw in sheet.rows:
            if isinstance(raw, BrokenRow):
                yield row, raw
                continue
            changed = list(raw)
            for index, change in changes.items():
                if index < len(changed):
                    changed[index] = change(changed[index])
            yield row, changed

    return Sheet(sheet.file, sheet.header, rows())


def _day(cell: Cell, month: date) -> Cell:
    text = str(cell).strip().rstrip(".").removesuffix(".0")
    try:
        return month.replace(day=int(text)).isoformat()
    except (ValueError, OverflowError):
        return cell


def without_units(sheet: Sheet, units: Mapping[str, str]) -> Sheet:
    """The sheet with numbers alone where each carries the declared unit; a number with another
    unit, or none, is not read.

    Raises:
        InputError: the column is missing or stands twice.
    """
    by_index = {_index(sheet, column, "in_cells"): unit for column, unit in units.items()}
    return _with_cells(
        sheet, {index: partial(_without, unit=unit) for index, unit in by_index.items()}
    )


def _without(cell: Cell, unit: str) -> Cell:
    if cells.is_blank(cell):
        return cell
    text = cells.plain(str(cell))
    if text.endswith(unit) and text.removesuffix(unit)[-1:] in {*"0123456789., "}:
        return text.removesuffix(unit).rstrip()
    return Phrase("%(text)s (not in %(unit)s)", text=text, unit=unit)


def named(pair: Sequence[str]) -> str:
    """The header of a difference."""
    return " - ".join(pair)


def subtracted(sheet: Sheet, profile: Profile) -> Sheet:
    """The sheet with a cell more for each difference of two of its columns; blank where one of them
    is.

    Raises:
        InputError: a column is missing or stands twice.
    """
    pairs = [
        tuple(_index(sheet, header, "differences") for header in pair)
        for pair in profile.differences.values()
    ]
    width = len(sheet.header)

    def rows() -> Rows:
        for row, raw in sheet.rows:
            if (
                isinstance(raw, BrokenRow)
                or len(raw) < width
                or any(cell not in (None, "") for cell in raw[width:])
            ):
                yield (
                    row,
                    raw if isinstance(raw, BrokenRow) else raw[: width - 1],
                )  # told as a row of another width
            elif any(cell not in (None, "") for cell in raw):
                yield (
                    row,
                    (
                        *raw[:width],
                        *(
                            _difference(raw[later], raw[earlier], profile)
                            for later, earlier in pairs
                        ),
                    ),
                )

    return Sheet(
        sheet.file, (*sheet.header, *(named(pair) for pair in profile.differences.values())), rows()
    )


def _difference(later: Cell, earlier: Cell, profile: Profile) -> Cell:
    if cells.is_blank(later) or cells.is_blank(earlier):
        return None
    try:
        return round(
            cells.number(later, profile) - cells.number(earlier, profile), 9
        )  # of two decimals: no more digits than they have
    except UnreadableCell:
        return Phrase("%(later)s less %(earlier)s", later=repr(later), earlier=repr(earlier))


def _index(sheet: Sheet, header: str, key: str) -> int:
    if sheet.header.count(header) == 1:
        return sheet.header.index(header)
    raise InputError(
        "header-twice" if header in sheet.header else "column-missing",
        "The file has no column, or more than one, for what the profile names.",
        Phrase("Correct its header under %(key)s in the mapping profile.", key=key),
        place=Place(sheet.file, column=header),
        found=", ".join(name for name in sheet.header if name) or Phrase("no headers"),
        wanted=header,
    )
