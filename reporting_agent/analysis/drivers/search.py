"""The search for drivers in one label: which variables can be tested or told apart (variance
inflation, Belsley, Kuh and Welsch 1980), the test, whether later batches are predicted better with
them, the verdict.

`begin` gives p-values, `finish` takes those corrected over the whole report (Holm 1979).
Consequences of the run (duration, power-on time) have a model of their own: held constant they
would hide what a setting does through them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.labels import StepLabel
from benchmarks.labels.columns import Floats, Integers
from reporting_agent.analysis.drivers.regression import Design, constants, final_fit, first_fit
from reporting_agent.analysis.drivers.result import (
    DoubtReason,
    Interval,
    Relevance,
    Skill,
    VariableKind,
)
from reporting_agent.analysis.drivers.sequence_fit import SequenceFit, fit_sequence, squares
from reporting_agent.analysis.drivers.variables import UsedBatches, VariableColumn, row_before

TOO_INFLATED = 10.0
"""Variance inflation above which two variables are taken for one: the others explain 90 % of it."""

_PARTNER = 0.3  # standardised coefficient from which another variable counts as moving with it


@dataclass(frozen=True, slots=True)
class SeparableColumns:
    """Columns that can be told apart, in their order, their variance inflation, and who was left
    out for whom.
    """

    columns: tuple[int, ...]
    vif: Mapping[int, float]  # of those kept, among those kept
    left_out: Mapping[int, tuple[int, ...]]  # column -> the kept columns that move with it


def told_apart(z: Floats, rank: Sequence[int]) -> SeparableColumns:
    """Leave columns out until none is explained by the others; of those that are, the one of the
    highest `rank` goes first.
    """
    columns = list(range(z.shape[1]))
    left_out: dict[int, tuple[int, ...]] = {}
    while len(columns) > 1:
        inflated = [
            column
            for column, vif in zip(columns, _inflation(z[:, columns]), strict=True)
            if vif > TOO_INFLATED
        ]
        if not inflated:
            break
        worst = max(inflated, key=lambda column: (rank[column], column))
        columns.remove(worst)
        left_out[worst] = ()
    for column in left_out:
        left_out[column] = _partners(z, column, columns)
    return SeparableColumns(
        tuple(columns), dict(zip(columns, _inflation(z[:, columns]), strict=True)), left_out
    )


def _inflation(z: Floats) -> list[float]:
    """Diagonal of the inverse correlation matrix; infinite where a column is a combination of the
    others.
    """
    if z.shape[1] < 2:
        return [1.0] * z.shape[1]
    values, vectors = np.linalg.eigh(np.corrcoef(z, rowvar=False))
    inverse = np.where(values > 1e-10, 1 / np.maximum(values, 1e-10), 1e10)
    return [float(factor) for factor in (vectors**2 @ inverse).tolist()]


def _partners(z: Floats, column: int, remaining: Sequence[int]) -> tuple[int, ...]:
    standard = (z - z.mean(axis=0)) / z.std(axis=0)
    weights = np.linalg.lstsq(standard[:, list(remaining)], standard[:, column], rcond=None)[0]
    return tuple(
        other
        for other, weight in zip(remaining, weights.tolist(), strict=True)
        if abs(weight) > _PARTNER
    )


BLOCKS = 5
LEAST_SKILL = 0.005
"""What later batches are predicted better by; less is told as 0 %, and a convention of ours."""


def skills(
    design: Design, fit: SequenceFit, columns: Sequence[int]
) -> tuple[Skill | None, Mapping[int, float]]:
    """Skill of the variables found together against their mean, and of each against doing without
    it.

    On quasi-differenced rows: what the batch before tells is given to both sides. Robust weights
    are those of the whole fit, coefficients those of the batches before each block alone.
    """
    if not columns:
        return None, {}
    base = list(range(design.constants.shape[1]))
    of_variable = {column: design.columns_of(column) for column in columns}
    everything = [index for indices in of_variable.values() for index in indices]
    rolling = _Rolling.of(fit)
    with_all, without_any, predicted = (
        rolling.error(base + everything),
        rolling.error(base),
        rolling.predicted,
    )
    if not predicted or without_any <= 0:
        return None, {}
    each = {}
    for column, indices in of_variable.items():
        without = rolling.error(base + [index for index in everything if index not in indices])
        each[column] = 1 - with_all / without if without > 0 else 0.0
    return Skill(1 - with_all / without_any, BLOCKS, predicted), each


@dataclass(frozen=True, slots=True, eq=False)
class _Rolling:
    """The second half of the rows in blocks, each with the normal equations of the rows before
    it.
    """

    blocks: Sequence[
        tuple[Floats, Floats, Floats, Floats]
    ]  # X'WX and X'Wy before the block, X and y of the block

    @classmethod
    def of(cls, fit: SequenceFit) -> _Rolling:
        x, y = fit.lagged_x, fit.lagged_y
        edges = np.linspace(len(y) // 2, len(y), BLOCKS + 1).astype(int).tolist()
        weighted, sides = np.zeros((x.shape[1], x.shape[1])), np.zeros(x.shape[1])
        blocks = []
        for earlier, first, last in zip([0, *edges], edges, edges[1:], strict=False):
            since, weights = x[earlier:first], fit.weights[earlier:first]
            weighted, sides = (
                weighted + squares(since, weights),
                sides + since.T @ (weights * y[earlier:first]),
            )
            blocks.append((weighted, sides, x[first:last], y[first:last]))
        return cls(blocks)

    @property
    def predicted(self) -> int:
        """Rows of all blocks."""
        return sum(len(y) for *_, y in self.blocks)

    def error(self, indices: list[int]) -> float:
        """Sum of absolute errors over the blocks, each predicted by these columns from the rows
        before it.
        """
        error = 0.0
        for weighted, sides, x, y in self.blocks:
            b = np.linalg.lstsq(weighted[np.ix_(indices, indices)], sides[indices], rcond=None)[0]
            error += float(np.abs(y - x[:, indices] @ b).sum())
        return error


FEWEST = 60
"""Batches below which nothing is tested: intervals would not hold what they promise.
"""

LEAST_RECORDED = 0.8
LEVEL = 0.05
# of a typical value: an effect over the range seen that surely lies below it is called none
MATTERS = 0.01
SMALL_RANGE = 0.05  # of the median
_ALIKE = 3.0  # batches to one independent batch


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """One label under search: columns tested (consequences last), those that cannot be, and the
    first fits.
    """

    label: StepLabel
    used: UsedBatches
    rows: Integers  # of the used batches that carry every variable tested
    tested: tuple[VariableColumn, ...]
    causes: int  # how many of them are no consequences
    vif: tuple[float, ...]
    moved_with: Mapping[
        str, tuple[VariableColumn, ...]
    ]  # left out of the model -> those it moves with
    untestable: Mapping[str, DoubtReason]
    design: Design | None  # of the causes
    fit: SequenceFit | None
    wide: tuple[Design, SequenceFit] | None  # of all, where there are consequences
    p_values: tuple[float, ...]

    @property
    def value(self) -> Floats:
        return self.used.value[self.rows]


@dataclass(frozen=True, slots=True, eq=False)
class JudgedVariable:
    """One tested variable after all checks, with the model it was judged in and its position
    there.
    """

    column: VariableColumn
    design: Design
    fit: SequenceFit
    position: int
    verdict: Relevance
    doubt: DoubtReason | None
    per_unit: Interval
    over_range: Interval
    p_value: float
    vif: float

    def change(self, to: Floats, origin: Floats) -> Floats:
        """Rows of the model for f(to) - f(origin), in the variable's own unit."""
        low, middle, high = self.column.seen
        return self.design.contrast(
            self.position, (to - middle) / (high - low), (origin - middle) / (high - low)
        )


