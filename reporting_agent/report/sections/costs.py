"""What the energy cost by the plant's tariff: by step and tariff period, the demand charge, carbon,
and what shifting could save.
"""

from __future__ import annotations

from typing import Any

from benchmarks.carriers import CARRIERS
from reporting_agent.analysis.energy_costs.batch_costs import StepCost
from reporting_agent.report.figures import count, percent, scaled, shown
from reporting_agent.report.view import View


def data(view: View) -> dict[str, Any] | None:
    """Steps in the order of what they cost; the periods of each below."""
    costs = view.analysis.costs
    if not costs:
        return None
    starts, at = {}, 0
    for step_cost in costs:
        starts[id(step_cost)] = at
        at += len(step_cost.by_period) + sum(
            1 for cost in (step_cost.demand, step_cost.carbon) if cost
        )
    ordered = sorted(costs, key=lambda cost: -cost.total)
    largest = max((cost.total for cost in ordered), default=0.0) or 1.0
    currency = ordered[0].currency
    return {
        "currency": currency,
        "steps": [_step(view, cost, largest) for cost in ordered],
        "periods": [row for cost in ordered for row in _periods(view, cost, starts[id(cost)])],
        "shifts": [
            {
                "step": view.step_name(cost.step),
                "sentence": view.text(cost.shift.sentence),
                "assumption": view.text(cost.shift.assumption),
            }
            for cost in ordered
            if cost.shift and cost.step not in view.steps_in_question
        ],
        "notes": _notes(view, ordered),
        "unpriced": [
            view.w["costs"]["unpriced"].format(
                step=view.step_name(cost.step),
                carriers=view.enumerated(
                    [view.text(CARRIERS[carrier].words) for carrier in cost.unpriced]
                ),
            )
            for cost in ordered
            if cost.unpriced
        ],
    }


def _notes(view: View, ordered: list[StepCost]) -> list[str]:
    """What holds for every step once; what holds for some with their names."""
    of: dict[str, list[str]] = {}
    for cost in ordered:
        for note in cost.notes:
            of.setdefault(view.text(note), []).append(view.step_name(cost.step))
    return [
        note
        if len(steps) == len(ordered)
        else f"{view.enumerated(steps)}{view.w['page']['colon']}{note}"
        for note, steps in of.items()
    ]


def _step(view: View, cost: StepCost, largest: float) -> dict[str, Any]:
    return {
        "name": view.step_name(cost.step),
        "width": f"{100 * cost.total / largest:.2f}%",
        "energy": count(cost.energy),
        "demand": count(cost.demand),
        "carbon": count(cost.carbon),
        "total": count(cost.total),
        "per_output": ""
        if cost.per_output is None
        else f"{shown(cost.per_output)} {cost.currency}/{view.counted(cost.output_unit)}",
    }


def _periods(view: View, cost: StepCost, start: int) -> list[dict[str, Any]]:
    total = sum(part.cost for part in cost.by_period) or 1.0
    return [
        {
            "row": start + index,
            "step": view.step_name(cost.step),
            "carrier": view.text(CARRIERS[part.carrier].words)
            if part.carrier in CARRIERS
            else part.carrier,
            "period": view.w["costs"].get(f"period_{part.period}", part.period),
            "energy": scaled(part.energy, part.unit, "energy"),
            "cost": count(part.cost),
            "value": part.cost,
            "share": percent(part.cost / total),
            "rate": f"{shown(part.cost / part.energy)} {cost.currency}/{part.unit}"
            if part.energy
            else "",
        }
        for index, part in enumerate(cost.by_period)
    ]
