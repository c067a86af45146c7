"""Readings as they leave this package, and what was met on the way to them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from reporting_agent.row_numbers import Rows
from reporting_agent.sources.cells import RejectedRow
from reporting_agent.sources.corrections import Corrections
from reporting_agent.sources.totals import TotalRow

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
