"""What only a meter's whole record shows: a spike, a value that stuck, a plateau, changes of
spacing and resolution (to within the sample's stride).

`WholeRecord` sees every settled reading once, in order, in a few megabytes; `verdict` says what to
leave out when that meter is read again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from reporting_agent.config import Meter
from reporting_agent.metering import outliers
from reporting_agent.metering.cleaning import saturated
from reporting_agent.metering.outliers import (
    FEWEST,
    EqualValueRuns,
    HighestLoads,
    SampledReadings,
    Sampler,
)
from reporting_agent.metering.segments import HOUR_US, Readings
from reporting_agent.metering.tally import NO_PAIRS, PLATEAU, CleaningResult, Spans, Tally

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

Flags = NDArray[np.bool_]

PIECE = 16  # readings that tell the usual time between them; a change must last for two such pieces
FEWEST_MOVES = 24  # values that are all multiples of a coarser step: by chance once in 10^14
REGULAR = 0.75  # share of a piece's spacings that must agree for it to have a spacing at all
TWICE = 2.0  # jitter of a second is no change of resolution
SINGLE = 3  # values in a row that may fit no step: a spike, or what it left
COARSER = 4.0  # times the finest step; of steps of 1, 2, 2.5 and 5 the next but one
# a display that chooses its digits by the size of the value changes with the load: no change of
# resolution
MOST_CHANGES = 6
_STEPS = np.array(
    sorted(mantissa * 10.0**power for power in range(-6, 5) for mantissa in (1.0, 2.0, 2.5, 5.0))
)
_UNROUNDED = 1e-7  # stands for values written in full
# of a step: how near to a multiple of it a number must be that passed through decimal text
_CLOSE = 1e-6


def spacing_changes(sample: SampledReadings) -> Integers:
    """Indices in the sample at which the usual time between readings changes for good, by a factor
    of two and more.
    """
    count = len(sample) // PIECE
    if count < 2:
        return np.zeros(0, dtype=np.int64)
    spacing = sample.step_us[: count * PIECE].reshape(count, PIECE).astype(float)
    usual = np.median(spacing, axis=1)
    agree = np.abs(spacing - usual[:, None]) <= 0.05 * usual[:, None]
    regular = np.flatnonzero((agree.mean(axis=1) >= REGULAR) & (usual > 0))
    return _changes(regular, usual, TWICE) * PIECE


def value_changes(sample: SampledReadings) -> Integers:
    """Indices in the sample at which the step of the values changes for good."""
    changes = _first_changes(sample)
    if not len(changes):
        return changes
    edges = [0, *changes.tolist(), len(sample)]
    within = [start + value_changes(sample.at(slice(start, end))) for start, end in pairwise(edges)]
    every = np.unique(np.concatenate([changes, *within]))
    return every if len(every) <= MOST_CHANGES else every[:0]


def _first_changes(sample: SampledReadings) -> Integers:
    """Changes to the coarsest step that any stretch has, and back.

    Every value is a multiple of the finest step; while digits are missing every value is one of a
    coarser step as well. A stretch in which `FEWEST_MOVES` values that differ from the one before
    are all multiples of a coarser step is no chance, where the finer step would make it so for each
    of them in a quarter of the cases at most: that of the record, and that of the values around.
    """
    moving = np.flatnonzero(np.isfinite(sample.value) & (sample.value != 0))
    value = sample.value[moving]
    if len(value) < 2 * FEWEST_MOVES:
        return np.zeros(0, dtype=np.int64)
    finest, coarser = _UNROUNDED, []
    for step in _STEPS[::-1].tolist():
        fits = _multiples(value, step)
        if fits.all():
            finest = step
            break
        coarser.append((step, fits))
    moves = np.concatenate(([True], np.diff(value) != 0))
    for step, fits in coarser:
        if step < COARSER * finest * (1 - 1e-9) or np.count_nonzero(fits) < FEWEST_MOVES:
            continue
        starts, ends = _stretches(fits, moves)
        bounds = zip(starts.tolist(), ends.tolist(), strict=True)
        own = np.array(
            [not nearly_so_around(value, step, start, end) for start, end in bounds], dtype=bool
        )
        starts, ends = starts[own], ends[own]
        if len(starts):
            edges = np.concatenate((starts[starts > 0], ends[ends < len(value)]))
            return (
                moving[np.sort(edges)]
                if len(edges) <= MOST_CHANGES
                else np.zeros(0, dtype=np.int64)
            )
    return np.zeros(0, dtype=np.int64)


def _multiples(value: Floats, step: float) -> Flags:
    """Which values are multiples of the step, other than 0, which is one of any."""
    share = value / step
    size = np.abs(share)
    fits: Flags = (np.abs(share - np.rint(share)) <= _CLOSE + 1e-12 * size) & (
        size > 0.5
    )  # doubles hold 15 digits
    return fits


def nearly_so_around(value: Floats, step: float, start: int, end: int) -> bool:
    """Whether the values before or after are multiples of a step nearly as coarse: then those
    between are of this one by chance.
    """
    finer = [
        candidate for candidate in _STEPS.tolist() if step / COARSER * (1 + 1e-9) < candidate < step
    ]
    around = (value[max(start - FEWEST_MOVES, 0) : start], value[end : end + FEWEST_MOVES])
    sides = [beyond for beyond in around if len(beyond) > 2 * SINGLE]
    return any(
        np.count_nonzero(~_multiples(beyond, candidate)) <= SINGLE
        for beyond in sides
        for candidate in finer
    )


def _stretches(fits: Flags, moves: Flags) -> tuple[Integers, Integers]:
    """Stretches [start, end) of values that fit, but for single ones (a spike), with enough moves
    in each.
    """
    edges = np.flatnonzero(np.diff(np.concatenate(([0], fits.view(np.int8), [0]))))
    starts, ends = edges[::2], edges[1::2]
    telling = ends - starts >= FEWEST_MOVES // 2
    starts, ends = starts[telling], ends[telling]
    apart = (
        np.concatenate(([True], starts[1:] - ends[:-1] > SINGLE)) if len(starts) else telling[:0]
    )
    starts, ends = starts[apart], ends[np.concatenate((apart[1:], [True]))] if len(starts) else ends
    moved = np.concatenate(([0], np.cumsum(moves & fits)))
    long = moved[ends] - moved[starts] >= FEWEST_MOVES
    return starts[long], ends[long]


def _changes(pieces: Integers, level: Floats, factor: float) -> Integers:
    """Pieces from which on the level is another by this factor and more, and still is in the piece
    after.
    """
    changes: list[int] = []
    if not len(pieces):
        return np.zeros(0, dtype=np.int64)
    levels = level[pieces].tolist()
    now = levels[0]
    for index in range(1, len(levels)):
        following = levels[min(index + 1, len(levels) - 1)]
        changed = all(
            max(neighbour / now, now / neighbour) >= factor * (1 - 1e-9)
            for neighbour in (levels[index], following)
        )
        if changed and max(levels[index] / following, following / levels[index]) < factor:
            changes.append(int(pieces[index]))
            now = levels[index]
    return np.array(changes if len(changes) <= MOST_CHANGES else [], dtype=np.int64)


SPIKE_CODES = {"rate": "rate-spike", "interval": "interval-spike"}
# of what is plausible so far: readings below are not kept, for in the end they will be plausible
NEARLY = 0.8


@dataclass(slots=True)
class WholeRecord:
    """Takes the settled readings of one meter in order of time."""

    meter: Meter
    _sampler: Sampler = field(default_factory=Sampler)
    _runs: outliers.StandingRuns = field(default_factory=outliers.StandingRuns)
    _peaks: outliers.Peaks = field(default_factory=outliers.Peaks)
    _zeros: outliers.Zeros = field(default_factory=outliers.Zeros)
    _files: list[str] = field(default_factory=list)
    _last: tuple[int, float] | None = None  # stamp and value of the last reading seen
    _judged_at: int = 0  # readings seen when the floor of the peaks was last raised

    def see(
        self,
        readings: Readings,
        file: str,
        *,
        lowest: float = -np.inf,
        highest: float = np.inf,
        longest_run: int | None = None,
    ) -> None:
        """The next readings: cleaned, in order of time. A first one that was given before is passed
        over.

        Args:
            lowest: the lowest value among them, where it is already known.
            highest: the highest load (`outliers.loads`) among them where it is already known, so
                that most blocks are passed over.
            longest_run: the longest run of equal values among them, likewise; below `FEWEST` all
                that counts is whether it is 1.
        """
        if self._last is not None and len(readings) and readings.time_us[0] == self._last[0]:
            readings = readings.at(slice(1, None))
        if not len(readings):
            return
        if not self._files or self._files[-1] != file:
            self._files.append(file)
        number, at = self._sampler.seen, len(self._files) - 1
        if longest_run is None or longest_run >= FEWEST:
            self._runs.see(number, readings.time_us, readings.value, readings.row, at)
        else:
            self._runs.pass_over(
                number, readings.time_us, readings.value, readings.row, at, pairs=longest_run > 1
            )
        self._sampler.see(self.meter, readings, self._last, at)
        if self.meter.reading != "register" and lowest <= 0:
            self._zeros.see(number, readings.time_us, readings.value, readings.row, at)
        if highest > self._peaks.floor:
            time_us, value = readings.time_us, readings.value
            if self._last is not None:
                time_us, value = (
                    np.append(last, more)
                    for last, more in zip(self._last, (time_us, value), strict=True)
                )
            load = outliers.loads(self.meter, np.diff(time_us), value[:-1], value[1:])
            first = len(readings) - len(load)
            self._peaks.see(number + first, time_us, load, readings.row[first:], at)
        self._last = int(readings.time_us[-1]), float(readings.value[-1])
        if self._sampler.seen >= 4 * self._judged_at:
            self._judged_at = self._sampler.seen
            limit = outliers.plausible_load(self._sampler.sample())
            self._peaks.floor = max(
                self._peaks.floor, NEARLY * limit if np.isfinite(limit) else 0.0
            )

    def verdict(self, passing: Tally) -> CleaningResult:
        """After the last reading; `passing` counted what was found as they passed."""
        verdict = replace(self._judged(), files=tuple(self._files))
        pairs = (
            np.concatenate([NO_PAIRS, *passing.turned_back]),
            np.concatenate([NO_PAIRS, *passing.holes]),
        )
        return replace(verdict, outside=passing.outside(), turned_back=pairs[0], holes=pairs[1])

    def _judged(self) -> CleaningResult:
        meter, sample, readings = self.meter, self._sampler.sample(), self._sampler.seen
        limit, highest = outliers.plausible_load(sample), self._peaks.highest
        if meter.reading != "rate" and len(sample):
            highest = outliers.least_loads(highest, float(np.median(sample.step_us)))
        above = highest.at(outliers.spikes(highest, limit))
        runs = self._runs.runs()
        if meter.reading == "register":
            return self._of_register(sample, runs, above, outliers.hung(runs, above, limit))
        tally, regimes = self._resolution(sample)
        standing, too_long = outliers.implausible(
            runs, self._runs.pairs, sample, readings, sample.number[regimes]
        )
        long = runs.at(standing)
        back = outliers.returning(long)
        top = outliers.plateau(long.value[back], sample, limit) if meter.range is None else None
        if top is not None:
            rate = meter.reading == "rate"
            an_hour = 1 if rate else HOUR_US / np.median(sample.step_us)
            tally.plateau = f"{top * an_hour:.6g} {meter.unit}{'' if rate else '/h'}"
            first = np.flatnonzero(sample.value == top)[:1]
            self._count(tally, PLATEAU, sample.row[first], sample.file[first])
        flooded = long.value >= (np.inf if top is None else top)
        if meter.reading == "rate":
            flooded |= saturated(long.value, meter)
        froze = long.at(~back & ~flooded & too_long[standing])
        self._count(tally, SPIKE_CODES[meter.reading], above.row, above.file)
        self._count(tally, "value-stuck", froze.row, froze.file)
        dropped = self._zeros.dropped(sample, readings)
        self._count(tally, "zero-dropout", dropped[:, 1], dropped[:, 2])
        rest = runs.at(~np.isin(runs.number, froze.number))
        return CleaningResult(
            tally,
            Spans(froze.first_us, froze.last_us),
            stamps_us=np.sort(np.concatenate((above.time_us, dropped[:, 0]))),
            runs=rest,
            sample=sample,
        )

    def _of_register(
        self, sample: SampledReadings, runs: EqualValueRuns, above: HighestLoads, hung: Flags
    ) -> CleaningResult:
        """What leaped after it hung is known in all; what leaped otherwise is not."""
        tally, _ = self._resolution(sample)
        jumps = above.at(~np.isin(above.before_us, runs.last_us[hung]))
        self._count(tally, "value-stuck", runs.row[hung], runs.file[hung])
        self._count(tally, "register-jump", jumps.row, jumps.file)
        ends_us = above.time_us[np.searchsorted(above.before_us, runs.last_us[hung])]
        return CleaningResult(
            tally,
            Spans(jumps.before_us, jumps.time_us),
            Spans(runs.first_us[hung], ends_us),
            runs=runs.at(~hung),
            sample=sample,
        )

    def _resolution(self, sample: SampledReadings) -> tuple[Tally, Integers]:
        """A tally with the changes of resolution, and the indices in the sample from which on
        values have another step.
        """
        tally, spacings, values = (
            Tally(self.meter.id),
            spacing_changes(sample),
            value_changes(sample),
        )
        self._count(tally, "resolution-change", sample.row[spacings], sample.file[spacings])
        self._count(tally, "quantum-change", sample.row[values], sample.file[values])
        return tally, values

    def _count(self, tally: Tally, code: str, row: Integers, file: Integers) -> None:
        for at in dict.fromkeys(file.tolist()):
            tally.add(code, self._files[at], row[file == at])
