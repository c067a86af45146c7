"""Numbers of rows that stand one after the other in a file, made only where one is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


class Consecutive:
    """Rows first, first + 1, ...: indexed like an array of them."""

    __slots__ = ("_count", "_first")

    def __init__(self, first: int, count: int) -> None:
        self._first, self._count = first, count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Rows: ...
    @overload
    def __getitem__(self, index: NDArray[Any]) -> Integers: ...
    def __getitem__(self, index: int | slice | NDArray[Any]) -> int | Rows | Integers:
        if isinstance(index, slice):
            first, last, step = index.indices(self._count)
            if step == 1:
                return Consecutive(self._first + first, max(last - first, 0))
            return np.arange(first, last, step, dtype=np.int64) + self._first
        if isinstance(index, np.ndarray):
            indices = (
                np.flatnonzero(index)
                if index.dtype == np.bool_
                else np.where(index < 0, index + self._count, index)
            )
            return indices.astype(np.int64) + self._first
        return self._first + (index + self._count if index < 0 else index)

    def __iter__(self) -> Iterator[int]:
        return iter(range(self._first, self._first + self._count))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.arange(self._first, self._first + self._count, dtype=dtype or np.int64)

    def tolist(self) -> list[int]:
        return list(self)


Rows = Integers | Consecutive
