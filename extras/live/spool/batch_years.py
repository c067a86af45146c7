"""Of which year a row's batch is, at a plant whose batch ids start again each January (`batch_ids =
"restart-yearly"`).
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from extras.live.spool.kept_rows import moment_us
from extras.live.spool.segments import Row


class BatchYears:
    """Asked of the rows in order of arrival: one that does not tell its batch's start is of the
    latest batch of its id.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._latest: dict[tuple[object, object], int] = {}

    def of(self, row: Row) -> int | None:
        """The year of its start at the site; of a first row without one, that of its end."""
        key = row.get("step"), row.get("batch_id")
        start_us, end_us = (moment_us(row.get(column), self._zone) for column in ("start", "end"))
        time_us = end_us if start_us is None and key not in self._latest else start_us
        if time_us is not None:
            self._latest[key] = (
                datetime.fromtimestamp(time_us / 1e6, UTC).astimezone(self._zone).year
            )
        return self._latest.get(key)
