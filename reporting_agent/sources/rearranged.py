"""Sheets that hold what is wanted in another arrangement: days side by side, days of a month named elsewhere, units in cells, counters.

What comes out is a sheet as every reader knows it. Rows of a sheet whose days stand side by side count as its columns do.

Several rows a batch, such as the passes of a heat: put together where the profile says what the batch's value of a column is.

Rows of one key become one: it starts with the earliest and ends with the latest, columns named under `rows` are summed, or taken from the
first or the last row of the file; every other one is that of the first. A batch of which one row cannot be read is not used at all. A row
that tells its batch id and not its step is in doubt: no batch of that id is used, and such a file has no bound on the way out.

Energy with a column a carrier, as the template has it: a row a carrier, all with the number of the row they stand in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from reporting_agent.config import Profile
from reporting_agent.config.profile import CarrierColumn
from reporting_agent.sources import cells
from reporting_agent.sources.cells import Cell, Rejected, Unreadable
from reporting_agent.sources.fields import BadCell, Field
from reporting_agent.sources.sheets import BrokenRow, Sheet

if TYPE_CHECKING:
    from reporting_agent.sources.whole_table import Table

Rows = Iterator[tuple[int, Sequence[Cell]]]


def dated(sheet: Sheet, months: Mapping[str, str]) -> Sheet:
    """The sheet with dates for numbers of days; a number that is no day of the month stays, and its row is told.

    Raises:
        InputError: the column is missing or stands twice.
    """
    places = {_place(sheet, column, "month"): date.fromisoformat(f"{month}-01") for column, month in months.items()}
    return _with_cells(sheet, {place: partial(_day, month=month) for place, month in places.items()})


def _with_cells(sheet: Sheet, changes: Mapping[int, Callable[[Cell], Cell]]) -> Sheet:
    """The sheet with the cells of these columns changed; rows that are broken stay as they are."""

    def rows() -> Rows:
        for row, raw in sheet.rows:
            if isinstance(raw, BrokenRow):
                yield row, raw
                continue
            changed = list(raw)
            for place, change in changes.items():
                if place < len(changed):
                    changed[place] = change(changed[place])
            yield row, changed

    return Sheet(sheet.file, sheet.header, rows())


def _day(cell: Cell, month: date) -> Cell:
    text = str(cell).strip().rstrip(".").removesuffix(".0")
    try:
        return month.replace(day=int(text)).isoformat()
    except ValueError:
        return cell


def without_units(sheet: Sheet, units: Mapping[str, str]) -> Sheet:
    """The sheet with numbers alone where each carries the declared unit; a number with another unit, or none, is not read.

    Raises:
        InputError: the column is missing or stands twice.
    """
    places = {_place(sheet, column, "in_cells"): unit for column, unit in units.items()}
    return _with_cells(sheet, {place: partial(_without, unit=unit) for place, unit in places.items()})


def _without(cell: Cell, unit: str) -> Cell:
    if cells.is_blank(cell):
        return cell
    text = cells.plain(str(cell))
    if text.endswith(unit) and text.removesuffix(unit)[-1:] in {*"0123456789., "}:
        return text.removesuffix(unit).rstrip()
    return f"{text} (not in {unit})"


def named(pair: Sequence[str]) -> str:
    """The header of a difference."""
    return " - ".join(pair)


def subtracted(sheet: Sheet, profile: Profile) -> Sheet:
    """The sheet with a cell more for each difference of two of its columns; blank where one of them is.

    Raises:
        InputError: a column is missing or stands twice.
    """
    places = [tuple(_place(sheet, header, "differences") for header in pair) for pair in profile.differences.values()]
    width = len(sheet.header)

    def rows() -> Rows:
        for row, raw in sheet.rows:
            if isinstance(raw, BrokenRow) or len(raw) < width or any(cell not in (None, "") for cell in raw[width:]):
                yield row, raw if isinstance(raw, BrokenRow) else raw[: width - 1]  # told as a row of another width
            elif any(cell not in (None, "") for cell in raw):
                yield row, (*raw[:width], *(_difference(raw[later], raw[earlier], profile) for later, earlier in places))

    return Sheet(sheet.file, (*sheet.header, *(named(pair) for pair in profile.differences.values())), rows())


def _difference(later: Cell, earlier: Cell, profile: Profile) -> Cell:
    if cells.is_blank(later) or cells.is_blank(earlier):
        return None
    try:
        return round(cells.number(later, profile) - cells.number(earlier, profile), 9)  # of two decimals: no more digits than they have
    except Unreadable:
        return f"{later!r} less {earlier!r}"


def _place(sheet: Sheet, header: str, key: str) -> int:
    if sheet.header.count(header) == 1:
        return sheet.header.index(header)
    raise InputError(
        "header-twice" if header in sheet.header else "column-missing",
        "The file has no column, or more than one, for what the profile names.",
        Phrase("Correct its header under %(key)s in the mapping profile.", key=key),
        place=Place(sheet.file, column=header),
        found=", ".join(name for name in sheet.header if name) or "no headers",
        wanted=header,
    )


_KEYS = ("step", "batch_id", "carrier", "direction", "unit")
_EXTREMES = {"start": min, "end": max}


def gather(table: Table, profile: Profile, fields: Sequence[Field]) -> None:
    """Make one row of those of each batch, in place."""
    keys = [table.columns[name] for name in _KEYS if name in table.columns]
    known = {field.column.name: field for field in fields}
    broken: set[tuple[Any, Any]] = set()
    doubted: set[Any] = set()
    for rejection in table.rejected:
        name, step = _told(known.get("batch_id"), rejection), _told(known.get("step"), rejection)
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
    complete = [rows for rows in groups.values() if (steps[rows[0]], names[rows[0]]) not in broken and names[rows[0]] not in doubted]
    for name, values in table.columns.items():
        values[:] = [
            _value(name, [values[row] for row in rows], profile, beside=name in {*table.carriers, *table.weighed}) for rows in complete
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
        known = [value for value in values if value is not None]
        return _EXTREMES[name](known) if len(known) == len(values) else None
    return values[0]


def _told(field: Field | None, rejection: Rejected) -> Any:
    """What a row that cannot be read says in this column, as far as its own cell goes."""
    if field is None or field.position is None:
        return None if field is None else field.constant
    try:
        return field.value(rejection.original[field.position]) if field.position < len(rejection.original) else None
    except BadCell:
        return None


COLUMNS = ("carrier", "quantity", "unit", "direction", "lhv", "lhv_unit", "lhv_source")


def spread(sheet: Sheet, carriers: Mapping[str, CarrierColumn]) -> Sheet:
    """The sheet with one row for each carrier's column.

    Raises:
        InputError: a column is missing or stands twice.
    """
    places: dict[str, int] = {}
    for carrier, column in carriers.items():
        if sheet.header.count(column.column) != 1:
            raise InputError(
                "header-twice" if column.column in sheet.header else "column-missing",
                Phrase("The file has no column, or more than one, for %(carrier)s.", carrier=carrier),
                "Correct its column under [mapping.energy.carriers].",
                place=Place(sheet.file, column=column.column),
                found=", ".join(name for name in sheet.header if name) or "no headers",
                wanted=column.column,
            )
        places[carrier] = sheet.header.index(column.column)
    own = [place for place in range(len(sheet.header)) if place not in places.values() and sheet.header[place] not in COLUMNS]
    header = (*(sheet.header[place] for place in own), *COLUMNS)
    return Sheet(sheet.file, header, _rows(sheet, carriers, places, own))


def _rows(
    sheet: Sheet, carriers: Mapping[str, CarrierColumn], places: Mapping[str, int], own: Sequence[int]
) -> Iterator[tuple[int, Sequence[Cell]]]:
    for row, raw in sheet.rows:
        if isinstance(raw, BrokenRow) or len(raw) < len(sheet.header):
            yield row, raw  # told as it is
        elif any(cell is not None and cell != "" for cell in raw):
            for carrier, column in carriers.items():
                heat = column.lhv, column.lhv_unit or None, column.lhv_source
                yield row, (*(raw[place] for place in own), carrier, raw[places[carrier]], column.unit, column.direction, *heat)
