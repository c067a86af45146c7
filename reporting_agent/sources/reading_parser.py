"""Blocks of readings in which something is to be understood: local clocks, foreign notations,
blanks, rows that are wrong.

A row that cannot be read is kept apart with its reason, and comes back into its place where a
person corrected it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import Place
from benchmarks.phrases import Phrase, in_number
from reporting_agent.config import Profile
from reporting_agent.row_numbers import Rows
from reporting_agent.sources import arrow_columns, blocks, cells, rearranged, rejected_rows
from reporting_agent.sources.arrow_columns import WallClock
from reporting_agent.sources.cells import RejectedRow, UnreadableCell
from reporting_agent.sources.fields import BadCell, shown
from reporting_agent.sources.reading_log import Layout, ReadingBlock, ReadingLog
from reporting_agent.sources.rejected_rows import TotalRow, identity

Read = TypeVar("Read")

FIRST_US = int(datetime(cells.FIRST_YEAR, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
LAST_US = int(datetime(cells.LAST_YEAR + 1, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - local stamps are counted from a local one
_MICROSECOND = timedelta(microseconds=1)


@dataclass(slots=True)
class RaggedRows:
    """Rows that have not as many cells as the header: set aside, or read as a person corrected
    them.
    """

    file: str
    layout: Layout
    profile: Profile
    log: ReadingLog
    mended: list[tuple[int, dict[str, cells.Cell]]] = field(default_factory=list)

    def met(self, row: int, found: int, wanted: int, raw: Sequence[str]) -> None:
        """Take note of one such row."""
        header = self.layout.header
        now = self.log.corrections.mended("readings", self.file, header, raw)
        if now is not None:
            self.mended.append((row, dict(zip(header, now, strict=True))))
            self.log.corrections.use("readings", self.file, header, row, raw, now)
            return
        reason, name = (
            Phrase("the row does not have as many cells as the header"),
            identity("readings", self.file, raw),
        )
        counted, needed = (
            in_number(count, "%(count)s cell", "%(count)s cells", count=count)
            for count in (found, wanted)
        )
        self.log.reject(
            RejectedRow(
                Place(self.file, row), reason, counted, needed, tuple(raw), header, "readings", name
            )
        )

    def block(self) -> ColumnBlock:
        """The corrected rows as a block of their own."""
        rows = np.array([row for row, _ in self.mended], dtype=np.int64)
        profile, wanted = self.profile, self.layout.wanted
        columns = {
            name: arrow_columns.texts(
                [blocks.as_text(named[name], profile) for _, named in self.mended]
            )
            for name in wanted
        }
        return ColumnBlock(rows, columns, self.layout, self.profile, self.file, self.log)


class ColumnBlock:
    """One block of columns on its way to the readings of each meter."""

    def __init__(
        self,
        rows: Rows,
        columns: dict[str, Any],
        layout: Layout,
        profile: Profile,
        file: str,
        log: ReadingLog,
    ) -> None:
        if layout.parts:
            columns = {
                **columns,
                layout.stamp: _put_together(
                    [columns[part].to_pylist() for part in layout.parts], profile
                ),
            }
        self.rows, self.columns, self.layout, self.profile, self.file, self.log = (
            rows,
            columns,
            layout,
            profile,
            file,
            log,
        )
        # of what `moment_of` made midnight is settled; a date beside a clock time is only written
        # together
        self._of_stamps = (
            profile.model_copy(update={"midnight": "begins"}) if len(layout.parts) > 2 else profile
        )
        self.bad: dict[int, list[BadCell]] = {}
        self.zoned: NDArray[np.bool_] | bool = True  # whether stamps are UTC already
        self.time_us = self._stamps(columns[layout.stamp])
        self.values = {header: self._values(columns[header], header) for header in layout.values}

    def split(self, meters: frozenset[str], clock: WallClock) -> Iterator[ReadingBlock]:
        """The readings of each meter; rows that cannot be read are corrected or set aside."""
        layout = self.layout
        self._find_hours_that_never_were(clock)
        for index in sorted(self.bad):
            self._settle(index, self.bad[index])
        good = self.time_us != arrow_columns.NO_STAMP
        if layout.meter is None:
            time_us, rows = self._utc(layout.constant_meter or "", good, clock), self.rows[good]
            for header, values in self.values.items():
                yield ReadingBlock(
                    layout.meters.get(header, layout.constant_meter or ""),
                    time_us,
                    values[good],
                    rows,
                    self.file,
                )
            return
        code, names = arrow_columns.codes(self.columns[layout.meter])
        words = self.profile.values.get("meter_id", {})
        for index, name in enumerate(names):
            mine = good & (code == index) if len(names) > 1 else good
            meter = words.get(name or "", cells.plain(name or ""))
            if meter in meters:
                whole, values = mine.all(), self.values[layout.values[0]]
                time_us = self._utc(meter, mine, clock)
                yield ReadingBlock(
                    meter,
                    time_us,
                    values if whole else values[mine],
                    self.rows if whole else self.rows[mine],
                    self.file,
                )
            elif mine.any():
                self.log.meet_unknown(
                    meter, self.time_us[mine], self.values[layout.values[0]][mine]
                )

    def _utc(self, meter: str, chosen: NDArray[np.bool_], clock: WallClock) -> NDArray[np.int64]:
        """The chosen stamps in UTC; nothing is copied where they are all, and are UTC already."""
        time_us = self.time_us if chosen.all() else self.time_us[chosen]
        if self.zoned is True:
            return time_us
        stamped = clock.utc(meter, time_us)
        return stamped if self.zoned is False else np.where(self.zoned[chosen], time_us, stamped)

    def _find_hours_that_never_were(self, clock: WallClock) -> None:
        if self.zoned is True:
            return
        local = self.time_us != arrow_columns.NO_STAMP
        if self.zoned is not False:
            local &= ~self.zoned
        if clock.never(self.time_us[local]) is None:
            return
        for meters, rows in self._by_meter(np.flatnonzero(local)):
            never = clock.never(self.time_us[rows])
            if never is not None:
                self.log.in_skipped_hours |= meters
                for index in rows[never].tolist():
                    self._fault(
                        index,
                        self.layout.stamp,
                        "a time that exists: the clock was put forward over this one",
                    )

    def _by_meter(self, rows: NDArray[np.int64]) -> Iterator[tuple[set[str], NDArray[np.int64]]]:
        """These rows by their meter; in a wide file every row is of all."""
        if self.layout.meter is None:
            yield set(self.layout.meters.values()) or {self.layout.constant_meter or ""}, rows
            return
        column, words = self.columns[self.layout.meter], self.profile.values.get("meter_id", {})
        of_row = np.array([cells.as_name(column[index].as_py()) for index in rows.tolist()])
        for name in np.unique(of_row).tolist():
            yield {words.get(name, cells.plain(name))}, rows[of_row == name]

    def _stamps(self, column: Any) -> NDArray[np.int64]:
        """Microseconds, of UTC where the stamp says so (`zoned`), else of the plant's wall
        clock.
        """
        import pyarrow as pa

        profile = self._of_stamps
        if arrow_columns.is_number(column):
            return self._stamps_one_by_one(
                column.to_pylist()
            )  # Excel's days, or a count that nobody declared: never a time by itself
        kinds = (
            [column.type]
            if pa.types.is_timestamp(column.type)
            else [pa.timestamp("us"), pa.timestamp("us", "UTC")]
        )
        if profile.midnight == "begins" and (
            (profile.date_format is None and profile.date_order == "ymd") or len(kinds) == 1
        ):
            for kind in kinds:
                try:
                    read = arrow_columns.raw_stamps(column.cast(kind))
                except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                    # another notation, or a row among them that is wrong: read one by one below
                    continue
                if not len(read) or (read.min() >= FIRST_US and read.max() < LAST_US):
                    self.zoned = kind.tz is not None
                    return read
        return self._stamps_one_by_one(column.to_pylist())

    def _stamps_one_by_one(self, texts: Sequence[cells.Cell]) -> NDArray[np.int64]:
        stamps_by_cell: dict[cells.Cell, tuple[int, bool]] = {}
        read = np.full(len(texts), arrow_columns.NO_STAMP, dtype=np.int64)
        zoned = np.zeros(len(texts), dtype=np.bool_)
        for index, text in enumerate(texts):
            if text not in stamps_by_cell:
                try:
                    stamps_by_cell[text] = _microseconds(text, self._of_stamps)
                except UnreadableCell as wrong:
                    self._fault(index, self.layout.stamp, wrong.wanted)
                    continue
            read[index], zoned[index] = stamps_by_cell[text]
        self.zoned = zoned
        return read

    def _values(self, column: Any, header: str) -> NDArray[np.float64]:
        import pyarrow as pa

        scale, profile = self.profile.scale.get("value", 1.0), self.profile
        missing = profile.missing.get("value", ())
        read = np.full(len(column), np.nan)
        if arrow_columns.is_number(column) or pa.types.is_string(column.type):
            present = (
                arrow_columns.without(column, cells.words(missing), cells.numbers(missing))
                if missing
                else column
            )
            with np.errstate(over="ignore"):
                numbers = (
                    present
                    if arrow_columns.is_number(present)
                    else arrow_columns.numbers(present, *cells.notation(profile))
                )
                read = arrow_columns.scaled(
                    arrow_columns.floats(numbers).copy(), scale
                )  # it is written to: no column is
        late = np.flatnonzero(
            ~np.isfinite(read)
        )  # wrong, blank or in a notation of their own: read one by one
        read[late] = np.nan
        if all(cells.is_blank(cell, missing) for cell in arrow_columns.distinct_at(column, late)):
            return read
        for index, text in zip(late.tolist(), column.take(pa.array(late)).to_pylist(), strict=True):
            if cells.is_blank(text, missing):
                continue  # no reading at this stamp: the gap shows in the completeness
            try:
                read[index] = cells.measured(text, profile, scale)
            except UnreadableCell as wrong:
                self._fault(index, header, wrong.wanted)
        return read

    def _fault(self, index: int, header: str, wanted: str) -> None:
        text = self.columns[header][index].as_py()
        blank = cells.is_blank(text)
        reason = (
            Phrase("a required value is missing") if blank else Phrase("the value cannot be read")
        )
        self.bad.setdefault(index, []).append(
            BadCell(header, reason, shown(text or "") if blank else shown(text), wanted)
        )

    def _settle(self, index: int, faults: Sequence[BadCell]) -> None:
        """Read the row as it was corrected, or pass it over as a total or a blank row, or set it
        aside.
        """
        wanted = self.layout.wanted
        raw = tuple(self.columns[name][index].as_py() for name in wanted)
        row = int(self.rows[index])
        if all(cells.is_blank(cell) for cell in raw):
            return
        shown_row = raw
        mended = self.log.corrections.mended("readings", self.file, wanted, raw)
        if mended is not None:
            shown_row = tuple(mended)
            try:
                self._mend(index, dict(zip(wanted, shown_row, strict=True)))
            except BadCell as still:
                faults = [still]
            else:
                self.log.corrections.use("readings", self.file, wanted, row, raw, mended)
                return
        elif rejected_rows.names_a_total(raw[0], self.profile.totals):
            self.log.totals.append(TotalRow(Place(self.file, row), None))
            return
        if any(fault.header == self.layout.stamp for fault in faults):
            self.time_us = _with(self.time_us, index, arrow_columns.NO_STAMP)
        first = faults[0]
        place, name = Place(self.file, row, first.header), identity("readings", self.file, raw)
        self.log.reject(
            RejectedRow(
                place, first.reason, first.found, first.wanted, shown_row, wanted, "readings", name
            )
        )

    def _mend(self, index: int, cells_now: dict[str, cells.Cell]) -> None:
        """Put the corrected row in the place of the row as it was; BadCell where it cannot be read
        either.
        """
        layout = self.layout
        if layout.parts:
            (whole,) = _put_together(
                [[cells_now[part]] for part in layout.parts], self.profile
            ).to_pylist()
            cells_now = {**cells_now, layout.stamp: whole}
        stamp, zoned = _checked(
            layout.stamp, cells_now[layout.stamp], lambda cell: _microseconds(cell, self._of_stamps)
        )
        self.time_us = _with(self.time_us, index, stamp)
        whether = (
            np.full(len(self.rows), self.zoned) if isinstance(self.zoned, bool) else self.zoned
        )
        self.zoned = np.where(np.arange(len(whether)) == index, zoned, whether)
        scale = self.profile.scale.get("value", 1.0)
        for header in self.values:
            is_blank = cells.is_blank(cells_now[header], self.profile.missing.get("value", ()))
            value = (
                np.nan
                if is_blank
                else _checked(
                    header,
                    cells_now[header],
                    lambda cell: cells.measured(cell, self.profile, scale),
                )
            )
            self.values[header] = _with(self.values[header], index, value)
        if layout.meter is not None:
            meters = self.columns[layout.meter].to_pylist()
            meters[index] = cells_now[layout.meter]
            self.columns[layout.meter] = arrow_columns.texts(
                [None if meter is None else cells.as_name(meter) for meter in meters]
            )


def _put_together(parts: Sequence[Sequence[cells.Cell]], profile: Profile) -> Any:
    """A column of stamps out of the columns of their parts: a date and a clock time as one text, a
    year, month and day as a moment.
    """
    if len(parts) == 2:
        rows = zip(*parts, strict=True)
        return arrow_columns.texts(
            [
                None if cells.is_blank(row[1]) else " ".join(_part(cell, profile) for cell in row)
                for row in rows
            ]
        )
    return arrow_columns.texts(
        [
            blocks.as_text(rearranged.moment_of(row, profile), profile)
            for row in zip(*parts, strict=True)
        ]
    )


def _part(cell: cells.Cell, profile: Profile) -> str:
    """A date or a clock time as a text; Parquet may hold a day as its midnight."""
    return (
        blocks.as_text(cell.date() if isinstance(cell, datetime) else cell, profile) or ""
    ).strip()


def _microseconds(cell: cells.Cell, profile: Profile) -> tuple[int, bool]:
    """A stamp as microseconds, and whether they are UTC; without an offset they are of the plant's
    wall clock.
    """
    stamp = cells.written_moment(cell, profile)
    if stamp.tzinfo is None:
        return (stamp - _NAIVE_EPOCH) // _MICROSECOND, False
    return (stamp - _EPOCH) // _MICROSECOND, True


def _checked(header: str, cell: cells.Cell, read: Callable[[cells.Cell], Read]) -> Read:
    try:
        return read(cell)
    except UnreadableCell as wrong:
        raise BadCell(
            header, Phrase("the value cannot be read"), shown(cell), wrong.wanted
        ) from wrong


def _with(array: NDArray[Any], index: int, value: float) -> NDArray[Any]:
    """The array with one element changed; those out of Arrow's buffers cannot be written to."""
    changed = array.copy()
    changed[index] = value
    return changed
