"""The day on which a clock changed, between two parts of the record that are off by unlike times.

Where the meter sees starts and ends, each run tells which of the two times it is nearer to; where
the times lie beyond what it sees, each hour's energy does, against the time that runs took of that
hour with the clock off by one and by the other. The day that best divides them is that of the
change.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, tzinfo

import numpy as np
from numpy.typing import NDArray

from reporting_agent.changes.lines import MeterLine, days_of
from reporting_agent.metering.clock_offsets import running_share

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

HOUR_US = 3_600_000_000
WELL_KNOWN = 0.99
SEEN = 0.8  # of the usual reach: two times further apart are not seen at an edge
FEWEST_EDGES = 24


def turn(
    line: MeterLine, first_us: int, last_us: int, before_s: float, after_s: float, zone: tzinfo
) -> int:
    """The local midnight within first..last at which a clock ahead by `before_s` becomes one ahead
    by `after_s`, in microseconds.
    """
    day, better = _by_edges(line, first_us, last_us, before_s, after_s, zone)
    if len(day) < FEWEST_EDGES:
        day, better = _by_hours(line, first_us, last_us, before_s, after_s, zone)
    if not len(day):
        return (first_us + last_us) // 2
    days, day_index = np.unique(day, return_inverse=True)
    of_day = np.bincount(day_index, weights=better)
    until = np.concatenate(([0.0], np.cumsum(of_day)))
    at = int(np.argmin(until))  # what speaks for the second time begins where the sum is lowest
    midnight = datetime.combine(
        datetime.fromordinal(int(days[min(at, len(days) - 1)])), time(), zone
    )
    return int(midnight.astimezone(UTC).timestamp()) * 1_000_000


def _by_edges(
    line: MeterLine, first_us: int, last_us: int, before_s: float, after_s: float, zone: tzinfo
) -> tuple[Integers, Floats]:
    """Day of each edge that is seen, and by how many seconds it lies nearer to the second time."""
    runs, chosen = line.runs, line.chosen
    reach = runs.edges.reach_s[chosen]
    if not (reach > 0).any() or max(abs(before_s), abs(after_s)) > SEEN * float(
        np.median(reach[reach > 0])
    ):
        return np.zeros(0, np.int64), np.zeros(0)
    moments = np.concatenate((runs.start_us[chosen], runs.end_us[chosen]))
    late = np.concatenate((runs.edges.start_late_s[chosen], runs.edges.end_late_s[chosen]))
    own = np.isfinite(late) & (moments >= first_us) & (moments < last_us)
    return days_of(moments[own], zone), np.abs(late[own] - before_s) - np.abs(late[own] - after_s)


def _by_hours(
    line: MeterLine, first_us: int, last_us: int, before_s: float, after_s: float, zone: tzinfo
) -> tuple[Integers, Floats]:
    """Day of each hour, and how much better its energy goes with the runs at the second time."""
    record, runs = line.record, line.runs
    own = np.flatnonzero(
        (record.hour_us >= first_us)
        & (record.hour_us < last_us)
        & (record.hour_known >= WELL_KNOWN)
    )
    if not len(own):
        return np.zeros(0, np.int64), np.zeros(0)
    edges = np.append(record.hour_us, record.hour_us[-1] + HOUR_US)
    ran = [
        running_share(edges, runs.start_us + round(ahead * 1e6), runs.end_us + round(ahead * 1e6))[
            own
        ]
        for ahead in (before_s, after_s)
    ]
    energy = record.hour_energy[own]
    better: Floats = (energy - energy.mean()) * (ran[1] - ran[0])
    return days_of(record.hour_us[own], zone), better
