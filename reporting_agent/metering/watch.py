"""What only a meter's whole record shows, watched while its readings stream past and judged at the end.

Some faults lie in one reading or between two, and `cleaning` finds them as they pass. Others are faults only by the
meter's own history: a spike, a value that stuck, a flat ceiling, a change of resolution. `Watch` sees every settled
reading once, in order, whatever the road, and keeps a few megabytes at most; `verdict` says at the end what was found. What is
then to be left out, the engine leaves out by reading that meter again with the verdict in hand: a plain second pass over
one meter, so that memory stays flat and the energies exact.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reporting_agent.config import Meter
from reporting_agent.metering import ceiling, dropouts, grain, peaks, standing
from reporting_agent.metering.cleaning import Readings, saturated
from reporting_agent.metering.sample import EMPTY, Sample, Sampler
from reporting_agent.metering.segments import HOUR_US
from reporting_agent.metering.standing import FEWEST
from reporting_agent.metering.tally import Tally
from reporting_agent.metering.verdict import NO_PAIRS, Spans, Verdict

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

SPIKE_CODES = {"rate": "rate-spike", "interval": "interval-spike"}
NEARLY = 0.8  # of what is plausible so far: readings below are not kept, for in the end they will be plausible


class Watch:
    """Takes the settled readings of one meter in order of time."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._sampler = Sampler()
        self._runs = standing.StandingRuns()
        self._peaks = peaks.Peaks()
        self._zeros = dropouts.Zeros()
        self._files: list[str] = []
        self._last: tuple[int, float] | None = None  # stamp and value of the last reading seen
        self._judged_at = 0  # readings seen when the floor of the peaks was last raised

    def see(
        self, readings: Readings, file: str, *, lowest: float = -np.inf, highest: float = np.inf, longest_run: int | None = None
    ) -> None:
        """The next readings: cleaned, in order of time. A first one that was given before is passed over.

        Args:
            lowest: the lowest value among them, where it is already known.
            highest: the highest load (`_loads`) among them where it is already known, so that most blocks are passed over.
            longest_run: the longest run of equal values among them, likewise; below `FEWEST` all that counts is whether it is 1.
        """
        if self._last is not None and len(readings) and readings.time_us[0] == self._last[0]:
            readings = readings.at(slice(1, None))
        if not len(readings):
            return
        if not self._files or self._files[-1] != file:
            self._files.append(file)
        number, at = self._sampler.seen, len(self._files) - 1
        self._sample(readings, number, at)
        if longest_run is None or longest_run >= FEWEST:
            self._runs.see(number, readings.time_us, readings.value, readings.row, at)
        else:
            self._runs.pass_over(number, readings.time_us, readings.value, readings.row, at, pairs=longest_run > 1)
        if self._meter.reading != "register" and lowest <= 0:
            self._zeros.see(number, readings.time_us, readings.value, readings.row, at)
        if highest > self._peaks.floor:
            whole = readings if self._last is None else _one(*self._last).then(readings)
            load = _loads(self._meter, np.diff(whole.time_us), whole.value[:-1], whole.value[1:])
            self._peaks.see(number + len(readings) - len(load), whole.time_us, load, whole.row[1:], at)
        self._last = int(readings.time_us[-1]), float(readings.value[-1])
        if self._sampler.seen >= 4 * self._judged_at:
            self._judged_at = self._sampler.seen
            limit = peaks.plausible_load(self._sampler.sample())
            self._peaks.floor = max(self._peaks.floor, NEARLY * limit if np.isfinite(limit) else 0.0)

    def _sample(self, readings: Readings, number: int, file: int) -> None:
        chosen = self._sampler.chosen(len(readings))
        if chosen.start >= len(readings):
            self._sampler.add(EMPTY, len(readings))
            return
        places = np.arange(*chosen.indices(len(readings)))
        time_us, value = readings.time_us[places], readings.value[places]
        before_us, before = readings.time_us[places - 1], readings.value[places - 1]
        if len(places) and places[0] == 0:
            before_us[0], before[0] = self._last or (time_us[0], np.nan)
        step_us = time_us - before_us
        load = _loads(self._meter, step_us, before, value)
        self._sampler.add(
            Sample(number + places, time_us, value, step_us, load, readings.row[places], np.full(len(places), file)), len(readings)
        )

    def verdict(self, passing: Tally) -> Verdict:
        """After the last reading; `passing` counted what was found as they passed."""
        verdict = self._judged()
        pairs = (np.concatenate([NO_PAIRS, *passing.turned_back]), np.concatenate([NO_PAIRS, *passing.holes]))
        return replace(verdict, outside=passing.outside(), turned_back=pairs[0], holes=pairs[1])

    def _judged(self) -> Verdict:
        meter, sample, readings = self._meter, self._sampler.sample(), self._sampler.seen
        runs, highest = replace(self._runs.runs(), files=tuple(self._files)), self._peaks.highest()
        tally = Tally(meter.id)
        limit = peaks.plausible_load(sample)
        if meter.reading != "rate" and len(sample):
            highest = peaks.least_loads(highest, float(np.median(sample.step_us)))
        above = highest.at(peaks.spikes(highest, limit))
        self._count(tally, "resolution-change", *_places(sample, grain.spacing_changes(sample)))
        regimes = grain.value_changes(sample)
        self._count(tally, "quantum-change", *_places(sample, regimes))
        if meter.reading == "register":
            hung = standing.hung(runs, above, limit)
            jumps = above.at(~np.isin(above.before_us, runs.last_us[hung]))
            self._count(tally, "value-stuck", runs.row[hung], runs.file[hung])
            self._count(tally, "register-jump", jumps.row, jumps.file)
            ends_us = above.time_us[np.searchsorted(above.before_us, runs.last_us[hung])]
            return Verdict(
                tally, Spans(jumps.before_us, jumps.time_us), Spans(runs.first_us[hung], ends_us), runs=runs.at(~hung), sample=sample
            )
        long = runs.at(standing.implausible(runs, self._runs.pairs, sample, readings, sample.number[regimes]))
        back = standing.returning(long)
        flat = ceiling.flat_ceiling(sample, limit) if meter.range is None else None
        if flat is None:
            flat = ceiling.standing_ceiling(long.value[back], sample, limit)
        flooded = long.value >= (np.inf if flat is None else flat)
        if meter.reading == "rate":
            flooded |= saturated(long.value, meter, None)
        froze = long.at(~back & ~flooded)
        self._count(tally, SPIKE_CODES[meter.reading], above.row, above.file)
        self._count(tally, "value-stuck", froze.row, froze.file)
        dropped = self._zeros.dropped(sample, readings)
        self._count(tally, "zero-dropout", dropped[:, 1], dropped[:, 2])
        rest = runs.at(~np.isin(runs.number, froze.number))
        return Verdict(
            tally,
            Spans(froze.first_us, froze.last_us),
            stamps_us=np.sort(np.concatenate((above.time_us, dropped[:, 0]))),
            ceiling=flat,
            runs=rest,
            sample=sample,
        )

    def _count(self, tally: Tally, code: str, row: Integers, file: Integers) -> None:
        for at in dict.fromkeys(file.tolist()):
            tally.add(code, self._files[at], row[file == at])


def _places(sample: Sample, at: Integers) -> tuple[Integers, Integers]:
    return sample.row[at], sample.file[at]


def _one(time_us: int, value: float) -> Readings:
    return Readings(np.array([time_us]), np.array([value]), np.zeros(1, dtype=np.int64))


def _loads(meter: Meter, step_us: Integers, before: Floats, value: Floats) -> Floats:
    """The load that each reading tells: of a rate its value; else the energy an hour since the reading before, NaN where there is none."""
    if meter.reading == "rate":
        return value
    energy = value - before if meter.reading == "register" else value
    with np.errstate(divide="ignore", invalid="ignore"):
        load: Floats = np.where(step_us > 0, energy * (HOUR_US / np.maximum(step_us, 1)), np.nan)
    return load
