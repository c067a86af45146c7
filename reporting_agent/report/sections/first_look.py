"""Where to look first: sentences of the analysis, each with what it is worth and the batches that
show it.
"""

from __future__ import annotations

from typing import Any

from reporting_agent.report.figures import count, percent, scaled
from reporting_agent.report.sections import drill
from reporting_agent.report.view import View


def data(view: View) -> dict[str, Any] | None:
    """The advice in the order of what can be gained; none on a step whose labels are in
    question.
    """
    in_question = view.steps_in_question
    first_look = [hint for hint in view.analysis.first_look if hint.step not in in_question]
    if not first_look:
        return None
    links = {
        (group.step.id, losses.batches.ids[row]): f"batch-{view.groups.index(group)}-{row}"
        for group, losses, row in drill.picked(view)
    }
    currency = next((losses.currency for losses in view.analysis.losses if losses.currency), None)
    entries = []
    for advice in first_look:
        worth = []
        if advice.amount is not None:
            energy = scaled(advice.amount.kwh, "kWh", doubt=view.doubt)
            worth.append(f"{energy.text} {energy.unit}")
            if advice.amount.money is not None and currency:
                worth.append(f"{count(advice.amount.money)} {currency}")
            if advice.amount.co2_kg is not None:
                carbon = scaled(advice.amount.co2_kg, "kg")
                worth.append(f"{carbon.text} {carbon.unit} CO₂")
        if advice.share is not None:
            worth.append(view.w["first_look"]["share"].format(share=percent(advice.share)))
        entries.append(
            {
                "sentence": view.text(advice.words),
                "worth": " · ".join(worth),
                "batches": [
                    {"name": name, "link": links.get((advice.step, name))}
                    for name in advice.batches
                ],
            }
        )
    return {"entries": entries}
