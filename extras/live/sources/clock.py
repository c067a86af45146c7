"""The clock of a source against ours: by how much its stamps differ from when they came, the way
between them left out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from benchmarks.phrases import Phrase
from extras.live.sources.source import Word

FEWEST = 10
LATEST = 100
TOLERATED_US = 5_000_000


class SourceClock:
    """Of the latest fresh readings the least delay: a way takes time, and never less than none (the
    filter of NTP, RFC 5905, 10).
    """

    def __init__(self) -> None:
        self._delays: deque[int] = deque(maxlen=LATEST)

    def take(self, source_us: int, received_us: int) -> None:
        """A reading that was sent when it was read; none of history."""
        self._delays.append(received_us - source_us)

    @property
    def behind_us(self) -> int | None:
        """By how much the source's clock is behind ours, negative where it is ahead; None while too
        little is known or it is tolerated.
        """
        if len(self._delays) < FEWEST:
            return None
        least = min(self._delays)
        return least if abs(least) > TOLERATED_US else None

    def words(self, source: str) -> Iterator[Word]:
        """Told where it is off by more than is tolerated, and once more where it is right again."""
        behind_us = self.behind_us
        if behind_us is None:
            yield Word(
                "clock", "", Phrase("%(source)s: its clock agrees with ours again.", source=source)
            )
            return
        off = for_people(abs(behind_us) / 1e6)
        sentence = (
            Phrase(
                "%(source)s: its clock is %(off)s behind ours. Set both by one time server.",
                source=source,
                off=off,
            )
            if behind_us > 0
            else Phrase(
                "%(source)s: its clock is %(off)s ahead of ours. Set both by one time server.",
                source=source,
                off=off,
            )
        )
        yield Word("clock", f"{'behind' if behind_us > 0 else 'ahead'}", sentence)


def for_people(seconds: float) -> Phrase:
    """A difference in the unit by which its cause is seen: a clock that drifts, a zone, a wrong
    date.
    """
    if seconds < 3600:
        return Phrase("%(count)s s", count=f"{seconds:,.0f}")
    if seconds < 48 * 3600:
        return Phrase("%(count)s h", count=f"{seconds / 3600:.2f}")
    return Phrase("%(count)s days", count=f"{seconds / 86400:,.1f}")
