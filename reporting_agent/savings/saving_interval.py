"""What the energy of one period would have been in another, and its interval: by days that remember
the day before, or by four-week sums.

energy of a day = b . x + e, fitted on the days of the baseline period; saving = sum over the
reporting days of (b . x - energy).

The terms x are fixed beforehand (what was made, of which kind, declared conditions, season) and
none is chosen by how well it fits: a model picked for its fit would promise a narrower interval
than it keeps. Days that follow one another are alike, so the errors are taken as a first-order
autoregression and whitened by it (Prais and Winsten 1954; the estimate corrected for its bias,
Kendall 1954), and the error of the reporting period's sum is the larger of what this tells and what
the means of four-week blocks tell, which see slower drifts. (ISO 50015:2014, 5.3 and 8; ISO
50006:2023, 9; the forecast of IPMVP's option C.)
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.special import stdtrit

from benchmarks.labels.columns import Floats, Integers
from reporting_agent.autoregression import fit, sum_factor

CONFIDENCE = 0.95
BLOCK_DAYS = 28
SLOW_TERMS = 3  # level and season: what a fit takes out of the sums of blocks
# of one day with the next: beyond it a drift is no noise around a level, and nothing can be told
MOST_ALIKE = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """What the reporting days were expected to use by the baseline, what they used, and the
    difference.

    Energies in the unit of the days; `low` and `high` hold the true saving with 95 % confidence.
    """

    expected: float
    actual: float
    low: float
    high: float
    explained: float  # share of the variance of the baseline's days
    spread: float  # standard deviation of a baseline day around the model
    alike: float  # correlation of one day's error with the next day's
    of_day: Floats  # expected energy of each reporting day

    @property
    def saving(self) -> float:
        """Above 0 where less was used than expected."""
        return self.expected - self.actual


def forecast(
    day: Integers, energy: Floats, terms: Floats, later: Floats, later_terms: Floats
) -> Forecast | None:
    """Fit the baseline's days and forecast the later ones; None where the days are too few for the
    terms, or tell too little of their own.

    Args:
        day: number of each baseline day, rising; days may be missing.
        energy: of each baseline day.
        terms: a row a baseline day, a column a term.
        later, later_terms: the same of the reporting period.
    """
    scale = np.abs(terms).max(axis=0)
    used = scale > 0
    x, z = terms[:, used] / scale[used], later_terms[:, used] / scale[used]
    rank = int(np.linalg.matrix_rank(x))
    if len(energy) < 2 * rank + 10:
        return None
    fitted = fit(day, x, energy, rank)
    degrees_of_freedom = effective_days(len(energy), fitted.alike) - rank
    if fitted.alike >= MOST_ALIKE or degrees_of_freedom < 4:
        return None
    summed = z.sum(axis=0)
    of_model = float(summed @ fitted.covariance @ summed)
    of_days = fitted.variance * sum_factor(len(later), fitted.alike)
    residual = fitted.residual
    slow, freedom = block_variance(day, residual)
    of_slow = slow * (len(later) + float(summed @ np.linalg.pinv(x.T @ x) @ summed))
    reach = max(
        _quantile(degrees_of_freedom) * sqrt(of_model + of_days), _quantile(freedom) * sqrt(of_slow)
    )
    expected, actual = float(summed @ fitted.coefficients), float(later.sum())
    whole = float(np.var(energy))
    return Forecast(
        expected=expected,
        actual=actual,
        low=expected - actual - reach,
        high=expected - actual + reach,
        explained=max(0.0, 1 - float(np.var(residual)) / whole) if whole > 0 else 0.0,
        spread=float(np.sqrt(residual @ residual / (len(residual) - rank))),
        alike=fitted.alike,
        of_day=z @ fitted.coefficients,
    )


def effective_days(count: int, alike: float) -> float:
    """Independent days that tell as much of a mean as `count` days so alike."""
    return count * (1 - alike) / (1 + alike)


def block_variance(day: Integers, residual: Floats) -> tuple[float, int]:
    """Variance a day of sums over four weeks, and its degrees of freedom: what slow drifts add that
    neighbouring days do not show.
    """
    block = (day - day[0]) // BLOCK_DAYS
    sums, counts = np.bincount(block, weights=residual), np.bincount(block)
    whole = counts >= BLOCK_DAYS // 2
    freedom = int(whole.sum()) - SLOW_TERMS
    if freedom < 3:
        return 0.0, 3
    level = np.where(whole, sums / np.sqrt(np.maximum(counts, 1)), 0.0)
    own, beside = float(level @ level), float(level[1:] @ level[:-1])
    return (own + 2 * max(beside, 0.0)) / freedom, freedom


def _quantile(freedom: float) -> float:
    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))
