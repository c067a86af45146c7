"""Rows of batches out of nodes and events, and from when history is read for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from asyncua import ua

from extras.live.sources import tags
from extras.live.sources.opcua import values
from extras.live.sources.opcua.settings import ID, OpcUaBatches
from extras.live.sources.payloads import EPOCH
from extras.live.spool.kept_rows import moment_us
from extras.live.spool.reading import ReadingQuality
from extras.live.spool.segments import Row

_EARLIEST = timezone(
    timedelta(hours=14)
)  # of all zones: a time without an offset is then no later than it was meant


class KnownBatches:
    """What is known of the batches of one `[[source.opcua.batches]]`, so that a row that is known
    is not asked for again.
    """

    def __init__(self, settings: OpcUaBatches, rows: Sequence[Row]) -> None:
        self.settings = settings
        self._latest = tags.latest(rows, settings.constants)

    @property
    def name(self) -> str:
        """By what its batches are told: the node of their id, or the type of their events."""
        return str(self.settings.id or self.settings.event)

    def since(self, late: timedelta) -> datetime | None:
        """From when history is to be read: the end of the latest batch, or the start of the one
        that runs.

        None: there was none yet, or none whose time can be read.
        """
        cells = self._latest or {}
        times_us = (
            moment_us(cells[column], _EARLIEST) for column in ("end", "start") if column in cells
        )
        time_us = next((time_us for time_us in times_us if time_us is not None), None)
        return None if time_us is None else EPOCH + timedelta(microseconds=time_us) - late

    def _note(self, rows: Iterable[Row]) -> None:
        for row in rows:
            cells = {column: str(cell) for column, cell in row.items()}
            if self._latest is None or (
                cells[ID] != self._latest[ID] and cells.get("start", "") > self._latest["start"]
            ):
                self._latest = cells if "start" in cells else self._latest
            elif cells[ID] == self._latest[ID]:
                self._latest.update(cells)


class TaggedBatches(KnownBatches):
    """Of one unit, by its tags."""

    def __init__(self, settings: OpcUaBatches, rows: Sequence[Row]) -> None:
        super().__init__(settings, rows)
        nodes = {tags.ID: settings.id, tags.STATE: settings.state, **settings.fields}
        self._tags: dict[str, list[str]] = {}
        for tag, node in nodes.items():
            if node is not None:
                self._tags.setdefault(node, []).append(tag)
        starts, ends = (tuple(map(str, states)) for states in (settings.start, settings.end))
        self._unit = tags.TaggedUnit(
            settings.constants, starts, ends, by_state=settings.state is not None
        )
        if self._latest is not None:
            self._unit.resume(self._latest)

    @property
    def nodes(self) -> frozenset[str]:
        return frozenset(self._tags)

    def rows(self, changes: Iterable[tuple[str, ua.DataValue]], received_us: int) -> list[Row]:
        """What changes of its nodes make; a value that is bad or not known says nothing."""
        tag_changes: list[tags.TagChange] = []
        for node, value in changes:
            text = (
                None
                if values.quality_of(value) is ReadingQuality.BAD or value.Value is None
                else _text(value.Value.Value)
            )
            if text is not None:
                time_us = values.time_us(value, received_us)
                stamp = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=time_us)
                tag_changes += [
                    tags.TagChange(tag, time_us, stamp.isoformat(), text)
                    for tag in self._tags.get(node, ())
                ]
        rows = self._unit.take(tag_changes)
        self._note(rows)
        return rows


class EventBatches(KnownBatches):
    """By events of one type: each is a row."""

    def filter(self, event: ua.NodeId) -> ua.EventFilter:
        """Events of this type, with what the columns are filled from."""
        clauses = [
            ua.SimpleAttributeOperand(
                TypeDefinitionId=event,
                BrowsePath=[ua.QualifiedName.from_string(name)],
                AttributeId=ua.AttributeIds.Value,
            )
            for name in self.settings.fields.values()
        ]
        of_type = ua.ContentFilterElement(
            FilterOperator=ua.FilterOperator.OfType,
            FilterOperands=[ua.LiteralOperand(Value=ua.Variant(event))],
        )
        return ua.EventFilter(
            SelectClauses=clauses, WhereClause=ua.ContentFilter(Elements=[of_type])
        )

    def rows(self, events: Iterable[Sequence[ua.Variant]]) -> list[Row]:
        """One of each event that names its batch."""
        records: list[Row] = []
        for fields in events:
            cells: Mapping[str, str | None] = {
                column: _text(field.Value)
                for column, field in zip(self.settings.fields, fields, strict=True)
            }
            row = {
                "table": "batches",
                **self.settings.constants,
                **{column: cell for column, cell in cells.items() if cell},
            }
            if row.get(ID):
                records.append(row)
        self._note(records)
        return records


def _text(value: Any) -> str | None:
    """As the template writes it."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if (
        isinstance(value, float) and value.is_integer()
    ):  # a gateway may hold ids and states so: 0.0 is no batch, as 0 is
        return str(int(value))
    return str(value.Text) if isinstance(value, ua.LocalizedText) else str(value)
