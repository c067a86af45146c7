"""Plants to try the mechanism on: shapes of batches with the spread of arc-furnace heats (400 and
22 kWh/t).

Real heats have a heavier low tail than the normal; two products in one log give two humps. Grid and
spread are those of the electricity metric of an arc furnace.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from benchmarks.declared import FigureSource
from benchmarks.measurements import Metric
from benchmarks.privacy.bounds import clamp_to_grid
from benchmarks.privacy.mechanism import scores
from benchmarks.released import Grid, ReleasedLabel, ReleasedQuantile, rank
from benchmarks.routes import MetricRule

Shape = Callable[[np.random.Generator, int], NDArray[np.float64]]
"""(chance, number of batches) -> their values, around TYPICAL."""

TYPICAL, SPREAD = 400.0, 22.0
LATTICE_STEP = 250 / 122.5
EPSILON_BEST, EPSILON_TYPICAL = Fraction(3, 4), Fraction(1, 4)
COUNT_CLASSES = (50, 100, 200, 340, 500, 670, 1000, 2000, 5000)
RULE = MetricRule(
    metric=Metric.ELECTRICITY,
    unit="kWh/t",
    floor=200,
    ceiling=800,
    typical=TYPICAL,
    spread=SPREAD,
    grid_lower=Fraction(250),
    grid_upper=Fraction(600),
    grid_width=Fraction(1),
    grid_source=FigureSource(text="for this check", kind="engineering-assumption", verified=False),
)
GRID: Grid = RULE.grid


def _normal(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    return rng.normal(TYPICAL, SPREAD, count)


def _lognormal(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    return TYPICAL * np.exp(rng.normal(0, SPREAD / TYPICAL, count))


def _heavy(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    return TYPICAL + SPREAD / 3**0.5 * rng.standard_t(3, count)


def _two_humps(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    return np.where(rng.random(count) < 0.4, rng.normal(375, 10, count), rng.normal(412, 12, count))


def _ties(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Every value stands three times: copied from the heat before, as in logs that are filled in at
    the end of a shift.
    """
    return np.repeat(rng.normal(TYPICAL, SPREAD, -(-count // 3)), 3)[:count]


def in_steps(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Read off in steps of the meter: 0.25 MWh on heats of 122.5 t, as in the real log of an arc
    furnace.
    """
    return np.round(values / LATTICE_STEP) * LATTICE_STEP


SHAPES: Mapping[str, Shape] = {
    "normal": _normal,
    "lognormal": _lognormal,
    "heavy tails": _heavy,
    "two humps": _two_humps,
}
AWKWARD: Mapping[str, Shape] = {
    "ties": _ties,
    "steps": lambda rng, count: in_steps(_normal(rng, count)),
}


def released_by_simulation(
    values: NDArray[np.float64], quantile: Fraction, epsilon: Fraction, rng: np.random.Generator
) -> int:
    """One draw by the largest of score plus exponential noise: the mechanism's law, without loading
    the library.
    """
    points, _ = clamp_to_grid(values.tolist(), GRID)
    point_scores = np.array(scores(points, GRID.points, rank(quantile, len(points))))
    return int((rng.standard_exponential(GRID.points) + float(epsilon) / 2 * point_scores).argmax())


def exact_quantile(values: NDArray[np.float64], quantile: Fraction) -> float:
    return float(np.sort(values)[rank(quantile, len(values)) - 1])


def released_label(
    values: NDArray[np.float64], quantile: Fraction, rng: np.random.Generator
) -> ReleasedLabel:
    """What the plant would report."""
    best = released_by_simulation(values, quantile, EPSILON_BEST, rng)
    typical = released_by_simulation(values, Fraction(1, 2), EPSILON_TYPICAL, rng)
    return ReleasedLabel(
        step="eaf",
        product="molten-steel",
        variant="all",
        boundary="furnace",
        metric=Metric.ELECTRICITY,
        unit="kWh/t",
        grid=GRID,
        count_class=max(edge for edge in COUNT_CLASSES if edge <= len(values)),
        best=ReleasedQuantile(quantile, best, EPSILON_BEST),
        typical=ReleasedQuantile(Fraction(1, 2), typical, EPSILON_TYPICAL),
    )
