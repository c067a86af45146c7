"""The files of one label: label.json, batches.parquet, rejected.csv and report.html, as `label` and `fleet` write them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reporting_agent.analysis import Analysis, label_json
from reporting_agent.report import html, tables, writing

if TYPE_CHECKING:
    from reporting_agent.config import Site
    from reporting_agent.pipeline import LabelResult


def write(site: Site, result: LabelResult, analysis: Analysis, out: Path, lang: str, made: datetime) -> dict[str, Any]:
    """Write them into a folder, which is made if need be; the content of label.json. `result` is without grades that are in question
    (`Analysis.ungraded`)."""
    payload = label_json(result, analysis)
    writing.folder(out)
    writing.write_json(out / "label.json", payload)
    writing.write_table(out / "batches.parquet", tables.batches(result.site_label.steps))
    writing.write_rejected(out / "rejected.csv", [*result.data.rejected, *result.data.corrected])
    writing.write_text(out / "report.html", html.render(site, result, analysis, lang, made=made))
    return payload
