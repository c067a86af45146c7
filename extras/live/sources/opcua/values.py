"""A value of OPC UA as a reading: source time, status code as quality, number; whether it is none
yet, or some before were let go.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from asyncua import ua

from extras.live.sources.payloads import EPOCH, no_number, of_a_meter
from extras.live.spool.reading import NO_SEQUENCE, Reading, ReadingQuality

_MICROSECOND = timedelta(microseconds=1)
_NONE = datetime(1601, 1, 1, tzinfo=UTC)  # what a DateTime of 0 is (OPC 10000-6, 5.2.2.5)
# of a status code: its information is of a data value, and values before it were let go (OPC
# 10000-4, 7.39)
_OVERFLOW = 0x480


def reading(meter: str, value: ua.DataValue, received_us: int) -> Reading:
    """One value of one meter; without a source time by the server's, without both by receipt.

    Raises:
        Unreadable: it is good and no number, or of a time that no meter can mean.
    """
    at_us = of_a_meter(time_us(value, received_us), _stamp(value))
    quality = quality_of(value)
    content = None if value.Value is None else value.Value.Value
    return Reading(meter, at_us, _number(content, quality), NO_SEQUENCE, quality, received_us)


def quality_of(value: ua.DataValue) -> ReadingQuality:
    """By the severity of its status code."""
    status = value.StatusCode
    if status is None or status.is_good():
        return ReadingQuality.GOOD
    return ReadingQuality.UNCERTAIN if status.is_uncertain() else ReadingQuality.BAD


def time_us(value: ua.DataValue, received_us: int) -> int:
    stamp = _stamp(value)
    return received_us if stamp is None else microseconds(stamp)


def _stamp(value: ua.DataValue) -> datetime | None:
    """The source's, else the server's; one that stands for none is none."""
    return next(
        (
            stamp
            for stamp in (value.SourceTimestamp, value.ServerTimestamp)
            if stamp is not None and stamp > _NONE
        ),
        None,
    )


def microseconds(stamp: datetime) -> int:
    """Since 1970 in UTC."""
    return (stamp - EPOCH) // _MICROSECOND


def not_yet(value: ua.DataValue) -> bool:
    """Whether the server has met no value of this node since it started: that is no reading."""
    return (
        value.StatusCode is not None
        and value.StatusCode.value == ua.StatusCodes.BadWaitingForInitialData
    )


def overflowed(value: ua.DataValue) -> bool:
    """Whether the server says that it let go of values before this one."""
    return value.StatusCode is not None and value.StatusCode.value & _OVERFLOW == _OVERFLOW


def _number(content: Any, quality: ReadingQuality) -> float:
    if quality is ReadingQuality.BAD or content is None:
        return math.nan
    if isinstance(content, bool) or not isinstance(content, int | float) or math.isinf(content):
        raise no_number(content)
    return float(content)
