"""Batches that had ended and are counted from the spool: since readings or rows of them came late or corrected, or only once a meter had
told of their time; the labels that change with them."""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from math import isclose
from pathlib import Path

import numpy as np

from benchmarks.phrases import Phrase
from reporting_agent.config import Site
from reporting_agent.live.running.awaited import beside_us
from reporting_agent.live.running.batch_log import Batch, Key
from reporting_agent.live.running.line_meters import Line
from reporting_agent.live.running.meter_total import HOUR_US, Total
from reporting_agent.live.running.plant import Plant
from reporting_agent.live.spool.window import readings_between
from reporting_agent.live.spool.writer import Taken
from reporting_agent.report.figures import NOTHING, count

GATHERED_S = 30.0  # a backlog is told in one sentence and not in thousands
MOST_NAMED = 5
MOST_DIGITS = 6
SAME = 1e-6  # of an energy, in which two sums of the same readings may differ
READ_TOGETHER = 1_000_000  # readings: some 150 MB while they are counted
READ_BEFORE = 200_000  # readings before a batch, by which its meters are cleaned and its pauses known
REST_TIMES = 20.0  # as long as counting took: the page is to go on
DAY_US = 24 * HOUR_US


class Reopening:
    """Gathers late readings and corrected rows; now and then counts what they touch again, and tells."""

    def __init__(self, site: Site, folder: Path) -> None:
        self._site, self._folder = site, folder
        self._times_us: dict[str, array[int]] = {}  # of late and corrected readings, by meter
        self._late = self._corrected = 0
        self._since_s: float | None = None
        self._settles_s = 0.0  # when batches that ended are counted next, where some wait
        self._before: dict[Key, float | None] = {}  # final figures of batches that were settled again while late data was gathered
        self._last: Phrase | None = None

    @property
    def gathers(self) -> bool:
        """Whether something waits to be counted."""
        return self._since_s is not None

    def take(self, taken: Taken) -> None:
        """Readings that are older than one that was there, or give a moment another value."""
        again = set(taken.corrected)
        late = [reading for reading in taken.late if reading not in again]
        self._late, self._corrected = self._late + len(late), self._corrected + len(taken.corrected)
        for reading in (*late, *taken.corrected):
            self._times_us.setdefault(reading.meter, array("q")).append(reading.time_us)

    def round(self, plant: Plant, now_s: float) -> Iterator[Phrase]:
        """Count what ended as `label` does, twice a minute; then what is told of late and corrected data."""
        if plant.awaited.settling and now_s >= self._settles_s:
            began_s = time.monotonic()
            self.settle(plant)
            self._settles_s = now_s + max(GATHERED_S, REST_TIMES * (time.monotonic() - began_s))
        yield from self.told(plant, now_s)

    def settle(self, plant: Plant) -> None:
        """Count all batches that ended and wait for it, from the spool."""
        waiting, plant.awaited.settling = plant.awaited.settling, {}
        if self._times_us or plant.log.corrected:
            self._before = _final(waiting.values()) | self._before
        count_again(plant, sorted(waiting.values(), key=lambda batch: batch.start_us), self._folder)

    def told(self, plant: Plant, now_s: float) -> Iterator[Phrase]:
        """A sentence where the final figures of batches changed, once what comes late was gathered for a while."""
        if not self._times_us and not plant.log.corrected and not plant.awaited.due:
            return
        self._since_s = now_s if self._since_s is None else self._since_s
        if now_s - self._since_s < GATHERED_S:
            return
        times_us, self._times_us, self._since_s = self._times_us, {}, None
        late, again, self._late, self._corrected = self._late, self._corrected, 0, 0
        rows, plant.log.corrected = plant.log.corrected, {}
        awaited, plant.awaited.due = plant.awaited.due, {}
        by_key = {batch.key: batch for batch in touches(plant, times_us)} | rows
        awaited = {key: batch for key, batch in awaited.items() if key not in by_key}
        touched = sorted((by_key | awaited).values(), key=lambda batch: batch.start_us)
        before, self._before = _final(touched) | self._before, {}
        keys = {batch.key for batch in touched}
        plant.awaited.settling |= {other.key: other for batch in touched for other in plant.log.beside(batch) if other.key not in keys}
        count_again(plant, touched, self._folder)
        if awaited:
            yield Phrase("Batches counted once all their readings were there: %(batches)s.", batches=count(len(awaited)))
        differing = [
            batch for batch in touched if batch.key in by_key and batch.key in before and _differs(before[batch.key], batch.counted)
        ]
        for batch in differing:
            batch.again = True
        if differing:
            self._last = self._sentence(differing, before, late=late, corrected=again, rows=len(rows))
            yield self._last

    def _sentence(self, touched: Sequence[Batch], before: dict[Key, float | None], **how_many: int) -> Phrase:
        months = sorted(
            {f"{datetime.fromtimestamp((batch.end_us or 0) / 1e6, UTC).astimezone(self._site.zone):%Y-%m}" for batch in touched}
        )
        named = [f"{batch.id}: {_from_to(before[batch.key], batch.counted)} kgce/t" for batch in touched[:MOST_NAMED]]
        return Phrase(
            "Batches counted again after late or corrected data: %(batches)s (%(named)s). Late readings: %(late)s; corrected readings: "
            "%(corrected)s; corrected rows: %(rows)s. Labels that hold %(months)s change: run `label` again, and `submit --correct` where "
            "the period was reported.",
            batches=len(touched),
            named="; ".join(named + (["…"] if len(touched) > MOST_NAMED else [])),
            months=", ".join(months),
            **how_many,
        )

    def notices(self) -> Iterator[tuple[str, Phrase, bool]]:
        """The last of them, as a row of the page's table of sources."""
        if self._last is not None:
            yield Phrase("Late and corrected data"), self._last, False


