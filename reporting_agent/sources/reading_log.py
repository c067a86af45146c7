"""Readings as they leave this package, and what was met on the way to them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reporting_agent.rows import Rows
from reporting_agent.sources.corrections import Corrections
from reporting_agent.sources.rejected import Rejected
from reporting_agent.sources.totals import Total

MOST_KEPT = 100_000  # rejected rows with their cells; all are counted


@dataclass(frozen=True, slots=True)
class ReadingBlock:
    """Consecutive readings of one meter: stamps in UTC microseconds, values as written (NaN: not known), rows of the file."""

    meter: str
    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    row: Rows
    file: str


@dataclass(slots=True)
class ReadingLog:
    """What the stream met besides readings: rows that could not be read, totals, and meters that site.toml does not know."""

    rejected: list[Rejected] = field(default_factory=list)
    rejected_count: int = 0
    unknown_meters: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    totals: list[Total] = field(default_factory=list)
    corrections: Corrections = field(default_factory=Corrections)
    in_skipped_hours: set[str] = field(default_factory=set)  # meters with stamps in an hour that the clock skipped in spring
    understood: set[str] = field(default_factory=set)  # files that held a meter when all were asked for

    def reject(self, rejected: Rejected) -> None:
        self.rejected_count += 1
        if len(self.rejected) < MOST_KEPT:
            self.rejected.append(rejected)

    def take_in(self, other: ReadingLog) -> None:
        """Add what another log met, of other files."""
        self.rejected += other.rejected[: MOST_KEPT - len(self.rejected)]
        self.rejected_count += other.rejected_count
        for meter, count in other.unknown_meters.items():
            self.unknown_meters[meter] = self.unknown_meters.get(meter, 0) + count
        self.rows += other.rows
        self.totals += other.totals
        self.understood |= other.understood
        self.in_skipped_hours |= other.in_skipped_hours


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the template's columns are in this file."""

    header: tuple[str, ...]
    stamp: str
    value: str | None  # None: wide
    meter: str | None  # None: wide, or one meter given as a constant
    meters: dict[str, str]  # wide: header -> meter id
    constant_meter: str | None = None
    parts: tuple[str, ...] = ()  # the columns over which the stamp is spread; `stamp` is then their name put together

    @property
    def values(self) -> list[str]:
        """The columns of values."""
        return [self.value] if self.value is not None else list(self.meters)

    @property
    def wanted(self) -> list[str]:
        """The columns of the file that are read."""
        return [*(self.parts or (self.stamp,)), *(name for name in (self.meter, self.value) if name is not None), *self.meters]
