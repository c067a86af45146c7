"""Meters that follow another line's runs better than their own, for a part of the record: swapped, or wired to the wrong line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, tzinfo
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from reporting_agent.changes.change import Cause, Change, Kind
from reporting_agent.changes.lines import Line, days_of
from reporting_agent.metering.clock_search import running_share

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

HOUR_US = 3_600_000_000
PART_HOURS = 7 * 24
FEWEST_HOURS = 48
MARGIN = 0.25  # of correlation by which the other line must fit better, on both sides
FEWEST_PARTS = 2
NEAR_DAYS = 6
ALIKE = 0.1  # in ln: how near each meter comes to what the other showed


def of_lines(lines: Sequence[Line], zone: tzinfo) -> list[Change]:
    """Pairs of meters of one carrier, each of which goes with the other's runs."""
    found = []
    for one, other in combinations([line for line in lines if len(line.record.hour_us)], 2):
        alike = one.record.meter.carrier == other.record.meter.carrier and len(one.record.hour_us) == len(other.record.hour_us)
        if alike and set(_equipment(one)) != set(_equipment(other)) and (change := _pair(one, other, zone)) is not None:
            found.append(change)
    return found


def of_levels(found: Sequence[Change], lines: Sequence[Line]) -> list[Change]:
    """Pairs of changes of level on the same days, each to what the other meter showed before: lines that run alike, exchanged."""
    usual = {line.meter: _usual(line) for line in lines}
    made: list[Change] = []
    for one, other in combinations([change for change in found if change.kind is Kind.LEVEL and change.first and change.meters], 2):
        (mine,), (theirs,) = one.meters, other.meters
        if one.first is None or other.first is None or mine == theirs or abs((one.first - other.first).days) > NEAR_DAYS:
            continue
        quotient = usual[theirs] / usual[mine]
        if abs(np.log(one.size / quotient)) <= ALIKE and abs(np.log(other.size * quotient)) <= ALIKE:
            made.append(
                Change(
                    Kind.SWAP,
                    one.step,
                    (mine, theirs),
                    (*one.equipment, *other.equipment),
                    one.first,
                    one.until,
                    1.0,
                    0.0,
                    (Cause.SWAP, Cause.TRANSFORMER),
                )
            )
    return made


def _usual(line: Line) -> float:
    """Median power while running, of the part of the record that most runs are in."""
    runs, chosen = line.runs, line.chosen
    power = runs.energy[chosen] / runs.known[chosen] / (runs.end_us - runs.start_us)[chosen]
    return float(np.median(power[np.abs(line.power - np.nanmedian(line.power[: max(len(chosen) // 4, 1)])) < ALIKE]))


def _pair(one: Line, other: Line, zone: tzinfo) -> Change | None:
    edges = np.append(one.record.hour_us, one.record.hour_us[-1] + HOUR_US)
    ran = [running_share(edges, line.runs.start_us, line.runs.end_us) for line in (one, other)]
    loads = [np.where(line.record.hour_known > 0.99, line.record.hour_energy, np.nan) for line in (one, other)]
    swapped: list[int] = []
    starts = list(range(0, len(edges) - 1, PART_HOURS))
    for first in starts:
        part = slice(first, min(first + PART_HOURS, len(edges) - 1))
        fits = np.array([[_fit(load[part], share[part]) for share in ran] for load in loads])
        if np.isfinite(fits).all() and fits[0, 1] > fits[0, 0] + MARGIN and fits[1, 0] > fits[1, 1] + MARGIN:
            swapped.append(first)
    if len(swapped) < FEWEST_PARTS:
        return None
    first, last = swapped[0], min(swapped[-1] + PART_HOURS, len(edges) - 1)
    whole = first == 0 and last >= len(edges) - 1 - PART_HOURS
    ordinals = days_of(edges[[first, last]], zone).tolist()
    begins = None if first == 0 else date.fromordinal(ordinals[0])
    until = None if whole or last >= len(edges) - 1 - PART_HOURS else date.fromordinal(ordinals[1])
    meters = (one.meter, other.meter)
    return Change(Kind.SWAP, one.step, meters, (*_equipment(one), *_equipment(other)), begins, until, 1.0, 0.0, (Cause.SWAP, Cause.CLOCK))


def _fit(load: Floats, share: Floats) -> float:
    known = np.isfinite(load)
    if known.sum() < FEWEST_HOURS or np.std(load[known]) == 0 or np.std(share[known]) < 0.05:
        return float("nan")
    return float(np.corrcoef(load[known], share[known])[0, 1])


def _equipment(line: Line) -> tuple[str, ...]:
    return tuple(sorted({batch.equipment for batch in line.batches if batch.equipment}))