def touches(plant: Plant, times_us: Mapping[str, array[int]]) -> list[Batch]:
    """The batches that were counted and lie over such a time of a meter."""
    touched: dict[Key, Batch] = {}
    for meter, of_meter in times_us.items():
        total = plant.totals.by_meter.get(meter)
        if total is None:
            continue
        moments_us, reach_us, pause_us = np.sort(np.array(of_meter)), _reach_us(total), beside_us(total)
        for line, batches in plant.log.lines.items():
            if not plant.totals.lines.tells(meter, line):
                continue
            counted = [batch for batch in batches if batch.end_us is not None and batch.noted is not None]
            first = np.searchsorted(moments_us, [batch.start_us - pause_us for batch in counted])
            last = np.searchsorted(moments_us, [(batch.end_us or 0) + max(reach_us, pause_us) for batch in counted], "right")
            touched |= {counted[place].key: counted[place] for place in np.flatnonzero(first < last).tolist()}
    return list(touched.values())


def count_again(plant: Plant, batches: Sequence[Batch], folder: Path) -> None:
    """Batches in order of their beginning, from all that the spool holds of their time."""
    for together in _together(plant, batches):
        meters = {total.meter.id: total for batch in together for total in plant.totals.of_line(batch.line, batch.start_us)}
        margin_us = max((_margin_us(total) for total in meters.values()), default=0)
        before_us = max(margin_us, round(READ_BEFORE / sum(1 / _reach_us(total) for total in meters.values()))) if meters else 0
        first_us, last_us = together[0].start_us - before_us, max(member.end_us or 0 for member in together) + margin_us
        plant.count_as_label(together, readings_between(folder, frozenset(meters), first_us, last_us))


def _together(plant: Plant, batches: Sequence[Batch]) -> Iterator[list[Batch]]:
    """As many in turn as have some `READ_TOGETHER` readings: each turn reads the segments whole, so that few would take for ever."""
    per_us = {name: 1 / total.usual_us for name, total in plant.totals.by_meter.items()}
    group: list[Batch] = []
    lines: set[Line] = set()
    meters: set[str] = set()
    for batch in batches:
        if batch.line not in lines:
            lines.add(batch.line)
            meters |= {total.meter.id for total in plant.totals.of_line(batch.line, batch.start_us)}
        if group and ((batch.end_us or 0) - group[0].start_us) * sum(per_us[name] for name in meters) > READ_TOGETHER:
            yield group
            group, lines = [], {batch.line}
            meters = {total.meter.id for total in plant.totals.of_line(batch.line, batch.start_us)}
        group.append(batch)
    if group:
        yield group


def _margin_us(total: Total) -> int:
    """As far around a batch as its energy depends on readings of a meter."""
    return total.longest_gap_us + 2 * beside_us(total) + 3 * _reach_us(total)


def _reach_us(total: Total) -> int:
    """A register's reading tells of the time since the one before."""
    return round(min(total.usual_us, DAY_US))


def _final(batches: Iterable[Batch]) -> dict[Key, float | None]:
    """Figures that stand; those by running totals are so far."""
    return {batch.key: batch.counted for batch in batches if batch.as_label}


def _differs(before: float | None, after: float | None) -> bool:
    """By more than sums differ that were added up from another reading on."""
    return before != after and (before is None or after is None or not isclose(before, after, rel_tol=SAME))


def _from_to(before: float | None, after: float | None) -> str:
    """With one digit, or as many as show the difference."""
    for digits in range(1, MOST_DIGITS):
        first, second = _written(before, digits), _written(after, digits)
        if first != second:
            return f"{first} → {second}"
    return f"{_written(before, MOST_DIGITS)} → {_written(after, MOST_DIGITS)}"


def _written(value: float | None, digits: int) -> str:
    return NOTHING if value is None else f"{value:.{digits}f}"
