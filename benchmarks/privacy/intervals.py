"""How far a released value may lie from the plant's exact one: by simulation of the mechanism.

What is known outside the site is the two released values, the count class, the grid and the
budgets. The plant's batches are taken as normal around the released median with sigma = (typical -
best) / z, z the normal quantile of the best's rule. Real batches are not normal: at the low
quantile of arc-furnace heats, as of Student's t with three degrees of freedom, they lie half as
densely as the normal says. So sigma and 2 sigma are both simulated and the interval is the union.
Where the two values lie too close together to tell a spread, or crossed, the pack's public spread
stands in; where too few records hold a value in place (rank times epsilon below 25) it joins the
union, for then the two values themselves may be far off. Where the median is such a value (fewer
than 200 batches) the simulated batches may lie in quite the wrong place: the pack's public typical
value joins as well. Each simulation is cut at 1.25 % on either side (0.5 % where a value is not
held in place), not at 2.5 %, because no plant is one of those simulated.

The simulation draws the order statistics around the target rank, bins them on the grid and takes
the largest of score plus exponential noise: the same law as permute-and-flip (Ding, Kifer et al.,
"The permute-and-flip mechanism is identical to report-noisy-max with exponential noise", 2021),
vectorised. It is for simulation only: no plant's value is drawn this way.

Meters read in steps. Where a step is coarser than the grid and the rank lies at the edge of a step,
no score tells the grid points between two steps apart, and the draw lies anywhere among them: one
and a half grid widths are added on either side, which is enough for steps of two grid widths (real
arc-furnace heats: 0.25 MWh, 2.04 kWh/t, on a grid of 1).

The interval is for the plant's exact *sample* quantile (the k-th smallest of its valid batches),
the number that its own label shows. A value released at an end of the grid may stand for one beyond
it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from benchmarks.privacy.mechanism import to_replace
from benchmarks.released import Grid, ReleasedLabel, ReleasedQuantile, rank
from benchmarks.routes import MetricRule

Which = Literal["best", "typical"]

SPREAD_FACTORS = (1.0, 2.0)
_CUT, _CUT_WHERE_NOT_FIRM = 0.0125, 0.005
DRAWS = 1000
STEP_ALLOWANCE = 1.5
"""Grid widths added to the interval on either side, because real meters read in steps and the
simulated batches do not.
"""
# exponents of the coin beyond which records need not be told apart: exp(-18) of a grid point's
# weight
_FAR = 18.0
_LEAST_SHARE_OF_PUBLIC_SPREAD = 0.4
_WIDTHS_WITHOUT_RULE = (
    14  # stands for the public spread where no pack is at hand: grids are made about that fine
)
_FIRM = 25  # rank x epsilon from which a far grid point is drawn less than once in a thousand times


@dataclass(frozen=True, slots=True)
class NoiseLaw:
    """The law of (released - exact) as simulated, and the interval it gives. All in the metric's
    unit.

    `bias` and `sd` are over all simulated plants alike; `quantiles` are the outermost of the lower
    cuts, the mean of the medians and the outermost of the upper cuts; `lo` and `hi` bound the
    plant's exact sample quantile with 95 %.
    """

    bias: float
    sd: float
    quantiles: tuple[float, float, float]
    lo: float
    hi: float


def noise_law(
    label: ReleasedLabel,
    which: Which,
    rng: np.random.Generator,
    draws: int = DRAWS,
    *,
    rule: MetricRule | None = None,
) -> NoiseLaw:
    """Simulate the mechanism at the plant that released this label; `draws` data sets for each
    centre and spread that may hold.
    """
    released = label.best if which == "best" else label.typical
    errors = [
        simulate_errors(
            label.grid,
            released.quantile,
            released.epsilon,
            label.count_class,
            centre,
            spread,
            rng,
            draws,
        )
        for centre, spread in _plants(label, released, rule)
    ]
    cut = _CUT if _firmness(label, released) >= _FIRM else _CUT_WHERE_NOT_FIRM
    low, middle, high = np.array([np.quantile(error, (cut, 0.5, 1 - cut)) for error in errors]).T
    pooled = np.concatenate(errors)
    value = float(label.grid.value(released.grid_point))
    outer = float(low.min()), float(middle.mean()), float(high.max())
    step = STEP_ALLOWANCE * float(label.grid.width)
    return NoiseLaw(
        float(pooled.mean()),
        float(pooled.std()),
        outer,
        value - outer[2] - step,
        value - outer[0] + step,
    )


def interval(
    label: ReleasedLabel,
    which: Which,
    rng: np.random.Generator,
    draws: int = DRAWS,
    *,
    rule: MetricRule | None = None,
) -> tuple[float, float]:
    """95 % interval for the plant's exact sample quantile."""
    law = noise_law(label, which, rng, draws, rule=rule)
    return law.lo, law.hi


