"""How uncertain released values are: the law of the mechanism's noise at each plant, as a normal part and rare jumps.

The law depends on how densely the plant's batches lie, which only its two released values tell: they are taken as
normal with sigma = (typical - best) / z, drawn halfway (geometric mean) towards the median of the cell's plants: one
plant's two noised values tell its spread poorly, and a value drawn low would else get more noise than one drawn high, which
pulls the industry's best up. Sigma and 2.3 sigma are mixed: real batches lie less densely at a low
quantile than the normal says (arc-furnace heats half as densely), and the few below it lie far apart. With less, the mean of
the best five of heavy-tailed plants stands outside its interval once in seven times; with more, noise that is not there
pulls every plant to the middle. At 2.3 that pull stays below 0.1 % of a typical value (both tested).

The mechanism's exact law on the expected counts is used and not a simulation of it: no chance, ten times faster, and
within a tenth of the simulated standard deviation (tested). Laws are kept, so that thousands of plants share a few.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy.special import ndtr, ndtri

from benchmarks.composition.participants import Participant
from benchmarks.composition.posterior import Array, Observed
from benchmarks.privacy.mechanism import expected_law
from benchmarks.released import Grid, ReleasedLabel, ReleasedQuantile, rank

Which = Literal["best", "typical"]

_SPREAD_FACTORS = (1.0, 2.3)
_PHASES = (-0.25, 0.25)  # where in its cell the exact value lies is not known: a quarter cell to either side stands for all
_SPREAD_STEP = math.log(1.1)  # spreads are rounded to 10 %, so that plants share laws
_PLACES = 16  # where on the grid a plant lies matters to its jumps only: sixteenths will do
_CELLS_WITHOUT_SPREAD = 10.0  # sigma in grid widths where most plants' two values tell none: packs make cells about that fine
_CORE = 5.0  # a draw beyond this many standard deviations is a jump


@dataclass(frozen=True, slots=True)
class Law:
    """Released minus exact: root mean square of the draws that are no jumps, and the probability of a jump."""

    sd: float
    jump: float


def observe(participants: Sequence[Participant], which: Which) -> Observed:
    """The released values with their noise.

    They are not corrected for bias: it is below 0.05 % of a typical value at any plant precise enough to enter.
    """
    spreads = _spreads([p.label for p in participants])
    count = len(participants)
    values, sds, density = np.empty(count), np.empty(count), np.empty(count)
    for i, participant in enumerate(participants):
        label = participant.label
        released = label.best if which == "best" else label.typical
        law = law_of(label.grid, released, label.count_class, float(spreads[i]))
        values[i] = float(label.grid.value(released.cell))
        sds[i] = law.sd
        density[i] = law.jump / float(label.grid.upper - label.grid.lower)
    return Observed(values, sds, density)


def law_of(grid: Grid, released: ReleasedQuantile, count_class: int, spread: float) -> Law:
    """The law at a plant whose batches have this spread around a quantile near the released cell."""
    near = round(round(_PLACES * released.cell / grid.cells) * (grid.cells - 1) / _PLACES)
    rounded = round(math.log(spread / float(grid.width)) / _SPREAD_STEP)
    return _law(grid, released.quantile, released.epsilon, near, count_class, rounded)


@lru_cache(maxsize=1 << 16)
def _law(grid: Grid, quantile: Fraction, epsilon: Fraction, cell: int, count: int, spread_step: int) -> Law:
    k, width = rank(quantile, count), float(grid.width)
    cells = np.arange(grid.cells)
    errors, chances = [], []
    for factor in _SPREAD_FACTORS:
        spread = factor * math.exp(spread_step * _SPREAD_STEP)  # in grid widths
        for phase in _PHASES:
            exact = cell + phase
            centre = exact - spread * float(ndtri(k / (count + 1)))
            errors.append(cells - exact)
            chances.append(expected_law(ndtr((cells + 0.5 - centre) / spread), count, k, epsilon))
    law = _core(np.concatenate(errors), np.concatenate(chances))
    return Law(law.sd * width, law.jump)


def _core(errors: Array, chances: Array) -> Law:
    """Split a law, in grid widths, into its core and its jumps. The core's width is judged by the middle 95 %."""
    chances = chances / chances.sum()
    order = np.argsort(errors)
    cumulated = np.cumsum(chances[order])
    lo, hi = (float(errors[order][np.searchsorted(cumulated, share)]) for share in (0.025, 0.975))
    # never below the standard deviation of rounding to the grid
    near = np.abs(errors) <= _CORE * max((hi - lo) / 3.92, 12**-0.5)
    inside = chances[near] / chances[near].sum()
    sd = math.sqrt(float(inside @ errors[near] ** 2))
    return Law(max(sd, 12**-0.5), float(chances[~near].sum()))


def _spreads(labels: Sequence[ReleasedLabel]) -> Array:
    """The batches' standard deviation at each plant, in the metric's unit."""
    found = np.array([_own_spread(label) for label in labels])
    widths = np.array([float(label.grid.width) for label in labels])
    middle = float(np.median(found))
    if middle <= widths[0]:
        return _CELLS_WITHOUT_SPREAD * widths
    return np.asarray(np.sqrt(middle * np.clip(found, middle / 4, middle * 4)))


def _own_spread(label: ReleasedLabel) -> float:
    z = float(ndtri(float(label.typical.quantile)) - ndtri(float(label.best.quantile)))
    return float(label.typical_value - label.best_value) / z if z > 0 else 0.0
