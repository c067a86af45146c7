"""Parts of a plant's rows and readings, their file in canonical CBOR, and the records of batches
made again from them by the agent's own pipeline.

A cell is a text, 8 bytes of an IEEE 754 double, or 0 for unknown; a moment its ISO 8601 text.
Readings are 64-bit words, big-endian: microseconds of UTC since 1970, and doubles, NaN where a
stamp has no value. A batch's own day is not always enough (a hung register, a clock, a scale): the
extract widens until every drawn record comes out as it was committed to.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.audit.arrangement import arrange
from benchmarks.audit.committed_tree import Contents, DataTree, FiledBatch
from benchmarks.audit.records import DAY_US, microseconds, of_batch
from benchmarks.errors import VerificationError
from benchmarks.measurements import Batch, CarrierEnergy, Period
from benchmarks.phrases import Phrase, in_number
from benchmarks.wire.canonical import Value, decode, encode
from benchmarks.wire.records import Fields, malformed
from reporting_agent import pipeline, sources
from reporting_agent.config import SiteSettings
from reporting_agent.metering import MeterRecord
from reporting_agent.pipeline import heating_values
from reporting_agent.pipeline.following import Integers
from reporting_agent.pipeline.inputs import Inputs
from reporting_agent.sending import pooled_labels
from reporting_agent.sources import (
    BATCHES,
    ENERGY,
    LOG,
    SCALES,
    CellKind,
    ReadingBlock,
    Table,
    Template,
    stream_readings,
)
from reporting_agent.sources.reading_log import (
    Cell,
    Extract,
    ExtractReadings,
    ExtractRows,
    ReadingLog,
    rows_of,
)

_MOST = 10_000_000
_TABLES: Mapping[str, Template] = {table.name: table for table in (BATCHES, ENERGY, LOG, SCALES)}
_NUMBER = struct.Struct(">d")
_WORD = 8


def to_bytes(extract: Extract) -> bytes:
    """The extract as it stands in an opening."""
    tables: dict[str, Value] = {
        name: [
            {
                "header": list(part.header),
                "rows": [[_cell(cell) for cell in row] for row in part.rows],
            }
            for part in parts
        ]
        for name, parts in extract.tables.items()
    }
    document: dict[str, Value] = {"tables": tables, "skipped": [*sorted(extract.skipped)]}
    if extract.readings is not None:
        document["readings"] = {
            meter: {
                "time": record.time_us.astype(">i8").tobytes(),
                "value": record.value.astype(">f8").tobytes(),
            }
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


def _tables(fields: Fields) -> dict[str, tuple[ExtractRows, ...]]:
    named = fields.map_of("tables")
    within = Fields(named, fields.path("tables"))
    if not isinstance(named, dict) or not set(named) <= set(_TABLES):
        raise malformed(
            fields.path("tables"), Phrase("a map of %(tables)s", tables=", ".join(_TABLES))
        )
    return {
        name: tuple(_rows(part, _TABLES[name]) for part in within.each(name, _MOST))
        for name in named
    }


def _rows(fields: Fields, wanted: Template) -> ExtractRows:
    header = tuple(_text(cell) for cell in fields.items("header", _MOST))
    moments = [
        (column := wanted.column(name)) is not None and column.kind is CellKind.MOMENT
        for name in header
    ]
    rows = []
    for row in fields.items("rows", _MOST):
        if not isinstance(row, list) or len(row) != len(header):
            raise malformed(
                fields.path("rows"), Phrase("a list of rows with a cell for every column")
            )
        rows.append(
            tuple(_read_cell(cell, is_moment) for cell, is_moment in zip(row, moments, strict=True))
        )
    fields.done()
    return ExtractRows(header, tuple(rows))


def _read_cell(cell: Value, is_moment: bool) -> Cell:
    if isinstance(cell, bytes) and len(cell) == _NUMBER.size:
        number: float = _NUMBER.unpack(cell)[0]
        return number
    if isinstance(cell, str):
        return _moment(cell) if is_moment else cell
    if cell == 0:
        return None
    raise malformed("extract.tables", Phrase("cells of text, numbers of 8 bytes, or 0"))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise malformed("extract.tables", Phrase("moments of ISO 8601")) from wrong
    if moment.tzinfo is None:
        raise malformed("extract.tables", Phrase("moments with an offset"))
    return moment


def _readings(fields: Fields) -> dict[str, ExtractReadings]:
    named = fields.map_of("readings")
    within, readings = Fields(named, fields.path("readings")), {}
    for meter in named if isinstance(named, dict) else ():
        record = within.fields(meter)
        time, value = record.octets("time"), record.octets("value")
        record.done()
        if len(time) != len(value) or len(time) % _WORD:
            raise malformed(within.path(meter), Phrase("as many times as values"))
        readings[meter] = ExtractReadings(
            np.frombuffer(time, ">i8").astype(np.int64),
            np.frombuffer(value, ">f8").astype(np.float64),
        )
    return readings


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise VerificationError(
            "field-malformed",
            "A name in the extract is not a text.",
            "Have the plant open the draw again.",
        )
    return value


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


Key = tuple[str, str, int]  # step, id, start


@dataclass(frozen=True, slots=True)
class RecomputedRecords:
    """What an extract gives: records by their key (several where rows stand twice), and its batches
    as they were filed.

    `beyond` are those of other times than the report's: their lines ran, and no record of the
    report is of them. `given` is the energy of the plant's own rows, by step and batch id: what no
    meter tells.
    """

    records: dict[Key, Counter[bytes]]
    batches: tuple[FiledBatch, ...]
    beyond: tuple[Batch, ...] = ()
    given: Mapping[tuple[str, str], tuple[CarrierEnergy, ...]] = field(default_factory=dict)

    def of(self, batch: Batch) -> Counter[bytes]:
        """The records that stand under the key of a committed one."""
        return self.records.get(key_of(batch), Counter())


def key_of(batch: Batch) -> Key:
    return batch.step, batch.batch_id, microseconds(batch.start)


def recompute(site: SiteSettings, contents: Contents, extract: Extract) -> RecomputedRecords:
    """The records that the site's settings and pack make of the extract, for the report that the
    table of contents is of.

    Raises:
        InputError: the pack is not at hand, or nothing can be read from the extract.
    """
    if not extract.gives() & {sources.BATCHES.name, sources.LOG.name}:
        return RecomputedRecords({}, ())  # nothing was drawn that batches were made from
    period = Period.parse(contents.period, site.zone)
    windows = contents.windows
    data = pipeline.read(site, pooled_labels.covered(period, windows), extract, outward=True)
    label = pooled_labels.leaving(site, data, pipeline.outgoing_label(site, data, period), windows)
    judged = data.outgoing.batches
    arranged = arrange(
        label, judged, data.pack, lambda batch: pooled_labels.covers(batch, period, windows), ()
    )
    records: dict[Key, Counter[bytes]] = {}
    for batch, excluded in arranged.batches:
        records.setdefault(key_of(batch), Counter())[of_batch(batch, excluded)] += 1
    beyond = tuple(batch for batch in judged if not pooled_labels.covers(batch, period, windows))
    rows = heating_values.settle(data.outgoing.logged, site, alone=True).batches
    energy_by_key = {(batch.step, batch.batch_id): batch.energy for batch in rows if batch.energy}
    return RecomputedRecords(records, arranged.batches, beyond, energy_by_key)


def meters_closely(
    site: SiteSettings, contents: Contents, extract: Extract, closely: Mapping[str, Integers]
) -> tuple[MeterRecord, ...]:
    """The meters' accounts by the same extract, with their energy between further moments by meter.

    A pass of its own: gas and steam are brought to normal state piece by piece between the moments
    asked for, so that a record of a batch comes out to the last bit only where nothing besides is
    asked.

    Raises:
        InputError: as `recompute`.
    """
    if not extract.gives() & {sources.BATCHES.name, sources.LOG.name}:
        return ()
    period = Period.parse(contents.period, site.zone)
    return pipeline.read(
        site, pooled_labels.covered(period, contents.windows), extract, closely=lambda _: closely
    ).meters


REACHES = (1, 8, 64)
"""Days before and after a batch that are given; beyond the last, the whole record."""


def wide_enough(
    tree: DataTree,
    site: SiteSettings,
    taker: ExtractTaker,
    batches: list[int],
    drawn_days: list[WholeDays],
    notify: Callable[[str], None],
) -> tuple[Extract, list[WholeDays] | None, list[int]]:
    """The first extract from which each of these batches comes out as it was committed to, and as
    often, by widening around the others.
    """
    records = {index: tree.record(index) for index in batches}
    times = Counter(records.values())
    reach = dict.fromkeys(batches, 0)
    while True:
        whole = any(width == len(REACHES) for width in reach.values())
        stretches = None if whole else together([*_around(tree, reach), *drawn_days])
        extract = taker.take(stretches)
        recomputed = recompute(site, tree.contents, extract)
        different = [
            index
            for index in batches
            if recomputed.of(tree.batches[index - 1].batch)[records[index]] < times[records[index]]
        ]
        if not different or whole:
            return extract, stretches, different
        notify(
            in_number(
                len(different),
                "%(count)s of %(all)s batches needs more days around it",
                "%(count)s of %(all)s batches need more days around them",
                count=f"{len(different):,}",
                all=f"{len(batches):,}",
            )
        )
        for index in different:
            reach[index] += 1


def _around(tree: DataTree, reach: Mapping[int, int]) -> Iterator[WholeDays]:
    for index, width in reach.items():
        batch = tree.batches[index - 1].batch
        yield days_around(batch.start, batch.end, REACHES[width])
