"""One meter's way through its blocks of readings: clean, join to the block before, make segments.

The last two readings of a block are kept back for the next, so that the result does not depend on where blocks are cut:
a register spike is only told from a reset by what follows, and a segment may span two blocks. A block that begins before
the last one ended raises `OutOfOrder`, and so does one in which a clock is put back that nothing in the block had set ahead; the
engine then reads that meter again as a whole.

An interval meter's reading at the open edge of the record (the first where stamps end intervals, the last where they start
them) has no neighbour to tell its length. It is the declared `interval_s`; else the spacing of its neighbours where the two
nearest agree; else it is not known, and the reading is left out with a finding.

Which blocks of readings may take the fast road: the one place where its conditions stand.

A block passes where no rule of `cleaning` could find anything in it. The screen may hold back too much and never too little:
what it holds back goes the careful road, which names, counts and repairs, and comes to the same energies to the last bit where there
was nothing after all. A new rule of cleaning that looks at single readings or at neighbours needs its condition here.

| held back | because of |
|---|---|
| a value that is not finite, or beyond 2^42 | `clean`, `fixed.MOST` |
| a value that may be five nines or more | sentinels |
| a stamp not later than the one before | duplicates, late entries, clock jumps |
| a step longer than the label rule's longest gap, or than an interval meter's declared interval | gaps |
| a register that falls | spikes, resets, rollovers, changes of unit |
| of a rate, a value below its range, at its end or above | out of range, saturated |
| of a register or an interval, a load below the range, at its end or above | out of range, saturated |
| on a second pass: a time, a stamp or a value that the verdict names | all that only the whole record shows |

Runs of equal values and the highest load do not hold a block back: `watch` is told of them.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from reporting_agent.config import Meter
from reporting_agent.metering import cleaning
from reporting_agent.metering.cleaning import AT_RANGE, NOTHING, Readings
from reporting_agent.metering.curve import Run
from reporting_agent.metering.kernel import Scan, near_power_of_ten, nines_below, scan
from reporting_agent.metering.own_time import put_right
from reporting_agent.metering.record import Seen
from reporting_agent.metering.segments import HOUR_US, MICROSECONDS, Segments, interval_segments, rate_segments, register_segments
from reporting_agent.metering.tally import NO_STAMPS, Tally, Verdict
from reporting_agent.metering.whole_record import Watch
from reporting_agent.row_numbers import Rows

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_POWERS = tuple(10.0**whole for whole in range(2, 13))


class Screen:
    """The conditions of one meter on one pass over its record."""

    def __init__(self, meter: Meter, longest_gap_us: int, verdict: Verdict | None) -> None:
        self._register = meter.reading == "register"
        self._rate = meter.reading == "rate"
        interval_us = None if meter.reading != "interval" or meter.interval_s is None else round(meter.interval_s * MICROSECONDS)
        self._longest_step_us = longest_gap_us if interval_us is None else min(longest_gap_us, interval_us)
        low, high = meter.range or (-np.inf, np.inf)
        self._low, self._end = low, high if meter.range is None else high - AT_RANGE * (high - low)
        self._verdict = verdict

    def passes(self, time_us: Integers, value: Floats, found: Scan) -> bool:
        """Whether nothing is to be looked at in these readings, but for their load: see `load_passes`."""
        if not found.sound or found.least_step_us <= 0 or found.most_step_us > self._longest_step_us:
            return False
        if self._register and found.least_move < 0:
            return False
        if self._rate and not self.load_passes(found.lowest, found.highest):
            return False
        return not self._nines(value, found) and not self._judged(time_us, found)

    def load_passes(self, lowest: float, highest: float) -> bool:
        """Whether power or flow, of a register or an interval energy an hour, lies inside the range."""
        return self._low <= lowest and highest < self._end

    def _nines(self, value: Floats, found: Scan) -> bool:
        largest = max(-found.lowest, found.highest)
        smallest = max(found.lowest, -found.highest, 0.0)
        for power in _POWERS:
            low, high = nines_below(power)
            if low <= largest and smallest <= high and near_power_of_ten(value, power):
                return True
        return False

    def _judged(self, time_us: Integers, found: Scan) -> bool:
        verdict = self._verdict
        if verdict is None:
            return False
        first, last = int(time_us[0]), int(time_us[-1])
        return bool(
            (verdict.ceiling is not None and found.highest >= verdict.ceiling)
            or any(((spans.first_us <= last) & (spans.last_us >= first)).any() for spans in (verdict.unknown, verdict.caught_up))
            or ((verdict.stamps_us >= first) & (verdict.stamps_us <= last)).any()
        )


_AGREE_US = MICROSECONDS
_FEWEST = 16  # readings; shorter blocks are sooner laid out than screened


class OutOfOrder(Exception):  # noqa: N818 - a turn of the road between engine and stream, not an error anyone sees
    """Readings of this meter reach back over a block's edge, or its clock may."""


