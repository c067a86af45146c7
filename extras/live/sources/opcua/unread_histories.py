"""Histories that a server cannot give now: from when on each is still to be read, kept in the spool
over a restart.

A historian that fails must not keep out what its server publishes. Values are taken as they come,
and what is missing before them is read once its history answers; until then the spool says from
when.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from benchmarks.phrases import Phrase
from extras.live.sources.opcua.history import UnreadHistory
from extras.live.sources.source import Word
from extras.live.spool.positions import row_of
from extras.live.spool.segments import Row

AGAIN_FIRST_S, AGAIN_LAST_S = 60.0, 3600.0


class UnreadHistories:
    """Of one server, by meter or by what a batch is told by. `keep` returns once the spool has its
    rows.
    """

    def __init__(
        self,
        source: str,
        url: str,
        positions: Mapping[str, Any],
        keep: Callable[[list[Row]], Awaitable[None]],
    ) -> None:
        self._source, self._prefix, self._keep = source, f"opcua:{url}:", keep
        self.since = {
            key.removeprefix(self._prefix): datetime.fromisoformat(start)
            for key, start in positions.items()
            if key.startswith(self._prefix)
        }
        self._why = ""
        self._pause_s = AGAIN_FIRST_S

    async def read(self, name: str, start: datetime, work: Awaitable[None]) -> None:
        """Do the work of reading a history from its start; one that the server cannot give now is
        noted, and left for later.
        """
        try:
            await work
        except UnreadHistory as why:
            self._why = str(why)
            if start < self.since.get(name, start.max.replace(tzinfo=start.tzinfo)):
                self.since = {**self.since, name: start}
                await self._keep([row_of(self._prefix + name, start.isoformat())])
        else:
            if name in self.since:
                self.since = {
                    history: begin for history, begin in self.since.items() if history != name
                }
                await self._keep([row_of(self._prefix + name, None)])
                self._pause_s = self._pause_s if self.since else AGAIN_FIRST_S

    def start(self, name: str, start: datetime | None) -> datetime | None:
        """From when a history is to be read that would else be read from `start`."""
        unread = self.since.get(name)
        return start if unread is None else unread if start is None else min(start, unread)

    def pause_s(self) -> float:
        """How long to wait before those are asked for again: longer each time, at most an hour."""
        pause_s, self._pause_s = self._pause_s, min(2 * self._pause_s, AGAIN_LAST_S)
        return pause_s

    def words(self) -> Iterator[Word]:
        names = ", ".join(sorted(self.since))
        if names:
            sentence = Phrase(
                "%(source)s is connected but cannot give the history of %(meters)s (%(why)s). New "
                "values are saved; what is missing before "
                "them is read once its history answers. If it never will, set history = false: "
                "that time stays a gap, though the energy "
                "from a register is complete.",
                source=self._source,
                meters=names,
                why=self._why or "HistoryRead",
            )
        else:
            sentence = Phrase(
                "%(source)s: the history that was missing is read.", source=self._source
            )
        yield Word("unread history", names, sentence)
