"""Batches that share a unit and time by their rows, which `label` leaves out (`overlap`), and a
batch whose end is missing.

One without an end that others have followed and ended before it shares no time that is known: its
end is missing (`end-missing`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from extras.live.running.batch_log import Key, RunningBatch

NEAR = 3  # batches on each side of one, with which it is compared

Pair = tuple[RunningBatch, RunningBatch]
"""The one that began first, and the other."""


class Sharing:
    """Of one plant, pairs in the order in which they were noticed."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[Key, Key], Pair] = {}

    def look(self, batch: RunningBatch, line: Sequence[RunningBatch]) -> None:
        """A batch whose row came, among those of its line in order of their beginning."""
        position = bisect_left(line, batch.start_us, key=lambda entry: entry.start_us)
        for other in line[max(position - NEAR, 0) : position + NEAR + 1]:
            if other is batch:
                continue
            first, later = sorted((other, batch), key=lambda entry: entry.start_us)
            if _share(first, later):
                self._pairs[first.key, later.key] = first, later

    def pairs(self) -> list[Pair]:
        """Those that still share."""
        return [pair for pair in self._standing() if pair[0].end_us is not None]

    def without_end(self) -> list[RunningBatch]:
        """Those whose end is missing."""
        return list(
            {pair[0].key: pair[0] for pair in self._standing() if pair[0].end_us is None}.values()
        )

    def _standing(self) -> list[Pair]:
        self._pairs = {keys: pair for keys, pair in self._pairs.items() if _share(*pair)}
        return list(self._pairs.values())

    def forget(self, before_us: int) -> None:
        """Pairs that ended before; of history `label` tells."""
        self._pairs = {
            keys: pair
            for keys, pair in self._pairs.items()
            if max(batch.end_us or batch.start_us for batch in pair) >= before_us
        }


def _share(first: RunningBatch, later: RunningBatch) -> bool:
    """Of two that have not ended nothing is said: the end of the first may be on its way, as it may
    be until the other ended too.
    """
    if later.end_us is not None and later.end_us <= later.start_us:
        return False
    if first.end_us is not None:
        return first.end_us > max(later.start_us, first.start_us)
    return later.end_us is not None
