"""The report's tables as one workbook, a sheet a table, as plain values: no formula, no macro,
nothing that runs.

What a plant wrote (ids, file names) goes in as text even where it begins with "=": a spreadsheet
must never take it for a formula. Times are written in UTC without a zone, because a spreadsheet has
none; the sheet `about` says so. Numbers have the 16 digits that the library writes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from reporting_agent.report.tables import ReportTable

ROWS_OF_A_SHEET = 1_048_576
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # XML 1.0 holds no control characters


def workbook(tables: Iterable[ReportTable]) -> bytes:
    """The file. A table longer than a sheet goes on in a second one of the same name and a
    number.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    for table in tables:
        rows = table.rows()
        for part in range(max(1, -(-len(table) // (ROWS_OF_A_SHEET - 1)))):
            sheet = book.create_sheet(table.name if part == 0 else f"{table.name} {part + 1}")
            sheet.freeze_panes = "A2"
            head = [WriteOnlyCell(sheet, column.name) for column in table.columns]
            for cell in head:
                cell.font = Font(bold=True)
            sheet.append(head)
            for row, _ in zip(rows, range(ROWS_OF_A_SHEET - 1), strict=False):
                sheet.append([_cell(sheet, value) for value in row])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, str):
        text = _FORBIDDEN.sub("\ufffd", value)
        if not text.startswith("="):
            return text
        from openpyxl.cell import WriteOnlyCell

        cell = WriteOnlyCell(sheet, text)
        cell.data_type = "s"
        return cell
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    return value
