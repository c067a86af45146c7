"""One day of one meter's readings as one digest: what the plant commits to of its readings, and
what an auditor recomputes of an extract.

The readings are those that the source gave: brought to microseconds of UTC and to the meter's
declared unit, nothing repaired, left out or put in order yet. They are sorted by time and then by
value, so that the order of rows in a file changes nothing; one that stands twice counts twice. A
stamp without a value (NaN) is no reading: a blank cell and a missing row are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.audit.records import DAY_US, MeterDay

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Window = tuple[int, int]  # [first, end) in microseconds


def digest_of(time_us: Integers, value: Floats) -> bytes:
    """SHA-256 over (time, value) as two big-endian words each, sorted; no value is NaN."""
    if len(time_us) > 1 and not (np.diff(time_us) > 0).all():
        order = np.lexsort((value, time_us))
        time_us, value = time_us[order], value[order]
    words = np.empty((len(time_us), 2), dtype=">i8")
    words[:, 0] = time_us
    words[:, 1] = (np.asarray(value, dtype=np.float64) + 0.0).view(np.int64)  # -0.0 is 0.0
    return sha256(words.tobytes()).digest()


def by_day(time_us: Integers, value: Floats) -> Iterator[tuple[int, Integers, Floats]]:
    """The readings of each UTC day, each under the microsecond at which the day begins; days rise,
    within a day the order stays.
    """
    with_value = ~np.isnan(value)
    if not with_value.all():
        time_us, value = time_us[with_value], value[with_value]
    if not len(time_us):
        return
    if (np.diff(time_us) < 0).any():
        order = np.argsort(time_us // DAY_US, kind="stable")
        time_us, value = time_us[order], value[order]
    day = time_us // DAY_US
    edges = np.flatnonzero(np.diff(day)) + 1
    for begin, end in pairwise((0, *edges.tolist(), len(time_us))):
        yield int(day[begin]) * DAY_US, time_us[begin:end], value[begin:end]


def clipped(time_us: Integers, value: Floats, within: Window) -> tuple[Integers, Floats]:
    """The readings of a window."""
    inside = (time_us >= within[0]) & (time_us < within[1])
    return time_us[inside], value[inside]


def days_of(
    meter: str, unit: str, time_us: Integers, value: Floats, within: Window | None = None
) -> list[MeterDay]:
    """The days of readings that are all at hand, in whatever order; with a window, of those in
    it.
    """
    if within is not None:
        time_us, value = clipped(time_us, value, within)
    return [
        MeterDay(meter, unit, start_us, len(times), digest_of(times, values))
        for start_us, times, values in by_day(time_us, value)
    ]
