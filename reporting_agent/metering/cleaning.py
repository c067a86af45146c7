"""What is done about faulty readings before they become energy. Every rule is stated, counted and never guesses a value.

Order: sentinels, values outside the range, order of time, duplicates, register spikes. Resets and rollovers are judged on
segments (`judge_register`), because they lie between two readings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporting_agent.config import Meter
from reporting_agent.metering.segments import HOUR_US, Segments
from reporting_agent.metering.tally import Tally

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FEWEST_NINES = 5  # 9999 kW can be real; 999.999 and 99999 are what loggers write


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings of one meter in one file, with their rows."""

    time_us: Integers
    value: Floats
    row: Integers

    def __len__(self) -> int:
        return len(self.time_us)

    def at(self, chosen: Flags | Integers | slice) -> Readings:
        if isinstance(chosen, np.ndarray) and chosen.dtype == np.bool_ and chosen.all():
            return self
        return Readings(self.time_us[chosen], self.value[chosen], self.row[chosen])

    def then(self, later: Readings) -> Readings:
        if not len(self):
            return later
        return Readings(
            np.concatenate((self.time_us, later.time_us)), np.concatenate((self.value, later.value)), np.concatenate((self.row, later.row))
        )


NOTHING = Readings(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64))


_NINES = np.array(
    sorted(10.0**whole - 10.0**-decimals for whole in range(2, 13) for decimals in range(7) if whole + decimals >= FEWEST_NINES)
)
"""Every value of w whole and d decimal nines, which is 10^w - 10^-d."""


def all_nines(value: Floats) -> Flags:
    """Values written with nines only, such as 999.999 or -99999 (at least five of them)."""
    found = np.zeros(len(value), dtype=bool)
    if not len(value):
        return found
    size = np.abs(value)
    # a register runs through few of them in one block; NaN, in either end, leaves them all in
    within = _NINES[~((size.min() > _NINES * (1 + 1e-12)) | (size.max() < _NINES * (1 - 1e-12)))]
    if len(within):
        near = within[np.minimum(np.searchsorted(within, size * (1 - 1e-12)), len(within) - 1)]
        found = np.abs(size - near) <= near * 1e-12
    return found


def clean(readings: Readings, meter: Meter, file: str, tally: Tally) -> Readings:
    """Drop what cannot be a reading, and put the rest in order of time. Not for spikes: those need a neighbour on each side.

    An interval meter's stamp also ends the interval before: there the value becomes unknown (NaN) and the stamp stays.
    """
    bad = all_nines(readings.value)
    if meter.reading == "register" and bad.any():
        bad &= ~_fits_its_neighbours(readings.value, bad)
    tally.add("sentinel", file, readings.row[bad])
    if meter.reading == "interval":
        readings = Readings(readings.time_us, np.where(bad, np.nan, readings.value), readings.row)
    else:
        readings = readings.at(~bad & ~np.isnan(readings.value))
    if meter.range is not None and meter.reading == "rate":
        low, high = meter.range
        outside = (readings.value < low) | (readings.value > high)
        tally.add("out-of-range", file, readings.row[outside])
        readings = readings.at(~outside)
    return without_duplicates(in_order(readings, meter, file, tally), file, tally)


def _fits_its_neighbours(value: Floats, suspect: Flags) -> Flags:
    """A register may pass 99999 on its way: it did where the readings around it enclose it."""
    places = np.flatnonzero(~suspect)
    at = np.flatnonzero(suspect)
    after = np.searchsorted(places, at)
    inside = (after > 0) & (after < len(places))
    fits = np.zeros(len(value), dtype=bool)
    known = at[inside]
    before, behind = value[places[after[inside] - 1]], value[places[after[inside]]]
    fits[known] = (before <= value[known]) & (value[known] <= behind)
    return fits


def in_order(readings: Readings, meter: Meter, file: str, tally: Tally) -> Readings:
    """Order of time, by what the steps back in time show.

    A stretch between a leap forward and the same leap back was stamped by a wrong clock: left out. A register that ran
    on while its stamps stepped back shows a clock put back: left out until the clock caught up. The rest are late
    entries: sorted.
    """
    if not (np.diff(readings.time_us) < 0).any():
        return readings
    leapt = _leaps(readings.time_us)
    tally.add("clock-jump", file, readings.row[leapt])
    readings = readings.at(~leapt)
    late = np.flatnonzero(np.diff(readings.time_us) < 0) + 1
    if not len(late):
        return readings
    order = np.argsort(readings.time_us, kind="stable")
    if meter.reading == "register" and _falls(readings.value) < _falls(readings.value[order]):
        behind = np.concatenate(([False], readings.time_us[1:] <= np.maximum.accumulate(readings.time_us)[:-1]))
        tally.add("clock-jump", file, readings.row[behind])
        return readings.at(~behind)
    tally.add("reading-disordered", file, readings.row[late])
    return readings.at(order)


