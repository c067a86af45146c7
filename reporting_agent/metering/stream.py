"""One meter's way through its blocks of readings: clean, join to the block before, make segments.

The last two readings of a block are kept back for the next, so that the result does not depend on where blocks are cut:
a register spike is only told from a reset by what follows, and a segment may span two blocks. A block that begins before
the last one ended raises `OutOfOrder`; the engine then reads that meter again as a whole.

An interval meter's reading at the open edge of the record (the first where stamps end intervals, the last where they start
them) has no neighbour to tell its length. It is the declared `interval_s`; else the spacing of its neighbours where the two
nearest agree; else it is not known, and the reading is left out with a finding.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from reporting_agent.config import Meter
from reporting_agent.metering import cleaning
from reporting_agent.metering.cleaning import NOTHING, Readings
from reporting_agent.metering.segments import MICROSECONDS, Segments, interval_segments, rate_segments, register_segments
from reporting_agent.metering.tally import Tally

_STEP_SHARE = 0.05  # a spacing that this share of all readings has is a resolution of its own
_LONGEST_STEP_S = 7200
_AGREE_US = MICROSECONDS


class OutOfOrder(Exception):  # noqa: N818 - a turn of the road between engine and stream, not an error anyone sees
    """Readings of this meter reach back over a block's edge."""


class MeterStream:
    """Takes the blocks of one meter in file order and gives segments of known energy in order of time."""

    def __init__(self, meter: Meter, longest_gap_s: float) -> None:
        self.meter = meter
        self.tally = Tally(meter.id)
        self._longest_gap_us = round(longest_gap_s * MICROSECONDS)
        self._tail = NOTHING
        self._file = ""
        self._steps = np.zeros(_LONGEST_STEP_S, dtype=np.int64)
        self._opens = meter.reading == "interval" and meter.stamp == "end"  # the first reading's length is still to be found
        self._closes = meter.reading == "interval" and meter.stamp == "start"
        self._third_last_us: int | None = None

    def feed(self, readings: Readings, file: str) -> Segments:
        """Segments that are settled after this block."""
        self._file = file
        cleaned = cleaning.clean(readings, self.meter, file, self.tally)
        if not len(cleaned):
            return self._segments(NOTHING)
        if len(self._tail) and cleaned.time_us[0] <= self._tail.time_us[-1]:
            raise OutOfOrder
        joined = self._tail.then(cleaned)
        spike = cleaning.spikes(joined, self.meter)
        self.tally.add("register-spike", file, joined.row[spike])
        joined = joined.at(~spike)
        if len(joined) >= 3:  # before that nothing has been settled
            joined = self._with_first(joined)
            self._third_last_us = int(joined.time_us[-3])
        settled, self._tail = joined.at(slice(0, max(len(joined) - 1, 0))), joined.at(slice(max(len(joined) - 2, 0), None))
        return self._segments(settled)

    def close(self) -> Segments:
        """The last segment, after all blocks."""
        last, self._tail = self._with_last(self._with_first(self._tail)), NOTHING
        self._find_resolution_changes()
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

    def _edge_length_us(self, stamps_us: list[int], row: NDArray[np.int64]) -> int | None:
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
        time_us = readings.time_us - round(self.meter.clock_offset_s * MICROSECONDS)
        if self.meter.reading == "register":
            made = register_segments(time_us, readings.value)
        elif self.meter.reading == "rate":
            made = rate_segments(time_us, readings.value)
        else:
            length = None if self.meter.interval_s is None else round(self.meter.interval_s * MICROSECONDS)
            made = interval_segments(time_us, readings.value, stamp=self.meter.stamp, length_us=length)
        steps = np.diff(readings.time_us) // MICROSECONDS
        self._steps += np.bincount(steps[steps < _LONGEST_STEP_S], minlength=_LONGEST_STEP_S)
        return cleaning.judge(made, readings.value[:-1], readings.row[1:], self.meter, self._longest_gap_us, self._file, self.tally)

    def _find_resolution_changes(self) -> None:
        total = int(self._steps.sum())
        usual = np.flatnonzero(self._steps >= max(_STEP_SHARE * total, 10))
        if len(usual) > 1 and usual[-1] >= 2 * usual[0]:  # jitter of a second is no change of resolution
            self.tally.counts["resolution-change"] = len(usual) - 1
            self.tally.places["resolution-change"] = []
