"""Batches that ended, and when they are counted from the spool: at once, again when their meters
have told of the time after them too, and when a batch beside them ends, for what an edge cuts is
divided by the pause behind it.

Those that were counted before a meter had told of all their time are counted once it has. So a
backlog may come in any order: rows before readings, readings before rows, one meter after another.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

from extras.live.running.batch_log import BatchLog, Key, RunningBatch
from extras.live.running.meter_total import MeterTotal
from extras.live.running.totals import RunningTotals
from reporting_agent.metering.moments import REACHES_US


class AwaitedBatches:
    """Which batches wait for which meter."""

    def __init__(self) -> None:
        self.due: dict[
            Key, RunningBatch
        ] = {}  # to be counted from the spool: all that was awaited is there
        self.settling: dict[
            Key, RunningBatch
        ] = {}  # to be counted as `label` does, as every batch is
        self._by_meter: dict[
            str, list[tuple[int, Key, bool]]
        ] = {}  # heaps: the moment awaited, and whether all is there by it

    def add(
        self, batch: RunningBatch, beside: Iterable[RunningBatch], totals: RunningTotals
    ) -> None:
        """A batch that was counted just now by what these totals hold, and those beside it on its
        line.
        """
        end_us = batch.end_us or 0
        self.settling |= {member.key: member for member in (batch, *beside)}
        for total in totals.of_line(batch.line, batch.start_us):
            self._await(total, end_us, batch.key, whole=True)
            self._await(total, end_us + beside_us(total), batch.key, whole=False)
        if totals.forgot(batch.line, batch.start_us):
            self.due[batch.key] = batch  # of which nothing was heard while it ran

    def look(self, totals: RunningTotals, log: BatchLog) -> None:
        """Whether meters have told meanwhile."""
        for meter, waiting in self._by_meter.items():
            latest_us = totals.by_meter[meter].time_us[-1:]
            while waiting and latest_us and waiting[0][0] <= latest_us[0]:
                _, key, whole = heappop(waiting)
                (self.due if whole else self.settling)[key] = log.batches[key]

    def _await(self, total: MeterTotal, moment_us: int, key: Key, *, whole: bool) -> None:
        if not total.time_us or total.time_us[-1] < moment_us:
            heappush(self._by_meter.setdefault(total.meter.id, []), (moment_us, key, whole))


def beside_us(total: MeterTotal) -> int:
    """As far as the pause beside a batch is looked into, for what its edge cuts of a meter; 0 where
    none is divided.
    """
    return 2 * next((reach_us for reach_us in REACHES_US if reach_us >= total.usual_us), 0)
