"""Moments that a file spreads over several columns: which of them belong together, and what says
so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time

from reporting_agent.door.look import FileLook, is_clock, is_date, mostly
from reporting_agent.door.naming import ColumnMatch
from reporting_agent.door.vocabulary import VOCABULARY, folded
from reporting_agent.sources.cells import Cell, is_blank
from reporting_agent.sources.wanted import CellKind, Template

_CLOCK = re.compile(r"[012]?\d:[0-5]\d(:[0-5]\d)?")  # 3.45 is a number
_CALENDAR = ("year", "month", "day")


def parts_of(
    look: FileLook, wanted: Template, named: Mapping[str, ColumnMatch]
) -> dict[str, tuple[str, ...]]:
    """The headers of the parts of each moment that stands in several columns; one with two dates to
    choose from is left out.
    """
    if paired := _paired(look, wanted):
        return paired
    moments = [column.name for column in wanted.columns if column.kind is CellKind.MOMENT]
    used_indices = {matched.index for name, matched in named.items() if name not in moments}
    clocks = {
        name: named[name].index
        for name in moments
        if name in named and mostly(is_clock, look.column(named[name].index))
    }
    free = [
        index for index in clock_columns(look) if index not in {*used_indices, *clocks.values()}
    ]
    day = calendar(look) or _bare_date(look, clocks)
    if day is None or not moments:
        return {}
    first = moments[0]
    if first not in clocks and free and (len(free) == 1 or len(moments) == 1):
        clocks[first] = free[0]
    if len(moments) > 1 and not clocks and len(free) == 2:
        clocks = dict(zip(moments, free, strict=False))
    if not clocks and len(day) == 3:
        return {first: tuple(look.header[index] for index in day)}
    return {
        name: tuple(look.header[column] for column in (*day, index))
        for name, index in clocks.items()
    }


def _paired(look: FileLook, wanted: Template) -> dict[str, tuple[str, ...]]:
    """Start and end that have a date and a clock time each, in four columns: SAP, MES and grid
    operators write them so. Each clock stands behind its date, or both have one word in common.
    """
    moments = [column.name for column in wanted.columns if column.kind is CellKind.MOMENT]
    days = [
        index
        for index in look.dates
        if look.header[index] and not any(map(has_clock, look.column(index)))
    ]
    clocks = [
        index
        for index in range(len(look.header))
        if look.header[index] and mostly(is_clock, look.column(index)) and index not in days
    ]
    if len(days) < 2 or len(clocks) != len(days):
        return {}
    pairs = [(day, _clock_of(look, day, clocks)) for day in days]
    if len({clock for _, clock in pairs}) != len(pairs):
        pairs = list(zip(days, clocks, strict=True))
    pairs.sort()
    if len(moments) == 1:  # readings: the first is the start of the interval
        day, clock = pairs[0]
        return {moments[0]: (look.header[day], look.header[clock])}
    first, second = pairs[:2]
    if _named_end(look, wanted, first[0]) and not _named_end(look, wanted, second[0]):
        first, second = second, first
    return {
        name: (look.header[day], look.header[clock])
        for name, (day, clock) in zip(moments[:2], (first, second), strict=True)
    }


def _clock_of(look: FileLook, day: int, clocks: Sequence[int]) -> int:
    """The clock whose header shares most words with that of the date; of equal ones the next."""

    def words(index: int) -> set[str]:
        parts = re.split(r"[\W_]+", folded(look.header[index]))
        whole = re.sub(r"(datum|date|zeit|uhrzeit|time)$", "", folded(look.header[index]))
        return {*parts, whole.strip()} - {"", "date", "time", "datum", "zeit", "uhrzeit"}

    own = words(day)
    return max(clocks, key=lambda clock: (len(own & words(clock)), clock > day, -abs(clock - day)))


def _named_end(look: FileLook, wanted: Template, day: int) -> bool:
    """Whether the header of a date says the end, and no start."""
    header = look.header[day]
    end, start = (VOCABULARY.meaning(wanted.name, name, header) for name in ("end", "start"))
    return end is not None and (start is None or end.share > start.share)


def calendar(look: FileLook) -> tuple[int, ...] | None:
    """The columns of year, month and day, where the headers name all three."""
    headers = [(index, header) for index, header in enumerate(look.header) if header]
    columns = [
        next(
            (index for index, header in headers if VOCABULARY.names("calendar", part, header)), None
        )
        for part in _CALENDAR
    ]
    calendar_places = tuple(column for column in columns if column is not None)
    return calendar_places if len(calendar_places) == len(_CALENDAR) else None


def clock_columns(look: FileLook) -> list[int]:
    """Columns of clock times whose header says so; a number such as 3.45 may look like one."""
    return [
        index
        for index, header in enumerate(look.header)
        if header
        and mostly(is_clock, look.column(index))
        and (
            VOCABULARY.names("calendar", "clock", header)
            or _typed(look.column(index))
            or all(_CLOCK.fullmatch(str(cell).strip()) for cell in look.column(index))
        )
    ]


def together(look: FileLook, headers: Sequence[str]) -> list[Cell]:
    """What the parts say row by row, as one text or one moment."""
    indices = [look.header.index(header) for header in headers]
    rows = (
        cells for row, cells in look.rows if row not in look.totals and max(indices) < len(cells)
    )
    return [
        joined_cells([cells[index] for index in indices])
        for cells in rows
        if not any(is_blank(cells[index]) for index in indices)
    ]


def joined_cells(parts: Sequence[Cell]) -> Cell:
    """A moment out of the cells that its parts stand in."""
    if len(parts) > 2:
        return datetime(2000, 1, 1)  # noqa: DTZ001 - a day and a clock that name no zone; in which order is known
    day, clock = parts
    if isinstance(day, date) and isinstance(clock, time):
        return datetime.combine(day, clock)
    return f"{day} {clock}" if isinstance(day, str) and isinstance(clock, str) else day


def _typed(cells: Sequence[Cell]) -> bool:
    return any(isinstance(cell, time) for cell in cells)


def _bare_date(look: FileLook, clocks: Mapping[str, int]) -> tuple[int, ...] | None:
    """The one column of dates without a clock; of several, none can be told."""
    bare = [
        index
        for index in look.dates
        if index not in clocks.values() and not any(map(has_clock, look.column(index)))
    ]
    return (bare[0],) if len(bare) == 1 else None


def has_clock(cell: Cell) -> bool:
    """Whether a cell holds a time of day; midnight alone proves none."""
    if isinstance(cell, str):
        return is_date(cell) and len(cell.split()) > 1
    return isinstance(cell, datetime) and (cell.hour, cell.minute, cell.second) != (0, 0, 0)
