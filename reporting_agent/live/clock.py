"""The clock of a source against ours: by how much its stamps differ from when they came, the way between them left out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from benchmarks.phrases import Phrase, Value, enumerated
from reporting_agent.live.reading import Reading
from reporting_agent.live.source import Word
from reporting_agent.live.totals import AHEAD_US, Totals

FEWEST = 10
LATEST = 100
TOLERATED_US = 5_000_000
WRONG_US = 60_000_000  # of a stamp that is ahead of its receipt, whatever the source
MOST_NAMED = 5


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
        off = for_people(abs(behind_us) / 1e6)
        sentence = (
            Phrase("%(source)s: its clock is %(off)s behind ours. Set both by one time server.", source=source, off=off)
            if behind_us > 0
            else Phrase("%(source)s: its clock is %(off)s ahead of ours. Set both by one time server.", source=source, off=off)
        )
        yield Word("clock", f"{'behind' if behind_us > 0 else 'ahead'}", sentence)


def for_people(seconds: float) -> Phrase:
    """A difference in the unit by which its cause is seen: a clock that drifts, a zone, a wrong date."""
    if seconds < 3600:
        return Phrase("%(count)s s", count=f"{seconds:,.0f}")
    if seconds < 48 * 3600:
        return Phrase("%(count)s h", count=f"{seconds / 3600:.2f}")
    return Phrase("%(count)s days", count=f"{seconds / 86400:,.1f}")


class StampsAhead:
    """Meters whose last reading is stamped later than it came: a wrong clock or zone. A stamp that is late says nothing, for a source may
    have stored it."""

    def __init__(self) -> None:
        self.by_us: dict[str, int] = {}

    def take(self, readings: Iterable[Reading], totals: Totals) -> None:
        """Readings in order of arrival, by the clock that site.toml declares. What is a day ahead is left out by `totals`."""
        for reading in readings:
            if not reading.received_us or (total := totals.by_meter.get(reading.meter)) is None:
                continue
            ahead_us = reading.time_us + total.late_us - reading.received_us
            if WRONG_US < ahead_us <= AHEAD_US:
                self.by_us[reading.meter] = ahead_us
            else:
                self.by_us.pop(reading.meter, None)

    def named(self, meters: Iterable[str]) -> Value:
        """Some of these meters, each with its difference."""
        named: list[Value] = [Phrase("%(meter)s (%(off)s)", meter=meter, off=for_people(self.by_us[meter] / 1e6)) for meter in meters]
        return enumerated([*named[:MOST_NAMED], "…"] if len(named) > MOST_NAMED else named)
