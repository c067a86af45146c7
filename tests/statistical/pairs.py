"""Two publications of one cell that differ in some firms: made, composed, let out by the gate, and
read as anybody reads them.

Read are the best, the typical value, the points of the curve, and how many sites are sure to lie in
each quarter, which is shown where the curve is. By the published rules on released values a site
lies in a quarter as under a normal law around its own value, shrunk to the middle of the sector; of
really composed publications the numbers are those of `benchmarks.ranking`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from itertools import pairwise

import numpy as np
from scipy.special import ndtr

from benchmarks.composition import (
    CurvePoint,
    IndustryCell,
    IndustryLabel,
    ReportedLabel,
    Roster,
    RouteTotal,
    by_step,
    compose_with_roster,
)
from benchmarks.composition.result import WHOLE_ROUTE, CellRoster, Member
from benchmarks.composition.rules import (
    LADDERS,
    apply_to_ordered,
    median_of_ordered,
    percents,
    read_off,
    rule_for,
)
from benchmarks.disclosure import PublishedVersion, gate
from benchmarks.policies import DisclosurePolicy
from benchmarks.ranking import BANDS, quarters
from benchmarks.released import Grid, ReleasedLabel
from tests.statistical.sectors import PACK, RULE, STEP, Array, Sector, sector

FEWEST = 8
_BETWEEN, _NOISE = (
    0.04 * RULE.typical,
    1.2,
)  # of the sectors; of a release at the fewest batches that enter
_END, _LATE = date(2017, 1, 1), date(2017, 6, 1)
_LADDER = tuple(sorted({percent for ladder in LADDERS for percent in ladder}))
_ROUTE = next(route for route in PACK.routes if route.id == "eaf")
VALUES = 2 + len(_LADDER)
"""Figures in kWh/t of a publication; its quarters stand behind them."""


@dataclass(frozen=True, slots=True)
class Firms:
    """Exact bests and what was released of both kinds, one row a sector, in kWh/t. The last firms
    are those that change: the last of all is the attacker's, the one before it the target."""

    exact: Array
    best: Array
    typical: Array


def pair(
    rng: np.random.Generator, rows: int, firms: int, changed: int, way: str
) -> tuple[Firms, Firms]:
    """The publication that holds target and attacker, as they are asked for, and the other one."""
    centres = RULE.typical + _BETWEEN * rng.standard_normal((rows, firms))
    below = 1.645 * RULE.spread * rng.uniform(0.7, 1.3, (rows, firms))
    whole = _release(centres - below, centres, rng)
    if way != "correct":
        stay = slice(None, -changed)
        few = Firms(whole.exact[:, stay], whole.best[:, stay], whole.typical[:, stay])
        return whole, _release(few.exact, centres[:, stay], rng) if way == "period" else few
    moved = np.zeros((rows, firms))
    moved[:, -changed:] = _BETWEEN / 2 * rng.standard_normal((rows, changed))
    again = _release(whole.exact + moved, centres + moved, rng)
    same = moved == 0
    return Firms(
        again.exact,
        np.where(same, whole.best, again.best),
        np.where(same, whole.typical, again.typical),
    ), whole


def _release(exact: Array, typical: Array, rng: np.random.Generator) -> Firms:
    low, width = float(RULE.grid.lower), float(RULE.grid.width)
    best, middle = (
        low + width * np.round((value + rng.normal(0, _NOISE, value.shape) - low) / width)
        for value in (exact, typical)
    )
    return Firms(exact, best, middle)


def figures(firms: Firms) -> Array:
    """Best, typical value and points of the curve of each row, on the grid, and the quarters; no
    number where so few firms have none.
    """
    count, width = firms.best.shape[1], float(RULE.grid.width)
    holds = rule_for(count, PACK.composition)
    if holds is None:
        raise RuntimeError(f"no rule for {count} firms")
    bests, typicals = np.sort(firms.best, axis=1), np.sort(firms.typical, axis=1)
    rows = np.full((len(bests), VALUES + BANDS), np.nan)
    rows[:, 0], rows[:, 1] = apply_to_ordered(holds.rule, bests), median_of_ordered(typicals)
    for percent, points in zip(percents(count), read_off(bests).T, strict=True):
        rows[:, 2 + _LADDER.index(percent)] = points
    rows = np.round(rows / width) * width
    if percents(count):
        rows[:, VALUES:] = _sure(bests)
    return rows


def _sure(ordered: Array) -> Array:
    """How many sites of each row have their 95 % interval within each quarter."""
    firms = ordered.shape[1]
    shrunk = max(1 - _NOISE**2 / float(ordered.var(axis=1).mean()), 0.0)
    middle = ordered.mean(axis=1, keepdims=True)
    levels = middle + shrunk * (ordered - middle)
    last = (
        BANDS * np.arange(1, firms + 1) // firms
    )  # the quarter after which a rank is the last of its own
    ends = [
        (levels[:, [rank]] + levels[:, [rank + 1]]) / 2
        for rank in (int(np.searchsorted(last, quarter)) for quarter in (1, 2, 3))
    ]
    below = [0.0, *(ndtr((end - levels) / (shrunk**0.5 * _NOISE)) for end in ends), 1.0]
    return np.stack(
        [((low <= 0.025) & (high >= 0.975)).sum(axis=1) for low, high in pairwise(below)], axis=1
    )


