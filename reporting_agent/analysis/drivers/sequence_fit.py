"""Robust regression for batches that follow one another: y_t = X_t b + u_t, u_t = rho u_{t-1} + e_t
within one equipment.

1. Huber's estimate of b on the levels; rho from clipped residuals, corrected for small-sample bias
   (Kendall 1954).
2. Quasi-differences y_t - rho y_{t-1} (Cochrane and Orcutt 1949): Huber, then Tukey's biweight at
   fixed scale (MM-estimate, Yohai 1987).
3. Sandwich covariance with the equal-weighted cosine estimate, B = 0.4 n^(2/3) terms; t and F on B
   degrees (Lazarus, Lewis, Stock and Watson 2018, doi:10.1080/07350015.2018.1506926).

Drawback: step 2 is biased where a variable answers to the energy of the batch before. Where the
estimate on the levels differs plainly, the interval holds both; a driver on which they contradict
each other is none. Coverage: docs/drivers.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.labels.columns import Flags, Floats, Integers
from reporting_agent.analysis.drivers.result import Interval

THINNED_TO = 2000
"""Rows on which a fit starts; from there a few steps over all rows are as good as any number
(Bickel 1975, one-step estimates).
"""

STEPS_OVER_ALL = 3
MOST_STEPS = 60
MOVED = 1e-7
ROWS_AT_ONCE = 1024

DISAGREES = 3.0
"""Standard errors between the estimates on levels and on differences from which they are taken to
contradict each other.
"""

FEWEST_COSINES = 4
TUKEY_C = 4.685  # 95 % efficient under normal errors
HUBER_C = 1.345
MAD_OF_NORMAL = 0.6744897501960817  # the normal distribution's 75 % quantile
# of the biweight's Hessian against Huber's; below it the redescending fit hangs on a few rows
_LEAST_CURVATURE = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class SequenceFit:
    """Coefficients with their covariance; `dof` is that of the tests. The first column of X is the
    constant.
    """

    coefficients: Floats
    covariance: Floats
    dof: int
    rho: float
    scale: float  # robust standard deviation of e, in y's unit
    innovations: Floats  # of the rows that have one before
    weights: Floats  # robust weights of those, 0 to 1
    lagged_x: Floats  # their quasi-differenced columns
    lagged_y: Floats
    level_coefficients: Floats
    level_covariance: Floats
    rows: int

    @property
    def effective_rows(self) -> float:
        """As many independent rows as these are worth for a mean: n (1 - rho) / (1 + rho)."""
        return self.rows * min(1.0, (1 - self.rho) / (1 + self.rho))

    def contrast(self, vector: Floats) -> Interval:
        """A linear combination of the coefficients with its 95 % interval, stretched where the
        levels plainly say otherwise.
        """
        from scipy.special import stdtrit

        value = float(vector @ self.coefficients)
        half = float(stdtrit(self.dof, 0.975)) * float(
            np.sqrt(max(float(vector @ self.covariance @ vector), 0.0))
        )
        low, high = value - half, value + half
        if self.disagreement(vector) > DISAGREES:
            other = float(vector @ self.level_coefficients)
            low, high = min(low, other), max(high, other)
        return Interval(value, low, high)

    def contradicted(self, vector: Floats) -> bool:
        """Whether the estimate on the levels is plainly another: of the other sign, or away by more
        than half.
        """
        value, other = float(vector @ self.coefficients), float(vector @ self.level_coefficients)
        return self.disagreement(vector) > DISAGREES and abs(other - value) > abs(value) / 2

    def p_value(self, columns: list[int]) -> float:
        """Of no effect of these columns together: Wald's statistic as F on (q, B - q + 1)
        degrees.
        """
        from scipy.special import fdtrc

        q = len(columns)
        b = self.coefficients[columns]
        statistic = float(b @ np.linalg.pinv(self.covariance[np.ix_(columns, columns)]) @ b)
        below = self.dof - q + 1
        return float(fdtrc(q, below, statistic / q * below / self.dof))

    def disagreement(self, vector: Floats) -> float:
        """How many standard errors (of the wider estimate) the levels' estimate of a combination
        lies from this one.
        """
        spread = float(np.sqrt(max(float(vector @ self.level_covariance @ vector), 0.0)))
        return (
            abs(float(vector @ (self.level_coefficients - self.coefficients))) / spread
            if spread > 0
            else 0.0
        )


def fit_sequence(y: Floats, x: Floats, before: Integers) -> SequenceFit:
    """Fit rows in the order of time. `before[i]` is the row before on the same equipment, -1 for
    its first.
    """
    follows = before >= 0
    previous = before[follows]
    level = m_estimate(y, x, tukey=False)
    rho = 0.0
    b = level
    for _ in range(2):
        residual = y - x @ b
        rho = _persistence(residual, follows, previous, x.shape[1] - 1)
        lagged_y, lagged_x = y[follows] - rho * y[previous], x[follows] - rho * x[previous]
        b = m_estimate(lagged_y, lagged_x, tukey=True)
    innovations = lagged_y - lagged_x @ b
    scale = mad(innovations)
    covariance, dof, weights = _sandwich(lagged_x, innovations, scale)
    level_residual = y - x @ level
    level_covariance, _, _ = _sandwich(x, level_residual, mad(level_residual))
    return SequenceFit(
        coefficients=b,
        covariance=covariance,
        dof=dof,
        rho=rho,
        scale=scale,
        innovations=innovations,
        weights=weights,
        lagged_x=lagged_x,
        lagged_y=lagged_y,
        level_coefficients=level,
        level_covariance=level_covariance,
        rows=len(y),
    )


def m_estimate(y: Floats, x: Floats, *, tukey: bool) -> Floats:
    """Huber's estimate, then on demand Tukey's from there; for many rows started on every k-th."""
    step = -(-len(y) // THINNED_TO)
    some_y, some_x = y[::step], x[::step]
    plain = np.asarray(np.linalg.lstsq(some_x, some_y, rcond=None)[0], dtype=float)
    b = _reweighted(some_y, some_x, plain, _huber)
    if tukey:
        scale = mad(y - x @ b)
        ended = _reweighted(some_y, some_x, b, _tukey, scale)
        if not _leans_on_few(y, x, ended, scale):
            b = ended
    if step > 1:
        scale = mad(y - x @ b)
        for _ in range(STEPS_OVER_ALL):
            weights = (_tukey if tukey else _huber)((y - x @ b) / scale)
            b = np.asarray(
                np.linalg.lstsq(squares(x, weights), x.T @ (weights * y), rcond=None)[0],
                dtype=float,
            )
    return b


def _reweighted(
    y: Floats,
    x: Floats,
    b: Floats,
    weights_of: Callable[[Floats], Floats],
    scale: float | None = None,
) -> Floats:
    """The M-estimate from b on, by iteratively reweighted least squares (Holland and Welsch 1977)
    until no coefficient moves by 1e-7.

    Without a scale it is estimated at every step, as the median of the residuals' sizes over that
    of a normal. Statsmodels' RLM is held against it by a test; to install that and pandas with
    every agent would be 95 MB for these lines.
    """
    for _ in range(MOST_STEPS):
        residual = y - x @ b
        spread = scale or float(np.median(np.abs(residual))) / MAD_OF_NORMAL
        if spread == 0:
            break
        root = np.sqrt(weights_of(residual / spread))
        before, b = (
            b,
            np.asarray(np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0], dtype=float),
        )
        if np.abs(b - before).max() <= MOVED:
            break
    return b


def _huber(u: Floats) -> Floats:
    """Huber's weights of scaled residuals."""
    return HUBER_C / np.maximum(np.abs(u), HUBER_C)


