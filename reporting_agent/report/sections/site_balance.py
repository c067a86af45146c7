"""What came over the fence and was made inside, against what steps and others took: by carrier, and in coal equivalent on each basis."""

from __future__ import annotations

from typing import Any

from benchmarks.carriers import CARRIERS
from reporting_agent.pipeline.site_balance import BasisBalance, CarrierBalance, Line
from reporting_agent.report.figures import NOTHING, Unit, percent, unit_for
from reporting_agent.report.view import View


def data(view: View) -> dict[str, Any] | None:
    """One table a carrier, those that do not close first, and the sums in coal equivalent."""
    found = view.analysis.site_balance
    if found is None:
        return None
    starts, at = {}, 0
    for one in found.carriers:
        starts[id(one)] = at
        at += len(one.supply) + len(one.use)
    ordered = sorted(found.carriers, key=lambda one: (False, None, True).index(one.closes))
    return {
        "carriers": [_carrier(view, one, starts[id(one)]) for one in ordered],
        "bases": _bases(view, found.calorific, found.equivalent),
        "left_out": [
            f"{_name(view, carrier)}{view.w['page']['colon']}{view.said(why)}"
            for carrier, why in dict([*found.calorific.left_out, *found.equivalent.left_out]).items()
        ],
    }


def _name(view: View, carrier: str) -> str:
    return view.said(CARRIERS[carrier].words) if carrier in CARRIERS else carrier


def _carrier(view: View, one: CarrierBalance, start: int) -> dict[str, Any]:
    unit = unit_for(max((abs(line.amount) for line in (*one.supply, *one.use)), default=0.0), one.unit)
    lines = [*one.supply, *one.use]
    return {
        "title": f"{_name(view, one.carrier)}, {unit.name}",
        "unit": unit.name,
        "rows": [_line(view, line, unit, start + index, index < len(one.supply)) for index, line in enumerate(lines)],
        "residual": unit.figure(one.residual, sign=True),
        "allowed": f"±{unit.figure(one.allowance).text}",
        "share": NOTHING if one.share is None else percent(one.share),
        "closes": one.closes,
    }


def _line(view: View, line: Line, unit: Unit, row: int, supply: bool) -> dict[str, Any]:
    w = view.w["site_balance"]
    return {
        "row": row,
        "side": w["supply" if supply else "used"],
        "kind": w[line.kind],
        "name": view.step_name(line.name) if line.kind in {"step", "auxiliary"} else line.name,
        "amount": unit.figure(line.amount, "amount", sign=True),
        "uncertain": f"±{unit.figure(line.uncertainty).text}",
        "source": w[f"from_{line.source}"],
    }


def _bases(view: View, calorific: BasisBalance, equivalent: BasisBalance) -> dict[str, Any]:
    """Both bases side by side and never added."""
    w = view.w["site_balance"]
    rows: list[tuple[str, float, float]] = [
        (w["purchased"], calorific.purchased, equivalent.purchased),
        (w["sold"], -calorific.sold, -equivalent.sold),
    ]
    rows += [(view.step_name(step), value, equivalent.by_step.get(step, 0.0)) for step, value in calorific.by_step.items()]
    rows += [(f"{w['loss_of']} {name}", value, equivalent.by_conversion.get(name, 0.0)) for name, value in calorific.by_conversion.items()]
    rows += [
        (w["others"], calorific.others, equivalent.others),
        (w["losses"], calorific.losses, equivalent.losses),
        (w["residual"], calorific.residual, equivalent.residual),
    ]
    unit = unit_for(max(abs(value) for row in rows for value in row[1:]), "kgce")
    return {
        "unit": unit.name,
        "rows": [
            {"name": name, "calorific": unit.figure(one), "equivalent": unit.figure(other)} for name, one, other in rows if one or other
        ],
    }