def _leaps(time_us: Integers) -> Flags:
    """Readings between a leap forward and the step back that undoes it, to within one usual step.

    Only where other readings hold some of the time that they claim, as they do from the step back on: readings that
    fill a hole there are right and merely stand in the wrong place.
    """
    steps = np.diff(time_us)
    usual = max(float(np.median(steps)), 1.0)
    leapt = np.zeros(len(time_us), dtype=bool)
    ahead = np.flatnonzero(steps > 2 * usual)
    for back in np.flatnonzero(steps < 0).tolist():
        undone = ahead[(ahead < back) & (np.abs(steps[ahead] + steps[back] - 2 * usual) <= usual)]
        if len(undone):
            run = slice(int(undone[-1]) + 1, back + 1)
            if _taken(time_us, run, usual / 2):
                leapt[run] = True
    return leapt


def _taken(time_us: Integers, run: slice, near_us: float) -> bool:
    """Whether any stamp of the run has another reading within `near_us`."""
    others = np.sort(np.delete(time_us, run))
    claimed = time_us[run]
    after = np.searchsorted(others, claimed)
    left = np.abs(claimed - others[np.maximum(after - 1, 0)])
    right = np.abs(claimed - others[np.minimum(after, len(others) - 1)])
    return bool((np.minimum(left, right) < near_us).any())


def _falls(value: Floats) -> int:
    return int((np.diff(value) < 0).sum())


def without_duplicates(readings: Readings, file: str, tally: Tally) -> Readings:
    """One reading a stamp: the first in the file."""
    again = np.concatenate(([False], np.diff(readings.time_us) == 0)) if len(readings) else np.zeros(0, dtype=bool)
    if not again.any():
        return readings
    first = np.maximum.accumulate(np.where(again, 0, np.arange(len(again))))
    same = readings.value == readings.value[first]
    tally.add("reading-duplicate", file, readings.row[again & same])
    tally.add("reading-conflict", file, readings.row[again & ~same])
    return readings.at(~again)


def spikes(readings: Readings, meter: Meter) -> Flags:
    """Interior register values that leave the line of their neighbours while the neighbours agree with each other."""
    flagged = np.zeros(len(readings), dtype=bool)
    if meter.reading != "register" or len(readings) < 3:
        return flagged
    value = readings.value
    before, here, after = value[:-2], value[1:-1], value[2:]
    outside = (here < before) | (here > after)
    if not outside.any():
        return flagged
    hours = readings.time_us / HOUR_US
    possible = after >= before
    if meter.range is not None:
        possible &= (after - before) <= meter.range[1] * (hours[2:] - hours[:-2])
    flagged[1:-1] = outside & possible & ~_rolls(before, here, meter)
    return flagged


def _rolls(before: Floats, after: Floats, meter: Meter) -> Flags:
    """Whether the register fell as a rollover would make it fall: from its last tenth to its first."""
    if meter.rollover is None:
        return np.zeros(len(before), dtype=bool)
    return (before >= 0.9 * meter.rollover) & (before < meter.rollover) & (after <= 0.1 * meter.rollover) & (after >= 0)


def judge(segments: Segments, before: Floats, rows: Integers, meter: Meter, longest_gap_us: int, file: str, tally: Tally) -> Segments:
    """Keep the segments over which energy is known; `before` is the reading at each segment's start, `rows` that at its end."""
    energy = segments.energy
    keep = np.ones(len(segments), dtype=bool)
    if meter.reading == "register":
        fell = energy < 0
        if fell.any():
            rolled = fell & _rolls(before, before + energy, meter)
            tally.add("register-rollover", file, rows[rolled])
            tally.add("register-reset", file, rows[fell & ~rolled])
            energy = np.where(rolled, energy + (meter.rollover or 0.0), energy)
            keep &= ~fell | rolled
    length = segments.end_us - segments.start_us
    gap = length > longest_gap_us
    tally.add("reading-gap", file, rows[gap])
    keep &= ~gap & (length > 0) & ~np.isnan(energy)
    if meter.range is not None and meter.reading != "rate":
        low, high = meter.range
        hours = np.maximum(length, 1) / HOUR_US
        outside = keep & ((energy < low * hours - 1e-9) | (energy > high * hours * (1 + 1e-9)))
        tally.add("out-of-range", file, rows[outside])
        keep &= ~outside
    return Segments(segments.start_us, segments.end_us, energy, segments.bend).where(keep)


def is_all_nines(value: float) -> bool:
    """The same test for one value, without the cost of arrays."""
    digits = f"{abs(value):.12g}".replace(".", "")
    return abs(value) >= 99 and len(digits) >= FEWEST_NINES and digits == "9" * len(digits)
