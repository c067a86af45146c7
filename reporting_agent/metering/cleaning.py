"""Faulty readings left out and counted: sentinels, out of range or at its end, out of order of
time, duplicates, register spikes.

Every rule is stated, counted and never guesses a value.

Order: sentinels, values outside the range, values at its end, order of time, duplicates, register
spikes. What lies between two readings is judged in `known_energy` (gaps) and `register_falls`; what
only the whole record shows comes as a `CleaningResult` when the meter is read again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporting_agent.all_nines import all_nines
from reporting_agent.config import Meter
from reporting_agent.metering.order import order_of
from reporting_agent.metering.readings import Readings
from reporting_agent.metering.register_falls import rolls
from reporting_agent.metering.segments import HOUR_US, load_of
from reporting_agent.metering.tally import CleaningResult, Tally

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# of the range: nearer to its end a sensor has reached what it can tell; the end itself passes
# through rounding on its way
AT_RANGE = 5e-4


@dataclass(frozen=True, slots=True)
class CleanedReadings:
    """Readings in order of time, one a stamp, and the stamps of those that were there and were left
    out.
    """

    readings: Readings
    left_out_us: Integers
    open_back: bool  # see order.Order


def clean(
    readings: Readings, meter: Meter, file: str, tally: Tally, verdict: CleaningResult | None = None
) -> CleanedReadings:
    """Drop what cannot be a reading, and put the rest in order of time. Not for spikes of a
    register: those need a neighbour on each side.

    An interval meter's stamp also ends the interval before: there the value becomes unknown (NaN)
    and the stamp stays.
    """
    bad = all_nines(readings.value)
    if meter.reading == "register" and bad.any():
        in_time = np.argsort(readings.time_us, kind="stable")
        bad[in_time] &= ~enclosed(readings.value[in_time], bad[in_time])
    tally.add("sentinel", file, readings.row, bad)
    blank = np.isnan(readings.value)
    tally.add("reading-blank", file, readings.row, blank)
    if verdict is not None:
        bad |= _judged(readings, meter, verdict)
        if meter.reading == "interval":
            cut = at_ceiling(readings.value, verdict)
            tally.add("saturated", file, readings.row, cut)
            bad |= cut
    if meter.reading == "interval":
        readings, left_out = (
            Readings(readings.time_us, np.where(bad, np.nan, readings.value), readings.row),
            readings.at(bad),
        )
    else:
        bad |= blank
        readings, left_out = readings.at(~bad), readings.at(bad & ~blank)
    if meter.range is not None and meter.reading == "rate":
        outside = out_of_range(readings.value, meter)
        tally.add("out-of-range", file, readings.row, outside)
        tally.note_outside(readings.value[outside])
        readings, left_out = readings.at(~outside), left_out.then(readings.at(outside))
    if meter.reading == "rate":
        tally.add("saturated", file, readings.row, saturated(readings.value, meter, verdict))
    ordered, open_back = in_order(readings, meter, file, tally)
    return CleanedReadings(
        without_duplicates(ordered, file, tally), np.sort(left_out.time_us), open_back
    )


def _judged(readings: Readings, meter: Meter, verdict: CleaningResult) -> Flags:
    """Values that the whole record showed to be none."""
    bad = np.isin(readings.time_us, verdict.stamps_us)
    if meter.reading == "interval":
        bad |= verdict.unknown.hold(readings.time_us)
    return bad


def out_of_range(value: Floats, meter: Meter) -> Flags:
    """Values of a rate that its range makes impossible."""
    if meter.range is None:
        return np.zeros(len(value), dtype=bool)
    low, high = meter.range
    flags: Flags = (value < low) | (value > high)
    return flags


def end_of_range(meter: Meter) -> float:
    """From which value or load on a meter stands at the end of its range: what it measured was that
    or more. Endless without a range.
    """
    if meter.range is None:
        return float("inf")
    low, high = meter.range
    return high - AT_RANGE * (high - low)


def loads_beyond(energy: Floats, length_us: Integers, meter: Meter) -> tuple[Flags, Flags]:
    """Which mean loads of a register or an interval lie outside its range, and which at its end:
    the load was that or more.
    """
    if meter.range is None:
        none = np.zeros(len(energy), dtype=bool)
        return none, none
    (low, high), end = meter.range, end_of_range(meter)
    load, slack = load_of(energy, length_us), AT_RANGE * (high - low)
    outside = (load < low - slack) | (load > high + slack)
    return outside, ~outside & (load >= end)


def saturated(value: Floats, meter: Meter, verdict: CleaningResult | None) -> Flags:
    """Values of a rate at the end of its range, or at the ceiling that its record showed: the load
    was that or more.
    """
    flags = np.zeros(len(value), dtype=bool)
    if meter.range is not None:
        flags |= value >= end_of_range(meter)
    return flags if verdict is None else flags | at_ceiling(value, verdict)


def at_ceiling(value: Floats, verdict: CleaningResult) -> Flags:
    return np.zeros(len(value), dtype=bool) if verdict.ceiling is None else value >= verdict.ceiling


def enclosed(value: Floats, suspect: Flags, window: Integers | None = None) -> Flags:
    """A register may pass 99999 on its way: it did where the readings before and after it in time
    enclose it, in the same window if any.
    """
    sound, at = np.flatnonzero(~suspect), np.flatnonzero(suspect)
    after = np.searchsorted(sound, at)
    inside = (after > 0) & (after < len(sound))
    at, before, behind = at[inside], sound[after[inside] - 1], sound[after[inside]]
    fits = (value[before] <= value[at]) & (value[at] <= value[behind])
    if window is not None:
        fits &= (window[before] == window[at]) & (window[behind] == window[at])
    passed = np.zeros(len(value), dtype=bool)
    passed[at[fits]] = True
    return passed


def in_order(readings: Readings, meter: Meter, file: str, tally: Tally) -> tuple[Readings, bool]:
    """Order of time, without what a wrong clock stamped; and whether what undoes a step of the
    clock may stand in another block.
    """
    order = order_of(readings.time_us, readings.value, counts=meter.reading == "register")
    if order is None:
        return readings, False
    after = order.after_back
    tally.turned_back.append(
        np.column_stack((readings.time_us[after - 1], readings.time_us[after]))
    )
    tally.add("clock-jump", file, readings.row, order.wrong_clock)
    tally.add("reading-disordered", file, readings.row, order.late)
    return readings.at(order.sorted[~order.wrong_clock[order.sorted]]), order.open_back


def without_duplicates(readings: Readings, file: str, tally: Tally) -> Readings:
    """One reading a stamp: the first in the file."""
    again = stamped_again(readings.time_us)
    if not again.any():
        return readings
    first = np.maximum.accumulate(np.where(again, 0, np.arange(len(again))))
    same = readings.value == readings.value[first]
    tally.add("reading-duplicate", file, readings.row, again & same)
    tally.add("reading-conflict", file, readings.row, again & ~same)
    return readings.at(~again)


def stamped_again(time_us: Integers) -> Flags:
    """Which of these stamps, in order, stood before."""
    return np.append(False, np.diff(time_us) == 0)[: len(time_us)]


def spikes(time_us: Integers, value: Floats, meter: Meter) -> Flags:
    """Interior register values that leave the line of their neighbours while the neighbours agree
    with each other.
    """
    flagged = np.zeros(len(value), dtype=bool)
    if meter.reading != "register" or len(value) < 3:
        return flagged
    before, here, after = value[:-2], value[1:-1], value[2:]
    outside = (here < before) | (here > after)
    if not outside.any():
        return flagged
    possible = after >= before
    if meter.range is not None:
        possible &= (after - before) <= meter.range[1] * ((time_us[2:] - time_us[:-2]) / HOUR_US)
    flagged[1:-1] = outside & possible & ~rolls(before, here, meter)
    return flagged
