"""Limits that span several steps: the annual account of each route by part, what it lacks, and the levels it meets by edition."""

from __future__ import annotations

from typing import Any

from benchmarks.carriers import CARRIERS
from reporting_agent.analysis import RouteAccount
from reporting_agent.report.figures import figure, percent, shown, unit_for
from reporting_agent.report.view import View


def data(view: View) -> dict[str, Any] | None:
    """None where no limit of the pack spans steps that this site ran."""
    return {"accounts": [_account(view, one) for one in view.analysis.routes]} if view.analysis.routes else None


def _account(view: View, one: RouteAccount) -> dict[str, Any]:
    w, energy, per = view.w["routes"], one.unit.partition("/")[0], one.unit.partition("/")[2]
    unit = unit_for(max((abs(part.energy) for part in one.parts), default=0.0), energy)
    first, last = view.step_name(one.steps[0]), view.step_name(one.steps[-1])
    return {
        "title": w["title"].format(first=first, last=last, metric=view.w["metric"][str(one.metric)], unit=view.counted(one.unit)),
        "value": None
        if one.value is None
        else w["value"].format(value=shown(one.value), half=shown(one.uncertainty), unit=view.counted(one.unit)),
        "missing": [view.said(why) for _, why in one.missing],
        "unit": unit.name,
        "parts": [
            {
                "what": w[part.kind],
                "name": _name(view, part.kind, part.name),
                "energy": unit.figure(part.energy),
                "share": percent(part.share),
            }
            for part in one.parts
        ],
        "output": figure(one.output, view.counted(per)),
        "provisos": [view.said(why) for why in one.provisos] if one.value is not None else [],
        "limits": _limits(view, one),
    }


def _name(view: View, kind: str, name: str) -> str:
    if kind in {"losses", "shared", "residual"}:
        return view.said(CARRIERS[name].words)
    return name if kind == "conversion" else view.step_name(name)


def _limits(view: View, one: RouteAccount) -> list[dict[str, Any]]:
    w, g = view.w["routes"], view.w["grade"]
    rows = []
    for tested, held in zip(one.limits, one.declared, strict=True):
        near = one.close(tested)
        cells = []
        for place, (value, met) in enumerate(zip(tested.limits, tested.met, strict=True), 1):
            level = g[f"grade{place}"] if tested.levels == "grades" else g[f"{tested.levels}{place}"]
            told = g["undefined"] if value is None else f"{shown(value)} · {g['yes' if met else 'no']}"
            cells.append(f"{level}{view.w['page']['colon']}{told}" + (f" ({w['near']})" if place in near else ""))
        why = None if tested.why is None else view.said(tested.why)
        rows.append({"name": view.said(held.words), "source": held.standard, "cells": cells, "why": why, "verified": tested.verified})
    return rows
