"""Every change of a record and its lines looked for, and those left out that another finding
explains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta, tzinfo

import numpy as np

from reporting_agent.changes import booking, days, levels, swaps, wrong_clocks
from reporting_agent.changes.change import Change, ChangeKind
from reporting_agent.changes.lines import Daily, MeterLine
from reporting_agent.metering import MeterRecord
from reporting_agent.pipeline import PlantData

WEEK = timedelta(days=10)
MONTH = timedelta(days=30)  # a clock is looked at in parts of four weeks
_MAKES_LEVELS = frozenset(
    {
        ChangeKind.CLOCK,
        ChangeKind.ZONE,
        ChangeKind.SWAP,
        ChangeKind.DEAD,
        ChangeKind.LEAP,
        ChangeKind.REPEATED,
    }
)
"""Kinds that move the levels of their meters by themselves."""
_READ = frozenset({"main", "sub", "check"})
_OF_DAYS = frozenset({ChangeKind.DEAD, ChangeKind.PARTS, ChangeKind.LEAP, ChangeKind.REPEATED})


def look(data: PlantData, lines: Sequence[MeterLine], zone: tzinfo) -> tuple[Change, ...]:
    """Every change of the record and its lines, those that another one explains left out."""
    below = days.negatives_of_meters(data.meters, zone)
    if not lines:
        return tuple(below)
    of_clock = wrong_clocks.of_lines(lines, zone)
    missing = days.gaps_of_meters(data.meters)
    by_rows = [
        change
        for change in of_clock
        if change.kind is ChangeKind.CLOCK and set(change.meters) <= set(missing)
    ]
    of_clock = [change for change in of_clock if change not in by_rows]
    rounded = wrong_clocks.roundings(
        lines, {meter: change.size for change in of_clock for meter in change.meters}
    )
    of_clock = [change for change in of_clock if not set(change.meters) <= set(rounded)]
    zones = [
        replace(change, meters=_with_others(change.meters, data.meters))
        for change in of_clock
        if change.kind is ChangeKind.ZONE
    ]
    swapped = [change for change in swaps.of_lines(lines, zone) if not zones]
    of_clock = zones or _without(of_clock, swapped)
    of_days = [
        change
        for change in days.of_lines(lines, data.meters, zone)
        if not _explained(change, [*swapped, *of_clock])
    ]
    families = swaps.families(data.meters, zone)
    first = [*swapped, *of_clock, *of_days]
    of_level = [
        change
        for change in levels.of_lines(lines, _besides(families, zone))
        if not _explained(change, first)
    ]
    of_rows = days.falls_or_clocks(missing, of_level, by_rows)
    of_level = [
        change
        for change in of_level
        if not _is_of(change, {(rows.meters[0], rows.first) for rows in of_rows})
    ]
    of_product = [change for change in booking.of_lines(lines) if not _explained(change, first)]
    turned = {
        (change.meters[0], day)
        for change in of_level
        if change.kind is ChangeKind.LEVEL
        for day in (change.first, change.until)
    }
    of_product = [
        change for change in of_product if not _is_of(change, turned)
    ]  # runs on either side of a level are held against each other
    of_level = levels.of_steps(
        [change for change in of_level if not booking.explained(change, of_product)], lines
    )
    off = {meter for change in (*of_clock, *swapped) for meter in change.meters}
    of_log = (
        []
        if zones
        else list(
            {
                change.equipment: change for meter, change in rounded.items() if meter not in off
            }.values()
        )
    )
    no_ends = {
        change.equipment for change in of_log
    }  # rounded, they may well stand on the next start
    of_log += [
        change
        for change in ([] if of_clock else booking.pauses_of_lines(lines))
        if change.equipment not in no_ends
    ]
    of_level = [*of_level, *(exchanged := swaps.of_levels(of_level, lines))]
    exchanges = {(meter, change.first) for change in exchanged for meter in change.meters}
    of_level = [
        change
        for change in of_level
        if change.kind is ChangeKind.SWAP or not _is_of(change, exchanges)
    ]
    explained_meters = frozenset(meter for change in (*first, *of_level) for meter in change.meters)
    booked = [] if of_clock else booking.late_of_lines(lines)
    balanced = swaps.of_families(families, lines, explained_meters)
    return tuple(
        sorted(
            [*first, *of_log, *of_level, *of_rows, *of_product, *balanced, *booked, *below],
            key=_order,
        )
    )


def _with_others(meters: tuple[str, ...], records: Sequence[MeterRecord]) -> tuple[str, ...]:
    """A zone is of all meters that are read: put right alone, those with lines would no longer
    agree with the ones above them.
    """
    read = {
        record.meter.id
        for record in records
        if record.meter.role in _READ and not record.meter.computed
    }
    return tuple(sorted({*meters, *read}))


def _without(of_clock: Sequence[Change], swapped: Sequence[Change]) -> list[Change]:
    """Less those of meters that carry another's name."""
    struck = {meter for change in swapped for meter in change.meters}
    return [change for change in of_clock if not struck & set(change.meters)]


def _besides(families: Sequence[swaps.Family], zone: tzinfo) -> dict[str, Daily]:
    by_meter: dict[str, Daily] = {}
    for family in families:
        rest = swaps.besides(family, zone)
        if not len(rest):
            continue
        for index, child in enumerate(family.children):
            own = family.of_children[child.in_service(family.main.hour_us, zone), index]
            if np.isfinite(own).any():
                by_meter[child.meter.id] = replace(
                    rest, value=rest.value / float(np.nanmean(np.abs(own)) or 1.0)
                )
    return by_meter


def _explained(change: Change, others: Sequence[Change]) -> bool:
    """Whether another finding of the same meter moves its levels on those days."""
    for other in others:
        if (
            other is change
            or other.kind not in _MAKES_LEVELS
            or not set(change.meters or change.equipment) & {*other.meters, *other.equipment}
        ) and other.kind is not ChangeKind.ZONE:
            continue
        if change.first is None or (other.kind not in _OF_DAYS and other.holds_on(change.first)):
            return True
        near = MONTH if other.kind is ChangeKind.CLOCK else WEEK
        if any(
            day is not None and abs(day - change.first) <= near
            for day in (other.first, other.until, *other.days)
        ):
            return True
    return False


def _is_of(change: Change, meter_days: set[tuple[str, date | None]]) -> bool:
    """Whether it is the level of a meter that was exchanged on that day."""
    return any(
        meter in change.meters
        and first is not None
        and change.first is not None
        and abs(change.first - first) <= WEEK
        for meter, first in meter_days
    )


def _order(change: Change) -> tuple[str, str, date, tuple[str, ...]]:
    return (change.step, change.kind.value, change.first or date.min, change.meters)
