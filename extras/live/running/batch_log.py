"""The batches of a plant that runs, by their rows as they come; a later row of a batch completes or
corrects it.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite, prod
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import InputError
from benchmarks.routes import Pack
from extras.live.running.meter_total import SECOND_US
from extras.live.running.totals import Line
from extras.live.spool.batch_years import BatchYears
from extras.live.spool.kept_rows import moment_us
from extras.live.spool.segments import Row
from reporting_agent.config.events import DeclaredEvent, of_step
from reporting_agent.pipeline.batch_names import with_year
from reporting_agent.pipeline.units import between

TONNES = "t"
_COLUMNS = (
    "product",
    "variant",
    "equipment",
    "start",
    "end",
    "output_quantity",
    "output_unit",
    "status",
    "state",
)
"""What is read of a row; as `label` puts the rows of a batch together, an empty cell says
nothing.
"""
LATEST = 50  # batches of a line that tell how long one lasts
LEFT_TIMES = 3.0
Key = tuple[str, str]
"""Step and id."""
Kind = tuple[str, str, str]
"""Step, equipment, product and variant: what is compared."""
WRONG_US = 60_000_000  # of a stamp that is ahead of its receipt, whatever the source


@dataclass(slots=True)
class RunningBatch:
    """One batch of the log; `end_us` None while it runs."""

    id: str
    step: str
    kind: str  # product and variant
    equipment: str
    start_us: int
    end_us: int | None = None
    output: float | None = None  # in `unit`
    unit: str = "t"  # of its step's output
    good: bool = True
    sure_us: int | None = None  # since when it was sure to waste
    by: str = ""
    excess: float | None = None  # at its end, standard deviations
    looked: int = 0  # looks that were taken
    noted: NDArray[np.float64] | None = (
        None  # energy so far at evenly spaced moments, once it ended; NaN where it is not known
    )
    kgce: float | None = (
        None  # what it took in all, once it ended; None also where that is not known
    )
    as_label: bool = False  # counted as `label` does; else by running totals
    counted: float | None = (
        # kgce for one of its output, when it was counted last; None also where it is no good one
        None
    )
    variables: dict[str, float] = field(default_factory=dict)  # that the pack corrects by
    again: bool = False  # its energy became another one by late or corrected readings or rows

    @property
    def key(self) -> Key:
        return self.step, self.id

    @property
    def line(self) -> Line:
        return self.step, self.equipment

    @property
    def of_kind(self) -> Kind:
        return self.step, self.equipment, self.kind

    def count(self, kgce: float, course: NDArray[np.float64], *, as_label: bool) -> None:
        """What it took in all, NaN where not known, and so far at evenly spaced moments."""
        self.noted, self.kgce, self.as_label = (
            course,
            None if np.isnan(kgce) else float(kgce),
            as_label,
        )

    @property
    def length_s(self) -> float:
        """Of a batch that ended."""
        return ((self.end_us or 0) - self.start_us) / 1e6


class BatchLog:
    """Every batch that was heard of, in the order of each line."""

    def __init__(
        self,
        zone: ZoneInfo,
        events: Sequence[DeclaredEvent] = (),
        pack: Pack | None = None,
        *,
        restart_yearly: bool = False,
    ) -> None:
        """With what is declared of outputs, which are in the unit of their step of the pack, and in
        tonnes where it has no such step; shifts of a step's clock are not put to rows that come
        live. Ids that start again each year have it in their name, as in `label`."""
        self._steps = {} if pack is None else {step.id: step for step in pack.steps}
        self._zone, self._events = (
            zone,
            [event for event in events if event.step is not None and event.factor is not None],
        )
        self._years = BatchYears(zone) if restart_yearly else None
        self.batches: dict[Key, RunningBatch] = {}
        self._cells: dict[Key, dict[str, Any]] = {}  # of each batch, as its rows say together
        self.lines: dict[
            Line, list[RunningBatch]
        ] = {}  # by step and equipment, in order of their beginning
        self.open: dict[Key, RunningBatch] = {}  # whose end was not told
        self.ending: dict[Key, RunningBatch] = {}  # ended, and not yet counted
        self.completed: dict[Key, RunningBatch] = {}  # counted, before their output was told
        self.corrected: dict[Key, RunningBatch] = {}  # counted, and not as their rows say since
        self.behind_us = 0  # our clock, where meters and rows show it (`own_clock`)

    def take(self, row: Row) -> RunningBatch | None:
        """A row of the log; returns its batch, None of one that has not begun by any row."""
        name = str(row.get("batch_id", ""))
        if self._years is not None and (year := self._years.of(row)) is not None:
            name = with_year(name, year)
        key = (str(row.get("step", "")), name)
        batch = self.batches.get(key)
        if key not in self._cells:  # with what was told of the batch before its year
            self._cells[key] = self._cells.pop((key[0], str(row.get("batch_id", ""))), {})
        cells = self._cells[key]
        cells |= {column: row[column] for column in _COLUMNS if row.get(column) not in (None, "")}
        start_us, end_us = (
            moment_us(cells.get("start"), self._zone),
            moment_us(cells.get("end"), self._zone),
        )
        kind = f"{cells.get('product', '')}/{cells.get('variant', '')}"
        if batch is None:
            if start_us is None:
                return None
            batch = self.batches[key] = RunningBatch(
                key[1], key[0], kind, str(cells.get("equipment", "")), start_us
            )
            batch.unit = TONNES if (step := self._steps.get(key[0])) is None else step.output_unit
            insort(self.lines.setdefault(batch.line, []), batch, key=lambda entry: entry.start_us)
        before = batch.line, batch.start_us, batch.end_us, batch.output, batch.good, batch.kind
        batch.kind = kind
        self._move(batch, str(cells.get("equipment") or batch.equipment))
        if start_us is not None and start_us != batch.start_us:
            batch.start_us = start_us
            self.lines[batch.line].sort(key=lambda entry: entry.start_us)
        batch.end_us = batch.end_us if end_us is None else end_us
        if batch.end_us is None:
            self.open[key] = batch
        else:
            self.open.pop(key, None)
        if "output_quantity" in cells:
            batch.output = self._output(cells, batch)
        batch.good = str(cells.get("status", "")) in ("", "good") and str(
            cells.get("state", "")
        ) in ("", "normal")
        if batch.end_us is None or before == (
            batch.line,
            batch.start_us,
            batch.end_us,
            batch.output,
            batch.good,
            batch.kind,
        ):
            return batch
        only_output = before == (
            batch.line,
            batch.start_us,
            batch.end_us,
            None,
            batch.good,
            batch.kind,
        )
        (self.ending if batch.noted is None else self.completed if only_output else self.corrected)[
            key
        ] = batch
        return batch

    def _move(self, batch: RunningBatch, equipment: str) -> None:
        """To another unit, where a later row names one."""
        if equipment != batch.equipment:
            self.lines[batch.line].remove(batch)
            if not self.lines[batch.line]:
                del self.lines[batch.line]  # whoever looks at a line looks at its last batch
            batch.equipment = equipment
            insort(self.lines.setdefault(batch.line, []), batch, key=lambda entry: entry.start_us)

    def _output(self, row: Row, batch: RunningBatch) -> float | None:
        """Its output, as declared."""
        if (output := _output(row, batch.unit)) is None or not self._events:
            return output
        product, _, variant = batch.kind.partition("/")
        begins = datetime.fromtimestamp(batch.start_us / 1e6, UTC)
        own = of_step(self._events, batch.step, batch.equipment, product, variant)
        return output * prod(
            event.factor or 1.0
            for event in own
            if event.carrier is None and event.holds(begins, self._zone)
        )

    def running(self) -> list[RunningBatch]:
        """Of each line the last batch that has begun and not ended by our clock, also where its end
        is told before. One that others of its line have followed runs no longer once it has lasted
        three times as long as they do: its end was never told."""
        now_us = time.time_ns() // 1000 + self.behind_us
        latest: dict[Line, RunningBatch] = {}
        to_end = [batch for batch in self.ending.values() if (batch.end_us or 0) > now_us]
        for batch in (*self.open.values(), *to_end):
            if batch.start_us <= now_us and (
                batch.line not in latest or batch.start_us >= latest[batch.line].start_us
            ):
                latest[batch.line] = batch
        return [batch for _, batch in sorted(latest.items()) if not self._was_left(batch, now_us)]

    def _was_left(self, batch: RunningBatch, now_us: int) -> bool:
        line = self.lines[batch.line]
        begun = bisect_right(line, now_us, key=lambda entry: entry.start_us)
        if line[begun - 1].start_us <= batch.start_us:
            return False
        lengths = [
            other.length_s
            for other in line[max(begun - LATEST, 0) : begun]
            if other.end_us is not None
        ]
        return now_us - batch.start_us > LEFT_TIMES * median(lengths or [0.0]) * SECOND_US

    def ahead(self) -> list[RunningBatch]:
        """Batches whose start is more than a minute ahead of our clock: not due yet, or a
        mistake.
        """
        until_us = time.time_ns() // 1000 + self.behind_us + WRONG_US
        later = (
            line[bisect_right(line, until_us, key=lambda entry: entry.start_us) :]
            for line in self.lines.values()
        )
        return [batch for line in later for batch in line]

    def beside(self, batch: RunningBatch) -> list[RunningBatch]:
        """Those that were counted, one before and one after it on its line: what an edge of theirs
        cuts is divided anew once it ended.
        """
        line = self.lines[batch.line]
        position = bisect_left(line, batch.start_us, key=lambda entry: entry.start_us)
        after = bisect_right(line, batch.start_us, key=lambda entry: entry.start_us)
        return [
            other
            for other in line[max(position - 1, 0) : after + 1]
            if other is not batch and other.noted is not None
        ]

    def before(self, batch: RunningBatch) -> RunningBatch | None:
        """The one before it on its line."""
        line = self.lines[batch.line]
        position = bisect_left(line, batch.start_us, key=lambda entry: entry.start_us)
        return line[position - 1] if position else None


def _output(row: Row, unit: str) -> float | None:
    """None of what is no amount, such as the NaN of a scale that fails: `label` refuses it, and
    nothing can be learned from it.
    """
    try:
        quantity, own_unit = (
            float(str(row.get("output_quantity", ""))),
            str(row.get("output_unit") or TONNES),
        )
        output = quantity * between(own_unit, unit)
    except (ValueError, InputError):
        return None
    return output if isfinite(output) and output > 0 else None
