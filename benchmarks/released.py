"""What the privacy mechanism gave out: released labels and reports, their public grid, and which
ordered value a quantile names.

This module imports no labels. The wire, the transport, the outbox and the portal know this type and
cannot name the exact one; an import contract holds that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from benchmarks.measurements import Metric


def rank(quantile: Fraction, count: int) -> int:
    """k = ceil(q n), in exact arithmetic and at least 1: which of n ordered values a quantile
    names, at plant and portal alike.
    """
    return max(1, math.ceil(quantile * count))


@dataclass(frozen=True, slots=True)
class Grid:
    """A public release grid, absolute, in the pack's unit: points lower + i * width for i = 0 ..
    points - 1.

    All three are exact fractions so that a grid point's value is the same number at the plant and
    at the portal.
    """

    lower: Fraction
    upper: Fraction
    width: Fraction

    @property
    def points(self) -> int:
        return int((self.upper - self.lower) / self.width) + 1

    def value(self, point: int) -> Fraction:
        """The value of a grid point, in the pack's unit."""
        if not 0 <= point < self.points:
            raise IndexError(f"grid point {point} outside 0..{self.points - 1}")
        return self.lower + point * self.width


@dataclass(frozen=True, slots=True)
class ReleasedQuantile:
    """One noised quantile: the drawn grid point, the quantile it stands for and what it spent."""

    quantile: Fraction
    grid_point: int
    epsilon: Fraction


@dataclass(frozen=True, slots=True)
class ReleasedLabel:
    """The protected label of one (step, product, variant, metric) of one site and period.

    `count_class` is the lower edge of the public class that holds the number of batches; the number
    itself stays. `best` and `typical` are noised quantiles on `grid`; their values are
    `grid.value(best.grid_point)`. `years` is how many years, the last of them the report's, were
    pooled for it; 1 is the report's period alone. `months` is in how many calendar months of that
    time the step began five valid batches at least, 1 also where in none, since a reader takes no
    0; None: in all of them.
    """

    step: str
    product: str
    variant: str
    boundary: str
    metric: Metric
    unit: str
    grid: Grid
    count_class: int
    best: ReleasedQuantile
    typical: ReleasedQuantile
    years: int = 1
    months: int | None = None

    @property
    def best_value(self) -> Fraction:
        return self.grid.value(self.best.grid_point)

    @property
    def typical_value(self) -> Fraction:
        return self.grid.value(self.typical.grid_point)

    @property
    def epsilon(self) -> Fraction:
        """What this label spent on every batch in it: budgets of the two draws add up."""
        return self.best.epsilon + self.typical.epsilon


@dataclass(frozen=True, slots=True)
class ReleasedReport:
    """Everything one site reports for one period and revision: one envelope, all steps."""

    site: str
    pack: str
    pack_version: str
    period: str
    revision: int
    labels: tuple[ReleasedLabel, ...]
    withheld: tuple[
        tuple[str, str, str], ...
    ] = ()  # (step, metric, reason code): what was asked and not released, and why
