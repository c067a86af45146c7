"""Where the energy went: what made product and what did not, meter by meter, closing with what the
meter counted.
"""

from __future__ import annotations

from typing import Any

from benchmarks.carriers import CARRIERS
from reporting_agent.analysis.waste.evidence import Use
from reporting_agent.analysis.waste.use import StepUse
from reporting_agent.report.figures import count, minutes, percent, unit_for
from reporting_agent.report.view import View

_LEAST_TOLD = 0.0005  # of what the meter counted: less would stand there as 0 %


def data(view: View) -> dict[str, Any] | None:
    """One table a meter, the largest first."""
    uses = view.analysis.value_adding
    if not uses:
        return None
    starts, at = {}, 0
    for use in uses:
        starts[id(use)] = at
        at += len(use.parts)
    tables = [_use(view, use, starts[id(use)]) for use in uses]
    return {"uses": tables, "single": len(tables) == 1}


def _use(view: View, use: StepUse, start: int) -> dict[str, Any]:
    w = view.w["use"]
    unit = unit_for(use.total, use.unit, view.doubt)
    whole = sum(abs(part) for part in use.parts.values()) or 1.0
    rows, at = [], 0.0
    for index, (kind, energy) in enumerate(use.parts.items()):
        rows.append(
            {
                "row": start + index,
                "name": view.text(kind.words),
                "kind": "pine"
                if kind is Use.VALUE_ADDING
                else "unc"
                if kind in {Use.EXCLUDED, Use.UNPLACED}
                else "avo"
                if kind is not Use.OUTSIDE
                else "exp",
                "x": f"{100 * at:.2f}%",
                "width": f"{max(100 * abs(energy) / whole, 0.2):.2f}%",
                "value": unit.figure(energy, "energy"),
                "share": percent(energy / use.total) if use.total else percent(None),
            }
        )
        at += abs(energy) / whole
    carrier = view.text(CARRIERS[use.carrier].words) if use.carrier in CARRIERS else use.carrier
    name = (
        w["of_step"].format(meter=use.meter, step=view.step_name(use.step))
        if use.meter
        else view.step_name(use.step)
    )
    return {
        "title": w["title"].format(meter=name, carrier=carrier, unit=unit.name),
        "unit": unit.name,
        "rows": rows,
        "total": unit.figure(use.total),
        "name": name,
        "carrier": carrier,
        "adding": percent(use.share),
        "other": _largest_other(view, use),
        "missing": _missing(view, use),
        "rules": [view.text(rule) for rule in use.rules],
        "closes": w["closes"].format(meter=use.meter)
        if use.meter
        else w["closes_log" if view.result.data.left_out is not None else "closes_batches"],
    }


def _missing(view: View, use: StepUse) -> str:
    """What stands in no row, because nobody counted it."""
    w = view.w["use"]
    if use.unknown:
        return w["unknown"].format(count=count(use.unknown))
    return w["missing"].format(time=minutes(use.missing_s, view.lang)) if use.missing_s > 0 else ""


def _largest_other(view: View, use: StepUse) -> str:
    """What took most beside making product, with its share."""
    others = [
        (energy, kind)
        for kind, energy in use.parts.items()
        if kind is not Use.VALUE_ADDING and energy > 0
    ]
    if not others or not use.total:
        return ""
    energy, kind = max(others, key=lambda pair: pair[0])
    if energy < _LEAST_TOLD * use.total:
        return ""
    return f"{view.text(kind.words)}{view.w['page']['comma']}{percent(energy / use.total)}"
