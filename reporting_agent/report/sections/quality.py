"""What was found in the data, worst kind first, each with its rows and what was done with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from benchmarks.catalogue import in_language
from benchmarks.errors import Place
from benchmarks.measurements import DataFinding
from reporting_agent.report.figures import count
from reporting_agent.report.view import View

PLACES_SHOWN = 20


def data(view: View) -> dict[str, Any]:
    """Findings by severity; also where nothing was found, which is worth saying."""
    ordered = view.findings
    rows = {id(finding): row for row, finding in enumerate(ordered)}
    kinds = list(dict.fromkeys(str(finding.severity) for finding in ordered))
    return {
        "kinds": [
            {
                "name": view.w["severity"][kind],
                "number": sum(finding.count for finding in ordered if finding.severity == kind),
                "findings": [
                    _finding(view, finding, rows[id(finding)])
                    for finding in ordered
                    if finding.severity == kind
                ],
            }
            for kind in kinds
        ],
        "rejected": len(view.result.data.rejected),
        "read": count(len(view.result.data.batches)),
        "unseen": [
            view.counted(in_language(limit.sentence, view.lang))
            for limit in view.analysis.review.limits
        ],
    }


def _finding(view: View, finding: DataFinding, row: int) -> dict[str, Any]:
    return {
        "row": row,
        "name": view.reason(finding.code),
        "sentence": in_language(finding.sentence, view.lang),
        "count": count(finding.count),
        "number": finding.count,
        "places": places(view, finding.places),
        "more": finding.count > min(len(finding.places), PLACES_SHOWN) and bool(finding.places),
    }


def places(view: View, all_places: Sequence[Place]) -> str:
    """Rows grouped by file, as a person looks them up."""
    w = view.w["quality"]
    by_file: dict[str, list[str]] = {}
    for place in all_places[:PLACES_SHOWN]:
        name = PurePosixPath(place.file.replace("\\", "/")).name
        by_file.setdefault(name, []).append(
            str(place.column or "") if place.row is None else f"{place.row}"
        )
    texts = []
    for file, rows in by_file.items():
        row_texts = [row for row in rows if row]
        numbered = bool(row_texts) and all(row.isdigit() for row in row_texts)
        listed = view.enumerated(row_texts)
        texts.append(
            f"{file}{view.w['page']['colon']}{w['rows'].format(rows=listed)}"
            if numbered
            else f"{file} {listed}".strip()
        )
    return "; ".join(texts)
