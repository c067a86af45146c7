"""What the disk holds of the moments of readings that are not later than the latest of their
meters.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from extras.live.spool import layout
from extras.live.spool.reading import NO_SEQUENCE, Reading
from extras.live.spool.segments import blocks

Moment = tuple[str, int]
"""Meter and source time, UTC microseconds."""
Found = dict[Moment, dict[int, float]]
"""Values by the source's number."""


def looked_up(folder: Path, readings: Sequence[Reading]) -> Found:
    """All that is there of each one's moment. Costs a look at each file whose statistics do not
    exclude it.
    """
    by_moment: Found = {(reading.meter, reading.time_us): {} for reading in readings}
    times = np.unique(np.array([reading.time_us for reading in readings], np.int64))
    for path in layout.days(folder):
        _in_parquet(path, times, by_moment)
    for path in layout.segments(folder):
        for block in blocks(path):
            records = block.records[np.isin(block.records["time_us"], times)]
            for time_us, sequence, value, _, code, _ in records.tolist():
                if (by_sequence := by_moment.get((block.names[code], time_us))) is not None:
                    by_sequence.setdefault(sequence, value)
    return by_moment


def _in_parquet(path: Path, times: NDArray[np.int64], by_moment: Found) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    stamps = pa.array(times).cast(pa.timestamp("us", tz="UTC"))
    table = pq.read_table(
        path,
        columns=["meter_id", "timestamp", "value", "sequence"],
        filters=[
            ("meter_id", "in", sorted({meter for meter, _ in by_moment})),
            ("timestamp", "in", stamps.to_pylist()),
        ],
    )
    rows = zip(
        table["meter_id"].to_pylist(),
        table["timestamp"].cast(pa.int64()).to_pylist(),
        table["sequence"].to_pylist(),
        table["value"].to_pylist(),
        strict=True,
    )
    for meter, time_us, sequence, value in rows:
        if (by_sequence := by_moment.get((meter, time_us))) is not None:
            by_sequence.setdefault(
                NO_SEQUENCE if sequence is None else sequence,
                float("nan") if value is None else value,
            )
