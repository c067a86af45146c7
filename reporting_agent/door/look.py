"""How a file is written: encoding, delimiter, where its header stands, which rows are units, titles
and totals. Exports of meters that are no tables are refused by name, with what to export.

A row of data holds at least two cells that are numbers, dates or durations in some notation, or one
beside an identifier such as H12. The header is the row of names above the first such row; a row of
units may stand between, and rows of merged cells above it.
"""

from __future__ import annotations

import csv
import io
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase, enumerated, in_number
from reporting_agent.config import Profile
from reporting_agent.door.vocabulary import UNITS, VOCABULARY, Encoding, encoding_of
from reporting_agent.sources import rejected_rows
from reporting_agent.sources.cells import Cell, is_blank, plain
from reporting_agent.sources.file_bytes import BROKEN_ARCHIVE, head, open_bytes, recognise
from reporting_agent.sources.meter_exports import KINDS
from reporting_agent.sources.rearranged import arranged, intervals_of
from reporting_agent.sources.sheets import (
    DELIMITERS,
    Sheet,
    delimiter_of,
    format_of,
    open_sheet,
    raw_rows,
)
from reporting_agent.sources.workbooks import Book

_TABLE = Phrase("a table: a stamp in each row, and a column of values")
_SIGNS: tuple[tuple[tuple[bytes, ...], Phrase, Phrase], ...] = (
    (
        (b"100,NEM13",),
        Phrase("The file is a NEM13 file of the Australian market: accumulated readings."),
        Phrase(
            "Ask the retailer or the meter data provider for the interval data, as NEM12 or as CSV "
            "with a stamp in each row."
        ),
    ),
    (
        (b"UNA:+", b"UNB+UNO"),
        Phrase("The file is an EDIFACT message, such as MSCONS."),
        Phrase(
            "On the grid operator's or retailer's page choose the load profile as CSV or XLSX, and "
            "name that file."
        ),
    ),
)


def refuse(path: Path) -> None:
    """InputError `export-known` where the file begins as one of these."""
    if not path.is_file():
        return
    try:
        begin = head(path)
    except (*BROKEN_ARCHIVE, OSError, zlib.error, InputError):
        return  # what is wrong with it is told where it is read
    for signs, sentence, remedy in _SIGNS:
        if any(sign in begin for sign in signs):
            raise InputError(
                "export-known",
                sentence,
                remedy,
                place=Place(str(path)),
                found=begin[:40].decode("ascii", "replace"),
                wanted=_TABLE,
            )


Found = TypeVar("Found")

AS_ANSWERED = Phrase("as answered or assumed")
"""The evidence of what a person said, or of what was likely and is stated as an assumption."""

ROWS_LOOKED_AT = 20_000  # half a year of quarter hours, two years of heats
_CELLS_LOOKED_AT = (
    200_000  # of a table with a hundred columns 2,000 rows: what is looked at stays in memory
)
_HEADER_WITHIN = 60
_MOST_HEADER_ROWS = 9
_FEWEST_DAYS = 5  # side by side
_VALUE = re.compile(r"[-+−]?[\d.,' \u00a0\u202f]*\d[\d.,]*(?:[eE][+-]?\d+)?%?")
_IDENTIFIER = re.compile(
    r"[^\W\d_] ?\d+"
)  # H12 or Z 3: no number, and beside one no name of a column either
_WITH_UNIT = re.compile(r"[-+−]?[\d.,' \u00a0\u202f]*\d\s*([^\W\d_][^\s]*)")
_IN_CELLS = frozenset({"mass", "count", "energy", "power", "volume", "flow", "time"})
_LETTERS = frozenset(UNITS["one_letter"])
_MONTHS = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_NAMED_DATE = re.compile(rf"\d{{1,2}}[- ./]{_MONTHS}[- ./]\d{{2,4}}([T\s]+\d{{1,2}}:\d{{2}}.*)?")
_DATE = re.compile(r"\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}日?([T\s]+\d{1,2}[:.]\d{2}.*)?")
_CLOCK = re.compile(r"(\d+\s*:\s*)?\d+\s*:\s*\d{1,2}([.,]\d+)?")
_TIME = re.compile(r"([01]?\d|2[0-4])[:.][0-5]\d([:.][0-5]\d)?(\s*[AaPp]\.?[Mm]\.?)?")


