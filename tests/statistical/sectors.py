"""Sectors to try the composition on: firms whose true values are known, each released by the
mechanism's own law.

The cell is the steel pack's arc furnace, electricity (395 and 22 kWh/t, p5, grid 250 to 600 in
steps of 1). Plants lie around the typical value with a standard deviation of 4 % of it, in three
shapes; of the third, the batches of each plant are heavy-tailed too, as real heats are. Every plant
has its own number of batches and its own spread. A sector of the whole route has the four steps of
the arc furnace's, by their first metrics.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from benchmarks import packs
from benchmarks.composition import ReportedLabel
from benchmarks.measurements import Metric
from benchmarks.privacy.mechanism import to_replace
from benchmarks.released import ReleasedLabel, ReleasedQuantile, rank
from benchmarks.routes import MetricRule, Step

Array = NDArray[np.float64]
Centres = Callable[[np.random.Generator, int], Array]

PACK = packs.load("steel")
STEP = PACK.step("eaf")
BATCHES = (670, 2500)  # log-uniform: from the fewest of an eligible plant
# standard deviations: a plant further off would lie at the end of the grid, which is made to hold
# every plant
_FARTHEST = 4.5
_TAILS = 3.0  # degrees of freedom of the heavy-tailed sector and of the batches of its plants


def _rule() -> MetricRule:
    rule = STEP.metric(Metric.ELECTRICITY)
    if rule is None:
        raise LookupError("the steel pack has no electricity at the arc furnace")
    return rule


RULE = _rule()

ROUTE = next(route for route in PACK.routes if route.id == "eaf")
"""Four steps: furnace, ladle, casting, hot rolling, all in kgce/t."""

ROUTE_STEPS: tuple[tuple[Step, MetricRule, float], ...] = tuple(
    (step, step.metrics[0], float(place.ratio))
    for place in ROUTE.steps
    for step in [PACK.step(place.step)]
)
"""Each step, its first metric, and tonnes of its output a tonne of the route's product."""


def _normal(rng: np.random.Generator, firms: int) -> Array:
    return rng.standard_normal(firms)


def _mixed(rng: np.random.Generator, firms: int) -> Array:
    """Two kinds of plants, a third of them the better: humps 2.8 of their own standard deviations
    apart on either side.
    """
    better = rng.random(firms) < 1 / 3
    return np.where(better, -1.333, 0.667) + 0.333 * rng.standard_normal(firms)


def _heavy(rng: np.random.Generator, firms: int) -> Array:
    return np.asarray(rng.standard_t(_TAILS, firms) / (_TAILS / (_TAILS - 2)) ** 0.5)


BETWEEN: Mapping[str, Centres] = {"normal": _normal, "mixed": _mixed, "heavy tails": _heavy}
"""Standardised places of the plants' centres: mean 0, standard deviation 1."""


@dataclass(frozen=True, slots=True)
class Sector:
    labels: tuple[ReportedLabel, ...]
    best: Array  # the plants' exact low quantiles, in the order of the participants
    typical: Array  # their exact medians


@dataclass(frozen=True, slots=True)
class RouteSector:
    labels: tuple[ReportedLabel, ...]  # of the first step all firms, then of the second, ...
    sites: tuple[str, ...]
    totals: Array  # the sites' exact sums of ratio x low quantile, in the order of the sites


def sector(rng: np.random.Generator, shape: str, firms: int, between: float = 0.04) -> Sector:
    """Args:
    between: standard deviation of the plants' centres, as a share of the typical value.
    """
    return _at_step(rng, shape, _places(rng, shape, firms), between, STEP, RULE)


def two_years(
    seed: int, shape: str, firms: int, by: float, between: float = 0.04
) -> tuple[Sector, Sector]:
    """The same firms in two years: their plants as large and as even, with other batches and other
    draws.

    Args:
        by: standard deviation of what a firm moves by in the year, as a share of the typical value.
    """
    rng = np.random.default_rng(seed)
    places = _places(rng, shape, firms)
    first, second = (
        _at_step(rng, shape, at, between, STEP, RULE, plants=np.random.default_rng([seed, 1]))
        for at in (places, places + by / between * rng.standard_normal(firms))
    )
    again = tuple(dataclasses.replace(row, report="next") for row in second.labels)
    return first, dataclasses.replace(second, labels=again)


