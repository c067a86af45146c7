"""A meter's hours as local days: what a baseline is made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import numpy as np

from benchmarks.labels.columns import Floats, Integers
from reporting_agent.metering.record import MeterRecord

LEAST_KNOWN = 0.95
"""Share of a day's hours whose energy must be known; the rest is filled in proportion."""

HOUR_US = 3_600_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class LocalHours:
    """Where each hour of a record lies on the site's clock."""

    day: Integers  # place in `days`
    clock: Integers  # 0 to 23
    days: tuple[date, ...]  # every day from first to last
    weekday: Integers  # of each of `days`: 0 is Monday

    @classmethod
    def of(cls, hour_us: Integers, zone: tzinfo) -> LocalHours:
        local = [(_EPOCH + timedelta(microseconds=moment)).astimezone(zone) for moment in hour_us.tolist()]
        ordinal = np.array([moment.toordinal() for moment in local], dtype=np.int64)
        first, last = int(ordinal.min()), int(ordinal.max())
        days = tuple(date.fromordinal(number) for number in range(first, last + 1))
        return cls(
            day=ordinal - first,
            clock=np.array([moment.hour for moment in local], dtype=np.int64),
            days=days,
            weekday=np.array([day.weekday() for day in days], dtype=np.int64),
        )

    def midnights_us(self, zone: tzinfo) -> Integers:
        """Where each of the days begins, and where the last one ends, in UTC microseconds."""
        begins = [datetime.combine(day, time(), zone) for day in (*self.days, self.days[-1] + timedelta(days=1))]
        return np.array([round(moment.timestamp()) * 1_000_000 for moment in begins], dtype=np.int64)

    def lengths(self, zone: tzinfo) -> Floats:
        """Of each of the days, over 24 hours: a clock that is put forward or back makes 23 or 25."""
        lengths: Floats = np.diff(self.midnights_us(zone)) / (24 * HOUR_US)
        return lengths


def day_energy(record: MeterRecord, hours: LocalHours) -> Floats:
    """Energy of each local day, NaN where less than `LEAST_KNOWN` of a whole day is known."""
    count = len(hours.days)
    length = np.diff(np.append(record.hour_us, record.end_us)) / HOUR_US
    known = np.bincount(hours.day, weights=record.hour_known * length, minlength=count)
    energy = np.bincount(hours.day, weights=record.hour_energy, minlength=count)
    whole = np.maximum(np.bincount(hours.day, weights=length, minlength=count), 23.0)  # a day cut off by the period's edge is no day
    day: Floats = np.where(known / whole >= LEAST_KNOWN, energy * whole / np.where(known > 0, known, 1.0), np.nan)
    return day
