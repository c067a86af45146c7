"""Batches that had ended and are counted from the spool: since readings or rows of them came late
or corrected, or only once a meter had told of their time; the labels that change with them."""

from __future__ import annotations

import time
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isclose
from pathlib import Path

import numpy as np

from benchmarks.phrases import Phrase, Value, listed
from extras.live.running.as_label import beside_us
from extras.live.running.batch_log import Key, RunningBatch
from extras.live.running.explaining import per
from extras.live.running.meter_total import HOUR_US, MeterTotal
from extras.live.running.plant import Plant
from extras.live.spool.between_moments import readings_between
from extras.live.spool.repeats import ArrivalOutcome
from reporting_agent.config import SiteSettings
from reporting_agent.report.figures import NOTHING, count

GATHERED_S = 30.0  # a backlog is told in one sentence and not in thousands
MOST_NAMED = 5
MOST_DIGITS = 6
SAME = 1e-6  # of an energy, in which two sums of the same readings may differ
READ_TOGETHER = 400_000  # readings that are counted in one turn: some 60 MB
METERS_TOGETHER = 100  # in one turn, which holds what comes in and the page for so many times 4 ms
READ_BEFORE = (
    200_000  # readings before a batch, by which its meters are cleaned and its pauses known
)
REST_TIMES = 3.0  # as long as a turn took: what comes in and the page are to go on
DAY_US = 24 * HOUR_US


@dataclass(frozen=True, slots=True)
class Recount:
    """Batches that late and corrected data touched, while they wait to be counted again."""

    touched: Mapping[Key, RunningBatch]
    awaited: Mapping[
        Key, RunningBatch
    ]  # whose readings were not all there when they were counted first: nothing of them is late
    before: Mapping[Key, float | None]  # final figures
    late: int  # readings
    corrected: int  # readings
    rows: int  # corrected

    @property
    def keys(self) -> Set[Key]:
        return self.touched.keys() | self.awaited.keys()


class LateRecount:
    """Gathers late readings and corrected rows, counts what they touch again a few batches at a
    time, and tells.
    """

    def __init__(self, site: SiteSettings, folder: Path) -> None:
        self._site, self._folder = site, folder
        self._times_us: dict[str, array[int]] = {}  # of late and corrected readings, by meter
        self._late = self._corrected = 0
        self._since_s: float | None = None
        self._settles_s = 0.0  # when batches that ended are counted next, where some wait
        self._before: dict[
            Key, float | None
        ] = {}  # final figures of batches that were settled again while late data was gathered
        self._recount: Recount | None = None
        self._last: Phrase | None = None

    @property
    def gathers(self) -> bool:
        """Whether something late waits to be counted."""
        return self._since_s is not None or self._recount is not None

    def take(self, outcome: ArrivalOutcome) -> None:
        """Readings that are older than one that was there, or give a moment another value."""
        again = set(outcome.corrected)
        late = [reading for reading in outcome.late if reading not in again]
        self._late, self._corrected = (
            self._late + len(late),
            self._corrected + len(outcome.corrected),
        )
        for reading in (*late, *outcome.corrected):
            self._times_us.setdefault(reading.meter, array("q")).append(reading.time_us)

    def round(self, plant: Plant, now_s: float) -> Iterator[Phrase]:
        """Count some of what waits as `label` does, then tell what became of late and corrected
        data.
        """
        self._gather(plant, now_s)
        if plant.awaited.settling and now_s >= self._settles_s:
            began_s = time.monotonic()
            self._count_some(plant)
            rest_s = REST_TIMES * (time.monotonic() - began_s)
            self._settles_s = now_s + (
                rest_s if plant.awaited.settling else max(GATHERED_S, rest_s)
            )
        yield from self._sentences(plant)

    def settle(self, plant: Plant) -> None:
        """Count all that waits, at once."""
        while plant.awaited.settling:
            self._count_some(plant)

    def _count_some(self, plant: Plant) -> None:
        """The oldest batches that wait, from the spool: as many as are read together."""
        together = _together(
            plant, sorted(plant.awaited.settling.values(), key=lambda batch: batch.start_us)
        )
        if self._times_us or plant.log.corrected:
            self._before = _final(together) | self._before
        for batch in together:
            del plant.awaited.settling[batch.key]
        count_again(plant, together, self._folder)

    def _gather(self, plant: Plant, now_s: float) -> None:
        """Have what late data touches counted again, once it was gathered for a while."""
        if self._recount is not None or not (
            self._times_us or plant.log.corrected or plant.awaited.due
        ):
            return
        self._since_s = now_s if self._since_s is None else self._since_s
        if now_s - self._since_s < GATHERED_S:
            return
        times_us, self._times_us, self._since_s = self._times_us, {}, None
        late, again, self._late, self._corrected = self._late, self._corrected, 0, 0
        rows, plant.log.corrected = plant.log.corrected, {}
        due, plant.awaited.due = plant.awaited.due, {}
        touched = {batch.key: batch for batch in touches(plant, times_us)} | rows
        awaited = {key: batch for key, batch in due.items() if key not in touched}
        before, self._before = _final((touched | awaited).values()) | self._before, {}
        self._recount = Recount(touched, awaited, before, late, again, len(rows))
        for batch in (touched | awaited).values():
            plant.awaited.settling |= {
                member.key: member for member in (batch, *plant.log.beside(batch))
            }
        self._settles_s = now_s

    def _sentences(self, plant: Plant) -> Iterator[Phrase]:
        """Sentences where all that late data touched was counted: the figures that it changed."""
        if (recount := self._recount) is None or recount.keys & plant.awaited.settling.keys():
            return
        self._recount = None
        if recount.awaited:
            yield Phrase(
                "Batches counted once all their readings were there: %(batches)s.",
                batches=count(len(recount.awaited)),
            )
        differing = [
            batch
            for key, batch in recount.touched.items()
            if key in recount.before and _differs(recount.before[key], batch.counted)
        ]
        for batch in differing:
            batch.again = True
        if differing:
            self._last = self._sentence(
                sorted(differing, key=lambda batch: batch.start_us), recount
            )
            yield self._last

    def _sentence(self, differing: Sequence[RunningBatch], recount: Recount) -> Phrase:
        months = sorted(
            {
                f"{datetime.fromtimestamp(batch.start_us / 1e6, UTC).astimezone(self._site.zone):%Y-%m}"  # noqa: E501
                for batch in differing
            }
        )
        named: list[Value] = [
            Phrase(
                "%(batch)s: %(values)s %(unit)s",
                batch=batch.id,
                values=_from_to(recount.before[batch.key], batch.counted),
                unit=per(batch.unit),
            )
            for batch in differing[:MOST_NAMED]
        ]
        return Phrase(
            "Batches counted again after late or corrected data: %(batches)s (%(named)s). Late "
            "readings: %(late)s; corrected readings: "
            "%(corrected)s; corrected rows: %(rows)s. Labels that hold %(months)s change: run "
            "`label` again, and `submit --correct` where "
            "the period was reported.",
            batches=len(differing),
            named=listed(named + (["…"] if len(differing) > MOST_NAMED else [])),
            months=", ".join(months),
            late=recount.late,
            corrected=recount.corrected,
            rows=recount.rows,
        )

    def notices(self) -> Iterator[tuple[str, Phrase, bool]]:
        """The last of them, as a row of the page's table of sources."""
        if self._last is not None:
            yield Phrase("Late and corrected data"), self._last, False


