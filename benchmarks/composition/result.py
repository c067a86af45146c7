"""The industry label: what composition hands to the gate, the pages and the API.

Values are in the metric's unit (`unit`), totals in the headline unit per tonne of the route's
product; intervals are 95 %. A missing value is None and `note` or `reason` says why by its code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from benchmarks.composition.curve import CurvePoint
from benchmarks.composition.rules import RuleName
from benchmarks.composition.savings_potential import Potential, Reference
from benchmarks.label_keys import CellKey
from benchmarks.measurements import Metric
from benchmarks.released import Grid
from benchmarks.stored import StoredAsJson

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class IndustryCell:
    """The industry's best and typical value of one cell.

    `sites` reported in the cell, `eligible` of them are precise enough, and `firms` controlling
    firms enter with one site each. `set_aside` counts the others by reason. `headline` cells make
    up the route's totals. `pooled` says of how many of these firms the value covers several years,
    the last of them the period: (years, firms); `in_part` of how many it lacks months, in which
    fewer than five valid batches began. `curve` is how the firms are spread over values of `best`'s
    kind; empty where there are too few, or (`curve_withheld`) where the gate left it out beside
    another publication's. `potential` is what the firms would save at the typical value and at the
    best; `potential_withheld` names what of it the gate left out.
    """

    step: str
    product: str
    variant: str
    boundary: str
    metric: Metric
    unit: str
    grid: Grid
    ratio: float
    headline: bool
    best: float | None
    interval: Interval | None
    typical: float | None
    typical_interval: Interval | None
    rule: RuleName | None
    firms: int
    sites: int
    eligible: int
    set_aside: tuple[tuple[str, int], ...] = ()
    good_fit: bool | None = None
    note: str | None = None
    curve: tuple[CurvePoint, ...] = ()
    curve_withheld: bool = False
    pooled: tuple[tuple[int, int], ...] = ()
    in_part: int = 0
    potential: tuple[Potential, ...] = ()
    potential_withheld: tuple[Reference, ...] = ()

    @property
    def name(self) -> str:
        """Its key, as rosters and the gate spell it."""
        return str(CellKey.of(self))


@dataclass(frozen=True, slots=True)
class RouteTotal:
    """A total of the whole route per tonne of its product, or the reason why there is none."""

    value: float | None
    interval: Interval | None
    unit: str
    firms: int
    rule: RuleName | None = None
    reason: str | None = None
    missing: tuple[str, ...] = ()  # steps without a value


@dataclass(frozen=True, slots=True)
class IndustryLabel(StoredAsJson):
    """One sector, route and period: its cells and the totals made of them.

    `composite` is the sum of ratio x step best, `best_reached` the same rule on the totals that
    participants' own plants reached over every step of the route, `typical` the sum of ratio x step
    typical.
    """

    pack: str
    pack_version: str
    pack_digest: str
    route: str
    product: str
    period: str
    cells: Annotated[tuple[IndustryCell, ...], Field(alias="steps")]
    composite: RouteTotal
    best_reached: RouteTotal
    typical: RouteTotal

    @property
    def headline(self) -> tuple[IndustryCell, ...]:
        """The cells that make up the totals, in the order of the route."""
        return tuple(cell for cell in self.cells if cell.headline)
