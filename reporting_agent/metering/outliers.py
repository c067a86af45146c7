"""A sample of the meter's own history, and what it excludes: spikes, jumps of a register, stray
zeros, a plateau, runs of one value.

**Sample**: every `stride`-th reading by its number; above `MOST` every second is dropped and the
stride doubles, so it depends on the readings alone. **Spikes**: the highest loads that no load
explains; one that rises and falls over several readings, or comes back at the same height, is a way
of running. **Stray zeros** of a meter that is never at zero, for a reading or two, measured
nothing; a standstill that lasts is no drop-out. **Plateau**: the highest value stands far more
often than any below it, or again and again for long: a full load, or the end of what the meter can
show; no reading tells which. **Runs of one value** longer than the meter's history makes plausible:
a sensor froze, unless it comes back to that value; a register that leaps after one counted on
unseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reporting_agent.config import Meter
from reporting_agent.metering.segments import Columns, Readings, load_of
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


FEWEST_AT = 8  # readings of the sample at the plateau
LEAST_SHARE = 0.002  # of the readings under load
UPPER = 0.7  # what is meant by "below the highest": from this share of it up
FEWEST_BELOW = 20  # different values there
TIMES_ALIKE = 5  # how much more often than any of them the highest stands


def plateau(standing: Floats, sample: SampledReadings, below: float) -> float | None:
    """The highest value, where the meter stands at it far more often than at any lower one, or
    again and again for long (`standing`): a full load, or the end of what it can show. Values above
    `below` are spikes and count for nothing.
    """
    value = sample.value[np.isfinite(sample.value) & (sample.power <= below)]
    if len(standing) and len(value) and (top := float(standing.max())) >= float(value.max()):
        return top
    value = value[value > 0]
    if len(value) < FEWEST_AT + FEWEST_BELOW:
        return None
    levels, count = np.unique(value, return_counts=True)
    at_top, lower = int(count[-1]), count[:-1][levels[:-1] >= UPPER * levels[-1]]
    if at_top < max(FEWEST_AT, LEAST_SHARE * len(value)) or len(lower) < FEWEST_BELOW:
        return None
    return float(levels[-1]) if at_top >= TIMES_ALIKE * int(lower.max()) else None


FEWEST = 6  # equal values in a row; shorter runs are everyday in meters that read in coarse steps
_FEW = 8  # readings; up to so many are looked at one by one
MOST_RUNS = 20_000  # of the runs, the longest; 1.4 MB a meter

PIECE = 1024  # readings
# of an octave, alike in width: up to 16 steps of a meter's resolution each value has a part of its
# own
PARTS = 8
BANDS = 128 * PARTS
FEWEST_STUCK = 8  # a sensor that froze for fewer readings cannot be told from a steady load
CHANCE = 1e-3  # runs as long as this happen by chance in one of a thousand records
USUAL_SHARE = (
    0.1  # a meter that spends this share of its working time in runs so long has a steady load
)
TIMES_USUAL = 4  # how much longer than those a run must be
# a value at which the meter stands again in so many other runs is a level of the load: standby, a
# fixed speed
RETURNS = 3


@dataclass(frozen=True, slots=True)
class EqualValueRuns(Columns):
    """Runs of equal values in order of time; `number` is that of the first reading in the record,
    `last_us` the last equal stamp.
    """

    number: Integers
    count: Integers
    value: Floats
    first_us: Integers
    last_us: Integers
    row: Integers
    file: Integers


def _one_run(values: Sequence[Any]) -> EqualValueRuns:
    return EqualValueRuns(*(np.array([value]) for value in values))


_NO_ROWS = np.zeros(0, dtype=np.int64)
NO_RUNS = EqualValueRuns(_NO_ROWS, _NO_ROWS, np.zeros(0), _NO_ROWS, _NO_ROWS, _NO_ROWS, _NO_ROWS)


@dataclass(slots=True)
class Pairs:
    """How many readings equal the one before, by size of the value (`band`) and by pieces of
    `PIECE` readings of the record. Not of 0.

    Counted over the edges of blocks, too, and in pieces of the whole record: where a record is cut
    into blocks changes nothing.
    """

    _number: list[Integers] = field(default_factory=list)
    _band: list[Integers] = field(default_factory=list)
    _count: list[Integers] = field(default_factory=list)
    _last: float = np.nan  # the value before these, which equals nothing at the beginning

    def see(self, number: int, value: Floats, *, any_within: bool = True) -> None:
        """The next readings, of which the first has this number; `any_within` is false where no two
        neighbours among them are equal.
        """
        later = value if any_within else value[:1]
        before = np.concatenate(([self._last], later[:-1]))
        self._last = value[-1]
        equal = np.flatnonzero((later == before) & (later != 0))
        if not len(equal):
            return
        pieces, count = np.unique(
            (number + equal) // PIECE * BANDS + band(later[equal]), return_counts=True
        )
        self._number.append(pieces // BANDS * PIECE)
        self._band.append(pieces % BANDS)
        self._count.append(count)

    def between(self, first: int, end: int) -> Integers:
        """By band, of the readings with these numbers, to within a piece."""
        if not self._number:
            return np.zeros(BANDS, dtype=np.int64)
        number, size, count = (
            np.concatenate(part) for part in (self._number, self._band, self._count)
        )
        within = (number >= first) & (number < end)
        return np.bincount(size[within], count[within], minlength=BANDS).astype(np.int64)


def band(value: Floats) -> Integers:
    """The size of values by parts of powers of two, as a small whole number."""
    mantissa, exponent = np.frexp(np.abs(value))
    part = ((2 * mantissa - 1) * PARTS).astype(np.int64)
    size: Integers = np.clip(exponent.astype(np.int64) * PARTS + part + BANDS // 2, 0, BANDS - 1)
    return size


@dataclass(slots=True)
class StandingRuns:
    """Takes settled readings in order of time and keeps their runs."""

    pairs: Pairs = field(default_factory=Pairs)
    _settled: EqualValueRuns = NO_RUNS
    _new: list[EqualValueRuns] = field(default_factory=list)
    _waiting: int = 0
    _open: EqualValueRuns | None = None  # the run that the last block ended in

    def see(self, number: int, time_us: Integers, value: Floats, row: Rows, file: int) -> None:
        """The next readings, of which the first has this number in the record."""
        self.pairs.see(number, value)
        self._see_runs(number, time_us, value, row, file)

    def _see_runs(
        self, number: int, time_us: Integers, value: Floats, row: Rows, file: int
    ) -> None:
        if len(value) <= _FEW:
            self._see_few(number, time_us, value, row, file)
            return
        starts = np.flatnonzero(np.concatenate(([True], value[1:] != value[:-1])))
        count = np.diff(np.append(starts, len(value)))
        edge = np.zeros(len(starts), dtype=bool)
        edge[-1] = True
        if self._open is not None:
            edge[0] = True
        long = np.flatnonzero((count >= FEWEST) | edge)
        first, last = starts[long], starts[long] + count[long] - 1
        runs = EqualValueRuns(
            number + first,
            count[long],
            value[first],
            time_us[first],
            time_us[last],
            row[first],
            np.full(len(long), file),
        )
        if self._open is not None:
            runs = _carried_on(self._open, runs)
        self._open = runs.at(np.array([len(runs) - 1]))
        self._keep(runs.at(np.arange(len(runs) - 1)))

    def _see_few(self, number: int, time_us: Integers, value: Floats, row: Rows, file: int) -> None:
        """The same one by one: for a handful of readings quicker than arrays."""
        run: list[Any] | None = None
        if self._open is not None:
            run = [getattr(self._open, name)[0].item() for name in EqualValueRuns.__slots__]
        for index, (at_us, reading) in enumerate(
            zip(time_us.tolist(), value.tolist(), strict=True)
        ):
            if run is not None and reading == run[2]:
                run[1] += 1
                run[4] = at_us
                continue
            if run is not None and run[1] >= FEWEST:
                self._keep(_one_run(run))
            run = [number + index, 1, reading, at_us, at_us, int(row[index]), file]
        if run is not None:
            self._open = _one_run(run)

    def pass_over(
        self, number: int, time_us: Integers, value: Floats, row: Rows, file: int, *, pairs: bool
    ) -> None:
        """The next readings, among which no run is worth keeping but one that began before them or
        goes on after them.

        Args:
            pairs: whether any two neighbours are equal.
        """
        if len(value) <= 2 * FEWEST:
            self.see(number, time_us, value, row, file)
            return
        self.pairs.see(number, value, any_within=pairs)
        for part in (slice(0, FEWEST), slice(len(value) - FEWEST, len(value))):
            self._see_runs(number + part.start, time_us[part], value[part], row[part], file)
            if part.start == 0 and self._open is not None:
                self._keep(self._open)
                self._open = None

    def runs(self) -> EqualValueRuns:
        """All kept, the last one included."""
        if self._open is not None:
            self._keep(self._open)
            self._open = None
        self._gather()
        return self._settled

    def _keep(self, runs: EqualValueRuns) -> None:
        runs = runs.at(runs.count >= FEWEST)
        if len(runs):
            self._new.append(runs)
            self._waiting += len(runs)
            if self._waiting > MOST_RUNS:
                self._gather()

    def _gather(self) -> None:
        whole = self._settled.then(*self._new)
        if len(whole) > MOST_RUNS:
            longest = np.argsort(whole.first_us - whole.last_us, kind="stable")[:MOST_RUNS]
            whole = whole.at(np.sort(longest))
        self._settled, self._new, self._waiting = whole, [], 0


def _carried_on(before: EqualValueRuns, runs: EqualValueRuns) -> EqualValueRuns:
    """The block's runs after the one that was open; joined where the value went on."""
    if before.value[0] == runs.value[0]:
        first = EqualValueRuns(
            before.number,
            before.count + runs.count[:1],
            before.value,
            before.first_us,
            runs.last_us[:1],
            before.row,
            before.file,
        )
        runs = runs.at(np.arange(1, len(runs)))
    else:
        first = before
    return first.then(runs)