@dataclass(frozen=True, eq=False)
class FileLook:
    """A file as it stands: its header, a sample of rows below it, and the keys of the profile that
    say so.
    """

    path: Path
    header: tuple[str, ...]
    units: tuple[str, ...]  # below the header, one a column; blank where none
    rows: list[tuple[int, Sequence[Cell]]]
    keys: dict[str, object] = field(default_factory=dict)
    because: dict[str, str] = field(default_factory=dict)
    totals: tuple[int, ...] = ()
    below: tuple[Sequence[Cell], ...] = ()  # rows of units or remarks
    delimiter: str = ""  # of a text
    encodings: tuple[str, ...] = ()  # that a text may be in, where nothing in it tells which
    sheets: tuple[
        str, ...
    ] = ()  # of a workbook, those that hold a table, where several do and none was named
    day: str = ""  # the column of numbers of days, where no column tells their month
    titles: tuple[str, ...] = ()  # what stands above the table
    in_cells: Mapping[str, str] = field(
        default_factory=dict
    )  # column -> the unit that each of its numbers carries

    def column(self, index: int) -> list[Cell]:
        """The cells of a column that say something, totals left out."""
        return self._columns[index]

    def remarks(self, index: int) -> str:
        """What stands between the header of a column and its first row of data."""
        return " ".join(
            str(cells[index])
            for cells in self.below
            if index < len(cells) and not is_blank(cells[index])
        )

    @cached_property
    def _found(self) -> dict[object, Any]:
        return {}

    def once(self, key: object, find: Callable[[], Found]) -> Found:
        """What was found of the file under that key: looked for once, however often a profile is
        made of it."""
        if key not in self._found:
            self._found[key] = find()
        found: Found = self._found[key]
        return found

    @cached_property
    def dates(self) -> list[int]:
        """The columns of dates, in their order."""
        return [index for index, cells in enumerate(self._columns) if mostly(is_date, cells)]

    @cached_property
    def numbers(self) -> list[int]:
        """The columns of numbers that are no dates and have a header, in their order."""
        dates = set(self.dates)
        named = [index for index, header in enumerate(self.header) if header and index not in dates]
        return [index for index in named if mostly(is_value, self._columns[index])]

    @cached_property
    def _columns(self) -> list[list[Cell]]:
        rows = [cells for number, cells in self.rows if number not in self.totals]
        return [
            [row[index] for row in rows if index < len(row) and not is_blank(row[index])]
            for index in range(len(self.header))
        ]


