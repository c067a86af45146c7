"""The content of label.json: the label, and what only the analysis knows of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.label_keys import LabelKey
from reporting_agent.analysis import Analysis
from reporting_agent.analysis.waste.gap_parts import StepLosses
from reporting_agent.changes.reportable import MissingForRelease, reportable
from reporting_agent.pipeline import LabelResult


def label_json(
    result: LabelResult, analysis: Analysis, missing: Sequence[MissingForRelease] | None = None
) -> dict[str, Any]:
    """The label with what only the analysis knows: what the meters' energy was for, and the gap by
    cause.

    `value_adding.meters` of a step's every entry and `gap.by_cause` of the entry's own stand beside
    what the label says; `gap.avoidable`, what named causes took, is taken out of the label's
    `unexplained`. `reportable` is there where it was asked what a report lacks (`missing`).
    """
    payload = result.to_json()
    meters: dict[str, list[dict[str, Any]]] = {}
    for step_use in analysis.value_adding:
        meters.setdefault(step_use.step, []).append(step_use.to_json())
    losses = {LabelKey.of(loss): loss for loss in analysis.losses}
    for entry in payload["steps"]:
        entry["value_adding"]["meters"] = meters.get(entry["step"], [])
        lost = losses.get(LabelKey(*(entry[name] for name in LabelKey._fields)))
        if missing is not None:
            entry["reportable"] = reportable(entry["step"], missing)
        if entry["gap"] is not None and lost is not None:
            _divide(entry["gap"], lost)
    payload["route_accounts"] = [account.to_json() for account in analysis.routes]
    payload["changes"] = [question.to_json() for question in analysis.review.questions]
    payload["changes_told_from"] = [limit.to_json() for limit in analysis.review.limits]
    payload["without_questioned"] = [
        {**LabelKey.of(label)._asdict(), "used": label.used, "best": label.best.value}
        for label in analysis.unquestioned
    ]
    return payload


def _divide(gap: dict[str, Any], losses: StepLosses) -> None:
    """Take what named causes took out of what the label alone calls unexplained, in all and batch
    by batch.
    """
    gap |= {"avoidable": losses.avoidable.energy, "unexplained": losses.unexplained.energy}
    gap["by_cause"] = {str(cause): amount.energy for cause, amount in losses.by_cause.items()}
    own = losses.batches
    parts = dict(
        zip(
            own.ids, zip(own.avoidable.tolist(), own.unexplained.tolist(), strict=True), strict=True
        )
    )
    for batch in gap["batches"]:
        batch["avoidable"], batch["unexplained"] = parts[batch["batch_id"]]