class MeterStream:
    """Takes the blocks of one meter in file order and gives segments of known energy in order of time."""

    def __init__(
        self, meter: Meter, longest_gap_s: float, factor: float = 1.0, verdict: Verdict | None = None, *, whole: bool = False
    ) -> None:
        """One pass over the record of a meter.

        Args:
            factor: of a rate, what one unit of it gives in an hour, in the unit of the energy.
            verdict: what a first pass over the same record showed; without it, this is the first.
            whole: the record comes in one block, so that nothing of it stands elsewhere.
        """
        self.meter = meter
        self._whole = whole or verdict is not None  # a first pass in blocks found no clock that reaches over their edges
        self.verdict = verdict
        self.tally = Tally(meter.id)
        self.seen = Seen(meter)
        self.across_gaps: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []  # ends of gaps, what a register counted over them
        self._factor = factor
        self._judged_before = verdict
        self._watch = Watch(meter) if verdict is None else None
        self._left_out_us = NO_STAMPS  # stamps of readings that were there and were left out, since the tail
        self._longest_gap_us = round(longest_gap_s * MICROSECONDS)
        self._screen = Screen(meter, self._longest_gap_us, verdict)
        self._tail = NOTHING
        self._file = ""
        self._opens = meter.reading == "interval" and meter.stamp == "end"  # the first reading's length is still to be found
        self._closes = meter.reading == "interval" and meter.stamp == "start"
        self._third_last_us: int | None = None

    @property
    def begins(self) -> bool:
        """Whether no reading has come yet."""
        return not len(self._tail)

    def feed(self, readings: Readings, file: str) -> Segments:
        """Segments that are settled after this block."""
        self._file = file
        found = cleaning.clean(readings, self.meter, file, self.tally, self._judged_before)
        cleaned = found.readings
        if found.open_back and not self._whole:
            raise OutOfOrder
        self._left_out_us = np.sort(np.concatenate((self._left_out_us, found.left_out_us)))
        if not len(cleaned):
            return self._segments(NOTHING)
        if len(self._tail) and cleaned.time_us[0] <= self._tail.time_us[-1]:
            raise OutOfOrder
        joined = self._tail.then(cleaned)
        spike = cleaning.spikes(joined, self.meter)
        self.tally.add("register-spike", file, joined.row[spike])
        joined = joined.at(~spike)
        if self._watch is not None:
            self._watch.see(joined.at(slice(0, -1)), file)
        if len(joined) >= 3:  # before that nothing has been settled
            joined = self._with_first(joined)
            self._third_last_us = int(joined.time_us[-3])
        settled, self._tail = joined.at(slice(0, max(len(joined) - 1, 0))), joined.at(slice(max(len(joined) - 2, 0), None))
        made = self._segments(settled)
        self._left_out_us = self._left_out_us[self._left_out_us > self._tail.time_us[0]] if len(self._tail) else self._left_out_us
        return made

    def pass_over(self, readings: Readings, file: str) -> tuple[Segments, Run] | None:
        """The fast road: what is settled after a block in which the screen sees nothing, or None where it holds the block back.

        The segments lead from the readings kept back into the block, the run goes on from its first reading.
        """
        if self._opens or len(self._tail) < 2 or len(readings) < _FEWEST:
            return None
        time_us, value = readings.time_us, readings.value
        lead = self._tail.then(readings.at(slice(0, 1)))
        settled, end = slice(0, -1), slice(-2, None)
        found = scan(time_us[settled], value[settled])
        found_lead = scan(lead.time_us, lead.value)
        sound = (
            self._screen.passes(time_us[settled], value[settled], found)
            and self._screen.passes(time_us[end], value[end], scan(time_us[end], value[end]))
            and self._screen.passes(lead.time_us, lead.value, found_lead)
        )
        if not sound:
            return None
        run = self._run(time_us[settled], value[settled], found)
        lowest, highest = run.loads()
        if not self._screen.load_passes(lowest, highest):
            return None
        self._file = file
        if self._watch is not None:
            self._watch.see(lead, file, lowest=found_lead.lowest, highest=_load_at_most(self.meter.reading, found_lead))
            longest_run = None if found.standing else 1 + found.still
            self._watch.see(readings.at(settled), file, lowest=found.lowest, highest=highest, longest_run=longest_run)
        led = self._segments(lead)
        self.seen.add_run(run, lowest, highest)
        self._third_last_us = int(time_us[-3])
        self._tail = Readings(time_us[end].copy(), value[end].copy(), readings.row[end])  # copied: views would hold on to the block
        self._left_out_us = NO_STAMPS
        return led, run

    def _run(self, time_us: NDArray[np.int64], value: NDArray[np.float64], found: Scan) -> Run:
        if self.meter.reading == "interval":
            value = value[1:] if self.meter.stamp == "end" else value[:-1]
        return Run(self.meter.reading, put_right(time_us, self.meter), value, self._factor, found)

    def close(self) -> Segments:
        """The last segment, after all blocks. From here on `verdict` holds what the whole record showed."""
        if self._watch is not None:
            self._watch.see(self._tail, self._file)
            self.verdict = self._watch.verdict(self.tally)
        if self.verdict is not None:
            self.tally.take_in(self.verdict.tally)
        last, self._tail = self._with_last(self._with_first(self._tail)), NOTHING
        return self._segments(last)

    def _with_first(self, readings: Readings) -> Readings:
        """A stamp before the first reading, so that its interval has a beginning."""
        if not self._opens or not len(readings):
            return readings
        self._opens = False
        length_us = self._edge_length_us(readings.time_us[:3].tolist(), readings.row[:1])
        if length_us is None:
            return readings
        return Readings(readings.time_us[:1] - length_us, np.zeros(1), readings.row[:1]).then(readings)

    def _with_last(self, readings: Readings) -> Readings:
        """A stamp after the last reading, so that its interval has an end."""
        if not self._closes or not len(readings):
            return readings
        before = [] if self._third_last_us is None else [self._third_last_us]
        length_us = self._edge_length_us([*before, *readings.time_us.tolist()], readings.row[-1:])
        if length_us is None:
            return readings
        return readings.then(Readings(readings.time_us[-1:] + length_us, np.zeros(1), readings.row[-1:]))

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
            made = register_segments(time_us, readings.value)
        elif self.meter.reading == "rate":
            made = rate_segments(time_us, readings.value * self._factor)
        else:
            length = None if self.meter.interval_s is None else round(self.meter.interval_s * MICROSECONDS)
            made = interval_segments(time_us, readings.value, stamp=self.meter.stamp, length_us=length)
        self.seen.add(time_us, readings.value, made)
        self._note_gaps(made, readings)
        kept = cleaning.judge(
            made, readings, self.meter, self._longest_gap_us, self._file, self.tally, self._left_out_us, self._judged_before
        )
        self.seen.add_segments(kept)
        return kept

    def _note_gaps(self, made: Segments, readings: Readings) -> None:
        """What a register counted across gaps: known in all, though not when. Nothing where it fell or counted the impossible."""
        length = made.end_us - made.start_us
        if self.meter.reading == "register" and self._judged_before is not None:
            hung = self._judged_before.caught_up.between(readings.time_us) & (made.energy > 0)
            self.across_gaps.append((made.end_us[hung], made.energy[hung]))
        if self.meter.reading != "register" or not (length > self._longest_gap_us).any():
            return
        counted = cleaning.judge(made, readings, self.meter, int(length.max()), "", Tally(self.meter.id))
        long = counted.end_us - counted.start_us > self._longest_gap_us
        self.across_gaps.append((counted.end_us[long], counted.energy[long]))


def _load_at_most(reading: str, found: Scan) -> float:
    """No load in these readings is higher, in the unit of the meter's range."""
    if reading == "rate":
        return found.highest
    energy = found.most_move if reading == "register" else max(found.highest, 0.0)
    return energy * (HOUR_US / found.least_step_us)
