"""The published document (`steplabel/benchmark/1`) and its CSV form, both made of the gated label and nothing else."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date
from typing import Any

from benchmarks.composition import IndustryLabel
from benchmarks.disclosure import GateResult
from benchmarks.wire.published import SCHEMA
from portal.publication.shapes import LabelView, StepView, TotalView, label_view

CSV_FIELDS = (
    "pack",
    "pack_version",
    "route",
    "period",
    "version",
    "status",
    "published_on",
    "step",
    "product",
    "variant",
    "boundary",
    "metric",
    "unit",
    "best",
    "best_low",
    "best_high",
    "typical",
    "typical_low",
    "typical_high",
    "rule",
    "firms",
    "shown",
    "reason_code",
    "reason",
    "source",
)
"""One row a step and metric, then one a total. `*_low` and `*_high` are the ends of the 95 % interval, in `unit`."""


def document_of(gate: GateResult, explanation: Mapping[str, Any], version: int, published_on: date) -> dict[str, Any]:
    """The document as it is signed at publication. A withdrawal is said beside it: what was signed is never changed."""
    label: IndustryLabel = gate.published
    view = label_view(gate)
    return {
        "schema": SCHEMA,
        "pack": label.pack,
        "pack_version": label.pack_version,
        "pack_digest": label.pack_digest,
        "route": label.route,
        "product": label.product,
        "period": label.period,
        "version": version,
        "status": "published",
        "published_on": published_on.isoformat(),
        "source": source_of(label.pack, label.period, version),
        "steps": [_step(step) for step in view.steps],
        "route_total": _total(view.composite),
        "best_reached_total": _total(view.best_reached),
        "typical_total": _total(view.typical),
        "explanation": dict(explanation),
    }


def csv_of(document: Mapping[str, Any], label: LabelView) -> str:
    """The same figures as rows, for a spreadsheet."""
    out = io.StringIO()
    writer = csv.DictWriter(out, CSV_FIELDS, lineterminator="\r\n")
    writer.writeheader()
    head = {name: document[name] for name in ("pack", "pack_version", "route", "period", "version", "status", "published_on", "source")}
    for step in label.steps:
        writer.writerow(
            head
            | {
                "step": step.step,
                "product": step.product,
                "variant": step.variant,
                "boundary": step.boundary,
                "metric": step.metric,
                "unit": step.unit,
                "best": step.best,
                "typical": step.typical,
                "rule": step.rule,
                "firms": step.firms,
                "shown": str(step.shown).lower(),
                "reason_code": step.reason_code,
                "reason": step.reason_en,
            }
            | _ends("best", step.interval)
            | _ends("typical", step.typical_interval)
        )
    for name, total in (("route-total", label.composite), ("best-reached-total", label.best_reached), ("typical-total", label.typical)):
        writer.writerow(
            head
            | {
                "step": name,
                "product": document["product"],
                "metric": "total",
                "unit": total.unit,
                "best": total.value,
                "rule": total.rule,
                "firms": total.firms,
                "shown": str(total.shown).lower(),
                "reason_code": total.reason_code,
                "reason": total.reason_en,
            }
            | _ends("best", total.interval)
        )
    return out.getvalue()


def source_of(pack: str, period: str, version: int) -> str:
    """How a figure is cited: with its version, which stays even when it is withdrawn."""
    return f"Steplabel industry label, {pack}, {period}, version {version}"


def _ends(name: str, interval: tuple[float, float] | None) -> dict[str, float]:
    return {} if interval is None else {f"{name}_low": interval[0], f"{name}_high": interval[1]}


def _step(step: StepView) -> dict[str, Any]:
    return {
        "step": step.step,
        "product": step.product,
        "variant": step.variant,
        "boundary": step.boundary,
        "metric": step.metric,
        "unit": step.unit,
        "ratio": step.ratio,
        "headline": step.headline,
        "best": step.best,
        "interval": _pair(step.interval),
        "typical": step.typical,
        "typical_interval": _pair(step.typical_interval),
        "rule": step.rule,
        "firms": step.firms,
        "gate": _gate(step),
    }


def _total(total: TotalView) -> dict[str, Any]:
    return {
        "value": total.value,
        "interval": _pair(total.interval),
        "unit": total.unit,
        "rule": total.rule,
        "firms": total.firms,
        "gate": _gate(total),
    }


def _gate(cell: StepView | TotalView) -> dict[str, Any]:
    return {"shown": cell.shown, "code": cell.reason_code, "reason": {"en": cell.reason_en, "zh": cell.reason_zh}}


def _pair(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else [interval[0], interval[1]]