def implausible(
    runs: EqualValueRuns, pairs: Pairs, sample: SampledReadings, readings: int, changes: Integers
) -> tuple[Flags, Flags]:
    """Which runs of a rate or an interval are longer than its own history makes plausible, and
    which of them too long for their value.

    They are longer than chance makes them (from how often two readings of that octave are equal),
    and much longer than the runs that this meter spends its working time in. A value of 0 is rest.
    Each stretch between changes of resolution (`changes`, numbers of readings) is judged by itself:
    with fewer digits equal readings are common.

    Too long for their value are those that chance does not make either from how often readings of
    about that value are equal elsewhere: a standby load of a few steps of the meter's resolution
    stands longer than what passes through its octave.
    """
    long, too_long = np.zeros((2, len(runs)), dtype=bool)
    edges = [0, *changes.tolist(), readings]
    for first, end in pairwise(edges):
        within = np.flatnonzero((runs.number >= first) & (runs.number < end))
        own = sample.at((sample.number >= first) & (sample.number < end))
        long[within], too_long[within] = _long(
            runs.at(within), own, pairs.between(first, end), end - first
        )
    return long, too_long


def returning(runs: EqualValueRuns) -> Flags:
    """Runs at a value at which the meter stands again and again: a level of the load, or the end of
    what it can tell.
    """
    returns: Flags = _returns(runs.value) >= RETURNS
    return returns


