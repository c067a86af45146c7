"""SQL historians: any table, by a query that goes on where the last one ended.

A query is given `:since`, gives rows in ascending order of a column, its *mark*, and the highest
mark becomes the next `:since`. What is committed out of that order, arrives late or is corrected
has a lower mark: now and then `:since` is `look_back` less, and rows that were handed on already
and did not change are left out. The bound: what is committed with a mark more than `look_back`
below one that was read is not read.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.phrases import Phrase, listed
from extras.live.sources import databases, marks, tabular
from extras.live.sources.databases import NoMoment
from extras.live.sources.passwords import password_of
from extras.live.sources.payloads import UnreadablePayload, shown
from extras.live.sources.polled import PolledSource, UnexpectedAnswer
from extras.live.sources.source import reason
from extras.live.sources.table_settings import Sql, SqlBatches, SqlReadings
from extras.live.spool.acknowledging import Intake
from extras.live.spool.reading import Reading
from extras.live.spool.segments import Row
from extras.live.spool.writer import now_us

Read = Callable[[Mapping[str, Any], int], tuple[list[Reading], list[Row]]]


@dataclass
class _Query:
    """One query, how far it was read, and what it gave within its look-back: by the row's key, its
    mark and its content.
    """

    settings: SqlReadings | SqlBatches
    key: str  # of its position
    about: str  # as people are told of it
    read: Read
    highest: marks.Mark
    saved_mark: marks.Mark  # the mark that the spool has, or will
    swept_s: float = float("-inf")
    met: dict[Any, tuple[Any, Any]] = field(default_factory=dict)
    within: int = (
        0  # how many of these lay within the look-back when the others were forgotten last
    )

    def is_new(self, key: Any, at: Any, content: Any) -> bool:
        """Whether a row was not met with this content; it is from now on."""
        before = self.met.get(key)
        self.met[key] = (at, content)
        return before is None or before[1] != content

    def forget(self) -> None:
        """What lies below the look-back: it is not given again."""
        oldest = marks.order(marks.before(self.highest, self.settings.look_back))
        self.met = {
            key: entry for key, entry in self.met.items() if entry[0] is None or entry[0] >= oldest
        }
        self.within = len(self.met)


class SqlSource(PolledSource):
    """One database, asked every `every_s` seconds."""

    def __init__(self, settings: Sql, folder: Path, intake: Intake) -> None:
        super().__init__(settings.name, settings.every_s, intake)
        self.settings = settings
        self._database = databases.opened(
            settings.url,
            password_of(folder, settings.password_file, "source.sql.password_file"),
            folder,
        )
        self.failures = (*self.failures, *self._database.failures)
        self._queries = [
            self._query(setting, f"readings {number}", partial(_of_readings, setting))
            for number, setting in enumerate(settings.readings, 1)
        ]
        self._queries += [
            self._query(setting, f"batches {number}", partial(_of_batches, setting))
            for number, setting in enumerate(settings.batches, 1)
        ]

    def go_on_from(self, positions: Mapping[str, Any]) -> None:
        for query in self._queries:
            if query.key in positions:
                query.highest = query.saved_mark = marks.read(positions[query.key])

    def poll(self) -> None:
        wrong: list[Phrase] = []
        for query in self._queries:
            try:
                self._ask(query)
            except self.failures as why:  # the other queries are asked all the same
                wrong.append(Phrase("query %(query)s: %(why)s", query=query.about, why=reason(why)))
        if wrong:
            raise UnexpectedAnswer(listed(wrong))

    def close(self) -> None:
        self._database.close()

    def _query(self, settings: SqlReadings | SqlBatches, about: str, read: Read) -> _Query:
        digest = hashlib.sha256(f"{settings.query}\0{settings.mark}".encode()).hexdigest()[:16]
        key = f"sql:{self.settings.url}:{digest}"
        return _Query(settings, key, about, read, settings.start, settings.start)

    def _ask(self, query: _Query) -> None:
        sweeps = time.monotonic() - query.swept_s >= query.settings.again_s
        since = marks.before(query.highest, query.settings.look_back) if sweeps else query.highest
        last: Any = None
        for names, rows in self._database.rows(query.settings.query, since):
            if lacking := query.settings.needed_columns - set(names):
                raise UnexpectedAnswer(
                    Phrase(
                        "the query gives no column %(column)s, only %(columns)s",
                        column=min(lacking),
                        columns=", ".join(names),
                    )
                )
            tabular.require_once(query.settings, names)
            last = self._take(query, names, rows, last)
            if self.stopping:
                return
            if (
                len(query.met) > 2 * query.within + databases.ROWS_AT_ONCE
            ):  # a first read may be of years
                query.forget()
        if sweeps:
            query.swept_s = time.monotonic()
            query.forget()

    def _take(
        self, query: _Query, names: Sequence[str], rows: Sequence[Sequence[Any]], last: Any
    ) -> Any:
        """Hand on what is new or changed; returns the last mark's order."""
        position = names.index(query.settings.mark)
        orders = _orders(query, [cells[position] for cells in rows], last)
        received_us = now_us()
        readings: list[Reading] = []
        tables: list[Row] = []
        newest = query.highest
        for cells, at in zip(rows, orders, strict=True):
            named = dict(zip(names, cells, strict=True))
            if at is None:  # nothing can go on behind it
                wrong = UnreadablePayload(
                    Phrase(
                        "the mark %(mark)s is no time of this calendar", mark=shown(cells[position])
                    )
                )
                row = tabular.unreadable(self.name, named, wrong)
                tables += [row] if query.is_new(_key_of(row), None, row) else []
                continue
            last, newest = at, cells[position]
            fresh, others = self._fresh(query, named, at, received_us)
            readings += fresh
            tables += others
        query.highest = max(query.highest, newest, key=marks.order)
        if (readings or tables or query.highest != query.saved_mark) and self.put(
            readings, tables, query.key, marks.to_json(query.highest)
        ):
            query.saved_mark = query.highest
        return last

    def _fresh(
        self, query: _Query, cells: Mapping[str, Any], at: Any, received_us: int
    ) -> tuple[list[Reading], list[Row]]:
        """What a row says that was not said before."""
        try:
            readings, tables = query.read(cells, received_us)
        except UnreadablePayload as wrong:
            readings, tables = [], [tabular.unreadable(self.name, dict(cells), wrong)]
        fresh = [
            reading
            for reading in readings
            if query.is_new(
                (reading.meter, reading.time_us, reading.sequence),
                at,
                repr((reading.value, reading.quality)),
            )
        ]
        return fresh, [row for row in tables if query.is_new(_key_of(row), at, row)]


