"""What came over the fence and was made inside, against what steps and others took: by carrier, and
in coal equivalent on each basis.
"""

from __future__ import annotations

from typing import Any

from benchmarks.carriers import CARRIERS
from reporting_agent.pipeline.site_balance import BalanceLine, BasisBalance, CarrierBalance
from reporting_agent.report.figures import NOTHING, DisplayUnit, percent, unit_for
from reporting_agent.report.view import View


def data(view: View) -> dict[str, Any] | None:
    """One table a carrier, those that do not close first, and the sums in coal equivalent."""
    balance = view.analysis.site_balance
    if balance is None:
        return None
    starts, at = {}, 0
    for carrier_balance in balance.carriers:
        starts[id(carrier_balance)] = at
        at += len(carrier_balance.supply) + len(carrier_balance.use)
    ordered = sorted(balance.carriers, key=lambda entry: (False, None, True).index(entry.closes))
    return {
        "carriers": [_carrier(view, entry, starts[id(entry)]) for entry in ordered],
        "bases": _bases(view, balance.calorific, balance.equivalent),
        "left_out": [
            f"{_name(view, carrier)}{view.w['page']['colon']}{view.text(why)}"
            for carrier, why in dict(
                [*balance.calorific.left_out, *balance.equivalent.left_out]
            ).items()
        ],
    }


def _name(view: View, carrier: str) -> str:
    return view.text(CARRIERS[carrier].words) if carrier in CARRIERS else carrier


def _carrier(view: View, carrier_balance: CarrierBalance, start: int) -> dict[str, Any]:
    unit = unit_for(
        max(
            (abs(line.amount) for line in (*carrier_balance.supply, *carrier_balance.use)),
            default=0.0,
        ),
        carrier_balance.unit,
    )
    lines = [*carrier_balance.supply, *carrier_balance.use]
    return {
        "title": f"{_name(view, carrier_balance.carrier)}, {unit.name}",
        "unit": unit.name,
        "rows": [
            _line(view, line, unit, start + index, index < len(carrier_balance.supply))
            for index, line in enumerate(lines)
        ],
        "residual": unit.figure(carrier_balance.residual, sign=True),
        "allowed": f"±{unit.figure(carrier_balance.allowance).text}",
        "share": NOTHING if carrier_balance.share is None else percent(carrier_balance.share),
        "closes": carrier_balance.closes,
    }


def _line(
    view: View, line: BalanceLine, unit: DisplayUnit, row: int, supply: bool
) -> dict[str, Any]:
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
        (w["sold_or_stored"], -calorific.sold, -equivalent.sold),
    ]
    rows += [
        (view.step_name(step), value, equivalent.by_step.get(step, 0.0))
        for step, value in calorific.by_step.items()
    ]
    rows += [
        (f"{w['loss_of']} {name}", value, equivalent.by_conversion.get(name, 0.0))
        for name, value in calorific.by_conversion.items()
    ]
    rows += [
        (w["others"], calorific.others, equivalent.others),
        (w["losses"], calorific.losses, equivalent.losses),
        (w["residual"], calorific.residual, equivalent.residual),
    ]
    unit = unit_for(max(abs(value) for row in rows for value in row[1:]), "kgce")
    return {
        "unit": unit.name,
        "rows": [
            {"name": name, "calorific": unit.figure(amount), "equivalent": unit.figure(other)}
            for name, amount, other in rows
            if amount or other
        ],
    }
