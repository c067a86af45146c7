"""A composed industry label, who stands behind each of its values (needed by the gate, never
published), and how far a figure moved between two versions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Annotated, Self

from pydantic import Field

from benchmarks.composition.entrants import ReportedLabel
from benchmarks.composition.posterior import Potential, Reference
from benchmarks.composition.rules import CurvePoint, RuleName
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


WHOLE_ROUTE = "whole-route"


@dataclass(frozen=True, slots=True)
class Member:
    """One firm's part in a cell, as the differencing check compares it between versions. Never
    published.

    A report sent anew is another part, though its draw repeated the value: else what the gate says
    would tell that it did.
    """

    firm: str
    site: str
    fingerprint: tuple[int, ...]  # count class, best, typical of each label
    report: str = ""  # digest of the envelope

    @classmethod
    def of(cls, run: Sequence[ReportedLabel]) -> Self:
        """By its one label in a cell, or by those of a whole route."""
        drawn = [
            number
            for of in run
            for number in (
                of.label.count_class,
                of.label.best.grid_point,
                of.label.typical.grid_point,
            )
        ]
        return cls(run[0].firm, run[0].site, tuple(drawn), run[0].report)

    @property
    def bests(self) -> tuple[int, ...]:
        """The released best of each of its labels, as a point of its grid."""
        return self.fingerprint[1::3]

    @property
    def typicals(self) -> tuple[int, ...]:
        """The released typical value of each of its labels, likewise."""
        return self.fingerprint[2::3]


DEPARTED = "left-"
"""What the random name begins with under which a firm that has left the scheme stands in rosters
from before.
"""


def staying(firms: Iterable[str]) -> set[str]:
    """Without the firms that have left. One of these may have come back under a name of its own,
    and nobody can tell: it hides nobody.
    """
    return {firm for firm in firms if not firm.startswith(DEPARTED)}


@dataclass(frozen=True, slots=True)
class CellRoster:
    """The firms behind one published value. `cell` is its `CellKey` as text, or `WHOLE_ROUTE` for
    the reached total.
    """

    cell: str
    members: tuple[Member, ...]

    @property
    def firms(self) -> frozenset[str]:
        return frozenset(member.firm for member in self.members)


@dataclass(frozen=True, slots=True)
class Roster(StoredAsJson):
    """Who stands behind every value of one draft: stored beside each version, needed by the gate,
    never published.
    """

    cells: tuple[CellRoster, ...]

    def of(self, cell: str) -> CellRoster:
        return next((roster for roster in self.cells if roster.cell == cell), CellRoster(cell, ()))


Known = tuple[float, tuple[float, float]]
"""A value and its 95 % interval."""


def difference(of: Known, less: Known) -> Known:
    """`of` less `less`, drawn independently. Where they lean on the same noise the interval is a
    little too wide, never too narrow.
    """
    value = of[0] - less[0]
    down = hypot(of[0] - of[1][0], less[1][1] - less[0])
    up = hypot(of[1][1] - of[0], less[0] - less[1][0])
    return value, (value - down, value + up)


def spread(points: Sequence[CurvePoint]) -> Known | None:
    """From the lower quartile of the firms to the upper; between tenths a quartile lies midway.
    None where there is no curve.

    The ends of an interval between two points are the means of theirs, which holds where both do.
    """
    at = {point.percent: (point.value, point.interval) for point in points}
    if not at:
        return None
    return difference(_quartile(at, 75, (70, 80)), _quartile(at, 25, (20, 30)))


def _quartile(at: dict[int, Known], percent: int, beside: tuple[int, int]) -> Known:
    if percent in at:
        return at[percent]
    (low, (low_from, low_to)), (high, (high_from, high_to)) = (at[rank] for rank in beside)
    return (low + high) / 2, ((low_from + high_from) / 2, (low_to + high_to) / 2)
