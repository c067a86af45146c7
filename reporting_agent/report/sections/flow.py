"""The way of the material: yields from step to step, energy with all that went before, and what was
bought. On the plant's own ratios.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from reporting_agent.report.figures import count, figure
from reporting_agent.report.view import View


def data(view: View) -> dict[str, Any] | None:
    """None where no batch names a parent and nothing bought is declared."""
    flow = view.analysis.flow
    if flow is None:
        return None
    units = {step.id: view.counted(step.output_unit) for step in view.result.data.pack.steps}
    return {
        "yields": [
            {
                "between": f"{view.step_name(step_yield.earlier)} → "
                f"{view.step_name(step_yield.later)}",
                "taken": figure(step_yield.consumed, units[step_yield.earlier]),
                "made": figure(step_yield.produced, units[step_yield.later]),
                "ratio": figure(step_yield.ratio),
                "batches": count(step_yield.children),
            }
            for step_yield in flow.yields
        ],
        "whole": [
            {
                "step": view.step_name(cumulative.step),
                "unit": f"kgce/{units[cumulative.step]}",
                "own": figure(float(np.median(cumulative.own))),
                "upstream": figure(float(np.median(cumulative.upstream))),
                "total": figure(float(np.median(cumulative.total))),
                "lowest": figure(float(cumulative.total.min())),
                "highest": figure(float(cumulative.total.max())),
                "batches": count(len(cumulative.ids)),
                "dearest": cumulative.ids[int(np.argmax(cumulative.total))],
            }
            for cumulative in flow.cumulative
        ],
        "bought": [view.text(purchase.words) for purchase in flow.bought_in],
    }
