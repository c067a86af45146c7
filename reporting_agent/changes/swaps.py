"""Meters that follow another line's runs better than their own, for a part of the record: swapped, or wired to the wrong line.

The day is the one that best divides hours that go with the meter's own runs from hours that go with the other's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, tzinfo
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from reporting_agent.changes.change import Cause, Change, Kind
from reporting_agent.changes.lines import Line, days_of
from reporting_agent.metering.clock_offsets import running_share

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

HOUR_US = 3_600_000_000
PART_HOURS = 7 * 24
FEWEST_HOURS = 48
MARGIN = 0.3  # of correlation, as Fisher's z, by which the other line must fit better, on both sides
SURELY = 3.0  # margins by which each goes with its own as a rule: going with the other's at all is then no chance
FEWEST_PARTS = 2
MOST_ALIKE = 0.9999
NEAR_DAYS = 6
ALIKE = 0.1  # in ln: how near each meter comes to what the other showed


def of_lines(lines: Sequence[Line], zone: tzinfo) -> list[Change]:
    """Pairs of meters of one carrier, each of which goes with the other's runs."""
    changes = []
    for own, other in combinations([line for line in lines if len(line.record.hour_us)], 2):
        alike = own.record.meter.carrier == other.record.meter.carrier and len(own.record.hour_us) == len(other.record.hour_us)
        if alike and set(_equipment(own)) != set(_equipment(other)) and (change := _pair(own, other, zone)) is not None:
            changes.append(change)
    return changes


def of_levels(level_changes: Sequence[Change], lines: Sequence[Line]) -> list[Change]:
    """Pairs of changes of level on the same days, each to what the other meter showed before: lines that run alike, exchanged."""
    usual = {line.meter: _usual(line) for line in lines}
    changes: list[Change] = []
    for own, other in combinations([change for change in level_changes if change.kind is Kind.LEVEL and change.first and change.meters], 2):
        (mine,), (theirs,) = own.meters, other.meters
        if own.first is None or other.first is None or mine == theirs or abs((own.first - other.first).days) > NEAR_DAYS:
            continue
        quotient = usual[theirs] / usual[mine]
        if abs(np.log(own.size / quotient)) <= ALIKE and abs(np.log(other.size * quotient)) <= ALIKE:
            changes.append(
                Change(
                    Kind.SWAP,
                    own.step,
                    (mine, theirs),
                    (*own.equipment, *other.equipment),
                    own.first,
                    own.until,
                    _interchangeable(lines, mine, theirs),
                    0.0,
                    (Cause.SWAP, Cause.TRANSFORMER),
                )
            )
    return changes


def _usual(line: Line) -> float:
    """Median power while running, of the part of the record that most runs are in."""
    runs, chosen = line.runs, line.chosen
    power = runs.energy[chosen] / runs.known[chosen] / (runs.end_us - runs.start_us)[chosen]
    return float(np.median(power[np.abs(line.power - np.nanmedian(line.power[: max(len(chosen) // 4, 1)])) < ALIKE]))


def _pair(own: Line, other: Line, zone: tzinfo) -> Change | None:
    edges = np.append(own.record.hour_us, own.record.hour_us[-1] + HOUR_US)
    ran = [running_share(edges, line.runs.start_us, line.runs.end_us) for line in (own, other)]
    loads = [np.where(line.record.hour_known > 0.99, line.record.hour_energy, np.nan) for line in (own, other)]
    parts = np.arange(0, len(edges) - 1, PART_HOURS)
    better = np.array([_better(loads, ran, slice(first, first + PART_HOURS)) for first in parts.tolist()])
    known = np.isfinite(better)
    if known.sum() < FEWEST_PARTS:
        return None
    least = 0.0 if float(np.median(better[known])) < -SURELY * MARGIN else MARGIN
    swapped = parts[known & (better > least)].tolist()
    if len(swapped) < FEWEST_PARTS:
        return None
    foreign, day = _foreign(loads, ran), days_of(edges[:-1], zone)
    first, last = swapped[0], swapped[-1] + PART_HOURS
    begins = None if first == 0 else _turn(foreign, day, first)
    until = None if last >= len(foreign) - PART_HOURS else _turn(-foreign, day, last)
    meters = (own.meter, other.meter)
    equipment, size = (*_equipment(own), *_equipment(other)), _interchangeable((own, other), *meters)
    return Change(Kind.SWAP, own.step, meters, equipment, begins, until, size, 0.0, (Cause.SWAP, Cause.CLOCK))


def _interchangeable(lines: Sequence[Line], *meters: str) -> float:
    """1 where readings of one can stand as the other's, 0 where they are of another kind or unit."""
    kinds = {(line.record.meter.reading, line.record.meter.unit) for line in lines if line.meter in meters}
    return float(len(kinds) == 1)


def _better(loads: Sequence[Floats], ran: Sequence[Floats], part: slice) -> float:
    """By how much each load goes better with the other's runs than with its own, of the two the one that it does less."""
    fits = [[_fit(load[part], share[part]) for share in ran] for load in loads]
    return float(np.min([fits[0][1] - fits[0][0], fits[1][0] - fits[1][1]]))


def _foreign(loads: Sequence[Floats], ran: Sequence[Floats]) -> Floats:
    """By hour, how much better both loads go with the other's runs than with their own."""
    moved = [np.nan_to_num(load - np.nanmean(load)) / np.nanstd(load) for load in loads]
    score: Floats = (moved[0] - moved[1]) * (ran[1] - ran[0])
    return score


def _turn(foreign: Floats, day: Integers, near: int) -> date:
    """The day from which on loads go with the other's runs, within a week of this hour: what speaks for it is least until then."""
    around = slice(max(near - PART_HOURS, 0), near + PART_HOURS)
    days, place = np.unique(day[around], return_inverse=True)
    until = np.concatenate(([0.0], np.cumsum(np.bincount(place, weights=foreign[around]))))[:-1]
    return date.fromordinal(int(days[np.flatnonzero(until == until.min())[-1]]))


def _fit(load: Floats, share: Floats) -> float:
    """How well a load goes with runs: 0.1 of correlation tells little where two loads are unlike, and all where they run by one shift."""
    known = np.isfinite(load)
    if known.sum() < FEWEST_HOURS or np.std(load[known]) == 0 or np.std(share[known]) < 0.05:
        return float("nan")
    return float(np.arctanh(np.clip(np.corrcoef(load[known], share[known])[0, 1], -MOST_ALIKE, MOST_ALIKE)))


def _equipment(line: Line) -> tuple[str, ...]:
    return tuple(sorted({batch.equipment for batch in line.batches if batch.equipment}))
