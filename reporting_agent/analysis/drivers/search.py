"""The search for drivers in one label: which variables can be tested, the test, and the verdict on
each.

Two passes, because the correction for many tests (Holm 1979) runs over every variable of every
label of the report: `begin` gives the p-values of one label, `finish` takes the corrected ones.
Nothing is claimed that the rolling-origin check or the estimate on the levels contradicts.

Consequences of the run (duration, power-on time) are tested in a model of their own, beside all
others: held constant in the others' model they would hide what a setting does through them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.labels import StepLabel
from benchmarks.labels.columns import Floats, Integers
from reporting_agent.analysis.drivers.collinear import told_apart
from reporting_agent.analysis.drivers.model import Design, constants, final_fit, first_fit
from reporting_agent.analysis.drivers.result import (
    DoubtReason,
    Interval,
    Relevance,
    Skill,
    VariableKind,
)
from reporting_agent.analysis.drivers.rolling_origin import LEAST_SKILL, skills
from reporting_agent.analysis.drivers.sequence_fit import SequenceFit, fit_sequence
from reporting_agent.analysis.drivers.variables import UsedBatches, VariableColumn, row_before

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
