"""A year of a cement mill, labelled twice: as its files stand, and with the event declared that
answers the open question.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.guidance.causes import WasteCause
from benchmarks.measurements import Metric
from extras.exercises.reading import Fact
from reporting_agent.analysis import Analysis, analyse
from reporting_agent.analysis.waste.evidence import Use
from reporting_agent.changes.questioned_label import labelled
from reporting_agent.config import load_site
from reporting_agent.config.events import DeclaredEvent, as_toml
from reporting_agent.report.label_json import label_json

PERIOD = "2025"
RATIO_BEFORE, RATIO_AFTER = (
    400,
    500,
)  # primary amperes of the current transformers, by the work order that the exercise tells of
REMEDY = {WasteCause.COLD_START: "fewer-stops", WasteCause.REJECT: "fewer-rejects"}


def facts(folder: Path) -> Mapping[str, Fact]:
    """What a learner finds, figure by figure, and the figures that are taken for it."""
    site = folder / "site.toml"
    before, first = _labelled(site)
    (asked,) = before["changes"]
    event = DeclaredEvent.model_validate(
        {
            "meter": "mill-1-main",
            "from": asked["from"],
            "kind": "ratio",
            "factor": RATIO_AFTER / RATIO_BEFORE,
            "reason": "Current transformers exchanged, 400/5 A for 500/5 A: work order 25-117.",
        }
    )
    site.write_text(f"{site.read_text(encoding='utf-8')}\n{as_toml(event)}", encoding="utf-8")
    after, second = _labelled(site)
    label = _entry(after)
    losses = next(loss for loss in second.losses if loss.metric is Metric.ELECTRICITY)
    causes = {cause: amount for cause, amount in losses.by_cause.items() if cause.named}
    largest = max(causes, key=lambda cause: causes[cause].kwh)
    limit = label["grade"]["limits"][0]
    idle = next(
        advice.amount
        for advice in second.first_look
        if advice.code == f"use-{Use.IDLING}" and advice.amount
    )
    total = next(entry for entry in after["steps"] if entry["metric"] == "total")
    met = {
        name: _grade(limit["limits"], label[name] if name == "mean" else label["best"]["value"])
        for name in ("mean", "best")
    }
    return {
        "meter": "mill-1-main",
        "changed_on": asked["from"],
        "change": "ratio",
        "factor": RATIO_AFTER / RATIO_BEFORE,
        "inverse": RATIO_BEFORE / RATIO_AFTER,
        "measured_factor": 1 / float(asked["size"]),
        "deviation": float(asked["size"]),
        "open_questions": float(len(first.review.open)),
        "left_open": float(len(second.review.open)),
        "label_before": _entry(before)["best"]["value"],
        "label": label["best"]["value"],
        "minimum": label["minimum"],
        "minimum_kgce": total["minimum"],
        "typical": label["typical"],
        "mean": label["mean"],
        "mean_before": _entry(before)["mean"],
        "used": float(label["batches"]["used"]),
        "gap_kwh": losses.gap.kwh,
        "explained_kwh": losses.explained.kwh,
        "uncertain_kwh": losses.within_uncertainty.kwh,
        "avoidable_kwh": losses.avoidable.kwh,
        "unexplained_kwh": losses.unexplained.kwh,
        "cause": str(largest),
        "cause_kwh": causes[largest].kwh,
        "cause_mwh": causes[largest].kwh / 1000,
        "cause_tce": causes[largest].kgce / 1000,
        "reject_kwh": causes[WasteCause.REJECT].kwh,
        "reject_cny": causes[WasteCause.REJECT].money or 0.0,
        "idle_cny": idle.money or 0.0,
        "cause_cny": causes[largest].money or 0.0,
        "avoidable_cny": losses.avoidable.money or 0.0,
        "gap_cny": losses.gap.money or 0.0,
        "unexplained_cny": losses.unexplained.money or 0.0,
        "price_cny": (causes[largest].money or 0.0) / causes[largest].kwh,
        "grade": f"grade-{label['grade']['best_met']}",
        "grade_by_label": f"grade-{met['best']}",
        "limit_2": limit["limits"][1],
        "limit_3": limit["limits"][2],
        "decision": REMEDY[largest],
    }


def _grade(limits: list[float], value: float) -> int:
    return next(number for number, limit in enumerate(limits, start=1) if value <= limit)


def _labelled(path: Path) -> tuple[dict[str, Any], Analysis]:
    site = load_site(path)
    label = labelled(site, PERIOD, datetime.now(UTC))
    analysis = analyse(site, label)
    return label_json(label.result, analysis), analysis


def _entry(label: dict[str, Any]) -> dict[str, Any]:
    return next(entry for entry in label["steps"] if entry["metric"] == "electricity")
