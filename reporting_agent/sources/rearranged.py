"""Sheets in another arrangement, made such as every reader knows: rows qualified by another column
(unit, direction, quality, multiplier), intervals and days side by side, units in cells, counters,
moments spread over several columns, an end from a duration.

An end before the start is of the day after where both share their date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import partial
from typing import Any

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from reporting_agent.config import Profile
from reporting_agent.config.profile import CarrierColumn
from reporting_agent.sources import cells
from reporting_agent.sources.cells import Cell, UnreadableCell
from reporting_agent.sources.sheets import BrokenRow, Sheet

CLOCK, VALUE = "clock", "value"
"""The headers that a table of days gets for its intervals."""
FEWEST_INTERVALS = 20
_INTERVAL = re.compile(
    r"(?P<from>[012]?\d:[0-5]\d)(?::[0-5]\d)?"
    r"(?:\s*[-–~至到]\s*(?P<to>[012]?\d:[0-5]\d)(?::[0-5]\d)?)?"
)
_TWO_MOMENTS = re.compile(r"\s+(?:[-–]|bis|to|至|到)\s+")
Rows = Iterator[tuple[int, Sequence[Cell]]]


def intervals_of(header: Sequence[str]) -> dict[int, str]:
    """By column, the clock time at which its interval begins: `00:15-00:30`, or `00:15` as the end
    where no column is 00:00 at first. Empty where fewer columns than those of an hourly day are.
    """
    matches = {
        index: match
        for index, name in enumerate(header)
        if (match := _INTERVAL.fullmatch(name.strip())) is not None
    }
    if len(matches) < FEWEST_INTERVALS:
        return {}
    if all(match["to"] for match in matches.values()):
        return {index: match["from"] for index, match in matches.items()}
    first, *others = matches.values()
    if _minutes(first["from"]) == 0:
        return {index: match["from"] for index, match in matches.items()}
    starts = ["0:00", *(match["from"] for match in [first, *others][:-1])]
    return dict(zip(matches, starts, strict=True))


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return 60 * int(hours) + int(minutes)


def arranged(sheet: Sheet, profile: Profile) -> Sheet:
    """The sheet with its cells and rows as the profile reads them: dates for numbers of days,
    numbers without their unit, an interval a row, and rows by what stands beside a value.

    Raises:
        InputError: a column that the profile names is missing or stands twice.
    """
    days = {name: partial(_day, month=month) for name, month in profile.month.items()}
    units = {name: partial(_without, unit=unit) for name, unit in profile.in_cells.items()}
    for changes, key in ((days, "month"), (units, "in_cells")):
        sheet = _with_cells(sheet, changes, key) if changes else sheet
    sheet = _by_clock(sheet) if profile.by_clock else sheet
    sheet = _named(sheet, profile.names) if profile.names else sheet
    by_row = profile.keep or profile.valid or profile.times or profile.first_of
    return _qualified(sheet, profile) if by_row else sheet


def completed(sheet: Sheet, profile: Profile) -> Sheet:
    """The sheet with a column more for each moment that is spread over several and each difference
    of two, and a row for each carrier's column; raises as `arranged` does."""
    sheet = _put_together(sheet, profile) if profile.parts else sheet
    sheet = _subtracted(sheet, profile) if profile.differences else sheet
    return _by_carrier(sheet, profile.carriers) if profile.carriers else sheet


def _each_row(
    sheet: Sheet,
    header: Sequence[str],
    change: Callable[[Sequence[Cell]], Iterable[Sequence[Cell]]],
) -> Sheet:
    """The sheet with the rows that each whole one becomes; blank ones go, and one that is broken or
    has not as many cells as the header stays such, so that it is told."""
    width, wider = len(sheet.header), len(header) != len(sheet.header)

    def rows() -> Rows:
        for row, raw in sheet.rows:
            if isinstance(raw, BrokenRow):
                yield row, raw
            elif len(raw) < width or any(cell not in (None, "") for cell in raw[width:]):
                yield row, raw[: len(header) - 1] if wider else raw
            elif any(cell not in (None, "") for cell in raw):
                for changed in change(raw if len(raw) == width else raw[:width]):
                    yield row, changed

    return Sheet(sheet.file, tuple(header), rows(), sheet.column_remedy)


