"""Meter readings as a stream of blocks, so that tens of millions fit: long or wide, CSV, XLSX or Parquet.

Each block holds one meter's readings in file order as arrays. Rows that cannot be read are kept apart with their reason
(the first hundred thousand; all are counted).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import InputError, Place
from reporting_agent.config import Profile
from reporting_agent.sources import cells
from reporting_agent.sources.cells import Unreadable
from reporting_agent.sources.encodings import open_bytes, recognise
from reporting_agent.sources.sheets import delimiter_of, format_of, open_sheet
from reporting_agent.sources.table import Rejected

ROWS_A_BLOCK = 1 << 16  # the arrays of one block stay in the processor's cache: a third quicker than 1 << 18
_MOST_KEPT = 100_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ReadingBlock:
    """Consecutive readings of one meter: stamps in UTC microseconds, values as written (NaN: not known), rows of the file."""

    meter: str
    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    row: NDArray[np.int64]
    file: str


@dataclass(slots=True)
class ReadingLog:
    """What the stream met besides readings: rows that could not be read, and meters that site.toml does not know."""

    rejected: list[Rejected] = field(default_factory=list)
    rejected_count: int = 0
    unknown_meters: dict[str, int] = field(default_factory=dict)
    rows: int = 0

    def reject(self, rejected: Rejected) -> None:
        self.rejected_count += 1
        if len(self.rejected) < _MOST_KEPT:
            self.rejected.append(rejected)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the template's columns are in this file."""

    stamp: str
    value: str | None  # None: wide
    meter: str | None  # None: wide, or one meter given as a constant
    meters: dict[str, str]  # wide: header -> meter id
    constant_meter: str | None = None


def stream_readings(
    paths: Sequence[Path], profile: Profile, meters: frozenset[str], zone: tzinfo, log: ReadingLog
) -> Iterator[ReadingBlock]:
    """Yield the readings of the meters named, file by file.

    Raises:
        InputError: a file is missing, not of its format, or lacks a column.
    """
    where = ZoneInfo(profile.timezone) if profile.timezone else zone
    for path in paths:
        layout = _layout(path, profile, meters)
        for first_row, columns in _column_blocks(path, profile, layout, log):
            log.rows += len(columns[layout.stamp])
            yield from _split(columns, first_row, layout, profile, where, str(path), meters, log)
            if log.rejected_count > max(log.rows // 2, 10):
                raise _mostly_unreadable(log)


def _layout(path: Path, profile: Profile, meters: frozenset[str]) -> _Layout:
    header = open_sheet(path, profile).header
    stamp = profile.columns.get("timestamp", "timestamp")
    value = profile.columns.get("value", "value")
    meter = profile.columns.get("meter_id", "meter_id")
    constant = profile.constants.get("meter_id")
    wide = profile.wide or (value not in header and meter not in header and constant is None)
    foreign = {profile.columns.get(name, name): name for name in sorted(meters)}
    needed = [stamp] if wide else [stamp, value] if constant is not None else [stamp, meter, value]
    missing = [name for name in needed if name not in header]
    found_meters = {name: foreign[name] for name in header if name in foreign} if wide else {}
    if missing or (wide and not found_meters):
        raise InputError(
            "column-missing",
            "The file of readings lacks a column.",
            "Name the columns under [mapping.readings] columns; a wide file needs one column a meter, named by the meter's id.",
            place=Place(str(path), profile.header_row, missing[0] if missing else None),
            found=", ".join(name for name in header if name) or "no headers",
            wanted=", ".join(missing) or "a column named by one of the meters " + ", ".join(sorted(meters)),
        )
    if wide:
        return _Layout(stamp, None, None, found_meters)
    return _Layout(stamp, value, None if constant is not None else meter, {}, None if constant is None else str(constant))


def _column_blocks(path: Path, profile: Profile, layout: _Layout, log: ReadingLog) -> Iterator[tuple[int, dict[str, Any]]]:
    import pyarrow as pa

    wanted = [layout.stamp, *(name for name in (layout.meter, layout.value) if name is not None), *layout.meters]
    kind = format_of(path)
    if kind == "csv":
        yield from _csv_blocks(path, profile, wanted, log)
    elif kind == "parquet":
        import pyarrow.parquet as pq

        row = 2
        with pq.ParquetFile(path, pre_buffer=False) as file:
            for batch in file.iter_batches(batch_size=ROWS_A_BLOCK, columns=wanted):
                yield row, {name: batch.column(name) for name in wanted}
                row += batch.num_rows
    else:
        sheet = open_sheet(path, profile)
        places = [sheet.header.index(name) for name in wanted]
        while block := list(islice(sheet.rows, 65_536)):
            texts = [[_as_text(raw[place]) if place < len(raw) else None for _, raw in block] for place in places]
            yield block[0][0], {name: pa.array(column, pa.string()) for name, column in zip(wanted, texts, strict=True)}


def _as_text(cell: cells.Cell) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return repr(cell) if isinstance(cell, float) else str(cell)


def _csv_blocks(path: Path, profile: Profile, wanted: list[str], log: ReadingLog) -> Iterator[tuple[int, dict[str, Any]]]:
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    encoding = profile.encoding or recognise(path)

    def ragged(row: Any) -> str:
        log.reject(
            Rejected(
                Place(str(path), row.number),
                "the row has not as many cells as the header",
                f"{row.actual_columns} cells",
                f"{row.expected_columns} cells",
                (row.text,),
            )
        )
        return "skip"

    with open_bytes(path) as stream:
        try:
            reader = arrow_csv.open_csv(
                pa.PythonFile(stream, mode="r"),
                read_options=arrow_csv.ReadOptions(
                    use_threads=False, block_size=32 << 20, encoding=encoding, skip_rows=profile.header_row - 1
                ),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=profile.delimiter or delimiter_of(path, encoding, profile.header_row),
                    invalid_row_handler=ragged,
                    ignore_empty_lines=True,
                ),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted, strings_can_be_null=False
                ),
            )
            row = profile.header_row + 1
            for batch in reader:
                yield row, {name: batch.column(index) for index, name in enumerate(wanted)}
                row += batch.num_rows
        except (pa.ArrowInvalid, pa.ArrowKeyError, UnicodeDecodeError) as broken:
            raise InputError(
                "not-a-text-file",
                "The file of readings cannot be read as CSV.",
                "Check delimiter and encoding in the mapping profile, or export the file again.",
                place=Place(str(path)),
                found=str(broken).splitlines()[0],
                wanted=f"{encoding} CSV with the columns {', '.join(wanted)}",
            ) from broken


