"""Batches out of the tags of one unit: its batch's id, its state, and what stands beside it. Pure;
what counts is the order of changes.

A batch begins when the state becomes one that starts, by the id that stands then; one whose id
comes after its state begins when its state did. It ends when the state becomes one that ends.
Without a state it lasts as long as its id. What stands in the other tags when it ends is its row;
what changes after that, before the next begins, corrects it. An output does not become nothing: 0
or empty is what a control that starts anew sets its tags to. To take the same changes again makes
the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import NamedTuple

from extras.live.spool.segments import Row

ID, STATE = "batch_id", "state"
"""The two tags that are told by their role; every other goes by the column of the template that it
fills.
"""
OUTPUT = "output_quantity"
AT_ONCE = ("step", "product", "variant", "equipment")
"""Columns that hold from a batch's beginning."""
REMEMBERED = 1000  # changes of a tag, by which a repeat is known


class TagChange(NamedTuple):
    """A tag has a value since `stamp`, ISO 8601 in UTC."""

    tag: str
    time_us: int
    stamp: str
    value: str


class TaggedUnit:
    """One unit, and its batch."""

    def __init__(
        self,
        constants: Mapping[str, str],
        starts: Iterable[str] = (),
        ends: Iterable[str] = (),
        *,
        by_state: bool = True,
    ) -> None:
        self._constants, self._starts, self._ends, self._by_state = (
            dict(constants),
            frozenset(starts),
            frozenset(ends),
            by_state,
        )
        self._id = ""
        self._batch = ""  # the one that runs, or the last
        self._running = False
        self._waiting: str | None = None  # since when it runs without an id
        self._values: dict[str, str] = {}
        self._output = ""  # of the batch that ended last
        self._met: dict[str, dict[tuple[int, str], None]] = {}

    def resume(self, row: Mapping[str, str]) -> None:
        """The latest row of this unit that is known, as rows are merged: with an end or without."""
        self._id = self._batch = row[ID]
        self._running = not row.get("end")
        self._output = row.get(OUTPUT, "")

    def take(self, changes: Iterable[TagChange]) -> list[Row]:
        """Rows that these changes make, in order of time."""
        rows: list[Row] = []
        for change in sorted(changes, key=self._order):
            met = self._met.setdefault(change.tag, {})
            if (change.time_us, change.value) in met:
                continue
            met[change.time_us, change.value] = None
            if len(met) > REMEMBERED:
                del met[next(iter(met))]
            rows += self._rows_of(change)
        return rows

    def _order(self, change: TagChange) -> tuple[int, int]:
        """What changes at one moment: first what a batch ended with, then its end, then the next
        one's id, then its start.
        """
        if change.tag == ID:
            return change.time_us, 2
        if change.tag == STATE:
            return change.time_us, 1 if change.value in self._ends else 3
        return change.time_us, 0

    def _rows_of(self, change: TagChange) -> list[Row]:
        if change.tag == STATE:
            return self._state(change)
        if change.tag == ID:
            return self._named(change)
        self._values[change.tag] = change.value
        if not self._batch or self._running:
            return []
        if change.tag == OUTPUT:
            if _is_positive(self._output) and not _is_positive(change.value):
                return []
            self._output = change.value
        return [self._row({change.tag: change.value})]

    def _state(self, change: TagChange) -> list[Row]:
        if change.value in self._starts and not self._running:
            self._running = True
            if self._id and self._id != self._batch:
                return [self._begun(change.stamp)]
            self._waiting = change.stamp
        elif change.value in self._ends and self._running:
            if self._waiting is None:
                return [self._ended(change.stamp)]
            self._running, self._waiting = False, None
        return []

    def _named(self, change: TagChange) -> list[Row]:
        self._id = "" if change.value in ("", "0") else change.value
        if self._id == self._batch:
            return []
        if self._waiting is not None and self._id:
            since, self._waiting = self._waiting, None
            return [self._begun(since)]
        rows = []
        if self._running and (self._id or not self._by_state):
            rows.append(self._ended(change.stamp))
            self._running = self._by_state
        if self._id and (self._running or not self._by_state):
            self._running = True
            rows.append(self._begun(change.stamp))
        return rows

    def _begun(self, stamp: str) -> Row:
        self._batch, self._output = self._id, ""
        values = {column: self._values[column] for column in AT_ONCE if column in self._values}
        return self._row({"start": stamp, **values})

    def _ended(self, stamp: str) -> Row:
        self._running, self._output = False, self._values.get(OUTPUT, "")
        return self._row({"end": stamp, **self._values})

    def _row(self, cells: Mapping[str, str]) -> Row:
        return {"table": "batches", **self._constants, **cells, ID: self._batch}


def _is_positive(text: str) -> bool:
    try:
        return isfinite(float(text)) and float(text) > 0
    except ValueError:
        return False


def latest(rows: Iterable[Row], constants: Mapping[str, str]) -> dict[str, str] | None:
    """The batch of a unit that began last, its rows merged; the unit is known by its constants."""
    merged: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["table"] == "batches" and constants.items() <= row.items():
            merged.setdefault(str(row[ID]), {}).update(
                {column: str(cell) for column, cell in row.items() if cell not in (None, "")}
            )
    begun = [record for record in merged.values() if "start" in record]
    return max(begun, key=lambda record: record["start"]) if begun else None
