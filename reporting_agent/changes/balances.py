"""A main meter against those below it: what it counts besides them, day by day, and how much of
each it sees.

Of the hours of each part of the record, the main meter's energy is regressed on that of the meters
below: a meter that counts what flows has a slope near 1 whatever else hangs on the main meter. One
that counts more than flows has a slope below 1, which nothing but the meter (or the main one)
explains. A meter outside its own time (`from`, `until`) adds nothing and need not be known: another
stands for it, and it may be read on elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

import numpy as np
from numpy.typing import NDArray

from reporting_agent.changes import causes
from reporting_agent.changes.change import Change, ChangeCause, ChangeKind
from reporting_agent.changes.jumps import ROBUST, Daily, daily
from reporting_agent.changes.lines import MeterLine, days_of
from reporting_agent.metering import MeterRecord
from reporting_agent.pipeline.units import to_kwh

Floats = NDArray[np.float64]

LEAST_OFF = 0.1  # below 1: a meter that counts more than flows
MOST_BESIDE = 0.4  # above 1: so much may hang on a line and not on its meter
THROUGHOUT = 0.8  # of the parts
PART_HOURS = 28 * 24
FEWEST_PARTS = 2
FEWEST_HOURS = 200  # of a part
LEAST_MOVING = 0.05  # of what the main meter moves by: a steadier load has no slope
SIGMAS = 6.0
WELL_KNOWN = 0.99


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """A main meter and the meters right below it, in kWh an hour; hours in which one of them is not
    known are NaN, those of a meter below outside its own time 0."""

    main: MeterRecord
    children: tuple[MeterRecord, ...]
    of_main: Floats
    of_children: Floats  # hours x children


def families(records: Sequence[MeterRecord], zone: tzinfo) -> list[Family]:
    """Every meter of an energy with readings below which others hang."""
    by_parent: dict[str, list[MeterRecord]] = {}
    for record in records:
        if record.meter.parent and record.meter.role in {"main", "sub"} and len(record.hour_us):
            by_parent.setdefault(record.meter.parent, []).append(record)
    grouped = []
    for record in records:
        below = [
            meter
            for meter in by_parent.get(record.meter.id, ())
            if len(meter.hour_us) == len(record.hour_us)
        ]
        if len(record.hour_us) and below:
            units = [_kwh(meter) for meter in (record, *below)]
            if all(units):
                hours = [
                    _hours(meter) * unit
                    for meter, unit in zip((record, *below), units, strict=True)
                    if unit
                ]
                serving, *below_serving = (
                    meter.in_service(record.hour_us, zone) for meter in (record, *below)
                )
                of_main = np.where(serving & np.any(below_serving, axis=0), hours[0], np.nan)
                of_children = np.where(
                    np.column_stack(below_serving), np.column_stack(hours[1:]), 0.0
                )
                grouped.append(Family(record, tuple(below), of_main, of_children))
    return grouped


def _kwh(record: MeterRecord) -> float | None:
    return (
        to_kwh(record.unit)
        if record.unit in {"Wh", "kWh", "MWh", "GWh", "kJ", "MJ", "GJ", "TJ"}
        else None
    )


def _hours(record: MeterRecord) -> Floats:
    return np.where(record.hour_known >= WELL_KNOWN, record.hour_energy, np.nan)


def besides(family: Family, zone: tzinfo) -> Daily:
    """By day, the mean of what the main meter counts besides the meters below it, in kWh an
    hour.
    """
    rest = family.of_main - family.of_children.sum(axis=1)
    return daily(days_of(family.main.hour_us, zone), rest)


def slopes(family: Family) -> Floats:
    """Slope of each child in each part of the record: parts x children, NaN where a part does not
    tell it.
    """
    finite = np.isfinite(family.of_main) & np.isfinite(family.of_children).all(axis=1)
    fitted = np.full((max(len(finite) // PART_HOURS, 1), family.of_children.shape[1]), np.nan)
    for part in range(len(fitted)):
        own = (
            np.flatnonzero(finite[part * PART_HOURS : (part + 1) * PART_HOURS]) + part * PART_HOURS
        )
        load = family.of_children[own]
        if len(own) < FEWEST_HOURS:
            continue
        moves = np.std(load, axis=0) > LEAST_MOVING * max(float(np.std(family.of_main[own])), 1e-12)
        design = np.column_stack((np.ones(len(own)), load[:, moves]))
        if np.linalg.matrix_rank(design) == design.shape[1]:
            fitted[part, moves] = np.linalg.lstsq(design, family.of_main[own], rcond=None)[0][1:]
    return fitted


def of_families(
    families: Sequence[Family], lines: Sequence[MeterLine], already: frozenset[str]
) -> list[Change]:
    """Meters that count another share than the main meter sees, throughout; `already` are those of
    which a change was found.
    """
    changes = []
    line_of = {line.meter: line for line in lines}
    for family in families:
        of_parts = slopes(family)
        for index, child in enumerate(family.children):
            line, slope = line_of.get(child.meter.id), of_parts[:, index]
            slope = slope[np.isfinite(slope)]
            if line is None or child.meter.id in already or len(slope) < FEWEST_PARTS:
                continue
            middle = float(np.median(slope))
            error = 1.25 * ROBUST * float(np.median(np.abs(slope - middle))) / np.sqrt(len(slope))
            low, high = 1 - LEAST_OFF, 1 + MOST_BESIDE
            off = slope < low if middle < 1 else slope > high
            if middle <= 0 or off.mean() < THROUGHOUT or abs(middle - 1) < SIGMAS * error:
                continue
            equipment = (child.meter.equipment,) if child.meter.equipment else ()
            likely = (*causes.of_meter(1 / middle, error / middle), ChangeCause.CLOCK)
            meters = (child.meter.id, family.main.meter.id)
            size, half = 1 / middle, 1.96 * error / middle**2
            changes.append(
                Change(
                    ChangeKind.BALANCE, line.step, meters, equipment, None, None, size, half, likely
                )
            )
    return changes
