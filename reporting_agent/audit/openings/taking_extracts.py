"""Parts of a plant's inputs, as they are read: the rows and readings of some stretches of time, or
all there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.audit.records import DAY_US, microseconds
from reporting_agent import sources
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline.inputs import Inputs
from reporting_agent.sources import ReadingBlock, Table, stream_readings
from reporting_agent.sources.extract import Extract, ExtractReadings, ExtractRows, rows_of
from reporting_agent.sources.meter_readings import ReadingLog


class WholeDays(NamedTuple):
    """Whole UTC days, [start_us, end_us)."""

    start_us: int
    end_us: int


def days_around(start: datetime, end: datetime | None, days: int) -> WholeDays:
    """The UTC days of a time, and so many before and after them."""
    first, last = microseconds(start), microseconds(end or start)
    return WholeDays(
        (first // DAY_US - days) * DAY_US, (max(first, last) // DAY_US + 1 + days) * DAY_US
    )


def together(stretches: Iterable[WholeDays]) -> list[WholeDays]:
    """The same time in stretches that neither touch nor overlap, in order."""
    joined: list[WholeDays] = []
    for stretch in sorted(stretches):
        if joined and stretch.start_us <= joined[-1].end_us:
            joined[-1] = WholeDays(joined[-1].start_us, max(joined[-1].end_us, stretch.end_us))
        else:
            joined.append(stretch)
    return joined


@dataclass(frozen=True, slots=True)
class ExtractTaker:
    """A plant's inputs, of which parts are taken: tables are read once, readings as often as parts
    are taken.
    """

    site: SiteSettings
    inputs: Inputs
    tables: dict[str, list[Table]]

    @classmethod
    def of(cls, site: SiteSettings) -> ExtractTaker:
        """Open the site's inputs.

        Raises:
            InputError: as reading them for a label.
        """
        inputs = Inputs(site)
        wanted = [
            table
            for table in (sources.BATCHES, sources.ENERGY, sources.LOG, sources.SCALES)
            if inputs.has(table.name)
        ]
        return cls(site, inputs, {table.name: inputs.tables(table) for table in wanted})

    def unread(self) -> dict[str, int]:
        """Rows that could not be read, by input; they are in no record. Those of scales are no rows
        of the log.
        """
        ours = {name: tables for name, tables in self.tables.items() if name != sources.SCALES.name}
        counts = {
            name: sum(len(table.rejected) for table in tables) for name, tables in ours.items()
        }
        return {name: count for name, count in counts.items() if count}

    def take(self, stretches: Sequence[WholeDays] | None) -> Extract:
        """The rows and readings of these stretches; of all time where None is given."""
        edges = (
            None
            if stretches is None
            else np.array([edge for stretch in stretches for edge in stretch], dtype=np.int64)
        )
        tables: dict[str, tuple[ExtractRows, ...]] = {}
        names: set[tuple[str, str]] = set()
        for table in self.tables.get(sources.BATCHES.name, ()):
            starts, ends = (
                _microseconds(table.columns["start"]),
                _microseconds(table.columns["end"]),
            )
            touched = _touching(starts, np.maximum(starts, ends), edges)
            tables[sources.BATCHES.name] = (
                *tables.get(sources.BATCHES.name, ()),
                rows_of(table, np.flatnonzero(touched).tolist()),
            )
            names.update(
                (table.columns["step"][at], table.columns["batch_id"][at])
                for at in np.flatnonzero(touched).tolist()
            )
        for table in self.tables.get(sources.ENERGY.name, ()):
            keys = zip(table.columns["step"], table.columns["batch_id"], strict=True)
            mine = [at for at, key in enumerate(keys) if key in names]
            tables[sources.ENERGY.name] = (
                *tables.get(sources.ENERGY.name, ()),
                rows_of(table, mine),
            )
        for name in (sources.LOG.name, sources.SCALES.name):
            for table in self.tables.get(name, ()):
                stamps = _microseconds(table.columns["timestamp"])
                mine = np.flatnonzero(_touching(stamps, stamps, edges)).tolist()
                tables[name] = (*tables.get(name, ()), rows_of(table, mine))
        if not self.inputs.has(sources.READINGS.name):
            return Extract(tables)
        log = ReadingLog(corrections=self.inputs.corrections)
        return Extract(tables, self._readings(edges, log), frozenset(log.in_skipped_hours))

    def _readings(
        self, edges: NDArray[np.int64] | None, log: ReadingLog
    ) -> dict[str, ExtractReadings]:
        pieces: dict[str, list[ReadingBlock]] = {}
        for block in self._blocks(log):
            if edges is not None:
                inside = _touching(block.time_us, block.time_us, edges)
                if not inside.all():
                    block = ReadingBlock(
                        block.meter,
                        block.time_us[inside],
                        block.value[inside],
                        block.row[inside],
                        block.file,
                    )
            if len(block.time_us):
                pieces.setdefault(block.meter, []).append(block)
        return {
            meter: ExtractReadings(
                np.concatenate([part.time_us for part in parts]),
                np.concatenate([part.value for part in parts]),
            )
            for meter, parts in pieces.items()
        }

    def _blocks(self, log: ReadingLog) -> Iterator[ReadingBlock]:
        meters = frozenset(meter.id for meter in self.site.meters if not meter.computed)
        readings = self.inputs.readings()
        if callable(readings):
            return readings(meters, log)
        return stream_readings(readings, self.site.mapping.readings, meters, self.site.zone, log)


_NEVER = np.iinfo(np.int64).min


def _microseconds(moments: Sequence[datetime | None]) -> NDArray[np.int64]:
    return np.array(
        [_NEVER if moment is None else microseconds(moment) for moment in moments], dtype=np.int64
    )


def _touching(
    start_us: NDArray[np.int64], end_us: NDArray[np.int64], edges: NDArray[np.int64] | None
) -> NDArray[np.bool_]:
    """Which intervals [start, end] reach into one of the stretches; an odd place among their edges
    is inside one.
    """
    if edges is None:
        return np.ones(len(start_us), dtype=bool)
    before, after = (
        np.searchsorted(edges, start_us, side="right"),
        np.searchsorted(edges, end_us, side="right"),
    )
    touching: NDArray[np.bool_] = (before % 2 == 1) | (after > before)
    return touching
