"""From the meter's own clock to the right time by declared offset and drift; summer time, and
meters that stay on standard time.

    right = stamp - clock_offset_s - clock_drift_s_per_day (stamp - clock_read_on)

where the offset is that of `clock_read_on` (from its midnight in UTC). Nothing is put right that is
not declared: an estimate is told (`clock`), with the keys that would say so.

Summer time: when a zone keeps it, and how a meter that stays on standard time gives itself away
where it changes.

Its stamps are read in the zone. In spring it goes on through the hour that the zone skips, and then
steps back by it; in autumn the hour that comes twice comes once, and leaves a hole.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from reporting_agent.config import Meter

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
