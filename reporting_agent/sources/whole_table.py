"""A whole file as typed columns: which rows are rows, which are totals of others, and which cannot
be read, with the reason. For batches, energy and logs; readings are streamed (`meter_readings`).

A file of which more than half the rows cannot be read is refused. Rows of one batch become one, as
the profile says; one of which a row cannot be read, or has an id and no step, is not used.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from pathlib import Path
from typing import Any

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase, in_number
from reporting_agent.config import Profile
from reporting_agent.console import progress
from reporting_agent.sources import rejected_rows
from reporting_agent.sources.cells import Cell, RejectedRow, UnreadableCell, is_blank, is_value
from reporting_agent.sources.fields import (
    BadCell,
    Field,
    fields_of,
    of_carriers,
    of_masses,
    shown,
    zone_of,
)
from reporting_agent.sources.rearranged import columns_with, completed, end_after_durations
from reporting_agent.sources.rejected_rows import Corrections, TotalRow, identity
from reporting_agent.sources.sheets import BrokenRow, Sheet, open_sheet
from reporting_agent.sources.wanted import CellKind, Template, adds_up

_KEYS = ("step", "batch_id", "carrier", "direction", "unit")
_EXTREMES = {"start": min, "end": max}


def gather(table: Table, profile: Profile, fields: Sequence[Field]) -> None:
    """Make one row of those of each batch, in place."""
    keys = [table.columns[name] for name in _KEYS if name in table.columns]
    fields_by_name = {field.column.name: field for field in fields}
    broken: set[tuple[Any, Any]] = set()
    doubted: set[Any] = set()
    for rejection in table.rejected:
        name, step = (
            _own_value(fields_by_name.get("batch_id"), rejection),
            _own_value(fields_by_name.get("step"), rejection),
        )
        if name is None:
            continue
        if step is None:
            doubted.add(name)
            table.in_doubt.append(rejection.place)
        broken.add((step, name))
    groups: dict[tuple[Any, ...], list[int]] = {}
    for index, key in enumerate(zip(*keys, strict=True)):
        groups.setdefault(key, []).append(index)
    names, steps = table.columns["batch_id"], table.columns["step"]
    complete = [
        rows
        for rows in groups.values()
        if (steps[rows[0]], names[rows[0]]) not in broken and names[rows[0]] not in doubted
    ]
    for name, values in table.columns.items():
        values[:] = [
            _value(
                name,
                [values[row] for row in rows],
                profile,
                beside=name in {*table.carriers, *table.weighed},
            )
            for rows in complete
        ]
    table.rows[:] = [table.rows[rows[0]] for rows in complete]


def _value(name: str, values: Sequence[Any], profile: Profile, *, beside: bool) -> Any:
    if beside:
        return sum(value for value in values if value is not None)
    rule = profile.rows.get(name)
    if rule == "sum":
        return None if any(value is None for value in values) else sum(values)
    if rule == "last":
        return values[-1]
    if rule is None and name in _EXTREMES:
        present = [value for value in values if value is not None]
        return _EXTREMES[name](present) if len(present) == len(values) else None
    return values[0]


def _own_value(field: Field | None, rejection: RejectedRow) -> Any:
    """What a row that cannot be read says in this column, as far as its own cell goes."""
    if field is None or field.position is None:
        return None if field is None else field.constant
    try:
        return (
            field.value(rejection.original[field.position])
            if field.position < len(rejection.original)
            else None
        )
    except BadCell:
        return None


Row = tuple[int, Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by their standard name, all of one length; `rows[i]` is the row of the file that
    value i came from.
    """

    file: str
    columns: Mapping[str, list[Any]]
    rows: list[int]
    rejected: list[RejectedRow] = field(default_factory=list)
    carriers: tuple[
        str, ...
        # columns that mean nothing here and whose heading is a carrier's name: numbers, None where
        # none stands
    ] = ()
    weighed: tuple[
        str, ...
    ] = ()  # others that mean nothing here and whose heading says t or kg: likewise
    totals: list[TotalRow] = field(default_factory=list)
    input: str = ""
    again: Callable[[], Sheet] | None = None  # opens the file once more, from its beginning
    corrections: Corrections = field(default_factory=Corrections)
    in_doubt: list[Place] = field(
        default_factory=list
    )  # rows of several a batch that may be of more batches than one
    unread: list[Mapping[str, Any]] = field(
        default_factory=list
    )  # of each rejected row, the texts that it tells, and its start or stamp

    def __len__(self) -> int:
        return len(self.rows)

    def place(self, index: int, column: str | None = None) -> Place:
        return Place(self.file, self.rows[index], column)

    def in_their_own_columns(self, refused: Sequence[RejectedRow]) -> list[RejectedRow]:
        """Rows refused after they were read, with their cells as the file has them and the identity
        by which they are corrected.
        """
        if not refused or self.again is None:
            return list(refused)
        numbers = {rejection.place.row for rejection in refused}
        sheet = self.again()
        own = {row: raw for row, raw in sheet.rows if row in numbers}
        return [
            self._own(rejection, sheet.header, own.get(rejection.place.row or 0))
            for rejection in refused
        ]

    def _own(
        self, rejection: RejectedRow, header: tuple[str, ...], raw: Sequence[Cell] | None
    ) -> RejectedRow:
        if raw is None or rejection.place.row is None:
            return rejection
        cells = self.corrections.mended(self.input, self.file, header, raw) or raw
        name = identity(self.input, self.file, raw)
        self.corrections.used.pop(name, None)
        return replace(
            rejection, header=header, original=tuple(cells), input=self.input, row_id=name
        )


