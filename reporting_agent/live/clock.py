"""The clock of a source against ours: by how much its stamps differ from when they came, the way between them left out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from benchmarks.phrases import Phrase
from reporting_agent.live.source import Word

FEWEST = 10
LATEST = 100
TOLERATED_US = 5_000_000


class Clock:
    """Of the latest fresh readings the least delay: a way takes time, and never less than none (the filter of NTP, RFC 5905, 10)."""

    def __init__(self) -> None:
        self._delays: deque[int] = deque(maxlen=LATEST)

    def take(self, source_us: int, received_us: int) -> None:
        """A reading that was sent when it was read; none of history."""
        self._delays.append(received_us - source_us)

    @property
    def behind_us(self) -> int | None:
        """By how much the source's clock is behind ours, negative where it is ahead; None while too little is known or it is tolerated."""
        if len(self._delays) < FEWEST:
            return None
        least = min(self._delays)
        return least if abs(least) > TOLERATED_US else None

    def words(self, source: str) -> Iterator[Word]:
        """Told where it is off by more than is tolerated, and once more where it is right again."""
        behind_us = self.behind_us
        if behind_us is None:
            yield Word("clock", "", Phrase("%(source)s: its clock agrees with ours again.", source=source))
            return
        seconds = f"{abs(behind_us) / 1e6:,.0f}"
        sentence = (
            Phrase("%(source)s: its clock is %(seconds)s s behind ours. Set both by one time server.", source=source, seconds=seconds)
            if behind_us > 0
            else Phrase(
                "%(source)s: its clock is %(seconds)s s ahead of ours. Set both by one time server.", source=source, seconds=seconds
            )
        )
        yield Word("clock", f"{'behind' if behind_us > 0 else 'ahead'}", sentence)
