"""Relevant variables (ISO 50006) as types: what moves the energy of a step, by how much, and what the data cannot tell.

Values are in the label's unit (such as kWh/t). Intervals are 95 % and hold for batches that follow one another (docs/drivers.md).

Variables that move together: which cannot be told apart (variance inflation, Belsley, Kuh and Welsch 1980).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from benchmarks.declared import Words
from benchmarks.labels.columns import Floats
from benchmarks.measurements import Metric


class Kind(StrEnum):
    """What the plant can do with a variable; see `reporting_agent.config.materials`."""

    SETTING = "setting"
    CONDITION = "condition"
    CONSEQUENCE = "consequence"
    UNDECLARED = "undeclared"


class Verdict(StrEnum):
    DRIVER = "driver"  # moves the energy: significant after Holm's correction over the whole report, and of use in prediction
    NO_EFFECT = "no-effect"  # the interval over the range seen is narrow and holds nothing that matters
    CANNOT_TELL = "cannot-tell"  # the data do not decide; `Doubt` says why


class Doubt(StrEnum):
    """Why the data cannot tell."""

    TOO_FEW = "too-few-batches"
    MISSING = "recorded-in-too-few"
    CONSTANT = "constant"
    RANGE = "range-too-small"
    COLLINEAR = "moves-with-others"
    AUTOCORRELATED = "batches-too-alike"
    SCATTER = "scatter-too-large"
    UNSTABLE = "does-not-predict"
    MANY = "one-of-many"  # its own interval leaves 0 out, and among as many tests one would do so by chance


class Interval(NamedTuple):
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


class CurvePoint(NamedTuple):
    """Change of the value against that at the variable's median, at one setting within the range seen."""

    x: float
    change: Interval


@dataclass(frozen=True, slots=True)
class Driver:
    """One variable and what can be said of it. `per_unit` is the slope at the median, `over_range` the change from `low` to `high`."""

    variable: str
    words: Words  # its name
    unit: str
    kind: Kind
    recorded: int  # used batches that carry it
    low: float  # 5 % quantile of the used batches: what is called "the range seen"
    typical: float  # median
    high: float  # 95 % quantile
    verdict: Verdict
    doubt: Doubt | None
    per_unit: Interval | None
    over_range: Interval | None
    shape: str  # linear, quadratic, cubic
    p_value: float | None  # after Holm's correction
    vif: float | None
    cannot_tell_from: tuple[str, ...]  # variables that move with it: its effect may be theirs
    curve: tuple[CurvePoint, ...]  # empty unless a driver
    sentence: Words


@dataclass(frozen=True, slots=True)
class Saving:
    """What a setting would save, if all else is equal; never beyond the range seen. Negative `per_output` is less energy."""

    variable: str
    now: float  # the median
    then: float  # within the range seen
    unit: str
    per_output: Interval
    energy: Interval  # over all used batches of the period, in the label's energy unit
    energy_unit: str
    sentence: Words


@dataclass(frozen=True, slots=True)
class Skill:
    """Rolling-origin check: every block of batches predicted from those before it alone, against predicting their mean.

    `value` is 1 - (absolute error with the variables) / (absolute error of the mean); below 0 they predict worse than it.
    """

    value: float
    blocks: int
    predicted: int  # batches


@dataclass(frozen=True, slots=True)
class NormalisedLabel:
    """The label's rule over values brought to the plant's own reference conditions; stands beside the pack's, never for it."""

    best: float
    typical: float
    pack_best: float | None
    conditions: Mapping[str, float]  # variable -> reference
    values: tuple[float, ...]  # of the used batches, in the order of the log
    sentence: Words


@dataclass(frozen=True, slots=True)
class StepDrivers:
    """What was looked for in one label, and what was found; drivers first, by the size of their effect.

    `variant` is empty where variants with too few batches each were looked at together, values brought to one level.
    """

    step: str
    product: str
    variant: str
    metric: Metric
    unit: str
    batches: int  # with every variable that was tested
    effective_batches: float  # as many independent ones as these tell as much as
    autocorrelation: float | None  # of the residuals of batches that follow one another
    drivers: tuple[Driver, ...]
    explained: float | None  # share of the (robust) spread that the drivers explain
    skill: Skill | None
    normalised: NormalisedLabel | None
    savings: tuple[Saving, ...]
    summary: Words


TOO_INFLATED = 10.0
"""Variance inflation above which two variables are taken for one: the others explain 90 % of it."""

_PARTNER = 0.3  # standardised coefficient from which another variable counts as moving with it


@dataclass(frozen=True, slots=True)
class Apart:
    """Columns that can be told apart, in their order, their variance inflation, and who was left out for whom."""

    kept: tuple[int, ...]
    vif: Mapping[int, float]  # of those kept, among those kept
    left_out: Mapping[int, tuple[int, ...]]  # column -> the kept columns that move with it


def told_apart(z: Floats, rank: Sequence[int]) -> Apart:
    """Leave columns out until none is explained by the others; of those that are, the one of the highest `rank` goes first."""
    columns = list(range(z.shape[1]))
    left_out: dict[int, tuple[int, ...]] = {}
    while len(columns) > 1:
        inflated = [column for column, vif in zip(columns, _inflation(z[:, columns]), strict=True) if vif > TOO_INFLATED]
        if not inflated:
            break
        worst = max(inflated, key=lambda column: (rank[column], column))
        columns.remove(worst)
        left_out[worst] = ()
    for column in left_out:
        left_out[column] = _partners(z, column, columns)
    return Apart(tuple(columns), dict(zip(columns, _inflation(z[:, columns]), strict=True)), left_out)


def _inflation(z: Floats) -> list[float]:
    """Diagonal of the inverse correlation matrix; infinite where a column is a combination of the others."""
    if z.shape[1] < 2:
        return [1.0] * z.shape[1]
    values, vectors = np.linalg.eigh(np.corrcoef(z, rowvar=False))
    inverse = np.where(values > 1e-10, 1 / np.maximum(values, 1e-10), 1e10)
    return [float(factor) for factor in (vectors**2 @ inverse).tolist()]


def _partners(z: Floats, column: int, kept: Sequence[int]) -> tuple[int, ...]:
    standard = (z - z.mean(axis=0)) / z.std(axis=0)
    weights = np.linalg.lstsq(standard[:, list(kept)], standard[:, column], rcond=None)[0]
    return tuple(other for other, weight in zip(kept, weights.tolist(), strict=True) if abs(weight) > _PARTNER)
