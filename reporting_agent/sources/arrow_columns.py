"""Arrow columns without pandas (which `pyarrow.array` and `to_numpy` import: 1 s), and a plant's
wall clock to UTC.

Stamps become int64 microseconds since 1970 in UTC, values float64, None null; what cannot be cast
at once is left to the caller, who reads those rows one by one. A stamp without an offset, in an
hour that came twice in autumn, belongs to the second pass after a step back in its meter's rows, or
where it is the second of two lone readings; of rows out of order all are the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from reporting_agent.all_nines import all_nines
from reporting_agent.sources.cells import as_name

Kind = Literal["text", "number", "count", "time", "flag"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def column(kind: Kind, values: Sequence[Any]) -> Any:
    """An Arrow array of texts, float64, int64, UTC microseconds or booleans."""
    if kind == "text":
        return _texts(values)
    if kind == "number" and not np.isnan(numbers := np.array(values, dtype=float)).any():
        return _array(pa.float64(), len(values), np.ones(len(values), dtype=bool), numbers)
    valid = np.fromiter((value is not None for value in values), np.bool_, len(values))
    if kind == "time":
        moments = [_EPOCH if value is None else value for value in values]
        stamps = np.fromiter(
            ((moment - _EPOCH) // _MICROSECOND for moment in moments), np.int64, len(moments)
        )
        return _array(pa.timestamp("us", "UTC"), len(values), valid, stamps)
    filled = values if valid.all() else [value if value is not None else 0 for value in values]
    if kind == "flag":
        data = np.packbits(
            np.fromiter((bool(value) for value in filled), np.bool_, len(filled)), bitorder="little"
        )
        return _array(pa.bool_(), len(values), valid, data)
    if kind == "count":
        return _array(pa.int64(), len(values), valid, np.fromiter(filled, np.int64, len(filled)))
    return _array(pa.float64(), len(values), valid, np.fromiter(filled, np.float64, len(filled)))


def texts(values: Sequence[str | None]) -> Any:
    """An Arrow array of texts."""
    return column("text", values)


@lru_cache(maxsize=64)
def repeated(value: str, count: int) -> Any:
    """The same text so many times, held once."""
    ends = pa.Array.from_buffers(pa.int32(), 1, [None, pa.py_buffer(np.array([count], np.int32))])
    kind = pa.run_end_encoded(pa.int32(), pa.string())
    return pa.RunEndEncodedArray.from_buffers(kind, count, [None], children=[ends, texts([value])])


def _texts(values: Sequence[str | None]) -> Any:
    distinct = list(dict.fromkeys(values))
    if len(distinct) < len(values) / 2:  # of texts that repeat themselves each is made once
        index_of = {value: at for at, value in enumerate(distinct)}
        return _of_each(distinct).take(column("count", [index_of[value] for value in values]))
    return _of_each(values)


def _of_each(values: Sequence[str | None]) -> Any:
    valid = np.fromiter((value is not None for value in values), np.bool_, len(values))
    encoded = [b"" if value is None else str(value).encode() for value in values]
    lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
    offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    small = offsets[-1] < 2**31
    kind = pa.string() if small else pa.large_string()
    buffers = [
        _validity(valid),
        pa.py_buffer(offsets.astype(np.int32) if small else offsets),
        pa.py_buffer(b"".join(encoded)),
    ]
    return pa.Array.from_buffers(kind, len(encoded), buffers)


def _array(kind: Any, length: int, valid: Any, data: Any) -> Any:
    return pa.Array.from_buffers(kind, length, [_validity(valid), pa.py_buffer(data)])


def _validity(valid: Any) -> Any:
    return None if valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))


Integers = NDArray[np.int64]

_QUARTER_US = 900_000_000
_DAY_US = 96 * _QUARTER_US


@dataclass(slots=True)
class _Passed:
    """How far one meter has come within an hour that came twice."""

    edge: int = 0  # the change, in the local time before it
    last: int = 0
    second: bool = False


@dataclass(slots=True)
class WallClock:
    """The clock of one zone, with what each meter has passed of an hour that came twice."""

    zone: tzinfo
    _edges: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    _offsets: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    _span: tuple[int, int] = (0, 0)
    _passed: dict[str, _Passed] = field(default_factory=dict)

    def utc(self, meter: str, local_us: Integers) -> Integers:
        """UTC microseconds of a meter's next readings; stamps in an hour that never was move on by
        its width.
        """
        if not len(local_us):
            return local_us
        changes = self._changes(local_us)
        if not len(changes):
            return local_us - np.int64(
                self._offsets[np.searchsorted(self._local_edges, local_us[0], side="right")]
            )
        offset_index = np.searchsorted(self._local_edges, local_us, side="right")
        for index in changes:
            edge, width = self._change(index)
            if width < 0:
                offset_index[local_us == edge] = (
                    index  # the moment of the change by the old clock: an interval ends there
                )
            elif width > 0:
                near = np.flatnonzero((local_us >= edge - width) & (local_us <= edge))
                second = self._second_pass(meter, edge, width, local_us[near])
                offset_index[near[second:]] = index + 1
                at_change = np.flatnonzero(local_us == edge)
                if (
                    len(at_change) > 1
                ):  # intervals that end there: the first by the old clock, as it is put back
                    offset_index[at_change[0]] = index
        return local_us - self._offsets[offset_index]

    def steady_offset_us(self, low_us: int, high_us: int) -> int | None:
        """The offset of a stretch of local time within a day of which no change of it lies; else
        None.
        """
        if len(self._near(low_us, high_us)):
            return None
        return int(
            self._offsets[np.searchsorted(self._edges, low_us - self._offsets[0], side="right") - 1]
        )

    def never(self, local_us: Integers) -> NDArray[np.bool_] | None:
        """Which stamps lie inside an hour that the clock skipped; None where it skipped none.

        Its first moment does not, where an interval ends there: by the clock until then it is the
        moment of the change itself. Who stamps an hour later as well has not moved the clock: both
        are the same moment by one that did.
        """
        skipped: NDArray[np.bool_] | None = None
        for index in self._changes(local_us) if len(local_us) else []:
            edge, width = self._change(index)
            if width < 0:
                ends_there = not (local_us == edge - width).any()
                inside = (local_us > edge if ends_there else local_us >= edge) & (
                    local_us < edge - width
                )
                skipped = inside if skipped is None else skipped | inside
        return skipped if skipped is not None and skipped.any() else None

    @property
    def _local_edges(self) -> Integers:
        """Each change in the local time before it."""
        return self._edges[1:] + self._offsets[:-1]

    def _change(self, index: int) -> tuple[int, int]:
        return int(self._local_edges[index]), int(self._offsets[index] - self._offsets[index + 1])

    def _changes(self, local_us: Integers) -> list[int]:
        """The changes of the offset within a day of the stamps."""
        return self._near(int(local_us.min()), int(local_us.max()))

    def _near(self, low: int, high: int) -> list[int]:
        self._cover(low, high)
        near = (self._local_edges > low - _DAY_US) & (self._local_edges < high + _DAY_US)
        indices: list[int] = np.flatnonzero(near).tolist()
        return indices

    def _second_pass(self, meter: str, edge: int, width: int, near: Integers) -> int:
        """From which of the readings within the hour on, its end included, they are of its second
        pass.
        """
        if not len(near):
            return 0
        state = self._passed.setdefault(meter, _Passed())
        before = state.last if state.edge == edge else int(near[0])
        already = state.second and state.edge == edge
        back = np.flatnonzero(np.diff(near, prepend=before) <= -width // 2)
        inside = np.flatnonzero(near < edge)
        if already:
            first = 0
        elif len(back):
            first = int(back[0])
        elif len(inside) == 2 and near[inside[0]] == near[inside[1]]:
            first = int(inside[1])
        else:
            first = len(near)
        state.edge, state.last, state.second = edge, int(near[-1]), first < len(near)
        return first

    def _cover(self, low: int, high: int) -> None:
        """Know every change of the offset from a year before to a year after."""
        if self._span[0] <= low and high < self._span[1]:
            return
        year = 366 * _DAY_US
        first = min(low, self._span[0] or low) // _DAY_US * _DAY_US - year
        last = max(high, self._span[1] - year) + year
        self._edges, self._offsets = _offsets(
            first // year * year, -(-last // year) * year, self.zone
        )
        self._span = (first + _DAY_US, last - _DAY_US)


@lru_cache(maxsize=64)
def _offsets(first: int, last: int, zone: tzinfo) -> tuple[Integers, Integers]:
    """Every change of the zone's offset, with the offset from each on; the first entry is the
    beginning.
    """
    edges, offsets = [first], [_offset(first, zone)]
    for day in range(first, last, _DAY_US):
        if _offset(day + _DAY_US, zone) != offsets[-1]:
            before, after = day, day + _DAY_US  # bisect to the quarter hour: zones change on those
            while after - before > _QUARTER_US:
                middle = (before + after) // 2 // _QUARTER_US * _QUARTER_US
                before, after = (
                    (middle, after) if _offset(middle, zone) == offsets[-1] else (before, middle)
                )
            edges.append(after)
            offsets.append(_offset(after, zone))
    return np.array(edges, dtype=np.int64), np.array(offsets, dtype=np.int64)


def _offset(instant_us: int, zone: tzinfo) -> int:
    offset = (_EPOCH + timedelta(microseconds=instant_us)).astimezone(zone).utcoffset()
    return 0 if offset is None else offset // timedelta(microseconds=1)


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
