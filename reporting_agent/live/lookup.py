"""Whether readings that are older than the latest of their meters are on the disk already."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reporting_agent.live import layout
from reporting_agent.live.reading import NO_SEQUENCE, Reading
from reporting_agent.live.segments import frames

Name = tuple[str, tuple[int, int]]
"""Meter, and its source time with the source's number."""


def looked_up(folder: Path, readings: Sequence[Reading]) -> dict[Name, bytes]:
    """The bits of the value of each that is there. Costs a look at each file whose statistics do not exclude it."""
    wanted = {(one.meter, (one.time_us, one.sequence)) for one in readings}
    times = np.unique(np.array([one.time_us for one in readings], np.int64))
    found: dict[Name, bytes] = {}
    for path in layout.days(folder):
        _in_parquet(path, wanted, times, found)
    for path in layout.segments(folder):
        for frame in frames(path):
            records = frame.records[np.isin(frame.records["time_us"], times)]
            for time_us, sequence, value, _, place, _ in records.tolist():
                name = (frame.names[place], (time_us, sequence))
                if name in wanted:
                    found.setdefault(name, struct.pack("<d", value))
    return found


def _in_parquet(path: Path, wanted: set[Name], times: NDArray[np.int64], found: dict[Name, bytes]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    stamps = pa.array(times).cast(pa.timestamp("us", tz="UTC"))
    table = pq.read_table(
        path,
        columns=["meter_id", "timestamp", "value", "sequence"],
        filters=[("meter_id", "in", sorted({meter for meter, _ in wanted})), ("timestamp", "in", stamps.to_pylist())],
    )
    rows = zip(
        table["meter_id"].to_pylist(),
        table["timestamp"].cast(pa.int64()).to_pylist(),
        table["sequence"].to_pylist(),
        table["value"].to_pylist(),
        strict=True,
    )
    for meter, time_us, sequence, value in rows:
        name = (meter, (time_us, NO_SEQUENCE if sequence is None else sequence))
        if name in wanted:
            found.setdefault(name, struct.pack("<d", float("nan") if value is None else value))
