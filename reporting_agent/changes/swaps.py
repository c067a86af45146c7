"""Meters that follow another line's runs better than their own for a part of the record, and main
meters against those below them, day by day.

A main meter's hours are regressed on those below: a sub that counts what flows has a slope near 1,
one that counts more a slope below. A meter outside its own time adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from reporting_agent.changes import causes
from reporting_agent.changes.change import Change, ChangeCause, ChangeKind
from reporting_agent.changes.lines import ROBUST, Daily, MeterLine, daily, days_of
from reporting_agent.metering import MeterRecord
from reporting_agent.metering.clock_offsets import running_share
from reporting_agent.pipeline.units import to_kwh

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

HOUR_US = 3_600_000_000
PART_HOURS = 7 * 24
FEWEST_HOURS = 48
LEAST_TURNS = (
    0.05  # standard deviation of the share of an hour that runs took: below, they never pause
)
MARGIN = (
    0.3  # of correlation, as Fisher's z, by which the other line must fit better, on both sides
)
# margins by which each goes with its own as a rule: going with the other's at all is then no chance
SURELY = 3.0
FEWEST_PARTS = 2
MOST_ALIKE = 0.9999
NEAR_DAYS = 6
ALIKE = 0.1  # in ln: how near each meter comes to what the other showed


def of_lines(lines: Sequence[MeterLine], zone: tzinfo) -> list[Change]:
    """Pairs of meters of one carrier, each of which goes with the other's runs."""
    alike: dict[tuple[str, int], list[MeterLine]] = {}
    for line in lines:
        if len(line.record.hour_us):
            alike.setdefault((line.record.meter.carrier, len(line.record.hour_us)), []).append(line)
    return [
        change for of_one_carrier in alike.values() for change in _exchanged(of_one_carrier, zone)
    ]


def of_levels(level_changes: Sequence[Change], lines: Sequence[MeterLine]) -> list[Change]:
    """Pairs of changes of level on the same days, each to what the other meter showed before: lines
    that run alike, exchanged.
    """
    usual = {line.meter: _usual(line) for line in lines}
    changes: list[Change] = []
    for own, other in combinations(
        [
            change
            for change in level_changes
            if change.kind is ChangeKind.LEVEL and change.first and change.meters
        ],
        2,
    ):
        (mine,), (theirs,) = own.meters, other.meters
        if (
            own.first is None
            or other.first is None
            or mine == theirs
            or abs((own.first - other.first).days) > NEAR_DAYS
        ):
            continue
        quotient = usual[theirs] / usual[mine]
        if (
            abs(np.log(own.size / quotient)) <= ALIKE
            and abs(np.log(other.size * quotient)) <= ALIKE
        ):
            changes.append(
                Change(
                    ChangeKind.SWAP,
                    own.step,
                    (mine, theirs),
                    (*own.equipment, *other.equipment),
                    own.first,
                    own.until,
                    _interchangeable(lines, mine, theirs),
                    0.0,
                    (ChangeCause.SWAP, ChangeCause.TRANSFORMER),
                )
            )
    return changes


