"""What the published figures of one value alone say of the firms behind it, and how far each figure
moves when some of them are taken out or replaced.

Needed where a published version is corrected and the reports of the other firms may not be read
again (`disclosure.errata`): who subtracts the correction then learns of the corrected firms and of
nobody else. The other firms are simulated: normally spread, typical values a public distance above
their bests, with mean, spread and distance so uncertain that the published figures decide them. An
iterated ensemble smoother (Evensen and others, *Data Assimilation Fundamentals*, 2022, chapter 10)
brings the simulated sectors' figures onto the published ones; what the figures of the same sectors
are without the firms taken out is then a linear regression away, its residual the uncertainty.

Assumptions: a normal spread between firms, as in `posterior`. Of other spreads the figures still
hold the level, and `tests.statistical.corrections` says how far off the result is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.composition import posterior, rules
from benchmarks.composition.result import Interval
from benchmarks.composition.rules import RuleName, apply_to_ordered, averaged, median_of_ordered

Array = NDArray[np.float64]

_SECTORS, _NUMBERS, _FEWEST_SECTORS = 2_000, 2_000_000, 200
_ROUNDS = 4
_SPREAD_UNSURE = 0.5  # of the logarithm of the spread between firms, before any figure is read
_DISTANCE_UNSURE = 0.3  # of the distance from best to typical value, as a share of the public one
_DISTANCES_APART = 0.2  # between firms, likewise
_TO_SD = 1.959964
_FIGURE_UNSURE = 0.1  # of a published interval, which holds one false report as well


@dataclass(frozen=True, slots=True)
class PublishedFigures:
    """One value as the public reads it. `distance` is from the best to the typical value of a
    typical plant, as the pack has it, and `width` that of the grid, both in the value's unit.
    """

    firms: int
    rule: RuleName
    distance: float
    width: float
    figures: Mapping[str, tuple[float, Interval]]
    """By name: `best`, `typical`; where shown `p50` and other points of the curve, `saved-typical`
    and `saved-best`."""


@dataclass(frozen=True, slots=True)
class Move:
    """How far a figure moves, and the standard deviation of what is not known about it."""

    by: float
    sd: float


def moves(
    published: PublishedFigures,
    taken_out: Array,
    put_in: Array,
    rng: np.random.Generator,
    *,
    unknown: int = 0,
    rule: RuleName,
) -> dict[str, Move]:
    """By figure, of those that both numbers of firms allow.

    Args:
        taken_out: a row a firm, its released best and typical value.
        put_in: likewise, of what stands in its place.
        unknown: further firms in its place of which nothing is known but that they are of the
            sector.
        rule: for the number of firms afterwards.
    """
    others = published.firms - len(taken_out)
    size = max(_FEWEST_SECTORS, min(_SECTORS, _NUMBERS // max(others, 1)))
    placed, apart = rng.standard_normal((2, size, others + unknown))

    def sectors(unsure: Array, known: Array, of: int) -> tuple[Array, Array]:
        """The first `of` simulated firms beside the known ones, in rising order."""
        level, spread, distance = unsure[:, :1], np.exp(unsure[:, 1:2]), unsure[:, 2:]
        bests = level + spread * placed[:, :of]
        typicals = bests + distance + _DISTANCES_APART * published.distance * apart[:, :of]
        beside = np.broadcast_to(known, (size, *known.shape))
        return tuple(
            np.sort(np.hstack([simulated, beside[..., column]]), axis=1)
            for column, simulated in enumerate((bests, typicals))
        )  # type: ignore[return-value]

    names = [*published.figures]
    values = np.array([value for value, _ in published.figures.values()])
    sds = np.array([(high - low) / 2 / _TO_SD for _, (low, high) in published.figures.values()])
    sds = np.hypot(_FIGURE_UNSURE * sds, published.width / 12**0.5)
    unsure = _before(published, rng, size)
    for left in reversed(range(_ROUNDS)):
        drawn = _figures(*sectors(unsure, taken_out, others), published.rule)
        read = np.stack([drawn[name] for name in names], axis=1)
        read += sds * rng.standard_normal(read.shape)
        if left:
            unsure = unsure + (values - read) @ _regression(read, unsure)
    after = _figures(*sectors(unsure, put_in, others + unknown), rule)
    both = [name for name in names if name in after]
    moved = np.stack([after[name] - drawn[name] for name in both], axis=1)
    slopes = _regression(read, moved)
    expected = moved.mean(axis=0) + (values - read.mean(axis=0)) @ slopes
    rest = moved - moved.mean(axis=0) - (read - read.mean(axis=0)) @ slopes
    return {
        name: Move(float(by), float(sd))
        for name, by, sd in zip(both, expected, rest.std(axis=0), strict=True)
    }


def _before(published: PublishedFigures, rng: np.random.Generator, size: int) -> Array:
    """Level and logarithm of the spread of the firms' bests, and distance: a row a sector."""
    typical, best = published.figures["typical"][0], published.figures["best"][0]
    level = typical - published.distance
    among = averaged(published.rule, published.firms)
    normal = np.sort(rng.standard_normal((size, published.firms)), axis=1)
    below = -float(normal[:, among.start : among.stop].mean())
    spread = max((level - best) / below, published.width)
    middle = np.array([level, np.log(spread), published.distance])
    sds = np.array(
        [2 * spread, _SPREAD_UNSURE, max(_DISTANCE_UNSURE * published.distance, published.width)]
    )
    return np.asarray(middle + sds * rng.standard_normal((size, 3)))


def _figures(bests: Array, typicals: Array, rule: RuleName) -> dict[str, Array]:
    """Of sectors in rows, in rising order, every figure that so many firms allow."""
    best, typical = apply_to_ordered(rule, bests), median_of_ordered(typicals)
    points = zip(
        rules.percents(bests.shape[1]), np.moveaxis(rules.read_off(bests), -1, 0), strict=True
    )
    return {
        "best": best,
        "typical": typical,
        **{f"p{percent}": point for percent, point in points},
        "saved-typical": posterior.saved(typicals, typical),
        "saved-best": posterior.saved(typicals, best),
    }


def _regression(of: Array, on: Array) -> Array:
    """Slopes of `on` by `of`: covariances over the ensemble."""
    of, on = of - of.mean(axis=0), on - on.mean(axis=0)
    slopes, *_ = np.linalg.lstsq(of, on, rcond=None)
    return np.asarray(slopes)
