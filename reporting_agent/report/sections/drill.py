"""The worst batches one by one, folded: what each took, of which carriers, when, under which
conditions, and against what.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.carriers import CARRIERS
from benchmarks.measurements import Batch
from reporting_agent.analysis.waste.gap_parts import StepLosses
from reporting_agent.analysis.waste.waterfall import BatchLoss
from reporting_agent.report.figures import figure, minutes, percent, shown, time
from reporting_agent.report.view import LabelGroup, View

# of all labels together; each label's share goes with its energy beyond slopes and uncertainty, ten
# at least
SHOWN = 50


def data(view: View) -> dict[str, Any] | None:
    """One folded entry a batch, by label, in the order of the table of the worst."""
    entries = [_entry(view, group, losses, row) for group, losses, row in picked(view)]
    return {"entries": entries} if entries else None


def picked(view: View) -> list[tuple[LabelGroup, StepLosses, int]]:
    """The batches that are told one by one: (group, its losses, row in its columns)."""
    pairs = [
        (group, group.losses)
        for group in view.labelled
        if group.losses is not None and len(group.losses.batches.ids)
    ]
    if not pairs:
        return []
    total = sum(losses.beyond.kgce for _, losses in pairs) or 1.0
    picks = []
    for group, losses in sorted(pairs, key=lambda pair: -pair[1].beyond.kgce):
        number = max(len(losses.worst), round(SHOWN * losses.beyond.kgce / total))
        picks += [(group, losses, row) for row in worst_rows(losses, number)]
    return picks


def worst_rows(losses: StepLosses, number: int) -> list[int]:
    """Rows of the batches with most avoidable and unexplained energy per output: the ten told worst
    first, then by the columns.
    """
    columns = losses.batches
    row_of = {name: row for row, name in enumerate(columns.ids)}
    first = [row_of[loss.batch_id] for loss in losses.worst][:number]
    per_output = columns.beyond / columns.output
    rest = [
        row
        for row in np.argsort(-per_output, kind="stable")[: number + len(first)].tolist()
        if row not in first and columns.beyond[row] > 0
    ]
    return [*first, *rest][:number]


def first_row(view: View, losses: StepLosses) -> int:
    """Where this label's batches begin in the table of gaps."""
    before = 0
    for earlier in view.analysis.losses:
        if earlier is losses:
            return before
        before += len(earlier.batches.ids)
    raise ValueError("these losses are not of this analysis")


def anchor(view: View, group: LabelGroup, batch_id: str) -> str:
    """Where the batch stands on the page."""
    number = 0 if group.losses is None else group.losses.batches.ids.index(batch_id)
    return f"batch-{view.groups.index(group)}-{number}"


def _entry(view: View, group: LabelGroup, losses: StepLosses, row: int) -> dict[str, Any]:
    columns, w = losses.batches, view.w["drill"]
    name, output, zone = columns.ids[row], float(columns.output[row]), view.site.zone
    batch = losses.made_from.columns.batches[
        int(losses.made_from.rows[row])
    ]  # of rows with one id, that which the label used
    detail = next((loss for loss in losses.worst if loss.batch_id == name), None)
    energies = {
        "avoidable": columns.avoidable[row],
        "unexplained": columns.unexplained[row],
        "within_uncertainty": columns.within_uncertainty[row],
        "explained": columns.explained[row],
    }
    return {
        "row": first_row(view, losses) + row,
        "anchor": f"batch-{view.groups.index(group)}-{row}",
        "name": name,
        "step": view.name(group) if len(view.labelled) > 1 else "",
        "unit": view.unit(losses),
        "value": figure(float(columns.value[row]), of="value"),
        "at_reference": figure(float(columns.at_reference[row]), of="at_reference"),
        "label": shown(losses.label),
        "facts": _facts(view, group, batch, output),
        "carriers": _carriers(view, batch),
        "split": [
            {
                "name": w[part],
                "value": figure(float(energy), of=part),
                "per": shown(float(energy) / output),
            }
            for part, energy in energies.items()
        ],
        "energy_unit": view.energy_unit(losses),
        "causes": _causes(view, losses, detail, row, output),
        "when": time(columns.start[row].astimezone(zone), view.lang),
    }


def _facts(view: View, group: LabelGroup, batch: Batch, output: float) -> list[tuple[str, str]]:
    w = view.w["drill"]
    duration = None if batch.duration is None else batch.duration.total_seconds()
    facts = [
        (w["equipment"], batch.equipment),
        (w["began"], time(batch.start.astimezone(view.site.zone), view.lang)),
        (
            w["ended"],
            "" if batch.end is None else time(batch.end.astimezone(view.site.zone), view.lang),
        ),
        (
            w["lasted"],
            minutes(duration, view.lang) if duration is not None and duration > 0 else "",
        ),
        (w["output"], f"{shown(output)} {view.counted(group.step.output_unit)}"),
        (
            w["rejected"],
            f"{shown(batch.reject)} {view.counted(group.step.output_unit)}" if batch.reject else "",
        ),
        (w["parents"], ", ".join(batch.parents)),
        *(
            (view.variable(name), f"{shown(value)} {view.variable_unit(name)}".rstrip())
            for name, value in sorted(batch.variables.items())
        ),
        (
            w["place"],
            ""
            if batch.place is None
            else str(batch.place.row or "")
            and w["row"].format(file=_file(batch), row=batch.place.row),
        ),
    ]
    return [(name, text) for name, text in facts if text]


def _file(batch: Batch) -> str:
    return "" if batch.place is None else batch.place.file.replace("\\", "/").rsplit("/", 1)[-1]


def _carriers(view: View, batch: Batch) -> list[dict[str, str]]:
    w = view.w["drill"]
    return [
        {
            "name": view.text(CARRIERS[energy.carrier].words)
            if energy.carrier in CARRIERS
            else energy.carrier,
            "direction": view.w["direction"][str(energy.direction)],
            "amount": f"{shown(energy.quantity)} {energy.unit}{view.doubt}",
            "complete": percent(energy.completeness),
            "uncertain": ""
            if energy.relative_uncertainty is None
            else f"±{percent(energy.relative_uncertainty)}",
            "flag": w["estimated"] if energy.estimated else "",
        }
        for energy in batch.energy
    ]


def _causes(
    view: View, losses: StepLosses, detail: BatchLoss | None, row: int, output: float
) -> list[dict[str, str]]:
    """With the evidence for those told in full, by name for the rest."""
    if detail is not None:
        parts = [
            (part.cause, part.per_output, view.evidence(part.evidence)) for part in detail.causes
        ]
    else:
        causes = [
            (cause, float(energies[row]))
            for cause, energies in losses.batches.by_cause.items()
            if energies[row] > 0
        ]
        parts = [
            (cause, energy / output, "")
            for cause, energy in sorted(causes, key=lambda pair: -pair[1])
        ]
    return [
        {"name": view.text(cause.words), "value": shown(amount), "evidence": evidence}
        for cause, amount, evidence in parts
        if amount > 0
    ]
