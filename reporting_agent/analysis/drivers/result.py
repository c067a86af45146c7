"""Relevant variables (ISO 50006) as types: what moves the energy of a step, by how much, what the
data cannot tell; what a variable is called, and the unit in its name: `blaine_m2_kg` is the
fineness.

Values are in the label's unit (such as kWh/t). Intervals are 95 % and hold for batches that follow
one another (docs/drivers.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from benchmarks.declared import Words, worded
from benchmarks.labels.columns import POWER_ON_S
from benchmarks.measurements import Metric
from benchmarks.routes import ReferenceCondition
from reporting_agent.config.materials import Variable

OUTPUT, OUTPUT_PER_HOUR, DURATION, WAIT = (
    "output",
    "output_per_hour",
    "duration",
    "time_since_batch_before",
)

_UNITS = {
    "hz": "Hz",
    "rpm": "rpm",
    "pct": "%",
    "c": "°C",
    "k": "K",
    "kg": "kg",
    "t": "t",
    "s": "s",
    "min": "min",
    "h": "h",
    "kw": "kW",
    "mw": "MW",
    "kwh": "kWh",
    "mm": "mm",
    "m": "m",
    "bar": "bar",
    "kpa": "kPa",
    "mpa": "MPa",
    "ppm": "ppm",
    "v": "V",
    "a": "A",
    "ka": "kA",
    "nm3": "Nm³",
    "m3": "m³",
    "mj": "MJ",
    "gj": "GJ",
    "m2_kg": "m²/kg",
    "cm2_g": "cm²/g",
    "kg_t": "kg/t",
    "kg_h": "kg/h",
    "t_h": "t/h",
    "m3_h": "m³/h",
    "nm3_h": "Nm³/h",
    "nm3_t": "Nm³/t",
    "m_s": "m/s",
    "m_min": "m/min",
    "mm_min": "mm/min",
    "g_m2": "g/m²",
    "kg_m3": "kg/m³",
}
_WORDS = {
    OUTPUT: worded("output of the batch"),
    OUTPUT_PER_HOUR: worded("output per hour"),
    DURATION: worded("duration"),
    WAIT: worded("time since the batch before"),
    POWER_ON_S: worded("power-on time"),
    "holding_min": worded("minutes of holding"),
    "reheats": worded("reheats"),
    "frequency_hz": worded("frequency"),
    "speed_rpm": worded("speed"),
    "moisture_pct": worded("moisture"),
    "scrap_pct": worded("scrap share"),
    "hot_metal_pct": worded("hot metal share"),
    "clinker_pct": worded("clinker share"),
    "charge_t": worded("charge"),
    "tap_temp_c": worded("tapping temperature"),
    "ambient_c": worded("ambient temperature"),
    "blaine_m2_kg": worded("fineness (Blaine)"),
    "feed_fe_pct": worded("iron content of the charge"),
    "rare_earth_pct": worded("rare-earth ore in the charge"),
    "vti_pct": worded("vanadium-titanium ore in the charge"),
    "laterite_pct": worded("laterite ore in the charge"),
}


def words_of(
    name: str, declared: Variable | None = None, conditions: Iterable[ReferenceCondition] = ()
) -> Words:
    """What the plant calls it in [variables], else the pack at its condition, else what is known
    here, else its name as it is read.
    """
    bare = name.removeprefix("input.")
    of_pack = next(
        (
            condition.words
            for condition in conditions
            if condition.variable == name and condition.words is not None
        ),
        None,
    )
    words = of_pack or _WORDS.get(name) or Words.of(_spoken(bare))
    if declared is None:
        return words
    named = dict.fromkeys(words.by_language, declared.en) if declared.en else words.by_language
    return Words(**named | ({"zh": declared.zh} if declared.zh else {}))


def unit_of_name(name: str) -> str:
    """The unit that a name's ending tells: `frequency_hz`, `blaine_m2_kg`; nothing where it tells
    none.
    """
    return _UNITS.get(_ending(name), "")


def unit_of(name: str, conditions: Iterable[ReferenceCondition]) -> str:
    """The unit that a name's ending tells, else that of the pack's reference condition; nothing
    where neither does.
    """
    return unit_of_name(name) or next(
        (condition.unit for condition in conditions if condition.variable == name), ""
    )


def declared_as(name: str, declared: Mapping[str, Variable]) -> Variable | None:
    """What [variables] says of it; an input material stands there without its prefix."""
    return declared.get(name.removeprefix("input."))


def _ending(name: str) -> str:
    """The longest ending behind an underscore that is a unit; empty where there is none."""
    parts = name.split("_")
    return next(
        (ending for first in range(1, len(parts)) if (ending := "_".join(parts[first:])) in _UNITS),
        "",
    )


def _spoken(bare: str) -> str:
    """A column's name as a person reads it: `tap_temp_c` is "tap temp"."""
    ending = _ending(bare)
    return (bare.removesuffix(f"_{ending}") if ending else bare).replace("_", " ")


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
