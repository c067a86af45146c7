"""Which column of a file means which of the template, by header words and cells; moments that
several columns spread, and what says that they belong together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import lru_cache
from itertools import pairwise

from benchmarks.foreign_files import MOST_COLUMNS
from benchmarks.phrases import Phrase
from reporting_agent.door.look import FileLook, is_clock, is_date, is_value, mostly
from reporting_agent.door.notation import excel_serials
from reporting_agent.door.vocabulary import VOCABULARY, Meaning, folded
from reporting_agent.sources.cells import Cell, is_blank, plain
from reporting_agent.sources.sheets import JOINER
from reporting_agent.sources.wanted import CellKind, Template, TemplateColumn

_LEAST = 0.25  # of a header that a word must be
_SEEN = 500  # cells of a column
_SURE = 0.7  # share of a header's words that name a column, from which the header alone decides
_COUNTED = 50  # cells that rise by one each: no meter does that
_LEFT_BEHIND = re.compile(r"__index_level_\d+__|Unnamed: \d+")
_FRACTION = re.compile(r"[+-]?\d+[.,]\d*[1-9]\d*")  # a measured value, no name


@dataclass(frozen=True, slots=True)
class ColumnMatch:
    """A column of the file for a column of the template, and why."""

    index: int
    header: str
    because: str
    share: float


def named(look: FileLook, wanted: Template) -> dict[str, ColumnMatch]:
    """The best column for each of the template's, no column twice."""
    return dict(look.once(("named", wanted.name), lambda: _named(look, wanted)))


def _named(look: FileLook, wanted: Template) -> dict[str, ColumnMatch]:
    matches: dict[str, ColumnMatch] = {}
    used_indices: set[int] = set()
    kinds = {index: _sample(look.column(index)) for index in range(len(look.header))}
    scored = [
        (meaning.share, column, index, meaning)
        for column in wanted.columns
        for index, header in enumerate(look.header)
        if header
        and (meaning := VOCABULARY.meaning(wanted.name, column.name, header))
        and _fits(column, kinds[index])
        and not (
            column.kind is CellKind.TEXT and unit_of(look, index)
        )  # what has a unit is an amount
        and not (
            column.kind is CellKind.MOMENT
            and excel_serials(kinds[index]) is not None
            and _names_an_amount(look, index)
        )
        and _measures(look, index) not in _NEVER.get(column.name, ())
        and not (column.name in _NEVER and numbers_rows(look, index))
    ]
    energy_first = {
        index
        for index in range(len(look.header))
        if wanted.name == "energy" and _measures(look, index) == "energy"
    }
    for share, column, index, meaning in sorted(
        scored, key=lambda score: (score[2] not in energy_first, -score[0], score[2])
    ):
        if share >= _LEAST and column.name not in matches and index not in used_indices:
            header = look.header[index]
            matches[column.name] = ColumnMatch(index, header, _why_named(header, meaning), share)
            used_indices.add(index)
    _output_of_a_group(look, matches, used_indices)
    _by_their_cells(look, wanted, matches, used_indices)
    return matches


def _output_of_a_group(
    look: FileLook, matches: dict[str, ColumnMatch], used_indices: set[int]
) -> None:
    """Of columns that one merged cell names as output, that which states tonnes or pieces."""
    output = matches.get("output_quantity")
    if output is None or unit_of(look, output.index) is not None:
        return
    group = output.header.rpartition(JOINER)[0]
    for index, header in enumerate(look.header) if group else ():
        own = index not in used_indices and header.startswith(f"{group}{JOINER}")
        if own and _measures(look, index) in OUTPUT:
            matches["output_quantity"] = replace(output, index=index, header=header)
            used_indices ^= {output.index, index}
            return


def _why_named(header: str, meaning: Meaning) -> Phrase:
    return Phrase(
        "header %(header)s: %(word)s (%(language)s)",
        header=repr(header),
        word=repr(meaning.word),
        language=meaning.language,
    )


