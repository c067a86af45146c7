"""What a full spool deletes of a segment: its Parquet, and its rows but for those of batches, which
are small and tell what ran.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from extras.live.spool import layout
from reporting_agent.state import sync_folder, write_whole


def drop(folder: Path, number: int) -> tuple[int, list[str]]:
    """Delete what a segment left that is Parquet by now; returns the bytes of that, and the names
    of the files that are gone.
    """
    day, table = layout.day_of(folder, number), layout.table_path(folder, number)
    files = [path for path in (day, table) if path is not None and path.exists()]
    before = sum(path.stat().st_size for path in files)
    if day is not None:
        day.unlink()
        sync_folder(day.parent)
    if table in files:
        _leave_batches(table)
    left = [path for path in files if path.exists()]
    return before - sum(path.stat().st_size for path in left), [
        path.name for path in files if path not in left
    ]


def _leave_batches(table: Path) -> None:
    """As it is where the disk has no room to write it anew."""
    rows = json.loads(table.read_text("utf-8"))
    batches = [row for row in rows if row["table"] == "batches"]
    if not batches:
        table.unlink()
        sync_folder(table.parent)
    elif len(batches) < len(rows):
        with suppress(OSError):
            write_whole(table, json.dumps(batches).encode())
