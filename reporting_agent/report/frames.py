"""The report's figures as pandas frames. pandas is imported here only, when frames are asked
for.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from benchmarks.errors import InputError

if TYPE_CHECKING:
    from pandas import DataFrame

    from reporting_agent.analysis import Analysis
    from reporting_agent.pipeline import LabelResult
    from reporting_agent.report.tables import ReportTable


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
