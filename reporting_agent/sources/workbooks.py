"""Sheets of a workbook (XLSX, XLSM, XLS, ODS) as numbered rows, with the ranges of merged cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import InputError, Place
from reporting_agent.config import Profile
from reporting_agent.sources import signatures
from reporting_agent.sources.cells import Cell

Merged = tuple[tuple[int, int], tuple[int, int]]  # first and last cell, each (row, column) from 0


@dataclass(frozen=True, slots=True)
class WorkbookSheet:
    """Rows as the spreadsheet numbers them, and the merged ranges."""

    rows: Iterator[tuple[int, Sequence[Cell]]]
    merged: tuple[Merged, ...]
    first_column: int  # of the used area, from 0


class Book:
    """A workbook that was opened; every damage that shows while it is read is refused as `workbook-unreadable`.

    Raises:
        InputError: `workbook-unreadable`, `workbook-too-large`.
    """

    def __init__(self, path: Path) -> None:
        import python_calamine

        signatures.check_workbook(path)
        self.path = path
        with _refusing_damage(path):
            self._book = python_calamine.CalamineWorkbook.from_path(path)
            self.names: tuple[str, ...] = tuple(self._book.sheet_names)

    def sheet(self, name: str, rows: int | None = None) -> WorkbookSheet:
        """A sheet by its name: all rows of its used area, or the first `rows`."""
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


@contextmanager
def _refusing_damage(path: Path) -> Iterator[None]:
    import python_calamine

    try:
        yield
    except (python_calamine.CalamineError, OSError) as broken:
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
