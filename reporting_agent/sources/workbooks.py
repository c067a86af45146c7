"""Sheets of a workbook (XLSX, XLSM, XLS, ODS) as numbered rows, with the ranges of merged cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from benchmarks.errors import InputError, Place
from reporting_agent.config import Profile
from reporting_agent.sources import signatures
from reporting_agent.sources.cells import Cell
from reporting_agent.sources.extent import Extent, extents_of

Merged = tuple[tuple[int, int], tuple[int, int]]  # first and last cell, each (row, column) from 0


@dataclass(frozen=True, slots=True)
class WorkbookSheet:
    """Rows as the spreadsheet numbers them, and the merged ranges."""

    rows: Iterator[tuple[int, Sequence[Cell]]]
    merged: tuple[Merged, ...] | None  # None where they cannot be told
    first_column: int  # of the used area, from 0


class Book:
    """A workbook that was opened; every damage that shows while it is read is refused as `workbook-unreadable`.

    Raises:
        InputError: `workbook-unreadable`, `workbook-too-large`, `workbook-nearly-empty`, `formulas-without-values`.
    """

    def __init__(self, path: Path) -> None:
        import python_calamine

        signatures.check_workbook(path)
        self.path = path
        with _refusing_damage(path):
            extents = extents_of(path)
            self._is_sparse = is_sparse(path, extents)
            _refuse_unworked(path, extents)
            self._book = python_calamine.CalamineWorkbook.from_path(path)
            self.names: tuple[str, ...] = tuple(self._book.sheet_names)

    def sheet(self, name: str, rows: int | None = None) -> WorkbookSheet:
        """A sheet by its name: all rows of its used area, or the first `rows`."""
        if self._is_sparse:
            return WorkbookSheet(islice(_rows_with_cells(self.path, name), rows), None, 0)
        with _refusing_damage(self.path):
            sheet = self._book.get_sheet_by_name(name)
            cells = sheet.to_python(skip_empty_area=True, nrows=rows)
            first_row, first_column = sheet.start or (0, 0)
            return WorkbookSheet(enumerate(cells, start=first_row + 1), tuple(sheet.merged_cell_ranges or ()), first_column)


def sheet_of(path: Path, profile: Profile) -> WorkbookSheet:
    """Open the sheet that the profile names, or the first one."""
    book = Book(path)
    if not book.names or (profile.sheet is not None and profile.sheet not in book.names):
        raise InputError(
            "sheet-missing",
            "The workbook has no such sheet.",
            'Correct sheet = "…" in the mapping profile.',
            place=Place(str(path)),
            found=", ".join(book.names) or "no sheets",
            wanted=profile.sheet or "a sheet",
        )
    return book.sheet(profile.sheet or book.names[0])


def is_sparse(path: Path, extents: Sequence[Extent]) -> bool:
    """Whether a sheet reaches so far beyond what it holds that it cannot be kept as one rectangle."""
    extent = next((one for one in extents if one.is_nearly_empty), Extent())
    if extent.is_nearly_empty and path.suffix.lower() == ".ods":
        raise InputError(
            "workbook-nearly-empty",
            "A cell stands so far from the others that the sheet cannot be read as one table.",
            "Delete what stands far below or right of the table, or save the workbook as .xlsx.",
            place=Place(str(path), row=extent.last_row),
            found=f"{extent.cells:,} filled cells in {extent.last_row:,} rows and {extent.last_column:,} columns",
            wanted="a table without far cells",
        )
    return extent.is_nearly_empty


def _refuse_unworked(path: Path, extents: Sequence[Extent]) -> None:
    """Formulas that a program wrote have no value until a spreadsheet program opens the file; their cells would be read as blank."""
    if count := sum(extent.without_value for extent in extents):
        raise InputError(
            "formulas-without-values",
            "The workbook holds formulas that were never worked out, so their cells have no value.",
            "Open it in a spreadsheet program and save it, or export values instead of formulas.",
            place=Place(str(path)),
            found=f"{count:,} formulas without a value",
            wanted="a value beside each formula",
        )


def _rows_with_cells(path: Path, name: str) -> Iterator[tuple[int, Sequence[Cell]]]:
    """The rows of a sheet that hold something, cell by cell: slower, and no larger than what they hold."""
    import openpyxl

    with _refusing_damage(path):
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            if name not in book.sheetnames:  # of the strict form of the standard this reader finds none
                raise InputError(
                    "workbook-strict",
                    "A cell stands far from the others, and the workbook is of a form in which it can then not be read.",
                    "Delete what stands far below or right of the table, or save the file as an ordinary Excel workbook (.xlsx).",
                    place=Place(str(path)),
                    found="Strict Open XML Spreadsheet",
                    wanted="Excel Workbook (.xlsx)",
                )
            sheet = book[name]
            sheet.reset_dimensions()
            for number, cells in enumerate(sheet.iter_rows(), start=1):
                if cells:
                    yield number, [_as_read(cell.value, cell.data_type) for cell in cells]
        finally:
            book.close()


def _as_read(value: Any, data_type: str) -> Cell:
    """A cell as the other reader gives it: blank where there is none or an error, numbers as floats, a midnight as its date."""
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
    except (python_calamine.CalamineError, ParseError, BadZipFile, OSError) as broken:
        raise unreadable(path, str(broken)) from broken
    except BaseException as panic:  # the library panics on some damaged files, with an exception below no other
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
