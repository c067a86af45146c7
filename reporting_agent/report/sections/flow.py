"""The way of the material: yields from step to step, energy with all that went before, and what was bought. On the plant's own ratios."""

from __future__ import annotations

from typing import Any

import numpy as np

from reporting_agent.report.figures import count, figure
from reporting_agent.report.view import View


def data(view: View) -> dict[str, Any] | None:
    """None where no batch names a parent and nothing bought is declared."""
    found = view.analysis.flow
    if found is None:
        return None
    units = {step.id: view.counted(step.output_unit) for step in view.result.data.pack.steps}
    return {
        "yields": [
            {
                "between": f"{view.step_name(one.earlier)} → {view.step_name(one.later)}",
                "taken": figure(one.taken, units[one.earlier]),
                "made": figure(one.made, units[one.later]),
                "ratio": figure(one.ratio),
                "batches": count(one.children),
            }
            for one in found.yields
        ],
        "whole": [
            {
                "step": view.step_name(one.step),
                "unit": f"kgce/{units[one.step]}",
                "own": figure(float(np.median(one.own))),
                "upstream": figure(float(np.median(one.upstream))),
                "total": figure(float(np.median(one.total))),
                "lowest": figure(float(one.total.min())),
                "highest": figure(float(one.total.max())),
                "batches": count(len(one.ids)),
                "dearest": one.ids[int(np.argmax(one.total))],
            }
            for one in found.cumulative
        ],
        "bought": [view.said(one.words) for one in found.bought_in],
    }
