"""Meters' ways through their blocks of readings: clean, join to the block before, make segments;
all meters against all moments asked for, in one pass and flat memory.

The last two readings of a block are kept for the next, so results do not depend on where blocks are
cut. A meter whose readings reach back over a block's edge (`OutOfOrder`) is read again as a whole
(16 bytes a reading) and sorted; one whose record shows readings to leave out is read again without
them. An interval's length at the open edge of the record is `interval_s`, else its neighbours'
spacing where the two nearest agree, else unknown.

A block passes where no rule of `cleaning` could find anything in it (`Screen`). Another goes the
careful path, to the same energies to the last bit where nothing was wrong. A new rule
that looks at single readings or at neighbours needs its condition there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from reporting_agent.all_nines import POWERS, nines_below
from reporting_agent.config import Meter
from reporting_agent.metering import cleaning
from reporting_agent.metering.cleaning import across_gaps, end_of_range, known_segments
from reporting_agent.metering.curve import Course, Curve, ReadingRun
from reporting_agent.metering.declared import put_right
from reporting_agent.metering.moments import Windows
from reporting_agent.metering.own_window import OwnEnergy, OwnWindows
from reporting_agent.metering.record import RecordSurvey
from reporting_agent.metering.segments import (
    CHUNK,
    HOUR_US,
    MICROSECONDS,
    NOTHING,
    Readings,
    Scan,
    Segments,
    interval_segments,
    rate_segments,
    register_segments,
    scan,
    scratch,
)
from reporting_agent.metering.tally import NO_STAMPS, CleaningResult, Tally
from reporting_agent.metering.whole_record import WholeRecord
from reporting_agent.processors import processors
from reporting_agent.row_numbers import Rows

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Screen:
    """The conditions of one meter on one pass over its record."""

    meter: Meter
    longest_gap_us: int
    verdict: CleaningResult | None
    resets_us: Integers = field(default_factory=lambda: NO_STAMPS)

    @property
    def _longest_step_us(self) -> int:
        interval_s = self.meter.interval_s if self.meter.reading == "interval" else None
        return (
            self.longest_gap_us
            if interval_s is None
            else min(self.longest_gap_us, round(interval_s * MICROSECONDS))
        )

    def passes(self, time_us: Integers, value: Floats, scan: Scan) -> bool:
        """Whether nothing is to be looked at in these readings, but for their load: see
        `load_passes`.
        """
        if not scan.sound or scan.least_step_us <= 0 or scan.most_step_us > self._longest_step_us:
            return False
        if self.meter.reading == "register" and scan.least_move < 0:
            return False
        if self.meter.reading == "rate" and not self.load_passes(scan.lowest, scan.highest):
            return False
        return (
            not self._begins_anew(time_us)
            and not self._nines(value, scan)
            and not self._judged(time_us, scan)
        )

    def load_passes(self, lowest: float, highest: float) -> bool:
        """Whether power or flow, of a register or an interval energy an hour, lies inside the
        range.
        """
        low = -np.inf if self.meter.range is None else self.meter.range[0]
        return low <= lowest and highest < end_of_range(self.meter)

    def _begins_anew(self, time_us: Integers) -> bool:
        return bool(((self.resets_us >= time_us[0]) & (self.resets_us <= time_us[-1])).any())

    def _nines(self, value: Floats, scan: Scan) -> bool:
        largest = max(-scan.lowest, scan.highest)
        smallest = max(scan.lowest, -scan.highest, 0.0)
        for power in POWERS:
            low, high = nines_below(power)
            if low <= largest and smallest <= high and near_power_of_ten(value, power):
                return True
        return False

    def _judged(self, time_us: Integers, scan: Scan) -> bool:
        verdict = self.verdict
        if verdict is None:
            return False
        first, last = int(time_us[0]), int(time_us[-1])
        return bool(
            any(
                ((spans.first_us <= last) & (spans.last_us >= first)).any()
                for spans in (verdict.unknown, verdict.caught_up)
            )
            or ((verdict.stamps_us >= first) & (verdict.stamps_us <= last)).any()
        )


def near_power_of_ten(value: Floats, power: float) -> bool:
    """Whether any size may be so many nines or more next to this power of ten: see
    `nines_below`.
    """
    low, high = nines_below(power)
    for first in range(0, len(value), CHUNK):
        part = value[first : first + CHUNK]
        size = np.abs(part, out=scratch.float_1[: len(part)])
        near = np.greater_equal(size, low, out=scratch.flags[: len(part)])
        near &= size <= high
        if near.any():
            return True
    return False


def load_at_most(reading: str, scan: Scan) -> float:
    """No load in these readings is higher, in the unit of the meter's range."""
    if reading == "rate":
        return scan.highest
    energy = scan.most_move if reading == "register" else max(scan.highest, 0.0)
    return energy * (HOUR_US / scan.least_step_us)


