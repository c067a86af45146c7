"""One label's model of its drivers, and robust regression with coefficients that cannot be
negative, for what a dose of each cause costs.

A variable is z = (x - median) / (range seen), beside a constant for each equipment; a quadratic
term where there are batches enough, a cubic where that was needed (a fan's power goes with the cube
of its speed). Huber's weights (Robust Statistics, 7.8); standard errors of Newey and West 1987
(Bartlett weights, lag 4 (n/100)^(2/9)), batches of an equipment in order of time, residuals less
their leverage (MacKinnon and White 1985, HC3), since some doses are had by few batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.labels.columns import Floats, Integers
from reporting_agent.analysis.drivers.sequence_fit import SequenceFit, fit_sequence
from reporting_agent.analysis.waste.evidence import holm

ROWS_A_TERM = 30  # batches for each term before a bend is offered
BEND_LEVEL = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Rows in the order of time: constants, then the terms of each variable. `degree` is that of
    each variable's polynomial.
    """

    constants: Floats
    z: Floats
    degree: tuple[int, ...]

    @property
    def matrix(self) -> Floats:
        terms = [
            self.z[:, [column]] ** power
            for column, degree in enumerate(self.degree)
            for power in range(1, degree + 1)
        ]
        return np.hstack([self.constants, *terms])

    def columns_of(self, column: int) -> list[int]:
        """Columns of the matrix that hold one variable's terms."""
        first = self.constants.shape[1] + sum(self.degree[:column])
        return list(range(first, first + self.degree[column]))

    def contrast(self, column: int, to: Floats, origin: Floats) -> Floats:
        """Coefficients of f(to) - f(origin) for one variable, one row each: z in, rows of the
        matrix's width out.
        """
        rows = np.zeros((len(to), self.constants.shape[1] + sum(self.degree)))
        for power, index in enumerate(self.columns_of(column), start=1):
            rows[:, index] = to**power - origin**power
        return rows

    def bent(self, degree: Sequence[int]) -> Design:
        return Design(self.constants, self.z, tuple(degree))


def constants(equipment: Integers) -> Floats:
    """A column of ones, and one more for every further equipment."""
    codes = np.unique(equipment)
    return np.column_stack(
        [np.ones(len(equipment)), *((equipment == code).astype(float) for code in codes[1:])]
    )


def first_fit(
    y: Floats, design: Design, before: Integers
) -> tuple[Design, SequenceFit, list[float]]:
    """The fit by which variables are tested: all of them, bent where batches allow; p-values of
    each before any correction.
    """
    width = design.z.shape[1]
    offered = (
        design.bent([2] * width)
        if width and len(y) >= ROWS_A_TERM * (2 * width + design.constants.shape[1])
        else design
    )
    fit = fit_sequence(y, offered.matrix, before)
    return offered, fit, [fit.p_value(offered.columns_of(column)) for column in range(width)]


def final_fit(
    y: Floats, tested: Design, fit: SequenceFit, before: Integers, columns: Sequence[int]
) -> tuple[Design, SequenceFit]:
    """Terms that are not needed left out; a cubic offered to the variables found that needed the
    quadratic.
    """
    degree = [1] * tested.z.shape[1]
    for column in _needed(
        tested, fit, [column for column in columns if tested.degree[column] > 1], power=2
    ):
        degree[column] = 2
    if 2 not in degree:
        return _same(y, tested, fit, before, degree)
    cubic = tested.bent([3 if exponent == 2 else exponent for exponent in degree])
    third = fit_sequence(y, cubic.matrix, before)
    needed = _needed(
        cubic,
        third,
        [column for column, exponent in enumerate(cubic.degree) if exponent == 3],
        power=3,
    )
    if len(needed) == degree.count(2):
        return cubic, third
    return _same(
        y,
        cubic,
        third,
        before,
        [3 if column in needed else exponent for column, exponent in enumerate(degree)],
    )


def _same(
    y: Floats, design: Design, fit: SequenceFit, before: Integers, degree: Sequence[int]
) -> tuple[Design, SequenceFit]:
    if tuple(degree) == design.degree:
        return design, fit
    simpler = design.bent(degree)
    return simpler, fit_sequence(y, simpler.matrix, before)


def _needed(design: Design, fit: SequenceFit, columns: Sequence[int], power: int) -> list[int]:
    corrected = holm([fit.p_value([design.columns_of(column)[power - 1]]) for column in columns])
    return [
        column for column, p_value in zip(columns, corrected, strict=True) if p_value < BEND_LEVEL
    ]


_HUBER = 1.345  # 95 % as efficient as least squares where errors are normal
_ROUNDS = 25
_FOLDS = 5
_LEAST_LEFT = 0.1  # of a residual beside its leverage


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
    residual = response - (design * beta).sum(axis=1)
    by_group = np.argsort(index, kind="stable")  # an error goes on within its group
    error = _standard_errors(design[by_group], residual[by_group], weights[by_group])[
        free.shape[1] :
    ]
    from scipy.special import stdtr, stdtrit

    coefficient, low, high, p_value = none.copy(), none.copy(), none.copy(), np.ones(count)
    freedom = _freedom(within[:, active])
    half = stdtrit(freedom, 0.975) * error
    coefficient[active] = costs / scale[active]
    low[active], high[active] = (costs - half) / scale[active], (costs + half) / scale[active]
    known = error > 0
    p_value[active] = np.where(known, stdtr(freedom, -costs / np.where(known, error, 1.0)), 1.0)
    return RegressionFit(coefficient, low, high, p_value)


def _freedom(within: Floats) -> Floats:
    """Degrees of freedom of each dose's cost: by how many batches carry it, less one."""
    carried = (within**2).sum(axis=0) ** 2 / (within**4).sum(axis=0)
    freedom: Floats = np.maximum(carried - 1, 1.0)
    return freedom


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
    n = len(design)
    bread = np.linalg.pinv(_cross(design * weights[:, None], design))
    leverage = weights * np.einsum("ij,jk,ik->i", design, bread, design)
    scores = design * (weights * residual / np.maximum(1 - leverage, _LEAST_LEFT))[:, None]
    middle = _cross(scores, scores)
    for lag in range(1, min(int(4 * (n / 100) ** (2 / 9)), n - 1) + 1):
        cross = _cross(scores[lag:], scores[:-lag])
        middle += (1 - lag / (int(4 * (n / 100) ** (2 / 9)) + 1)) * (cross + cross.T)
    unbent = float((weights >= 1).mean())  # the mean slope of Huber's function
    error: Floats = np.sqrt(np.maximum(np.diag(bread @ middle @ bread), 0.0))
    return error * (float(weights.mean()) / unbent if unbent else 1.0)


def _cross(left: Floats, right: Floats) -> Floats:
    """left' right of tall columns, without the linear algebra library: its threads cost more here
    than they save.
    """
    product: Floats = np.einsum("ij,ik->jk", left, right)
    return product
