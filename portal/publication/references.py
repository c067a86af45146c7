"""What others publish beside the cells of a published version, and why most of it may not stand
there.
"""

from __future__ import annotations

from datetime import UTC

from benchmarks.guidance.references import LabelCell, PlacedReference, beside
from benchmarks.measurements import Metric, Period
from portal.publication.shapes import BenchmarkView


def references_of(view: BenchmarkView) -> tuple[PlacedReference, ...]:
    """By definitions alone, whatever the gate shows: nothing of a figure of ours is in the
    answer.
    """
    whole = LabelCell("", "", Metric.TOTAL, view.label.composite.unit)
    cells = [
        LabelCell(cell.step, cell.boundary, cell.metric, cell.unit) for cell in view.label.cells
    ]
    return beside(
        view.pack, view.route, (whole, *cells), *Period.parse(view.period, UTC).first_and_last
    )
