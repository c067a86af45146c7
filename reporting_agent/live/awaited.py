"""Batches that were counted before a meter had told of all their time: once it has, they are counted from the spool.

So a backlog may come in any order: rows before readings, readings before rows, one meter after another.
"""

from __future__ import annotations

from heapq import heappop, heappush

from reporting_agent.live.batch_log import Batch, BatchLog, Key
from reporting_agent.live.totals import Totals


class Awaited:
    """Which batches wait for which meter."""

    def __init__(self) -> None:
        self.due: dict[Key, Batch] = {}  # to be counted from the spool: all that was awaited is there
        self._by_meter: dict[str, list[tuple[int, Key]]] = {}  # heaps, by the end of the batch

    def add(self, batch: Batch, totals: Totals) -> None:
        """A batch that was counted just now by what these totals hold."""
        end_us = batch.end_us or 0
        for total in totals.of_line(batch.line):
            if not total.time_us or total.time_us[-1] < end_us:
                heappush(self._by_meter.setdefault(total.meter.id, []), (end_us, batch.key))
        if totals.forgot(batch.line, batch.start_us):
            self.due[batch.key] = batch  # of which nothing was heard while it ran

    def look(self, totals: Totals, log: BatchLog) -> None:
        """Whether meters have told meanwhile."""
        for meter, waiting in self._by_meter.items():
            latest_us = totals.by_meter[meter].time_us[-1:]
            while waiting and latest_us and waiting[0][0] <= latest_us[0]:
                key = heappop(waiting)[1]
                self.due[key] = log.batches[key]
