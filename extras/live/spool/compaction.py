"""Segments written as Parquet in the strict template, sorted by meter: the oldest first, one at a
time, in a process of its own.

`watch` starts it as a process of its own (`python -m extras.live.spool.compaction FOLDER
NUMBER`): it takes a second of a processor and half a gigabyte, which would stop the page, and which
no library gives back to a process that goes on.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from extras.live.spool import layout, positions
from extras.live.spool.reading import CONSECUTIVE
from extras.live.spool.segments import Row, frames, joined
from reporting_agent.state import write_whole

AGAIN_US = 60_000_000  # after one that failed
ROWS_A_GROUP = 1 << 17  # a late reading is looked up in one of them
_LEVEL = 3


def write(folder: Path, number: int) -> None:
    """Write what a segment holds, unless it was written before; the segment stays. Waits for
    another process that writes it.
    """
    path = layout.segment_path(folder, number)
    with path.open("rb") as segment:
        fcntl.flock(segment, fcntl.LOCK_EX)
        if layout.day_of(folder, number) is not None:
            return
        names, records, rows = whole(path)
        if rows := positions.without(rows):
            write_whole(layout.table_path(folder, number), json.dumps(rows).encode())
        if len(records):
            day = datetime.fromtimestamp(int(records["received_us"][0]) / 1e6, UTC).date()
            write_whole(folder / "days" / f"{day}.{number:08}.parquet", as_parquet(names, records))


class Compaction:
    """The segments that wait to become Parquet, the oldest first, one at a time in a process of its
    own.
    """

    def __init__(self, folder: Path, waiting: Sequence[int]) -> None:
        self._folder, self._waiting = folder, list(waiting)
        self._process: subprocess.Popen[str] | None = None
        self._again_us = 0
        self.trouble = ""  # why the oldest could not be written; it is tried again

    def add(self, number: int) -> None:
        self._waiting.append(number)

    @property
    def oldest_bytes(self) -> int:
        """The size of the segment that is next; its Parquet is smaller."""
        return (
            layout.segment_path(self._folder, self._waiting[0]).stat().st_size
            if self._waiting
            else 0
        )

    def step(self, now_us: int) -> int | None:
        """Begin with the oldest, or give back its number once it was written; it waits until it is
        `over`.
        """
        if self._process is not None and self._process.poll() is not None:
            _, errors = self._process.communicate()
            code, self._process = self._process.returncode, None
            if code == 0:
                return self._waiting[0]
            self.put_off(errors.strip().rpartition("\n")[2] or f"exit code {code}", now_us)
        if self._process is None and self._waiting and now_us >= self._again_us:
            command = [sys.executable, "-m", __name__, str(self._folder), str(self._waiting[0])]
            self._process = subprocess.Popen(  # noqa: S603 - ours
                command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            )
        return None

    def at_once(self, only_written: bool = False) -> Iterator[int]:
        """The number of each in turn, once it was written in this process; of those alone that were
        written before, where asked.
        """
        self.stop()
        for number in tuple(self._waiting):
            if only_written and layout.day_of(self._folder, number) is None:
                return
            write(self._folder, number)
            yield number
            if number in self._waiting:  # it could not be replaced, and those behind it wait for it
                return

    def over(self, number: int) -> None:
        """A segment's Parquet stands in its place."""
        self._waiting.remove(number)
        self.trouble = ""

    def put_off(self, why: str, now_us: int) -> None:
        """The oldest could not be written or replaced: it is tried again after a minute."""
        self.trouble, self._again_us = why, now_us + AGAIN_US

    def stop(self) -> None:
        """What is half written is not there; the segment is, for the next process."""
        if self._process is not None:
            self._process.terminate()
            self._process.communicate()
            self._process = None


def whole(path: Path) -> tuple[list[str], Any, list[Row]]:
    """All of a segment: the names of its meters, its records (`RECORD`) in order of arrival, and
    the rows of its tables.
    """
    segment = joined(list(frames(path)))
    return list(segment.names), segment.records, list(segment.rows)


def as_parquet(names: list[str], records: Any) -> bytes:
    """Records as a Parquet file, sorted by meter."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    order = np.argsort(records["meter"], kind="stable")
    meter, time_us, value, sequence, quality, received_us = (
        records[name][order]
        for name in ("meter", "time_us", "value", "sequence", "quality", "received_us")
    )  # column by column: all of it sorted would be held twice
    stamp = pa.timestamp("us", tz="UTC")
    columns = {
        "meter_id": pa.DictionaryArray.from_arrays(
            pa.array(meter.astype(np.int32)), pa.array(names, pa.string())
        ),
        "timestamp": pa.array(time_us).cast(stamp),
        "value": pa.array(value, mask=np.isnan(value)),
        "sequence": pa.array(sequence, mask=sequence < 0),
        "quality": pa.array((quality % CONSECUTIVE).astype(np.uint8)),
        "received": pa.array(received_us).cast(stamp),
    }
    file = BytesIO()
    pq.write_table(
        pa.table(columns),
        file,
        row_group_size=ROWS_A_GROUP,
        compression="zstd",
        compression_level=_LEVEL,
    )
    return file.getvalue()


if __name__ == "__main__":
    os.nice(10)
    write(Path(sys.argv[1]), int(sys.argv[2]))
