"""Faulty readings left out and counted, and between which of the rest the energy is known. Every
rule is stated and counted; none guesses a value.

Order: sentinels, values outside the range, at its end, order of time (`order`), duplicates,
register spikes; then gaps, falls of a register (rolled over, rescaled, or begun again), declared
resets, and loads that the meter cannot have shown. What a register counted across a gap is known in
all, and not when. What only the whole record shows comes as a `CleaningResult` on a second pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reporting_agent.all_nines import all_nines
from reporting_agent.config import Meter
from reporting_agent.metering.order import order_of
from reporting_agent.metering.segments import HOUR_US, MOST, Readings, Segments, hold, load_of
from reporting_agent.metering.tally import NO_STAMPS, CleaningResult, Tally
from reporting_agent.metering.unit_factors import rescaled_by
from reporting_agent.row_numbers import Rows

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

FROM_ZERO = 5.0  # times what the register counts next: a value below that began again at 0


def over_falls(
    segments: Segments, value: Floats, meter: Meter, rows: Rows, file: str, tally: Tally
) -> tuple[Floats, Flags]:
    """Energy of the segments between register readings with rollovers added back, and over which of
    them it is known.

    Args:
        value: the readings, one more than there are segments; `rows` are those at the segments'
            ends.
    """
    counts, tells = counted(value, segments.end_us - segments.start_us, meter)
    moved, before, after = segments.energy, value[:-1], value[1:]
    fell = moved < 0
    if not fell.any():
        return counts, tells
    tally.add("register-rollover", file, rows, fell & tells)
    usual = float(np.median(moved[moved > 0])) if (moved > 0).any() else 0.0
    rescaled = ~tells & rescaled_by(before, after, usual)
    rescaled &= ~(after <= FROM_ZERO * np.abs(np.append(moved[1:], np.nan)))
    tally.add("register-rescaled", file, rows, rescaled)
    tally.add("register-reset", file, rows, ~tells & ~rescaled)
    return counts, tells


def counted(value: Floats, length_us: Integers, meter: Meter) -> tuple[Floats, Flags]:
    """What a register counted from each reading to the next, and where that is known: not where it
    fell, unless it rolled over.

    A fall to the declared rollover's other end is none where the register would have counted more
    than its range allows.

    Args:
        length_us: the time from each reading to the next.
    """
    energy = np.diff(value)
    fell = energy < 0
    if not fell.any():
        return energy, ~fell
    over = fell & rolls(value[:-1], value[1:], meter)
    energy = np.where(over, energy + (meter.rollover or 0.0), energy)
    if meter.range is not None:
        over &= energy <= meter.range[1] * (np.maximum(length_us, 1) / HOUR_US)
    return energy, ~fell | over


def rolls(before: Floats, after: Floats, meter: Meter) -> Flags:
    """Whether the register fell as a rollover would make it fall: from its last tenth to its
    first.
    """
    if meter.rollover is None:
        return np.zeros(len(before), dtype=bool)
    return (
        (before >= 0.9 * meter.rollover)
        & (before < meter.rollover)
        & (after <= 0.1 * meter.rollover)
        & (after >= 0)
    )


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
    and the stamp stays. A blank of a stamp that has a value says nothing.
    """
    blank = np.isnan(readings.value)
    if blank.any():
        again = blank & np.isin(readings.time_us, readings.time_us[~blank])
        tally.add("reading-blank", file, readings.row, again)
        readings = readings.at(~again)
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
        tally.add("saturated", file, readings.row, saturated(readings.value, meter))
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


def saturated(value: Floats, meter: Meter) -> Flags:
    """Values of a rate at the end of its declared range: the load was that or more."""
    at_end: Flags = value >= end_of_range(meter)
    return at_end


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


