"""What helps at the steps that have a gap, and against the causes found there: saving, own gap,
money and payback at the site's tariff.
"""

from __future__ import annotations

from typing import Any

from reporting_agent.analysis.energy_costs.fitting_practices import (
    FittingPractice,
    fitting_practices,
)
from reporting_agent.report.figures import NOTHING, shown
from reporting_agent.report.view import View


def data(view: View) -> dict[str, Any] | None:
    """By step, in the order of the analysis; none on a step whose labels are in question."""
    in_question = view.steps_in_question
    practices = [
        each
        for each in fitting_practices(view.site, view.analysis.losses, view.analysis.costs)
        if each.step not in in_question
    ]
    if not practices:
        return None
    currency = view.site.tariff.currency if view.site.tariff is not None else ""
    return {
        "steps": [
            {
                "name": view.step_name(step),
                "rows": [_row(view, each, currency) for each in practices if each.step == step],
            }
            for step in dict.fromkeys(each.step for each in practices)
        ],
        "sources": list(
            dict.fromkeys(
                f"{view.text(each.listing.words)} ({view.text(each.listing.read_in)})"
                for each in practices
            )
        ),
        "in_tonnes": all(
            view.result.data.pack.step(each.step).output_unit == "t" for each in practices
        ),
        "ranges": any(each.practice.saving_to is not None for each in practices),
        "payback_needs": any(
            each.payback_years is None and each.practice.investment is not None
            for each in practices
        ),
    }


def _row(view: View, each: FittingPractice, currency: str) -> dict[str, Any]:
    practice, w = each.practice, view.w["practices"]
    made_in = view.counted(view.result.data.pack.step(each.step).output_unit)
    unit = f"{practice.unit}/{made_in}"
    saving = (
        f"{practice.saving}"
        if practice.saving_to is None
        else w["span"].format(low=practice.saving, high=practice.saving_to)
    )
    notes = {
        "against": practice.cause and practice.cause.words,
        "done": practice.done,
        "conditions": practice.conditions,
    }
    details = [
        w[name].format(words=view.text(words))
        for name, words in {**notes, "equipment": practice.equipment}.items()
        if words
    ]
    if practice.published_on is not None:
        version = w["version"].format(
            version=practice.version,
            day=practice.published_on.isoformat(),
            reviewer=practice.reviewer,
        )
        details.append(f"{version} {view.text(each.listing.words)}")
    if each.reported is not None:
        details.append(view.text(each.reported.words))
    return {
        "name": view.text(practice.words),
        "details": details,
        "saving": f"{saving} {unit}",
        "gap": NOTHING if each.gap is None else f"{shown(each.gap)} {unit}",
        "money": NOTHING if each.money is None else f"{each.money:,.2f} {currency}/{made_in}",
        "investment": NOTHING
        if practice.investment is None
        else f"{practice.investment} USD/{made_in}",
        "payback": _payback(each.payback_years, w["at_once"]),
    }


def _payback(years: float | None, at_once: str) -> str:
    if years is None:
        return NOTHING
    return f"{years:.1f}" if years else at_once
