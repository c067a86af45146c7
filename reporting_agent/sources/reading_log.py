"""Readings as they leave this package, what was met on the way, each meter's days digested as they
pass (a meter with readings of a closed day is `late` and read once more), and a part of a plant's
rows and readings for whoever recomputes some batches.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.audit.records import (
    DAY_US,
    Floats,
    Integers,
    MeterDay,
    Window,
    by_day,
    clipped,
    digest_of,
)
from reporting_agent.row_numbers import Consecutive, Rows
from reporting_agent.sources.cells import RejectedRow
from reporting_agent.sources.rejected_rows import Corrections, TotalRow
from reporting_agent.sources.sheets import Sheet
from reporting_agent.sources.whole_table import Table

HOUR_US = 3_600_000_000
MOST_KEPT = 100_000  # rejected rows with their cells; all are counted


@dataclass(frozen=True, slots=True)
class ReadingBlock:
    """Consecutive readings of one meter: stamps in UTC microseconds, values as written (NaN: not
    known), rows of the file.
    """

    meter: str
    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    row: Rows
    file: str


@dataclass(slots=True)
class UndeclaredMeter:
    """What passed of a meter that site.toml does not name."""

    readings: int = 0
    total: float = 0.0
    least: float = math.inf
    most: float = -math.inf
    first_us: int = 1 << 62
    last_us: int = -(1 << 62)
    step_us: float = 0.0  # between two readings, as a rule
    falls: bool = False  # it is no register

    def take(self, time_us: NDArray[np.int64], value: NDArray[np.float64]) -> None:
        """Some of its readings, in the order of the file."""
        self.readings += len(value)
        finite = np.isfinite(value)
        time_us, value = time_us[finite], value[finite]
        if len(value):
            part = UndeclaredMeter(
                len(value),
                float(value.sum()),
                float(value.min()),
                float(value.max()),
                int(time_us.min()),
                int(time_us.max()),
            )
            if len(value) > 1:
                part.step_us, part.falls = (
                    float(np.median(np.abs(np.diff(time_us)))),
                    bool((np.diff(value) < 0).any()),
                )
            self.add(replace(part, readings=0))

    def add(self, other: UndeclaredMeter) -> None:
        """What passed of it elsewhere."""
        self.readings += other.readings
        self.total += other.total
        self.least, self.most = min(self.least, other.least), max(self.most, other.most)
        self.first_us, self.last_us = (
            min(self.first_us, other.first_us),
            max(self.last_us, other.last_us),
        )
        self.step_us = other.step_us or self.step_us
        self.falls |= other.falls

    def within(self, start_us: int, end_us: int) -> float:
        """The share of its time that lies in a period: none of a meter of another year."""
        common = min(self.last_us, end_us) - max(self.first_us, start_us)
        return max(common, 0) / max(self.last_us - self.first_us, 1)

    def amount(self, reading: str) -> float:
        """What it counted: between its ends where it only rises, else as intervals or a rate, as
        the site's other meters are read.
        """
        if self.last_us <= self.first_us:
            return 0.0
        if not self.falls and self.most > self.least:
            return self.most - self.least
        hours = (self.last_us - self.first_us) / HOUR_US
        mean = self.total / max(self.readings, 1)
        return abs(mean) * (
            hours if reading == "rate" or not self.step_us else hours * HOUR_US / self.step_us
        )


@dataclass(slots=True)
class ReadingLog:
    """What the stream met besides readings: rows that could not be read, totals, and meters that
    site.toml does not know.
    """

    rejected: list[RejectedRow] = field(default_factory=list)
    rejected_count: int = 0
    unknown_meters: dict[str, UndeclaredMeter] = field(default_factory=dict)
    rows: int = 0
    totals: list[TotalRow] = field(default_factory=list)
    corrections: Corrections = field(default_factory=Corrections)
    in_skipped_hours: set[str] = field(
        default_factory=set
    )  # meters with stamps in an hour that the clock skipped in spring
    understood: set[str] = field(
        default_factory=set
    )  # files that held a meter when all were asked for

    def reject(self, rejected: RejectedRow) -> None:
        self.rejected_count += 1
        if len(self.rejected) < MOST_KEPT:
            self.rejected.append(rejected)

    def meet_unknown(
        self, meter: str, time_us: NDArray[np.int64], value: NDArray[np.float64]
    ) -> None:
        """Readings of a meter that site.toml does not know, or that is not asked for in this
        pass.
        """
        self.unknown_meters.setdefault(meter, UndeclaredMeter()).take(time_us, value)

    def take_in(self, other: ReadingLog) -> None:
        """Add what another log met, of other files."""
        self.rejected += other.rejected[: MOST_KEPT - len(self.rejected)]
        self.rejected_count += other.rejected_count
        for meter, undeclared_meter in other.unknown_meters.items():
            self.unknown_meters.setdefault(meter, UndeclaredMeter()).add(undeclared_meter)
        self.rows += other.rows
        self.totals += other.totals
        self.understood |= other.understood
        self.in_skipped_hours |= other.in_skipped_hours


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the template's columns are in this file."""

    header: tuple[str, ...]
    stamp: str
    wanted: tuple[
        str, ...
    ]  # the columns that are read: the stamp or its parts, the meter's, the values
    values: tuple[str, ...]  # the columns of values
    meter: str | None  # None: wide, or one meter given as a constant
    meters: dict[str, str]  # wide: header -> meter id
    constant_meter: str | None = None
    parts: tuple[
        str, ...
    ] = ()  # the columns over which the stamp is spread; `stamp` is then their name put together


