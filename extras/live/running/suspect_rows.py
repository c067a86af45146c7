"""Rows and stamps that cannot be as they are: batches that share time or lack an end, that cannot
be brought to reference, of units that nobody declares; stamps ahead of our clock, or it is behind.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from statistics import median_low

from benchmarks.phrases import Phrase, Value, enumerated, joined
from benchmarks.routes import Pack
from extras.live.running.as_label import row_of
from extras.live.running.batch_log import WRONG_US, BatchLog, Key, RunningBatch
from extras.live.running.totals import Line, RunningTotals
from extras.live.sources.clock import for_people
from extras.live.spool.reading import AHEAD_US, Reading
from extras.live.spool.segments import Row
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline.conditions import KeptOut, kept_out

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


def behind_us(totals: RunningTotals, log: BatchLog, stamps_ahead: StampsAhead) -> int:
    """Microseconds to add to this machine's clock; 0 where it may be right. Once rows have shown
    it, it ends when meters no longer do.
    """
    latest_us = max((total.received_us for total in totals.by_meter.values()), default=0)
    sending = [
        name
        for name, total in totals.by_meter.items()
        if total.received_us and not total.is_silent(latest_us)
    ]
    if not stamps_ahead.by_us or not sending:
        return 0
    most_us = median_low([stamps_ahead.by_us.get(name, 0) for name in sending])
    until_us = time.time_ns() // 1000 + most_us
    return (
        most_us if log.behind_us or any(batch.start_us <= until_us for batch in log.ahead()) else 0
    )


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


class OffReference:
    """Of one plant, in the order in which their rows came."""

    def __init__(self, site: SiteSettings, pack: Pack | None) -> None:
        self._pack, self._profile = pack, site.mapping.batches
        steps = () if pack is None else pack.steps
        self._variables = {
            step.id: {condition.variable for condition in step.reference_conditions}
            for step in steps
        }
        self._batches: dict[Key, RunningBatch] = {}

    def look(self, batch: RunningBatch, row: Row) -> None:
        """A batch whose row came; a variable may come with any row of it."""
        for name in self._variables.get(batch.step, ()):
            if (value := self._value(row, f"var.{name}")) is not None:
                batch.variables = {**batch.variables, name: value}
        self._batches.pop(batch.key, None)
        if batch.end_us is not None and batch.good and any(self._kept_out([batch])):
            self._batches[batch.key] = batch

    def since(self, moment_us: int) -> list[KeptOut]:
        """Those that ended after a moment, by step and variable."""
        return list(
            self._kept_out(
                [batch for batch in self._batches.values() if (batch.end_us or 0) >= moment_us]
            )
        )

    def forget(self, before_us: int) -> None:
        """Those that ended before; of history `label` tells."""
        self._batches = {
            key: batch for key, batch in self._batches.items() if (batch.end_us or 0) >= before_us
        }

    def _kept_out(self, batches: list[RunningBatch]) -> Iterator[KeptOut]:
        return (
            iter(())
            if self._pack is None
            else kept_out([row_of(batch) for batch in batches], self._pack)
        )

    def _value(self, row: Row, column: str) -> float | None:
        """As the mapping of batches says where a column stands; None where no number is there."""
        constants = self._profile.constants
        cell = (
            constants[column]
            if column in constants
            else row.get(self._profile.columns.get(column, column))
        )
        try:
            return None if cell is None else float(cell) * self._profile.scale.get(column, 1.0)
        except ValueError:
            return None


class NamedUnits:
    """What one site knows of both."""

    def __init__(self, site: SiteSettings, totals: RunningTotals) -> None:
        self._totals = totals
        self._steps = [step.id for step in totals.pack.steps] if totals.pack is not None else []
        units = [meter.equipment for meter in site.meters] + [
            equipment.id for equipment in site.equipment
        ]
        self._units = sorted({unit for unit in units if unit})

    def unknown(self, line: Line, batch: str) -> Phrase | None:
        """What of a line is not known, by a batch of it; None where all is. A unit need not be
        named where meters count the whole step.
        """
        step, unit = line
        if self._steps and step not in self._steps:
            why = Phrase(
                "Batch %(batch)s: the pack has no step %(name)s, so its energy is not known.",
                batch=batch,
                name=repr(step),
            )
            return _with_nearest(why, step, self._steps)
        if not unit and self._units and not self._totals.lines.counted([line]):
            return Phrase(
                "Batch %(batch)s names no unit, and no meter counts all of its step %(name)s, so "
                "its energy is not known. Send its row "
                "again with its equipment.",
                batch=batch,
                name=repr(step),
            )
        if unit and unit not in self._units and not self._totals.lines.counted([line]):
            why = Phrase(
                "Batch %(batch)s: no [[meters]] or [[equipment]] in site.toml names the unit "
                "%(name)s, so its energy is not known.",
                batch=batch,
                name=repr(unit),
            )
            return _with_nearest(why, unit, self._units)
        return None


def _with_nearest(why: Phrase, name: str, names: Iterable[str]) -> Phrase:
    near = get_close_matches(name, names, n=1)
    if not near:
        return why
    advice = Phrase(
        "The nearest name is %(near)s: correct it at its source if that is meant, else declare it.",
        near=repr(near[0]),
    )
    return joined(why, advice)