def _with_cells(sheet: Sheet, changes: Mapping[str, Callable[[Cell], Cell]], key: str) -> Sheet:
    """The sheet with the cells of these columns changed."""
    by_index = {_index(sheet, name, key): of_cell for name, of_cell in changes.items()}

    def change(raw: Sequence[Cell]) -> Iterable[Sequence[Cell]]:
        changed = list(raw)
        for index, of_cell in by_index.items():
            changed[index] = of_cell(changed[index])
        return (changed,)

    return _each_row(sheet, sheet.header, change)


def _qualified(sheet: Sheet, profile: Profile) -> Sheet:
    """Rows that are kept, values that are good, multiplied by what stands beside them."""
    keep, valid = (
        {_index(sheet, name, key): set(words) for name, words in chosen.items()}
        for key, chosen in (("keep", profile.keep), ("valid", profile.valid))
    )
    times = {
        _index(sheet, name, "times"): _index(sheet, by, "times")
        for name, by in profile.times.items()
    }
    first_of = [_index(sheet, name, "first_of") for name in profile.first_of]
    values = _values(sheet.header, profile)

    def change(raw: Sequence[Cell]) -> Iterable[Sequence[Cell]]:
        if any(_word(raw[index]) not in words for index, words in keep.items()):
            return ()
        changed = list(raw)
        for index in first_of:
            changed[index] = _first(changed[index])
        for index, by in times.items():
            changed[index] = _product(changed[index], changed[by], profile)
        if any(_word(raw[index]) not in words for index, words in valid.items()):
            for index in values:
                changed[index] = None
        return (changed,)

    return _each_row(sheet, sheet.header, change)


def _values(header: Sequence[str], profile: Profile) -> list[int]:
    """The columns of readings: of a wide file all but its stamps and what qualifies them."""
    if not profile.wide:
        return [header.index(name) for name in {profile.columns.get("value", VALUE)} & {*header}]
    stamps = profile.parts.get("timestamp", (profile.columns.get("timestamp", "timestamp"),))
    others = {*stamps, *profile.keep, *profile.valid, *profile.times.values()}
    return [index for index, name in enumerate(header) if name not in others]


def _word(cell: Cell) -> str:
    text = cells.plain(str(cell)) if cell is not None else ""
    return text.removesuffix(".0")


def holds_two_moments(text: str) -> bool:
    """Whether a cell says from when until when: 01.04.2026 00:00 - 01.04.2026 01:00."""
    parts = _TWO_MOMENTS.split(cells.plain(text))
    return len(parts) == 2 and all(re.match(r"\d", part) for part in parts)


def _first(cell: Cell) -> Cell:
    return _TWO_MOMENTS.split(cells.plain(cell), maxsplit=1)[0] if isinstance(cell, str) else cell


def _product(value: Cell, factor: Cell, profile: Profile) -> Cell:
    if cells.is_blank(value):
        return None
    try:
        return cells.number(value, profile) * cells.number(factor, profile)
    except UnreadableCell:
        return Phrase("%(value)s times %(factor)s", value=repr(value), factor=repr(factor))


def _by_clock(sheet: Sheet) -> Sheet:
    """A row for each interval of a day."""
    starts = intervals_of(sheet.header)
    rest = [index for index in range(len(sheet.header)) if index not in starts]

    def change(raw: Sequence[Cell]) -> Iterable[Sequence[Cell]]:
        own = [raw[index] for index in rest]
        return ([*own, clock, raw[index]] for index, clock in starts.items())

    return _each_row(sheet, [*(sheet.header[index] for index in rest), CLOCK, VALUE], change)


def _named(sheet: Sheet, names: Mapping[str, Sequence[str]]) -> Sheet:
    """With a column more for each name that several columns make together."""
    columns = [[_index(sheet, part, "names") for part in parts] for parts in names.values()]

    def change(raw: Sequence[Cell]) -> Iterable[Sequence[Cell]]:
        made = (" ".join(_word(raw[index]) for index in own) for own in columns)
        return ([*raw, *made],)

    return _each_row(sheet, [*sheet.header, *names], change)


def _day(cell: Cell, month: str) -> Cell:
    """The date; a number that is no day of the month stays, and its row is told."""
    text = str(cell).strip().rstrip(".").removesuffix(".0")
    try:
        return date.fromisoformat(f"{month}-01").replace(day=int(text)).isoformat()
    except (ValueError, OverflowError):
        return cell


