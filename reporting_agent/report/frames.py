"""The report's tables as pandas frames (pandas is imported when they are asked for), and as one
workbook, a sheet a table, as plain values: no formula, no macro, nothing that runs.

What a plant wrote (ids, file names) goes in as text even where it begins with "=": a spreadsheet
must never take it for a formula. Times are written in UTC without a zone, because a spreadsheet has
none; the sheet `about` says so. Numbers have the 16 digits that the library writes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from benchmarks.errors import InputError
from reporting_agent.report.tables import ReportTable

if TYPE_CHECKING:
    from pandas import DataFrame

    from reporting_agent.analysis import Analysis
    from reporting_agent.pipeline import LabelResult


@dataclass(frozen=True, slots=True)
class SiteFrames:
    """One frame a table of the report, columns and units as docs/report.md lists them; an empty
    frame keeps its columns.

    `result` and `analysis` are what they were made from: the label with its batches and findings,
    and what can be acted on.
    """

    labels: DataFrame
    batches: DataFrame
    excluded: DataFrame
    gaps: DataFrame
    pareto: DataFrame
    use: DataFrame
    drivers: DataFrame
    costs: DataFrame
    balance: DataFrame
    adequacy: DataFrame
    site_balance: DataFrame
    baselines: DataFrame
    quality: DataFrame
    about: DataFrame
    result: LabelResult
    analysis: Analysis


def frame(table: ReportTable) -> DataFrame:
    """A table as a frame: text as object, counts as Int64, numbers as float, times zone-aware in
    UTC.
    """
    import pandas

    series: dict[str, Any] = {}
    for column in table.columns:
        if column.kind == "number":
            series[column.name] = pandas.Series(column.values, dtype="float64")
        elif column.kind == "count":
            series[column.name] = pandas.Series(column.values, dtype="Int64")
        elif column.kind == "flag":
            series[column.name] = pandas.Series(column.values, dtype="boolean")
        elif column.kind == "time":
            series[column.name] = pandas.to_datetime(
                pandas.Series(column.values, dtype="object"), utc=True
            )
        else:
            series[column.name] = pandas.Series(column.values, dtype="object")
    return pandas.DataFrame(series)


def require_pandas() -> None:
    """Before a site is labelled for nothing.

    Raises:
        InputError: `pandas-not-installed`.
    """
    if find_spec("pandas") is None:
        raise InputError(
            "pandas-not-installed",
            "Frames are pandas frames, and pandas is not installed.",
            "Install it: pip install 'steplabel-agent[frames]'.",
            found="no pandas",
        )


def frames(result: LabelResult, analysis: Analysis) -> SiteFrames:
    """Every table of the report as a frame."""
    from reporting_agent.report.analysis_tables import every

    return SiteFrames(
        **{table.name: frame(table) for table in every(result, analysis)},
        result=result,
        analysis=analysis,
    )


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