@dataclass(frozen=True, slots=True, eq=False)
class SearchOutcome:
    """A search ended: the model of the causes that stands, and the verdicts."""

    search: Search
    design: Design
    fit: SequenceFit
    judged: tuple[JudgedVariable, ...]
    skill: Skill | None

    @property
    def drivers(self) -> list[JudgedVariable]:
        return [judgement for judgement in self.judged if judgement.verdict is Relevance.DRIVER]


def begin(label: StepLabel, used: UsedBatches) -> Search:
    """Choose what can be tested and test it."""
    count = len(used.value)
    untestable: dict[str, DoubtReason] = {}
    candidates: list[VariableColumn] = []
    for column in used.columns:
        recorded = int(column.recorded.sum())
        if recorded < max(FEWEST, LEAST_RECORDED * count):
            untestable[column.name] = DoubtReason.TOO_FEW if count < FEWEST else DoubtReason.MISSING
            continue
        low, _, high = column.seen
        if high <= low or high - low < 1e-9 * abs(high):
            untestable[column.name] = DoubtReason.CONSTANT
            continue
        candidates.append(column)
    candidates.sort(key=_rank)
    recorded_all = np.logical_and.reduce(
        [np.ones(count, dtype=bool), *(column.recorded for column in candidates)]
    )
    rows = np.flatnonzero(recorded_all)
    fixed = constants(used.equipment[rows])
    z = (
        np.column_stack([_scaled(column, rows) for column in candidates])
        if candidates
        else np.zeros((len(rows), 0))
    )
    if len(rows) < FEWEST or not candidates or np.ptp(used.value[rows]) == 0:
        untestable |= {column.name: DoubtReason.TOO_FEW for column in candidates}
        return Search(label, used, rows, (), 0, (), {}, untestable, None, None, None, ())
    within = z - fixed @ np.linalg.lstsq(fixed, z, rcond=None)[0]
    varies = within.std(axis=0) > 1e-6
    untestable |= {
        column.name: DoubtReason.CONSTANT
        for column, moves in zip(candidates, varies, strict=True)
        if not moves
    }
    candidates = [column for column, moves in zip(candidates, varies, strict=True) if moves]
    apart = told_apart(within[:, varies], [_rank(column) for column in candidates])
    indices = list(apart.columns)
    tested = tuple(candidates[index] for index in indices)
    moved_with = {
        candidates[out].name: tuple(candidates[index] for index in group)
        for out, group in apart.left_out.items()
    }
    z = z[:, varies][:, indices]
    causes = sum(column.kind is not VariableKind.CONSEQUENCE for column in tested)
    before = row_before(used.machine[rows])
    design, fit, p_values = first_fit(
        used.value[rows], Design(fixed, z[:, :causes], (1,) * causes), before
    )
    wide = None
    if causes < len(tested):
        everything = Design(fixed, z, (1,) * len(tested))
        wide = everything, fit_sequence(used.value[rows], everything.matrix, before)
        p_values += [
            wide[1].p_value(everything.columns_of(index)) for index in range(causes, len(tested))
        ]
    vif = tuple(apart.vif[index] for index in indices)
    return Search(
        label,
        used,
        rows,
        tested,
        causes,
        vif,
        moved_with,
        untestable,
        design,
        fit,
        wide,
        tuple(p_values),
    )