def _long(
    runs: EqualValueRuns, sample: SampledReadings, pairs: Integers, readings: int
) -> tuple[Flags, Flags]:
    working: Flags = runs.value != 0
    if not working.any() or not len(sample):
        return np.zeros(len(runs), dtype=bool), np.zeros(len(runs), dtype=bool)
    moving = sample.value[np.isfinite(sample.value) & (sample.value != 0)]
    loaded = readings * len(moving) / len(sample)
    least = max(FEWEST_STUCK, TIMES_USUAL * _usual(runs.count[working & ~returning(runs)], loaded))
    size = band(runs.value)
    of_size = np.asarray(
        np.bincount(band(moving), minlength=BANDS) * (readings / len(sample)), dtype=float
    )
    by_octave = _by_chance(_octaves(pairs), _octaves(of_size))[size // PARTS]
    long: Flags = working & (runs.count >= np.maximum(least, by_octave))
    elsewhere = _by_chance(
        np.maximum(pairs[size] - (runs.count - 1), 0), of_size[size] - runs.count
    )
    return long, long & (runs.count >= elsewhere)


def _octaves(of_bands: Integers | Floats) -> Floats:
    """The sum over the bands of each octave."""
    return np.asarray(of_bands.reshape(-1, PARTS).sum(axis=1), dtype=float)


def hung(runs: EqualValueRuns, jumps: HighestLoads, plausible: float) -> Flags:
    """Which runs of a register end in a leap to where it would have got: it counted on and did not
    show it.
    """
    at = np.searchsorted(jumps.before_us, runs.last_us)
    leaps = np.zeros(len(runs), dtype=bool)
    if not len(jumps):
        return leaps
    at = np.minimum(at, len(jumps) - 1)
    energy = jumps.load[at] * (jumps.time_us - jumps.before_us)[at]
    leaps[:] = (jumps.before_us[at] == runs.last_us) & (
        energy <= plausible * (jumps.time_us[at] - runs.first_us)
    )
    return leaps


def _by_chance(pairs: Integers | Floats, readings: Floats) -> Integers:
    """The shortest run that chance alone makes in fewer than `CHANCE` records, for each count of
    equal pairs among so many readings.

    With p the chance that a reading equals the one before, n readings hold about n p^(k-1) runs of
    k and more.
    """
    equal = np.minimum(pairs / np.maximum(readings, pairs + 1.0), 0.95)
    with np.errstate(divide="ignore"):
        shortest = 1 + np.ceil(np.log(np.maximum(readings, 1.0) / CHANCE) / -np.log(equal))
    return np.where(equal > 0, shortest, 0).astype(np.int64)


def _usual(count: Integers, readings: float) -> int:
    """Length of the runs in which `USUAL_SHARE` of the readings lie, or longer."""
    longest_first = np.sort(count)[::-1]
    within = np.flatnonzero(np.cumsum(longest_first) > USUAL_SHARE * readings)
    return int(longest_first[within[0]]) if len(within) else 0


def _returns(value: Floats) -> Integers:
    """How many other runs stand at the same value."""
    _, value_index, count = np.unique(value, return_inverse=True, return_counts=True)
    others: Integers = count[value_index] - 1
    return others