def _without(cell: Cell, unit: str) -> Cell:
    """The number alone; one with another unit, or none, is not read."""
    if cells.is_blank(cell):
        return cell
    text = cells.plain(str(cell))
    if text.endswith(unit) and text.removesuffix(unit)[-1:] in {*"0123456789., "}:
        return text.removesuffix(unit).rstrip()
    return Phrase("%(text)s (not in %(unit)s)", text=text, unit=unit)


def difference_header(pair: Sequence[str]) -> str:
    """The header of a difference."""
    return " - ".join(pair)


def _subtracted(sheet: Sheet, profile: Profile) -> Sheet:
    """With a cell more for each difference of two columns; blank where one of them is."""
    pairs = [
        (_index(sheet, later, "differences"), _index(sheet, earlier, "differences"))
        for later, earlier in profile.differences.values()
    ]

    def change(raw: Sequence[Cell]) -> Iterable[Sequence[Cell]]:
        made = (_difference(raw[later], raw[earlier], profile) for later, earlier in pairs)
        return ([*raw, *made],)

    more = (difference_header(pair) for pair in profile.differences.values())
    return _each_row(sheet, [*sheet.header, *more], change)


def _difference(later: Cell, earlier: Cell, profile: Profile) -> Cell:
    if cells.is_blank(later) or cells.is_blank(earlier):
        return None
    try:
        return round(
            cells.number(later, profile) - cells.number(earlier, profile), 9
        )  # of two decimals: no more digits than they have
    except UnreadableCell:
        return Phrase("%(later)s less %(earlier)s", later=repr(later), earlier=repr(earlier))


_BY_CARRIER = ("carrier", "quantity", "unit", "direction", "lhv", "lhv_unit", "lhv_source")


def _by_carrier(sheet: Sheet, carriers: Mapping[str, CarrierColumn]) -> Sheet:
    """With a row for each carrier's column."""
    index_of = {name: _index(sheet, entry.column, "carriers") for name, entry in carriers.items()}
    said = {
        name: (entry.unit, entry.direction, entry.lhv, entry.lhv_unit or None, entry.lhv_source)
        for name, entry in carriers.items()
    }
    own = [
        index
        for index, name in enumerate(sheet.header)
        if index not in index_of.values() and name not in _BY_CARRIER
    ]

    def change(raw: Sequence[Cell]) -> Iterable[Sequence[Cell]]:
        beside = [raw[index] for index in own]
        return ([*beside, name, raw[index], *said[name]] for name, index in index_of.items())

    return _each_row(sheet, [*(sheet.header[index] for index in own), *_BY_CARRIER], change)


def _index(sheet: Sheet, header: str, key: str) -> int:
    if sheet.header.count(header) == 1:
        return sheet.header.index(header)
    raise InputError(
        "header-twice" if header in sheet.header else "column-missing",
        "The file has no column, or more than one, for what the profile names.",
        Phrase("Correct its header under %(key)s in the mapping profile.", key=key),
        place=Place(sheet.file, column=header),
        found=", ".join(name for name in sheet.header if name) or Phrase("no headers"),
        wanted=header,
    )


_POINTED = re.compile(
    r"\d{1,2}\.\d{2}(\.\d{2})?"
)  # 06.33, of a column that is declared to hold clock times
_DAY = timedelta(days=1)


def moment_header(parts: Sequence[str]) -> str:
    """The header of a moment put together."""
    return " + ".join(parts)


def columns_with(profile: Profile) -> dict[str, str]:
    """The profile's columns, with those put together and those that are differences."""
    joined = {name: moment_header(parts) for name, parts in profile.parts.items()}
    return {
        **profile.columns,
        **joined,
        **{name: difference_header(pair) for name, pair in profile.differences.items()},
    }


