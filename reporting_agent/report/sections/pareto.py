"""Where the gap comes from: by cause, equipment, shift, product, hour and step, with a running
share; the rule behind each cause.
"""

from __future__ import annotations

from typing import Any

from benchmarks.measurements import Metric
from reporting_agent.analysis.energy_costs.amounts import Amount
from reporting_agent.analysis.waste.causes import CauseRule
from reporting_agent.analysis.waste.gap_parts import StepLosses
from reporting_agent.analysis.waste.pareto import Dimension, Pareto, ParetoRow
from reporting_agent.report.figures import (
    NOTHING,
    DisplayUnit,
    capital,
    count,
    percent,
    shown,
    unit_for,
)
from reporting_agent.report.sections.worst import split_bar
from reporting_agent.report.view import View
from reporting_agent.report.words import label_name

_UNITS = {"kwh": "kWh", "kgce": "kgce"}
TELLING = 4  # tables of single steps whose groups differ by more than chance; the others are folded
ROWS = 12  # shown at once; the rest folded
ORDER = (
    Dimension.CAUSE,
    Dimension.STEP,
    Dimension.EQUIPMENT,
    Dimension.SHIFT,
    Dimension.PRODUCT,
    Dimension.HOUR,
    Dimension.MONTH,
)


def data(view: View) -> dict[str, Any] | None:
    """Tables over all steps first; those of one step are folded. None of a step whose labels are in
    question.
    """
    starts, at = {}, 0
    for pareto in view.analysis.pareto:
        starts[id(pareto)] = at
        at += len(pareto.rows)
    in_question = view.steps_in_question
    visible = [
        ranking
        for ranking in view.analysis.pareto
        if not in_question or (ranking.step and ranking.step not in in_question)
    ]
    ordered = sorted(
        visible, key=lambda ranking: (bool(ranking.step), ORDER.index(ranking.dimension))
    )
    tables = [
        _table(view, pareto, starts[id(pareto)]) for pareto in ordered if len(pareto.rows) > 1
    ]
    if not tables:
        return None
    overall = [table for table in tables if not table["step"]]
    telling = [table for table in tables if table["step"] and table["telling"]][:TELLING]
    rest = [table for table in tables if table["step"] and table not in telling]
    return {"rules": rules(view), "tables": [*overall, *telling], "of_steps": rest}


def _table(view: View, pareto: Pareto, start: int) -> dict[str, Any]:
    w = view.w["pareto"]
    of = told_in(view)
    largest = max((_whole(row, of) for row in pareto.rows), default=0.0) or 1.0
    unit = unit_for(largest, _UNITS[of], view.doubt)
    name = f"{view.step_name(pareto.step)}{view.w['page']['colon']}" if pareto.step else ""
    rows = [
        _row(view, row, unit, of, largest, start + index) for index, row in enumerate(pareto.rows)
    ]
    currency = next((losses.currency for losses in view.analysis.losses if losses.currency), None)
    return {
        "step": pareto.step,
        "title": capital(name + w["title"].format(by=w[str(pareto.dimension)], unit=unit.name)),
        "head": capital(w[str(pareto.dimension)]),
        "telling": any(row.more_than_chance for row in pareto.rows),
        "tested": any(row.p_value is not None for row in pareto.rows),
        "money": None
        if currency is None or all(_money(row) is None for row in pareto.rows)
        else w["money"].format(currency=currency),
        "rows": rows[:ROWS],
        "more": rows[ROWS:],
        "total": {
            "avoidable": unit.figure(_amount(pareto.avoidable, of)),
            "unexplained": unit.figure(_amount(pareto.unexplained, of)),
            "uncertain": unit.figure(_amount(pareto.within_uncertainty, of)),
            "explained": unit.figure(_amount(pareto.explained, of)),
        },
    }


def told_in(view: View) -> str:
    """kWh where every label that counts is of electricity alone; coal equivalent where carriers are
    added.
    """
    return (
        "kwh"
        if all(
            losses.metric is Metric.ELECTRICITY for losses in view.analysis.losses if losses.counted
        )
        else "kgce"
    )


def _amount(amount: Amount, of: str) -> float:
    return amount.kwh if of == "kwh" else amount.kgce


def _whole(row: ParetoRow, of: str) -> float:
    return sum(_amount(part, of) for part in _parts(row))


def _parts(row: ParetoRow) -> tuple[Amount, Amount, Amount, Amount]:
    return row.avoidable, row.unexplained, row.within_uncertainty, row.explained


def _money(row: ParetoRow) -> float | None:
    parts = [part.money for part in _parts(row)]
    return None if None in parts else sum(part for part in parts if part is not None)


def _row(
    view: View, row: ParetoRow, unit: DisplayUnit, of: str, largest: float, number: int
) -> dict[str, Any]:
    chance = {
        True: view.w["pareto"]["more_than_chance"],
        False: view.w["pareto"]["chance"],
        None: NOTHING,
    }[row.more_than_chance]
    return {
        "row": number,
        "name": view.text(row.words),
        "bar": split_bar(*(_amount(part, of) / largest for part in _parts(row))),
        "avoidable": unit.figure(_amount(row.avoidable, of), f"avoidable_{of}"),
        "unexplained": unit.figure(_amount(row.unexplained, of), f"unexplained_{of}"),
        "uncertain": unit.figure(_amount(row.within_uncertainty, of), f"within_uncertainty_{of}"),
        "explained": unit.figure(_amount(row.explained, of), f"explained_{of}"),
        "running": percent(row.running)
        if _amount(row.avoidable, of) or _amount(row.unexplained, of)
        else NOTHING,
        "batches": count(row.batches),
        "chance": chance,
        "money": NOTHING if (money := _money(row)) is None else count(money),
    }


def rules(view: View) -> list[dict[str, Any]]:
    """How each cause of the labels that count was looked for: the rule, its cost with the interval,
    whether it stands.
    """
    tables = []
    for losses in view.analysis.losses:
        if losses.counted and losses.rules and losses.step not in view.steps_in_question:
            name = label_name(
                view.result.data.pack.step(losses.step),
                losses.product,
                losses.variant,
                losses.metric,
                view.lang,
            )
            rows = [_rule(view, losses, rule) for rule in losses.rules]
            tables.append(
                {
                    "name": f"{name}{view.w['page']['colon']}{view.w['pareto']['rules']}",
                    "rows": rows,
                }
            )
    return tables


def _rule(view: View, losses: StepLosses, rule: CauseRule) -> dict[str, Any]:
    w = view.w["pareto"]
    cost = NOTHING
    if rule.estimate is not None and rule.interval is not None:
        low, high = (shown(edge) for edge in rule.interval)
        per = w.get(f"per_{rule.per}", rule.per)
        unit = view.energy_unit(losses) if rule.per else view.unit(losses)
        form = "fixed" if rule.per == "fixed" else "per" if rule.per else "per_output"
        cost = w[form].format(value=shown(rule.estimate), low=low, high=high, unit=unit, per=per)
    return {
        "cause": view.text(rule.cause.words),
        "rule": view.text(rule.rule),
        "cost": cost,
        "batches": count(rule.batches),
        "stands": rule.stands,
        "said": w["yes" if rule.stands else "no"],
    }