def look_at(
    path: Path, sheet: str | None = None, encoding: str | None = None, month: str | None = None
) -> FileLook:
    """Look at a file of any format; sheet, encoding and month (2025-03) are those that were asked
    for.

    Raises:
        InputError: it cannot be read at all, or holds no row of data.
    """
    keys: dict[str, object] = {} if sheet is None else {"sheet": sheet}
    because: dict[str, str] = {}
    refuse(path)
    kind = "none" if not path.is_file() else format_of(path)
    encodings = _text_notation(path, keys, because, encoding) if kind == "csv" else ()
    if kind in {"none", "parquet", "b2mml", *KINDS}:
        opened = open_sheet(path, Profile())
        return FileLook(path, opened.header, ("",) * len(opened.header), _sample(opened.rows))
    sheets = _sheets(path, keys, because) if kind == "xlsx" and sheet is None else ()
    raw = raw_rows(path, Profile.model_validate(keys))
    rows = _sample(raw.rows)
    titles = _titles(rows)
    if _days_stand_side_by_side(rows):
        keys["across"], because["across"] = (
            True,
            Phrase("days stand side by side in one row: columns are read as rows"),
        )
        raw = raw_rows(path, Profile.model_validate(keys))
        rows = _sample(raw.rows)
    top, bottom, first = _header_of(rows, path, raw.merged)
    if top != 1:
        keys["header_row"] = top
        because["header_row"] = in_number(
            top - 1,
            "row 1 holds titles, row %(row)s the first names of columns",
            "rows 1 to %(last)s hold titles, row %(row)s the first names of columns",
            last=top - 1,
            row=top,
        )
    if bottom != top:
        keys["header_rows"] = bottom - top + 1
        because["header_rows"] = Phrase(
            "rows %(first)s to %(last)s are one header of merged cells", first=top, last=bottom
        )
    below = {row: cells for row, cells in rows if bottom < row < first}
    if first > bottom + 1:
        keys["below_header"] = first - bottom - 1
        because["below_header"] = Phrase("the first row of data is row %(row)s", row=first)
    by_clock = intervals_of(_texts(next(cells for row, cells in rows if row == bottom)))
    if by_clock:
        keys["by_clock"] = True
        because["by_clock"] = in_number(
            len(by_clock),
            "a row is a day, with a column for its interval",
            "a row is a day, with a column for each of its %(count)s intervals",
            count=len(by_clock),
        )
        plain_keys = {key: value for key, value in keys.items() if key != "by_clock"}
        wide = open_sheet(path, Profile.model_validate(plain_keys)).header
        below_header = [(row, cells) for row, cells in rows if row >= first]
        whole = arranged(Sheet(str(path), wide, iter(below_header)), Profile(by_clock=True))
        rows = list(whole.rows)
    header = open_sheet(path, Profile.model_validate(keys)).header
    day = _day_column(header, [cells for row, cells in rows if row >= first])
    if day and month:
        keys["month"], because["month"] = {day: month}, AS_ANSWERED
        rows = list(
            arranged(Sheet(str(path), header, iter(rows)), Profile(month={day: month})).rows
        )
    in_cells = _units_in_cells(header, [cells for row, cells in rows if row >= first])
    if in_cells:
        keys["in_cells"] = in_cells
        because["in_cells"] = Phrase(
            "each number carries its unit; one with another unit, or none, is not read"
        )
        rows = list(arranged(Sheet(str(path), header, iter(rows)), Profile(in_cells=in_cells)).rows)
    units = _units_of(below, len(header))
    if any(units):
        because["below_header"] = Phrase(
            "row %(row)s holds units: %(units)s",
            row=bottom + 1,
            units=enumerated(filter(None, units)),
        )
    delimiter = str(keys.get("delimiter", ""))
    if kind == "csv":
        _declare_delimiter(path, keys, bottom)
    data = [
        (row, cells)
        for row, cells in rows
        if row >= first and any(not is_blank(cell) for cell in cells)
    ]
    _refuse_second_table(path, header, data)
    summed = tuple(
        row
        for row, cells in data
        if rejected_rows.names_a_total(next((cell for cell in cells if not is_blank(cell)), None))
    )
    remarks = tuple(below.values())
    return FileLook(
        path,
        header,
        units,
        data,
        keys,
        because,
        summed,
        remarks,
        delimiter,
        encodings,
        sheets,
        day,
        titles,
        in_cells,
    )


def _texts(cells: Sequence[Cell]) -> list[str]:
    return [cell if isinstance(cell, str) else "" for cell in cells]


