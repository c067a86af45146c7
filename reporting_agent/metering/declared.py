"""Readings put right by what is declared, each by itself and before anything else: clock, zone and
[[events]].

    right = stamp - clock_offset_s - clock_drift_s_per_day (stamp - clock_read_on)

An event's moment is that of the stamp as the source wrote it; an interval stamped at its end lies
before it. Readings of unusable time stay: their batches are left out, and so are batches during
which an event begins or ends. A meter that stays on standard time steps back in spring by the hour
that its zone skips, and leaves a hole in autumn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from reporting_agent.all_nines import all_nines
from reporting_agent.config import Meter, SiteSettings
from reporting_agent.config.events import DeclaredEvent
from reporting_agent.metering.moments import to_us
from reporting_agent.metering.segments import Readings

Integers = NDArray[np.int64]

_MICROSECONDS = 1_000_000
_DAY_S = 86_400


def put_right(time_us: Integers, meter: Meter) -> Integers:
    """The right times of these stamps, to the microsecond; the same array where the meter's clock
    is right.
    """
    offset_us = round(meter.clock_offset_s * _MICROSECONDS)
    if meter.clock_read_on is not None and meter.clock_drift_s_per_day:
        read = meter.clock_read_on
        read_us = (
            round(datetime(read.year, read.month, read.day, tzinfo=UTC).timestamp()) * _MICROSECONDS
        )
        gained: Integers = np.rint(
            (time_us - read_us) * (meter.clock_drift_s_per_day / _DAY_S)
        ).astype(np.int64)
        return time_us - offset_us - gained
    return time_us - offset_us if offset_us else time_us


HOUR_US = 3_600_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


def summers(zone: tzinfo, first_us: int, last_us: int) -> list[tuple[int, int]]:
    """Stretches [from, until) between the two moments in which the zone is ahead of its standard
    time, UTC microseconds.
    """
    now, last = _moment(first_us), _moment(last_us)
    days = [now + day * _DAY for day in range((last - now) // _DAY + 1)] + [last]
    offsets = [_offset(day, zone) for day in days]
    standard = min(*offsets, *(_offset(now + month * 30 * _DAY, zone) for month in range(-12, 13)))
    stretches: list[tuple[int, int]] = []
    since: int | None = first_us if offsets[0] > standard else None
    for (before, earlier), (after, later) in pairwise(zip(days, offsets, strict=True)):
        if (earlier > standard) is (later > standard):
            continue
        change = _us(_change(before, after, zone))
        if since is None:
            since = change
        else:
            stretches.append((since, change))
            since = None
    return stretches if since is None else [*stretches, (since, last_us)]


def _change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The first minute with the offset of `after`."""
    wanted = _offset(after, zone)
    while after - before > _MINUTE:
        middle = before + (after - before) / 2
        before, after = (before, middle) if _offset(middle, zone) == wanted else (middle, after)
    return after.replace(second=0, microsecond=0)


def _offset(moment: datetime, zone: tzinfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)


def _moment(time_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=time_us)


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def stays_on_standard_time(
    summer: tuple[int, int], turned_back: Integers, holes: Integers, step_us: int
) -> bool:
    """Whether a meter read every `step_us` goes through one of the two changes of this summer
    without changing.

    Args:
        turned_back, holes: stamps before and after each step back, and each gap.
    """
    begins, ends = summer
    back = turned_back[:, 0] - turned_back[:, 1]
    spring = (np.abs(back - (HOUR_US - step_us)) <= step_us) & (
        np.abs(turned_back[:, 1] - begins) <= step_us
    )
    hole = holes[:, 1] - holes[:, 0]
    autumn = (np.abs(hole - (HOUR_US + step_us)) <= step_us / 2) & (
        np.abs(holes[:, 1] - (ends + HOUR_US)) <= step_us
    )
    return bool(spring.any() or autumn.any())


Flags = NDArray[np.bool_]


