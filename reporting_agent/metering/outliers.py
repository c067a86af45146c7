"""A sample of the meter's own history, and what it excludes: spikes, jumps of a register, stray
zeros, a flat or standing ceiling.

**Spikes.** `Peaks` keeps the highest loads of the record with their readings; at the end, when the
meter's own history is known, `spikes` says which of them no load explains. A load that rises over
one reading and falls over another, that is high for longer than a few, or that comes back at the
same height, is a way of running, however rare; a change of scale is found elsewhere (`unit_check`).

**The sample** is a few thousand of the meter's readings, evenly spread, whatever the length of the
record. Every `stride`-th reading by its number in the record is kept; once more than `MOST` stand
there, every second is dropped and the stride doubles. So the sample depends on the readings alone,
not on the blocks they came in, and costs next to nothing: rules that ask what is usual for this
meter (`spikes`, `flat_ceiling`, `stuck_values`, changes of resolution) ask it.

**Stray zeros** of a meter that is never at zero: what a logger writes where no value came, or an
outage. A plant with a base load (lamps, fans, transformers) draws something at any hour. Where its
meter shows 0 for a reading or two, among hundreds of thousands that are well above, nothing was
measured, or the supply failed. That other meters show zeros then tells neither: a gateway fails for
all of its meters at once. A standstill that lasts is no drop-out.

**A flat ceiling** that nobody declared: a sensor that saturates below the loads it was bought for.
A load that swings goes through many different values below its highest and meets the highest
seldom. Where instead the highest value stands far more often than any value below it, while below
it hardly two readings are alike, the values were cut off there. A load that is steady, or written
in coarse steps, has many alike below its highest as well and shows nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from reporting_agent.config import Meter
from reporting_agent.metering.readings import Columns, Readings
from reporting_agent.metering.segments import load_of
from reporting_agent.row_numbers import Rows

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MOST = 4096  # quantiles to a percent, the finest digit to a few weeks of a year; 200 kB a meter


@dataclass(frozen=True, slots=True)
class SampledReadings(Columns):
    """Sampled readings in order of time.

    `number` counts readings from 0, `step_us` is the time since the reading before (0 of the
    first), `power` the load that the reading tells: its value for a rate, else energy an hour since
    the reading before (NaN where that has no meaning). `file` is an index into the files the meter
    was read from.
    """

    number: Integers
    time_us: Integers
    value: Floats
    step_us: Integers
    power: Floats
    row: Integers
    file: Integers


EMPTY = SampledReadings(
    *(
        np.zeros(0, dtype=kind)
        for kind in (np.int64, np.int64, float, np.int64, float, np.int64, np.int64)
    )
)


@dataclass(slots=True)
class Sampler:
    """Takes readings in order and keeps the sample."""

    stride: int = 1
    seen: int = 0
    _parts: list[SampledReadings] = field(default_factory=list)

    def see(
        self, meter: Meter, readings: Readings, last: tuple[int, float] | None, file: int
    ) -> None:
        """The next readings, after one of this stamp and value; those of them belong to the sample
        that the stride then chooses.
        """
        number, count, before = self.seen, len(readings), self.stride
        while -(-(number + count) // self.stride) > MOST:
            self.stride *= 2
        if self.stride > before and self._parts:
            whole = self.sample()
            self._parts = [whole.at(whole.number % self.stride == 0)]
        self.seen += count
        indices = np.arange(-number % self.stride, count, self.stride)
        if not len(indices):
            return
        time_us, value = readings.time_us[indices], readings.value[indices]
        before_us, before_value = readings.time_us[indices - 1], readings.value[indices - 1]
        if indices[0] == 0:
            before_us[0], before_value[0] = last or (time_us[0], np.nan)
        step_us = time_us - before_us
        load = loads(meter, step_us, before_value, value)
        self._parts.append(
            SampledReadings(
                number + indices,
                time_us,
                value,
                step_us,
                load,
                readings.row[indices],
                np.full(len(indices), file),
            )
        )

    def sample(self) -> SampledReadings:
        return EMPTY.then(*self._parts)


def loads(meter: Meter, step_us: Integers, before: Floats, value: Floats) -> Floats:
    """The load that each reading tells: of a rate its value; else the energy an hour since the
    reading before, NaN where there is none.
    """
    if meter.reading == "rate":
        return value
    energy = value - before if meter.reading == "register" else value
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(step_us > 0, load_of(energy, step_us), np.nan)


MOST_KEPT = 1024
FEWEST_LOADED = 48  # below this number of readings under load nothing can be called unusual
# above the 99th percentile of the load; starting currents stay below in readings of a minute and
# more
TIMES_HIGH = 1.5
DEVIATIONS = (
    12.0  # robust standard deviations above the median under load: for loads that swing widely
)
MAD_TO_SIGMA = 1.4826  # of a normal distribution
LONGEST, NEAR = (
    3,
    12,
)  # high readings among so many on either side; where there are more, it is a load
STEEP = 0.5  # of a peak that a reading next to it shows: then it was a load that rose and fell
BEYOND_ANY_LOAD = 4.0  # times the 99th percentile: no way of running, even if it comes back
FEWEST_ALIKE, ALIKE = (
    8,
    0.1,
)  # so many peaks within this share of their median height are a way of running


@dataclass(frozen=True, slots=True)
class HighestLoads(Columns):
    """Readings of the highest loads; the load was drawn over (`before_us`, `time_us`]. `load` is
    least what the reading proves.
    """

    number: Integers
    before_us: Integers
    time_us: Integers
    load: Floats
    row: Integers
    file: Integers


NONE = HighestLoads(
    *(np.zeros(0, dtype=kind) for kind in (np.int64, np.int64, np.int64, float, np.int64, np.int64))
)


@dataclass(slots=True)
class Peaks:
    """Takes loads in order and keeps the highest."""

    floor: float = 0.0  # a load must be above it to be kept
    highest: HighestLoads = NONE

    def see(self, number: int, time_us: Integers, load: Floats, row: Rows, file: int) -> None:
        """The next loads; the first stamp only says since when the first load was drawn (one stamp
        more than loads).
        """
        above = np.flatnonzero(load > self.floor)
        if not len(above):
            return
        highest = HighestLoads(
            number + above,
            time_us[above],
            time_us[above + 1],
            load[above],
            row[above],
            np.full(len(above), file),
        )
        whole = self.highest.then(highest)
        if len(whole) > MOST_KEPT:
            whole = whole.at(np.sort(np.argsort(-whole.load, kind="stable")[:MOST_KEPT]))
            self.floor = float(whole.load.min())
        self.highest = whole


def plausible_load(sample: SampledReadings) -> float:
    """The most that the meter's own history makes plausible for a single reading; endless where
    there is too little of it.
    """
    load = sample.power[np.isfinite(sample.power) & (sample.power > 0)]
    if len(load) < FEWEST_LOADED:
        return float("inf")
    high = float(np.quantile(load, 0.99))
    loaded = load[load > high / 2]
    median = float(np.median(loaded))
    spread = MAD_TO_SIGMA * float(np.median(np.abs(loaded - median)))
    return max(TIMES_HIGH * high, median + DEVIATIONS * spread)


def least_loads(peaks: HighestLoads, step_us: float) -> HighestLoads:
    """The same with the energy spread over the usual step at least: two stamps that a clock set
    right drew together are no peak.
    """
    length = np.maximum(peaks.time_us - peaks.before_us, 1)
    return replace(peaks, load=peaks.load * np.minimum(length / max(step_us, 1.0), 1.0))


def spikes(peaks: HighestLoads, limit: float) -> Flags:
    """Which of the highest loads are spikes."""
    above = peaks.load > limit
    if not above.any():
        return above
    high = peaks.number[above]
    around = np.searchsorted(high, peaks.number + NEAR, side="right") - np.searchsorted(
        high, peaks.number - NEAR
    )
    above &= (around <= LONGEST) & ~_beside_a_load(peaks)
    if not above.any():
        return above
    median = float(np.median(peaks.load[above]))
    alike = np.abs(peaks.load - median) <= ALIKE * median
    if int((above & alike).sum()) >= FEWEST_ALIKE and median < BEYOND_ANY_LOAD / TIMES_HIGH * limit:
        above &= ~alike
    return above


def _beside_a_load(peaks: HighestLoads) -> Flags:
    """Whether the reading before or the one after shows much of it too; `peaks` hold what is nearly
    as high as a plausible load.
    """
    beside = np.zeros(len(peaks), dtype=bool)
    for away in (-1, 1):
        at = np.minimum(np.searchsorted(peaks.number, peaks.number + away), len(peaks) - 1)
        beside |= (peaks.number[at] == peaks.number + away) & (peaks.load[at] >= STEEP * peaks.load)
    return beside


MOST_ZEROS = 256  # zeros; a meter with more is at rest from time to time
FEWEST_READINGS = 500  # below this number nobody can say "never"
MOST_SHARE = 1e-3  # of the readings
BASE, LOW = (
    0.1,
    0.01,
)  # of the median: what the lowest hundredth of the readings must reach for a base load
LONGEST_DROPOUT = 2  # readings in a row


@dataclass(slots=True)
class Zeros:
    """Takes readings in order and keeps the zeros, until there are too many to be drop-outs."""

    zeros: list[Integers] = field(default_factory=list)
    count: int = 0

    def see(self, number: int, time_us: Integers, value: Floats, row: Rows, file: int) -> None:
        """The next readings, of which the first has this number in the record."""
        if self.count > MOST_ZEROS:
            return
        at = np.flatnonzero(value == 0)
        if len(at):
            self.count += len(at)
            self.zeros.append(
                np.column_stack((number + at, time_us[at], row[at], np.full(len(at), file)))[
                    : MOST_ZEROS + 1
                ]
            )

    def dropped(self, sample: SampledReadings, readings: int) -> Integers:
        """Stamp, row and file of each zero that is a drop-out."""
        none = np.zeros((0, 3), dtype=np.int64)
        value = sample.value[np.isfinite(sample.value) & (sample.value != 0)]
        if (
            not 0 < self.count <= min(MOST_ZEROS, MOST_SHARE * readings)
            or readings < FEWEST_READINGS
            or not len(value)
        ):
            return none
        if value.min() < 0 or np.quantile(value, LOW) < BASE * np.median(value):
            return none
        zeros = np.concatenate(self.zeros)
        group = np.cumsum(np.concatenate(([1], np.diff(zeros[:, 0]) != 1)))
        short: Flags = np.bincount(group)[group] <= LONGEST_DROPOUT
        return zeros[short, 1:]


FEWEST_AT = 8  # readings of the sample at the ceiling
LEAST_SHARE = 0.002  # of the readings under load
UPPER = 0.7  # what is meant by "below the highest": from this share of it up
FEWEST_BELOW = 20  # different values there
TIMES_ALIKE = 5  # how much more often than any of them the highest stands


def flat_ceiling(sample: SampledReadings, below: float) -> float | None:
    """The value at which the readings were cut off; None where they were not. Values above `below`
    are spikes and count for nothing.
    """
    value = sample.value[np.isfinite(sample.value) & (sample.value > 0) & (sample.power <= below)]
    if len(value) < FEWEST_AT + FEWEST_BELOW:
        return None
    levels, count = np.unique(value, return_counts=True)
    top, at_top = float(levels[-1]), int(count[-1])
    lower = count[:-1][levels[:-1] >= UPPER * top]
    if at_top < max(FEWEST_AT, LEAST_SHARE * len(value)) or len(lower) < FEWEST_BELOW:
        return None
    return top if at_top >= TIMES_ALIKE * int(lower.max()) else None


def standing_ceiling(values: Floats, sample: SampledReadings, below: float) -> float | None:
    """The value at which a meter stands again and again for implausibly long, where it shows none
    above it: the end of its range.
    """
    value = sample.value[np.isfinite(sample.value) & (sample.power <= below)]
    if not len(values) or not len(value):
        return None
    top = float(values.max())
    return top if top >= float(value.max()) else None