def of_sector(
    sector: Sector, changed: int, way: str, rng: np.random.Generator
) -> tuple[Firms, Firms]:
    """As `pair`, of a sector with its own batches."""
    best, typical = (np.array([[float(value) for value in values]]) for values in _values(sector))
    whole, stay = Firms(sector.best[None, :], best, typical), slice(None, -changed)
    if way != "correct":
        few = Firms(whole.exact[:, stay], best[:, stay], typical[:, stay])
        return whole, _release(few.exact, typical[:, stay], rng) if way == "period" else few
    moved = np.zeros_like(best)
    moved[:, -changed:] = np.round(_BETWEEN / 2 * rng.standard_normal(changed))
    return Firms(whole.exact + moved, best + moved, typical + moved), whole


def labels_of(sector: Sector | None, firms: int) -> list[ReleasedLabel]:
    """The released labels of a sector, or so many like one another, in which figures are put."""
    return (
        [reported_label.label for reported_label in sector.labels]
        if sector
        else [_template()[1]] * firms
    )


def _values(sector: Sector) -> tuple[list[Fraction], list[Fraction]]:
    labels = [reported_label.label for reported_label in sector.labels]
    return [label.best_value for label in labels], [label.typical_value for label in labels]


@cache
def _template() -> tuple[IndustryLabel, ReleasedLabel]:
    """A composed label and a released one, in which figures are put."""
    cohort = sector(np.random.default_rng(0), "normal", FEWEST)
    composed, _ = compose_with_roster(
        PACK, _ROUTE, by_step(cohort.labels), np.random.default_rng(0), period="2016"
    )
    return composed, cohort.labels[0].label


@dataclass(frozen=True, slots=True)
class Draft:
    """A publication before the gate, with the sites sure to lie in each quarter."""

    label: IndustryLabel
    roster: Roster
    quarters: Sequence[float]

    def gated(
        self,
        policy: DisclosurePolicy,
        beside: PublishedVersion | None = None,
        *,
        apart: bool = False,
    ) -> IndustryLabel:
        """Every report counts as audited: nothing waits for that."""
        shown = [beside] if beside else []
        sites = frozenset(row.site for of_cell in self.roster.cells for row in of_cell.members)
        previous, elsewhere = ((), shown) if apart else (shown, ())
        return gate(
            self.label,
            self.roster,
            policy,
            previous,
            elsewhere=elsewhere,
            period_end=_END,
            today=_LATE,
            audited={STEP.id: sites},
        ).published

    def read(self, label: IndustryLabel) -> Array:
        """What is shown of it, in the order of `figures`."""
        step = cell(label)
        points = {point.percent: point.value for point in step.curve}
        shown = (
            step.best,
            step.typical,
            *(points.get(percent) for percent in _LADDER),
            *(self.quarters if step.curve else BANDS * (None,)),
        )
        return np.array([[np.nan if value is None else value for value in shown]])


def draft(
    of: Firms, labels: Sequence[ReleasedLabel], rng: np.random.Generator, *, real: bool
) -> Draft:
    reported = [
        ReportedLabel(f"firm-{number:04}", f"site-{number:04}", _put(label, best, typical))
        for number, (label, best, typical) in enumerate(
            zip(labels, of.best[0], of.typical[0], strict=False)
        )
    ]
    if real:
        bands = quarters(reported, PACK, [f"{rng.integers(2**32):064x}"])
        return Draft(
            *compose_with_roster(PACK, _ROUTE, by_step(reported), rng, period="2016"),
            next(iter(bands.values())).counts,
        )
    label, firms, row = _template()[0], len(reported), figures(of)[0]
    points = [(percent, float(row[2 + _LADDER.index(percent)])) for percent in percents(firms)]
    holds = rule_for(firms, PACK.composition)
    step = dataclasses.replace(
        cell(label),
        headline=True,
        best=float(row[0]),
        typical=float(row[1]),
        rule=holds.rule if holds else None,
        firms=firms,
        curve=tuple(CurvePoint(percent, value, (value, value)) for percent, value in points),
    )
    nothing = RouteTotal(None, None, step.unit, 0, reason="incomplete")
    composed = dataclasses.replace(
        label, cells=(step,), composite=nothing, best_reached=nothing, typical=nothing
    )
    roster = Roster(
        (
            CellRoster(step.name, tuple(Member.of((report,)) for report in reported)),
            CellRoster(WHOLE_ROUTE, ()),
        )
    )
    return Draft(composed, roster, row[VALUES:].tolist())


def _put(label: ReleasedLabel, best: float, typical: float) -> ReleasedLabel:
    low, width, last = _grid(label.grid)
    points = [min(max(round((value - low) / width), 0), last) for value in (best, typical)]
    return dataclasses.replace(
        label,
        best=dataclasses.replace(label.best, grid_point=points[0]),
        typical=dataclasses.replace(label.typical, grid_point=points[1]),
    )


@cache
def _grid(grid: Grid) -> tuple[float, float, int]:
    """Lower end, width, and number of the last grid point: asked for by the hundred thousand, and a
    grid is of fractions.
    """
    return float(grid.lower), float(grid.width), grid.points - 1


def cell(label: IndustryLabel) -> IndustryCell:
    """The one cell that the pairs are of."""
    return next(step for step in label.cells if step.step == STEP.id and step.metric == RULE.metric)
