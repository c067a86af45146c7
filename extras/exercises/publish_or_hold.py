"""A sector's protected values, composed and held against the gate as a portal does it; then again
with the report that came late.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np

from benchmarks import packs
from benchmarks.composition import (
    IndustryCell,
    ReportedLabel,
    Roster,
    by_step,
    compose_with_roster,
    seed_of,
)
from benchmarks.composition.entrants import Entrants, entrants
from benchmarks.conversion import Basis, FactorTable
from benchmarks.disclosure import GateResult, PublishedVersion, gate
from benchmarks.measurements import Metric
from benchmarks.privacy.charges import draw_epsilons
from benchmarks.release import TYPICAL_QUANTILE
from benchmarks.released import Grid, ReleasedLabel, ReleasedQuantile
from benchmarks.routes import Pack
from extras.exercises.reading import Fact

PERIOD, PERIOD_END = "2025", date(2026, 1, 1)
BURNING, GRINDING, MEAL = "clinker-burning", "cement-grinding", "raw-meal-homogenisation"
CLAIMING, PRAISED = "jinling", "emei"
"""The firm that wants to be called better than the industry's best, and the one said to meet a
limit.
"""


@dataclass(frozen=True, slots=True)
class Sector:
    """Participants of the exercise's steps, with the sizes that their firms declare."""

    pack: Pack
    labels: tuple[ReportedLabel, ...]
    weights: Mapping[str, float]

    def who(self, step: str) -> Entrants:
        """Who enters the cell of this step."""
        pack_step = self.pack.step(step)
        return entrants(
            self.labels, self.pack, pack_step, pack_step.metrics[0], pack_step.variants[0].id
        )

    def gated(self, previous: Sequence[PublishedVersion] = ()) -> tuple[GateResult, Roster]:
        """Composed and decided on the first day on which the lag is over."""
        rng = np.random.default_rng(
            seed_of("composition", {reported_label.report for reported_label in self.labels})
        )
        label, roster = compose_with_roster(
            self.pack, self.pack.routes[0], by_step(self.labels), rng, period=PERIOD
        )
        today = PERIOD_END + timedelta(days=self.pack.disclosure.lag_days)
        policy, sizes = self.pack.disclosure, self.weights
        return gate(
            label, roster, policy, previous, period_end=PERIOD_END, today=today, size_weights=sizes
        ), roster


def facts(folder: Path) -> Mapping[str, Fact]:
    """What an officer works out of the files and the gate's rules, and what is taken for it."""
    pack = packs.load("cement", "1")
    rows, late = (_rows(folder / name) for name in ("protected-values.csv", "late-report.csv"))
    weights = {row["firm"]: float(row["size_weight"]) for row in (*rows, *late)}
    sector = Sector(pack, tuple(_reported_label(pack, row) for row in rows), weights)
    with_late = Sector(
        pack, (*sector.labels, *(_reported_label(pack, row) for row in late)), weights
    )
    first, roster = sector.gated()
    second, _ = with_late.gated((PublishedVersion("1", first.published, roster),))
    burning, grinding, shown = sector.who(BURNING), sector.who(GRINDING), _cell(first, BURNING)
    sizes = {
        reported_label.firm: weights[reported_label.firm] for reported_label in grinding.entering
    }
    low, high = shown.interval or (0.0, 0.0)
    claim = _best(burning, CLAIMING)
    limit = next(
        candidate
        for candidate in pack.step(GRINDING).limits
        if candidate.id == "gb16780-2021-cement-preparation"
    )
    kgce_per_kwh = float(
        FactorTable.load().factor("electricity", Basis.CALORIFIC, date(2025, 7, 1)).kgce_per_unit
    )
    return {
        "rows": float(burning.reported),
        "sites": float(len(burning.eligible)),
        "firms": float(len(burning.entering)),
        "not_precise": float(dict(burning.set_aside)["not-eligible"]),
        "fewest": float(pack.disclosure.fewest_firms),
        "least_changed": float(pack.disclosure.least_changed_participants),
        "one": 1.0,
        "two": 2.0,
        "rows_with_late": float(burning.reported + len(late)),
        "largest_weight_pct": float(100 * pack.disclosure.largest_weight),
        "burning": _reason(first, BURNING),
        "grinding": _reason(first, GRINDING),
        "grinding_firms": float(len(grinding.entering)),
        "grinding_largest": max(sizes, key=lambda firm: sizes[firm]).title(),
        "grinding_share_pct": 100 * max(sizes.values()) / sum(sizes.values()),
        "meal": _reason(first, MEAL),
        "meal_firms": float(len(sector.who(MEAL).entering)),
        "best": shown.best or 0.0,
        "best_low": low,
        "best_high": high,
        "least": min(float(reported_label.label.best_value) for reported_label in burning.entering),
        "claim_firm": CLAIMING.title(),
        "claim": claim,
        "claim_told": "cannot-tell"
        if low <= claim <= high
        else "better"
        if claim < low
        else "worse",
        "late": _reason(second, BURNING),
        "praised_firm": PRAISED.title(),
        "praised_kgce": _best(grinding, PRAISED),
        "kgce_per_kwh": kgce_per_kwh,
        "praised_kwh": _best(grinding, PRAISED) / kgce_per_kwh,
        "limit_1": limit.grades[0] or 0.0,
        "limit_told": "not-told",
    }


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _reported_label(pack: Pack, row: Mapping[str, str]) -> ReportedLabel:
    step = pack.step(row["step"])
    rule = next(metric for metric in step.metrics if metric.metric == row["metric"])
    best, typical = draw_epsilons(step, pack.policy)
    label = ReleasedLabel(
        step=step.id,
        product=step.product,
        variant=step.variants[0].id,
        boundary=step.boundary.id,
        metric=Metric(row["metric"]),
        unit=row["unit"],
        grid=rule.grid,
        count_class=int(row["count_class"]),
        best=ReleasedQuantile(step.label_rule.quantile, _on(rule.grid, row["best"]), best),
        typical=ReleasedQuantile(TYPICAL_QUANTILE, _on(rule.grid, row["typical"]), typical),
    )
    return ReportedLabel(
        row["firm"], row["site"], label, hashlib.sha256(row["site"].encode()).hexdigest()
    )


def _on(grid: Grid, value: str) -> int:
    return int((Fraction(value) - grid.lower) / grid.width)


def _cell(result: GateResult, step: str) -> IndustryCell:
    return next(best for best in result.published.cells if best.step == step)


def _reason(result: GateResult, step: str) -> str:
    return next(cell.reason_code.value for cell in result.cells if cell.step == step)


def _best(who: Entrants, firm: str) -> float:
    return next(
        float(reported_label.label.best_value)
        for reported_label in who.entering
        if reported_label.firm == firm
    )