_AGREE_US = MICROSECONDS
# of a meter, laid out before the rest of its first block may take the fast path: enough to tell its
# usual load
FIRST_READINGS = 512
_FEWEST = 16  # readings; shorter blocks are sooner laid out than screened


@dataclass(frozen=True, slots=True)
class MeterQuery:
    """What is asked of one meter.

    Args:
        moments_us: every moment that a window begins or ends at.
        longest_gap_s: from the label rule of the meter's step.
        factor: of a rate, what one unit of it gives in an hour, in the unit of the energy (kW: 1
            kWh; W: 0.001 kWh).
        own: windows in order of start, to be metered each by the readings in it alone.
        resets_us: when the meter is declared to have begun anew, in order and by its own clock: no
            energy is taken across.
    """

    meter: Meter
    moments_us: NDArray[np.int64]
    longest_gap_s: float
    factor: float = 1.0
    own: Windows | None = None
    resets_us: Integers = field(default_factory=lambda: NO_STAMPS)


class OutOfOrder(Exception):  # noqa: N818 - what a stream tells the engine, which then reads the meter anew: no error that anyone sees
    """Readings of this meter reach back over a block's edge, or its clock may."""


class MeterStream:
    """Takes the blocks of one meter in file order and gives segments of known energy in order of
    time.
    """

    def __init__(
        self,
        asked: MeterQuery,
        verdict: CleaningResult | None = None,
        *,
        fast: bool = False,
        whole: bool = False,
    ) -> None:
        """One pass over the record of a meter.

        Args:
            verdict: what a first pass over the same record showed; without it, this is the first.
            fast: sound blocks take the fast path; otherwise all readings take the careful one.
            whole: the record comes in one block, so that nothing of it stands elsewhere.
        """
        self.meter = meter = asked.meter
        self.curve = Curve(asked.moments_us)
        self._fast = fast and not meter.holds
        self._whole = (
            whole or verdict is not None
        )  # a first pass in blocks found no clock that reaches over their edges
        self.tally = Tally(meter.id)
        self.seen = RecordSurvey(meter)
        self._factor = asked.factor
        self._judged_before = verdict
        self._watch = WholeRecord(meter) if verdict is None else None
        self._left_out_us = (
            NO_STAMPS  # stamps of readings that were there and were left out, since the tail
        )
        self._longest_gap_us = round(asked.longest_gap_s * MICROSECONDS)
        self._resets_us = put_right(asked.resets_us, meter)
        self._screen = Screen(meter, self._longest_gap_us, verdict, asked.resets_us)
        self._tail = NOTHING
        self._file = ""
        self._opens = (
            meter.reading == "interval" and meter.stamp == "end"
        )  # the first reading's length is still to be found
        self._closes = meter.reading == "interval" and meter.stamp == "start"
        self._third_last_us: int | None = None

    def take(self, readings: Readings, file: str) -> None:
        """The next block: the curve goes on along it, by the fast path where that is taken and the
        block is sound, else by the careful one.

        Raises:
            OutOfOrder: the meter must be read again as a whole.
        """
        if self._fast and not len(self._tail) and len(readings) > 2 * FIRST_READINGS:
            self._take(
                readings.at(slice(0, FIRST_READINGS)), file
            )  # the fast path needs a beginning to go on from
            readings = readings.at(slice(FIRST_READINGS, None))
        self._take(readings, file)

    def _take(self, readings: Readings, file: str) -> None:
        passed = self.pass_over(readings, file) if self._fast else None
        if passed is None:
            self.curve.add(self.feed(readings, file))
        else:
            lead, run = passed
            self.curve.add(lead)
            self.curve.add_run(run)

    def feed(self, readings: Readings, file: str) -> Segments:
        """Segments that are settled after this block."""
        self._file = file
        result = cleaning.clean(readings, self.meter, file, self.tally, self._judged_before)
        cleaned = result.readings
        if result.open_back and not self._whole:
            raise OutOfOrder
        self._left_out_us = np.sort(np.concatenate((self._left_out_us, result.left_out_us)))
        if not len(cleaned):
            return self._segments(NOTHING)
        if len(self._tail) and cleaned.time_us[0] <= self._tail.time_us[-1]:
            raise OutOfOrder
        joined = self._tail.then(cleaned)
        spike = cleaning.spikes(joined.time_us, joined.value, self.meter)
        self.tally.add("register-spike", file, joined.row, spike)
        joined = joined.at(~spike)
        if self._watch is not None:
            self._watch.see(joined.at(slice(0, -1)), file)
        if len(joined) >= 3:  # before that nothing has been settled
            joined = self._with_first(joined)
            self._third_last_us = int(joined.time_us[-3])
        settled, self._tail = (
            joined.at(slice(0, max(len(joined) - 1, 0))),
            joined.at(slice(max(len(joined) - 2, 0), None)),
        )
        segments = self._segments(settled)
        self._left_out_us = (
            self._left_out_us[self._left_out_us > self._tail.time_us[0]]
            if len(self._tail)
            else self._left_out_us
        )
        return segments

    def pass_over(self, readings: Readings, file: str) -> tuple[Segments, ReadingRun] | None:
        """The fast path: what is settled after a block in which the screen sees nothing, or None
        where it holds the block back.

        The segments lead from the readings kept back into the block, the run goes on from its first
        reading.
        """
        if self._opens or len(self._tail) < 2 or len(readings) < _FEWEST:
            return None
        time_us, value = readings.time_us, readings.value
        lead = self._tail.then(readings.at(slice(0, 1)))
        settled, end = slice(0, -1), slice(-2, None)
        scanned = scan(time_us[settled], value[settled])
        found_lead = scan(lead.time_us, lead.value)
        sound = (
            self._screen.passes(time_us[settled], value[settled], scanned)
            and self._screen.passes(time_us[end], value[end], scan(time_us[end], value[end]))
            and self._screen.passes(lead.time_us, lead.value, found_lead)
        )
        if not sound:
            return None
        run = self._run(time_us[settled], value[settled], scanned)
        lowest, highest = run.loads()
        if not self._screen.load_passes(lowest, highest):
            return None
        self._file = file
        if self._watch is not None:
            self._watch.see(
                lead,
                file,
                lowest=found_lead.lowest,
                highest=load_at_most(self.meter.reading, found_lead),
            )
            longest_run = None if scanned.standing else 1 + scanned.still
            self._watch.see(
                readings.at(settled),
                file,
                lowest=scanned.lowest,
                highest=highest,
                longest_run=longest_run,
            )
        led = self._segments(lead)
        self.seen.add_run(run, lowest, highest)
        self._third_last_us = int(time_us[-3])
        self._tail = Readings(
            time_us[end].copy(), value[end].copy(), readings.row[end]
        )  # copied: views would hold on to the block
        self._left_out_us = NO_STAMPS
        return led, run

    def _run(
        self, time_us: NDArray[np.int64], value: NDArray[np.float64], scan: Scan
    ) -> ReadingRun:
        if self.meter.reading == "interval":
            value = value[1:] if self.meter.stamp == "end" else value[:-1]
        return ReadingRun(
            self.meter.reading, put_right(time_us, self.meter), value, self._factor, scan
        )

    def close(self) -> Course:
        """After all blocks: the last segment, and all that this meter told, with what its whole
        record showed.
        """
        verdict = self._judged_before
        if self._watch is not None:
            self._watch.see(self._tail, self._file)
            verdict = self._watch.verdict(self.tally)
        if verdict is not None:
            self.tally.take_in(verdict.tally)
        last, self._tail = self._with_last(self._with_first(self._tail)), NOTHING
        self.curve.add(self._segments(last))
        self.curve.finish()
        return Course(self.curve, tuple(self.tally.findings()), self.seen.facts(), verdict)

    def _with_first(self, readings: Readings) -> Readings:
        """A stamp before the first reading, so that its interval has a beginning."""
        if not self._opens or not len(readings):
            return readings
        self._opens = False
        length_us = self._edge_length_us(readings.time_us[:3].tolist(), readings.row[:1])
        if length_us is None:
            return readings
        return Readings(readings.time_us[:1] - length_us, np.zeros(1), readings.row[:1]).then(
            readings
        )

    def _with_last(self, readings: Readings) -> Readings:
        """A stamp after the last reading, so that its interval has an end."""
        if not self._closes or not len(readings):
            return readings
        before = [] if self._third_last_us is None else [self._third_last_us]
        length_us = self._edge_length_us([*before, *readings.time_us.tolist()], readings.row[-1:])
        if length_us is None:
            return readings
        return readings.then(
            Readings(readings.time_us[-1:] + length_us, np.zeros(1), readings.row[-1:])
        )

    def _edge_length_us(self, stamps_us: list[int], row: Rows) -> int | None:
        """Length of the interval at the edge, from the three stamps nearest to it."""
        if self.meter.interval_s is not None:
            return round(self.meter.interval_s * MICROSECONDS)
        spacings = [later - earlier for earlier, later in pairwise(stamps_us)]
        if len(spacings) == 2 and abs(spacings[0] - spacings[1]) <= _AGREE_US:
            return spacings[0]
        self.tally.add("first-interval-unknown", self._file, row)
        return None

    def _segments(self, readings: Readings) -> Segments:
        if len(readings) < 2:
            return Segments(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
        time_us = put_right(readings.time_us, self.meter)
        if self.meter.reading == "register":
            pieces = register_segments(time_us, readings.value)
            for end_us, energy in across_gaps(
                pieces,
                readings,
                self.meter,
                self._longest_gap_us,
                self._judged_before,
                self._resets_us,
            ):
                self.curve.add_unplaced(end_us, energy)
        elif self.meter.reading == "rate":
            pieces = rate_segments(time_us, readings.value * self._factor, holds=self.meter.holds)
        else:
            length = (
                None
                if self.meter.interval_s is None
                else round(self.meter.interval_s * MICROSECONDS)
            )
            if length is not None:
                step_us = np.diff(time_us)
                missing = (step_us > 1.5 * length) & (step_us <= self._longest_gap_us)
                self.tally.add("interval-missing", self._file, readings.row[1:], missing)
            pieces = interval_segments(
                time_us, readings.value, stamp=self.meter.stamp, length_us=length
            )
        segments, keep = known_segments(
            pieces,
            readings,
            self.meter,
            self._longest_gap_us,
            self._file,
            self.tally,
            self._left_out_us,
            self._judged_before,
            self._resets_us,
        )
        usable = segments.at(keep)
        self.seen.add(time_us, readings.value, pieces, usable)
        return usable


Block = tuple[str, Readings, str]
"""Meter id, readings in file order, file name."""

Read = Callable[[frozenset[str]], Iterable[Block]]
"""Gives the blocks of the meters named, from the beginning; called again where a meter must be read
again.
"""


def courses(
    asked: Sequence[MeterQuery], lanes: Sequence[Read], *, fast: bool = False
) -> dict[str, Course]:
    """The course of each meter, by its id.

    Args:
        lanes: each gives the blocks of meters that stand in no other; they are followed at the same
            time, one a processor.
        fast: sound blocks take the fast path; otherwise all readings take the careful one.
    """
    by_id = {request.meter.id: request for request in asked}
    if (threads := min(len(lanes), processors())) < 2:
        followed = [_follow(read, by_id, fast) for read in lanes]
    else:
        with ThreadPoolExecutor(threads) as pool:
            followed = list(pool.map(lambda read: _follow(read, by_id, fast), lanes))
    closed = {name: course for lane in followed for name, course in lane.items()}
    return {
        name: closed[name] if name in closed else MeterStream(request).close()
        for name, request in by_id.items()
    }


def _follow(read: Read, by_id: Mapping[str, MeterQuery], fast: bool) -> dict[str, Course]:
    """The meters of one lane; read again where that is needed, and closed."""
    running: dict[str, MeterStream] = {}
    again: set[str] = set()
    own: dict[str, OwnWindows] = {}
    for name, readings, file in read(frozenset(by_id)):
        asked = by_id[name]
        if asked.own is not None:
            if name not in own:
                own[name] = OwnWindows(
                    asked.meter, asked.own, asked.longest_gap_s, asked.factor, asked.resets_us
                )
            own[name].take(readings)
        if name in again:
            continue
        if name not in running:
            running[name] = MeterStream(asked, fast=fast)
        try:
            running[name].take(readings, file)
        except OutOfOrder:
            again.add(name)
    by_itself = _close_own(own, read)
    closed = {name: follower.close() for name, follower in running.items() if name not in again}
    judged = {
        name: course.verdict
        for name, course in closed.items()
        if course.verdict is not None and course.verdict.leaves_out
    }
    if again:
        for name, readings, file in _whole(read(frozenset(again))):
            closed[name] = _whole_read(by_id[name], readings, file)
    if judged:
        second = {
            name: MeterStream(by_id[name], verdict, fast=fast) for name, verdict in judged.items()
        }
        for name, readings, file in read(frozenset(judged)):
            second[name].take(readings, file)
        closed |= {name: stream.close() for name, stream in second.items()}
    return {name: replace(course, own=by_itself.get(name)) for name, course in closed.items()}


def _close_own(own: Mapping[str, OwnWindows], read: Read) -> dict[str, OwnEnergy]:
    """Meter what is still held, and once more the windows of which readings came late."""
    for windows in own.values():
        windows.close()
    late = {name: windows for name, windows in own.items() if windows.late}
    if late:
        for name, readings, _ in read(frozenset(late)):
            late[name].take_again(readings)
        for windows in late.values():
            windows.close()
    return {name: windows.energies() for name, windows in own.items()}


def _whole_read(asked: MeterQuery, readings: Readings, file: str) -> Course:
    """One meter's readings in one piece, and once more where the whole record shows what is to be
    left out.
    """
    first = MeterStream(asked, whole=True)
    first.take(readings, file)
    course = first.close()
    if course.verdict is None or not course.verdict.leaves_out:
        return course
    second = MeterStream(asked, course.verdict)
    second.take(readings, file)
    return second.close()


def _whole(blocks: Iterable[Block]) -> Iterator[Block]:
    """Each meter's readings in one piece; places are then named by the last file."""
    gathered: dict[str, list[Readings]] = {}
    files: dict[str, str] = {}
    for name, readings, file in blocks:
        gathered.setdefault(name, []).append(readings)
        files[name] = file
    for name in list(gathered):
        yield name, NOTHING.then(*gathered.pop(name)), files[name]
