"""Arrow columns to NumPy without pandas: numbers, stamps and local clocks as UTC microseconds,
texts as codes, "not known" as null.

Stamps become int64 microseconds since 1970 in UTC, values float64; what cannot be cast at once is
left to the caller, who reads those rows one by one and knows why each fails.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from reporting_agent.all_nines import all_nines
from reporting_agent.sources.cells import as_name
from reporting_agent.sources.wall_clock import WallClock

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

NO_STAMP = np.iinfo(np.int64).min


def floats(column: Any) -> Floats:
    """A numeric Arrow array as float64, NaN where null; nothing is copied where it is that
    already.
    """
    cast = column.cast(pa.float64())
    return _buffer(
        pc.fill_null(cast, float("nan")) if cast.null_count else cast, np.dtype(np.float64)
    )


def is_number(column: Any) -> bool:
    """Whether the column's cells are typed numbers."""
    kind = column.type
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def numbers(texts: Any, written: str, decimal: str, thousands: str) -> Any:
    """The numbers that texts are, which look as the regular expression says; null for a text that
    is none.
    """
    if (decimal, thousands) == (".", ""):
        with suppress(pa.ArrowInvalid):
            return texts.cast(pa.float64())
    plain = pc.if_else(pc.match_substring_regex(texts, f"^(?:{written})$"), texts, None)
    for sign, ours in ((thousands, ""), (decimal, ".")):
        plain = pc.replace_substring(plain, sign, ours) if sign not in ("", ours) else plain
    try:
        return plain.cast(pa.float64())
    except pa.ArrowInvalid:  # a plus before it, or more digits than a number has
        return pa.nulls(len(texts), pa.float64())


def without(column: Any, words: frozenset[str], numbers: frozenset[float]) -> Any:
    """The column with null where a cell says "not known": a text in one of these words, a typed
    number by one of these values.
    """
    if is_number(column):
        column, blanks = column.cast(pa.float64()), pa.array(sorted(numbers), pa.float64())
    else:
        blanks = pa.array(sorted(words), pa.string())
    return pc.if_else(pc.is_in(column, blanks), None, column)


def distinct_at(column: Any, indices: Integers) -> list[Any]:
    """The different cells at these indices."""
    cells = column.take(pa.array(indices))
    with suppress(
        pa.ArrowNotImplementedError
    ):  # of lists and the like nothing tells which are different
        cells = pc.unique(cells)
    return list(cells.to_pylist())


def raw_stamps(column: Any) -> Integers:
    """A timestamp Arrow array as microseconds, of UTC or of whatever clock it was written by,
    `NO_STAMP` where null.
    """
    kind = pa.timestamp("us", column.type.tz)
    cast = (column if column.type == kind else column.cast(kind, safe=False)).view(pa.int64())
    return _buffer(pc.fill_null(cast, NO_STAMP) if cast.null_count else cast, np.dtype(np.int64))


def steady_stamps(column: Any, first_us: int, last_us: int, clock: WallClock) -> Integers | None:
    """UTC microseconds; None where they must be looked at one by one: no stamps, some blank, or
    written by a clock that changes.
    """
    if not pa.types.is_timestamp(column.type) or column.null_count or not len(column):
        return None
    read = raw_stamps(column)
    low, high = int(read.min()), int(read.max())
    if low < first_us or high >= last_us:
        return None
    if column.type.tz is not None:
        return read
    offset_us = clock.steady_offset_us(low, high)
    if offset_us is None:
        return None
    return read - offset_us if offset_us else read


def finite_numbers(column: Any, scale: float) -> Floats | None:
    """The numbers times `scale`; None where one is missing or not finite, or they are no
    numbers.
    """
    kind = column.type
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)) or column.null_count:
        return None
    read = floats(column)
    with np.errstate(over="ignore"):
        read = scaled(read, scale)
    return (
        read if -np.inf < read.min() <= read.max() < np.inf else None
    )  # no comparison with NaN holds


def scaled(value: Floats, scale: float) -> Floats:
    """Values times `scale`, but for those of nines only, which loggers write for a fault: they are
    no amount in any unit.
    """
    return value if scale == 1.0 else np.where(all_nines(value), value, value * scale)


def codes(column: Any) -> tuple[NDArray[np.int32], list[str | None]]:
    """A text column as small integers and the texts they stand for."""
    if pa.types.is_run_end_encoded(column.type):  # one text throughout: see `blocks`
        return np.broadcast_to(np.int32(0), len(column)), [
            _name(cell) for cell in column.values.to_pylist()
        ]
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    indices = encoded.indices.cast(pa.int32())
    filled = pc.fill_null(indices, -1) if indices.null_count else indices
    return _buffer(filled, np.dtype(np.int32)), [
        _name(cell) for cell in encoded.dictionary.to_pylist()
    ]


def _name(cell: Any) -> str | None:
    return None if cell is None else as_name(cell)


def _buffer(column: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    data = column.buffers()[1]
    if data is None:
        return np.zeros(len(column), dtype=dtype)
    return np.frombuffer(
        data, dtype=dtype, count=len(column), offset=column.offset * dtype.itemsize
    )
