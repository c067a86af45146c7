"""The file of an extract: a plant's rows and readings in canonical CBOR, and back.

A cell is a text, 8 bytes of an IEEE 754 double, or 0 where nothing is known; a moment is its ISO
8601 text. Readings are 64-bit words, big-endian: microseconds of UTC since 1970, and doubles, NaN
where a stamp has no value.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import datetime

import numpy as np

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire.canonical import Value, decode, encode
from benchmarks.wire.records import Fields, malformed
from reporting_agent.sources import BATCHES, ENERGY, LOG, SCALES, CellKind, Template
from reporting_agent.sources.extract import Cell, Extract, ExtractReadings, ExtractRows

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
