"""What others publish of the site's steps, each with its source and why it cannot stand beside a
label of this site.
"""

from __future__ import annotations

from typing import Any

from benchmarks.guidance.references import (
    BASES,
    CONFIDENCES,
    LabelCell,
    PlacedReference,
    beside,
    unit_words,
)
from reporting_agent.report.figures import NOTHING
from reporting_agent.report.view import View


def data(view: View) -> dict[str, Any] | None:
    """By step, in the order of the labels; none where nothing is held of any."""
    label = view.result.site_label
    cells = [
        LabelCell(step_label.step, step_label.boundary, step_label.metric, step_label.unit)
        for step_label in label.steps
    ]
    comparisons = beside(label.pack, None, cells, *label.period.first_and_last)
    if not comparisons:
        return None
    of = list(dict.fromkeys(cell.step for cell in cells))
    return {
        "count": len(comparisons),
        "steps": [
            {
                "name": view.step_name(step),
                "rows": [
                    _row(view, comparison)
                    for comparison in comparisons
                    if comparison.cell.step == step
                ],
            }
            for step in of
            if any(comparison.cell.step == step for comparison in comparisons)
        ],
    }


def _unit(view: View, unit: str) -> str:
    words = unit_words(unit)
    return view.counted(words) if isinstance(words, str) else view.text(words)


def _row(view: View, comparison: PlacedReference) -> dict[str, Any]:
    reference, source, w = comparison.reference, comparison.reference.source, view.w["references"]
    return {
        "name": view.text(reference.words),
        "figure": NOTHING
        if reference.figure is None
        else f"{reference.figure} {_unit(view, reference.unit)}",
        "of": w["of"].format(
            basis=view.text(BASES[reference.basis]),
            region=view.text(reference.region),
            years=reference.years,
        ),
        "source": w["source_is"].format(
            source=view.text(source.words),
            dated=source.dated,
            confidence=view.text(CONFIDENCES[source.confidence]),
        ),
        "refused": [view.text(each.reason) for each in comparison.refused],
    }
