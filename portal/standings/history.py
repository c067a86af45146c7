"""What a site reported period by period, with intervals where standings were computed. Reports come from `portal.standings.reports`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from portal.standings.cells import Cell
from portal.standings.grids import ruler
from portal.standings.models import ProtectedValue, Standing
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
_VALUES = ProtectedValue.objects.order_by("pk").values_list(
    "submission_id", *_CELL, "grid_lower", "grid_upper", "grid_width", "best_cell", "unit", "boundary", "years"
)
_PLACED = Standing.objects.values_list("submission_id", "period_id", *_CELL, "low", "high")


def history(reports: Sequence[ReportView], cells: Collection[Cell]) -> tuple[ReportedPeriod, ...]:
    """The reports in their order, each with its values in these cells; read as columns, for there are hundreds."""
    steps, _products, variants, metrics = (set(part) for part in zip(*cells, strict=True)) if cells else (set(),) * 4
    asked = {"submission__in": [one.id for one in reports], "step__in": steps, "variant__in": variants, "metric__in": metrics}
    intervals = {row[:6]: row[6:] for row in _PLACED.filter(**asked)}
    period_of = {one.id: one.period_id for one in reports}
    values: dict[int, dict[Cell, ReportedValue]] = {one.id: {} for one in reports}
    for submission, step, product, variant, metric, lower, upper, width, drawn, *rest in _VALUES.filter(**asked):
        cell = (step, product, variant, metric)
        if cell in cells:
            interval = intervals.get((submission, period_of[submission], step, product, variant, metric))
            values[submission][cell] = ReportedValue(ruler(lower, upper, width).value(drawn), interval, *rest)
    return tuple(ReportedPeriod(one, values[one.id]) for one in reports)
