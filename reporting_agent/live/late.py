"""Which labels late readings touch: a batch that had ended, and the month that it counts for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from benchmarks.phrases import Phrase
from reporting_agent.config import Site
from reporting_agent.live.reading import Reading
from reporting_agent.live.running import Batch, Plant

GATHERED_S = 30.0  # a backlog is told in one sentence and not in thousands
MOST_NAMED = 5


class Late:
    """Gathers late readings, and tells now and then what they touch."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._waiting: list[Reading] = []
        self._since_s: float | None = None
        self._last: Phrase | None = None

    def take(self, late: Sequence[Reading]) -> None:
        self._waiting += late

    def told(self, plant: Plant, now_s: float) -> Iterator[Phrase]:
        """A sentence where late readings touch batches that had ended, once no more came for a while."""
        if not self._waiting:
            return
        self._since_s = now_s if self._since_s is None else self._since_s
        if now_s - self._since_s < GATHERED_S:
            return
        waiting, self._waiting, self._since_s = self._waiting, [], None
        touched = touches(plant, waiting)
        if not touched:
            return
        months = sorted({f"{datetime.fromtimestamp((one.end_us or 0) / 1e6, UTC).astimezone(self._site.zone):%Y-%m}" for one in touched})
        named = [one.id for one in touched[:MOST_NAMED]] + (["…"] if len(touched) > MOST_NAMED else [])
        self._last = Phrase(
            "%(readings)s late readings affect %(batches)s batches that had ended (%(named)s). Labels that include %(months)s "
            "change: run `label` again, and `submit --correct` if the period was reported.",
            readings=len(waiting),
            batches=len(touched),
            named=", ".join(named),
            months=", ".join(months),
        )
        yield self._last

    def notices(self) -> Iterator[tuple[str, Phrase, bool]]:
        if self._last is not None:
            yield Phrase("Late readings"), self._last, False


def touches(plant: Plant, readings: Sequence[Reading]) -> list[Batch]:
    """The batches that had ended and lie over such a reading, by their beginning."""
    found: dict[tuple[str, str], Batch] = {}
    for one in readings:
        total = plant.totals.get(one.meter)
        if total is None:
            continue
        reach_us = round(min(total.usual_us, 24 * 3.6e9))  # a register's reading tells of the time since the one before
        for line, batches in plant.lines.items():
            if line[0] != total.meter.step or total.meter.equipment not in ("", line[1]):
                continue
            for batch in batches:
                if batch.end_us is not None and batch.start_us <= one.time_us <= batch.end_us + reach_us:
                    found[batch.step, batch.id] = batch
    return sorted(found.values(), key=lambda batch: batch.start_us)
