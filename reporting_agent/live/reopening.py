"""Batches that had ended and are counted again, since readings or rows of them came late or corrected; the labels that change with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from math import isclose
from pathlib import Path

from benchmarks.phrases import Phrase
from reporting_agent.config import Site
from reporting_agent.live.batch_log import Batch, Key
from reporting_agent.live.plant import Plant
from reporting_agent.live.reading import Reading
from reporting_agent.live.spool import Taken
from reporting_agent.live.totals import HOUR_US, LONGEST_GAP_US, Total
from reporting_agent.live.window import readings_between
from reporting_agent.report.figures import NOTHING

GATHERED_S = 30.0  # a backlog is told in one sentence and not in thousands
MOST_NAMED = 5
MOST_DIGITS = 6
SAME = 1e-6  # of an energy, in which two sums of the same readings may differ
READ_TOGETHER_US = 6 * HOUR_US  # batches that end within so long of the first one's beginning
DAY_US = 24 * HOUR_US


class Reopening:
    """Gathers late readings and corrected rows; now and then counts what they touch again, and tells."""

    def __init__(self, site: Site, folder: Path) -> None:
        self._site, self._folder = site, folder
        self._late: list[Reading] = []
        self._corrected: list[Reading] = []
        self._since_s: float | None = None
        self._last: Phrase | None = None

    def take(self, taken: Taken) -> None:
        """Readings that are older than one that was there, or give a moment another value."""
        again = set(taken.corrected)
        self._late += [reading for reading in taken.late if reading not in again]
        self._corrected += taken.corrected

    def told(self, plant: Plant, now_s: float) -> Iterator[Phrase]:
        """A sentence where batches were counted again, once what comes late was gathered for a while."""
        if not self._late and not self._corrected and not plant.log.corrected:
            return
        self._since_s = now_s if self._since_s is None else self._since_s
        if now_s - self._since_s < GATHERED_S:
            return
        late, again, self._late, self._corrected, self._since_s = self._late, self._corrected, [], [], None
        rows, plant.log.corrected = plant.log.corrected, {}
        by_key = {batch.key: batch for batch in touches(plant, [*late, *again])} | rows
        touched = sorted(by_key.values(), key=lambda batch: batch.start_us)
        if not touched:
            return
        before = {batch.key: batch.counted for batch in touched}
        count_again(plant, touched, self._folder)
        differing = [batch for batch in touched if _differs(before[batch.key], batch.counted)]
        for batch in differing:
            batch.again = True
        if differing:
            self._last = self._sentence(differing, before, late=len(late), corrected=len(again), rows=len(rows))
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


def touches(plant: Plant, readings: Sequence[Reading]) -> list[Batch]:
    """The batches that were counted and lie over such a reading."""
    touched: dict[Key, Batch] = {}
    for reading in readings:
        total = plant.totals.by_meter.get(reading.meter)
        if total is None:
            continue
        reach_us = _reach_us(total)
        for line, batches in plant.log.lines.items():
            if line[0] != total.meter.step or total.meter.equipment not in ("", line[1]):
                continue
            for batch in batches:
                if batch.end_us is not None and batch.noted is not None and batch.start_us <= reading.time_us <= batch.end_us + reach_us:
                    touched[batch.key] = batch
    return list(touched.values())


def count_again(plant: Plant, batches: Sequence[Batch], folder: Path) -> None:
    """Batches in order of their beginning, from all that the spool holds of their time."""
    for together in _together(batches):
        meters = {total.meter.id: total for batch in together for total in plant.totals.of_line(batch.line)}
        margin_us = LONGEST_GAP_US + 3 * max((_reach_us(total) for total in meters.values()), default=0)
        first_us, last_us = together[0].start_us - margin_us, max(member.end_us or 0 for member in together) + margin_us
        totals = plant.totals.emptied()
        totals.fill(readings_between(folder, frozenset(meters), first_us, last_us), first_us)
        for batch in together:
            plant.count(batch, totals)


def _together(batches: Sequence[Batch]) -> Iterator[list[Batch]]:
    group: list[Batch] = []
    for batch in batches:
        if group and (batch.end_us or 0) - group[0].start_us > READ_TOGETHER_US:
            yield group
            group = []
        group.append(batch)
    if group:
        yield group


def _reach_us(total: Total) -> int:
    """A register's reading tells of the time since the one before."""
    return round(min(total.usual_us, DAY_US))


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
