"""What a site reported period by period, with intervals where standings were computed. Reports come from `portal.standings.reports`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from portal.standings.cells import Cell, cell_of
from portal.standings.models import ProtectedValue, Standing, grid_of
from portal.standings.reports import ReportView


class ReportedValue(NamedTuple):
    """The protected best in `unit`; `interval` (95 %, of the true value) is None before standings were computed."""

    value: float
    interval: tuple[float, float] | None
    unit: str
    boundary: str
    years: int


@dataclass(frozen=True, slots=True)
class ReportedPeriod:
    report: ReportView
    values: Mapping[Cell, ReportedValue]


_CELL = ("step", "product", "variant", "metric")
_GRID = ("grid_lower", "grid_upper", "grid_width")


def history(reports: Sequence[ReportView], cells: Collection[Cell]) -> tuple[ReportedPeriod, ...]:
    """The reports in their order, each with its values in these cells."""
    asked = {
        "submission__in": [one.id for one in reports],
        "step__in": {step for step, _product, _variant, _metric in cells},
        "metric__in": {metric for _step, _product, _variant, metric in cells},
    }
    period_of = {one.id: one.period_id for one in reports}
    intervals: dict[tuple[int, Cell], tuple[float, float]] = {}
    for placed in Standing.objects.filter(**asked).values_list("period_id", "submission_id", *_CELL, "low", "high", named=True):
        if placed.period_id == period_of[placed.submission_id]:
            intervals[placed.submission_id, cell_of(placed)] = (placed.low, placed.high)
    values: dict[int, dict[Cell, ReportedValue]] = {one.id: {} for one in reports}
    rows = ProtectedValue.objects.filter(**asked).order_by("pk")
    for row in rows.values_list("submission_id", *_CELL, *_GRID, "best_cell", "unit", "boundary", "years", named=True):
        if (cell := cell_of(row)) in cells:
            best = float(grid_of(row.grid_lower, row.grid_upper, row.grid_width).value(row.best_cell))
            interval = intervals.get((row.submission_id, cell))
            values[row.submission_id][cell] = ReportedValue(best, interval, row.unit, row.boundary, row.years)
    return tuple(ReportedPeriod(one, values[one.id]) for one in reports)
