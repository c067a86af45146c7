"""A part of a plant's own rows and readings, as they were read, for whoever recomputes some
batches: a source like any other.

It holds rows of batches, energy or log in the strict template and the readings of meters over whole
UTC days, in the order in which they were recorded. What a reader of files met on the way and that
changes a result goes along: meters with stamps in an hour that the clock skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reporting_agent.row_numbers import Consecutive
from reporting_agent.sources.reading_log import ReadingBlock, ReadingLog
from reporting_agent.sources.sheets import Sheet
from reporting_agent.sources.whole_table import Table

FILE = "opening"
Cell = str | float | datetime | None


class ExtractRows(NamedTuple):
    """Rows of one table of the plant, under the template's names."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class ExtractReadings(NamedTuple):
    """Readings of one meter in the order recorded: microseconds of UTC since 1970, and values (NaN:
    not known).
    """

    time_us: NDArray[np.int64]
    value: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Extract:
    """What is given of a plant's inputs."""

    tables: Mapping[str, tuple[ExtractRows, ...]]
    readings: Mapping[str, ExtractReadings] | None = None  # None: the plant has no readings
    skipped: frozenset[str] = field(default=frozenset())

    def gives(self) -> frozenset[str]:
        """Inputs of which rows were taken."""
        inputs = frozenset(
            name for name, parts in self.tables.items() if any(part.rows for part in parts)
        )
        return inputs if self.readings is None else inputs | {"readings"}

    def table(self, name: str) -> Sheet:
        """All rows of an input under one header; a column that only some of them have is blank in
        the others.
        """
        parts = self.tables[name]
        header = tuple(dict.fromkeys(column for part in parts for column in part.header))
        return Sheet(FILE, header, _numbered(parts, header))

    def units(self) -> Mapping[str, str]:
        """Values are as the meters were declared."""
        return {}

    def readings_with_log(self, meters: frozenset[str], log: ReadingLog) -> Iterator[ReadingBlock]:
        """The readings of these meters, with what was met when they were read from the files."""
        log.in_skipped_hours |= self.skipped & meters
        yield from self.readings_of(meters)

    def readings_of(self, meters: frozenset[str]) -> Iterator[ReadingBlock]:
        """One block a meter."""
        for name, record in (self.readings or {}).items():
            if name in meters and len(record.time_us):
                yield ReadingBlock(
                    name, record.time_us, record.value, Consecutive(1, len(record.time_us)), FILE
                )


def rows_of(table: Table, indices: Iterable[int]) -> ExtractRows:
    """Some rows of a table, as they were read."""
    columns = list(table.columns.values())
    return ExtractRows(
        tuple(table.columns), tuple(tuple(column[index] for column in columns) for index in indices)
    )


def _numbered(
    parts: tuple[ExtractRows, ...], header: tuple[str, ...]
) -> Iterator[tuple[int, tuple[Any, ...]]]:
    number = 1
    for part in parts:
        order = [part.header.index(name) if name in part.header else None for name in header]
        for row in part.rows:
            number += 1
            yield number, tuple(None if index is None else row[index] for index in order)
