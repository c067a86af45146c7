"""Regression of days with errors as a first-order autoregression, and how far a sum of so many such
days scatters.

What is fitted is whitened by the correlation of neighbouring days (Prais and Winsten 1954; the
estimate corrected for its bias, Kendall 1954), and the same correlation tells how far a sum of so
many days scatters. Savings and the search for changes rest on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from benchmarks.labels.columns import Floats, Integers

ROUNDS = 4


@dataclass(frozen=True, slots=True, eq=False)
class AutoregressiveFit:
    """Coefficients with their covariance, what is left of each day, and how alike neighbouring
    days' errors are.
    """

    coefficients: Floats
    covariance: Floats
    residual: Floats
    variance: float  # of the innovations
    alike: float


def fit(day: Integers, x: Floats, y: Floats, rank: int) -> AutoregressiveFit:
    """Fit y = x . b + e on days that rise and may be missing; `rank` is that of x."""
    correlation = 0.0
    follows = np.flatnonzero(np.diff(day) == 1) + 1
    residual: Floats = y - x @ _solved(x, y)
    for _ in range(ROUNDS):
        correlation = _alike(follows, residual, rank)
        white, response = _whitened(follows, x, correlation), _whitened(follows, y, correlation)
        b = _solved(white, response)
        residual = y - x @ b
    left = response - white @ b
    variance = float(left @ left) / (len(left) - rank)
    covariance = np.asarray(np.linalg.pinv(white.T @ white) * variance, dtype=np.float64)
    return AutoregressiveFit(b, covariance, residual, variance, correlation)


def sum_factor(count: int, alike: float) -> float:
    """Variance of the sum of `count` days of a first-order autoregression, in variances of its
    innovations.
    """
    lag = np.arange(1, count)
    return float((count + 2 * ((count - lag) * alike**lag).sum()) / (1 - alike * alike))


def _solved(x: Floats, y: Floats) -> Floats:
    return np.asarray(np.linalg.lstsq(x, y, rcond=None)[0], dtype=np.float64)


def _alike(follows: Integers, residual: Floats, rank: int) -> float:
    """Correlation of neighbouring days' errors, corrected for the fit's pull towards 0 (Kendall
    1954, (1 + 3 r) / n a fitted term).
    """
    whole = float(residual @ residual)
    if len(follows) < 10 or whole == 0:
        return 0.0
    raw = float(residual[follows - 1] @ residual[follows]) / whole * len(residual) / len(follows)
    return float(np.clip(raw + rank * (1 + raw) / len(residual), 0.0, 0.99))


def _whitened(follows: Integers, values: Floats, alike: float) -> Floats:
    """Each day less what the day before it tells; a day whose neighbour is not known keeps its own
    weight.
    """
    white: Floats = values * sqrt(1 - alike * alike)
    white[follows] = values[follows] - alike * values[follows - 1]
    return white