def finish(search: Search, corrected: Sequence[float]) -> SearchOutcome | None:
    """Judge every variable by its corrected p-value; None where nothing could be tested."""
    if search.design is None or search.fit is None:
        return None
    before = row_before(search.used.machine[search.rows])
    significant = [index for index, p_value in enumerate(corrected) if p_value < LEVEL]
    causes = [index for index in significant if index < search.causes]
    design, fit = final_fit(search.value, search.design, search.fit, before, causes)
    together, each = skills(design, fit, causes)
    judged = [
        _judge(
            search,
            design,
            fit,
            index,
            corrected[index],
            holds=together is not None
            and together.value >= LEAST_SKILL
            and each.get(index, 0.0) >= LEAST_SKILL,
        )
        for index in range(search.causes)
    ]
    if search.wide is not None:
        _, helps = skills(*search.wide, significant)
        judged += [
            _judge(
                search,
                *search.wide,
                index,
                corrected[index],
                holds=helps.get(index, 0.0) >= LEAST_SKILL,
            )
            for index in range(search.causes, len(search.tested))
        ]
    sound = [
        judgement.position
        for judgement in judged[: search.causes]
        if judgement.verdict is Relevance.DRIVER
    ]
    return SearchOutcome(
        search,
        design,
        fit,
        tuple(judged),
        skills(design, fit, sound)[0] if sound != causes else together,
    )


def _rank(column: VariableColumn) -> int:
    """Which of two that move together stands for both: what the log gives, then what follows from
    it, consequences last.
    """
    return 2 if column.kind is VariableKind.CONSEQUENCE else int(column.derived)


def _scaled(column: VariableColumn, rows: Integers) -> Floats:
    low, middle, high = column.seen
    scaled: Floats = (column.values[rows] - middle) / (high - low)
    return scaled


def _judge(
    search: Search, design: Design, fit: SequenceFit, index: int, p_value: float, *, holds: bool
) -> JudgedVariable:
    column = search.tested[index]
    low, middle, high = column.seen
    edge_low, edge_high = (low - middle) / (high - low), (high - middle) / (high - low)
    across = design.contrast(index, np.array([edge_high]), np.array([edge_low]))[0]
    over_range = fit.contrast(across)
    slope = np.zeros(len(across))
    slope[design.columns_of(index)[0]] = 1 / (
        high - low
    )  # at the median z is 0, and only the first power has a slope there
    per_unit = fit.contrast(slope)
    typical = max(abs(float(np.median(search.value))), fit.scale)
    verdict, doubt = Relevance.CANNOT_TELL, None
    if p_value < LEVEL:
        steady = holds and not fit.contradicted(across)
        verdict, doubt = (
            (Relevance.DRIVER, None) if steady else (Relevance.CANNOT_TELL, DoubtReason.UNSTABLE)
        )
    elif max(abs(over_range.low), abs(over_range.high)) < MATTERS * typical:
        verdict = Relevance.NO_EFFECT
    elif over_range.low > 0 or over_range.high < 0:
        doubt = DoubtReason.MANY
    else:
        doubt = _why_not(search, fit, index, (high - low) / abs(middle) if middle else np.inf)
    return JudgedVariable(
        column, design, fit, index, verdict, doubt, per_unit, over_range, p_value, search.vif[index]
    )


def _why_not(search: Search, fit: SequenceFit, index: int, relative_range: float) -> DoubtReason:
    if search.vif[index] > 5:
        return DoubtReason.COLLINEAR
    if relative_range < SMALL_RANGE:
        return DoubtReason.RANGE
    if fit.effective_rows * _ALIKE < fit.rows:
        return DoubtReason.AUTOCORRELATED
    return DoubtReason.SCATTER
