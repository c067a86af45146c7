"""Rows that a meter of intervals lacks, the falls of level or clocks that they explain, and
readings below nothing.

How many rows there should be is told by their usual spacing over the time that counts as known. A
logger that leaves out rows of nothing lacks them as well, and loses nothing; so rows are told only
where the meter's level falls, or its clock seems to move, with them.

Readings below nothing of a meter that is said to count what flows in: they are subtracted, and
nothing says that they are right.

A drive that brakes and a line that feeds back do show less than nothing; a logger that fails does
too. A declared range settles it: what lies outside is no reading, what lies inside is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, tzinfo

import numpy as np

from benchmarks.measurements import Direction
from reporting_agent.changes.change import Change, ChangeCause, ChangeKind
from reporting_agent.changes.lines import days_of
from reporting_agent.metering import MeterRecord

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
