"""Faults that a batch's own record shows, found before any label is made.

Each fault is a finding with the count of *all* batches that show it. A batch is excluded under the first excluding fault it
shows, in the order of `FAULTS`, so that the exclusions add up while the findings tell the whole extent of each fault.

Where energy is cut out of meter readings by the batch's interval, a wrong interval makes a wrong energy: a time fault then
excludes the batch. Where the plant gives energy per batch, the interval only places the batch in the period: the same
fault is a notice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from benchmarks.labels.columns import POWER_ON_S
from benchmarks.measurements import Batch, Direction, Finding, Severity
from benchmarks.routes import Pack, Step
from reporting_agent.config import Equipment, Site
from reporting_agent.metering.cleaning import is_all_nines
from reporting_agent.pipeline.units import to_kwh

PLACES_KEPT = 20
_LONGEST_GAP_BETWEEN_H = 24


@dataclass(frozen=True, slots=True)
class Seen:
    """A batch as the tests below look at it."""

    batch: Batch
    step: Step
    metered: bool
    blank: bool  # some carrier's quantity is not known
    again: bool  # the same step and id stood before
    overlapped: bool  # another batch of the same equipment began before this one ended, or ended after it began
    rated_kw: float | None

    @property
    def running_s(self) -> float | None:
        """Power-on time where the log gives it, else the interval where it is sound."""
        power_on = self.batch.variables.get(POWER_ON_S)
        if power_on is not None:
            return power_on
        duration = self.batch.duration
        return None if duration is None or duration.total_seconds() <= 0 else duration.total_seconds()

    @property
    def electricity_kwh(self) -> float | None:
        """Electricity taken in, or None where none was measured."""
        taken = [
            one for one in self.batch.energy if one.carrier == "electricity" and one.direction is Direction.IMPORT and one.completeness > 0
        ]
        return sum(one.quantity * to_kwh(one.unit) for one in taken) if taken else None

    @property
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


def _always(seen: Seen) -> bool:
    return True


def _never(seen: Seen) -> bool:
    return False


def _metered(seen: Seen) -> bool:
    return seen.metered


def _sentinel(seen: Seen) -> bool:
    return any(is_all_nines(energy.quantity) for energy in seen.batch.energy)


def _unknown(seen: Seen) -> bool:
    return not any(energy.completeness > 0 for energy in seen.batch.energy)


def _negative(seen: Seen) -> bool:
    return not _sentinel(seen) and any(energy.quantity < 0 for energy in seen.batch.energy)


def _zero(seen: Seen) -> bool:
    least = seen.step.label_rule.least_completeness
    taken = [one for one in seen.batch.energy if one.direction is Direction.IMPORT and one.completeness > 0]
    if not taken or min(one.completeness for one in taken) < least:
        return False  # too little is known of it to call it zero: incomplete
    return seen.electricity_kwh == 0 or not any(one.quantity for one in taken)


def _impossible(seen: Seen) -> bool:
    power = seen.mean_power_kw
    return seen.rated_kw is not None and power is not None and power > seen.rated_kw and not _sentinel(seen)


def _too_short(seen: Seen) -> bool:
    return seen.running_s is not None and seen.running_s < seen.step.label_rule.shortest_s


def _end_missing(seen: Seen) -> bool:
    return seen.batch.end is None


def _end_before_start(seen: Seen) -> bool:
    return seen.batch.end is not None and seen.batch.end <= seen.batch.start


FAULTS = (
    Fault(
        "duplicate",
        lambda seen: seen.again,
        _always,
        "batches whose id stands before in the file for the same step; the first is taken",
        "个批次的编号在同一工序中已出现过；取第一个",
    ),
    Fault("end-missing", _end_missing, _metered, "batches without an end", "个批次没有结束时间"),
    Fault("end-before-start", _end_before_start, _metered, "batches that end at or before their start", "个批次的结束不晚于开始"),
    Fault(
        "overlap",
        lambda seen: seen.overlapped,
        _metered,
        "batches that overlap another one of the same equipment",
        "个批次与同一设备的另一批次时间重叠",
    ),
    Fault("energy-unknown", _unknown, _always, "batches of which no energy is known", "个批次没有任何已知能耗"),
    Fault(
        "sentinel",
        _sentinel,
        _always,
        "batches with an energy of all nines such as ±999.999, which a logger writes when its counter is reset",
        "个批次的能耗为全 9 值（如 ±999.999），记录仪在计数器复位时写入",
    ),
    Fault("negative-energy", _negative, _always, "batches with a negative energy", "个批次的能耗为负"),
    Fault("zero-energy", _zero, _always, "batches that ran with zero energy", "个批次在运行而能耗为零"),
    Fault(
        "impossible-power",
        _impossible,
        _always,
        "batches whose mean power is above what the equipment can draw",
        "个批次的平均功率超过设备所能达到的功率",
    ),
    Fault(
        "energy-partly-unknown",
        lambda seen: seen.blank and not _unknown(seen),
        _never,
        "batches of which one carrier's energy is blank",
        "个批次有一种能源的数据空缺",
    ),
    Fault(
        "too-short",
        _too_short,
        _never,
        "batches shorter than a real one (by power-on time where given); the label rule decides on them",
        "个批次短于真实批次（有通电时间时以其为准）；由标识规则决定取舍",
    ),
)
"""In the order in which an excluding fault claims a batch. Times come first: where they exclude, the energy means nothing."""


def examine(
    batches: Sequence[Batch], site: Site, pack: Pack, *, metered_steps: Mapping[str, AbstractSet[str]], blank: AbstractSet[tuple[str, str]]
) -> tuple[list[Batch], list[Finding]]:
    """Mark the batches that show an excluding fault and count every fault.

    Args:
        metered_steps: step -> equipment whose energy comes from meters ("" for all).
        blank: (step, batch id) of batches of which some carrier's quantity is not known.
    """
    again = _repeated(batches)
    overlapped = overlapping(batches)
    tally: dict[str, list[Batch]] = {fault.code: [] for fault in FAULTS}
    claimed: dict[str, int] = dict.fromkeys(tally, 0)
    judged: list[Batch] = []
    for index, batch in enumerate(batches):
        if batch.excluded is not None:
            judged.append(batch)
            continue
        equipment = metered_steps.get(batch.step, frozenset())
        seen = Seen(
            batch,
            pack.step(batch.step),
            metered=bool({"", batch.equipment} & equipment),
            blank=(batch.step, batch.batch_id) in blank,
            again=index in again,
            overlapped=index in overlapped,
            rated_kw=_rated_kw(batch, site.equipment),
        )
        reason: str | None = None
        for fault in FAULTS:
            if fault.shows(seen):
                tally[fault.code].append(batch)
                if reason is None and fault.excludes(seen):
                    reason = fault.code
                    claimed[reason] += 1
        judged.append(batch if reason is None else replace(batch, excluded=reason))
    findings = [_finding(fault, tally[fault.code], claimed[fault.code]) for fault in FAULTS if tally[fault.code]]
    return judged, findings + _gaps(batches)


def _finding(fault: Fault, batches: Sequence[Batch], claimed: int) -> Finding:
    count = len(batches)
    if claimed == count:
        note, zh_note = "; excluded", "；已排除"
    elif claimed:
        note = f"; {claimed:,} excluded for it, the others for another reason or not at all"
        zh_note = f"；其中 {claimed:,} 个因此排除，其余因其他原因排除或未排除"
    else:
        note, zh_note = "", ""
    severity = Severity.EXCLUSION if claimed else Severity.NOTICE
    places = tuple(batch.place for batch in batches[:PLACES_KEPT] if batch.place is not None)
    return Finding(fault.code, severity, f"{count:,} {fault.sentence}{note}.", count, places, zh=f"{count:,} {fault.zh}{zh_note}。")


def _repeated(batches: Sequence[Batch]) -> set[int]:
    seen: set[tuple[str, str]] = set()
    again: set[int] = set()
    for index, batch in enumerate(batches):
        key = (batch.step, batch.batch_id)
        if key in seen:
            again.add(index)
        seen.add(key)
    return again


def overlapping(batches: Sequence[Batch]) -> set[int]:
    """Batches that share time with another of the same step and equipment: both are in it, neither's energy is its own."""
    lines: dict[tuple[str, str], list[tuple[datetime, datetime, int]]] = {}
    for index, batch in enumerate(batches):
        if batch.end is not None and batch.end > batch.start:
            lines.setdefault((batch.step, batch.equipment), []).append((batch.start, batch.end, index))
    shared: set[int] = set()
    for line in lines.values():
        line.sort()
        latest_end, latest = line[0][1], line[0][2]
        for start, end, index in line[1:]:
            if start < latest_end:
                shared |= {latest, index}
            if end > latest_end:
                latest_end, latest = end, index
    return shared