class DeclaredReadings:
    """The events of a site's meters, put to one block of readings after the other."""

    def __init__(
        self,
        events: Sequence[DeclaredEvent],
        zone: ZoneInfo,
        intervals: frozenset[str] = frozenset(),
    ) -> None:
        """`intervals` are meters whose readings are amounts over a time that ends at their
        stamp.
        """
        self._zone = zone
        self._intervals = intervals
        self._by_meter: dict[str, list[DeclaredEvent]] = {}
        self._partner: dict[str, set[str]] = {}
        self._resets: dict[str, list[int]] = {}
        for event in events:
            if event.meter is not None and event.kind == "reset":
                self._resets.setdefault(event.meter, []).append(to_us(event.begins(zone)))
            if event.meter is None or event.kind not in {"ratio", "unit", "clock", "swap"}:
                continue
            self._by_meter.setdefault(event.meter, []).append(event)
            if event.other is not None:
                self._by_meter.setdefault(event.other, []).append(event)
                self._partner.setdefault(event.meter, set()).add(event.other)
                self._partner.setdefault(event.other, set()).add(event.meter)
        self.swaps = bool(
            self._partner
        )  # readings of one meter may stand under the name of another

    @classmethod
    def of(cls, site: SiteSettings) -> DeclaredReadings:
        """Those that the site declares."""
        intervals = frozenset(
            meter.id
            for meter in site.meters
            if meter.reading == "interval" and meter.stamp == "end"
        )
        return cls(site.events, site.zone, intervals)

    def to_read(self, meters: frozenset[str]) -> frozenset[str]:
        """The names under which these meters' readings may stand."""
        return meters.union(*(self._partner.get(meter, frozenset()) for meter in meters))

    def put_to(
        self, meter: str, readings: Readings, asked: frozenset[str]
    ) -> Iterator[tuple[str, Readings]]:
        """The block's readings as they were declared to be, by the meter that they are of."""
        events = self._by_meter.get(meter)
        if events is None:
            if meter in asked:
                yield meter, readings
            return
        stamps_us = readings.time_us
        owner = np.full(len(readings), meter, dtype=object)
        for event in events:
            if event.kind == "swap":
                owner[self._counted_within(event, meter, stamps_us)] = (
                    event.other if event.meter == meter else event.meter
                )
        for name in dict.fromkeys(owner.tolist()):
            if name in asked:
                own = owner == name
                yield name, self._valued(name, readings.at(own), stamps_us[own])

    def resets_of(self, meter: str) -> Integers:
        """From which moments on the meter is declared to have begun anew, in order, on the clock of
        the readings that are put to it.
        """
        stamps_us = np.array(self._resets.get(meter, ()), dtype=np.int64)
        count = len(stamps_us)
        return np.sort(
            self._valued(
                meter, Readings(stamps_us, np.zeros(count), np.zeros(count, np.int64)), stamps_us
            ).time_us
        )

    def _valued(self, meter: str, readings: Readings, stamps_us: Integers) -> Readings:
        for event in self._by_meter.get(meter, ()):
            if event.kind == "swap" or event.meter != meter:
                continue
            if event.factor is not None:
                within = self._counted_within(event, meter, stamps_us)
                amount = within & ~all_nines(
                    readings.value
                )  # a logger's nines are no amount in any unit
                readings = replace(
                    readings, value=np.where(amount, readings.value * event.factor, readings.value)
                )
            elif event.shift:
                within = within_event(event, stamps_us, self._zone)
                shift_us = round(event.shift.total_seconds() * 1e6)
                readings = replace(
                    readings,
                    time_us=np.where(within, readings.time_us + shift_us, readings.time_us),
                )
        return readings

    def _counted_within(self, event: DeclaredEvent, meter: str, stamps_us: Integers) -> Flags:
        """Which readings tell of time within the event: of an interval its last moment."""
        return within_event(
            event, stamps_us - 1 if meter in self._intervals else stamps_us, self._zone
        )


def within_event(event: DeclaredEvent, moment_us: Integers, zone: ZoneInfo) -> Flags:
    """Which moments lie within an event."""
    end = event.ends(zone)
    within: Flags = moment_us >= to_us(event.begins(zone))
    return within if end is None else within & (moment_us < to_us(end))