def read_table(
    path: str | Path,
    profile: Profile,
    wanted: Template,
    zone: tzinfo,
    corrections: Corrections | None = None,
) -> Table:
    """Read a file by its profile into the template's columns.

    Raises:
        InputError: the file is missing, not of its format, lacks a required column, or most of its
            rows are unreadable.
    """
    path = Path(path)
    return read_sheet(
        lambda: open_sheet(path, profile, wanted.name), profile, wanted, zone, corrections
    )


def read_sheet(
    reopen: Callable[[], Sheet],
    profile: Profile,
    wanted: Template,
    zone: tzinfo,
    corrections: Corrections | None = None,
) -> Table:
    """The same of any sheet; `reopen` opens it from its beginning, and may be called more than
    once.
    """

    def again() -> Sheet:
        return completed(reopen(), profile)

    profile = profile.model_copy(update={"columns": columns_with(profile)})
    sheet = again()
    fields, unused = fields_of(sheet.header, sheet.file, profile, wanted, zone, sheet.column_remedy)
    beside = (
        list(of_carriers(sheet.header, unused, profile))
        if wanted.open_prefixes or wanted.column("carrier")
        else []
    )
    weighed = list(of_masses(sheet.header, unused, profile)) if wanted.open_prefixes else []
    fields += [*beside, *weighed]
    columns: dict[str, list[Any]] = {sys.intern(entry.column.name): [] for entry in fields}
    carriers, masses = (tuple(entry.column.name for entry in group) for group in (beside, weighed))
    table = Table(
        sheet.file,
        columns,
        [],
        [],
        carriers,
        masses,
        [],
        wanted.name,
        again,
        corrections or Corrections(),
    )
    _Reading(table, sheet, profile, wanted, fields).run()
    for slot in fields:
        if slot.position is None:
            columns[slot.column.name] += [slot.constant] * len(table.rows)
    if "duration_s" in columns:
        end_after_durations(columns, zone_of(profile, sheet.file, wanted) or zone)
    read = len(table.rows)
    if profile.rows:
        gather(table, profile, fields)
    _refuse_if_mostly_unreadable(table, read)
    return table


