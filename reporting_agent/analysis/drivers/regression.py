"""Robust regression with coefficients that cannot be negative; `waste.causes` asks it what a dose
of each cause costs.

A minute of holding cannot save energy, so a coefficient that would be negative is left out and its
cause takes nothing. Huber's weights (Huber, Robust Statistics, 7.8) keep single odd batches from
deciding. Batches that follow one another are not independent: standard errors are
heteroscedasticity and autocorrelation consistent (Newey and West 1987, Bartlett weights, lag 4
(n/100)^(2/9)), on the batches in order of time.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np

from benchmarks.labels.columns import Floats

_HUBER = 1.345  # 95 % as efficient as least squares where errors are normal
_ROUNDS = 25
_Z = 1.96


@dataclass(frozen=True, slots=True, eq=False)
class RegressionFit:
    """Coefficients by column (0 where left out), their 95 % intervals and one-sided p-values of
    being 0.
    """

    coefficient: Floats
    low: Floats
    high: Floats
    p_value: Floats


def fit(doses: Floats, response: Floats) -> RegressionFit:
    """Regress the response on an intercept and the doses, all rows in order of time.

    A dose that is not known (NaN) counts as none, beside a term of its own for the rows that lack
    it: those rows still tell of the other doses.
    """
    count = doses.shape[1]
    missing = np.isnan(doses)
    free = np.column_stack([np.ones(len(response)), missing[:, missing.any(axis=0)].astype(float)])
    doses = np.where(missing, 0.0, doses)
    scale = np.sqrt((doses**2).mean(axis=0))
    active = np.flatnonzero((scale > 0) & (doses.std(axis=0) > 1e-9 * scale))
    while len(active):
        design = np.column_stack([free, doses[:, active] / scale[active]])
        beta, weights = _huber(design, response)
        own = beta[free.shape[1] :]
        if (own > 0).all():
            break
        active = np.delete(active, int(own.argmin()))
    none = np.zeros(count)
    if not len(active):
        return RegressionFit(none, none, none, np.ones(count))
    error = _standard_errors(design, response - (design * beta).sum(axis=1), weights)[
        free.shape[1] :
    ]
    coefficient, low, high, p_value = none.copy(), none.copy(), none.copy(), np.ones(count)
    coefficient[active] = own / scale[active]
    low[active], high[active] = (
        (own - _Z * error) / scale[active],
        (own + _Z * error) / scale[active],
    )
    p_value[active] = [
        0.5 * erfc(estimate / (spread * sqrt(2))) if spread > 0 else 1.0
        for estimate, spread in zip(own.tolist(), error.tolist(), strict=True)
    ]
    return RegressionFit(coefficient, low, high, p_value)


def _huber(design: Floats, response: Floats) -> tuple[Floats, Floats]:
    """Iteratively reweighted least squares; returns coefficients and the last weights."""
    weights: Floats = np.ones(len(response))
    beta: Floats = np.zeros(design.shape[1])
    for _ in range(_ROUNDS):
        weighted = design * weights[:, None]
        before = beta
        beta = np.asarray(
            np.linalg.lstsq(
                _cross(weighted, design), _cross(weighted, response[:, None])[:, 0], rcond=None
            )[0],
            dtype=float,
        )
        residual = response - (design * beta).sum(axis=1)
        spread = float(np.median(np.abs(residual - np.median(residual)))) / 0.6745
        if spread == 0.0 or np.allclose(
            before, beta, rtol=1e-6, atol=1e-9 * float(np.abs(response).max())
        ):
            break
        weights = np.minimum(1.0, _HUBER * spread / np.maximum(np.abs(residual), 1e-300))
    return beta, weights


def _standard_errors(design: Floats, residual: Floats, weights: Floats) -> Floats:
    n, k = design.shape
    scores = design * (weights * residual)[:, None]
    middle = _cross(scores, scores)
    for lag in range(1, min(int(4 * (n / 100) ** (2 / 9)), n - 1) + 1):
        cross = _cross(scores[lag:], scores[:-lag])
        middle += (1 - lag / (int(4 * (n / 100) ** (2 / 9)) + 1)) * (cross + cross.T)
    bread = np.linalg.pinv(_cross(design * weights[:, None], design))
    variance = np.diag(bread @ middle @ bread) * n / max(n - k, 1)
    error: Floats = np.sqrt(np.maximum(variance, 0.0))
    return error


def _cross(left: Floats, right: Floats) -> Floats:
    """left' right of tall columns, without the linear algebra library: its threads cost more here
    than they save.
    """
    product: Floats = np.einsum("ij,ik->jk", left, right)
    return product
