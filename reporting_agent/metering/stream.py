"""One meter's way through its blocks of readings: clean, join to the block before, make segments.

The last two readings of a block are kept back for the next, so that the result does not depend on
where blocks are cut: a register spike is only told from a reset by what follows, and a segment may
span two blocks. A block that begins before the last one ended raises `OutOfOrder`, and so does one
in which a clock is put back that nothing in the block had set ahead; the engine then reads that
meter again as a whole.

An interval meter's reading at the open edge of the record (the first where stamps end intervals,
the last where they start them) has no neighbour to tell its length. It is the declared
`interval_s`; else the spacing of its neighbours where the two nearest agree; else it is not known,
and the reading is left out with a finding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from reporting_agent.config import Meter
from reporting_agent.metering import cleaning
from reporting_agent.metering.curve import Course, Curve, ReadingRun
from reporting_agent.metering.kernel import Scan, scan
from reporting_agent.metering.known_energy import across_gaps, known_segments
from reporting_agent.metering.moments import Windows
from reporting_agent.metering.own_time import put_right
from reporting_agent.metering.readings import NOTHING, Readings
from reporting_agent.metering.record import RecordSurvey
from reporting_agent.metering.screen import Screen, load_at_most
from reporting_agent.metering.segments import (
    MICROSECONDS,
    Segments,
    interval_segments,
    rate_segments,
    register_segments,
)
from reporting_agent.metering.tally import NO_STAMPS, CleaningResult, Tally
from reporting_agent.metering.whole_record import WholeRecord
from reporting_agent.row_numbers import Rows

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

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
        self._fast = fast
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
            pieces = rate_segments(time_us, readings.value * self._factor)
        else:
            length = (
                None
                if self.meter.interval_s is None
                else round(self.meter.interval_s * MICROSECONDS)
            )
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