def route_sector(
    rng: np.random.Generator, shape: str, firms: int, between: float = 0.04
) -> RouteSector:
    """A sector of the arc furnace's route. A firm lies as far from the typical value at each step,
    so that totals have the shape too.
    """
    places = _places(rng, shape, firms)
    steps = [_at_step(rng, shape, places, between, step, rule) for step, rule, _ in ROUTE_STEPS]
    return RouteSector(
        tuple(label for sector in steps for label in sector.labels),
        tuple(label.site for label in steps[0].labels),
        np.sum(
            [ratio * sector.best for sector, (_, _, ratio) in zip(steps, ROUTE_STEPS, strict=True)],
            axis=0,
        ),
    )


def true_bests(rng: np.random.Generator, shape: str, firms: int, between: float = 0.04) -> Array:
    """The exact low quantiles of so many firms of the kind, in rising order: what a sector is drawn
    from.
    """
    return np.sort(_bests(rng, shape, _places(rng, shape, firms), between, STEP, RULE))


def true_totals(rng: np.random.Generator, shape: str, firms: int, between: float = 0.04) -> Array:
    """The exact totals over the route of so many firms of the kind, in rising order."""
    places = _places(rng, shape, firms)
    return np.sort(
        np.sum(
            [
                ratio * _bests(rng, shape, places, between, step, rule)
                for step, rule, ratio in ROUTE_STEPS
            ],
            axis=0,
        )
    )


def _at_step(
    rng: np.random.Generator,
    shape: str,
    places: Array,
    between: float,
    step: Step,
    rule: MetricRule,
    plants: np.random.Generator | None = None,
) -> Sector:
    reported, best, typical = [], np.empty(places.size), np.empty(places.size)
    for i, values in enumerate(_plants(rng, shape, places, between, rule, plants or rng)):
        best[i], typical[i] = (
            values[rank(quantile, values.size) - 1]
            for quantile in (step.label_rule.quantile, Fraction(1, 2))
        )
        reported.append(
            ReportedLabel(f"firm-{i:04}", f"site-{i:04}", _release(values, rng, step, rule))
        )
    return Sector(tuple(reported), best, typical)


def _bests(
    rng: np.random.Generator,
    shape: str,
    places: Array,
    between: float,
    step: Step,
    rule: MetricRule,
) -> Array:
    quantile = step.label_rule.quantile
    return np.array(
        [
            values[rank(quantile, values.size) - 1]
            for values in _plants(rng, shape, places, between, rule, rng)
        ]
    )


def _places(rng: np.random.Generator, shape: str, firms: int) -> Array:
    """Where the firms' centres lie, in standard deviations."""
    places = BETWEEN[shape](rng, firms)
    while (beyond := np.abs(places) > _FARTHEST).any():
        places[beyond] = BETWEEN[shape](rng, int(beyond.sum()))
    return places


def _plants(
    rng: np.random.Generator,
    shape: str,
    places: Array,
    between: float,
    rule: MetricRule,
    plants: np.random.Generator,
) -> Iterator[Array]:
    """The batches of each plant, in rising order; how many each has and how far they lie apart is
    drawn from `plants`.
    """
    firms = places.size
    centres = rule.typical * (1 + between * places)
    counts = np.exp(plants.uniform(np.log(BATCHES[0]), np.log(BATCHES[1]), firms)).astype(int)
    spreads = rule.spread * plants.uniform(0.7, 1.3, firms)
    for i in range(firms):
        batches = (
            rng.standard_t(_TAILS, counts[i]) / 3**0.5
            if shape == "heavy tails"
            else rng.standard_normal(counts[i])
        )
        yield np.sort(centres[i] + spreads[i] * batches)


def _release(
    values: Array, rng: np.random.Generator, step: Step, rule: MetricRule
) -> ReleasedLabel:
    grid = rule.grid
    points = np.clip(
        np.floor((values - float(grid.lower)) / float(grid.width) + 0.5), 0, grid.points - 1
    ).astype(np.int64)
    counts = np.bincount(points, minlength=grid.points)
    at_most = np.cumsum(counts)
    drawn = []
    for quantile, epsilon in (
        (step.label_rule.quantile, PACK.policy.epsilon_best),
        (Fraction(1, 2), PACK.policy.epsilon_typical),
    ):
        lacking = to_replace(at_most - counts, at_most, rank(quantile, values.size))
        point = int((rng.standard_exponential(grid.points) - float(epsilon) / 2 * lacking).argmax())
        drawn.append(ReleasedQuantile(quantile, point, epsilon))
    edge = max(edge for edge in PACK.policy.count_classes if edge <= values.size)
    return ReleasedLabel(
        step.id,
        step.product,
        "any",
        step.boundary.id,
        rule.metric,
        rule.unit,
        grid,
        edge,
        drawn[0],
        drawn[1],
    )
