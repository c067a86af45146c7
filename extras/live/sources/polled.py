"""A source that is asked now and then, by a thread of its own: databases, files.

Where it goes on reading is its *position*: it lies in the spool, in the frame of the readings that
it follows, so that both are on the disk or neither is. A killed agent goes on behind the last
reading that it has.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.phrases import Phrase
from extras.live.sources.lifeline import Lifeline
from extras.live.sources.source import BACKLOG, NOT_YET, Word, reason
from extras.live.spool.acknowledging import Intake, MessageArrival
from extras.live.spool.positions import row_of
from extras.live.spool.reading import Reading
from extras.live.spool.segments import Row

MOST_WAITING = 4  # arrivals that are not kept yet
LEAVING_S = 10.0
_PATIENCE_S = 0.5


class UnexpectedAnswer(ValueError):  # noqa: N818 - a state, that is told
    """What a source gives is not as site.toml says; the text says what was found."""


class PolledSource(ABC):
    """Calls `poll` every so many seconds until `stop`."""

    failures: tuple[type[Exception], ...] = (OSError, UnexpectedAnswer)
    """What `poll` raises where its source cannot be read now; it is told, and tried again."""

    def __init__(self, name: str, every_s: float, intake: Intake) -> None:
        self.name = name
        self.refusal: str = NOT_YET  # why nothing comes, or not all of it yet
        self._every_s, self._intake = every_s, intake
        self._stop = threading.Event()
        self.lifeline = Lifeline()
        self._room = threading.Semaphore(MOST_WAITING)
        self._thread = threading.Thread(target=self._go_on, daemon=True, name=name)

    @abstractmethod
    def poll(self) -> None:
        """Put what is new; returns early once `stopping`."""

    def close(self) -> None:
        """Let go of what is open; nothing by default."""
        return

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def go_on_from(self, positions: Mapping[str, Any]) -> None:
        """Take up where the spool says that this source was read to; once, before the first
        `poll`.
        """
        del positions

    def start(self) -> None:
        self.go_on_from(dict(self._intake.spool.positions))
        self._thread.start()

    def stop(self) -> None:
        """A poll that waits longer for an answer ends by itself once it has it: it hands on nothing
        any more.
        """
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(LEAVING_S)

    def trouble(self) -> str:
        return self.lifeline.trouble or self.refusal

    def words(self) -> Iterator[Word]:
        if self.refusal in (NOT_YET, BACKLOG):
            return
        sentence = Phrase(
            "%(source)s cannot be read (%(why)s); the agent tries again.",
            source=self.name,
            why=self.refusal,
        )
        yield Word(
            "",
            self.refusal or "read",
            sentence if self.refusal else Phrase("%(source)s is read.", source=self.name),
        )

    def put(
        self, readings: Sequence[Reading], rows: Sequence[Row], key: str, position: Any
    ) -> bool:
        """Hand on what was read up to a position; False where the source was stopped instead, and
        nothing was handed on.
        """
        if self.stopping:
            return False
        arrival = MessageArrival(readings, [*rows, row_of(key, position)], self._room.release)
        while not self._room.acquire(timeout=_PATIENCE_S):
            if self.stopping:
                return False
        while not self._intake.offer(arrival, _PATIENCE_S):
            if self.stopping:
                return False
        self.refusal = self.refusal and BACKLOG
        return True

    def _go_on(self) -> None:
        with self.lifeline.guard():
            self._polling()
        self.close()

    def _polling(self) -> None:
        while not self.stopping:
            try:
                self.poll()
            except self.failures as why:
                self.refusal = reason(why)
            else:
                self.refusal = ""
            self._stop.wait(self._every_s)
