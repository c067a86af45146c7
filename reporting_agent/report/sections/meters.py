"""Whether the meters can be believed: each main meter against its subs, with the box of what their
accuracy allows; and what each lacks.
"""

from __future__ import annotations

from typing import Any

from benchmarks.carriers import CARRIERS
from reporting_agent.analysis.meters.adequacy import Adequacy, AdequacyVerdict
from reporting_agent.analysis.meters.balance import Balance
from reporting_agent.report.figures import (
    NOTHING,
    DisplayUnit,
    capital,
    count,
    percent,
    shown,
    unit_for,
)
from reporting_agent.report.view import View

REACH = 3.0  # the drawing shows differences up to so many times the allowance


def data(view: View) -> dict[str, Any] | None:
    """Balances that are open first; then what does not suffice."""
    balances, adequacy = view.analysis.balances, view.analysis.adequacy
    if not balances and not adequacy:
        return None
    row = {id(balance): number for number, balance in enumerate(balances)}
    of_adequacy = {id(judgement): number for number, judgement in enumerate(adequacy)}
    gravity = [
        AdequacyVerdict.INADEQUATE,
        AdequacyVerdict.YEAR_ONLY,
        AdequacyVerdict.UNDECLARED,
        AdequacyVerdict.ADEQUATE,
    ]
    return {
        "balances": [
            _balance(view, balance, row[id(balance)])
            for balance in sorted(balances, key=lambda balance: not balance.is_open)
        ],
        "adequacy": [
            _adequacy(view, judgement, of_adequacy[id(judgement)])
            for judgement in sorted(
                adequacy, key=lambda judgement: gravity.index(judgement.verdict)
            )
        ],
    }


def _carrier(view: View, carrier: str) -> str:
    return view.text(CARRIERS[carrier].words) if carrier in CARRIERS else carrier


def _balance(view: View, balance: Balance, row: int) -> dict[str, Any]:
    unit = unit_for(balance.main.energy, balance.unit)
    subs = sum(side.energy for side in balance.subs)
    reach = REACH * balance.allowance or abs(balance.difference) or 1.0

    def at(value: float) -> float:
        return 50.0 + 46.0 * max(-1.0, min(1.0, value / reach))

    return {
        "row": row,
        "meter": balance.main.meter,
        "carrier": f"{_carrier(view, balance.carrier)}, {unit.name}",
        "main": unit.figure(balance.main.energy, "main"),
        "subs": unit.figure(subs, "subs"),
        "names": ", ".join(side.meter for side in balance.subs),
        "box": {
            "x": f"{at(-balance.allowance):.2f}%",
            "width": f"{at(balance.allowance) - at(-balance.allowance):.2f}%",
        },
        "end": f"{at(balance.difference):.2f}%",
        "colour": "#b93a0b" if balance.is_open else "#0f4c5c",
        "difference": unit.figure(balance.difference, "difference", sign=True),
        "share": NOTHING
        if balance.share is None
        else ("+" if balance.share > 0 else "") + percent(balance.share),
        "allowed": _allowed(balance, unit),
        "open": balance.is_open,
        "compared": bool(balance.hours),
        "said": view.text(balance.words),
        "days": view.w["meters"]["days"].format(
            open=count(balance.open_days), days=count(len(balance.days)), hours=count(balance.hours)
        ),
        "left": view.w["meters"]["left"].format(hours=count(balance.hours_left_out))
        if balance.hours_left_out
        else "",
        "since": ""
        if balance.since is None
        else view.w["meters"]["since"].format(day=balance.since.isoformat()),
    }


def _allowed(balance: Balance, unit: DisplayUnit) -> str:
    """The allowance as a share of what the main meter counted; as an amount where that is
    nothing.
    """
    if balance.main.energy:
        return percent(balance.allowance / abs(balance.main.energy))
    return f"{unit.figure(balance.allowance).text} {unit.name}"


def _adequacy(view: View, judgement: Adequacy, row: int) -> dict[str, Any]:
    def share(value: float | None) -> str:
        return NOTHING if value is None else f"±{percent(value)}"

    return {
        "row": row,
        "meter": judgement.meter,
        "step": view.step_name(judgement.step),
        "carrier": _carrier(view, judgement.carrier),
        "verdict": view.text(judgement.verdict.words),
        "good": judgement.verdict is AdequacyVerdict.ADEQUATE,
        "waits": judgement.verdict is AdequacyVerdict.UNDECLARED,
        "issues": [
            (capital(view.text(issue.found)), view.text(issue.change)) for issue in judgement.issues
        ],
        "load": NOTHING
        if judgement.load is None
        else f"{shown(judgement.load.mean)} {judgement.load_unit}",
        "used": percent(judgement.range_used),
        "share": percent(judgement.share),
        "of_batch": share(judgement.of_batch),
        "of_period": share(judgement.of_period),
    }
