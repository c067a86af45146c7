"""What one meter counted in the period: how it divides over batches, stretches outside them and
clock hours, and what its readings say of the meter itself.

Batches of a meter may overlap; inside is the union of their windows.

Energies are in `MeterRecord.unit` and on a binary grid of 2^-20 of it (a millionth), so that sums
of them below 8 billion units are exact in floating point, in any order. They are differences of one
curve, `curve.Curve`, and therefore close:

    total = in_batches + outside + unplaced              outside = sum of the stretches
    total - unplaced = sum of hour_energy                (local clock hours tile the period)

to the last bit. What the readings do not tell is in none of them: its seconds are `missing_s`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, tzinfo

import numpy as np
from numpy.typing import NDArray

from reporting_agent.config import Meter
from reporting_agent.metering.cleaning import end_of_range
from reporting_agent.metering.curve import Course, ReadingRun
from reporting_agent.metering.edges import RunRecord
from reporting_agent.metering.moments import EVER, Islands, Windows, to_us
from reporting_agent.metering.segments import MICROSECONDS, Segments, load_of

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PauseStretch:
    """A window in which none of the batches ran that the meter counts for: half-open, UTC
    microseconds.

    `completeness` is the share of its seconds whose energy is known; `before` and `after` are the
    ids of the batches on either side, "" at an edge of the period.
    """

    equipment: str
    start_us: int
    end_us: int
    energy: float
    completeness: float
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class MeterFacts:
    """What the readings show of the meter. None where there were too few to tell.

    `highest` and `lowest` are power or flow in the meter's range unit: of a rate its values, else
    energy an hour between two readings. `quantum` is the smallest step between two values (the
    resolution as written), `usual_step_s` the most frequent time between readings, `at_range_share`
    the share of the known seconds in which a rate stood at the highest value of its declared range.
    """

    readings: int
    first_us: int | None
    last_us: int | None
    highest: float | None
    lowest: float | None
    quantum: float | None
    usual_step_s: float | None
    at_range_share: float


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Energy from each edge to the next, and the seconds of it that are known; `unplaced` is what a
    register counted across gaps that end there, where that was asked for."""

    edges_us: Integers
    energy: Floats
    known_s: Floats
    unplaced: Floats | None = None


@dataclass(frozen=True, slots=True)
class MeterRecord:
    """One meter over the period [start_us, end_us); without a period, from its first reading to its
    last. What it counted, knew and missed in a period is of its own time (`in_its_time`); by hours
    and other moments it is told as long as it was read.

    `in_batches` is over the union of the batches that it counts for, cut off at the period's edges:
    `began_before` of it is in batches that began before the period, and `runs_on` (no part of
    `total`) was counted after the period's end in batches that began in it. So the energies of the
    batches of the period, where none overlap, add up to `in_batches - began_before + runs_on`.
    `unplaced` is what a register counted across gaps too long to place it, in the period in which
    it was read again. `per_reading` is what one unit of the readings (of a rate: times an hour) is
    in `unit`: 1 for kWh, a mean of the period where gas was brought to normal state or steam turned
    into heat; `state_doubt` its standard uncertainty, as a share, from the meters of temperature
    and pressure. `vapour_if_saturated` is the share of a gas's volume that water vapour would be at
    its state, `mean_state` that state (K, kPa absolute). `in_runs` is what batches of the period
    carry of it, each its own part. As shares of its energy, `peaks_blank` is what blank readings of
    a rate would add at the highest load it showed or twice the mean one, `peaks_beyond` what
    readings beyond its declared range would, as they were read.
    """

    meter: Meter
    unit: str
    counted: bool  # enters labels; check meters and sub-meters below a counted one do not
    start_us: int
    end_us: int
    total: float
    in_batches: float
    outside: float
    unplaced: float
    began_before: float
    runs_on: float
    known_s: float
    missing_s: float
    stretches: tuple[PauseStretch, ...]
    hour_us: Integers  # start of each local clock hour of the period
    hour_energy: Floats
    hour_known: Floats  # share of the hour's seconds, 0 to 1
    facts: MeterFacts
    per_reading: float = 1.0
    state_doubt: float = 0.0
    vapour_if_saturated: float = 0.0
    mean_state: tuple[float, float] | None = None
    in_runs: float = 0.0
    peaks_blank: float = 0.0
    peaks_beyond: float = 0.0
    runs: RunRecord | None = None  # None of a meter that is worked out from others
    demand: Intervals | None = (
        None  # of a meter on top of the tree, where the tariff has a demand charge
    )
    closely: Intervals | None = None  # between the moments that somebody asked for besides

    def in_service(self, moments_us: Integers, zone: tzinfo) -> Flags:
        """Which moments lie in the meter's own time, `from` to `until`: it may be read on while
        another meter stands for it.
        """
        begins_us, ends_us = in_its_time(self.meter, EVER, zone).tolist()
        within: Flags = (moments_us >= begins_us) & (moments_us < ends_us)
        return within