OUTPUT = frozenset({"mass", "count", "made"})
"""What the unit of an output measures."""
_NEVER = {
    "quantity": {"count", "made", "time", "other", "power", "flow"},
    "energy": {"mass", "count", "made", "time", "other"},
    "output_quantity": {"energy", "power", "flow", "time", "other"},
    "value": {"time"},
}
"""What a column does not measure, by the kind of unit that it states."""


def numbers_rows(look: FileLook, index: int) -> bool:
    """Whether a column counts the rows of the file, as tools that wrote it leave one behind: whole
    numbers, each one more.
    """
    if _LEFT_BEHIND.fullmatch(look.header[index].strip()):
        return True
    cells = [str(cell).strip() for cell in look.column(index)[:_COUNTED]]
    if len(cells) < _COUNTED or not all(cell.isdecimal() for cell in cells):
        return False
    return all(int(later) == int(earlier) + 1 for earlier, later in pairwise(cells))


def _measures(look: FileLook, index: int) -> str | None:
    """What the unit of a column measures; of energy alone in a table a mass is none, unless its
    header names what is burnt.
    """
    unit = unit_of(look, index)
    return None if unit is None else VOCABULARY.kind_of_unit(unit[0])


def rivals(
    look: FileLook, wanted: Template, column: str, named: dict[str, ColumnMatch]
) -> list[str]:
    """Other columns of dates that nothing tells from the one chosen: named as well as it, or all
    unnamed.
    """
    chosen = named.get(column)
    if chosen is None:
        return []
    used_indices = {matched.index for name, matched in named.items() if name != column}
    rest = [index for index in dates(look) if index not in used_indices and index != chosen.index]
    as_good = []
    for index in rest:
        meaning = VOCABULARY.meaning(wanted.name, column, look.header[index])
        if (meaning.share if meaning is not None else 0.0) >= chosen.share - 0.05:
            as_good.append(look.header[index])
    return as_good


def dates(look: FileLook) -> list[int]:
    """The columns of dates, or of Excel's numbers of days, in their order."""
    return list(look.once("dates", lambda: _dates(look)))


def _dates(look: FileLook) -> list[int]:
    return look.dates or [
        index
        for index in look.numbers
        if excel_serials(_sample(look.column(index))) and not _names_an_amount(look, index)
    ]


def bare_days(look: FileLook) -> str | None:
    """The header of the one column of dates, where each row has another day and no column tells a
    clock time.
    """
    return look.once("bare days", lambda: _bare_days(look))


def _bare_days(look: FileLook) -> str | None:
    days = dates(look)
    if len(days) != 1 or any(
        mostly(is_clock, look.column(index))
        for index in range(len(look.header))
        if index != days[0]
    ):
        return None
    cells = [
        plain(str(cell)).replace("T", " ").removesuffix(" 00:00:00")
        for cell in look.column(days[0])
    ]
    whole = len(set(cells)) == len(cells) > 1 and not any(" " in cell for cell in cells)
    return (
        look.header[days[0]]
        if whole and not any(re.search(r"\d[.,]\d+$", cell) and not is_date(cell) for cell in cells)
        else None
    )


def numbers(look: FileLook) -> list[int]:
    """The columns of numbers that are no dates, in their order."""
    at = set(dates(look))
    return [index for index in look.numbers if index not in at]


@lru_cache(maxsize=4 * MOST_COLUMNS)
def unit_of(look: FileLook, index: int) -> tuple[str, str] | None:
    """The unit that the row below the header or the header itself states for a column, and where it
    stands.
    """
    header = repr(look.header[index])
    if index < len(look.units) and look.units[index]:
        return look.units[index], Phrase(
            "%(unit)s stands below the header %(header)s",
            unit=repr(look.units[index]),
            header=header,
        )
    if (behind := look.in_cells.get(look.header[index])) is not None:
        own, other = VOCABULARY.unit_in(behind, alone=True), VOCABULARY.unit_in(look.header[index])
        agree = own is not None and other in {
            None,
            own,
        }  # a header that says another unit is asked about
        why = Phrase(
            "%(unit)s stands behind the numbers of %(header)s", unit=repr(behind), header=header
        )
        return (str(own), why) if agree else None
    unit = VOCABULARY.unit_in(look.header[index]) or VOCABULARY.unit_in(
        look.header[index], alone=True
    )
    return (
        None
        if unit is None
        else (
            unit,
            Phrase("%(unit)s stands in the header %(header)s", unit=repr(unit), header=header),
        )
    )


