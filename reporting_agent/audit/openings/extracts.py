"""An extract of a plant's rows and readings in canonical CBOR, and back.

A cell is a text, 8 bytes of an IEEE 754 double, or 0 where nothing is known; a moment is its ISO 8601 text. Readings are 64-bit
words, big-endian: microseconds of UTC since 1970, and doubles, NaN where a stamp has no value.

Parts of a plant's inputs, as they are read: the rows and readings of some stretches of time, or all there are.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.audit.records import DAY_US, microseconds
from benchmarks.errors import VerificationError
from benchmarks.wire.canonical import Value, decode, encode
from benchmarks.wire.fields import Fields, malformed
from reporting_agent import sources
from reporting_agent.config import Site
from reporting_agent.pipeline.inputs import Inputs
from reporting_agent.sources import BATCHES, ENERGY, LOG, SCALES, Kind, ReadingBlock, Table, Wanted, stream_readings
from reporting_agent.sources.extract import Cell, Extract, Record, Rows, rows_of
from reporting_agent.sources.meter_readings import ReadingLog

_MOST = 10_000_000
_TABLES: Mapping[str, Wanted] = {table.name: table for table in (BATCHES, ENERGY, LOG, SCALES)}
_NUMBER = struct.Struct(">d")
_WORD = 8
_Scalar = TypeVar("_Scalar", np.int64, np.float64)


def to_bytes(extract: Extract) -> bytes:
    """The extract as it stands in an opening."""
    tables: dict[str, Value] = {
        name: [{"header": list(part.header), "rows": [[_cell(cell) for cell in row] for row in part.rows]} for part in parts]
        for name, parts in extract.tables.items()
    }
    document: dict[str, Value] = {"tables": tables, "skipped": [*sorted(extract.skipped)]}
    if extract.readings is not None:
        document["readings"] = {
            meter: {"time": record.time_us.astype(">i8").tobytes(), "value": record.value.astype(">f8").tobytes()}
            for meter, record in extract.readings.items()
        }
    return encode(document)


def read(raw: bytes) -> Extract:
    """The extract that these bytes spell.

    Raises:
        VerificationError: malformed bytes or fields.
    """
    fields = Fields(decode(raw), "extract")
    tables = _tables(fields)
    skipped = frozenset(_text(name) for name in fields.items("skipped", _MOST))
    readings = _readings(fields) if fields.has("readings") else None
    fields.done()
    return Extract(tables, readings, skipped)


def _cell(cell: Cell) -> Value:
    if cell is None:
        return 0
    if isinstance(cell, datetime):
        return cell.isoformat()
    return _NUMBER.pack(cell) if isinstance(cell, float) else cell


def _tables(fields: Fields) -> dict[str, tuple[Rows, ...]]:
    named = fields.map_of("tables")
    within = Fields(named, fields.path("tables"))
    if not isinstance(named, dict) or not set(named) <= set(_TABLES):
        raise malformed(fields.path("tables"), "a map of " + ", ".join(_TABLES))
    return {name: tuple(_rows(part, _TABLES[name]) for part in within.each(name, _MOST)) for name in named}


def _rows(fields: Fields, wanted: Wanted) -> Rows:
    header = tuple(_text(cell) for cell in fields.items("header", _MOST))
    moments = [(column := wanted.column(name)) is not None and column.kind is Kind.MOMENT for name in header]
    rows = []
    for row in fields.items("rows", _MOST):
        if not isinstance(row, list) or len(row) != len(header):
            raise malformed(fields.path("rows"), "a list of rows with a cell for every column")
        rows.append(tuple(_read_cell(cell, is_moment) for cell, is_moment in zip(row, moments, strict=True)))
    fields.done()
    return Rows(header, tuple(rows))


def _read_cell(cell: Value, is_moment: bool) -> Cell:
    if isinstance(cell, bytes) and len(cell) == _NUMBER.size:
        number: float = _NUMBER.unpack(cell)[0]
        return number
    if isinstance(cell, str):
        return _moment(cell) if is_moment else cell
    if cell == 0:
        return None
    raise malformed("extract.tables", "cells of text, numbers of 8 bytes, or 0")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise malformed("extract.tables", "moments of ISO 8601") from wrong
    if moment.tzinfo is None:
        raise malformed("extract.tables", "moments with an offset")
    return moment


def _readings(fields: Fields) -> dict[str, Record]:
    named = fields.map_of("readings")
    within, readings = Fields(named, fields.path("readings")), {}
    for meter in named if isinstance(named, dict) else ():
        record = within.fields(meter)
        time, value = record.octets("time"), record.octets("value")
        record.done()
        if len(time) != len(value) or len(time) % _WORD:
            raise malformed(within.path(meter), "as many times as values")
        readings[meter] = Record(np.frombuffer(time, ">i8").astype(np.int64), np.frombuffer(value, ">f8").astype(np.float64))
    return readings


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise VerificationError("field-malformed", "A name in the extract is not a text.", "Have the plant open the draw again.")
    return value


class Stretch(NamedTuple):
    """Whole UTC days, [start_us, end_us)."""

    start_us: int
    end_us: int


def days_around(start: datetime, end: datetime | None, days: int) -> Stretch:
    """The UTC days of a time, and so many before and after them."""
    first, last = microseconds(start), microseconds(end or start)
    return Stretch((first // DAY_US - days) * DAY_US, (max(first, last) // DAY_US + 1 + days) * DAY_US)


def together(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same time in stretches that neither touch nor overlap, in order."""
    joined: list[Stretch] = []
    for stretch in sorted(stretches):
        if joined and stretch.start_us <= joined[-1].end_us:
            joined[-1] = Stretch(joined[-1].start_us, max(joined[-1].end_us, stretch.end_us))
        else:
            joined.append(stretch)
    return joined


