"""How far a workbook's sheets reach, held against what they hold: found before a reader makes room for it.

The reader of workbooks keeps a sheet as one rectangle. One stray cell at the far corner (ZZ1048576) makes that rectangle 700 million
cells, and the process is aborted. So the cells are counted in the packed XML, as a stream, and a sheet that is nearly empty is read
otherwise (`workbooks`) or refused.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import ParseError, iterparse

from openpyxl.utils.cell import column_index_from_string

MOST_EMPTY = 20
"""A sheet's rectangle may have so many cells for each that holds something; a table with many blank columns has two or three."""
_ALWAYS_SMALL = 2_000_000  # cells: some 60 MB at most, whatever they hold
_CHUNK = 1 << 20
_CELL = re.compile(rb"[<:]c[ >]")
_ROW = re.compile(rb'[<:]row r="(\d{1,7})"')
_WIDE_COLUMN = re.compile(rb' r="([A-Z]{2,3})\d')
_NARROW = 26  # columns named by one letter are not told apart: they make no sheet wide
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"


@dataclass(slots=True)
class Extent:
    """Cells that a sheet holds, and the last row and column (from 1) that one of them stands in."""

    cells: int = 0
    last_row: int = 0
    last_column: int = 0

    @property
    def is_nearly_empty(self) -> bool:
        area = self.last_row * self.last_column
        return area > _ALWAYS_SMALL and area > MOST_EMPTY * self.cells

    def add(self, row: int, column: int, cells: int = 1) -> None:
        self.cells += cells
        self.last_row, self.last_column = max(self.last_row, row), max(self.last_column, column)


def widest(path: Path) -> Extent:
    """The extent of the sheet of an .xlsx, .xlsm or .ods file that is the emptiest for its size; an empty one for other files."""
    if not zipfile.is_zipfile(path):
        return Extent()
    with zipfile.ZipFile(path) as archive:
        if "content.xml" in archive.namelist():
            with archive.open("content.xml") as content:
                extents = _of_open_document(content)
        else:
            sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
            extents = [_of_sheet(archive.open(name)) for name in sheets]
    return max(extents, key=lambda extent: extent.last_row * extent.last_column / max(extent.cells, 1), default=Extent())


def _of_sheet(content: IO[bytes]) -> Extent:
    """Of one worksheet (ECMA-376 part 1, 18.3.1.4: `c`, with its reference in `r`)."""
    extent = Extent()
    wide: set[bytes] = set()
    rest = b""
    with content:
        while chunk := content.read(_CHUNK):
            text = rest + chunk
            end = text.rfind(b"<")  # the last tag may be cut
            text, rest = text[:end], text[end:]
            extent.cells += len(_CELL.findall(text))
            extent.last_row = max([extent.last_row, *map(int, _ROW.findall(text))])
            wide.update(_WIDE_COLUMN.findall(text))
    extent.last_column = max([_NARROW, *(column_index_from_string(letters.decode()) for letters in wide)])
    return extent


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
