"""A segment as Parquet in the strict template, sorted by meter, each meter's readings in order of arrival."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from reporting_agent.live import layout, positions
from reporting_agent.live.reading import CONSECUTIVE, RECORD
from reporting_agent.live.segments import Row, frames
from reporting_agent.state import sync_folder, write_whole

ROWS_A_GROUP = 1 << 17  # a late reading is looked up in one of them
_LEVEL = 3


def compact(folder: Path, number: int, then: Callable[[], None]) -> list[Path]:
    """Write what a segment holds, call `then`, delete the segment; begun again after a death, it goes on. Returns what was written."""
    path = layout.segment_path(folder, number)
    made: list[Path] = []
    if layout.day_of(folder, number) is None:
        names, records, rows = whole(path)
        if rows := positions.without(rows):
            made.append(layout.table_path(folder, number))
            write_whole(made[0], json.dumps(rows, ensure_ascii=False).encode())
        if len(records):
            day = datetime.fromtimestamp(int(records["received_us"][0]) / 1e6, UTC).date()
            made.append(folder / "days" / f"{day}.{number:08}.parquet")
            write_whole(made[-1], _parquet(names, records))
    then()
    path.unlink()
    sync_folder(path.parent)
    return made


def whole(path: Path) -> tuple[list[str], Any, list[Row]]:
    """All of a segment: the names of its meters, its records (`RECORD`) in order of arrival, and the rows of its tables."""
    there = list(frames(path))
    names = list(there[-1].names) if there else []
    records = np.frombuffer(b"".join(frame.packed for frame in there), RECORD)
    return names, records, [row for frame in there for row in frame.rows]


def _parquet(names: list[str], records: Any) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    order = np.argsort(records["meter"], kind="stable")
    meter, time_us, value, sequence, quality, received_us = (
        records[name][order] for name in ("meter", "time_us", "value", "sequence", "quality", "received_us")
    )  # column by column: all of it sorted would be held twice
    stamp = pa.timestamp("us", tz="UTC")
    columns = {
        "meter_id": pa.DictionaryArray.from_arrays(pa.array(meter.astype(np.int32)), pa.array(names, pa.string())),
        "timestamp": pa.array(time_us).cast(stamp),
        "value": pa.array(value, mask=np.isnan(value)),
        "sequence": pa.array(sequence, mask=sequence < 0),
        "quality": pa.array((quality % CONSECUTIVE).astype(np.uint8)),
        "received": pa.array(received_us).cast(stamp),
    }
    file = BytesIO()
    pq.write_table(pa.table(columns), file, row_group_size=ROWS_A_GROUP, compression="zstd", compression_level=_LEVEL)
    return file.getvalue()
