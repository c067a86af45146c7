"""The shapes of fault that a batch's record can show: when it shows each, whether that excludes it, and the finding's sentence."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

from benchmarks.labels.columns import POWER_ON_S
from benchmarks.measurements import Batch, Direction, State
from benchmarks.routes import Step
from reporting_agent.metering import unit_words
from reporting_agent.metering.cleaning import is_all_nines
from reporting_agent.metering.clock import Kind
from reporting_agent.pipeline.units import to_kwh


@dataclass(frozen=True)
class Seen:
    """A batch as the tests below look at it; what several of them ask for is worked out once."""

    batch: Batch
    step: Step
    metered: bool
    blank: bool  # some carrier's quantity is not known
    again: bool  # the same step and id stood before
    overlapped: bool  # another batch of the same equipment began before this one ended, or ended after it began
    rated_kw: float | None
    suspected: AbstractSet[str] = frozenset()  # codes under which its meters were found wrong about it
    off_scale: float = 1.0  # how many times that of the step's other batches its energy is, where it is a factor between units

    @cached_property
    def running_s(self) -> float | None:
        """Power-on time where the log gives it, else the interval where it is sound."""
        power_on = self.batch.variables.get(POWER_ON_S)
        if power_on is not None:
            return power_on
        duration = self.batch.duration
        return None if duration is None or duration.total_seconds() <= 0 else duration.total_seconds()

    @cached_property
    def nines(self) -> bool:
        """Whether an energy is written with nines only."""
        return any(is_all_nines(energy.quantity) for energy in self.batch.energy)

    @cached_property
    def electricity_kwh(self) -> float | None:
        """Electricity taken in, or None where none was measured."""
        taken = [
            one for one in self.batch.energy if one.carrier == "electricity" and one.direction is Direction.IMPORT and one.completeness > 0
        ]
        return sum(one.quantity * to_kwh(one.unit) for one in taken) if taken else None

    @cached_property
    def mean_power_kw(self) -> float | None:
        running, energy = self.running_s, self.electricity_kwh
        return None if running is None or running <= 0 or energy is None else energy * 3600 / running


@dataclass(frozen=True, slots=True)
class Fault:
    """One shape of fault: its code, when a batch shows it, whether it excludes, and the finding's sentence."""

    code: str
    shows: Callable[[Seen], bool]
    excludes: Callable[[Seen], bool]
    sentence: str
    zh: str
    of_meter: bool = False  # told with the meter, whose finding names it


def always(seen: Seen) -> bool:
    return True


def never(seen: Seen) -> bool:
    return False


def metered(seen: Seen) -> bool:
    return seen.metered


def _sentinel(seen: Seen) -> bool:
    return seen.nines


def _unknown(seen: Seen) -> bool:
    return not any(energy.completeness > 0 for energy in seen.batch.energy)


def _negative(seen: Seen) -> bool:
    return not _sentinel(seen) and any(energy.quantity < 0 for energy in seen.batch.energy)


def _zero(seen: Seen) -> bool:
    """Of energies that are known well enough to call them zero: the electricity, or all of them."""
    least = seen.step.label_rule.least_completeness
    taken = [one for one in seen.batch.energy if one.direction is Direction.IMPORT and one.completeness > 0]
    for claimed in ([one for one in taken if one.carrier == "electricity"], taken):
        if claimed and all(one.completeness >= least and one.quantity == 0 for one in claimed):
            return True
    return False


def _impossible(seen: Seen) -> bool:
    power = seen.mean_power_kw
    return seen.rated_kw is not None and power is not None and power > seen.rated_kw and not _sentinel(seen) and not _wrong_unit(seen)


def _wrong_unit(seen: Seen) -> bool:
    return (seen.off_scale != 1.0 and not _sentinel(seen)) or unit_words.LABEL in seen.suspected


def _too_short(seen: Seen) -> bool:
    if seen.batch.state is not State.NORMAL:
        return False  # a time of waiting or starting up has no shortest length
    return seen.running_s is not None and seen.running_s < seen.step.label_rule.shortest_s


def _power_on_beyond(seen: Seen) -> bool:
    power_on, duration = seen.batch.variables.get(POWER_ON_S), seen.batch.duration
    return power_on is not None and duration is not None and 0 < duration.total_seconds() < power_on


def _end_missing(seen: Seen) -> bool:
    return seen.batch.end is None


def _end_before_start(seen: Seen) -> bool:
    return seen.batch.end is not None and seen.batch.end <= seen.batch.start


FAULTS = (
    Fault(
        "duplicate",
        lambda seen: seen.again,
        always,
        "batches whose id stands before in the file for the same step; the first is taken",
        "个批次的编号在同一工序中已出现过；取第一个",
    ),
    Fault("end-missing", _end_missing, metered, "batches without an end", "个批次没有结束时间"),
    Fault("end-before-start", _end_before_start, metered, "batches that end at or before their start", "个批次的结束不晚于开始"),
    Fault(
        "overlap",
        lambda seen: seen.overlapped,
        metered,
        "batches that overlap another one of the same equipment",
        "个批次与同一设备的另一批次时间重叠",
    ),
    Fault(
        "still-while-producing",
        lambda seen: "still-while-producing" in seen.suspected,
        always,
        "batches while a meter of theirs stood still",
        "个批次期间其表计读数停滞",
        of_meter=True,
    ),
    *(
        Fault(
            code,
            lambda seen, code=code: code in seen.suspected,  # type: ignore[misc]
            always,
            "batches whose meter's clock was too far from theirs",
            "个批次的表计时钟与其偏差过大",
            of_meter=True,
        )
        for code in [kind.value for kind in Kind]
    ),
    Fault("energy-unknown", _unknown, always, "batches of which no energy is known", "个批次没有任何已知能耗"),
    Fault(
        "sentinel",
        _sentinel,
        always,
        "batches with an energy of all nines such as ±999.999, which a logger writes when its counter is reset",
        "个批次的能耗为全 9 值（如 ±999.999），记录仪在计数器复位时写入",
    ),
    Fault("negative-energy", _negative, always, "batches with a negative energy", "个批次的能耗为负"),
    Fault("zero-energy", _zero, always, "batches that ran with zero energy", "个批次在运行而能耗为零"),
    Fault(
        unit_words.LABEL,
        _wrong_unit,
        always,
        "batches whose energy is in another unit than the rest: it lies off by a factor between units, such as 1,000",
        "个批次的能耗单位与其余不同：相差一个单位换算系数（如 1000）",
    ),
    Fault(
        "impossible-power",
        _impossible,
        always,
        "batches whose mean power is above what the equipment can draw",
        "个批次的平均功率超过设备所能达到的功率",
    ),
    Fault(
        "energy-partly-unknown",
        lambda seen: seen.blank and not _unknown(seen),
        never,
        "batches of which one carrier's energy is blank",
        "个批次有一种能源的数据空缺",
    ),
    Fault(
        "power-on-beyond-interval",
        _power_on_beyond,
        never,
        "batches with more power-on time than lies between their start and their end; the power-on time is believed",
        "个批次的通电时间长于其起止时间之差；以通电时间为准",
    ),
    Fault(
        "too-short",
        _too_short,
        never,
        "batches shorter than a real one (by power-on time where given); the label rule decides on them",
        "个批次短于真实批次（有通电时间时以其为准）；由标识规则决定取舍",
    ),
)
"""In the order in which an excluding fault claims a batch. Times come first: where they exclude, the energy means nothing."""

OWN = tuple(fault for fault in FAULTS if not fault.of_meter)  # what a batch can show of whose meters nothing is known to be wrong