def _usual(line: MeterLine) -> float:
    """Median power while running, of the part of the record that most runs are in."""
    runs, chosen = line.runs, line.chosen
    power = runs.energy[chosen] / runs.known[chosen] / (runs.end_us - runs.start_us)[chosen]
    return float(
        np.median(
            power[np.abs(line.power - np.nanmedian(line.power[: max(len(chosen) // 4, 1)])) < ALIKE]
        )
    )


def _exchanged(lines: Sequence[MeterLine], zone: tzinfo) -> Iterator[Change]:
    """Of lines with the same hours. How every load goes with every line's runs is found for all of
    them at once: pairs are many.
    """
    hour_us = lines[0].record.hour_us
    edges = np.append(hour_us, hour_us[-1] + HOUR_US)
    ran = np.array([running_share(edges, line.runs.start_us, line.runs.end_us) for line in lines])
    loads = np.array(
        [np.where(line.record.hour_known > 0.99, line.record.hour_energy, np.nan) for line in lines]
    )
    weeks = [slice(first, first + PART_HOURS) for first in range(0, len(hour_us), PART_HOURS)]
    fits = np.array([_fits(loads[:, week], ran[:, week]) for week in weeks])
    equipment = [_equipment(line) for line in lines]
    for own, other in combinations(range(len(lines)), 2):
        if equipment[own] == equipment[other]:
            continue
        better = np.minimum(
            fits[:, own, other] - fits[:, own, own], fits[:, other, own] - fits[:, other, other]
        )
        if weeks_swapped := _weeks_swapped(better):
            pair = [own, other]
            foreign, day = _foreign(loads[pair], ran[pair]), days_of(hour_us, zone)
            first, last = weeks_swapped[0] * PART_HOURS, (weeks_swapped[-1] + 1) * PART_HOURS
            meters = (lines[own].meter, lines[other].meter)
            yield Change(
                ChangeKind.SWAP,
                lines[own].step,
                meters,
                (*equipment[own], *equipment[other]),
                None if first == 0 else _turn(foreign, day, first),
                None if last >= len(foreign) - PART_HOURS else _turn(-foreign, day, last),
                _interchangeable([lines[own], lines[other]], *meters),
                0.0,
                (ChangeCause.SWAP, ChangeCause.CLOCK),
            )


def _weeks_swapped(better: Floats) -> list[int]:
    """Weeks in which both loads went with the other's runs, by how much better they did in each;
    none where they are too few to say so.
    """
    finite = np.isfinite(better)
    if finite.sum() < FEWEST_PARTS:
        return []
    least = 0.0 if float(np.median(better[finite])) < -SURELY * MARGIN else MARGIN
    swapped: list[int] = np.flatnonzero(finite & (better > least)).tolist()
    return swapped if len(swapped) >= FEWEST_PARTS else []


def _interchangeable(lines: Sequence[MeterLine], *meters: str) -> float:
    """1 where readings of one can stand as the other's, 0 where they are of another kind or
    unit.
    """
    kinds = {
        (line.record.meter.reading, line.record.meter.unit)
        for line in lines
        if line.meter in meters
    }
    return float(len(kinds) == 1)


def _foreign(loads: Floats, ran: Floats) -> Floats:
    """By hour, how much better the two loads go with the other's runs than with their own."""
    moved = [np.nan_to_num(load - np.nanmean(load)) / np.nanstd(load) for load in loads]
    score: Floats = (moved[0] - moved[1]) * (ran[1] - ran[0])
    return score


def _turn(foreign: Floats, day: Integers, near: int) -> date:
    """The day from which on loads go with the other's runs, within a week of this hour: what speaks
    for it is least until then.
    """
    around = slice(max(near - PART_HOURS, 0), near + PART_HOURS)
    days, day_index = np.unique(day[around], return_inverse=True)
    until = np.concatenate(([0.0], np.cumsum(np.bincount(day_index, weights=foreign[around]))))[:-1]
    return date.fromordinal(int(days[np.flatnonzero(until == until.min())[-1]]))


def _fits(loads: Floats, ran: Floats) -> Floats:
    """How well each load (rows) goes with each line's runs (columns), as Fisher's z of their
    correlation over the hours that are known.

    0.1 of correlation tells little where two loads are unlike, and all where they run by one shift.
    NaN where hours are too few or either hardly moves.
    """
    finite = np.isfinite(loads)
    hours = finite.sum(axis=1)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(finite, loads, 0.0).sum(axis=1)[:, None] / hours
        moved = np.where(finite, loads - level, 0.0)
        spread = np.sqrt((moved**2).sum(axis=1)[:, None] / hours)
        running = finite @ ran.T / hours
        turns = np.sqrt(np.maximum(finite @ (ran**2).T / hours - running**2, 0.0))
        correlation = moved @ ran.T / hours / (spread * turns)
    tells = (hours >= FEWEST_HOURS) & (spread > 0) & (turns >= LEAST_TURNS)
    fits: Floats = np.arctanh(
        np.where(tells, np.clip(correlation, -MOST_ALIKE, MOST_ALIKE), np.nan)
    )
    return fits


def _equipment(line: MeterLine) -> tuple[str, ...]:
    return tuple(sorted({batch.equipment for batch in line.batches if batch.equipment}))


LEAST_OFF = 0.1  # below 1: a meter that counts more than flows
MOST_BESIDE = 0.4  # above 1: so much may hang on a line and not on its meter
THROUGHOUT = 0.8  # of the parts
BALANCE_PART_HOURS = 28 * 24
FEWEST_BALANCE_HOURS = 200  # of a part
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
    fitted = np.full(
        (max(len(finite) // BALANCE_PART_HOURS, 1), family.of_children.shape[1]), np.nan
    )
    for part in range(len(fitted)):
        own = (
            np.flatnonzero(finite[part * BALANCE_PART_HOURS : (part + 1) * BALANCE_PART_HOURS])
            + part * BALANCE_PART_HOURS
        )
        load = family.of_children[own]
        if len(own) < FEWEST_BALANCE_HOURS:
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