def _tukey(u: Floats) -> Floats:
    """The biweight's weights of scaled residuals."""
    return np.maximum(1 - (u / TUKEY_C) ** 2, 0.0) ** 2


def squares(x: Floats, weights: Floats) -> Floats:
    """X'WX of a tall matrix, block by block: a block of weighted rows stays in the processor's
    cache.
    """
    summed = np.zeros((x.shape[1], x.shape[1]))
    for first in range(0, len(x), ROWS_AT_ONCE):
        block = x[first : first + ROWS_AT_ONCE]
        summed += (block * weights[first : first + ROWS_AT_ONCE, None]).T @ block
    return summed


def _leans_on_few(y: Floats, x: Floats, b: Floats, scale: float) -> bool:
    if not np.isfinite(b).all():
        return True
    u = (y - x @ b) / scale
    huber = (np.abs(u) < HUBER_C).astype(float)
    least = np.linalg.eigvalsh(squares(x, _curvature(u)))[0]
    return bool(least < _LEAST_CURVATURE * np.linalg.eigvalsh(squares(x, huber))[0])


def _persistence(residual: Floats, follows: Flags, previous: Integers, regressors: int) -> float:
    """Lag-1 autocorrelation of the pairs within 3 robust deviations, with its small-sample bias
    taken off.

    Pairs with an outlier are left out instead of clipped: one bad batch in a slow sequence would
    hide how slow it is.
    """
    centred = residual - np.median(residual)
    inside = np.abs(centred) < 3 * mad(residual)
    earlier, later = centred[previous], centred[follows]
    both = inside[previous] & inside[follows]
    earlier, later = earlier[both], later[both]
    energy = float(np.sqrt((earlier @ earlier) * (later @ later)))
    if energy <= 0:
        return 0.0
    rho = float(later @ earlier) / energy
    rho += (1 + 3 * rho + regressors * (1 + rho)) / len(residual)
    return float(np.clip(rho, -0.5, 0.98))


def _sandwich(x: Floats, residual: Floats, scale: float) -> tuple[Floats, int, Floats]:
    """Covariance of the biweight M-estimate, its degrees of freedom, and the weights of the
    rows.
    """
    n, k = x.shape
    u = residual / scale
    weights = _tukey(u)
    bread = np.linalg.pinv(squares(x, _curvature(u)))
    scores = (
        x * (weights * residual)[:, None] * np.sqrt(n / max(n - 2 * (k + 1), 1))
    )  # leverage, and rho was estimated too
    cosines = max(FEWEST_COSINES, k, int(0.4 * n ** (2 / 3)))
    return bread @ _long_run(scores, cosines) @ bread, cosines, weights


def _long_run(scores: Floats, cosines: int) -> Floats:
    """n times the long-run variance of the scores: the mean of their first cosine transforms'
    squares.
    """
    from scipy.fft import dct

    transformed = dct(scores, type=2, axis=0, norm="ortho")[1 : cosines + 1]
    summed: Floats = len(scores) * (transformed.T @ transformed) / cosines
    return summed


def _curvature(u: Floats) -> Floats:
    """Derivative of the biweight's psi at scaled residuals."""
    share = (u / TUKEY_C) ** 2
    curve: Floats = np.where(share < 1, (1 - share) * (1 - 5 * share), 0.0)
    return curve


def mad(residual: Floats) -> float:
    """Normal-consistent median absolute deviation; never 0, so that rows that all fit exactly have
    a scale as well.
    """
    spread = float(np.median(np.abs(residual - np.median(residual)))) / MAD_OF_NORMAL
    return max(spread, 1e-12 * float(np.max(np.abs(residual), initial=0.0)), 1e-300)
