"""Limits that span several steps: the annual account of each route by part, what it lacks, and the
levels it meets by edition.
"""

from __future__ import annotations

from typing import Any

from benchmarks.carriers import CARRIERS
from reporting_agent.analysis.account.types import RouteAccount
from reporting_agent.report.figures import figure, percent, shown, unit_for
from reporting_agent.report.view import View


def data(view: View) -> dict[str, Any] | None:
    """None where no limit of the pack spans steps that this site ran."""
    return (
        {"accounts": [_account(view, account) for account in view.analysis.routes]}
        if view.analysis.routes
        else None
    )


def _account(view: View, account: RouteAccount) -> dict[str, Any]:
    w, energy, per = (
        view.w["routes"],
        account.unit.partition("/")[0],
        account.unit.partition("/")[2],
    )
    unit = unit_for(max((abs(part.energy) for part in account.parts), default=0.0), energy)
    first, last = view.step_name(account.steps[0]), view.step_name(account.steps[-1])
    return {
        "title": w["title"].format(
            first=first,
            last=last,
            metric=view.w["metric"][str(account.metric)],
            unit=view.counted(account.unit),
        ),
        "value": None
        if account.value is None
        else w["value"].format(
            value=shown(account.value),
            half=shown(account.uncertainty),
            unit=view.counted(account.unit),
        ),
        "missing": [view.text(why) for _, why in account.missing],
        "unit": unit.name,
        "parts": [
            {
                "what": w[part.kind],
                "name": _name(view, part.kind, part.name),
                "energy": unit.figure(part.energy),
                "share": percent(part.share),
            }
            for part in account.parts
        ],
        "output": figure(account.output, view.counted(per)),
        "provisos": [view.text(why) for why in account.provisos]
        if account.value is not None
        else [],
        "limits": _limits(view, account),
    }


def _name(view: View, kind: str, name: str) -> str:
    if kind in {"losses", "shared", "residual"}:
        return view.text(CARRIERS[name].words)
    return name if kind == "conversion" else view.step_name(name)


def _limits(view: View, account: RouteAccount) -> list[dict[str, Any]]:
    w, g = view.w["routes"], view.w["grade"]
    rows = []
    for tested, limit in zip(account.limits, account.declared, strict=True):
        near = account.close(tested)
        cells = []
        for index, (value, met) in enumerate(zip(tested.limits, tested.met, strict=True), 1):
            level = (
                g[f"grade{index}"] if tested.levels == "grades" else g[f"{tested.levels}{index}"]
            )
            text = (
                g["undefined"] if value is None else f"{shown(value)} · {g['yes' if met else 'no']}"
            )
            cells.append(
                f"{level}{view.w['page']['colon']}{text}"
                + (f" ({w['near']})" if index in near else "")
            )
        why = None if tested.why is None else view.text(tested.why)
        rows.append(
            {
                "name": view.text(limit.words),
                "source": limit.standard,
                "cells": cells,
                "why": why,
                "verified": tested.verified,
            }
        )
    return rows
