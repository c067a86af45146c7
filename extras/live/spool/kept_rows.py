"""The rows of all tables that a spool holds, in order of arrival, and what their times are."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime, tzinfo
from pathlib import Path

from extras.live.spool import layout
from extras.live.spool.reading import BEYOND_US
from extras.live.spool.segments import Row, frames


def kept_rows(folder: Path) -> list[Row]:
    """Those of segments, and of segments that are Parquet by now."""
    by_number: dict[int, list[Row]] = {}
    for path in layout.segments(folder):
        with suppress(FileNotFoundError):  # it is Parquet by now, and its rows lie among the tables
            by_number[layout.number_of(path)] = [
                row for frame in frames(path) for row in frame.rows
            ]
    for path in (folder / "tables").glob("*.json"):
        with suppress(FileNotFoundError):  # it was deleted for room
            by_number[layout.number_of(path)] = json.loads(path.read_text("utf-8"))
    return [row for _, rows in sorted(by_number.items()) for row in rows]


def moment_us(cell: object, zone: tzinfo) -> int | None:
    """A row's time in UTC microseconds; None also of a date that stands for "none" (0001-01-01,
    9999-12-31).
    """
    try:
        stamp = datetime.fromisoformat(str(cell))
        time_us = round((stamp if stamp.tzinfo else stamp.replace(tzinfo=zone)).timestamp() * 1e6)
    except (ValueError, OverflowError):
        return None
    return time_us if 0 <= time_us < BEYOND_US else None
