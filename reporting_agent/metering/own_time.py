"""From the meter's own clock to the right time, as far as site.toml declares how far the two are apart.

    right = stamp - clock_offset_s - clock_drift_s_per_day (stamp - clock_read_on)

where the offset is that of `clock_read_on` (from its midnight in UTC). Nothing is put right that is not declared: an estimate is told
(`clock`), with the keys that would say so.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from reporting_agent.config import Meter

Integers = NDArray[np.int64]

_MICROSECONDS = 1_000_000
_DAY_S = 86_400


def put_right(time_us: Integers, meter: Meter) -> Integers:
    """The right times of these stamps, to the microsecond; the same array where the meter's clock is right."""
    offset_us = round(meter.clock_offset_s * _MICROSECONDS)
    if meter.clock_read_on is not None and meter.clock_drift_s_per_day:
        read = meter.clock_read_on
        read_us = round(datetime(read.year, read.month, read.day, tzinfo=UTC).timestamp()) * _MICROSECONDS
        gained: Integers = np.rint((time_us - read_us) * (meter.clock_drift_s_per_day / _DAY_S)).astype(np.int64)
        return time_us - offset_us - gained
    return time_us - offset_us if offset_us else time_us
