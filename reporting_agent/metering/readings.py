"""Rows held as arrays, and the readings of one meter as such."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from reporting_agent.row_numbers import Rows


@dataclass(frozen=True, slots=True)
class Columns:
    """Rows whose fields are arrays of one length: the base of frozen dataclasses that have no other
    fields.
    """

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def at(self, chosen: NDArray[Any] | slice) -> Self:
        """The rows that flags, indices or a slice choose."""
        if isinstance(chosen, np.ndarray) and chosen.dtype == np.bool_ and chosen.all():
            return self
        return replace(
            self, **{column.name: getattr(self, column.name)[chosen] for column in fields(self)}
        )

    def then(self, *later: Self) -> Self:
        """These rows, and others after them."""
        parts = [part for part in (self, *later) if len(part)]
        if len(parts) < 2:
            return parts[0] if parts else self
        return replace(
            self,
            **{
                column.name: np.concatenate([getattr(part, column.name) for part in parts])
                for column in fields(self)
            },
        )


@dataclass(frozen=True, slots=True)
class Readings(Columns):
    """Readings of one meter in one file, with their rows; stamps in UTC microseconds."""

    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    row: Rows


NOTHING = Readings(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64))
