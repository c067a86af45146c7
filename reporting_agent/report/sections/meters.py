"""Whether the meters can be believed: each main meter against its subs, with the box of what their accuracy allows; and what each lacks."""

from __future__ import annotations

from typing import Any

from benchmarks.carriers import CARRIERS
from reporting_agent.analysis.meters.adequacy import Adequacy, Verdict
from reporting_agent.analysis.meters.balance import Balance
from reporting_agent.report.figures import NOTHING, capital, count, percent, shown, unit_for
from reporting_agent.report.view import View

REACH = 3.0  # the drawing shows differences up to so many times the allowance


def data(view: View) -> dict[str, Any] | None:
    """Balances that are open first; then what does not suffice."""
    balances, adequacy = view.analysis.balances, view.analysis.adequacy
    if not balances and not adequacy:
        return None
    row = {id(one): number for number, one in enumerate(balances)}
    of_adequacy = {id(one): number for number, one in enumerate(adequacy)}
    gravity = [Verdict.INADEQUATE, Verdict.YEAR_ONLY, Verdict.UNDECLARED, Verdict.ADEQUATE]
    return {
        "balances": [_balance(view, one, row[id(one)]) for one in sorted(balances, key=lambda one: not one.is_open)],
        "adequacy": [_adequacy(view, one, of_adequacy[id(one)]) for one in sorted(adequacy, key=lambda one: gravity.index(one.verdict))],
    }


def _carrier(view: View, carrier: str) -> str:
    return view.said(CARRIERS[carrier].words) if carrier in CARRIERS else carrier


def _balance(view: View, one: Balance, row: int) -> dict[str, Any]:
    unit = unit_for(one.main.energy, one.unit)
    subs = sum(side.energy for side in one.subs)
    reach = REACH * one.allowance or abs(one.difference) or 1.0

    def at(value: float) -> float:
        return 50.0 + 46.0 * max(-1.0, min(1.0, value / reach))

    return {
        "row": row,
        "meter": one.main.meter,
        "carrier": f"{_carrier(view, one.carrier)}, {unit.name}",
        "main": unit.figure(one.main.energy, "main"),
        "subs": unit.figure(subs, "subs"),
        "names": ", ".join(side.meter for side in one.subs),
        "box": {"x": f"{at(-one.allowance):.2f}%", "width": f"{at(one.allowance) - at(-one.allowance):.2f}%"},
        "end": f"{at(one.difference):.2f}%",
        "colour": "#b93a0b" if one.is_open else "#0f4c5c",
        "difference": unit.figure(one.difference, "difference", sign=True),
        "share": NOTHING if one.share is None else ("+" if one.share > 0 else "") + percent(one.share),
        "allowed": percent(one.allowance / abs(one.main.energy)) if one.main.energy else shown(one.allowance),
        "open": one.is_open,
        "said": view.said(one.words),
        "days": view.w["meters"]["days"].format(open=count(one.open_days), days=count(len(one.days)), hours=count(one.hours)),
        "left": view.w["meters"]["left"].format(hours=count(one.hours_left_out)) if one.hours_left_out else "",
        "since": "" if one.since is None else view.w["meters"]["since"].format(day=one.since.isoformat()),
    }


def _adequacy(view: View, one: Adequacy, row: int) -> dict[str, Any]:
    def share(value: float | None) -> str:
        return NOTHING if value is None else f"±{percent(value)}"

    return {
        "row": row,
        "meter": one.meter,
        "step": view.step_name(one.step),
        "carrier": _carrier(view, one.carrier),
        "verdict": view.said(one.verdict.words),
        "good": one.verdict is Verdict.ADEQUATE,
        "waits": one.verdict is Verdict.UNDECLARED,
        "issues": [(capital(view.said(issue.found)), view.said(issue.change)) for issue in one.issues],
        "load": NOTHING if one.load is None else f"{shown(one.load.mean)} {one.load_unit}",
        "used": percent(one.range_used),
        "share": percent(one.share),
        "of_batch": share(one.of_batch),
        "of_period": share(one.of_period),
    }
