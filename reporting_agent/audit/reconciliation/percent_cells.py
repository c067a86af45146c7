"""Which cells of a workbook are in per cent: whoever types 0.5% is shown 0.5 %, and the file holds 0.005.

The format of a cell stands in .xlsx and .xlsm files; of others it is not read.
"""

from __future__ import annotations

import re
from pathlib import Path
from zipfile import BadZipFile

from reporting_agent.sources.workbooks import unreadable

_WITH_FORMATS = (".xlsx", ".xlsm")
_AS_WRITTEN = re.compile(r'"[^"]*"|\\.')  # a sign that is only shown after the number


def percent_cells(path: Path, sheet: str) -> frozenset[tuple[int, int]]:
    """Rows, from 1, and columns, from 0, of the numbers that the sheet shows times 100.

    Raises:
        InputError: `workbook-unreadable`: the formats are damaged.
    """
    if path.suffix.lower() not in _WITH_FORMATS:
        return frozenset()
    try:
        return _of_sheet(path, sheet)
    except (ValueError, TypeError, LookupError, AttributeError, SyntaxError, BadZipFile, OSError) as broken:
        raise unreadable(path, str(broken)) from broken


def _of_sheet(path: Path, sheet: str) -> frozenset[tuple[int, int]]:
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        if sheet not in book.sheetnames:  # of the strict form of the standard this reader finds none
            return frozenset()
        opened = book[sheet]
        opened.reset_dimensions()
        return frozenset(
            (row, column)
            for row, cells in enumerate(opened.iter_rows(), start=1)
            for column, cell in enumerate(cells)
            if isinstance(cell.value, int | float) and "%" in _AS_WRITTEN.sub("", cell.number_format)
        )
    finally:
        book.close()
