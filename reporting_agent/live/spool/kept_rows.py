"""The rows of all tables that a spool holds, in order of arrival."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from reporting_agent.live.spool import layout
from reporting_agent.live.spool.segments import Row, frames


def kept_rows(folder: Path) -> list[Row]:
    """Those of segments, and of segments that are Parquet by now."""
    by_number: dict[int, list[Row]] = {}
    for path in layout.segments(folder):
        with suppress(FileNotFoundError):  # it is Parquet by now, and its rows lie among the tables
            by_number[layout.number_of(path)] = [row for frame in frames(path) for row in frame.rows]
    for path in (folder / "tables").glob("*.json"):
        by_number[layout.number_of(path)] = json.loads(path.read_text("utf-8"))
    return [row for _, rows in sorted(by_number.items()) for row in rows]