def touches(plant: Plant, times_us: Mapping[str, array[int]]) -> list[RunningBatch]:
    """The batches that were counted and lie over such a time of a meter."""
    touched: dict[Key, RunningBatch] = {}
    for meter, of_meter in times_us.items():
        total = plant.totals.by_meter.get(meter)
        if total is None:
            continue
        moments_us, reach_us, pause_us = (
            np.sort(np.array(of_meter)),
            _reach_us(total),
            beside_us(total),
        )
        for line, batches in plant.log.lines.items():
            if not plant.totals.lines.tells(meter, line):
                continue
            counted = [
                batch for batch in batches if batch.end_us is not None and batch.noted is not None
            ]
            first = np.searchsorted(moments_us, [batch.start_us - pause_us for batch in counted])
            last = np.searchsorted(
                moments_us,
                [(batch.end_us or 0) + max(reach_us, pause_us) for batch in counted],
                "right",
            )
            touched |= {
                counted[index].key: counted[index]
                for index in np.flatnonzero(first < last).tolist()
            }
    return list(touched.values())


def count_again(plant: Plant, batches: Sequence[RunningBatch], folder: Path) -> None:
    """Batches in order of their beginning, from all that the spool holds of their time."""
    meters = {
        total.meter.id: total
        for batch in batches
        for total in plant.totals.of_line(batch.line, batch.start_us)
    }
    margin_us = max((_margin_us(total) for total in meters.values()), default=0)
    before_us = max(margin_us, _before_us(meters.values()))
    first_us, last_us = (
        batches[0].start_us - before_us,
        max(batch.end_us or 0 for batch in batches) + margin_us,
    )
    plant.count_as_label(batches, readings_between(folder, frozenset(meters), first_us, last_us))


def _together(plant: Plant, batches: Sequence[RunningBatch]) -> list[RunningBatch]:
    """As many of the first as make one turn: each turn reads the segments whole, so that few would
    take for ever.
    """
    group: list[RunningBatch] = []
    meters: dict[str, MeterTotal] = {}
    for batch in batches:
        meters |= {
            total.meter.id: total for total in plant.totals.of_line(batch.line, batch.start_us)
        }
        lasts_us = (batch.end_us or 0) - batches[0].start_us + _before_us(meters.values())
        readings = lasts_us * sum(1 / total.usual_us for total in meters.values())
        if group and (readings > READ_TOGETHER or len(meters) > METERS_TOGETHER):
            break
        group.append(batch)
    return group


def _before_us(meters: Collection[MeterTotal]) -> int:
    """As long as these meters take for the readings that are read before a batch."""
    return round(READ_BEFORE / sum(1 / _reach_us(total) for total in meters)) if meters else 0


def _margin_us(total: MeterTotal) -> int:
    """As far around a batch as its energy depends on readings of a meter."""
    return total.longest_gap_us + 2 * beside_us(total) + 3 * _reach_us(total)


def _reach_us(total: MeterTotal) -> int:
    """A register's reading tells of the time since the one before."""
    return round(min(total.usual_us, DAY_US))


def _final(batches: Iterable[RunningBatch]) -> dict[Key, float | None]:
    """Figures that stand; those by running totals are so far."""
    return {batch.key: batch.counted for batch in batches if batch.as_label}


def _differs(before: float | None, after: float | None) -> bool:
    """By more than sums differ that were added up from another reading on."""
    return before != after and (
        before is None or after is None or not isclose(before, after, rel_tol=SAME)
    )


def _from_to(before: float | None, after: float | None) -> str:
    """With one digit, or as many as show the difference."""
    for digits in range(1, MOST_DIGITS):
        first, second = _written(before, digits), _written(after, digits)
        if first != second:
            return f"{first} → {second}"
    return f"{_written(before, MOST_DIGITS)} → {_written(after, MOST_DIGITS)}"


def _written(value: float | None, digits: int) -> str:
    return NOTHING if value is None else f"{value:.{digits}f}"
