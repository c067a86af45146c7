"""Columns that are already what readings are, handed on as they stand: typed stamps and numbers
without a blank among them.

Most of a historian's Parquet is like that. Anything else (text, blanks, a stamp outside the years
that plants have, an hour that the clock repeats or skips) is no case for this path, and `readings`
looks at it row by row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reporting_agent.row_numbers import Rows
from reporting_agent.sources import arrow
from reporting_agent.sources.wall_clock import WallClock

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_FEW_RUNS = 64  # of rows of one meter in a block: below it they are cut out, above it sorted


class ConsecutiveReadings(NamedTuple):
    """Consecutive readings of one name of the meter column, None where the file has no such
    column.
    """

    name: str | None
    header: str
    time_us: Integers
    value: Floats
    rows: Rows


def parts(
    code: NDArray[Any],
    texts: Sequence[str | None],
    header: str,
    time_us: Integers,
    value: Floats,
    rows: Rows,
) -> Iterator[ConsecutiveReadings]:
    """The readings of each meter, in the order of the file; `code` has the index of each meter in
    `texts`, -1 where it has none.
    """
    if len(texts) == 1:
        yield ConsecutiveReadings(texts[0], header, time_us, value, rows)
        return
    if _takes_turns(code, len(texts)):
        for index in range(len(texts)):
            turn = slice(index, None, len(texts))
            columns = np.ascontiguousarray(time_us[turn]), np.ascontiguousarray(value[turn])
            yield ConsecutiveReadings(_text(texts, int(code[index])), header, *columns, rows[turn])
        return
    edges = np.flatnonzero(code[1:] != code[:-1]) + 1
    if len(edges) < _FEW_RUNS:
        for first, last in zip([0, *edges.tolist()], [*edges.tolist(), len(code)], strict=True):
            yield ConsecutiveReadings(
                _text(texts, int(code[first])),
                header,
                time_us[first:last],
                value[first:last],
                rows[first:last],
            )
        return
    small = (code + 1).astype(
        np.uint8 if len(texts) < 255 else np.uint16 if len(texts) < 65_535 else np.int64
    )
    order = np.argsort(small, kind="stable")  # a radix sort for so small numbers: one or two passes
    time_us, value, rows = time_us[order], value[order], rows[order]
    ends = np.cumsum(np.bincount(small, minlength=len(texts) + 1)).tolist()
    for index, (first, last) in enumerate(zip([0, *ends], ends, strict=False)):
        if last > first:
            yield ConsecutiveReadings(
                _text(texts, index - 1),
                header,
                time_us[first:last],
                value[first:last],
                rows[first:last],
            )


def _takes_turns(code: NDArray[Any], meters: int) -> bool:
    """Whether each meter has one row in turn, as where a logger writes them all at every stamp."""
    return len(np.unique(code[:meters])) == meters and np.array_equal(code[meters:], code[:-meters])


def _text(texts: Sequence[str | None], code: int) -> str | None:
    return None if code < 0 else texts[code]


@dataclass(frozen=True, slots=True)
class SoundColumns:
    """Columns of one block that are readings already: a stamp in UTC microseconds, and a value of
    each header, for every row.
    """

    rows: Rows
    time_us: Integers
    values: dict[str, Floats]
    meters: (
        tuple[NDArray[Any], Sequence[str | None]] | None
    )  # the index of each row's meter in the names; None without such a column

    def by_meter(self) -> Iterator[ConsecutiveReadings]:
        """The readings of each meter, in the order of the file."""
        for header, value in self.values.items():
            if self.meters is None:
                yield ConsecutiveReadings(None, header, self.time_us, value, self.rows)
            else:
                yield from parts(*self.meters, header, self.time_us, value, self.rows)


def read(
    columns: dict[str, Any],
    rows: Rows,
    stamp: str,
    headers: Sequence[str],
    meter: str | None,
    scale: float,
    years_us: tuple[int, int],
    clock: WallClock,
) -> SoundColumns | None:
    """A block as it stands; None where it must be looked at row by row."""
    time_us = arrow.steady_stamps(columns[stamp], *years_us, clock)
    if time_us is None or (meter is not None and columns[meter].null_count):
        return None
    values: dict[str, Floats] = {}
    for header in headers:
        value = arrow.finite_numbers(columns[header], scale)
        if value is None:
            return None
        values[header] = value
    return SoundColumns(
        rows, time_us, values, None if meter is None else arrow.codes(columns[meter])
    )
