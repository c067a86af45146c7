"""How uncertain released values are: the law of the mechanism's noise at each plant, as a normal
part and rare jumps.

The law depends on how densely the plant's batches lie, which only its two released values tell:
they are taken as normal with sigma = (typical - best) / z, drawn halfway (geometric mean) towards
the median of the cell's plants: one plant's two noised values tell its spread poorly, and a value
drawn low would else get more noise than one drawn high, which pulls the industry's best up. Real
batches lie less densely at a low quantile than the normal says (arc-furnace heats half as densely).
How much less nobody tells the portal, and no one noise does for all: with too little, the mean of
the best five of heavy-tailed plants stands outside its interval once in seven times; with too much,
noise that is not there pulls every plant to the middle, and at 1,000 plants out of their narrow
interval. So a cell is seen twice, with sigma and with 2 sigma: values are the mean of both,
intervals the union (`VIEWS`), as for a single plant's interval in `benchmarks.privacy.intervals`.

The mechanism's exact law on the expected counts is used and not a simulation of it: no chance, and
within a tenth of the simulated standard deviation (tested). Laws are tabulated by class, rounded
spread and position on the grid, so that thousands of plants share a few hundred; 2 sigma lies seven
steps of the spread further in the same table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from benchmarks.composition.posterior import Array, ObservedValues
from benchmarks.composition.reported_labels import ReportedLabel
from benchmarks.privacy.mechanism import exact_law, to_replace
from benchmarks.released import Grid, ReleasedLabel, ReleasedQuantile, rank

Which = Literal["best", "typical"]
Views = tuple[ObservedValues, ...]
"""The released values of a cell, once for each spread of batches that may hold."""

_STEPS_A_DOUBLING = 7
_SPREAD_STEP = (
    math.log(2) / _STEPS_A_DOUBLING
)  # spreads are rounded to 10 %, so that plants share laws
VIEWS = (
    0,
    _STEPS_A_DOUBLING,
)  # steps of the spread beyond what the two values tell: sigma and 2 sigma
_PHASES = (
    -0.25,
    0.25,
    # how far the exact value lies from its grid point is not known: a quarter of the grid width to
    # either side stands for all
)
_POSITIONS = 8  # where on the grid a plant lies matters to its jumps only: eighths will do
# sigma in grid widths where most plants' two values tell none: packs make grids about that fine
_WIDTHS_WITHOUT_SPREAD = 10.0
_CORE = 5.0  # a draw beyond this many standard deviations is a jump
# exponents: grid points less likely than exp(-10) of the likeliest do not change each other's
# chance
_FAR = 10.0


@dataclass(frozen=True, slots=True)
class ReleaseNoise:
    """Released minus exact: root mean square of the draws that are no jumps, and the probability of
    a jump.
    """

    sd: float
    jump: float


def observe(reported: Sequence[ReportedLabel], which: Which) -> Views:
    """The released values of one cell, of one grid, with their noise; once for each of `VIEWS`.

    They are not corrected for bias: it is below 0.05 % of a typical value at any plant precise
    enough to enter.
    """
    labels = [row.label for row in reported]
    grid = labels[0].grid
    released = (
        [label.best for label in labels] if which == "best" else [label.typical for label in labels]
    )
    points = np.array([value.grid_point for value in released])
    near = np.rint(_POSITIONS * points / grid.points).astype(np.int64)
    classes, class_of = np.unique(
        np.array([label.count_class for label in labels]), return_inverse=True
    )
    terms, term_of = _terms(released)
    steps = np.rint(np.log(_spreads(labels) / float(grid.width)) / _SPREAD_STEP).astype(np.int64)
    lowest = int(steps.min())
    shape = (len(terms), len(classes), _POSITIONS + 1, int(steps.max()) - lowest + 1)
    kinds, kind_of = np.unique(
        np.ravel_multi_index((term_of, class_of, near, steps - lowest), shape), return_inverse=True
    )
    keys = [
        tuple(int(part) for part in key)
        for key in zip(*np.unravel_index(kinds, shape), strict=True)
    ]
    values = float(grid.lower) + float(grid.width) * points
    views = []
    for wider in VIEWS:
        laws = [
            _law(grid, *terms[term], int(classes[of]), position, step + lowest + wider)
            for term, of, position, step in keys
        ]
        sds, jumps = np.array([law.sd for law in laws]), np.array([law.jump for law in laws])
        views.append(
            ObservedValues(values, sds[kind_of], jumps[kind_of] / float(grid.upper - grid.lower))
        )
    return tuple(views)


def law_of(grid: Grid, released: ReleasedQuantile, count_class: int, spread: float) -> ReleaseNoise:
    """The law at a plant whose batches have this spread around a quantile near the released grid
    point.
    """
    position = round(_POSITIONS * released.grid_point / grid.points)
    step = round(math.log(spread / float(grid.width)) / _SPREAD_STEP)
    return _law(grid, released.quantile, released.epsilon, count_class, position, step)


@lru_cache(maxsize=1 << 16)
def _law(
    grid: Grid, quantile: Fraction, epsilon: Fraction, count: int, index: int, spread_step: int
) -> ReleaseNoise:
    k, width = rank(quantile, count), float(grid.width)
    points = np.arange(grid.points)
    spread = math.exp(spread_step * _SPREAD_STEP)  # in grid widths
    errors, chances = [], []
    for phase in _PHASES:
        exact = round(index * (grid.points - 1) / _POSITIONS) + phase
        centre = exact - spread * float(ndtri(k / (count + 1)))
        at_most = count * ndtr((points + 0.5 - centre) / spread)
        at_most[-1] = (
            count  # the last grid point takes everything above, the first everything below
        )
        lacking = to_replace(np.concatenate(([0.0], at_most[:-1])), at_most, k)
        errors.append(points - exact)
        chances.append(_chances(float(epsilon) / 2 * (lacking - lacking.min()), epsilon))
    law = _core(np.concatenate(errors), np.concatenate(chances))
    return ReleaseNoise(law.sd * width, law.jump)


def _chances(exponents: Array, epsilon: Fraction) -> Array:
    """The mechanism's exact law among the grid points that have a chance worth the name; the others
    are drawn, where none of these is, in proportion to their weights. Fifty times faster than the
    law over the whole grid, for the same to 1 % of a jump's chance.
    """
    near = exponents <= _FAR
    # one grid point more, at the edge of what counts, tells how likely it is that none of the near
    # ones is drawn
    law = exact_law([*(-2 / float(epsilon) * exponents[near]), -2 / float(epsilon) * _FAR], epsilon)
    chances = np.exp(_FAR - exponents) * law[-1]
    chances[near] = law[:-1]
    return np.asarray(chances)


def _core(errors: Array, chances: Array) -> ReleaseNoise:
    """Split a law, in grid widths, into its core and its jumps. The core's width is judged by the
    middle 95 %.
    """
    chances = chances / chances.sum()
    order = np.argsort(errors)
    cumulated = np.cumsum(chances[order])
    lo, hi = (float(errors[order][np.searchsorted(cumulated, share)]) for share in (0.025, 0.975))
    # never below the standard deviation of rounding to the grid
    near = np.abs(errors) <= _CORE * max((hi - lo) / 3.92, 12**-0.5)
    inside = chances[near] / chances[near].sum()
    sd = math.sqrt(float(inside @ errors[near] ** 2))
    return ReleaseNoise(max(sd, 12**-0.5), float(chances[~near].sum()))


def _spreads(labels: Sequence[ReleasedLabel]) -> Array:
    """The batches' standard deviation at each plant, in the metric's unit."""
    width = float(labels[0].grid.width)
    terms, term_of = _terms([label.best for label in labels])
    apart = np.array([label.typical.grid_point - label.best.grid_point for label in labels]) * width
    z = np.array([-float(ndtri(float(quantile))) for quantile, _ in terms])[term_of]
    spreads = np.divide(apart, z, out=np.zeros(len(labels)), where=z > 0)
    middle = float(np.median(spreads))
    if middle <= width:
        return np.full(len(labels), _WIDTHS_WITHOUT_SPREAD * width)
    return np.asarray(np.sqrt(middle * np.clip(spreads, middle / 4, middle * 4)))


def _terms(
    released: Sequence[ReleasedQuantile],
) -> tuple[list[tuple[Fraction, Fraction]], NDArray[np.int64]]:
    """The quantiles and epsilons that occur, and which of them each value has. Nearly always there
    is one.
    """
    distinct = {id(value): value for value in released}  # read from rows: equal ones are the same
    terms: dict[tuple[Fraction, Fraction], int] = {}
    index_of = {
        key: terms.setdefault((value.quantile, value.epsilon), len(terms))
        for key, value in distinct.items()
    }
    if len(terms) == 1:
        return list(terms), np.zeros(len(released), dtype=np.int64)
    return list(terms), np.array([index_of[id(value)] for value in released])
