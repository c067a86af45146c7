"""How far a workbook's sheets reach, held against what they hold: found before a reader makes room for it.

The reader of workbooks keeps a sheet as one rectangle. One stray cell at the far corner (ZZ1048576) makes that rectangle 700 million
cells, and the process is aborted. So the cells are counted as the packed XML is parsed, as a stream, and a sheet that is nearly empty is
read otherwise (`workbooks`) or refused.
"""

from __future__ import annotations

import re
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import ParseError, iterparse
from xml.parsers.expat import ExpatError, ParserCreate

from openpyxl.utils.cell import column_index_from_string

MOST_EMPTY = 8
"""A sheet's rectangle may have so many cells for each that holds something; a table with many blank columns has two or three."""
_ALWAYS_SMALL = 200_000  # cells: some 8 MB at most, whatever they hold
_CHUNK = 1 << 20
_NO_VALUE = re.compile(rb"<c ([^>]*)><f[^>]*>[^<]*</f>(?:<v ?/>|<v></v>)?</c>")  # of a text, no value is the empty text
_REFERENCE = re.compile(r"([A-Za-z]{1,3})(\d{1,7})")
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"


@dataclass(slots=True)
class Extent:
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


def extents_of(path: Path) -> list[Extent]:
    """The extent of every sheet of an .xlsx, .xlsm or .ods file; of other files none."""
    if not zipfile.is_zipfile(path):
        return []
    with zipfile.ZipFile(path) as archive:
        if "content.xml" in archive.namelist():
            with archive.open("content.xml") as content:
                return _of_open_document(content)
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        return [_of_sheet(archive.open(name)) for name in sheets]


def _of_sheet(content: IO[bytes]) -> Extent:
    """Of one worksheet (ECMA-376 part 1, 18.3.1.4: `c`, with its reference in `r`); without references cells count on.

    The tags are those of a parser of XML: a reference may stand in any quotes, in any place and in small letters.
    """
    extent = Extent()
    at = [0, 0]  # row and column of the last cell

    def begun(tag: str, has: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "c":
            stands = _REFERENCE.fullmatch(has.get("r", ""))
            row, column = (int(stands[2]), _column(stands[1])) if stands else (at[0], at[1] + 1)
            at[:] = row, column
            extent.add(row, column)
        elif name == "row":
            number = has.get("r", "")
            at[:] = int(number) if number.isdigit() else at[0] + 1, 0

    parser = ParserCreate()
    parser.StartElementHandler = begun
    with content, suppress(ExpatError):  # damaged: the reader says so
        rest = b""
        while chunk := content.read(_CHUNK):
            parser.Parse(chunk)
            text = rest + chunk
            end = max(text.rfind(b"<c "), 0)  # the last cell may be cut
            extent.without_value += sum(b't="str"' not in cell for cell in _NO_VALUE.findall(text, 0, end))
            rest = text[end:]
        extent.without_value += sum(b't="str"' not in cell for cell in _NO_VALUE.findall(rest))
    return extent


@lru_cache(maxsize=1 << 10)
def _column(letters: str) -> int:
    found: int = column_index_from_string(letters.upper())
    return found


def _of_open_document(content: IO[bytes]) -> list[Extent]:
    """Of every table (ODF 1.2 part 1, 9.1): rows and cells may stand for many of their kind."""
    extents: list[Extent] = []
    row, column, filled = 0, 0, 0
    try:
        for event, element in iterparse(content, ("start", "end")):  # noqa: S314 - expat stops entities that grow (since 2.4)
            if event == "start":
                if element.tag == f"{_TABLE}table":
                    extents.append(Extent())
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