def _sample(rows: Iterator[tuple[int, Sequence[Cell]]]) -> list[tuple[int, Sequence[Cell]]]:
    """The first rows, so many that their cells are no more than are looked at."""
    first = list(islice(rows, _HEADER_WITHIN))
    width = max((len(cells) for _, cells in first), default=1)
    return [*first, *islice(rows, min(ROWS_LOOKED_AT, _CELLS_LOOKED_AT // max(width, 1)))]


def is_value(cell: Cell) -> bool:
    """Whether the cell is a number, a date or a duration in some notation."""
    if not isinstance(cell, str):
        return cell is not None and not isinstance(cell, bool)
    text = plain(cell)
    return bool(
        _VALUE.fullmatch(text) or is_date(cell) or _CLOCK.fullmatch(text) or _TIME.fullmatch(text)
    )


def is_date(cell: Cell) -> bool:
    """Whether the cell is a date in some order."""
    if not isinstance(cell, str):
        return hasattr(cell, "year")
    text = plain(cell)
    return bool(_DATE.fullmatch(text) or _NAMED_DATE.fullmatch(text))


def is_clock(cell: Cell) -> bool:
    """Whether the cell is a time of day without a date."""
    return bool(_TIME.fullmatch(plain(cell))) if isinstance(cell, str) else isinstance(cell, time)


def mostly(is_of_kind: Callable[[Cell], bool], cells: Sequence[Cell]) -> bool:
    """Whether seven in ten of the cells are of a kind; a thousand of them, spread over the column,
    tell it.
    """
    sample = cells[:: max(1, len(cells) // 1000)]
    return bool(sample) and sum(map(is_of_kind, sample)) >= 0.7 * len(sample)


def _days_stand_side_by_side(rows: Sequence[tuple[int, Sequence[Cell]]]) -> bool:
    """Whether a row holds, behind its name, the days of a month: dates, or numbers that begin with
    1 and rise by one.
    """
    for _, cells in rows[:_HEADER_WITHIN]:
        filled = [cell for cell in cells if not is_blank(cell)]
        if len(filled) <= _FEWEST_DAYS or is_value(filled[0]):
            continue
        days = [plain(str(cell)).removesuffix(".0") for cell in filled[1:]]
        numbered = days[: 2 * _FEWEST_DAYS] == [str(day) for day in range(1, 2 * _FEWEST_DAYS + 1)]
        if numbered or sum(map(is_date, filled[1:])) > 0.8 * len(days):
            return True
    return False


def _day_column(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """The column of numbers of days in a table whose month no column tells."""
    named = {
        part: [
            index for index, name in enumerate(header) if VOCABULARY.names("calendar", part, name)
        ]
        for part in ("month", "day")
    }
    if len(named["day"]) != 1 or named["month"]:
        return ""
    (index,) = named["day"]
    days = [
        plain(str(cells[index])).rstrip(".").removesuffix(".0")
        for cells in rows
        if index < len(cells) and not is_blank(cells[index])
    ]
    return (
        header[index]
        if days and mostly(lambda day: str(day).isdecimal() and 1 <= int(str(day)) <= 31, days)
        else ""
    )


def _units_in_cells(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> dict[str, str]:
    """By column, the unit that stands behind seven in ten of its numbers at least."""
    by_column: dict[str, str] = {}
    for index, name in enumerate(header):
        cells = [
            cells[index] for cells in rows if index < len(cells) and not is_blank(cells[index])
        ]
        texts = [plain(cell) for cell in cells if isinstance(cell, str)]
        units = Counter(
            match[1]
            for text in texts
            if (match := _WITH_UNIT.fullmatch(text)) and _is_unit(match[1])
        )
        unit, often = next(iter(units.most_common(1)), ("", 0))
        if name and header.count(name) == 1 and often and often >= 0.7 * len(cells):
            by_column[name] = unit
    return by_column


def _is_unit(text: str) -> bool:
    """A unit of an amount or a duration; of single letters those alone that are no names of
    models.
    """
    unit = VOCABULARY.unit_in(text, alone=True)
    unclear = unit is None and VOCABULARY.unclear_unit_in(text) is not None
    counts = unclear or (unit is not None and VOCABULARY.kind_of_unit(unit) in _IN_CELLS)
    return counts and (len(text) > 1 or text in _LETTERS)


def _titles(rows: Sequence[tuple[int, Sequence[Cell]]]) -> tuple[str, ...]:
    """The first texts that stand alone in their rows: one of them may tell a month."""
    alone = [
        filled[0]
        for _, cells in rows[:_HEADER_WITHIN]
        if len(filled := [c for c in cells if not is_blank(c)]) == 1
    ]
    return tuple(plain(str(cell)) for cell in alone[:3])


def _sheets(path: Path, keys: dict[str, object], because: dict[str, str]) -> tuple[str, ...]:
    """The sheets that hold a table, where there is a choice; the one that does is named where it is
    not the first.
    """
    book = Book(path)
    tables = [
        name
        for name in book.names
        if _first_data([cells for _, cells in book.sheet(name, _HEADER_WITHIN).rows]) is not None
    ]
    if tables and tables[0] != book.names[0]:
        keys["sheet"] = tables[0]
        because["sheet"] = Phrase(
            "sheet %(sheet)s, the first, holds no table", sheet=repr(book.names[0])
        )
    return tuple(tables) if len(tables) > 1 else ()


def _first_data(rows: Sequence[Sequence[Cell]]) -> int | None:
    """The first row of data below another row."""
    return next((index for index, cells in enumerate(rows) if index > 0 and _is_data(cells)), None)


def _is_data(cells: Sequence[Cell]) -> bool:
    """Whether a row holds two values, or one beside what numbers a heat or a machine: names of
    columns may all end in a digit.
    """
    return (
        any(map(is_value, cells))
        and sum(is_value(cell) or _is_identifier(cell) for cell in cells) > 1
    )


def _is_identifier(cell: Cell) -> bool:
    return isinstance(cell, str) and bool(_IDENTIFIER.fullmatch(plain(cell)))


def _text_notation(
    path: Path, keys: dict[str, object], because: dict[str, str], answered: str | None
) -> tuple[str, ...]:
    """Declare encoding and delimiter; give the encodings that are possible, where a person has to
    say which.
    """
    encoding = encoding_of(path) if answered is None else Encoding(answered, AS_ANSWERED)
    if encoding.because:
        keys["encoding"], because["encoding"] = encoding.name, encoding.because
    with io.TextIOWrapper(
        open_bytes(path), encoding=encoding.name, newline="", errors="replace"
    ) as text:
        lines = list(islice((line for line in text if line.strip()), 200))
    keys["delimiter"] = _delimiter(lines)
    return encoding.others


def _delimiter(lines: Sequence[str]) -> str:
    """The delimiter that parts most lines into the same number of cells, and into the most cells.

    One that stands within numbers alone in all lines of so many cells parts the digits of numbers:
    a line of names has it elsewhere.
    """

    def steadiness(delimiter: str) -> tuple[float, int]:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        except csv.Error:  # a cell longer than any: the reader says where
            return 0.0, 0
        counts = Counter(widths)
        cells, often = max(
            ((cells, often) for cells, often in counts.items() if cells > 1),
            key=lambda item: item[1],
            default=(1, 0),
        )
        parted_alike = [line for width, line in zip(widths, lines, strict=False) if width == cells]
        if len(widths) == len(lines) and _within_numbers_alone(
            delimiter, parted_alike
        ):  # else a cell holds the end of a line
            return 0.0, 1
        return (often / max(len(widths), 1) if cells > 1 else 0.0), cells

    parted = {delimiter: steadiness(delimiter) for delimiter in DELIMITERS}
    return max(
        DELIMITERS,
        key=lambda delimiter: (
            round(parted[delimiter][0], 1),
            parted[delimiter][1],
            parted[delimiter][0],
        ),
    )


def _within_numbers_alone(sign: str, lines: Sequence[str]) -> bool:
    """Whether a sign has a digit before and behind it wherever it stands, as in 1,234,567 and
    1,5.
    """
    beside_other = re.compile(rf"(?<!\d){re.escape(sign)}|{re.escape(sign)}(?!\d)")
    return not any(map(beside_other.search, lines))


def _declare_delimiter(path: Path, keys: dict[str, object], header_row: int) -> None:
    """Only what the reader would not find by itself."""
    encoding = str(keys.get("encoding") or recognise(path))
    if delimiter_of(path, encoding, header_row) == keys["delimiter"]:
        del keys["delimiter"]


def _header_of(
    rows: Sequence[tuple[int, Sequence[Cell]]], path: Path, merged: object
) -> tuple[int, int, int]:
    """First and last row of the header, and the first row of data."""
    early = rows[:_HEADER_WITHIN]
    for index, (row, cells) in enumerate(early[:-1]):
        if intervals_of(_texts(cells)):
            return row, row, early[index + 1][0]
    first = _first_data([cells for _, cells in early])
    if first is None:
        raise InputError(
            "header-missing",
            "No row of names with rows of data below it was found.",
            "Name the sheet that contains the table, or the right file.",
            place=Place(str(path)),
            found=Phrase("no row with two numbers or dates below another row"),
            wanted=Phrase("a table"),
        )
    first = _below_another_header([cells for _, cells in early], first)
    bottom = first - 1
    while bottom > 0 and (not _filled(early[bottom][1]) or _is_units(early[bottom][1])):
        bottom -= 1
    top = bottom
    while (
        top > 0
        and bottom - top < _MOST_HEADER_ROWS - 1
        and _is_upper_header(early[top - 1][1], len(early[bottom][1]))
    ):
        top -= 1
    below = early[bottom + 1][1]
    nameless = any(_is_nameless(index, early[bottom][1]) for index in _filled_columns(below))
    if top == bottom and first > bottom + 1 and _is_units(below) and nameless:
        bottom += 1  # a name over several columns, told apart by their units alone
    return early[top][0], early[bottom][0], early[first][0]


_MOST_ABOVE = 3  # rows that describe the file, before its table


def _below_another_header(rows: Sequence[Sequence[Cell]], first: int) -> int:
    """The first row of data; below a row of names that follows a few rows on the file itself, such
    as the meter's number and the days that were exported."""
    for index in range(first + 1, min(first + 1 + _MOST_ABOVE, len(rows) - 1)):
        names = [cell for cell in rows[index] if not is_blank(cell)]
        texts = [plain(str(cell)) for cell in names]
        known = sum(map(VOCABULARY.knows, texts))
        if (
            len(names) >= 3
            and not any(is_value(cell) or _is_identifier(cell) for cell in names)
            and known >= 2
            and known > sum(VOCABULARY.knows(plain(str(cell))) for cell in rows[first - 1])
            and _is_data(rows[index + 1])
            and set(texts) != {plain(str(cell)) for cell in rows[first - 1] if not is_blank(cell)}
        ):
            return index + 1
    return first


def _refuse_second_table(
    path: Path, header: Sequence[str], data: Sequence[tuple[int, Sequence[Cell]]]
) -> None:
    """A row of other names of columns among the data begins another table, maybe in other units;
    the same names are a new page.
    """
    own = {plain(name) for name in header}
    for row, cells in data:
        names = [plain(str(cell)) for cell in cells if not is_blank(cell)]
        if (
            len(names) < 3
            or any(is_value(cell) or _is_identifier(cell) for cell in cells if not is_blank(cell))
            or own.issuperset(names)
        ):
            continue
        if sum(name in own or VOCABULARY.knows(name) for name in names) > len(names) / 2:
            raise InputError(
                "second-table",
                "Another table with other columns begins below the first one.",
                "Put each table on a sheet or into a file of its own.",
                place=Place(str(path), row=row),
                found=", ".join(names),
                wanted=Phrase("one table, or the same columns again"),
            )


def _filled(cells: Sequence[Cell]) -> int:
    return len(_filled_columns(cells))


def _filled_columns(cells: Sequence[Cell]) -> list[int]:
    return [index for index, cell in enumerate(cells) if not is_blank(cell)]


def _is_nameless(index: int, header: Sequence[Cell]) -> bool:
    return index >= len(header) or is_blank(header[index])


def _is_upper_header(cells: Sequence[Cell], width: int) -> bool:
    """A row of names over several columns: at least two texts, no values, reaching into the right
    half of the table.
    """
    indices = _filled_columns(cells)
    return (
        len(indices) >= 2
        and indices[-1] >= width / 2
        and not any(is_value(cells[index]) for index in indices)
    )


def _is_units(cells: Sequence[Cell]) -> bool:
    filled = [str(cell) for cell in cells if not is_blank(cell)]
    return (
        bool(filled)
        and sum(VOCABULARY.unit_in(text, alone=True) is not None for text in filled)
        >= len(filled) / 2
    )


def _units_of(below: dict[int, Sequence[Cell]], width: int) -> tuple[str, ...]:
    for cells in below.values():
        if _is_units(cells):
            units = [
                VOCABULARY.unit_in(str(cell), alone=True) or "" if not is_blank(cell) else ""
                for cell in cells
            ]
            return tuple([*units, *[""] * width][:width])
    return ("",) * width
