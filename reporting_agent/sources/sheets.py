"""A file of any format as a header, of one row or several, and numbered rows of cells.

Rows count as a spreadsheet shows them; of Parquet the header is row 1. CSV is strict: a quote that
stands open is refused with the row where it opens, not read as one long cell.
"""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, cast

from benchmarks.errors import InputError, Place
from benchmarks.foreign_files import MOST_COLUMNS
from benchmarks.phrases import Phrase, in_context
from reporting_agent.config import Profile
from reporting_agent.sources import b2mml, file_bytes, meter_exports, workbooks
from reporting_agent.sources.cells import Cell, as_name
from reporting_agent.sources.file_bytes import (
    BROKEN_ARCHIVE,
    by_mark,
    damaged,
    head,
    holds,
    open_bytes,
    recognise,
)
from reporting_agent.sources.workbooks import Merged

_ROWS_A_BATCH = 8_192


def parquet_rows(path: Path) -> Iterator[tuple[int, Sequence[Cell]]]:
    """The names of the columns, then the rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            yield 1, file.schema_arrow.names
            row = 2
            for batch in file.iter_batches(batch_size=_ROWS_A_BATCH):
                for cells in zip(*(_cells(column) for column in batch.columns), strict=True):
                    yield row, cells
                    row += 1
    except (pa.ArrowException, OSError, OverflowError) as broken:
        raise unreadable_parquet(path, broken) from broken


def unreadable_parquet(path: Path, broken: BaseException) -> InputError:
    """The refusal of a file that pyarrow cannot read."""
    return InputError(
        "parquet-unreadable",
        "The file cannot be read as Parquet.",
        "Write it again, without encryption.",
        place=Place(str(path)),
        found=(str(broken).splitlines() or [in_context("a file", "nothing")])[0],
        wanted=Phrase("a whole Parquet file"),
    )


def _cells(column: Any) -> list[Any]:
    """Python values; stamps in nanoseconds lose what no clock of a plant shows, for Python has
    microseconds.
    """
    import pyarrow as pa

    kind = column.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    elif pa.types.is_duration(kind) and kind.unit == "ns":
        column = column.cast(pa.duration("us"), safe=False)
    return list(column.to_pylist())


DELIMITERS = (",", ";", "\t", "|")
MOST_BROKEN_ROWS = 1000
"""Of rows with a wrong quote in one file: each may have the rest of a cell's length read again."""
_NO_TEXT = re.compile("[\udc80-\udcff]")  # how `surrogateescape` keeps a byte that is no text


class BrokenRow(tuple[Cell, ...]):
    """What is wrong with a row of text, found and wanted: nothing else is left of it. The row is
    set aside, the file goes on.
    """

    __slots__ = ()

    @property
    def said(self) -> tuple[str, str, str]:
        """The reason, what was found, and what is wanted."""
        reason, found, wanted = self
        return cast("str", reason), cast("str", found), cast("str", wanted)


def rows_of(path: Path, profile: Profile) -> Iterator[tuple[int, Sequence[Cell]]]:
    """Rows as a spreadsheet would number them: a cell with line breaks is one row, a blank line
    counts.
    """
    yield from ((number, record) for number, record, _ in _records(path, profile))


def joins_lines(path: Path, profile: Profile) -> bool:
    """Whether some row of the file goes on over several lines, within quotes."""
    encoding = encoding_of(path, profile, by_row=True)
    quote = '"'.encode(encoding, errors="replace")
    if not holds(path, b'"' if b'"' in quote else quote):  # 7F in EBCDIC
        return False
    with suppress(csv.Error, UnicodeError, *BROKEN_ARCHIVE), _text(path, encoding) as text:
        reader = csv.reader(text, delimiter=_delimiter(path, encoding, profile), strict=True)
        if sum(1 for _ in reader) == reader.line_num:  # three times faster than row by row
            return False
    return any(
        lines > 1 and not isinstance(record, BrokenRow)
        for _, record, lines in _records(path, profile)
    )


def _text(path: Path, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        open_bytes(path), encoding=encoding, errors="surrogateescape", newline=""
    )


def _delimiter(path: Path, encoding: str, profile: Profile) -> str:
    return profile.delimiter or delimiter_of(path, encoding, profile.last_header_row)


