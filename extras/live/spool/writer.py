"""The spool: every reading that a source sent, exactly once, on this machine's disk.

    segments/00000007.log      what arrives, frame by frame (`segments`)
    days/2025-01-02.00000006.parquet    a segment that is full or whose day is over, as Parquet in
    the strict template tables/00000006.json       the rows of tables (batches) of that segment
    state.json                 up to which segment meters are known, and how far; up to where
    sources were read (`positions`)

Days are those of receipt, in UTC, so that what is late never changes a file. A repeat is dropped
(`repeats`). `append` returns once the disk has what is new: only then may a source be told that it
arrived.

Of a segment, Parquet is written and renamed (by a process of its own: `compaction`), then the
state, then the segment is deleted: whoever dies in between finds the Parquet there and finishes. A
segment that has its Parquet is not read.
"""

from __future__ import annotations

import errno
import fcntl
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from extras.live.spool import layout, positions
from extras.live.spool.compaction import Compaction
from extras.live.spool.dropping import drop
from extras.live.spool.lost_numbers import MissingNumbers
from extras.live.spool.meter_state import MeterState
from extras.live.spool.reading import CONSECUTIVE, Reading
from extras.live.spool.repeats import ArrivalOutcome, sorted_out
from extras.live.spool.segments import Row, Segment, frames
from reporting_agent.state import sync_folder, write_whole

SEGMENT_BYTES = 64 << 20  # 1.6 million readings
DAY_US = 86_400_000_000


class SpoolFull(OSError):  # noqa: N818 - a state of the disk: what arrives is not taken, and stays with its source
    """There is no room: nothing was taken, and nothing may be acknowledged."""


