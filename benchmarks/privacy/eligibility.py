"""Whether a plant's released value is precise enough to enter an industry label.

Decided on public figures alone: the pack's public spread, typical value and grid, the count class,
the rule's quantile and the budgets. It never looks at the released value, so it cannot select
plants by their noise.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from benchmarks.policies import ReleasePolicy
from benchmarks.privacy.mechanism import expected_law
from benchmarks.released import Grid, ReleasedLabel, rank
from benchmarks.routes import MetricRule

_FREEDOM = 3.0  # of the heavy-tailed plant
_UNIT_SD = sqrt(_FREEDOM / (_FREEDOM - 2))  # the standard deviation of Student's t


def expected_error(
    rule: MetricRule, quantile: Fraction, epsilon: Fraction, count_class: int
) -> float:
    """Root mean square of (released - exact) as a share of the pack's typical value, by a fixed
    formula.

    The exact law of the mechanism on the expected counts of a plant (typical, spread) over the
    grid; no chance. The larger of a normal and a heavy-tailed plant (Student's t with three degrees
    of freedom, the same standard deviation): real batches are of the second kind, and their low
    quantile is held by few records. The root mean square and not the mean, because the danger lies
    in the rare draw far out in the empty end of the grid: a plant that is 30 % off once in a
    hundred times has a small mean error, and would still spoil a mean of the best five.
    """
    return _expected_error(rule.typical, rule.spread, rule.grid, quantile, epsilon, count_class)


def eligible(label: ReleasedLabel, rule: MetricRule, policy: ReleasePolicy) -> bool:
    """Whether the best value's expected error is within the policy's largest."""
    return expected_error(
        rule, label.best.quantile, label.best.epsilon, label.count_class
    ) <= float(policy.largest_expected_error)


@lru_cache(maxsize=1024)
def _expected_error(
    typical: float, spread: float, grid: Grid, quantile: Fraction, epsilon: Fraction, count: int
) -> float:
    k = rank(quantile, count)
    share = k / (count + 1)  # of the batches below the exact value, in expectation
    values = float(grid.lower) + float(grid.width) * np.arange(grid.points)
    edges = (values + float(grid.width) / 2 - typical) / spread

    def off(deviate: float, shares: NDArray[np.float64]) -> float:
        exact = typical + spread * deviate
        return float(np.sqrt(expected_law(shares, count, k, epsilon) @ (values - exact) ** 2))

    normal = off(float(ndtri(share)), ndtr(edges))
    heavy = off(float(stdtrit(_FREEDOM, share)) / _UNIT_SD, stdtr(_FREEDOM, edges * _UNIT_SD))
    return max(normal, heavy) / abs(typical)