def _split(
    columns: dict[str, Any],
    first_row: int,
    layout: _Layout,
    profile: Profile,
    zone: tzinfo,
    file: str,
    meters: frozenset[str],
    log: ReadingLog,
) -> Iterator[ReadingBlock]:
    from reporting_agent.sources import arrow

    rows = np.arange(first_row, first_row + len(columns[layout.stamp]), dtype=np.int64)
    time_us = _stamps(columns[layout.stamp], rows, layout.stamp, profile, zone, file, log)
    value_columns = [(layout.value, None)] if layout.value is not None else list(layout.meters.items())
    for header, wide_meter in value_columns:
        value = _values(columns[header], rows, str(header), profile, file, log)
        good = time_us != arrow.NO_STAMP
        if (endless := np.isinf(value)).any():
            value = np.where(endless, np.nan, value)
        only = wide_meter or layout.constant_meter
        if only is not None:
            yield _block(only, time_us, value, rows, file, good)
            continue
        code, names = arrow.codes(columns[str(layout.meter)])
        for index, name in enumerate(names):
            mine = good & (code == index) if len(names) > 1 else good
            meter = profile.values.get("meter_id", {}).get(name or "", (name or "").strip())
            if meter in meters:
                yield _block(meter, time_us, value, rows, file, mine)
            else:
                log.unknown_meters[meter] = log.unknown_meters.get(meter, 0) + int(mine.sum())


def _block(
    meter: str, time_us: NDArray[np.int64], value: NDArray[np.float64], rows: NDArray[np.int64], file: str, chosen: NDArray[np.bool_]
) -> ReadingBlock:
    """The chosen readings; nothing is copied where they are all."""
    whole = chosen.all()
    return ReadingBlock(meter, *((time_us, value, rows) if whole else (time_us[chosen], value[chosen], rows[chosen])), file)


def _stamps(
    column: Any, rows: NDArray[np.int64], header: str, profile: Profile, zone: tzinfo, file: str, log: ReadingLog
) -> NDArray[np.int64]:
    import pyarrow as pa

    from reporting_agent.sources import arrow

    if pa.types.is_timestamp(column.type):
        return arrow.stamps(column, zone)
    if profile.date_format is None and profile.date_order == "ymd":
        for kind in (pa.timestamp("us"), pa.timestamp("us", "UTC")):
            try:
                return arrow.stamps(column.cast(kind), zone)
            except pa.ArrowInvalid:
                continue  # another notation, or a row among them that is wrong: read one by one below
    known: dict[str, int] = {}
    read = np.full(len(column), arrow.NO_STAMP, dtype=np.int64)
    for index, text in enumerate(column.to_pylist()):
        if text not in known:
            try:
                stamp = cells.moment(text, profile, zone)
            except Unreadable as wrong:
                log.reject(_bad(file, int(rows[index]), header, text, str(wrong)))
                continue
            known[text] = (stamp - _EPOCH) // timedelta(microseconds=1)
        read[index] = known[text]
    return read


def _values(column: Any, rows: NDArray[np.int64], header: str, profile: Profile, file: str, log: ReadingLog) -> NDArray[np.float64]:
    import pyarrow as pa

    from reporting_agent.sources import arrow

    scale = profile.scale.get("value", 1.0)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return arrow.floats(column) * scale
    if profile.decimal == "." and not profile.thousands:
        try:
            return arrow.floats(column.cast(pa.float64())) * scale
        except pa.ArrowInvalid:
            pass  # a row among them is wrong or blank: read one by one below
    read = np.full(len(column), np.nan)
    for index, text in enumerate(column.to_pylist()):
        if cells.is_blank(text, profile.missing.get("value", ())):
            continue  # no reading at this stamp: the gap shows in the completeness
        try:
            read[index] = cells.number(text, profile) * scale
        except Unreadable as wrong:
            log.reject(_bad(file, int(rows[index]), header, text, str(wrong)))
    return read


def _bad(file: str, row: int, header: str, text: str | None, wanted: str) -> Rejected:
    return Rejected(Place(file, row, header), "the value cannot be read", repr(text), wanted, (text or "",))


def _mostly_unreadable(log: ReadingLog) -> InputError:
    first = log.rejected[0]
    return InputError(
        "mostly-unreadable",
        f"{log.rejected_count:,} of the first {log.rows:,} readings cannot be read.",
        "Set [mapping.readings] in site.toml to how the file is written; docs/agent.md shows how.",
        place=first.place,
        found=first.found,
        wanted=first.wanted,
    )