class Spool:
    """The one writer of a spool."""

    def __init__(
        self,
        folder: Path,
        *,
        most_bytes: int | None = None,
        drop_oldest: bool = False,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        """Open it, finish what a killed one left, and learn what is there.

        Args:
            most_bytes: of all its readings and tables together; a full spool takes nothing more.
            drop_oldest: a full spool deletes its oldest day instead, and all that came in it but
                batches.

        Raises:
            InputError: another process writes it, or a file in it is damaged.
        """
        self.folder, self._most_bytes, self._drop_oldest, self._segment_bytes = (
            folder,
            most_bytes,
            drop_oldest,
            segment_bytes,
        )
        for name in layout.FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True)
        self._lock = _locked(folder)
        self.meters: dict[str, MeterState] = {}
        self._missing_numbers = MissingNumbers()
        self.positions: dict[
            str, Any
        ] = {}  # up to where each source was read, of those that keep it here
        self.dropped: list[str] = []  # files deleted for room
        self._dropped_number = 0  # the last segment of which only batches are left
        last_learned = self._load_state()
        for stale in layout.half_written(folder):
            stale.unlink()
        numbers = [layout.number_of(path) for path in layout.segments(folder)]
        for number in numbers:
            if number > last_learned:
                self._learn(number)
        self._number = (
            numbers[-1]
            if numbers
            else 1 + max([last_learned, *map(layout.number_of, layout.days(folder))])
        )
        self._segment = Segment.opened(layout.segment_path(folder, self._number))
        self._began_us = self._first_receipt()
        self._bytes = sum(
            path.stat().st_size
            for name in layout.FOLDERS
            for path in (folder / name).iterdir()
            if path.is_file()
        )
        self.compaction = Compaction(folder, numbers[:-1])
        for number in self.compaction.at_once(only_written=True):
            self._replaced(number, now_us())

    def append(self, readings: Sequence[Reading], rows: Sequence[Row] = ()) -> ArrivalOutcome:
        """Keep what is new; returns once the disk has it.

        Raises:
            SpoolFull: there is no room; nothing was taken.
            OSError: the disk failed; nothing may be acknowledged, and the spool must be opened
                again.
        """
        outcome, counting = sorted_out(readings, self.meters, self.folder)
        new, rows = outcome.readings, [*self._missing_numbers.new(rows), *counting]
        if new or rows:
            self._make_room()
            before = self._segment.size
            self._write(new, rows)
            self._bytes += self._segment.size - before
            positions.follow(self.positions, rows)
            for reading in new:
                key = (reading.time_us, reading.sequence)
                self.meters.setdefault(reading.meter, MeterState()).take(
                    key, reading.value, reading.received_us, consecutive=reading.consecutive
                )
            self._missing_numbers.follow(rows, self.meters)
            self._began_us = self._began_us or next((first.received_us for first in new), 0)
        return replace(outcome, rows=rows)

    def turn(self, now_us: int) -> None:
        """Go on in a new segment where this one is full or its day is over, and have the old one
        written; asked now and then.
        """
        over = self._began_us and now_us // DAY_US > self._began_us // DAY_US
        if self._segment.size and (self._segment.size >= self._segment_bytes or over):
            self._go_on()
        if (written := self.compaction.step(now_us)) is not None:
            self._replaced(written, now_us)

    def seal(self) -> None:
        """Go on in a new segment, and write those before it as Parquet at once."""
        self._go_on()
        for number in self.compaction.at_once():
            self._replaced(number, now_us())

    def bound(self, most_bytes: int | None, *, drop_oldest: bool) -> None:
        """Another bound, and what a full spool does."""
        self._most_bytes, self._drop_oldest = most_bytes, drop_oldest

    def close(self) -> None:
        """Leave the spool to another process; nothing is lost without."""
        self.compaction.stop()
        self._segment.close()
        self._lock.close()

    def _write(self, readings: Sequence[Reading], rows: Sequence[Row]) -> None:
        """A frame of the segment; where the disk is full, after making room as told."""
        while True:
            try:
                self._segment.append(readings, rows)
            except OSError as refused:
                if refused.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                if not (self._drop_oldest and self._has_freed_disk()):
                    raise SpoolFull(refused.errno, Phrase("the disk is full")) from refused
            else:
                return

    def _has_freed_disk(self) -> bool:
        """Whether older files were deleted: as much as the segments take, so that these find room
        for their Parquet too.
        """
        before = self._bytes
        self._drop_until(before - sum(path.stat().st_size for path in layout.segments(self.folder)))
        return self._bytes < before

    def _make_room(self) -> None:
        if self._most_bytes is None or self._bytes < self._most_bytes:
            return
        if self._drop_oldest:
            self._drop_until(self._most_bytes)
        if self._bytes < self._most_bytes:
            return
        if self._drop_oldest and self._segment.size and len(layout.segments(self.folder)) == 1:
            # all there is, is of the segment that is written: once it is Parquet, it can be dropped
            self._go_on()
        raise SpoolFull(errno.ENOSPC, Phrase("it has reached most_gb of site.toml"))

    def _drop_until(self, most_bytes: int) -> None:
        """Delete what the oldest segments left until all files together take less, or nothing is
        left but batches.
        """
        waiting = set(
            map(layout.number_of, layout.segments(self.folder))
        )  # whose files may still be written
        for number in layout.replaced(self.folder):
            if number > self._dropped_number and number not in waiting:
                freed, names = drop(self.folder, number)
                self._bytes, self._dropped_number = self._bytes - freed, number
                self.dropped += names
                if self._bytes < most_bytes:
                    return

    def _learn(self, number: int) -> None:
        for frame in frames(layout.segment_path(self.folder, number)):
            positions.follow(self.positions, frame.rows)
            for time_us, sequence, value, received_us, code, quality in frame.records.tolist():
                meter = self.meters.setdefault(frame.names[code], MeterState())
                meter.take(
                    (time_us, sequence), value, received_us, consecutive=quality >= CONSECUTIVE
                )
            self._missing_numbers.follow(frame.rows, self.meters)

    def _first_receipt(self) -> int:
        first = next(
            (frame.records for frame in frames(self._segment.path) if len(frame.records)), None
        )
        return 0 if first is None else int(first["received_us"][0])

    def _go_on(self) -> None:
        """In a new segment."""
        self.compaction.add(self._number)
        self._segment.close()
        self._number, self._began_us = self._number + 1, 0
        self._segment = Segment.opened(layout.segment_path(self.folder, self._number))

    def _replaced(self, number: int, at_us: int) -> None:
        """A segment was written as Parquet: save what is known, and delete it; later, where the
        disk takes no state now.
        """
        try:
            self._save_state(number)
        except OSError as refused:
            self.compaction.put_off(str(refused), at_us)
            return
        path = layout.segment_path(self.folder, number)
        files = [layout.table_path(self.folder, number), layout.day_of(self.folder, number)]
        self._bytes += (
            sum(file.stat().st_size for file in files if file is not None and file.exists())
            - path.stat().st_size
        )
        path.unlink()
        sync_folder(path.parent)
        self.compaction.over(number)

    def _load_state(self) -> int:
        path = self.folder / "state.json"
        if not path.exists():
            return 0
        state = json.loads(path.read_text("utf-8"))
        self.meters = {
            name: MeterState.from_json(stored) for name, stored in state["meters"].items()
        }
        self._missing_numbers.digests = dict.fromkeys(state["unreadable"])
        self.positions = state["positions"]
        return int(state["segment"])

    def _save_state(self, number: int) -> None:
        """What is known may be further than the segment: learning it again changes nothing."""
        meters = {name: meter.to_json() for name, meter in self.meters.items()}
        state = {
            "segment": number,
            "meters": meters,
            "positions": self.positions,
            "unreadable": list(self._missing_numbers.digests),
        }
        write_whole(self.folder / "state.json", json.dumps(state).encode())


def _locked(folder: Path) -> IO[Any]:
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as locked:
        lock.close()
        raise InputError(
            "spool-in-use",
            "Another process writes this spool.",
            "Let the other `steplabel-agent watch` continue, or end it first.",
            place=Place(str(folder)),
            found=Phrase("a spool that is locked"),
            wanted=Phrase("one writer"),
        ) from locked
    return lock


def now_us() -> int:
    """This machine's clock, UTC microseconds since 1970."""
    return time.time_ns() // 1000
