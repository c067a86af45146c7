"""One reading as a source sent it, and the frame in which readings lie on disk."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

NO_SEQUENCE = -1
"""Of a source that numbers nothing: a reading is then known by its meter and time."""


BEYOND_US = 7_258_118_400_000_000
"""2200, UTC. A time from here on, or before 1970, is of no meter: a wrong unit, or a date that
stands for "none" (9999-12-31).
"""

# of a source's clock before this machine's; what it stamps beyond that is no time to reckon by
AHEAD_US = 86_400_000_000


class ReadingQuality(IntEnum):
    """How far the source vouches for a value; a bad one is kept as not known."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2


class Reading(NamedTuple):
    """One value of one meter. Times are UTC microseconds since 1970; `sequence` is the source's own
    number of it, and `consecutive` says that such numbers rise by one, so that one left out is a
    reading that is missing."""

    meter: str
    time_us: int
    value: float
    sequence: int = NO_SEQUENCE
    quality: int = ReadingQuality.GOOD
    received_us: int = 0
    consecutive: bool = False


RECORD = np.dtype(
    [
        ("time_us", "<i8"),
        ("sequence", "<i8"),
        ("value", "<f8"),
        ("received_us", "<i8"),
        ("meter", "<u4"),
        ("quality", "<u4"),
    ]
)
"""40 bytes a reading; `meter` is the index of its name among the names of its segment, `quality`
holds `CONSECUTIVE` too.
"""

CONSECUTIVE = 1 << 8
