"""Every table that can be had as CSV can be had as a workbook: the same rows of the same view, so
that both say the same.

A workbook holds plain values: numbers as numbers, all else as text, so that nothing in it is ever
run. In a column of texts a value with a point is text, too.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from functools import wraps
from itertools import zip_longest
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import pgettext
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from benchmarks.csv_cells import as_written
from portal.web.words.headings import headings

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d+)?\Z")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # XML 1.0 holds no control characters

WORDED = (
    "version",
    "pack_version",
    "product",
    "variant",
    "source",
    "kit",
    "name",
    "note",
    "detail",
    "subject",
    "reason",
)
"""Columns of texts: a version 1.10 in them is not 1.1."""

View = Callable[..., HttpResponseBase]


def as_workbook(view: View) -> View:
    """The view of a CSV, answering with a workbook instead; what it refuses stays refused."""

    @wraps(view)
    def workbook_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer = view(request, *args, **kwargs)
        if (
            not isinstance(answer, HttpResponse)
            or answer.status_code != 200
            or not answer.headers["Content-Type"].startswith("text/csv")
        ):
            return answer
        workbook = HttpResponse(workbook_of(answer.content.decode("utf-8-sig")), content_type=XLSX)
        workbook["Content-Disposition"] = answer.headers.get(
            "Content-Disposition", "attachment"
        ).replace(".csv", ".xlsx")
        for name in ("Cache-Control", "Vary", "Steplabel-Status"):
            if name in answer.headers:
                workbook[name] = answer.headers[name]
        return workbook

    return workbook_view


def workbook_of(text: str) -> bytes:
    """One sheet with the rows of a CSV, its head fixed in view."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(pgettext("sheet of a workbook", "Table"))
    sheet.freeze_panes = "A2"
    rows = csv.reader(io.StringIO(text))
    head, worded = next(rows, []), {*WORDED, *headings(WORDED)}
    sheet.append([_cell(sheet, name) for name in head])
    for row in rows:
        sheet.append(
            [
                _cell(sheet, value, worded=name in worded)
                for name, value in zip_longest(head, row, fillvalue="")
            ]
        )
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _cell(sheet: Any, value: str, *, worded: bool = False) -> Any:
    if _NUMBER.match(value) and not (worded and "." in value):
        return float(value) if "." in value else int(value)
    # the apostrophe is for programs that read CSV; here the cell itself is text
    cell = WriteOnlyCell(sheet, _FORBIDDEN.sub("", as_written(value)))
    cell.data_type = "s"
    return cell
