"""Append-only files of frames with checksums, synced to the disk before anybody is told that
something arrived.

A frame is what arrived together: 13 bytes of head (magic, length and CRC-32 of what follows), then
names of meters that this segment had not met, rows of tables as JSON, and records of readings. A
frame is there whole or not at all.

Assumptions: the disk keeps what fdatasync returned for, and a file system keeps the order of a
file's own bytes. What a cut of the power leaves of a frame that was not synced stands at the end,
was acknowledged to nobody, and is cut off when the segment is opened again. A frame whose checksum
fails anywhere else is damage, and refused.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from extras.live.spool.reading import CONSECUTIVE, RECORD, Reading
from reporting_agent.state import sync_folder

_HEAD = struct.Struct("<5sII")
_MAGIC = b"SLR1\n"
_LENGTHS = struct.Struct("<II")
MOST_BYTES_A_FRAME = 1 << 28
BYTES_A_BLOCK = 1 << 18

Row = Mapping[str, Any]
"""A row of a table: its input's name under `table`, and the cells of the strict template as
texts.
"""


@dataclass(frozen=True, slots=True)
class Frame:
    """What arrived together; the `meter` of a record counts in `names`, the segment's names so
    far.
    """

    names: Sequence[str]
    packed: memoryview
    rows: Sequence[Row]

    @property
    def records(self) -> NDArray[Any]:
        """The readings (`RECORD`), in order of arrival."""
        return np.frombuffer(self.packed, RECORD)


@dataclass(slots=True)
class Segment:
    """A segment that is written. Raises OSError where the disk refuses; then it is as it was
    before.
    """

    path: Path
    names: list[str] = field(default_factory=list)
    size: int = 0
    _index_of: dict[str, int] = field(default_factory=dict)
    _file: int = -1

    @classmethod
    def opened(cls, path: Path) -> Segment:
        """The segment at its end, made where there is none; what was never synced whole is cut
        off.
        """
        segment = cls(path)
        existed = path.exists()
        segment._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if existed:
            for frame, segment.size in _frames(path):
                segment.names = list(frame.names)
            os.ftruncate(segment._file, segment.size)
        os.fsync(segment._file)
        sync_folder(path.parent)
        segment._index_of = {name: index for index, name in enumerate(segment.names)}
        return segment

    def append(self, readings: Sequence[Reading], rows: Sequence[Row]) -> None:
        """Write one frame and return once the disk has it."""
        new = [
            name
            for name in dict.fromkeys(reading.meter for reading in readings)
            if name not in self._index_of
        ]
        index_of = (
            {**self._index_of, **{name: len(self.names) + index for index, name in enumerate(new)}}
            if new
            else self._index_of
        )
        records = np.array(
            [
                (
                    reading.time_us,
                    reading.sequence,
                    reading.value,
                    reading.received_us,
                    index_of[reading.meter],
                    reading.quality | CONSECUTIVE * reading.consecutive,
                )
                for reading in readings
            ],
            RECORD,
        )
        frame = packed_frame(new, rows, records)
        try:
            written = 0
            while written < len(frame):
                written += os.pwrite(self._file, frame[written:], self.size + written)
        except OSError:
            os.ftruncate(self._file, self.size)
            raise
        os.fdatasync(self._file)
        self.size += len(frame)
        self.names += new
        self._index_of = index_of

    def close(self) -> None:
        os.close(self._file)


def frames(path: Path) -> Iterator[Frame]:
    """Every whole frame of a segment, also of one that is being written.

    Raises:
        InputError: a frame before the last is damaged.
    """
    for frame, _ in _frames(path):
        yield frame


def blocks(path: Path) -> Iterator[Frame]:
    """As `frames`, joined: a plant's frames hold a few readings each, and a step on an array costs
    as much for one as for thousands.

    Raises:
        InputError: a frame before the last is damaged.
    """
    block_frames, size = list[Frame](), 0
    for frame in frames(path):
        block_frames.append(frame)
        size += len(frame.packed)
        if size >= BYTES_A_BLOCK:
            yield joined(block_frames)
            block_frames, size = [], 0
    if block_frames:
        yield joined(block_frames)


def joined(block_frames: Sequence[Frame]) -> Frame:
    """Frames of one segment as one."""
    packed = memoryview(b"".join(frame.packed for frame in block_frames))
    return Frame(
        block_frames[-1].names if block_frames else (),
        packed,
        [row for frame in block_frames for row in frame.rows],
    )


def packed_frame(names: Sequence[str], rows: Sequence[Row], records: NDArray[Any]) -> bytes:
    """A frame as it stands in a segment: length and checksum before names, table rows and
    records.
    """
    named = json.dumps(names).encode() if names else b""
    tables = json.dumps(rows).encode() if rows else b""
    body = b"".join((_LENGTHS.pack(len(named), len(tables)), named, tables, records.tobytes()))
    return _HEAD.pack(_MAGIC, len(body), zlib.crc32(body)) + body


def _frames(path: Path) -> Iterator[tuple[Frame, int]]:
    """Every whole frame, and where it ends."""
    content = path.read_bytes()
    bytes_, names, at = memoryview(content), tuple[str, ...](), 0
    while at + _HEAD.size <= len(content):
        magic, length, checksum = _HEAD.unpack_from(content, at)
        end = at + _HEAD.size + length
        body = bytes_[at + _HEAD.size : end]
        if (
            magic != _MAGIC
            or length > MOST_BYTES_A_FRAME
            or end > len(content)
            or zlib.crc32(body) != checksum
        ):
            if content.find(_MAGIC, at + 1) >= 0:
                raise _damaged(path, at)
            return  # the end of what was being written when the power went
        added, rows, packed = _unpacked(body)
        names = (*names, *added) if added else names
        at = end
        yield Frame(names, packed, rows), at


def _unpacked(body: memoryview) -> tuple[list[str], list[Row], memoryview]:
    names, tables = _LENGTHS.unpack_from(body)
    begin = _LENGTHS.size
    middle, end = begin + names, begin + names + tables
    return (
        json.loads(bytes(body[begin:middle])) if names else [],
        json.loads(bytes(body[middle:end])) if tables else [],
        body[end:],
    )


def _damaged(path: Path, at: int) -> InputError:
    return InputError(
        "spool-damaged",
        "The contents of the spool differ from what was written.",
        "Check the disk. Keep the file. To continue without its readings, move it out of the "
        "spool.",
        place=Place(str(path)),
        found=Phrase(
            "a checksum that fails at byte %(byte)s, with frames after it", byte=f"{at:,}"
        ),
        wanted=Phrase("what was written"),
    )