@dataclass(frozen=True, slots=True)
class Taker:
    """A plant's inputs, of which parts are taken: tables are read once, readings as often as parts are taken."""

    site: Site
    inputs: Inputs
    tables: dict[str, list[Table]]

    @classmethod
    def of(cls, site: Site) -> Taker:
        """Open the site's inputs.

        Raises:
            InputError: as reading them for a label.
        """
        inputs = Inputs(site)
        wanted = [table for table in (sources.BATCHES, sources.ENERGY, sources.LOG, sources.SCALES) if inputs.given(table.name)]
        return cls(site, inputs, {table.name: inputs.tables(table) for table in wanted})

    def unread(self) -> dict[str, int]:
        """Rows that could not be read, by input; they are in no record. Those of scales are no rows of the log."""
        ours = {name: tables for name, tables in self.tables.items() if name != sources.SCALES.name}
        counts = {name: sum(len(table.rejected) for table in tables) for name, tables in ours.items()}
        return {name: count for name, count in counts.items() if count}

    def take(self, stretches: Sequence[Stretch] | None) -> Extract:
        """The rows and readings of these stretches; of all time where None is given."""
        edges = None if stretches is None else np.array([edge for stretch in stretches for edge in stretch], dtype=np.int64)
        tables: dict[str, tuple[Rows, ...]] = {}
        names: set[tuple[str, str]] = set()
        for table in self.tables.get(sources.BATCHES.name, ()):
            starts, ends = _microseconds(table.columns["start"]), _microseconds(table.columns["end"])
            touched = _touching(starts, np.maximum(starts, ends), edges)
            tables[sources.BATCHES.name] = (*tables.get(sources.BATCHES.name, ()), rows_of(table, np.flatnonzero(touched).tolist()))
            names.update((table.columns["step"][at], table.columns["batch_id"][at]) for at in np.flatnonzero(touched).tolist())
        for table in self.tables.get(sources.ENERGY.name, ()):
            keys = zip(table.columns["step"], table.columns["batch_id"], strict=True)
            mine = [at for at, key in enumerate(keys) if key in names]
            tables[sources.ENERGY.name] = (*tables.get(sources.ENERGY.name, ()), rows_of(table, mine))
        for name in (sources.LOG.name, sources.SCALES.name):
            for table in self.tables.get(name, ()):
                stamps = _microseconds(table.columns["timestamp"])
                mine = np.flatnonzero(_touching(stamps, stamps, edges)).tolist()
                tables[name] = (*tables.get(name, ()), rows_of(table, mine))
        if not self.inputs.given(sources.READINGS.name):
            return Extract(tables)
        log = ReadingLog(corrections=self.inputs.corrections)
        return Extract(tables, self._readings(edges, log), frozenset(log.in_skipped_hours))

    def _readings(self, edges: NDArray[np.int64] | None, log: ReadingLog) -> dict[str, Record]:
        pieces: dict[str, list[ReadingBlock]] = {}
        for block in self._blocks(log):
            if edges is not None:
                inside = _touching(block.time_us, block.time_us, edges)
                if not inside.all():
                    block = ReadingBlock(block.meter, block.time_us[inside], block.value[inside], block.row[inside], block.file)
            if len(block.time_us):
                pieces.setdefault(block.meter, []).append(block)
        return {
            meter: Record(np.concatenate([part.time_us for part in parts]), np.concatenate([part.value for part in parts]))
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
    return np.array([_NEVER if moment is None else microseconds(moment) for moment in moments], dtype=np.int64)


def _touching(start_us: NDArray[np.int64], end_us: NDArray[np.int64], edges: NDArray[np.int64] | None) -> NDArray[np.bool_]:
    """Which intervals [start, end] reach into one of the stretches; an odd place among their edges is inside one."""
    if edges is None:
        return np.ones(len(start_us), dtype=bool)
    before, after = np.searchsorted(edges, start_us, side="right"), np.searchsorted(edges, end_us, side="right")
    touching: NDArray[np.bool_] = (before % 2 == 1) | (after > before)
    return touching