def _orders(query: _Query, column: Sequence[Any], last: Any) -> list[Any]:
    """What the marks of some rows are compared by, None of one that is no moment.

    Asked of all of them before any row is taken: those before a wrong one would else count as
    handed on.

    Raises:
        Misread: a mark cannot be compared, or is below the one before it.
    """
    highest, orders = marks.order(query.highest), list[Any]()
    for mark in column:
        at = None if isinstance(mark, NoMoment) else marks.order(mark)
        orders.append(at)
        if at is None:
            continue
        marks.later(at, highest)
        if last is not None and at < last:
            raise UnexpectedAnswer(
                Phrase(
                    'the query does not give its rows in ascending order: end it with "order by '
                    '%(mark)s"',
                    mark=query.settings.mark,
                )
            )
        last = at
    return orders


def _key_of(row: Row) -> tuple[Any, ...]:
    return (
        (row["table"], row["step"], row["batch_id"])
        if row["table"] == "batches"
        else (row["table"], row["payload"])
    )


def _of_readings(
    mapping: SqlReadings, cells: Mapping[str, Any], received_us: int
) -> tuple[list[Reading], list[Row]]:
    return tabular.readings(mapping, cells, received_us), []


def _of_batches(
    mapping: SqlBatches, cells: Mapping[str, Any], received_us: int
) -> tuple[list[Reading], list[Row]]:
    del received_us
    return [], [
        tabular.batch(
            mapping,
            {name: cell for name, cell in cells.items() if not _is_only_mark(mapping, name)},
        )
    ]


def _is_only_mark(mapping: SqlBatches, name: str) -> bool:
    """Without `columns` a row has the template's names; a mark that is none of them says nothing of
    the batch.
    """
    return not mapping.columns and name == mapping.mark and name not in ("start", "end")