def _records(path: Path, profile: Profile) -> Iterator[tuple[int, Sequence[Cell], int]]:
    """Number, cells and lines of every row."""
    encoding = encoding_of(path, profile, by_row=True)
    try:
        delimiter = _delimiter(path, encoding, profile)
        with _text(path, encoding) as text:
            yield from _RowReader(text, delimiter, encoding, path, profile.last_header_row).rows()
    except UnicodeError as broken:  # of UTF-16 without its mark it is no UnicodeDecodeError
        raise InputError(
            "not-a-text-file",
            "The file is not the text that it should be.",
            "Check the encoding in the mapping profile, or export the file again.",
            place=Place(str(path)),
            found=str(broken),
            wanted=Phrase("%(encoding)s text", encoding=encoding),
        ) from broken
    except BROKEN_ARCHIVE as broken:
        raise damaged(path, broken) from broken


class _RowReader:
    """Rows of lines. A quote that nothing closes as it should costs the line where it stands, and
    bytes that are no text cost theirs: what the lines below say does not depend on it.
    """

    def __init__(
        self, lines: Iterator[str], delimiter: str, encoding: str, path: Path, header_row: int
    ) -> None:
        self._lines, self._delimiter, self._encoding = lines, delimiter, encoding
        self._path, self._header_row = path, header_row
        self._again: deque[str] = deque()  # read already, within a quote that was none
        self._taken: list[str] = []  # of the row being read

    def rows(self) -> Iterator[tuple[int, Sequence[Cell], int]]:
        number, broken_rows = 0, 0
        reader = csv.reader(self._feed(), delimiter=self._delimiter, strict=True)
        while True:
            number += 1
            self._taken.clear()
            try:
                record: Sequence[Cell] = next(reader)
            except StopIteration:
                return
            except csv.Error as broken:
                broken_rows += 1
                self._refuse(broken, number, broken_rows)
                record = self._set_aside(str(broken))
                reader = csv.reader(self._feed(), delimiter=self._delimiter, strict=True)
            if len(record) > MOST_COLUMNS:
                raise InputError(
                    "table-too-wide",
                    "This row has more cells than any table has.",
                    "Check the delimiter in the mapping profile, and check that the file is the "
                    "right table.",
                    place=Place(str(self._path), row=number),
                    found=Phrase("%(cells)s cells", cells=f"{len(record):,}"),
                    wanted=Phrase("at most %(most)s columns", most=f"{MOST_COLUMNS:,}"),
                )
            if any(not line.isascii() and _NO_TEXT.search(line) for line in self._taken):
                record = BrokenRow(
                    (
                        Phrase("the row has bytes that are no text"),
                        Phrase("bytes that are not %(encoding)s", encoding=self._encoding),
                        Phrase("text of one encoding, which encoding in the mapping may name"),
                    )
                )
            yield number, record, len(self._taken)

    def _feed(self) -> Iterator[str]:
        while True:
            line = self._again.popleft() if self._again else next(self._lines, None)
            if line is None:
                return
            self._taken.append(line)
            yield line

    def _set_aside(self, error: str) -> BrokenRow:
        """The line where the row began; those after it are read again."""
        lines = len(self._taken)
        self._again.extendleft(reversed(self._taken[1:]))
        del self._taken[1:]
        if lines == 1 and "unexpected end" not in error:
            return BrokenRow(
                (
                    Phrase("a quote is inside a quoted cell"),
                    Phrase("1 line with a quote inside a quoted cell"),
                    Phrase('a quote inside a quoted cell written twice ("")'),
                )
            )
        return BrokenRow(
            (
                Phrase("a quote is opened and not closed"),
                Phrase("a quote that no later line closes as it should"),
                Phrase('a closing " before the next delimiter'),
            )
        )

    def _refuse(self, broken: csv.Error, number: int, broken_rows: int) -> None:
        """A cell that is too long by itself, and quotes in the header or in more rows than people
        mistype.
        """
        if "field larger" in str(broken) and len(self._taken) == 1:
            raise InputError(
                "cell-too-long",
                "A cell in this row is longer than a table cell can be.",
                "Check the delimiter in the mapping profile, and check that the file is the "
                "right table.",
                place=Place(str(self._path), row=number),
                found=Phrase(
                    "more than %(limit)s characters in one cell",
                    limit=f"{csv.field_size_limit():,}",
                ),
                wanted=Phrase("cells of a table"),
            ) from broken
        if number <= self._header_row or broken_rows > MOST_BROKEN_ROWS:
            raise InputError(
                "quote-open",
                "A quote in this row is not closed as it should be.",
                "Close the quote, or double a quote that belongs to the text.",
                place=Place(str(self._path), row=number),
                found=Phrase("a quote that no later line closes as it should"),
                wanted=Phrase('a closing " before the next delimiter'),
            ) from broken


def lines_above(path: Path, profile: Profile, encoding: str, delimiter: str) -> int:
    """How many lines the rows above the data take: more than rows where a heading has a line
    break.
    """
    with io.TextIOWrapper(open_bytes(path), encoding=encoding, newline="") as text:
        reader = csv.reader(text, delimiter=delimiter)
        for _ in islice(reader, profile.first_data_row - 1):
            pass
        return reader.line_num