def known_segments(
    segments: Segments,
    readings: Readings,
    meter: Meter,
    longest_gap_us: int,
    file: str,
    tally: Tally,
    left_out_us: Integers = NO_STAMPS,
    verdict: CleaningResult | None = None,
    resets_us: Integers = NO_STAMPS,
) -> tuple[Segments, Flags]:
    """The segments with rollovers added back, and over which of them energy is known; segment i
    lies between readings i and i + 1.

    Args:
        left_out_us: stamps of readings that were there and were left out: between them nothing was
            missed.
        resets_us: moments at which the meter is declared to have begun anew, in right time: no
            energy is taken across them.
    """
    energy, rows = segments.energy, readings.row[1:]
    keep = ~_across(resets_us, segments, meter)
    if meter.reading == "register":
        energy, over_known = over_falls(segments, readings.value, meter, rows, file, tally)
        keep &= over_known
    length = segments.end_us - segments.start_us
    gap = length > longest_gap_us
    if gap.any():
        tally.holes.append(np.column_stack((readings.time_us[:-1][gap], readings.time_us[1:][gap])))
        tally.add(
            "reading-gap",
            file,
            rows,
            gap & _missed(readings.time_us, gap, left_out_us, longest_gap_us),
        )
    keep &= (
        ~gap & (length > 0) & (np.abs(energy) < MOST) & ~_unknown(readings, meter, verdict)
    )  # NaN is not below it either
    if meter.range is not None and meter.reading != "rate":
        keep &= _within_range(energy, length, keep, rows, meter, file, tally)
    return replace(segments, energy=energy), keep


def across_gaps(
    segments: Segments,
    readings: Readings,
    meter: Meter,
    longest_gap_us: int,
    verdict: CleaningResult | None,
    resets_us: Integers,
) -> Iterator[tuple[Integers, Floats]]:
    """What a register counted across gaps, by their ends: known in all, not when. Nothing where it
    fell, began anew or counted too much.
    """
    if verdict is not None:
        hung = (
            verdict.caught_up.between(readings.time_us)
            & (segments.energy > 0)
            & ~_across(resets_us, segments, meter)
        )
        yield segments.end_us[hung], segments.energy[hung]
    length = segments.end_us - segments.start_us
    if (length > longest_gap_us).any():
        counted, long = known_segments(
            segments, readings, meter, int(length.max()), "", Tally(meter.id), resets_us=resets_us
        )
        long &= length > longest_gap_us
        yield counted.end_us[long], counted.energy[long]


def _across(resets_us: Integers, segments: Segments, meter: Meter) -> Flags:
    """Segments with a reset in them. A reading of a register or a rate at that very moment is the
    first of the new beginning, while an interval that ends there ends before it."""
    return hold(segments.start_us, segments.end_us, resets_us, at_end=meter.reading != "interval")


def _missed(time_us: Integers, gap: Flags, left_out_us: Integers, longest_gap_us: int) -> Flags:
    """Which gaps are such: where readings were there and only left out, nothing was missed between
    them.
    """
    if not len(left_out_us):
        return gap
    edges = np.concatenate((time_us[:-1][gap], time_us[1:][gap]))
    stamps = np.sort(np.concatenate((edges, left_out_us)))
    wide = stamps[:-1][np.diff(stamps) > longest_gap_us]
    at = np.searchsorted(time_us, wide, side="right") - 1
    missed = np.zeros(len(gap), dtype=bool)
    missed[at[(at >= 0) & (at < len(gap))]] = True
    return missed


def _within_range(
    energy: Floats,
    length_us: Integers,
    keep: Flags,
    rows: Rows,
    meter: Meter,
    file: str,
    tally: Tally,
) -> Flags:
    """Segments whose mean load the meter can have told: within its range, and not at the end of
    it.
    """
    outside, at_end = (keep & flags for flags in loads_beyond(energy, length_us, meter))
    tally.add("out-of-range", file, rows, outside)
    if outside.any():
        tally.note_outside(load_of(energy, length_us)[outside])
    tally.add("saturated", file, rows, at_end)
    within: Flags = ~(outside | at_end)
    return within


def _unknown(readings: Readings, meter: Meter, verdict: CleaningResult | None) -> Flags:
    """Segments that the meter's state makes unknown: of a rate those that touch a value that says
    nothing.
    """
    if meter.reading == "rate":
        bad = saturated(readings.value, meter)
        if verdict is not None:
            bad |= verdict.unknown.hold(readings.time_us)
        return bad[:-1] | bad[1:]
    if verdict is None or meter.reading == "interval":
        return np.zeros(len(readings) - 1, dtype=bool)
    return verdict.unknown.between(readings.time_us) | verdict.caught_up.between(readings.time_us)
