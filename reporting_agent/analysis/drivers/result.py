"""Relevant variables (ISO 50006) as types: what moves the energy of a step, by how much, and what
the data cannot tell.

Values are in the label's unit (such as kWh/t). Intervals are 95 % and hold for batches that follow
one another (docs/drivers.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from benchmarks.declared import Words
from benchmarks.measurements import Metric


class VariableKind(StrEnum):
    """What the plant can do with a variable; see `reporting_agent.config.materials`."""

    SETTING = "setting"
    CONDITION = "condition"
    CONSEQUENCE = "consequence"
    UNDECLARED = "undeclared"


class Relevance(StrEnum):
    # moves the energy: significant after Holm's correction over the whole report, and of use in
    # prediction
    DRIVER = "driver"
    NO_EFFECT = (
        "no-effect"  # the interval over the range seen is narrow and holds nothing that matters
    )
    CANNOT_TELL = "cannot-tell"  # the data do not decide; `DoubtReason` says why


class DoubtReason(StrEnum):
    """Why the data cannot tell."""

    TOO_FEW = "too-few-batches"
    MISSING = "recorded-in-too-few"
    CONSTANT = "constant"
    RANGE = "range-too-small"
    COLLINEAR = "moves-with-others"
    AUTOCORRELATED = "batches-too-alike"
    SCATTER = "scatter-too-large"
    UNSTABLE = "does-not-predict"
    # its own interval leaves 0 out, and among as many tests one would do so by chance
    MANY = "one-of-many"


class Interval(NamedTuple):
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


class EffectPoint(NamedTuple):
    """Change of the value against that at the variable's median, at one setting within the range
    seen.
    """

    x: float
    change: Interval


@dataclass(frozen=True, slots=True)
class Driver:
    """One variable and what can be said of it. `per_unit` is the slope at the median, `over_range`
    the change from `low` to `high`.
    """

    variable: str
    words: Words  # its name
    unit: str
    kind: VariableKind
    recorded: int  # used batches that carry it
    low: float  # 5 % quantile of the used batches: what is called "the range seen"
    typical: float  # median
    high: float  # 95 % quantile
    verdict: Relevance
    doubt: DoubtReason | None
    per_unit: Interval | None
    over_range: Interval | None
    shape: str  # linear, quadratic, cubic
    p_value: float | None  # after Holm's correction
    vif: float | None
    cannot_tell_from: tuple[str, ...]  # variables that move with it: its effect may be theirs
    curve: tuple[EffectPoint, ...]  # empty unless a driver
    sentence: Words


@dataclass(frozen=True, slots=True)
class SettingSaving:
    """What a setting would save, if all else is equal; never beyond the range seen. Negative
    `per_output` is less energy.
    """

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
    """Rolling-origin check: every block of batches predicted from those before it alone, against
    predicting their mean.

    `value` is 1 - (absolute error with the variables) / (absolute error of the mean); below 0 they
    predict worse than it.
    """

    value: float
    blocks: int
    predicted: int  # batches


@dataclass(frozen=True, slots=True)
class NormalisedLabel:
    """The label's rule over values brought to the plant's own reference conditions; stands beside
    the pack's, never for it.
    """

    best: float
    typical: float
    pack_best: float | None
    conditions: Mapping[str, float]  # variable -> reference
    values: tuple[float, ...]  # of the used batches, in the order of the log
    sentence: Words


@dataclass(frozen=True, slots=True)
class StepDrivers:
    """What was looked for in one label, and what was found; drivers first, by the size of their
    effect.

    `variant` is empty where variants with too few batches each were looked at together, values
    brought to one level.
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
    savings: tuple[SettingSaving, ...]
    summary: Words
