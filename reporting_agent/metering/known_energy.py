"""Between which readings the energy is known, and what a register counted across gaps, where it is
known in all and not when.

Each is stated and counted; no value is guessed. Registers and rates of a window metered by itself
are judged here too; its intervals, whose lengths are cut otherwise, in `own_window`.

Unknown is what a gap, a fall of a register (`register_falls`), a declared reset, or a load that the
meter cannot have told leaves open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reporting_agent.config import Meter
from reporting_agent.metering.cleaning import loads_beyond, saturated
from reporting_agent.metering.kernel import MOST
from reporting_agent.metering.readings import Readings
from reporting_agent.metering.register_falls import over_falls
from reporting_agent.metering.segments import Segments, hold, load_of
from reporting_agent.metering.tally import NO_STAMPS, CleaningResult, Tally
from reporting_agent.row_numbers import Rows

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


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
        bad = saturated(readings.value, meter, verdict)
        if verdict is not None:
            bad |= verdict.unknown.hold(readings.time_us)
        return bad[:-1] | bad[1:]
    if verdict is None or meter.reading == "interval":
        return np.zeros(len(readings) - 1, dtype=bool)
    return verdict.unknown.between(readings.time_us) | verdict.caught_up.between(readings.time_us)
