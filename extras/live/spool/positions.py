"""Up to where each source was read: rows of the spool, of which the last of a source counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from extras.live.spool.segments import Row

TABLE = "position"


def row_of(key: str, position: Any) -> Row:
    """A source's position as a row; None: there is none any more."""
    return {"table": TABLE, "of": key, "position": position}


def follow(positions: dict[str, Any], rows: Iterable[Row]) -> None:
    """Take over what rows say, in order of arrival."""
    for row in rows:
        if row["table"] == TABLE:
            positions[row["of"]] = row["position"]
            if row["position"] is None:
                del positions[row["of"]]


def without(rows: Iterable[Row]) -> list[Row]:
    """The rows that are no positions."""
    return [row for row in rows if row["table"] != TABLE]