class _Reading:
    """The rows of one sheet on their way into a table."""

    def __init__(
        self,
        table: Table,
        sheet: Sheet,
        profile: Profile,
        wanted: Template,
        fields: Sequence[Field],
    ) -> None:
        self.table, self.sheet, self.profile, self.wanted = table, sheet, profile, wanted
        self.there = [(slot, slot.position) for slot in fields if slot.position is not None]
        self.constant = [slot for slot in fields if slot.position is None]
        self.filled = [table.columns[slot.column.name] for slot, _ in self.there]
        self.width = len(sheet.header)
        self.key = next(
            (position for slot, position in self.there if slot.column.name == wanted.key), None
        )
        self.adding = [
            (slot, position) for slot, position in self.there if adds_up(slot.column.name)
        ]
        named = {position for slot, position in self.there if slot.column.kind is CellKind.TEXT}
        self.unnamed = frozenset(range(self.width)) - (frozenset() if profile.rows else named)
        """Columns in which a word for a total is no name of anything."""
        self.sums = rejected_rows.RunningSums(
            {slot.column.name: table.columns[slot.column.name] for slot, _ in self.adding}
        )

    def run(self) -> None:
        """Read every row; blank ones are no rows."""
        rows, corrections = self.sheet.rows, self.table.corrections
        if self.profile.fill_down:
            rows = self._filled_down(rows)
        for row, raw in progress(
            rows, None, Phrase("reading %(file)s", file=Path(self.sheet.file).name)
        ):
            if not any(raw) and not any(cell is not None and cell != "" for cell in raw):
                continue
            mended = (
                corrections.mended(self.wanted.name, self.table.file, self.sheet.header, raw)
                if corrections.rows
                else None
            )
            try:
                self._take(row, self._values(raw if mended is None else mended))
            except BadCell as bad:
                self._set_aside(row, raw, mended, bad)
            else:
                if mended is not None:
                    corrections.use(
                        self.wanted.name, self.table.file, self.sheet.header, row, raw, mended
                    )

    def _take(self, row: int, values: Sequence[Any]) -> None:
        for column, value in zip(self.filled, values, strict=True):
            column.append(value)
        self.table.rows.append(row)

    def _values(self, raw: Sequence[Cell]) -> list[Any]:
        if len(raw) != self.width or isinstance(raw, BrokenRow):
            _refuse_ragged(raw, self.width)
        if (first := _first(raw)) in self.unnamed and rejected_rows.names_a_total(
            raw[first], self.profile.totals
        ):
            raise BadCell(
                self.sheet.header[first],
                Phrase("the row begins with a word for a total"),
                shown(raw[first]),
                Phrase("the name of a row"),
            )
        return [slot.value(raw[position]) for slot, position in self.there]

    def _set_aside(
        self, row: int, raw: Sequence[Cell], mended: Sequence[Cell] | None, bad: BadCell
    ) -> None:
        """Note a row that cannot be read: as a total, where it is one, else as rejected, as it was
        mended last.
        """
        file, wanted = self.table.file, self.wanted.name
        if mended is None and (total := self._total(row, raw)) is not None:
            self.table.totals.append(total)
            self.sums.begin_group(len(self.table.rows))
            return
        name, original = identity(wanted, file, raw), tuple(raw if mended is None else mended)
        if row == self.profile.first_data_row and not any(is_value(cell) for cell in raw):
            bad.wanted = Phrase(
                "%(wanted)s; declare below_header = 1 where this row holds units or remarks",
                wanted=bad.wanted,
            )
        place = Place(file, row, bad.header)
        self.table.rejected.append(
            RejectedRow(
                place, bad.reason, bad.found, bad.wanted, original, self.sheet.header, wanted, name
            )
        )
        self.table.unread.append(self._texts(original))

    def _texts(self, raw: Sequence[Cell]) -> dict[str, Any]:
        """What a row that cannot be read says in its columns of text, and when it began or was
        stamped: of which batch or line it is, where it says that."""
        texts: dict[str, Any] = {}
        for slot, position in self.there:
            if (
                slot.column.kind is CellKind.TEXT or slot.column.name in {"start", "timestamp"}
            ) and position < len(raw):
                with suppress(BadCell):
                    texts[slot.column.name] = slot.value(raw[position])
        return texts | {constant.column.name: constant.constant for constant in self.constant}

    def _total(self, row: int, raw: Sequence[Cell]) -> TotalRow | None:
        """The row as a total, where it is one; asked only of rows that cannot be read."""
        if len(raw) < self.width or isinstance(raw, BrokenRow):
            return None
        at = _first(raw)
        first = None if at is None else raw[at]
        key = None if self.key is None else raw[self.key]
        claim = rejected_rows.Claim(
            Place(self.table.file, row, None),
            named=any(
                rejected_rows.names_a_total(cell, self.profile.totals) for cell in (first, key)
            ),
            declared=any(
                rejected_rows.names_a_total_by_declaration(cell, self.profile.totals)
                for cell in (first, key)
            ),
            keyless=self.key is not None and is_blank(key),
            incomplete=bool(self.profile.rows)
            or any(
                is_blank(raw[position]) for slot, position in self.there if slot.column.required
            ),
        )
        return (
            self.sums.total(claim, dict(self._amounts(raw)), len(self.table.rows))
            if claim.possible
            else None
        )

    def _amounts(self, raw: Sequence[Cell]) -> Iterator[tuple[str, tuple[float, float]]]:
        """What a total has to add up to, in the template's unit, and half of the last digit that it
        shows.
        """
        for slot, position in self.adding:
            cell = raw[position]
            if is_blank(cell, slot.missing):
                continue
            try:
                value = slot.read(cell)
            except UnreadableCell:
                continue  # a total of something else, or a word
            yield (
                slot.column.name,
                (
                    value,
                    rejected_rows.half_a_digit(str(cell))
                    * self.profile.scale.get(slot.column.name, 1.0),
                ),
            )

    def _filled_down(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Blank cells of the declared columns repeat the cell above, as a merged cell means it; not
        in rows without a key.
        """
        filled_down = set(self.profile.fill_down) - set(
            self.profile.parts
        )  # of those in parts the date alone is, as they are put together
        positions = [position for slot, position in self.there if slot.column.name in filled_down]
        above: dict[int, Cell] = {}
        for row, raw in rows:
            filled = list(raw)
            blank_row = all(cell is None or cell == "" for cell in raw)
            for position in positions:
                if position >= len(filled) or blank_row:
                    continue
                if filled[position] in (None, ""):
                    filled[position] = above.get(position, filled[position])
                above[position] = filled[position]
            yield row, filled


def _first(raw: Sequence[Cell]) -> int | None:
    """Where the first filled cell of a row stands."""
    return next((index for index, cell in enumerate(raw) if not is_blank(cell)), None)


def _cells(count: int) -> Phrase:
    return in_number(count, "%(count)s cell", "%(count)s cells", count=count)


def _refuse_ragged(raw: Sequence[Cell], width: int) -> None:
    if isinstance(raw, BrokenRow):
        raise BadCell(None, *raw.said)
    extra = [cell for cell in raw[width:] if cell not in (None, "")]
    if len(raw) < width or extra:
        raise BadCell(
            None,
            Phrase("the row does not have as many cells as the header"),
            _cells(len(raw)),
            _cells(width),
        )


def _refuse_if_mostly_unreadable(table: Table, read: int) -> None:
    if not table.rows and not table.rejected:
        raise InputError(
            "file-empty",
            "The file has a header and no rows."
            if not table.totals
            else "The file has totals and no rows.",
            "Export it again, or name another file under [inputs].",
            place=Place(table.file),
            found=Phrase("0 rows"),
            wanted=Phrase("at least one row"),
        )
    if len(table.rejected) > read:
        first = table.rejected[0]
        raise InputError(
            "mostly-unreadable",
            Phrase(
                "%(rejected)s of %(rows)s rows cannot be read. The first one: %(reason)s.",
                rejected=f"{len(table.rejected):,}",
                rows=f"{len(table.rejected) + read:,}",
                reason=first.reason,
            ),
            "Set the mapping profile in site.toml to how the file is written; `steplabel-agent "
            "label FILE` writes one into a site.toml.",
            place=first.place,
            found=first.found,
            wanted=first.wanted,
        )
