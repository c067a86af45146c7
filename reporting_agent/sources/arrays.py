"""Arrow columns from Python values, without pandas: `pyarrow.array` looks for it and, where it is
installed, imports it (1 s).

None becomes null. Arrays are made from their buffers: Arrow's format, "Physical memory layout".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

import numpy as np

Kind = Literal["text", "number", "count", "time", "flag"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def column(kind: Kind, values: Sequence[Any]) -> Any:
    """An Arrow array of texts, float64, int64, UTC microseconds or booleans."""
    import pyarrow as pa

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
    import pyarrow as pa

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
    import pyarrow as pa

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
    import pyarrow as pa

    return pa.Array.from_buffers(kind, length, [_validity(valid), pa.py_buffer(data)])


def _validity(valid: Any) -> Any:
    import pyarrow as pa

    return None if valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))
