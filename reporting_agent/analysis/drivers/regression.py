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

from benchmarks.labels.columns import Floats, Integers

_HUBER = 1.345  # 95 % as efficient as least squares where errors are normal
_ROUNDS = 25
_Z = 1.96


_FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class RegressionFit:
    """Coefficients by column (0 where left out), their 95 % intervals and one-sided p-values of
    being 0.
    """

    coefficient: Floats
    low: Floats
    high: Floats
    p_value: Floats


def fit(doses: Floats, response: Floats, group: Integers | None = None) -> RegressionFit:
    """Regress the response on an intercept and the doses, all rows in order of time.

    A dose that is not known (NaN) counts as none, beside a term of its own for the rows that lack
    it: those rows still tell of the other doses. Every `group` has an intercept of its own, so that
    what differs between groups is no dose's doing.
    """
    count = doses.shape[1]
    missing = np.isnan(doses)
    group = np.zeros(len(response), dtype=np.int64) if group is None else group
    codes, index = np.unique(group, return_inverse=True)
    own = (index[:, None] == np.arange(len(codes))).astype(float)
    free = np.column_stack([own, missing[:, missing.any(axis=0)].astype(float)])
    doses = np.where(missing, 0.0, doses)
    scale = np.sqrt((doses**2).mean(axis=0))
    within = doses - _means(doses, index)
    active = np.flatnonzero((scale > 0) & (within.std(axis=0) > 1e-9 * scale))
    while len(active):
        design = np.column_stack([free, doses[:, active] / scale[active]])
        beta, weights = _huber(design, response)
        costs = beta[free.shape[1] :]
        if (costs > 0).all():
            break
        active = np.delete(active, int(costs.argmin()))
    none = np.zeros(count)
    if not len(active):
        return RegressionFit(none, none, none, np.ones(count))
    error = _standard_errors(design, response - (design * beta).sum(axis=1), weights)[
        free.shape[1] :
    ]
    coefficient, low, high, p_value = none.copy(), none.copy(), none.copy(), np.ones(count)
    coefficient[active] = costs / scale[active]
    low[active], high[active] = (
        (costs - _Z * error) / scale[active],
        (costs + _Z * error) / scale[active],
    )
    p_value[active] = [
        0.5 * erfc(estimate / (spread * sqrt(2))) if spread > 0 else 1.0
        for estimate, spread in zip(costs.tolist(), error.tolist(), strict=True)
    ]
    return RegressionFit(coefficient, low, high, p_value)


def predicted(doses: Floats, response: Floats, group: Integers) -> list[bool]:
    """Whether each dose, priced by the other four fifths of the time, brings the responses of the
    fifth left out nearer: in all, and in four of the five.
    """
    count, known = len(response), np.nan_to_num(doses)
    gains = np.zeros((_FOLDS, doses.shape[1]))
    for fold in range(_FOLDS):
        out = np.zeros(count, dtype=bool)
        out[fold * count // _FOLDS : (fold + 1) * count // _FOLDS] = True
        cost = fit(doses[~out], response[~out], group[~out]).coefficient
        parts = known[out] * cost
        whole = _centred(response[out] - parts.sum(axis=1), group[out])
        for dose in np.flatnonzero(cost).tolist():
            without = _centred(response[out] - parts.sum(axis=1) + parts[:, dose], group[out])
            gains[fold, dose] = float(np.abs(without).sum() - np.abs(whole).sum())
    better = (gains.sum(axis=0) > 0) & ((gains < 0).sum(axis=0) <= 1)
    return [bool(flag) for flag in better]


def _means(values: Floats, index: Integers) -> Floats:
    """Of each row, the mean of its group by column."""
    sums = np.zeros((int(index.max(initial=0)) + 1, values.shape[1]))
    np.add.at(sums, index, values)
    means: Floats = (sums / np.bincount(index)[:, None])[index]
    return means


def _centred(values: Floats, group: Integers) -> Floats:
    """Values less the median of their group."""
    centred = values.copy()
    for code in np.unique(group).tolist():
        centred[group == code] -= np.median(values[group == code])
    return centred


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
