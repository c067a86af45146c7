"""Sheets of a workbook (XLSX, XLSM, XLS, ODS) as rows with merged ranges; formulas never worked out
are refused.

The library keeps a sheet as one rectangle: a stray cell at ZZ1048576 makes 700 million cells. So
the packed XML is counted as a stream first, and a nearly empty sheet is read otherwise or refused.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, time
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError, iterparse
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import BadZipFile

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase, in_number
from reporting_agent.config import Profile
from reporting_agent.sources import file_bytes
from reporting_agent.sources.cells import Cell
from reporting_agent.sources.file_bytes import BROKEN_ARCHIVE

MOST_EMPTY = 8
"""A sheet's rectangle may have so many cells for each that holds something; a table with many blank
columns has two or three.
"""
_ALWAYS_SMALL = 200_000  # cells: some 8 MB at most, whatever they hold
_CHUNK = 1 << 20
_NO_VALUE = re.compile(
    rb"<c ([^>]*)><f[^>]*>[^<]*</f>(?:<v ?/>|<v></v>)?</c>"
)  # of a text, no value is the empty text
_REFERENCE = re.compile(r"([A-Za-z]{1,3})(\d{1,7})")
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"


@dataclass(slots=True)
class SheetExtent:
    """Cells that a sheet holds, and the last row and column (from 1) that one of them stands in."""

    cells: int = 0
    last_row: int = 0
    last_column: int = 0
    without_value: int = 0  # formulas that no spreadsheet program has worked out

    @property
    def is_nearly_empty(self) -> bool:
        area = self.last_row * self.last_column
        return area > _ALWAYS_SMALL and area > MOST_EMPTY * self.cells

    def add(self, row: int, column: int, cells: int = 1) -> None:
        self.cells += cells
        self.last_row, self.last_column = max(self.last_row, row), max(self.last_column, column)


def extents_of(path: Path) -> tuple[SheetExtent, ...]:
    """The extent of every sheet of an .xlsx, .xlsm or .ods file, of others none; counted once as
    long as the file stays.
    """
    written = path.stat()
    return _extents_of(path, written.st_mtime_ns, written.st_size)


@lru_cache(maxsize=64)
def _extents_of(path: Path, _mtime_ns: int, _size: int) -> tuple[SheetExtent, ...]:
    if not zipfile.is_zipfile(path):
        return ()
    with zipfile.ZipFile(path) as archive:
        if "content.xml" in archive.namelist():
            with archive.open("content.xml") as content:
                return tuple(_of_open_document(content))
        sheets = [
            name
            for name in archive.namelist()
            if name.startswith("xl/worksheets/") and name.endswith(".xml")
        ]
        return tuple(_of_sheet(archive.open(name)) for name in sheets)


def _of_sheet(content: IO[bytes]) -> SheetExtent:
    """Of one worksheet (ECMA-376 part 1, 18.3.1.4: `c`, with its reference in `r`); without
    references cells count on.

    The tags are those of a parser of XML: a reference may stand in any quotes, in any place and in
    small letters.
    """
    extent = SheetExtent()
    row, column = 0, 0  # of the last cell

    def begun(tag: str, has: dict[str, str]) -> None:
        nonlocal row, column
        if tag == "c" or tag.endswith(":c"):
            stands = _REFERENCE.fullmatch(has.get("r", ""))
            row, column = (int(stands[2]), _column(stands[1])) if stands else (row, column + 1)
            extent.cells += 1
            if row > extent.last_row:
                extent.last_row = row
            if column > extent.last_column:
                extent.last_column = column
        elif tag == "row" or tag.endswith(":row"):
            number = has.get("r", "")
            row, column = int(number) if number.isdigit() else row + 1, 0

    parser = ParserCreate()
    parser.StartElementHandler = begun
    with content, suppress(ExpatError):  # damaged: the reader says so
        rest = b""
        while chunk := content.read(_CHUNK):
            parser.Parse(chunk)
            text = rest + chunk
            end = max(text.rfind(b"<c "), 0)  # the last cell may be cut
            extent.without_value += sum(
                b't="str"' not in cell for cell in _NO_VALUE.findall(text, 0, end)
            )
            rest = text[end:]
        extent.without_value += sum(b't="str"' not in cell for cell in _NO_VALUE.findall(rest))
    return extent


@lru_cache(maxsize=1 << 10)
def _column(letters: str) -> int:
    from openpyxl.utils.cell import (
        column_index_from_string,
    )  # a third of a second: only where a workbook is read

    number: int = column_index_from_string(letters.upper())
    return number


def _of_open_document(content: IO[bytes]) -> list[SheetExtent]:
    """Of every table (ODF 1.2 part 1, 9.1): rows and cells may stand for many of their kind."""
    extents: list[SheetExtent] = []
    row, column, filled = 0, 0, 0
    try:
        for event, element in iterparse(content, ("start", "end")):  # noqa: S314 - expat stops entities that grow (since 2.4)
            if event == "start":
                if element.tag == f"{_TABLE}table":
                    extents.append(SheetExtent())
                    row = 0
                elif element.tag == f"{_TABLE}table-row":
                    column, filled = 0, 0
            elif element.tag in {f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"}:
                times = _repeated(element.get(f"{_TABLE}number-columns-repeated"))
                column += times
                if len(element):
                    filled = column
                    extents[-1].add(0, column)
            elif element.tag == f"{_TABLE}table-row":
                row += _repeated(element.get(f"{_TABLE}number-rows-repeated"))
                if filled:
                    extents[-1].add(row, filled, 0)
                element.clear()
    except ParseError:
        return []  # damaged: the reader says so
    return extents


def _repeated(times: str | None) -> int:
    return int(times) if times is not None and times.isdigit() else 1


Merged = tuple[tuple[int, int], tuple[int, int]]  # first and last cell, each (row, column) from 0


@dataclass(frozen=True, slots=True)
class WorkbookSheet:
    """Rows as the spreadsheet numbers them, and the merged ranges."""

    rows: Iterator[tuple[int, Sequence[Cell]]]
    merged: tuple[Merged, ...] | None  # None where they cannot be told
    first_column: int  # of the used area, from 0


class Book:
    """A workbook that was opened; every damage that shows while it is read is refused as
    `workbook-unreadable`.

    Raises:
        InputError: `workbook-unreadable`, `workbook-too-large`, `workbook-nearly-empty`,
            `formulas-without-values`.
    """

    def __init__(self, path: Path) -> None:
        import python_calamine

        file_bytes.check_workbook(path)
        self.path = path
        with _refusing_damage(path):
            extents = extents_of(path)
            self._is_sparse = is_sparse(path, extents)
            _refuse_unworked(path, extents)
            self._book = python_calamine.CalamineWorkbook.from_path(path)
            self.names: tuple[str, ...] = tuple(self._book.sheet_names)
            shown = python_calamine.SheetVisibleEnum.Visible
            self.hidden = frozenset(
                sheet.name for sheet in self._book.sheets_metadata if sheet.visible != shown
            )

    def sheet(self, name: str, rows: int | None = None) -> WorkbookSheet:
        """A sheet by its name: all rows of its used area, or the first `rows`."""
        if self._is_sparse:
            return WorkbookSheet(islice(_rows_with_cells(self.path, name), rows), None, 0)
        with _refusing_damage(self.path):
            sheet = self._book.get_sheet_by_name(name)
            cells = sheet.to_python(skip_empty_area=True, nrows=rows)
            first_row, first_column = sheet.start or (0, 0)
            return WorkbookSheet(
                enumerate(cells, start=first_row + 1),
                tuple(sheet.merged_cell_ranges or ()),
                first_column,
            )


def sheet_of(path: Path, profile: Profile) -> WorkbookSheet:
    """Open the sheet that the profile names, or the first one."""
    book = Book(path)
    if not book.names or (profile.sheet is not None and profile.sheet not in book.names):
        raise InputError(
            "sheet-missing",
            "The workbook has no such sheet.",
            'Correct sheet = "…" in the mapping profile.',
            place=Place(str(path)),
            found=", ".join(book.names) or Phrase("no sheets"),
            wanted=profile.sheet or Phrase("a sheet"),
        )
    return book.sheet(profile.sheet or book.names[0])


def is_sparse(path: Path, extents: Sequence[SheetExtent]) -> bool:
    """Whether a sheet reaches so far beyond what it holds that it cannot be kept as one
    rectangle.
    """
    extent = next((candidate for candidate in extents if candidate.is_nearly_empty), SheetExtent())
    if extent.is_nearly_empty and path.suffix.lower() == ".ods":
        raise InputError(
            "workbook-nearly-empty",
            "A cell is so far from the others that the sheet cannot be read as one table.",
            "Delete whatever is far below or to the right of the table, or save the workbook as "
            ".xlsx.",
            place=Place(str(path), row=extent.last_row),
            found=Phrase(
                "%(cells)s filled cells in %(rows)s rows and %(columns)s columns",
                cells=f"{extent.cells:,}",
                rows=f"{extent.last_row:,}",
                columns=f"{extent.last_column:,}",
            ),
            wanted=Phrase("a table without far cells"),
        )
    return extent.is_nearly_empty


def _refuse_unworked(path: Path, extents: Sequence[SheetExtent]) -> None:
    """Formulas that a program wrote have no value until a spreadsheet program opens the file; their
    cells would be read as blank.
    """
    if count := sum(extent.without_value for extent in extents):
        raise InputError(
            "formulas-without-values",
            "The workbook contains formulas that were never calculated, so their cells have no "
            "value.",
            "Open it in a spreadsheet program and save it, or export values instead of formulas.",
            place=Place(str(path)),
            found=in_number(
                count,
                "%(count)s formula without a value",
                "%(count)s formulas without a value",
                count=f"{count:,}",
            ),
            wanted=Phrase("a value beside each formula"),
        )


def _rows_with_cells(path: Path, name: str) -> Iterator[tuple[int, Sequence[Cell]]]:
    """The rows of a sheet that hold something, cell by cell: slower, and no larger than what they
    hold.
    """
    import openpyxl

    with _refusing_damage(path):
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            if (
                name not in book.sheetnames
            ):  # of the strict form of the standard this reader finds none
                raise InputError(
                    "workbook-strict",
                    "A cell is far from the others, and a workbook of this format can then not be "
                    "read.",
                    (
                        "Delete whatever is far below or to the right of the table, or save the "
                        "file as an ordinary Excel workbook (.xlsx)."
                    ),
                    place=Place(str(path)),
                    found=Phrase("Strict Open XML Spreadsheet"),
                    wanted=Phrase("Excel Workbook (.xlsx)"),
                )
            sheet = book[name]
            sheet.reset_dimensions()
            for number, cells in enumerate(sheet.iter_rows(), start=1):
                if cells:
                    yield number, [_as_read(cell.value, cell.data_type) for cell in cells]
        finally:
            book.close()


def _as_read(value: Any, data_type: str) -> Cell:
    """A cell as the other reader gives it: blank where there is none or an error, numbers as
    floats, a midnight as its date.
    """
    from openpyxl.utils.escape import unescape

    if value is None or data_type == "e":
        return ""
    if isinstance(value, str):
        return str(unescape(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date()
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@contextmanager
def _refusing_damage(path: Path) -> Iterator[None]:
    import python_calamine

    try:
        yield
    except (
        python_calamine.CalamineError,
        SyntaxError,  # of XML, by whichever parser openpyxl takes
        BadZipFile,
        *BROKEN_ARCHIVE,
    ) as broken:
        raise unreadable(path, str(broken)) from broken
    except (
        BaseException
    ) as panic:  # the library panics on some damaged files, with an exception below no other
        if type(panic).__name__ != "PanicException":
            raise
        raise unreadable(path, str(panic)) from panic


def unreadable(path: Path, found: str, wanted: str = "a workbook") -> InputError:
    """The refusal of a workbook that cannot be opened."""
    return InputError(
        "workbook-unreadable",
        "The workbook cannot be opened.",
        "Open it in a spreadsheet program and save it again as .xlsx.",
        place=Place(str(path)),
        found=found,
        wanted=wanted,
    )