def encoding_of(path: Path, profile: Profile, *, by_row: bool = False) -> str:
    """The encoding that the file's mark says, the declared one, or the one recognised; what is no
    text at all is refused first. `by_row` as `recognise` takes it.
    """
    start = head(path)
    file_bytes.check_text(path, start)
    if profile.encoding is None:
        return recognise(path, by_row=by_row)
    try:
        "".encode(profile.encoding)
    except LookupError as unknown:
        raise InputError(
            "encoding-unknown",
            "The profile names an encoding that does not exist.",
            "Correct it.",
            place=Place(str(path)),
            found=repr(profile.encoding),
            wanted=Phrase("utf-8, gbk, utf-16, cp1252 or another encoding's name"),
        ) from unknown
    return by_mark(start) or profile.encoding


def delimiter_of(path: Path, encoding: str, header_row: int) -> str:
    """The delimiter that occurs most in the header line; a comma where none does."""
    with io.TextIOWrapper(
        open_bytes(path), encoding=encoding, errors="surrogateescape", newline=None
    ) as text:
        for _ in range(header_row - 1):
            text.readline()
        header = text.readline()
    return max(DELIMITERS, key=header.count)


JOINER = " / "
"""Between the parts of a header that takes several rows: "Furnace 1 / Electricity"."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Header cells and the numbered rows below them."""

    file: str
    header: tuple[str, ...]
    rows: Iterator[tuple[int, Sequence[Cell]]]
    column_remedy: Callable[[str], str] | None = (
        None  # how a column that is missing is named, where no mapping profile names it
    )


def header_twice(file: str, header: Sequence[str], name: str, row: int | None = None) -> InputError:
    """The refusal of a column whose header another one has as well."""
    count = header.count(name)
    return InputError(
        "header-twice",
        "Two columns have the same header.",
        "Rename one of them in the file.",
        place=Place(file, row, name),
        found=Phrase("%(count)s columns named %(name)s", count=count, name=repr(name)),
        wanted=in_context("a column", "one"),
    )


@dataclass(frozen=True, slots=True)
class RawRows:
    """Numbered rows, and the ranges of merged cells: None where the format cannot tell."""

    rows: Iterator[tuple[int, Sequence[Cell]]]
    merged: tuple[Merged, ...] | None = ()
    first_column: int = 0


