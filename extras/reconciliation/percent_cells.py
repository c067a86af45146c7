"""Which cells of a workbook are in per cent: whoever types 0.5% is shown 0.5 %, and the file holds
0.005.

The format of a cell stands in .xlsx and .xlsm files; of others it is not read.
"""

from __future__ import annotations

import re
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from reporting_agent.sources.workbooks import unreadable

_WITH_FORMATS = (".xlsx", ".xlsm")
_OWN_FORMATS = re.compile(rb'<xf\b[^>]*\bnumFmtId="(?:9|10)"')  # ECMA-376 part 1, 18.8.30
_AS_WRITTEN = re.compile(r'"[^"]*"|\\.')  # a sign that is only shown after the number


def percent_cells(path: Path, sheet: str) -> frozenset[tuple[int, int]]:
    """Rows, from 1, and columns, from 0, of the numbers that the sheet shows times 100.

    Raises:
        InputError: `workbook-unreadable`: the formats are damaged, and some of them may be per
            cent.
    """
    if path.suffix.lower() not in _WITH_FORMATS:
        return frozenset()
    try:
        return _of_sheet(path, sheet)
    except (
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        SyntaxError,
        BadZipFile,
        OSError,
    ) as broken:
        if _may_be_in_percent(path):
            raise unreadable(path, str(broken)) from broken
        return (
            frozenset()
        )  # what openpyxl does not take, such as an empty fill, says nothing of numbers


def _may_be_in_percent(path: Path) -> bool:
    """Whether any format of the file shows numbers times 100: the standard's own 9 and 10, or one
    that is written with the sign.
    """
    try:
        with ZipFile(path) as parts:
            styles = parts.read("xl/styles.xml")
    except (BadZipFile, OSError, KeyError):
        return True
    return b"%" in styles or _OWN_FORMATS.search(styles) is not None


def _of_sheet(path: Path, sheet: str) -> frozenset[tuple[int, int]]:
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        if (
            sheet not in book.sheetnames
        ):  # of the strict form of the standard this reader finds none
            return frozenset()
        opened = book[sheet]
        opened.reset_dimensions()
        return frozenset(
            (row, column)
            for row, cells in enumerate(opened.iter_rows(), start=1)
            for column, cell in enumerate(cells)
            if isinstance(cell.value, int | float)
            and "%" in _AS_WRITTEN.sub("", cell.number_format)
        )
    finally:
        book.close()
