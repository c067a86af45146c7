"""Tables as files: text in the habit's encoding, workbooks (.xlsx) and open documents (.ods), cell
for cell.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path
from xml.sax.saxutils import escape

from openpyxl import Workbook

Cell = str | float | int | datetime | time | None


@dataclass(slots=True)
class Written:
    """A sheet: rows as they stand, merged ranges, and sheets that stand before it."""

    rows: list[Sequence[Cell]]
    merged: list[str] = field(default_factory=list)
    name: str = "Sheet1"
    before: dict[str, list[Sequence[Cell]]] = field(default_factory=dict)


def as_text(path: Path, written: Written, delimiter: str, encoding: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(
        [["" if cell is None else cell for cell in row] for row in written.rows]
    )
    path.write_bytes(text.getvalue().encode(encoding))


def as_workbook(path: Path, written: Written) -> None:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in {**written.before, written.name: written.rows}.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    for span in written.merged:
        book[written.name].merge_cells(span)
    book.save(path)


def work_out(path: Path) -> None:
    """Give every formula `=12.3+0` of a workbook its value, as a spreadsheet program does."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(
                name, re.sub(rb"<f>([\d.]+)\+0</f><v ?/?>(</v>)?", rb"<f>\1+0</f><v>\1</v>", data)
            )


_CONTENT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 office:version="1.2"><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"""
_MIME = "application/vnd.oasis.opendocument.spreadsheet"
_MANIFEST = f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">
<manifest:file-entry manifest:full-path="/" manifest:media-type="{_MIME}"/>
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>"""


def as_open_document(path: Path, written: Written) -> None:
    """ODF 1.2, part 1, chapter 9: every cell with its type and value."""
    tables = "".join(
        f'<table:table table:name="{escape(name)}">'
        + "".join(f"<table:table-row>{''.join(map(_cell, row))}</table:table-row>" for row in rows)
        + "</table:table>"
        for name, rows in {**written.before, written.name: written.rows}.items()
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", _MIME)
        archive.writestr("META-INF/manifest.xml", _MANIFEST)
        archive.writestr("content.xml", _CONTENT.format(tables=tables))


def _cell(cell: Cell) -> str:
    if cell is None or cell == "":
        return "<table:table-cell/>"
    if isinstance(cell, datetime):
        return (
            '<table:table-cell office:value-type="date" '
            f'office:date-value="{cell.isoformat()}"><text:p>{cell}</text:p></table:table-cell>'
        )
    if isinstance(cell, int | float):
        return (
            '<table:table-cell office:value-type="float" '
            f'office:value="{cell}"><text:p>{cell}</text:p></table:table-cell>'
        )
    return (
        "<table:table-cell "
        f'office:value-type="string"><text:p>{escape(str(cell))}</text:p></table:table-cell>'
    )
