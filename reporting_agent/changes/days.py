"""Single days that cannot be (a meter that counts nothing while its line runs, days that repeat
others), missing rows of an interval meter, and readings below nothing.

Missing rows are asked about only where the meter's level falls, or its clock seems to move, with
them. Negative readings are settled by a declared range.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, tzinfo

import numpy as np
from numpy.typing import NDArray

from benchmarks.measurements import Direction
from reporting_agent.changes.change import Change, ChangeCause, ChangeKind
from reporting_agent.changes.lines import ROBUST, WELL_KNOWN, MeterLine, days_of
from reporting_agent.metering import MeterRecord

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

DEAD_SHARE = 0.05  # of the line's usual power
MOST_SILENT = 0.04  # of the runs
PARTS_SHARE = 0.05  # of a run, from which on its energy tells whether the meter or the line stood
FEWEST_PARTS = 8  # runs
AS_SILENT = 0.5  # of the energy of its silent part that a run must lack, from one run to the next
USUAL = np.log(3.0)  # of the energy a tonne
SIGMAS = 6.0
LEAPS = 20.0  # times the line's usual power
HOURS = 24
FEWEST_DIFFERENT = (
    8  # hours of a day that differ among themselves: a steady load repeats itself honestly
)
FULLY_KNOWN = 0.999
FEWEST_DAYS = 14
LEAST_BITS = (
    60.0  # by which a day's hours differ from another's, in steps of the meter: 2^-60 of chance
)


def of_lines(
    lines: Sequence[MeterLine], records: Iterable[MeterRecord], zone: tzinfo
) -> list[Change]:
    """All such days, one change a meter and kind."""
    changes = []
    for line in lines:
        equipment = tuple(sorted({batch.equipment for batch in line.batches if batch.equipment}))
        usual = np.nanmedian(line.power)
        for kind, cause, struck in (
            (
                ChangeKind.DEAD,
                (ChangeCause.DEAD, ChangeCause.TRANSFORMER),
                line.power < usual + np.log(DEAD_SHARE),
            ),
            (
                ChangeKind.LEAP,
                (ChangeCause.UNIT, ChangeCause.SCALE),
                line.power > usual + np.log(LEAPS),
            ),
        ):
            if kind is ChangeKind.DEAD and (silent := _silent(line, zone)):
                changes.append(
                    Change(
                        kind,
                        line.step,
                        (line.meter,),
                        equipment,
                        silent[0],
                        None,
                        0.0,
                        0.0,
                        cause,
                        silent,
                    )
                )
                continue
            if struck.any():
                days = tuple(date.fromordinal(day) for day in np.unique(line.day[struck]).tolist())
                batches = frozenset(
                    (line.batches[at].step, line.batches[at].batch_id)
                    for at in np.flatnonzero(struck).tolist()
                )
                size = float(np.exp(np.nanmedian(line.power[struck]) - usual))
                changes.append(
                    Change(
                        kind,
                        line.step,
                        (line.meter,),
                        equipment,
                        days[0],
                        None,
                        size,
                        0.0,
                        cause,
                        days,
                        batches,
                    )
                )
        if (change := _in_parts(line)) is not None:
            changes.append(change)
    for record in records:
        days = repeated(record, zone)
        if days:
            step = next(
                (line.step for line in lines if line.meter == record.meter.id),
                record.meter.step or "",
            )
            equipment = (record.meter.equipment,) if record.meter.equipment else ()
            changes.append(
                Change(
                    ChangeKind.REPEATED,
                    step,
                    (record.meter.id,),
                    equipment,
                    days[0],
                    None,
                    float(len(days)),
                    0.0,
                    (ChangeCause.COPIED,),
                    days,
                )
            )
    return changes


def _silent(line: MeterLine, zone: tzinfo) -> tuple[date, ...]:
    """The days of runs without energy, where they are so many that what is left may not stand for
    the period.
    """
    runs = line.runs
    hours = np.maximum(runs.end_us - runs.start_us, 1) / 3.6e9
    power = np.abs(runs.energy) / hours
    usual = float(np.median((power / np.maximum(runs.known, 0.01))[line.chosen]))
    silent = (runs.known >= WELL_KNOWN) & (power < DEAD_SHARE * usual)
    if silent.mean() < MOST_SILENT:
        return ()
    return tuple(
        date.fromordinal(day) for day in np.unique(days_of(runs.start_us[silent], zone)).tolist()
    )


def _in_parts(line: MeterLine) -> Change | None:
    """Runs of parts of which the meter shows nothing, and which lack that part's energy.

    A line that stood is no fault of its meter: its run took longer for the same tonnes, and its
    energy a tonne is not less for it.
    """
    share = np.minimum(line.runs.silent[line.chosen], 1 - DEAD_SHARE)
    usual = np.abs(line.per_output - np.nanmedian(line.per_output)) < USUAL
    struck = (share >= PARTS_SHARE) & usual
    if struck.sum() < FEWEST_PARTS:
        return None
    lost, per_output = np.log1p(-share[usual]), line.per_output[usual]
    away = lost - lost.mean()
    if (moves := float((away**2).sum())) == 0:
        return None
    slope = float((away * per_output).sum()) / moves
    left = per_output - slope * lost
    error = ROBUST * float(np.median(np.abs(left - np.median(left)))) / moves**0.5
    if slope < max(AS_SILENT, SIGMAS * error):
        return None
    days = tuple(date.fromordinal(day) for day in np.unique(line.day[struck]).tolist())
    batches = frozenset(
        (line.batches[at].step, line.batches[at].batch_id) for at in np.flatnonzero(struck).tolist()
    )
    equipment = tuple(sorted({batch.equipment for batch in line.batches if batch.equipment}))
    size = float(np.mean(share[struck]))
    return Change(
        ChangeKind.PARTS,
        line.step,
        (line.meter,),
        equipment,
        days[0],
        None,
        size,
        0.0,
        (ChangeCause.DEAD, ChangeCause.READING),
        days,
        batches,
    )


def repeated(record: MeterRecord, zone: tzinfo) -> tuple[date, ...]:
    """Days of which every hour is that of an earlier day, to the last digit."""
    if len(record.hour_us) < 2 * HOURS:
        return ()
    day = days_of(record.hour_us, zone)
    own, first, count = np.unique(day, return_index=True, return_counts=True)
    whole = np.flatnonzero(count == HOURS)
    hours = first[whole][:, None] + np.arange(HOURS)
    whole, hours = (
        whole[fully_known := (record.hour_known[hours] >= FULLY_KNOWN).all(axis=1)],
        hours[fully_known],
    )
    if len(whole) < FEWEST_DAYS:
        return ()
    energy = record.hour_energy[hours]
    grain = max(record.facts.quantum or 0.0, 1e-6 * float(np.abs(energy).max()), 1e-12)
    digits = np.round(energy / grain).astype(np.int64)
    usual_away = np.median(np.abs(digits - np.median(digits, axis=0)), axis=0)
    if float(np.log2(1 + usual_away).sum()) < LEAST_BITS:
        return ()  # so coarse, or so steady, that days are equal honestly
    digits_met: set[bytes] = set()
    repeats: list[date] = []
    for at, ordinal in enumerate(own[whole].tolist()):
        if len(np.unique(digits[at])) < FEWEST_DIFFERENT:
            continue
        if digits[at].tobytes() in digits_met:
            repeats.append(date.fromordinal(ordinal))
        digits_met.add(digits[at].tobytes())
    return tuple(repeats)


LEAST_MISSING = 0.05
HOUR_S = 3600


def gaps_of_meters(records: Iterable[MeterRecord]) -> dict[str, float]:
    """Share of the expected rows that is missing, of each meter of intervals that lacks many."""
    shares = {}
    for record in records:
        every = record.facts.usual_step_s
        known_s = (
            float(record.hour_known.sum()) * HOUR_S if len(record.hour_us) else record.known_s
        )  # its own time and beyond, as its rows
        if record.meter.reading != "interval" or not every or known_s <= 0:
            continue
        missing = 1 - record.facts.readings * every / known_s
        if missing >= LEAST_MISSING:
            shares[record.meter.id] = missing
    return shares


def falls_or_clocks(
    missing: Mapping[str, float], levels: Sequence[Change], clocks: Sequence[Change]
) -> list[Change]:
    """Of each such meter the falls of its level as what they are; where none was found, what its
    clock seemed to do.
    """
    changes: list[Change] = []
    for meter, share in missing.items():
        falls = [
            change
            for change in levels
            if change.meters == (meter,)
            and change.kind in {ChangeKind.LEVEL, ChangeKind.PROCESS}
            and change.size < 1
        ]
        shown = falls or [change for change in clocks if change.meters == (meter,)]
        changes += [
            replace(
                change, kind=ChangeKind.ROWS, size=share, size_error=0.0, causes=(ChangeCause.ROWS,)
            )
            for change in shown
        ]
    return changes


LEAST = 0.02  # of the highest: a sensor at rest may show a little less than nothing


def negatives_of_meters(records: Sequence[MeterRecord], zone: tzinfo) -> list[Change]:
    """One change a meter without a declared range whose lowest reading lies below nothing; `size`
    is that over its highest, 0 where it never shows more than nothing.

    Its days are those of which an hour comes out negative; none where the readings are lost in
    their hours, and then all are doubtful.
    """
    changes = []
    for record in records:
        meter, low, high = record.meter, record.facts.lowest, record.facts.highest
        counts = (
            meter.role in {"main", "sub"}
            and meter.direction is Direction.IMPORT
            and meter.range is None
        )
        if counts and low is not None and high is not None and low < -LEAST * abs(high):
            days = tuple(
                date.fromordinal(day)
                for day in np.unique(days_of(record.hour_us[record.hour_energy < 0], zone)).tolist()
            )
            equipment = (meter.equipment,) if meter.equipment else ()
            size = low / high if high > 0 else 0.0
            causes = (ChangeCause.READING, ChangeCause.FED_BACK)
            changes.append(
                Change(
                    ChangeKind.NEGATIVE,
                    meter.step,
                    (meter.id,),
                    equipment,
                    None,
                    None,
                    size,
                    0.0,
                    causes,
                    days,
                )
            )
    return changes
