"""Every table that can be had as CSV can be had as a workbook: the same rows of the same view, so that both say the same.

A workbook holds plain values: numbers as numbers, all else as text, so that nothing in it is ever run.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import pgettext
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from portal.web.tables import FORMULA

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,14})?\Z")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # XML 1.0 holds no control characters

View = Callable[..., HttpResponseBase]


def as_workbook(view: View) -> View:
    """The view of a CSV, answering with a workbook instead; what it refuses stays refused."""

    @wraps(view)
    def workbook_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer = view(request, *args, **kwargs)
        if not isinstance(answer, HttpResponse) or answer.status_code != 200 or not answer.headers["Content-Type"].startswith("text/csv"):
            return answer
        workbook = HttpResponse(workbook_of(answer.content.decode("utf-8-sig")), content_type=XLSX)
        workbook["Content-Disposition"] = answer.headers.get("Content-Disposition", "attachment").replace(".csv", ".xlsx")
        for name in ("Cache-Control", "Vary"):
            if name in answer.headers:
                workbook[name] = answer.headers[name]
        return workbook

    return workbook_view


def workbook_of(text: str) -> bytes:
    """One sheet with the rows of a CSV, its head fixed in view."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(pgettext("sheet of a workbook", "Table"))
    sheet.freeze_panes = "A2"
    for row in csv.reader(io.StringIO(text)):
        sheet.append([_cell(sheet, value) for value in row])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _cell(sheet: Any, value: str) -> Any:
    if _NUMBER.match(value):
        return float(value) if "." in value else int(value)
    if value.startswith("'") and value[1:].startswith(FORMULA):
        value = value[1:]  # the quote is for programs that read CSV; here the cell itself is text
    cell = WriteOnlyCell(sheet, _FORBIDDEN.sub("", value))
    cell.data_type = "s"
    return cell
