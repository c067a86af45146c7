"""The end of a shift, told: each once, half a minute after it ended, and none that ended longer ago
than a shift lasts.

So a backlog tells of one shift at most, and with the energies that it brought; earlier ones are not
told. `shift.json` beside the spool has the end of the last one that was told, so that an agent that
is restarted before that goes on from it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from extras.live.control_room.shifts import bounds
from extras.live.running.totals import RunningTotals
from reporting_agent.state import write_whole

WAITS_S = 30.0  # for readings and rows of it that come late
A_MOMENT = timedelta(microseconds=1)
Span = tuple[datetime, datetime]


class ShiftEnds:
    """By the plant's time, which begins where its readings do."""

    def __init__(self, starts: Sequence[str], zone: tzinfo, folder: Path) -> None:
        """`folder`: the spool's."""
        self._starts, self._zone, self._file = starts, zone, folder / "shift.json"
        self._current: Span | None = None
        self._ended: Span | None = None  # and not told yet
        self._ended_s = 0.0

    def goes_on(self, before: ShiftEnds) -> None:
        """In place of another, whose settings changed: what it has not told is told, also where
        shifts begin at other hours now.
        """
        self._ended, self._ended_s = before._ended, before._ended_s
        if (self._starts, self._zone) == (before._starts, before._zone):
            self._current = before._current

    def start(self, totals: RunningTotals) -> None:
        """What ended before the last reading of the spool was told, unless it goes on from another,
        or the file says otherwise.
        """
        if totals.now_us and self._current is None:
            known_until = (
                datetime.fromisoformat(json.loads(self._file.read_text("utf-8"))["told_until"])
                if self._file.exists()
                else None
            )
            latest = self._at(totals.now_us)
            self._current = (
                latest
                if known_until is None
                else min(latest, bounds(self._starts, known_until, self._zone))
            )

    def due(
        self, totals: RunningTotals, wall: datetime, now_s: float, *, is_settled: Callable[[], bool]
    ) -> Span | None:
        """The shift that is to be told now, if any.

        Args:
            now_s: of a clock that is never set.
            is_settled: whether nothing of what came late waits to be counted.
        """
        if not totals.now_us:
            return None
        if self._current is None:
            self._current = self._at(
                min(
                    total.since_us
                    for total in totals.by_meter.values()
                    if total.since_us is not None
                )
            )
        current = self._at(totals.now_us)
        if current[0] > self._current[0]:
            self._ended, self._ended_s = (
                bounds(self._starts, current[0] - A_MOMENT, self._zone),
                now_s,
            )
            self._current = current
        if (ended := self._ended) is None:
            return None
        if wall - ended[1] > ended[1] - ended[0]:
            self._ended = None
            return None
        if now_s - self._ended_s < WAITS_S or not is_settled():
            return None
        self._ended = None
        return ended

    def mark_told(self, ended: Span) -> None:
        """It was: a restart goes on after it."""
        write_whole(self._file, json.dumps({"told_until": ended[1].isoformat()}).encode())

    def _at(self, moment_us: int) -> Span:
        return bounds(self._starts, datetime.fromtimestamp(moment_us / 1e6, UTC), self._zone)
