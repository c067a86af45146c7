"""Which of several readings of one meter and moment counts: the one with its source's highest
number.

The spool keeps all of them. Where their values differ, the same frame holds a row that says what
counts. Whoever reads the spool puts that value in the place of the first of them and passes over
the others: a file in which the corrected value stands alone goes the same way. A source without
numbers cannot say which of two values is the newer; there the first counts, as in a file.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from math import isnan, nan

import numpy as np
from numpy.typing import NDArray

from extras.live.spool.reading import Reading
from extras.live.spool.segments import Row

TABLE = "corrected"

Counting = tuple[int, float]
"""The highest number of a moment, and the value that came with it."""


def noted(
    new: Sequence[Reading], counted_before: Callable[[Reading], Counting | None]
) -> tuple[list[Reading], list[Row]]:
    """Readings of a moment that has another value already, and a row for each such moment.

    Args:
        new: in order of arrival, each new by meter, time and number.
        counted_before: what counted at a reading's moment before all of them came; None where
            nothing was there.
    """
    counting: dict[tuple[str, int], Counting] = {}
    differing: list[Reading] = []
    for reading in new:
        moment, own = (reading.meter, reading.time_us), (reading.sequence, reading.value)
        before = counting.get(moment) or counted_before(reading)
        counting[moment] = own if before is None or own[0] > before[0] else before
        if before is not None and bits(before[1]) != bits(reading.value):
            differing.append(reading)
    return differing, [
        _row(meter, time_us, *counting[meter, time_us])
        for meter, time_us in dict.fromkeys((later.meter, later.time_us) for later in differing)
    ]


def _row(meter: str, time_us: int, sequence: int, value: float) -> Row:
    return {
        "table": TABLE,
        "meter": meter,
        "time_us": time_us,
        "sequence": sequence,
        "value": None if isnan(value) else value,
    }


def value_of(row: Row) -> float:
    """What counts by such a row, NaN where it is not known."""
    return nan if row["value"] is None else float(row["value"])


def bits(value: float) -> bytes:
    """By which two values are the same."""
    return struct.pack("<d", value)


class CorrectionPass:
    """One pass over the readings of a spool, each meter's in order of arrival."""

    def __init__(self, rows: Iterable[Row]) -> None:
        """`rows`: those of all tables."""
        highest: dict[str, dict[int, Row]] = {}
        for row in rows:
            if row["table"] == TABLE:
                own = highest.setdefault(row["meter"], {})
                own[row["time_us"]] = max(
                    own.get(row["time_us"], row), row, key=lambda candidate: candidate["sequence"]
                )
        self._waiting = {
            meter: {time_us: value_of(row) for time_us, row in own.items()}
            for meter, own in highest.items()
        }
        self._handed_out: dict[str, set[int]] = {meter: set() for meter in highest}

    def standing(
        self, meter: str, time_us: NDArray[np.int64], value: NDArray[np.float64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.float64]] | None:
        """Which of a meter's next readings stay, and the values of all as they count; None: all as
        they are.
        """
        counts, handed_out = self._waiting.get(meter), self._handed_out.get(meter)
        if counts is None or handed_out is None:
            return None
        indices = np.flatnonzero(np.isin(time_us, list(counts)))
        if not len(indices):
            return None
        stays, value = np.ones(len(time_us), bool), value.copy()
        for index, moment_us in zip(indices.tolist(), time_us[indices].tolist(), strict=True):
            stays[index], value[index] = moment_us not in handed_out, counts[moment_us]
            handed_out.add(moment_us)
        return stays, value
