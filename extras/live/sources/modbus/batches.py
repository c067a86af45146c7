"""Batches out of registers: what changed since the poll before, taken as changes of a unit's tags
at the time of the poll.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from extras.live.sources import tags
from extras.live.sources.modbus.settings import ModbusBatches
from extras.live.spool.segments import Row


class PolledBatches:
    """Of one `[[source.modbus.batches]]`."""

    def __init__(self, settings: ModbusBatches, rows: Sequence[Row]) -> None:
        """`rows`: those that the spool holds; the latest batch goes on."""
        self._starts, ends = (
            frozenset(map(str, states)) for states in (settings.start, settings.end)
        )
        self._unit = tags.TaggedUnit(
            settings.constants, self._starts, ends, by_state=settings.state is not None
        )
        if (latest := tags.latest(rows, settings.constants)) is not None:
            self._unit.resume(latest)
        self._stood: dict[str, str] | None = None  # at the poll before

    def rows(self, texts: Mapping[str, str], received_us: int) -> list[Row]:
        """Of what its registers say now, by column; a value that is as before says nothing.

        A poll does not tell which of its changes came first. Where a batch begins in it the other
        columns are of that batch, and of the one that ends otherwise; at the first poll nobody
        knows when they changed, and they are of the batch that runs by then.
        """
        stamp = datetime.fromtimestamp(received_us / 1e6, UTC).isoformat()
        stood, self._stood = self._stood, {**(self._stood or {}), **texts}
        changes = [
            tags.TagChange(column, received_us, stamp, text)
            for column, text in texts.items()
            if stood is None or stood.get(column) != text
        ]
        if stood is not None and not any(map(self._begins, changes)):
            return self._unit.take(changes)
        roles = [change for change in changes if change.tag in (tags.ID, tags.STATE)]
        return [
            *self._unit.take(roles),
            *self._unit.take(change for change in changes if change not in roles),
        ]

    def _begins(self, change: tags.TagChange) -> bool:
        return (
            change.value in self._starts
            if change.tag == tags.STATE
            else change.tag == tags.ID and change.value != "0"
        )
