"""Rows that a meter of intervals lacks: each takes with it what it counted, and the power of the runs falls as if a ratio had changed.

How many rows there should be is told by their usual spacing over the time that counts as known. A logger that leaves out rows of
nothing lacks them as well, and loses nothing; so rows are told only where the meter's level falls, or its clock seems to move, with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reporting_agent.changes.change import Cause, Change, Kind
from reporting_agent.metering import MeterRecord

LEAST_MISSING = 0.05


def of_meters(records: Iterable[MeterRecord]) -> dict[str, float]:
    """Share of the expected rows that is missing, of each meter of intervals that lacks many."""
    found = {}
    for record in records:
        every = record.facts.usual_step_s
        if record.meter.reading != "interval" or not every or record.known_s <= 0:
            continue
        missing = 1 - record.facts.readings * every / record.known_s
        if missing >= LEAST_MISSING:
            found[record.meter.id] = missing
    return found


def told(missing: Mapping[str, float], levels: Sequence[Change], clocks: Sequence[Change]) -> list[Change]:
    """Of each such meter the falls of its level as what they are; where none was found, what its clock seemed to do."""
    made: list[Change] = []
    for meter, share in missing.items():
        falls = [one for one in levels if one.meters == (meter,) and one.kind in {Kind.LEVEL, Kind.PROCESS} and one.size < 1]
        shown = falls or [one for one in clocks if one.meters == (meter,)]
        made += [replace(one, kind=Kind.ROWS, size=share, size_error=0.0, causes=(Cause.ROWS,)) for one in shown]
    return made
