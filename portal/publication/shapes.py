"""What readers get of a publication: plain values with names. The only road from a stored label to a page, the API or a file.

Everything is taken from the gate's result, so a cell that the gate held back cannot be asked for by mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.timezone import localdate

from benchmarks.composition import IndustryLabel, RouteTotal, StepBest
from benchmarks.disclosure import CellDecision, GateResult
from portal.publication.models import Publication, Status

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class StepView:
    """One cell. Values are in `unit`; None, with the reason, where the gate holds the cell back."""

    step: str
    product: str
    variant: str
    boundary: str
    metric: str
    unit: str
    ratio: float  # tonnes of the step's product per tonne of the route's product
    headline: bool  # enters the totals
    best: float | None
    interval: Interval | None
    typical: float | None
    typical_interval: Interval | None
    rule: str | None
    firms: int
    shown: bool
    reason_code: str
    reason_en: str
    reason_zh: str
    good_fit: bool | None
    influence: float | None


@dataclass(frozen=True, slots=True)
class TotalView:
    """A total of the route, per tonne of its product."""

    value: float | None
    interval: Interval | None
    unit: str
    firms: int
    rule: str | None
    shown: bool
    reason_code: str
    reason_en: str
    reason_zh: str


@dataclass(frozen=True, slots=True)
class LabelView:
    """An industry label as far as the gate lets it be seen."""

    steps: tuple[StepView, ...]
    composite: TotalView
    best_reached: TotalView
    typical: TotalView
    rule: str | None  # of the headline cells
    firms: int  # most firms in any headline cell

    @property
    def cells_shown(self) -> int:
        return sum(step.shown for step in self.steps)


@dataclass(frozen=True, slots=True)
class BenchmarkView:
    """One published (or withdrawn) version. `document` is the signed JSON that the API serves."""

    pack: str
    pack_version: str
    route: str
    product: str
    period: str
    version: int
    status: str  # published | withdrawn
    published_on: date
    label: LabelView
    explanation: Mapping[str, Any]  # Explanation.to_json()
    what_changed: str
    approved_by: str
    latest_version: int | None  # the version now in force, if any
    withdrawn_on: date | None
    withdrawal_reason: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VersionView:
    """One row of a table of versions; `id` is for the review page."""

    id: int
    version: int
    status: str
    published_on: date | None
    composite: TotalView
    firms: int
    what_changed: str
    drafted_by: str
    approved_by: str
    withdrawn_on: date | None
    withdrawal_reason: str


def label_view(gate: GateResult) -> LabelView:
    """The gated label with the gate's reasons beside each value."""
    label: IndustryLabel = gate.published
    decided = {(d.measure, d.step, d.product, d.variant, d.metric): d for d in gate.cells}
    steps = tuple(_step(step, decided["step", step.step, step.product, step.variant, step.metric]) for step in label.steps)
    totals = {d.measure: d for d in gate.cells if d.measure != "step"}
    headline = [step for step in steps if step.headline]
    return LabelView(
        steps=steps,
        composite=_total(label.composite, totals["composite"]),
        best_reached=_total(label.best_reached, totals["best-reached"]),
        typical=_total(label.typical, totals["typical"]),
        rule=next((step.rule for step in headline if step.rule), None),
        firms=max((step.firms for step in headline), default=0),
    )


def version_view(row: Publication) -> VersionView:
    label = label_view(GateResult.from_json(row.gate))
    return VersionView(
        id=row.pk,
        version=row.version,
        status=row.status,
        published_on=localdate(row.published_at) if row.published_at else None,
        composite=label.composite,
        firms=label.firms,
        what_changed=row.what_changed,
        drafted_by=str(row.drafted_by),
        approved_by=str(row.approved_by or ""),
        withdrawn_on=localdate(row.withdrawn_at) if row.withdrawn_at else None,
        withdrawal_reason=row.withdrawal_reason,
    )


def benchmark_view(row: Publication, latest_version: int | None) -> BenchmarkView:
    if row.published_at is None or row.document is None or row.status == Status.DRAFT:
        raise ValueError(f"{row} was never published")
    gate = GateResult.from_json(row.gate)
    return BenchmarkView(
        pack=gate.published.pack,
        pack_version=gate.published.pack_version,
        route=gate.published.route,
        product=gate.published.product,
        period=gate.published.period,
        version=row.version,
        status=row.status,
        published_on=localdate(row.published_at),
        label=label_view(gate),
        explanation=row.explanation,
        what_changed=row.what_changed,
        approved_by=str(row.approved_by or ""),
        latest_version=latest_version,
        withdrawn_on=localdate(row.withdrawn_at) if row.withdrawn_at else None,
        withdrawal_reason=row.withdrawal_reason,
        document=row.document,
    )


def _step(step: StepBest, decision: CellDecision) -> StepView:
    return StepView(
        step=step.step,
        product=step.product,
        variant=step.variant,
        boundary=step.boundary,
        metric=step.metric.value,
        unit=step.unit,
        ratio=step.ratio,
        headline=step.headline,
        best=step.best,
        interval=step.interval,
        typical=step.typical,
        typical_interval=step.typical_interval,
        rule=step.rule,
        firms=step.firms,
        shown=decision.shown,
        reason_code=decision.reason_code.value,
        reason_en=decision.reason.en,
        reason_zh=decision.reason.zh,
        good_fit=step.good_fit,
        influence=step.influence,
    )


def _total(total: RouteTotal, decision: CellDecision) -> TotalView:
    return TotalView(
        value=total.value,
        interval=total.interval,
        unit=total.unit,
        firms=total.firms,
        rule=total.rule,
        shown=decision.shown,
        reason_code=decision.reason_code.value,
        reason_en=decision.reason.en,
        reason_zh=decision.reason.zh,
    )