def _put_together(sheet: Sheet, profile: Profile) -> Sheet:
    """With a cell more for each moment that is spread over several."""
    columns_of = {
        name: [_index(sheet, part, "parts") for part in parts]
        for name, parts in profile.parts.items()
    }
    start, end = columns_of.get("start"), columns_of.get("end")
    one_date = start is not None and end is not None and start[:-1] == end[:-1]
    dates = {
        column
        for name, parts in columns_of.items()
        if name in profile.fill_down
        for column in parts[:-1]
    }
    above: dict[int, Cell] = {}
    latest: datetime | None = None

    def change(raw: Sequence[Cell]) -> Iterable[Sequence[Cell]]:
        nonlocal above, latest
        repeated = bool(dates) and all(cells.is_blank(raw[column]) for column in dates)
        above = {column: above.get(column) if repeated else raw[column] for column in dates}
        moments: dict[str, Any] = {
            name: moment_of([above.get(column, raw[column]) for column in parts], profile)
            for name, parts in columns_of.items()
        }
        begins, ends = moments.get("start"), moments.get("end")
        if dates and isinstance(begins, datetime):
            if repeated and latest is not None and begins < latest:
                moments["start"] = Phrase(
                    "%(start)s, before the row above: of which day?",
                    start=f"{begins:%Y-%m-%d %H:%M}",
                )
                begins = None
            else:
                latest = begins
        if one_date and isinstance(begins, datetime) and isinstance(ends, datetime):
            moments["end"] = ends + _DAY if ends < begins else ends
        return ([*raw, *moments.values()],)

    more = (moment_header(parts) for parts in profile.parts.values())
    return _each_row(sheet, [*sheet.header, *more], change)


def moment_of(parts: Sequence[Cell], profile: Profile) -> Cell:
    """The moment that the parts make, with 24:00 and 00:00 as the profile means them, so that it is
    read as it stands; the text of the parts where they make none, blank where the last of them is
    blank.
    """
    if cells.is_blank(parts[-1]):
        return None
    clock = parts[-1] if len(parts) in {2, 4} else None
    try:
        day = _day_of(parts[:3], profile) if len(parts) > 2 else parts[0]
        if isinstance(day, datetime | date) and isinstance(clock, time):
            return cells.written_moment(datetime.combine(day, clock), profile)
        if isinstance(day, float) and isinstance(clock, float):
            return cells.written_moment(day + clock, profile)  # Excel's day, and its part of a day
        if clock is None:
            return cells.written_moment(day, profile) if isinstance(day, datetime | date) else day
        text = f"{day:%Y-%m-%d}" if isinstance(day, datetime | date) else str(day)
        notation = (
            profile.model_copy(update={"date_order": "ymd", "date_format": None})
            if isinstance(day, datetime | date)
            else profile
        )
        hours = str(clock).strip()
        if notation is not profile and _POINTED.fullmatch(hours):
            hours = hours.replace(".", ":")
        return cells.written_moment(f"{text.strip()} {hours}", notation)
    except UnreadableCell:
        return " ".join(str(part) for part in parts)


def _day_of(parts: Sequence[Cell], profile: Profile) -> date:
    numbers = [cells.number(part, profile) for part in parts]
    if not all(number.is_integer() for number in numbers):
        raise UnreadableCell(Phrase("a year, a month and a day"))
    try:
        return date(*map(int, numbers))
    except (ValueError, OverflowError) as impossible:
        raise UnreadableCell(Phrase("a day that exists")) from impossible


def end_after_durations(columns: dict[str, list[Any]], zone: tzinfo) -> None:
    """An end that no column tells, by the start and the duration; whole days are of the calendar,
    of 23 or 25 hours where clocks change.
    """
    durations = columns.pop("duration_s")
    ends = columns.setdefault("end", [None] * len(durations))
    for index, (start, end, duration) in enumerate(
        zip(columns["start"], ends, durations, strict=True)
    ):
        if end is None and duration:
            days, rest = divmod(duration, _DAY // timedelta(seconds=1))
            local = start.astimezone(zone).replace(tzinfo=None)
            ends[index] = (
                start + timedelta(seconds=duration)
                if rest
                else _on_the_calendar(local + timedelta(days=days), zone)
            )


def _on_the_calendar(local: datetime, zone: tzinfo) -> datetime:
    """An end on the plant's wall clock; where the clock skipped that time, by the clock as it stood
    before: of a day that ends at a skipped midnight, the moment of the change."""
    try:
        return cells.fixed(local, zone)
    except UnreadableCell:
        offset = local.replace(tzinfo=zone).utcoffset()
        return local.replace(tzinfo=zone if offset is None else timezone(offset))
