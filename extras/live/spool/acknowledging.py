"""The one place where what arrived is kept, and only then acknowledged to its source.

Sources put arrivals into a queue; one thread takes all that wait, keeps them by one sync of the
disk, and acknowledges each. Where the disk takes nothing, nothing is acknowledged, and the source
keeps it.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from extras.live.spool.reading import Reading
from extras.live.spool.repeats import ArrivalOutcome
from extras.live.spool.segments import Row
from extras.live.spool.writer import Spool, SpoolFull

GATHERED_S = (
    0.005  # after the first, since a sync and a round cost as much for one message as for hundreds
)
MOST_AT_ONCE = 4_000  # messages by one sync
MOST_WAITING = 20_000  # then a source waits too


def _nobody() -> None:
    """A message that its source does not ask about."""


@dataclass(frozen=True, slots=True)
class MessageArrival:
    """What one message holds, and how its source is told that it is kept."""

    readings: Sequence[Reading]
    rows: Sequence[Row] = ()
    acknowledge: Callable[[], None] = _nobody


class Intake:
    """Keeps what sources put into it. `step` is called by one thread."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.full: SpoolFull | None = None  # why nothing is taken now
        self._queue: queue.Queue[MessageArrival] = queue.Queue(MOST_WAITING)
        self._refused: list[MessageArrival] = []

    def put(self, arrival: MessageArrival) -> None:
        """From any thread; waits while too much waits."""
        self._queue.put(arrival)

    def offer(self, arrival: MessageArrival, timeout_s: float) -> bool:
        """As `put`, but False where too much waited all the time."""
        try:
            self._queue.put(arrival, timeout=timeout_s)
        except queue.Full:
            return False
        return True

    def step(self, timeout_s: float) -> ArrivalOutcome | None:
        """Keep what waits, or what comes within the time; None where nothing came, or nothing could
        be kept (`full`).

        Raises:
            OSError: the disk failed; open the spool again.
        """
        waiting, self._refused = self._refused or self._waiting(timeout_s), []
        if not waiting:
            return None
        try:
            outcome = self._keep(waiting)
        except SpoolFull as refused:
            self.full, self._refused = refused, waiting
            return None
        self.full = None
        return outcome

    def _keep(self, waiting: Sequence[MessageArrival]) -> ArrivalOutcome:
        outcome = self.spool.append(
            [reading for arrival in waiting for reading in arrival.readings],
            [row for delivery in waiting for row in delivery.rows],
        )
        for arrival in waiting:
            arrival.acknowledge()
        return outcome

    def _waiting(self, timeout_s: float) -> list[MessageArrival]:
        arrivals: list[MessageArrival] = []
        with suppress(queue.Empty):
            arrivals.append(self._queue.get(timeout=timeout_s))
            time.sleep(GATHERED_S)
            while len(arrivals) < MOST_AT_ONCE:
                arrivals.append(self._queue.get_nowait())
        return arrivals
