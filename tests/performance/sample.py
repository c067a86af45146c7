"""A report of the size a steel plant sends: nine labels, one a step of the route. Its figures mean
nothing.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from benchmarks.measurements import Metric
from benchmarks.released import Grid, ReleasedLabel, ReleasedQuantile, ReleasedReport
from benchmarks.wire.schema import Report

LABELS = 9
PERIOD = "2016"


def report(site: str, revision: int = 1) -> Report:
    """The report of a site's revision for `PERIOD`."""
    label = ReleasedLabel(
        step="step",
        product="product",
        variant="",
        boundary="comprehensive",
        metric=Metric.TOTAL,
        unit="kgce/t",
        grid=Grid(Fraction(0), Fraction(200), Fraction(1, 5)),
        count_class=670,
        best=ReleasedQuantile(Fraction(1, 20), 271, Fraction(3, 4)),
        typical=ReleasedQuantile(Fraction(1, 2), 342, Fraction(1, 4)),
    )
    labels = tuple(replace(label, step=f"step-{number}") for number in range(LABELS))
    released = ReleasedReport(site, "steel", "1", PERIOD, revision, labels)
    return Report(
        released, bytes(32), bytes(32), bytes(32), bytes(32), "steplabel-agent 0.1.0", bytes(32)
    )