def unclear_unit_of(look: FileLook, index: int) -> str | None:
    """A unit of the column that means two things, such as ton, wherever it stands."""
    texts = (look.in_cells.get(look.header[index], ""), look.header[index], look.remarks(index))
    return next(
        (unit for text in texts if (unit := VOCABULARY.unclear_unit_in(text)) is not None), None
    )


def _by_their_cells(
    look: FileLook, wanted: Template, named: dict[str, ColumnMatch], used_indices: set[int]
) -> None:
    """What no header names but the cells show: the only dates, and ids that all differ."""
    free = [index for index in dates(look) if index not in used_indices]
    moment = next(
        (column.name for column in wanted.columns if column.kind is CellKind.MOMENT), None
    )
    if moment is not None and moment not in named and free:
        only = len(free) == 1
        why = Phrase("the only column of dates") if only else Phrase("the first column of dates")
        named[moment] = ColumnMatch(free[0], look.header[free[0]], why, 0.0)
        used_indices.add(free[0])
    free_numbers = [
        index
        for index in numbers(look)
        if index not in used_indices and not mostly(is_clock, look.column(index))
    ]
    measured = [index for index in free_numbers if unit_of(look, index)] or free_numbers
    if "meter_id" in named and "value" not in named and len(measured) == 1:
        why = Phrase("the only column of amounts beside a meter's name")
        named["value"] = ColumnMatch(measured[0], look.header[measured[0]], why, 0.0)
        used_indices.add(measured[0])
    if wanted.key == "batch_id" and "batch_id" not in named:
        for index, header in enumerate(look.header):
            cells = [plain(str(cell)) for cell in look.column(index)]
            if (
                index not in used_indices
                and header
                and len(cells) > 1
                and len(set(cells)) == len(cells)
                and not mostly(is_value, cells)
            ):
                named["batch_id"] = ColumnMatch(
                    index,
                    header,
                    Phrase("every cell of %(header)s differs", header=repr(header)),
                    0.0,
                )
                return


def _sample(cells: Sequence[Cell]) -> Sequence[Cell]:
    """Cells spread over a column, by which it is seen what the column holds."""
    return cells[:: max(1, len(cells) // _SEEN)]


def _names_an_amount(look: FileLook, index: int) -> bool:
    """Whether the header has a unit or a word for an amount of energy: then a number is one,
    however like one of Excel's days it is.
    """
    meaning = VOCABULARY.meaning("energy", "quantity", look.header[index])
    return unit_of(look, index) is not None or (meaning is not None and meaning.share >= _SURE)


def _fits(column: TemplateColumn, cells: Sequence[Cell]) -> bool:
    if not cells:
        return False
    if column.kind is CellKind.MOMENT:
        return mostly(is_date, cells) or mostly(is_clock, cells) or excel_serials(cells) is not None
    if column.kind is CellKind.TEXT:
        names = not mostly(is_date, cells) and not any(
            isinstance(cell, str) and _FRACTION.fullmatch(cell.strip()) for cell in cells
        )
        return names and (not column.choices or _words(column, cells))
    return mostly(is_value, cells) and not mostly(is_date, cells)


def _words(column: TemplateColumn, cells: Sequence[Cell]) -> bool:
    """Whether a column of a few allowed words holds a few words of that kind, or codes for them."""
    distinct = {plain(str(cell)) for cell in cells}
    codes = all(re.fullmatch(r"\d(\.0)?", word) for word in distinct)
    standard_words = any(
        word in column.choices or VOCABULARY.standard_word(column.name, word) for word in distinct
    )
    return len(distinct) <= 12 and (codes or standard_words)


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