def format_of(path: Path) -> str:
    """`csv`, `xlsx`, `parquet` or `b2mml`, by the file's name; `green-button` or `nem12` by what a
    text or an XML begins with.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = bool(suffixes) and suffixes[-1] in {".gz", ".zst"}
    last = suffixes[-2] if packed and len(suffixes) > 1 else suffixes[-1] if suffixes else ""
    if last in {".xlsx", ".xlsm", ".xls", ".ods"} and not packed:
        return "xlsx"
    if last in {".parquet", ".pq"} and not packed:
        return "parquet"
    if last in {".csv", ".tsv", ".txt", ".xml"}:
        export = meter_exports.kind_of(path) if path.is_file() else None
        return export or ("b2mml" if last == ".xml" else "csv")
    packed_already = packed and last in {".xlsx", ".xlsm", ".xls", ".ods", ".parquet", ".pq"}
    raise InputError(
        "format-unknown",
        "Only text files can be read compressed."
        if packed_already
        else "The file's format cannot be determined from its name.",
        Phrase("Unpack it; %(suffix)s is packed already.", suffix=last)
        if packed_already
        else "Rename or convert the file.",
        place=Place(str(path)),
        found=path.name,
        wanted=Phrase(".csv, .csv.gz, .csv.zst, .xlsx, .parquet or .xml (B2MML, Green Button)"),
    )


def open_sheet(path: Path, profile: Profile, wanted: str = "batches") -> Sheet:
    """Open a file of any format; InputError where it cannot be read or has no header.

    `wanted` names the input that is asked for, which matters where one file holds several (B2MML).
    """
    if path.is_dir():
        raise InputError(
            "file-missing",
            "This is a folder, not a file.",
            "Name a file under [inputs], or all files of the folder by a pattern such as "
            "readings/*.csv.",
            place=Place(str(path)),
            found=Phrase("a folder"),
            wanted=Phrase("a CSV, XLSX, Parquet or B2MML file"),
        )
    if not path.is_file():
        raise InputError(
            "file-missing",
            "The file does not exist.",
            "Check the path under [inputs] in site.toml; it is relative to site.toml.",
            place=Place(str(path)),
            found=Phrase("no such file"),
            wanted=Phrase("a CSV, XLSX, Parquet or B2MML file"),
        )
    kind = format_of(path)
    if kind == "b2mml":
        header, rows = b2mml.table_of(path, wanted)
        return Sheet(str(path), header, rows)
    if kind in meter_exports.KINDS:
        sheet = Sheet(str(path), meter_exports.HEADER, meter_exports.table_of(path, kind))
    else:
        sheet = _headed(path, raw_rows(path, profile), Profile() if kind == "parquet" else profile)
    if not (profile.month or profile.in_cells or profile.qualifies):
        return sheet
    from reporting_agent.sources.rearranged import arranged

    return arranged(sheet, profile)


def raw_rows(path: Path, profile: Profile) -> RawRows:
    """Every row of a file as it stands there, header and titles included."""
    kind = format_of(path)
    if profile.across:
        return RawRows(
            _transposed(raw_rows(path, profile.model_copy(update={"across": False})).rows)
        )
    if kind == "parquet":
        return RawRows(parquet_rows(path))
    if kind == "xlsx":
        sheet = workbooks.sheet_of(path, profile)
        return RawRows(sheet.rows, sheet.merged, sheet.first_column)
    return RawRows(rows_of(path, profile), None)


def _transposed(rows: Iterator[tuple[int, Sequence[Cell]]]) -> Iterator[tuple[int, Sequence[Cell]]]:
    """Columns as rows, numbered as they stand; blank rows, which part such a table from its title,
    are left away.
    """
    lines = [cells for _, cells in rows if any(cell not in (None, "") for cell in cells)]
    width = max(map(len, lines), default=0)
    for index in range(width):
        yield index + 1, [cells[index] if index < len(cells) else "" for cells in lines]


def _headed(path: Path, raw: RawRows, profile: Profile) -> Sheet:
    """The header that the profile declares, and the rows below it."""
    numbered = raw.rows
    top, bottom, first = profile.header_row, profile.last_header_row, profile.first_data_row
    lines: dict[int, list[str]] = {}
    for row, cells in numbered:
        if row >= top:
            lines[row] = [as_name(cell).strip() for cell in cells]
        if row >= bottom:
            break
    header = _joined(lines, range(top, bottom + 1), raw.merged, raw.first_column)
    if not any(header):
        raise InputError(
            "header-missing",
            "The file has no header row.",
            "Give the row with header_row in the mapping profile, or put the header into the "
            "first row.",
            place=Place(str(path), row=top),
            found=in_context("a file", "nothing")
            if path.stat().st_size == 0
            else Phrase("a blank row")
            if lines
            else Phrase("fewer rows"),
            wanted=Phrase("the names of the columns"),
        )
    below = numbered
    if format_of(path) == "xlsx":
        below = ((row, _fitted(cells, len(header))) for row, cells in numbered)
    return Sheet(str(path), header, ((row, cells) for row, cells in below if row >= first))


def _fitted(cells: Sequence[Cell], width: int) -> Sequence[Cell]:
    """Cells as many as the header has, blank ones added or left away; a row with something beyond
    the header keeps it, and is told.
    """
    if len(cells) == width or any(cell not in ("", None) for cell in cells[width:]):
        return cells
    return [*cells[:width], *[""] * (width - len(cells))]


def _joined(
    lines: dict[int, list[str]], rows: range, merged: tuple[Merged, ...] | None, first_column: int
) -> tuple[str, ...]:
    """One name a column: its cells from above to below, each distinct text once.

    A merged cell holds its text in its first cell alone. A workbook says which cells are merged; of
    a CSV file only the blank cells after a text are left, so there every blank cell above the last
    row takes the text to its left.
    """
    width = max((len(lines.get(row, ())) for row in rows), default=0)
    spread = {row: [*lines.get(row, ()), *[""] * (width - len(lines.get(row, ())))] for row in rows}
    if merged is None:
        for row in rows[:-1]:
            for column in range(1, width):
                spread[row][column] = spread[row][column] or spread[row][column - 1]
    for (top, left), (bottom, right) in merged or ():
        if top + 1 in spread and left >= first_column and left - first_column < width:
            text = spread[top + 1][left - first_column]
            for row in range(top + 1, min(bottom + 1, rows[-1]) + 1):
                across = (
                    min(right - first_column + 1, width)
                    if row < rows[-1]
                    else left - first_column + 1
                )
                for column in range(left - first_column, across):
                    spread[row][column] = text
    columns = zip(*(spread[row] for row in rows), strict=True)
    return tuple(JOINER.join(dict.fromkeys(part for part in parts if part)) for parts in columns)
