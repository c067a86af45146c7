"""Where the plants' true values lie, given their noised values: a normal hierarchical model, simulated.

Assumptions: plant i's noised value y_i is normal around its true value with the known standard deviation s_i of its
release; true values are normal between plants with unknown mean mu and standard deviation tau >= 0. Flat priors on
mu and tau (Gelman et al., Bayesian Data Analysis, 3rd ed., 5.4), so that not knowing tau, which matters at 8 to 20
firms, widens the intervals. Stages: p(tau | y) on a grid, mu | tau, then every plant's value | mu, tau.

A release may also *jump*: with a small known probability the mechanism draws a cell far away, anywhere on the grid. A
value that is better explained by a jump than by the other plants tells nothing, and its plant is drawn from the sector.

Nothing is divided by a value or logged: values near zero and below it (a converter gives energy back) work alike.
Known drawback: real sectors may have two humps; `fits` says when that matters. Coverage is checked in the tests.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

Array = NDArray[np.float64]

DRAWS = 4000
_TAU_POINTS = 240
_TAU_REACH = 6.0  # the grid ends at this many standard deviations: beyond lies < 1e-3 of p(tau | y) at 8 firms
_BLOCK = 1 << 21  # numbers in one block of draws: 16 MB, whatever the number of plants
_ANDERSON_DARLING_1_PERCENT = 1.035
_FEWEST_TO_JUDGE = 5  # plants, before a jump or a poor fit can be told


@dataclass(frozen=True, slots=True)
class Observed:
    """Released values with what is known of their noise, one entry a plant, all in the metric's unit.

    `jump_density` is the probability of a jump spread evenly over the grid, per unit: 0 where none can happen.
    """

    values: Array
    sds: Array
    jump_density: Array


def draws(observed: Observed, rng: np.random.Generator, count: int = DRAWS, *, unseen: int = 0) -> Iterator[Array]:
    """Simultaneous draws of all plants' true values: blocks of rows, one row a draw, one column a plant.

    Args:
        unseen: further plants of the sector of which nothing is known; their columns come last.
    """
    values, sds = observed.values, observed.sds
    jumped = jump_probability(observed)
    taus, weights = _tau_posterior(observed, jumped)
    half_step = (taus[1] - taus[0]) / 2
    rows = max(1, _BLOCK // (values.size + unseen))
    for start in range(0, count, rows):
        block = min(rows, count - start)
        tau = np.abs(rng.choice(taus, size=block, p=weights) + rng.uniform(-half_step, half_step, block))[:, None]
        kept = _told(jumped, block, rng)
        precision = kept / (sds**2 + tau**2)
        total = precision.sum(axis=1, keepdims=True)
        mu = (precision * values).sum(axis=1, keepdims=True) / total + rng.standard_normal((block, 1)) / np.sqrt(total)
        own = tau**2 * precision  # how much of its own value a plant keeps; the rest comes from the sector
        seen = own * values + (1.0 - own) * mu + tau * np.sqrt(1.0 - own) * rng.standard_normal((block, values.size))
        yield np.hstack((seen, mu + tau * rng.standard_normal((block, unseen)))) if unseen else seen


def _told(jumped: Array, block: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """In which draws each plant's value tells something. At least two plants keep theirs, or mu would be unknown."""
    kept = rng.random((block, jumped.size)) >= jumped
    kept[:, np.argsort(jumped, kind="stable")[:2]] = True
    return kept


def jump_probability(observed: Observed) -> Array:
    """Probability that each value is a jump: its jump density against Student's t predicted from all other values."""
    values = observed.values
    others = values.size - 1
    if others < _FEWEST_TO_JUDGE - 1 or not observed.jump_density.any():
        return np.zeros(values.size)
    mean = (values.sum() - values) / others
    squares = ((values**2).sum() - values**2) / others - mean**2  # variance of the others, before the n - 1
    least = observed.sds**2
    scale = np.sqrt(np.maximum(squares * others / (others - 1), least) * (1 + 1 / others))
    freedom = others - 1
    constant = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)
    predicted = constant / scale * (1 + ((values - mean) / scale) ** 2 / freedom) ** (-(freedom + 1) / 2)
    return np.asarray(observed.jump_density / (observed.jump_density + predicted))


def _tau_posterior(observed: Observed, jumped: Array) -> tuple[Array, Array]:
    """p(tau | y) on an even grid from 0, flat prior: BDA3 equation 5.21, over the values that are no jumps."""
    told = jumped < 0.5
    values, sds = observed.values[told], observed.sds[told]
    reach = _TAU_REACH * max(float(values.std()), float(sds.max()))
    taus = np.linspace(0.0, reach, _TAU_POINTS)
    log_density = np.empty(_TAU_POINTS)
    for i, tau in enumerate(taus):  # a loop over the grid, not over plants: flat memory for thousands of plants
        variance = sds**2 + tau**2
        total = (1.0 / variance).sum()
        mean = (values / variance).sum() / total
        log_density[i] = -0.5 * (np.log(total) + np.log(variance).sum() + ((values - mean) ** 2 / variance).sum())
    weights = np.exp(log_density - log_density.max())
    return taus, weights / weights.sum()


def fits(observed: Observed) -> bool:
    """Whether a normal spread between plants is a fair description: Anderson-Darling at the 1 % level.

    Mean and variance estimated: A*2 = A2 (1 + 0.75/n + 2.25/n2) against 1.035 (D'Agostino and Stephens, Goodness-of-Fit
    Techniques, 1986, table 4.7).
    """
    jumped = jump_probability(observed)
    told = jumped < 0.5
    values, sds = observed.values[told], observed.sds[told]
    if values.size < _FEWEST_TO_JUDGE or np.ptp(values) == 0.0:
        return True  # nothing to judge by
    taus, weights = _tau_posterior(observed, jumped)
    variance = sds**2 + float((taus * weights).sum()) ** 2
    mean = (values / variance).sum() / (1.0 / variance).sum()
    scaled = np.sort((values - mean) / np.sqrt(variance))
    scaled = (scaled - scaled.mean()) / scaled.std(ddof=1)
    count = scaled.size
    odd = 2 * np.arange(1, count + 1) - 1
    statistic = -count - float((odd * (log_ndtr(scaled) + log_ndtr(-scaled[::-1]))).sum()) / count
    return bool(statistic * (1 + 0.75 / count + 2.25 / count**2) <= _ANDERSON_DARLING_1_PERCENT)
