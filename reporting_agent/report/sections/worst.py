"""The worst batch, from the label to what it took, part by part; then the ten worst of every
step.
"""

from __future__ import annotations

from typing import Any

from benchmarks.guidance.causes import WasteCause
from reporting_agent.analysis.waste.gap_parts import StepLosses
from reporting_agent.analysis.waste.waterfall import BatchLoss
from reporting_agent.report.figures import (
    DisplayUnit,
    capital,
    figure,
    shown,
    signed,
    time,
    unit_for,
)
from reporting_agent.report.sections import drill
from reporting_agent.report.view import LabelGroup, View

SAID = {
    "avo": "avoidable_short",
    "unx": "unexplained_short",
    "unc": "uncertain_short",
    "exp": "explained_short",
}
"""The four parts of a gap in the order of a bar: class of the drawing, and its word."""
LEFT, RIGHT = 1.0, 97.0  # per cent of the drawing that the waterfall uses


def data(view: View) -> dict[str, Any] | None:
    """The leading group's waterfall and every group's ten worst."""
    group, worst = view.lead, view.worst
    if group is None or worst is None or group.losses is None:
        return None
    w = view.w["worst"]
    return {
        "title": w["why"].format(
            run=view.run(group),
            batch=worst.batch_id,
            above=shown(worst.value - group.losses.label),
            unit=view.unit(group.losses),
        ),
        "unit": view.unit(group.losses),
        "label": shown(group.losses.label),
        "start": f"{LEFT:.2f}%",
        "parts": _waterfall(view, worst),
        "sum": {
            "name": f"{worst.batch_id}: {shown(worst.value)}",
            "value": figure(worst.value - group.losses.label, sign=True),
        },
        "link": drill.anchor(view, group, worst.batch_id),
        "tables": [
            _ten(view, step_group, step_group.losses)
            for step_group in _leading_first(view, group)
            if step_group.losses is not None and step_group.losses.worst
        ],
    }


def _leading_first(view: View, lead: LabelGroup) -> list[LabelGroup]:
    return [lead, *(group for group in view.labelled if group is not lead)]


def _waterfall(view: View, worst: BatchLoss) -> list[dict[str, Any]]:
    """Named causes first, then what is unexplained, then what is explained, then what nobody can
    say; in the label's unit.
    """
    w = view.w["worst"]
    parts = [
        (
            view.text(part.cause.words),
            view.evidence(part.evidence),
            part.per_output,
            "avo" if part.cause.named else "unx",
        )
        for part in worst.causes
    ]
    parts += [
        (capital(view.variable(part.variable)), view.text(part.evidence), part.per_output, "exp")
        for part in worst.variables
    ]
    parts.append(
        (w["uncertain"], w["uncertain_note"], worst.within_uncertainty.energy / worst.output, "unc")
    )
    parts = [part for part in parts if part[2] > 0]
    whole = sum(amount for _, _, amount, _ in parts) or 1.0
    at, rows = LEFT, []
    for name, note, amount, kind in parts:
        width = (RIGHT - LEFT) * amount / whole
        rows.append(
            {
                "name": name,
                "note": note,
                "kind": kind,
                "said": view.w["split"][SAID[kind]],
                "x": f"{at:.2f}%",
                "width": f"{width:.2f}%",
                "end": f"{at + width:.2f}%",
                "value": figure(amount, sign=True),
            }
        )
        at += width
    return rows


def _ten(view: View, group: LabelGroup, losses: StepLosses) -> dict[str, Any]:
    worst = losses.worst
    largest = max((loss.gap.energy / loss.output for loss in worst), default=0.0) or 1.0
    row_of = {name: row for row, name in enumerate(losses.batches.ids)}
    first = drill.first_row(view, losses)
    energy = unit_for(max(loss.gap.energy for loss in worst), losses.energy_unit, view.doubt)
    return {
        "name": view.name(group),
        "unit": view.unit(losses),
        "energy_unit": energy.name,
        "money": view.w["pareto"]["money"].format(currency=losses.currency)
        if losses.money_reason is None
        else None,
        "rows": [
            _row(view, group, loss, largest, energy, first + row_of[loss.batch_id])
            for loss in worst
        ],
    }


def _row(
    view: View, group: LabelGroup, loss: BatchLoss, largest: float, energy: DisplayUnit, row: int
) -> dict[str, Any]:
    largest_part = max(loss.causes, key=lambda part: part.amount.energy, default=None)
    return {
        "row": row,
        "batch": loss.batch_id,
        "link": drill.anchor(view, group, loss.batch_id),
        "when": time(loss.start.astimezone(view.site.zone), view.lang),
        "equipment": loss.equipment,
        "value": figure(loss.value, of="value"),
        "bar": split_bar(
            *(
                part.energy / loss.output / largest
                for part in (
                    loss.avoidable,
                    loss.unexplained,
                    loss.within_uncertainty,
                    loss.explained,
                )
            )
        ),
        "above": signed(loss.gap.energy / loss.output),
        "avoidable": energy.figure(loss.avoidable.energy, "avoidable"),
        "unexplained": energy.figure(loss.unexplained.energy, "unexplained"),
        "money": figure(loss.gap.money, of="gap_money"),
        "cause": view.text((WasteCause.NONE if largest_part is None else largest_part.cause).words),
    }


def split_bar(
    avoidable: float, unexplained: float, uncertain: float, explained: float
) -> list[dict[str, str]]:
    """Four parts one after another, as shares of the bar's width."""
    at, parts = 0.0, []
    for kind, share in zip(SAID, (avoidable, unexplained, uncertain, explained), strict=True):
        if share > 0:
            parts.append(
                {"kind": kind, "x": f"{100 * at:.2f}%", "width": f"{max(100 * share, 0.3):.2f}%"}
            )
            at += share
    return parts
