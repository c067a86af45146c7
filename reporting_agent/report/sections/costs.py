"""What the energy cost by the plant's tariff: by step and tariff period, the demand charge, carbon, and what shifting could save."""

from __future__ import annotations

from typing import Any

from benchmarks.carriers import CARRIERS
from reporting_agent.analysis import StepCost
from reporting_agent.report.figures import count, percent, scaled, shown
from reporting_agent.report.view import View


def data(view: View) -> dict[str, Any] | None:
    """Steps in the order of what they cost; the periods of each below."""
    found = view.analysis.costs
    if not found:
        return None
    starts, at = {}, 0
    for one in found:
        starts[id(one)] = at
        at += len(one.by_period) + sum(1 for cost in (one.demand, one.carbon) if cost)
    ordered = sorted(found, key=lambda one: -one.total)
    largest = max((one.total for one in ordered), default=0.0) or 1.0
    currency = ordered[0].currency
    return {
        "currency": currency,
        "steps": [_step(view, one, largest) for one in ordered],
        "periods": [row for one in ordered for row in _periods(view, one, starts[id(one)])],
        "shifts": [
            {"step": view.step_name(one.step), "sentence": view.said(one.shift.sentence), "assumption": view.said(one.shift.assumption)}
            for one in ordered
            if one.shift
        ],
        "notes": _notes(view, ordered),
        "unpriced": [
            view.w["costs"]["unpriced"].format(step=view.step_name(one.step), carriers=", ".join(one.unpriced))
            for one in ordered
            if one.unpriced
        ],
    }


def _notes(view: View, ordered: list[StepCost]) -> list[str]:
    """What holds for every step once; what holds for some with their names."""
    of: dict[str, list[str]] = {}
    for one in ordered:
        for note in one.notes:
            of.setdefault(view.said(note), []).append(view.step_name(one.step))
    return [
        note if len(steps) == len(ordered) else f"{view.enumerated(steps)}{view.w['page']['colon']}{note}" for note, steps in of.items()
    ]


def _step(view: View, one: StepCost, largest: float) -> dict[str, Any]:
    return {
        "name": view.step_name(one.step),
        "width": f"{100 * one.total / largest:.2f}%",
        "energy": count(one.energy),
        "demand": count(one.demand),
        "carbon": count(one.carbon),
        "total": count(one.total),
        "per_output": "" if one.per_output is None else f"{shown(one.per_output)} {one.currency}/{view.counted(one.output_unit)}",
    }


def _periods(view: View, one: StepCost, start: int) -> list[dict[str, Any]]:
    total = sum(part.cost for part in one.by_period) or 1.0
    return [
        {
            "row": start + index,
            "step": view.step_name(one.step),
            "carrier": view.said(CARRIERS[part.carrier].words) if part.carrier in CARRIERS else part.carrier,
            "period": view.w["costs"].get(f"period_{part.period}", part.period),
            "energy": scaled(part.energy, part.unit, "energy"),
            "cost": count(part.cost),
            "value": part.cost,
            "share": percent(part.cost / total),
            "rate": shown(part.cost / part.energy) if part.energy else "",
            "unit": part.unit,
        }
        for index, part in enumerate(one.by_period)
    ]
