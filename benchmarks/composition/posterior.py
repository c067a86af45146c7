"""Where the plants' true values lie, given their released ones; the noise of these; what firms
would save by coming down to a reference.

*Noise.* The law depends on how densely a plant's batches lie, which only its two released values
tell: they are taken as normal with sigma = (typical - best) / z, drawn halfway (geometric mean)
towards the median of the cell's plants, or values drawn low would get more noise than those drawn
high and pull the best up. Real batches lie less densely at a low quantile than the normal says, how
much less nobody tells the portal, and no one noise does for all (too little: the best five of
heavy-tailed plants lie outside their interval once in seven times). So a cell is seen twice, with
sigma and with 2 sigma (`VIEWS`): values are the mean of both, intervals the union, as in
`benchmarks.privacy.intervals`. The mechanism's exact law on the expected counts is used, tabulated
by class, rounded spread and position on the grid.

*True values.* A normal hierarchical model, simulated: plant i's noised value y_i is normal around
its true value with the known standard deviation s_i of its release; true values are normal between
plants with unknown mean mu and standard deviation tau >= 0, flat priors (Gelman et al., Bayesian
Data Analysis, 3rd ed., 5.4). Stages: p(tau | y) on a grid, mu | tau, then every plant's value.

*Jumps.* With a small known probability the mechanism draws a grid point anywhere. A value that is
better explained by a jump than by the other plants tells nothing, and its plant is drawn from the
sector. What the others lead one to expect is a mixture of a normal and a heavy-tailed sector,
weighed by how well each foretells the values: with the normal alone the truly best plants of a
heavy-tailed sector pass for jumps (the top decile of 1,000 stands 0.5 % too high).

*Savings.* Of every firm that enters, the distance of its typical batch above the reference, none
where it lies below, averaged; firms count one each, because a firm's output never reaches the
portal. Noise lifts what is cut off at nothing, so the value is that of the released ones less what
as much noise again would lift it by (simulation extrapolation: Cook and Stefanski 1994, *Journal of
the American Statistical Association* 89, 1314-1328; here in closed form); draws give the interval.

Nothing is divided by a value or logged: values near zero and below it work alike. Known drawback:
real sectors may have two humps; `fits` says when that matters (docs/composition.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_ndtr, ndtr, ndtri

from benchmarks.composition.entrants import ReportedLabel
from benchmarks.privacy.mechanism import exact_law, to_replace
from benchmarks.released import Grid, ReleasedLabel, ReleasedQuantile, rank

Array = NDArray[np.float64]

MOST_DRAWS, FEWEST_DRAWS = 2000, 100
_NUMBERS = 1_000_000  # plants x draws from which on draws are saved
_COARSE, _FINE = 48, 96  # points of tau: over the whole reach, and again where its posterior lies
# the grid ends at this many standard deviations: beyond lies < 1e-3 of p(tau | y) at 8 firms
_TAU_REACH = 6.0
_NEGLIGIBLE = 16.0  # exponents below the largest of p(tau | y)
# values of tau, each shared by a fiftieth of the draws: what depends on tau alone is worked out
# once for all of them
_STRATA = 50
_AT_ONCE = (
    1 << 15
)  # numbers that are worked on together: few plants would else be mostly the cost of a call
_ANDERSON_DARLING_1_PERCENT = 1.035
_FEWEST_TO_JUDGE = 5  # plants, before a jump or a poor fit can be told
_HEAVY = 3.0  # degrees of freedom of a heavy-tailed sector
_HEAVY_QUARTILE = 0.7649  # of Student's t with so many
# weight that a heavy-tailed sector keeps, however normal it looks: a few plants cannot rule it out
_LEAST_HEAVY = 0.1
_NO_JUMP = 1e-6  # probability of a jump below which no coin is thrown


@dataclass(frozen=True, slots=True)
class ObservedValues:
    """Released values with what is known of their noise, one entry a plant, all in the metric's
    unit.

    `jump_density` is the probability of a jump spread evenly over the grid, per unit: 0 where none
    can happen.
    """

    values: Array
    sds: Array
    jump_density: Array


def draw_count(plants: int) -> int:
    """How many draws in each view of the noise: 2,000, and from 500 plants on as many as give a
    million numbers, down to 100.

    A value of the industry is a rank or a mean of many plants. Of two views of 100 draws the mean
    lies within 0.07, and the end of an interval made with their standard deviation within 0.17, of
    one standard deviation of the posterior, which at 10,000 plants is below 0.02 % of the value: a
    tenth of the grid width that the value is rounded to. Fewer plants have wide intervals of no
    particular shape, and get draws for their tails.
    """
    return max(FEWEST_DRAWS, min(MOST_DRAWS, _NUMBERS // max(plants, 1)))


def draws(
    observed: ObservedValues, rng: np.random.Generator, count: int | None = None, *, unseen: int = 0
) -> Iterator[Array]:
    """Simultaneous draws of all plants' true values: blocks of rows, one row a draw, one column a
    plant, in random order of tau.

    Args:
        count: rows in all; `draw_count` of the plants where None.
        unseen: further plants of the sector of which nothing is known; their columns come last.
    """
    values, plants = observed.values, observed.values.size
    wanted = draw_count(plants) if count is None else count
    jumped = jump_probability(observed)
    doubted = _doubted(jumped)
    all_taus = _strata(*_tau_posterior(observed, jumped), rng)
    all_rows = np.diff(np.linspace(0, wanted, all_taus.size + 1).astype(int))
    together = max(1, _AT_ONCE * all_taus.size // (wanted * (plants + unseen)))
    for first in range(0, all_taus.size, together):
        taus, rows = all_taus[first : first + together, None], all_rows[first : first + together]
        chance = [
            (
                rng.random((n, doubted.size)),
                rng.standard_normal(n),
                rng.standard_normal((n, plants + unseen)),
            )
            for n in rows
        ]
        coins, apart, drawn = (np.concatenate(parts) for parts in zip(*chance, strict=True))
        of = (
            np.repeat(np.arange(len(rows)), rows) if len(rows) > 1 else slice(None)
        )  # the tau of each row; of one alone it is of all
        precision = 1.0 / (observed.sds**2 + taus**2)
        weighted = precision * values
        jumps = coins < jumped[doubted]  # these tell nothing
        total = precision.sum(axis=1)[of] - (jumps * precision[of][:, doubted]).sum(axis=1)
        mu = (
            weighted.sum(axis=1)[of] - (jumps * weighted[of][:, doubted]).sum(axis=1)
        ) / total + apart / np.sqrt(total)
        own = (
            taus**2 * precision
        )  # how much of its own value a plant keeps; the rest comes from the sector
        of_plants = drawn[:, :plants]
        for_jumps = mu[:, None] + taus[of] * of_plants[:, doubted]
        of_plants *= (taus * np.sqrt(1.0 - own))[of]
        of_plants += (own * values)[of]
        of_plants += mu[:, None] * (1.0 - own)[of]
        of_plants[:, doubted] = np.where(jumps, for_jumps, of_plants[:, doubted])
        drawn[:, plants:] = mu[:, None] + taus[of] * drawn[:, plants:]
        yield drawn


def _strata(taus: Array, weights: Array, rng: np.random.Generator) -> Array:
    """One value of tau from each fiftieth of its posterior, in random order: closer than as many by
    chance alone.
    """
    chances = (rng.permutation(_STRATA) + rng.random(_STRATA)) / _STRATA
    edges = np.concatenate(([taus[0]], (taus[1:] + taus[:-1]) / 2, [taus[-1]]))
    return np.asarray(np.interp(chances, np.concatenate(([0.0], np.cumsum(weights))), edges))


def _doubted(jumped: Array) -> NDArray[np.int64]:
    """Plants whose value may be a jump. At least two keep theirs, or mu would be unknown."""
    doubted = np.flatnonzero(jumped > _NO_JUMP)
    if jumped.size - doubted.size < 2:
        doubted = doubted[~np.isin(doubted, np.argsort(jumped, kind="stable")[:2])]
    return doubted


def jump_probability(observed: ObservedValues) -> Array:
    """Probability that each value is a jump: its jump density against what the other values
    foretell.

    A normal sector foretells Student's t around the mean of the others; a heavy-tailed one
    Student's t with three degrees of freedom whose middle and scale are told by the quartiles.
    Their weights are as the likelihoods of all values under either.
    """
    values, jump = observed.values, observed.jump_density
    others = values.size - 1
    if others < _FEWEST_TO_JUDGE - 1 or not jump.any():
        return np.zeros(values.size)
    wider = 1 + 1 / others
    mean = (values.sum() - values) / others
    squares = (
        (values**2).sum() - values**2
    ) / others - mean**2  # variance of the others, before the n - 1
    normal = _student(
        values - mean,
        others - 1,
        np.sqrt(np.maximum(squares * others / (others - 1), observed.sds**2) * wider),
    )
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
    scale = (high - low) / (2 * _HEAVY_QUARTILE)
    heavy = _student(
        values - middle, _HEAVY, np.sqrt(np.maximum(scale**2, observed.sds**2) * wider)
    )
    gain = float(np.log((heavy + jump) / (normal + jump)).sum())
    weight = max(float(expit(gain)), _LEAST_HEAVY)
    return np.asarray(jump / (jump + (1 - weight) * normal + weight * heavy))


def _student(off: Array, freedom: float, scale: Array) -> Array:
    """Density of Student's t at a distance from its middle."""
    constant = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(
        freedom * math.pi
    )
    return np.asarray(constant / scale * (1 + (off / scale) ** 2 / freedom) ** (-(freedom + 1) / 2))


