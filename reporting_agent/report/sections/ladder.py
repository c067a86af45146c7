"""The step ladder: every labelled step from its best to its typical, with the interval, on one
scale of energy above the best.

In the pack's main route in coal equivalent per unit of its product (step value x reference ratio),
else in the step's unit. A standard's limit is a yearly average: it gets no position.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import packs
from benchmarks.conversion import MJ_PER_KGCE, Basis
from benchmarks.label_keys import LabelKey
from benchmarks.labels import LimitGrade
from benchmarks.quantities import mj_in
from reporting_agent.report.drawing import tick_text, ticks
from reporting_agent.report.figures import figure, half_width, shown, signed
from reporting_agent.report.view import LabelGroup, View

LEFT, RIGHT = 4.0, 90.0  # per cent of the drawing that the scale uses


@dataclass(frozen=True, slots=True)
class LadderUnit:
    """What the rungs are drawn in: a unit, and for every group the factor from the label's own unit
    to it.
    """

    unit: str
    factor: dict[str, float]


def data(view: View) -> dict[str, Any] | None:
    """Rungs in the pack's order of steps; groups without a label stand below with the reason."""
    groups = sorted(view.labelled, key=lambda group: view.groups.index(group))
    if not groups:
        return None
    basis = _basis(view, groups)
    rungs = [(group, basis.factor[group.anchor]) for group in groups]
    marks = [mark for group, factor in rungs for mark in _marks(group, factor)]
    low, high = min([0.0, *marks]), max([0.0, *marks])
    high = high if high > low else low + 1.0
    low = min(low, -0.04 * (high - low))

    def at(value: float) -> str:
        return f"{LEFT + (RIGHT - LEFT) * (value - low) / (high - low):.2f}%"

    def span(first: float, last: float) -> dict[str, str]:
        return {
            "x": at(min(first, last)),
            "width": f"{max((RIGHT - LEFT) * abs(last - first) / (high - low), 0.1):.2f}%",
        }

    marked = ticks(0.0, high, 4)
    step = marked[1] - marked[0] if len(marked) > 1 else high
    return {
        "unit": basis.unit,
        "ticks": [
            {"x": at(value), "text": f"+{tick_text(value, step)}" if value else "0"}
            for value in marked
        ],
        "zero": at(0.0),
        "rungs": [
            _rung(
                view, group, factor, at, span, rungs[index + 1] if index + 1 < len(rungs) else None
            )
            for index, (group, factor) in enumerate(rungs)
        ],
        "limits": any(_limits(view, group) for group in groups),
        "without": [
            {
                "name": view.name(group),
                "why": view.reason(group.main.best.reason or ""),
                "read": group.main.read,
            }
            for group in view.groups
            if group.main.best.value is None
        ],
    }


def _rung(
    view: View,
    group: LabelGroup,
    factor: float,
    at: Any,
    span: Any,
    below: tuple[LabelGroup, float] | None,
) -> dict[str, Any]:
    label = group.main
    best, typical = label.best.value or 0.0, label.typical
    uncertainty = None if label.uncertainty is None else label.uncertainty.best
    wide = _half_width(group)
    rise = 0.0 if typical is None else (typical - best) * factor
    return {
        "row": group.rows[group.labels.index(label)],
        "name": view.name(group),
        "anchor": f"step-{group.anchor}",
        "metric": view.metric(label),
        "unit": view.unit(label),
        "best": figure(label.best.value, of="best"),
        "typical": figure(typical, of="typical"),
        "interval": None if uncertainty is None else half_width(uncertainty),
        "band": None if wide is None else span(-wide * factor, wide * factor),
        "rung": span(0.0, rise),
        "typ": at(rise),
        "next": None
        if below is None or below[0].main.typical is None
        else at((below[0].main.typical - (below[0].main.best.value or 0.0)) * below[1]),
        "rise": signed(rise),
        "rise_at": at(max(rise, 0.0)),
        "limits": _limits(view, group),
    }


def _marks(group: LabelGroup, factor: float) -> list[float]:
    label, wide = group.main, _half_width(group) or 0.0
    best = label.best.value or 0.0
    return [-wide * factor, wide * factor, ((label.typical or best) - best) * factor]


def _half_width(group: LabelGroup) -> float | None:
    """Half of the label's 95 % interval, in its unit; None where no uncertainty is known."""
    uncertainty = group.main.uncertainty
    return None if uncertainty is None or uncertainty.best is None else uncertainty.best.value


def _basis(view: View, groups: list[LabelGroup]) -> LadderUnit:
    """Own units where they compare as they stand; else coal equivalent, along the route where the
    steps lie on it.
    """
    units = {group.main.unit for group in groups}
    pack, steps = view.result.data.pack, {group.step.id for group in groups}
    route = next(
        (
            candidate
            for candidate in pack.routes
            if steps <= {route_step.step for route_step in candidate.steps}
        ),
        None,
    )
    ratios = (
        {}
        if route is None
        else {route_step.step: float(route_step.ratio) for route_step in route.steps}
    )
    along = {ratios.get(step) for step in steps}
    if len(units) == 1 and (len(steps) == 1 or along == {1.0}):
        return LadderUnit(
            view.unit(groups[0].main), dict.fromkeys((group.anchor for group in groups), 1.0)
        )
    if route is not None:
        unit = view.w["ladder"]["per_product"].format(
            unit=view.counted(pack.made_in(route)), product=view.text(route.product_words)
        )
        return LadderUnit(
            unit,
            {group.anchor: ratios[group.step.id] * _kgce_per_unit(view, group) for group in groups},
        )
    return LadderUnit(
        view.w["ladder"]["per_output"],
        {group.anchor: _kgce_per_unit(view, group) for group in groups},
    )


def _kgce_per_unit(view: View, group: LabelGroup) -> float:
    """Coal equivalent of one energy unit of the label: the batches' mean factor, of a label in
    question too; else the one in force.
    """
    unit = group.main.energy_unit
    if unit == "kgce":
        return 1.0
    losses = next(
        (cell for cell in view.analysis.losses if LabelKey.of(cell) == LabelKey.of(group.main)),
        None,
    )
    if losses is not None:
        return float(np.mean(losses.batches.kgce_per_unit))
    if (mj := mj_in(unit)) is not None and unit != "kWh":
        return mj / float(MJ_PER_KGCE)
    on = view.result.site_label.period.start.date()
    return float(
        packs.factors(view.result.data.pack)
        .factor("electricity", Basis.CALORIFIC, on)
        .kgce_per_unit
    )


def _limits(view: View, group: LabelGroup) -> list[dict[str, str]]:
    """Published grades of the main metric whose source was verified and which apply, in words;
    never a position.
    """
    return [
        {"standard": limit.standard, "grades": _grades(view, limit)}
        for limit in group.main.grade.limits
        if limit.verified and any(value is not None for value in limit.limits)
    ]


def _grades(view: View, limit: LimitGrade) -> str:
    texts = [
        f"{shown(value)}" if value is not None else view.w["grade"]["undefined"]
        for value in limit.limits
    ]
    return view.w["ladder"]["grades"].format(first=texts[0], second=texts[1], third=texts[2])
