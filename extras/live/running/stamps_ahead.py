"""Meters whose last reading is stamped later than it came: a wrong clock or zone. A stamp that is
late says nothing, for a source may have stored it."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.phrases import Phrase, Value, enumerated
from extras.live.running.totals import RunningTotals
from extras.live.sources.clock import for_people
from extras.live.spool.reading import AHEAD_US, Reading

WRONG_US = 60_000_000  # of a stamp that is ahead of its receipt, whatever the source
MOST_NAMED = 5


class StampsAhead:
    """Of one site."""

    def __init__(self) -> None:
        self.by_us: dict[str, int] = {}

    def take(self, readings: Iterable[Reading], totals: RunningTotals) -> None:
        """Readings in order of arrival, by the clock that site.toml declares. What is a day ahead
        is left out by `totals`.
        """
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
        named: list[Value] = [
            Phrase("%(meter)s (%(off)s)", meter=meter, off=for_people(self.by_us[meter] / 1e6))
            for meter in meters
        ]
        return enumerated([*named[:MOST_NAMED], "…"] if len(named) > MOST_NAMED else named)
