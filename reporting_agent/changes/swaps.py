"""Meters that follow another line's runs better than their own, for a part of the record: swapped,
or wired to the wrong line.

The day is the one that best divides hours that go with the meter's own runs from hours that go with
the other's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, tzinfo
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from reporting_agent.changes.change import Change, ChangeCause, ChangeKind
from reporting_agent.changes.lines import MeterLine, days_of
from reporting_agent.metering.clock_offsets import running_share

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
