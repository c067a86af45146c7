"""Batches that ended and cannot be brought to reference: their rows lack a variable, or give what
it cannot be. `label` leaves them out (`variable-missing`, `variable-impossible`).
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.routes import Pack
from extras.live.running.as_label import row_of
from extras.live.running.batch_log import Key, RunningBatch
from extras.live.spool.segments import Row
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline.conditions import KeptOut, kept_out


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