def _rated_kw(batch: Batch, equipment: Sequence[Equipment]) -> float | None:
    """The rating of the batch's own equipment; of the step's only one where the log names none."""
    own = [one for one in equipment if one.id == batch.equipment]
    of_step = [one for one in equipment if one.step == batch.step] if not batch.equipment else []
    if own:
        return own[0].rated_power_kw
    return of_step[0].rated_power_kw if len(of_step) == 1 else None


def _gaps(batches: Sequence[Batch]) -> list[Finding]:
    """Long pauses between batches of one equipment: a standstill, or records that are missing."""
    lines: dict[tuple[str, str], list[tuple[datetime, Batch]]] = {}
    for batch in batches:
        lines.setdefault((batch.step, batch.equipment), []).append((batch.start, batch))
    after: list[Batch] = []
    longest = 0.0
    for line in lines.values():
        line.sort(key=lambda one: one[0])
        span_h = (line[-1][0] - line[0][0]).total_seconds() / 3600
        usually_faster = span_h / len(line) < _LONGEST_GAP_BETWEEN_H / 2  # daily runs follow each other by a day
        for (earlier, _), (later, batch) in pairwise(line):
            hours = (later - earlier).total_seconds() / 3600
            if hours > _LONGEST_GAP_BETWEEN_H and usually_faster:
                after.append(batch)
                longest = max(longest, hours)
    if not after:
        return []
    places = tuple(batch.place for batch in after[:PLACES_KEPT] if batch.place is not None)
    text = (
        f"{len(after):,} pauses of more than {_LONGEST_GAP_BETWEEN_H} h between batches, the longest {longest / 24:.1f} days:"
        " a standstill, or records that are missing."
    )
    zh = f"批次之间有 {len(after):,} 次超过 {_LONGEST_GAP_BETWEEN_H} 小时的停顿，最长 {longest / 24:.1f} 天：可能停产，也可能缺少记录。"
    return [Finding("pause", Severity.NOTICE, text, len(after), places, zh=zh)]
