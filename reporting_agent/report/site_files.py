"""The files of one site as `label`, `check` and `fleet` write them: label.json, batches.parquet,
rejected.csv, report.html, and what to declare in declarations.toml; of a check quality.json,
quality.html and rejected.csv."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reporting_agent.analysis import Analysis
from reporting_agent.pipeline import proposals
from reporting_agent.report import html, quality, tables, writing
from reporting_agent.report.label_json import label_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.measurements import Period
    from reporting_agent.changes.reportable import MissingForRelease
    from reporting_agent.changes.review import Review
    from reporting_agent.config import SiteSettings
    from reporting_agent.pipeline import LabelResult, PlantData


def write(
    site: SiteSettings,
    result: LabelResult,
    analysis: Analysis,
    out: Path,
    lang: str,
    made_at: datetime,
    missing: Sequence[MissingForRelease] | None = None,
) -> dict[str, Any]:
    """Write them into a folder, which is made if need be; the content of label.json. The result as
    `labelled` gives it; `missing` is what a report lacks.
    """
    payload = label_json(result, analysis, missing)
    writing.folder(out)
    writing.write_json(out / "label.json", payload)
    writing.write_table(out / "batches.parquet", tables.batches(result.site_label.steps))
    writing.write_rejected(out / "rejected.csv", [*result.data.rejected, *result.data.corrected])
    writing.write_text(
        out / "report.html", html.render(site, result, analysis, lang, made_at=made_at)
    )
    if result.data.proposals:
        writing.write_text(out / "declarations.toml", proposals.as_file(result.data.proposals))
    else:  # what an earlier run proposed is declared by now, or of other data
        writing.remove(out / "declarations.toml")
    return payload


def write_check(
    site: SiteSettings,
    data: PlantData,
    reviewed: Review,
    period: Period | None,
    out: Path,
    lang: str,
    made_at: datetime,
) -> dict[str, Any]:
    """Write the data-quality report into a folder, which is made if need be; the content of
    quality.json.
    """
    payload = quality.as_json(site, data, reviewed)
    writing.folder(out)
    writing.write_json(out / "quality.json", payload)
    writing.write_text(
        out / "quality.html", html.render_check(site, data, period, lang, made_at=made_at)
    )
    writing.write_rejected(out / "rejected.csv", [*data.rejected, *data.corrected])
    return payload