def in_its_time(meter: Meter, period_us: Integers, zone: tzinfo) -> Integers:
    """Start and end of what of a period lies in the meter's own time, from the local day of its
    `from` to that of its `until`.
    """
    edges = zip((meter.since, meter.until), period_us.tolist(), strict=True)
    own_us = [
        edge_us if day is None else to_us(datetime.combine(day, time(), zone))
        for day, edge_us in edges
    ]
    return np.clip(own_us, *period_us)


_COUNTED_STEP_S = 7200  # steps up to here are counted in a table, longer ones one by one


@dataclass(slots=True)
class RecordSurvey:
    """Takes settled readings in order of time; each block begins with the reading that ended the
    one before.
    """

    meter: Meter
    readings: int = 0
    first_us: int | None = None
    last_us: int | None = None
    highest: float = -np.inf
    lowest: float = np.inf
    quantum: float = np.inf
    steps_s: dict[int, int] = field(default_factory=dict)
    at_range_us: int = 0

    def add(
        self, time_us: Integers, value: Floats, segments: Segments, known_segments: Segments
    ) -> None:
        """The readings as cleaned, what lies between them, and where energy is known; the first
        reading stood in the call before.
        """
        self._count(time_us)
        self._count_steps(time_us)
        moved = np.abs(np.diff(value))
        moved = moved[moved > 0]  # NaN, an interval that is not known, is no step either
        self.quantum = min(self.quantum, float(moved.min(initial=np.inf)))
        end = end_of_range(self.meter)
        if self.meter.reading == "rate":
            self._loads(float(value.min()), float(value.max()))
            top = value >= end
            at_end = top[:-1] & top[1:]
        else:
            at_end = load_of(segments.energy, segments.end_us - segments.start_us) >= end
            if len(known_segments):
                load = load_of(
                    known_segments.energy, known_segments.end_us - known_segments.start_us
                )
                self._loads(float(load.min()), float(load.max()))
        self.at_range_us += int((segments.end_us - segments.start_us)[at_end].sum())

    def add_run(self, run: ReadingRun, lowest_load: float, highest_load: float) -> None:
        """Sound readings; none of them at the end of the range."""
        self._count(run.time_us)
        self.quantum = min(self.quantum, run.scan.quantum)
        self._loads(lowest_load, highest_load)
        if run.scan.least_step_us // MICROSECONDS == run.scan.most_step_us // MICROSECONDS:
            self._add_steps(run.scan.least_step_us // MICROSECONDS, len(run.time_us) - 1)
        else:
            self._count_steps(run.time_us)

    def _count(self, time_us: Integers) -> None:
        if self.first_us is None:
            self.first_us, self.readings = int(time_us[0]), 1
        self.readings += len(time_us) - 1
        self.last_us = int(time_us[-1])

    def _loads(self, lowest: float, highest: float) -> None:
        self.lowest, self.highest = min(self.lowest, lowest), max(self.highest, highest)

    def _add_steps(self, step_s: int, count: int) -> None:
        self.steps_s[step_s] = self.steps_s.get(step_s, 0) + count

    def _count_steps(self, time_us: Integers) -> None:
        steps_s = np.diff(time_us) // MICROSECONDS
        short = steps_s[steps_s < _COUNTED_STEP_S]
        table = np.bincount(short)
        for step_s in np.flatnonzero(table).tolist():
            self._add_steps(step_s, int(table[step_s]))
        if len(short) < len(steps_s):
            for step_s in steps_s[steps_s >= _COUNTED_STEP_S].tolist():
                self._add_steps(step_s, 1)

    def facts(self) -> MeterFacts:
        """All that was seen."""
        usual = max(self.steps_s, key=lambda step: (self.steps_s[step], -step), default=None)
        whole_us = (
            0 if self.first_us is None or self.last_us is None else self.last_us - self.first_us
        )
        return MeterFacts(
            readings=self.readings,
            first_us=self.first_us,
            last_us=self.last_us,
            highest=_finite(self.highest),
            lowest=_finite(self.lowest),
            quantum=None
            if not np.isfinite(self.quantum)
            else float(f"{self.quantum:.6g}"),  # 0.30000000000001 is 0.3
            usual_step_s=None if usual is None else float(usual),
            at_range_share=self.at_range_us / whole_us if whole_us else 0.0,
        )


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


PEAK = 2.0
"""Times its mean, what a load may have been at least that no reading tells (a convention of
ours).
"""
FAULT_RANGES = 3.0
"""Of a declared range, the most that a reading beyond it can be and be a load (a convention of
ours).
"""


@dataclass(frozen=True, slots=True)
class OccupiedWindows:
    """The batches that one meter counts for, of this period and of others, in order of their
    start.
    """

    windows: Windows
    ids: Sequence[str]


def record_of(
    meter: Meter,
    unit: str,
    counted: bool,
    course: Course,
    occupied: OccupiedWindows,
    hours_us: Integers,
    zone: tzinfo,
    per_reading: float = 1.0,
    state_doubt: float = 0.0,
    demand_us: Integers | None = None,
    closely_us: Integers | None = None,
) -> MeterRecord:
    """The record of one meter that has readings. Without a period there are no hours, and the
    record is as long as the readings.
    """
    curve, facts = course.curve, course.facts
    ever, period_us = hours_us is EVER, hours_us[[0, -1]]
    own_us = period_us if ever else in_its_time(meter, period_us, zone)
    placed, known_s = (float(amounts.sum()) for amounts in curve.over(*_pair(own_us)))
    unplaced = float(curve.unplaced(*_pair(own_us)).sum())
    pauses, before, after = pauses_of(occupied, own_us)
    energy, pause_known_s = curve.over(pauses.start_us, pauses.end_us)
    outside = float(energy.sum())
    start_us, end_us = (facts.first_us or 0, facts.last_us or 0) if ever else period_us.tolist()
    shown = np.clip(np.array([pauses.start_us, pauses.end_us]), start_us, end_us)
    share = pause_known_s / np.maximum((shown[1] - shown[0]) / MICROSECONDS, 1 / MICROSECONDS)
    first_us, last_us = own_us.tolist()
    earlier = occupied.windows.start_us < first_us
    own = ~earlier & (occupied.windows.start_us < last_us)
    hours = hours_us[:0] if ever else hours_us
    hour_energy, hour_known_s = curve.over(hours[:-1], hours[1:])
    load = placed / per_reading / known_s * 3600 if known_s and per_reading else 0.0
    return MeterRecord(
        meter=meter,
        unit=unit,
        counted=counted,
        start_us=start_us,
        end_us=end_us,
        total=placed + unplaced,
        in_batches=placed - outside,
        outside=outside,
        unplaced=unplaced,
        began_before=_tail(course, first_us, occupied.windows.end_us[earlier], last_us),
        runs_on=_tail(course, last_us, occupied.windows.end_us[own], None),
        known_s=known_s,
        missing_s=max(
            ((end_us - start_us) if ever else (last_us - first_us)) / MICROSECONDS - known_s, 0.0
        ),
        stretches=tuple(
            PauseStretch(meter.equipment, *cells)
            for cells in zip(
                *shown.tolist(),
                energy.tolist(),
                np.minimum(share, 1.0).tolist(),
                before,
                after,
                strict=True,
            )
        ),
        hour_us=hours[:-1],
        hour_energy=hour_energy,
        hour_known=hour_known_s / (np.diff(hours) / MICROSECONDS),
        facts=facts,
        per_reading=per_reading,
        state_doubt=state_doubt,
        peaks_blank=_peaks_blank(course, meter, load),
        peaks_beyond=_peaks_beyond(course, meter, load),
        demand=_between(course, demand_us),
        closely=_between(course, closely_us),
    )


def _peaks_blank(course: Course, meter: Meter, load: float) -> float:
    """Of a rate, whose neighbours fill the time of a blank reading; of others that time is
    missing.
    """
    blank = sum(finding.count for finding in course.findings if finding.code == "reading-blank")
    facts = course.facts
    if meter.reading != "rate" or load <= 0 or not blank or not facts.usual_step_s:
        return 0.0
    wanted = (
        ((facts.last_us or 0) - (facts.first_us or 0)) / MICROSECONDS / facts.usual_step_s
    )  # a wide table has blanks between readings
    return (
        min(blank, max(wanted - facts.readings, 0.0))
        / max(wanted, 1.0)
        * (max((facts.highest or 0.0) / load, PEAK) - 1)
    )


def _peaks_beyond(course: Course, meter: Meter, load: float) -> float:
    """What the neighbours of a rate's readings fill in their place is taken off; a fault of a
    logger counts as so many ranges at most.
    """
    if course.verdict is None or meter.range is None or load <= 0:
        return 0.0
    count, median = course.verdict.outside
    beyond = min(median, FAULT_RANGES * meter.range[1]) / load - (
        1 if meter.reading == "rate" else 0
    )
    return count / (course.facts.readings + count) * max(beyond, 0.0)


def _between(course: Course, edges_us: Integers | None) -> Intervals | None:
    if edges_us is None:
        return None
    pairs = edges_us[:-1], edges_us[1:]
    return Intervals(edges_us, *course.curve.over(*pairs), course.curve.unplaced(*pairs))


def _pair(edges_us: Integers) -> tuple[Integers, Integers]:
    return edges_us[:1], edges_us[1:]


def pauses_of(
    occupied: OccupiedWindows, period_us: Integers
) -> tuple[Windows, list[str], list[str]]:
    """The period less the union of the batches, with the ids of the batches on either side of each
    stretch.
    """
    start_us, end_us, ids = occupied.windows.start_us, occupied.windows.end_us, occupied.ids
    first_us, last_us = period_us.tolist()
    islands = Islands.of(occupied.windows)
    opening = np.searchsorted(start_us, islands.start_us)  # the first batch of each
    # the batch that an island ends with is the one whose end is the latest
    latest = np.where(end_us == np.maximum.accumulate(end_us), np.arange(len(end_us)), 0)
    ending = np.maximum.accumulate(latest)[
        np.append(opening[1:], len(start_us))[: len(opening)] - 1
    ]
    begins = np.append(first_us, np.maximum(islands.end_us, first_us))
    ends = np.append(np.minimum(islands.start_us, last_us), last_us)
    lasting = begins < ends
    before = ["", *(ids[at] for at in ending.tolist())]
    after = [*(ids[at] for at in opening.tolist()), ""]
    indices = np.flatnonzero(lasting).tolist()
    return (
        Windows(begins[lasting], ends[lasting]),
        [before[at] if begins[at] > first_us else "" for at in indices],
        [after[at] if ends[at] < last_us else "" for at in indices],
    )


def _tail(course: Course, edge_us: int, end_us: Integers, last_us: int | None) -> float:
    """Energy from an edge of the period to the latest of these ends, all of batches that began
    before the edge.
    """
    latest_us = max(int(end_us.max(initial=edge_us)), edge_us)
    until = np.array([latest_us if last_us is None else min(latest_us, last_us)])
    return float(course.curve.over(np.array([edge_us]), until)[0].sum())