def simulate_errors(
    grid: Grid,
    quantile: Fraction,
    epsilon: Fraction,
    count: int,
    centre: float,
    spread: float,
    rng: np.random.Generator,
    draws: int,
) -> NDArray[np.float64]:
    """Released minus exact for `draws` normal data sets of `count` batches, each with one draw of
    the mechanism.
    """
    k = rank(quantile, count)
    reach = math.ceil(2 * _FAR / float(epsilon))
    first, last = max(1, k - reach), min(count, k + reach)
    records = centre + spread * ndtri(_uniform_order_statistics(count, first, last, rng, draws))
    exact = records[:, k - first]
    binned = np.clip(
        np.floor((records - float(grid.lower)) / float(grid.width) + 0.5), 0, grid.points - 1
    ).astype(np.int64)
    lowest, highest = int(binned[:, 0].min()), int(binned[:, -1].max())
    near = highest - lowest + 1
    flat = binned + np.arange(-lowest, draws * near - lowest, near)[:, None]
    counts = np.bincount(flat.ravel(), minlength=draws * near).reshape(draws, near)
    at_most = first - 1 + np.cumsum(counts, axis=1)
    half = float(epsilon) / 2
    noised = rng.standard_exponential((draws, near)) - half * to_replace(
        at_most - counts, at_most, k
    )
    drawn = noised.argmax(axis=1)
    top = noised[np.arange(draws), drawn]
    drawn += lowest
    # grid points beyond the simulated records share one score on either side: the largest of their
    # noises is drawn at once
    for start, number, score in (
        (0, lowest, first - 1 - k),
        (highest + 1, grid.points - 1 - highest, k - 1 - last),
    ):
        if number:
            beyond = half * score - np.log1p(-(rng.random(draws) ** (1.0 / number)))
            wins = beyond > top
            drawn[wins], top[wins] = (
                start + rng.integers(number, size=int(wins.sum())),
                beyond[wins],
            )
    errors: NDArray[np.float64] = float(grid.lower) + float(grid.width) * drawn - exact
    return errors


def _uniform_order_statistics(
    count: int, first: int, last: int, rng: np.random.Generator, draws: int
) -> NDArray[np.float64]:
    """Order statistics `first`..`last` of `count` uniform numbers: partial sums of exponentials
    over their total (Renyi).
    """
    steps = rng.standard_exponential((draws, last - first + 1))
    steps[:, 0] = rng.standard_gamma(first, draws)
    sums = np.cumsum(steps, axis=1)
    total = sums[:, -1] + rng.standard_gamma(count + 1 - last, draws)
    ordered: NDArray[np.float64] = sums / total[:, None]
    return ordered


def _plants(
    label: ReleasedLabel, released: ReleasedQuantile, rule: MetricRule | None
) -> list[tuple[float, float]]:
    """Centre and standard deviation of the batches that are simulated, by the rules in the head of
    this module.
    """
    width = float(label.grid.width)
    public = _WIDTHS_WITHOUT_RULE * width if rule is None else rule.spread
    z = -float(ndtri(float(label.best.quantile)))
    spread = float(label.typical_value - label.best_value) / z if z > 0 else 0.0
    base = spread if spread >= _LEAST_SHARE_OF_PUBLIC_SPREAD * public else public
    centre = float(label.typical_value)
    plants = [(centre, factor * base) for factor in SPREAD_FACTORS]
    if _firmness(label, released) < _FIRM:
        plants.append((centre, public))
    if rule is not None and _firmness(label, label.typical) < _FIRM:
        plants.append((rule.typical, public))
    return plants


def _firmness(label: ReleasedLabel, released: ReleasedQuantile) -> float:
    """How firmly a value is held in place: the records between it and the nearer end, times
    epsilon.
    """
    k = rank(released.quantile, label.count_class)
    return min(k, label.count_class + 1 - k) * float(released.epsilon)
