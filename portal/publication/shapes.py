"""What readers get of a publication: plain values with names. The only way from a stored label to a
page, the API or a file.

Everything is taken from the gate's result, so a cell that the gate held back cannot be asked for by
mistake.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from benchmarks.comparison.estimates import Estimate
from benchmarks.composition import CurvePoint, IndustryCell, IndustryLabel, Potential, RouteTotal
from benchmarks.disclosure import CellDecision, GateResult
from benchmarks.phrases import Name
from portal.plain_views import view_of

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class CellView:
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
    curve: tuple[
        CurvePoint, ...
    ] = ()  # how the firms are spread, in `unit`; empty where too few, held back, or never drawn
    curve_withheld: bool = (
        False  # the gate left it out: beside another publication's it would tell where a firm lies
    )
    pooled: tuple[
        tuple[int, int], ...
        # (years, firms): of how many firms the value covers several years; empty where held back
    ] = ()
    in_part: int = 0  # of how many firms the value lacks months of its time; 0 where held back
    potential: tuple[
        Potential, ...
    ] = ()  # what firms would save on average, in `unit`; empty where held back or never told
    potential_withheld: tuple[
        str, ...
    ] = ()  # what of it the gate left out: beside other figures or years it would tell of a firm

    @property
    def best_estimate(self) -> Estimate | None:
        return Estimate.of(self.best, self.interval)

    @property
    def typical_estimate(self) -> Estimate | None:
        return Estimate.of(self.typical, self.typical_interval)


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

    @property
    def estimate(self) -> Estimate | None:
        return Estimate.of(self.value, self.interval)


@dataclass(frozen=True, slots=True)
class DefinedCell:
    """How a cell is defined, with its best where the gate shows it: what a series of versions asks
    of each.
    """

    step: str
    product: str
    variant: str
    metric: str
    boundary: str
    unit: str
    ratio: float
    rule: str | None
    pooled: Sequence[Sequence[int]]
    shown: bool
    best: float | None


@dataclass(frozen=True, slots=True)
class LabelView:
    """An industry label as far as the gate lets it be seen."""

    cells: tuple[CellView, ...]
    composite: TotalView
    best_reached: TotalView
    typical: TotalView
    rule: str | None  # of the headline cells
    firms: int  # most firms in any headline cell

    @property
    def cells_shown(self) -> int:
        return sum(cell.shown for cell in self.cells)

    @property
    def totals(self) -> Mapping[str, TotalView]:
        """By the name that each has in tables."""
        return {
            "route-total": self.composite,
            "best-reached-total": self.best_reached,
            "typical-total": self.typical,
        }

    @property
    def headline(self) -> tuple[CellView, ...]:
        """The cells that make up the totals, in the order of the route."""
        return tuple(cell for cell in self.cells if cell.headline)


@dataclass(frozen=True, slots=True)
class HeadlineView:
    """What the rounding of a total goes by, of one cell that enters it."""

    step: str
    metric: str
    ratio: float


@dataclass(frozen=True, slots=True)
class SummaryView:
    """A gated label as far as a list of labels tells it."""

    product: str
    composite: TotalView
    firms: int  # most firms in any headline cell
    headline: tuple[HeadlineView, ...]
    steps: tuple[str, ...]  # each once


@dataclass(frozen=True, slots=True)
class BenchmarkView:
    """One published (or withdrawn) version. `document` is the signed JSON that the API serves."""

    pack: str
    pack_version: str
    route: str
    jurisdiction: str  # its path
    scope: Name
    product: str
    period: str
    version: int
    status: str  # published | withdrawn
    published_on: date
    label: LabelView
    explanation: Mapping[str, Any]  # Explanation.to_json()
    what_changed: str
    latest_version: int | None  # the version now in force, if any
    withdrawn_on: date | None
    withdrawal_reason: str
    document: Mapping[str, Any]
    digest: str  # of the signed document, hex

    @property
    def cells(self) -> tuple[CellView, ...]:
        return self.label.cells

    @property
    def pack_digest(self) -> str:
        return str(self.document["pack_digest"])


@dataclass(frozen=True, slots=True)
class ListedView:
    """One benchmark in force, as the list of them tells it."""

    pack: str
    pack_version: str
    route: str
    jurisdiction: str  # its path
    scope: Name
    period: str
    version: int
    status: str
    published_on: date
    summary: SummaryView


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
    cells = tuple(
        _cell(cell, decided["step", cell.step, cell.product, cell.variant, cell.metric])
        for cell in label.cells
    )
    totals = {d.measure: d for d in gate.cells if d.measure != "step"}
    headline = [cell for cell in cells if cell.headline]
    return LabelView(
        cells=cells,
        composite=_total(label.composite, totals["composite"]),
        best_reached=_total(label.best_reached, totals["best-reached"]),
        typical=_total(label.typical, totals["typical"]),
        rule=next((cell.rule for cell in headline if cell.rule), None),
        firms=max((cell.firms for cell in headline), default=0),
    )


def summary_json(gate: GateResult) -> dict[str, Any]:
    """What `summary_view` reads back: kept beside the gate's result whenever that is written."""
    label = label_view(gate)
    return {
        "product": gate.published.product,
        "composite": asdict(label.composite),
        "firms": label.firms,
        "headline": [[cell.step, cell.metric, cell.ratio] for cell in label.headline],
        "steps": list(dict.fromkeys(cell.step for cell in label.cells)),
        "pack_digest": gate.published.pack_digest,
        "cells": [
            {field.name: getattr(cell, field.name) for field in fields(DefinedCell)}
            for cell in label.cells
        ],
    }


def summary_view(summary: Mapping[str, Any]) -> SummaryView:
    total = summary["composite"]
    interval = total["interval"]
    return SummaryView(
        product=summary["product"],
        composite=TotalView(
            **{**total, "interval": None if interval is None else (interval[0], interval[1])}
        ),
        firms=summary["firms"],
        headline=tuple(HeadlineView(*cell) for cell in summary["headline"]),
        steps=tuple(summary["steps"]),
    )


def _cell(cell: IndustryCell, decision: CellDecision) -> CellView:
    return view_of(
        CellView,
        cell,
        metric=cell.metric.value,
        shown=decision.shown,
        reason_code=decision.reason_code.value,
        reason_en=decision.reason.en,
        reason_zh=decision.reason.said_in("zh"),
    )


def _total(total: RouteTotal, decision: CellDecision) -> TotalView:
    return view_of(
        TotalView,
        total,
        shown=decision.shown,
        reason_code=decision.reason_code.value,
        reason_en=decision.reason.en,
        reason_zh=decision.reason.said_in("zh"),
    )