@dataclass(slots=True)
class _Meter:
    """What a meter gave so far."""

    closed: list[MeterDay] = field(default_factory=list)
    at_edges: list[tuple[int, Integers, Floats]] = field(
        default_factory=list
    )  # days that may count in part
    open_us: int | None = None  # where the day begins that is being read
    pieces: list[tuple[Integers, Floats]] = field(default_factory=list)
    late: bool = False


class DayDigests:
    """Takes blocks of readings as sources give them; meters may come from several threads, each
    from one.
    """

    def __init__(self, units: Mapping[str, str], edges_us: Iterable[int] = ()) -> None:
        """For meters by id, each with the unit of its values.

        Args:
            edges_us: all moments at which the window of `days` may begin or end.
        """
        self._units = units
        self._days_of_edges = {edge // DAY_US * DAY_US for edge in edges_us if edge % DAY_US}
        self._meters: dict[str, _Meter] = {}

    def take(self, block: ReadingBlock) -> None:
        """Readings of a meter, in the order of its files."""
        meter = self._meters.setdefault(block.meter, _Meter())
        if meter.late:
            return
        for start_us, times, values in by_day(block.time_us, block.value):
            if meter.open_us is not None and start_us < meter.open_us:
                self._meters[block.meter] = _Meter(late=True)
                return
            if start_us != meter.open_us:
                self._close(block.meter, meter)
                meter.open_us = start_us
            meter.pieces.append((times, values))
        if meter.pieces:  # of the day that goes on, a copy: the block is the engine's from here on
            times, values = meter.pieces[-1]
            meter.pieces[-1] = times.copy(), values.copy()

    @property
    def late(self) -> frozenset[str]:
        """Meters that have to be read again."""
        return frozenset(name for name, meter in self._meters.items() if meter.late)

    def take_whole(self, blocks: Iterable[ReadingBlock]) -> None:
        """All readings of late meters, from the beginning."""
        gathered: dict[str, list[ReadingBlock]] = {}
        for block in blocks:
            gathered.setdefault(block.meter, []).append(block)
        for name, parts in gathered.items():
            time_us, value = (
                np.concatenate([part.time_us for part in parts]),
                np.concatenate([part.value for part in parts]),
            )
            self._meters[name] = _Meter()
            for start_us, times, values in by_day(time_us, value):
                self._file(name, self._meters[name], start_us, times, values)

    def days(self, within: Window | None = None) -> list[MeterDay]:
        """All days that hold a reading, meter by meter, rising; once everything was taken.

        Args:
            within: the time that counts, between two of the edges; all of it where it is not given.
        """
        if self.late:
            raise ValueError(
                f"readings of {', '.join(sorted(self.late))} were not in order and have to be "
                "taken whole"
            )
        for name, meter in self._meters.items():
            self._close(name, meter)
        return [
            day
            for name in sorted(self._meters)
            for day in self._of(name, self._meters[name], within)
        ]

    def _of(self, name: str, meter: _Meter, within: Window | None) -> list[MeterDay]:
        first_us, end_us = within or (-(2**63), 2**63 - 1)
        whole = [day for day in meter.closed if first_us < day.end_us and day.start_us < end_us]
        parts = [
            (start_us, *clipped(times, values, (first_us, end_us)))
            for start_us, times, values in meter.at_edges
        ]
        whole += [
            self._digested(name, start_us, times, values)
            for start_us, times, values in parts
            if len(times)
        ]
        return sorted(whole, key=lambda day: day.start_us)

    def _close(self, name: str, meter: _Meter) -> None:
        if meter.open_us is None:
            return
        times = np.concatenate([piece[0] for piece in meter.pieces])
        values = np.concatenate([piece[1] for piece in meter.pieces])
        self._file(name, meter, meter.open_us, times, values)
        meter.open_us, meter.pieces = None, []

    def _file(
        self, name: str, meter: _Meter, start_us: int, times: Integers, values: Floats
    ) -> None:
        if start_us in self._days_of_edges:
            meter.at_edges.append((start_us, times, values))
        else:
            meter.closed.append(self._digested(name, start_us, times, values))

    def _digested(self, name: str, start_us: int, times: Integers, values: Floats) -> MeterDay:
        return MeterDay(name, self._units[name], start_us, len(times), digest_of(times, values))


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