def _tau_posterior(observed: ObservedValues, jumped: Array) -> tuple[Array, Array]:
    """p(tau | y) on an even grid, flat prior: BDA3 equation 5.21, over the values that are no
    jumps.
    """
    steady = jumped < 0.5
    values, variances = observed.values[steady], observed.sds[steady] ** 2
    reach = _TAU_REACH * max(float(values.std()), math.sqrt(float(variances.max())))
    taus = np.linspace(0.0, reach, _COARSE)
    likely = np.flatnonzero(
        (density := _log_tau_density(taus, values, variances)) > density.max() - _NEGLIGIBLE
    )
    # thousands of plants tell tau much closer than the whole reach has points
    low, high = taus[max(likely[0] - 1, 0)], taus[min(likely[-1] + 1, _COARSE - 1)]
    taus = np.linspace(low, high, _FINE)
    density = _log_tau_density(taus, values, variances)
    weights = np.exp(density - density.max())
    return taus, weights / weights.sum()


def _log_tau_density(taus: Array, values: Array, variances: Array) -> Array:
    densities = []
    for part in np.array_split(
        taus, -(-taus.size * values.size // _AT_ONCE)
    ):  # flat memory for thousands of plants
        precision = 1.0 / (variances + part[:, None] ** 2)
        total = precision.sum(axis=1)
        mean = precision @ values / total
        off = (precision * (values - mean[:, None]) ** 2).sum(axis=1)
        densities.append(-0.5 * (np.log(total) - np.log(precision).sum(axis=1) + off))
    return np.concatenate(densities)


def fits(observed: ObservedValues) -> bool:
    """Whether a normal spread between plants is a fair description: Anderson-Darling at the 1 %
    level.

    Mean and variance estimated: A*2 = A2 (1 + 0.75/n + 2.25/n2) against 1.035 (D'Agostino and
    Stephens, Goodness-of-Fit Techniques, 1986, table 4.7).
    """
    jumped = jump_probability(observed)
    steady = jumped < 0.5
    values, sds = observed.values[steady], observed.sds[steady]
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


Reference = Literal["typical", "best"]


@dataclass(frozen=True, slots=True)
class Potential:
    """What the firms would save on average by coming down to `to`, with its 95 % interval, in the
    metric's unit.
    """

    to: Reference
    value: float
    interval: tuple[float, float]


def saved(firms: Array, reference: Array) -> Array:
    """Of each row of firms' values the mean distance above that row's reference."""
    return np.asarray(np.maximum(firms - reference[:, None], 0.0).mean(axis=-1))


def without_noise(observed: ObservedValues, reference: float) -> float:
    """The mean distance of the true values above the reference. A value that is a jump tells of
    none.
    """
    above, sds = observed.values - reference, observed.sds
    lifted = sds * np.exp(-((above / sds) ** 2) / 2) / np.sqrt(2 * np.pi) + above * ndtr(
        above / sds
    )
    return float(
        np.average(2 * np.maximum(above, 0.0) - lifted, weights=1 - jump_probability(observed))
    )
