"""Sheets in another arrangement, made such as every reader knows: rows qualified by another column
(unit, direction, quality, multiplier), intervals and days side by side, units in cells, counters,
moments spread over several columns, an end from a duration.

An end before the start is of the day after where both share their date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import partial
from typing import Any

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from reporting_agent.config import Profile
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


def qualified(sheet: Sheet, profile: Profile) -> Sheet:
    """The sheet as the profile rearranges it."""
    if profile.by_clock:
        sheet = _by_clock(sheet)
    if profile.names:
        sheet = _named(sheet, profile.names)
    if not (profile.keep or profile.valid or profile.times or profile.first_of):
        return sheet
    keep, valid = (
        {_qualifier_index(sheet, name): set(words) for name, words in chosen.items()}
        for chosen in (profile.keep, profile.valid)
    )
    times = {
        _qualifier_index(sheet, name): _qualifier_index(sheet, by)
        for name, by in profile.times.items()
    }
    first_of = [_qualifier_index(sheet, name) for name in profile.first_of]
    values = _values(sheet.header, profile)

    def rows() -> Rows:
        for row, raw in sheet.rows:
            if isinstance(raw, BrokenRow) or len(raw) < len(sheet.header):
                yield row, raw
                continue
            if any(_word(raw[index]) not in words for index, words in keep.items()):
                continue
            changed = list(raw)
            for index in first_of:
                changed[index] = _first(changed[index])
            for index, by in times.items():
                changed[index] = _product(changed[index], changed[by], profile)
            if any(_word(raw[index]) not in words for index, words in valid.items()):
                for index in values:
                    changed[index] = None
            yield row, changed

    return Sheet(sheet.file, sheet.header, rows(), sheet.column_remedy)


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
    starts = intervals_of(sheet.header)
    rest = [index for index in range(len(sheet.header)) if index not in starts]
    header = (*(sheet.header[index] for index in rest), CLOCK, VALUE)

    def rows() -> Rows:
        for row, raw in sheet.rows:
            if isinstance(raw, BrokenRow) or len(raw) < len(sheet.header):
                yield row, raw
                continue
            own = [raw[index] for index in rest]
            for index, clock in starts.items():
                yield row, [*own, clock, raw[index]]

    return Sheet(sheet.file, header, rows(), sheet.column_remedy)


def _named(sheet: Sheet, names: Mapping[str, Sequence[str]]) -> Sheet:
    """With a column more for each name that several columns make together."""
    columns = {
        name: [_qualifier_index(sheet, part) for part in parts] for name, parts in names.items()
    }

    def rows() -> Rows:
        for row, raw in sheet.rows:
            if isinstance(raw, BrokenRow) or len(raw) < len(sheet.header):
                yield row, raw
                continue
            yield (
                row,
                [
                    *raw[: len(sheet.header)],
                    *(" ".join(_word(raw[index]) for index in own) for own in columns.values()),
                ],
            )

    return Sheet(sheet.file, (*sheet.header, *columns), rows(), sheet.column_remedy)


def _qualifier_index(sheet: Sheet, header: str) -> int:
    if sheet.header.count(header) == 1:
        return sheet.header.index(header)
    raise InputError(
        "header-twice" if header in sheet.header else "column-missing",
        "The file has no column, or more than one, for what the profile names.",
        "Correct its header in the mapping profile.",
        place=Place(sheet.file, column=header),
        found=", ".join(name for name in sheet.header if name),
        wanted=Phrase("one column named %(name)s", name=repr(header)),
    )


def dated(sheet: Sheet, months: Mapping[str, str]) -> Sheet:
    """The sheet with dates for numbers of days; a number that is no day of the month stays, and its
    row is told.

    Raises:
        InputError: the column is missing or stands twice.
    """
    by_index = {
        _index(sheet, column, "month"): date.fromisoformat(f"{month}-01")
        for column, month in months.items()
    }
    return _with_cells(
        sheet, {index: partial(_day, month=month) for index, month in by_index.items()}
    )


def _with_cells(sheet: Sheet, changes: Mapping[int, Callable[[Cell], Cell]]) -> Sheet:
    """The sheet with the cells of these columns changed; rows that are broken stay as they are."""

    def rows() -> Rows:
        for row, raw in sheet.rows:
            if isinstance(raw, BrokenRow):
                yield row, raw
                continue
            changed = list(raw)
            for index, change in changes.items():
                if index < len(changed):
                    changed[index] = change(changed[index])
            yield row, changed

    return Sheet(sheet.file, sheet.header, rows())


def _day(cell: Cell, month: date) -> Cell:
    text = str(cell).strip().rstrip(".").removesuffix(".0")
    try:
        return month.replace(day=int(text)).isoformat()
    except (ValueError, OverflowError):
        return cell


def without_units(sheet: Sheet, units: Mapping[str, str]) -> Sheet:
    """The sheet with numbers alone where each carries the declared unit; a number with another
    unit, or none, is not read.

    Raises:
        InputError: the column is missing or stands twice.
    """
    by_index = {_index(sheet, column, "in_cells"): unit for column, unit in units.items()}
    return _with_cells(
        sheet, {index: partial(_without, unit=unit) for index, unit in by_index.items()}
    )


def _without(cell: Cell, unit: str) -> Cell:
    if cells.is_blank(cell):
        return cell
    text = cells.plain(str(cell))
    if text.endswith(unit) and text.removesuffix(unit)[-1:] in {*"0123456789., "}:
        return text.removesuffix(unit).rstrip()
    return Phrase("%(text)s (not in %(unit)s)", text=text, unit=unit)


def difference_header(pair: Sequence[str]) -> str:
    """The header of a difference."""
    return " - ".join(pair)


def subtracted(sheet: Sheet, profile: Profile) -> Sheet:
    """The sheet with a cell more for each difference of two of its columns; blank where one of them
    is.

    Raises:
        InputError: a column is missing or stands twice.
    """
    pairs = [
        tuple(_index(sheet, header, "differences") for header in pair)
        for pair in profile.differences.values()
    ]
    width = len(sheet.header)

    def rows() -> Rows:
        for row, raw in sheet.rows:
            if (
                isinstance(raw, BrokenRow)
                or len(raw) < width
                or any(cell not in (None, "") for cell in raw[width:])
            ):
                yield (
                    row,
                    raw if isinstance(raw, BrokenRow) else raw[: width - 1],
                )  # told as a row of another width
            elif any(cell not in (None, "") for cell in raw):
                yield (
                    row,
                    (
                        *raw[:width],
                        *(
                            _difference(raw[later], raw[earlier], profile)
                            for later, earlier in pairs
                        ),
                    ),
                )

    return Sheet(
        sheet.file,
        (*sheet.header, *(difference_header(pair) for pair in profile.differences.values())),
        rows(),
    )


def _difference(later: Cell, earlier: Cell, profile: Profile) -> Cell:
    if cells.is_blank(later) or cells.is_blank(earlier):
        return None
    try:
        return round(
            cells.number(later, profile) - cells.number(earlier, profile), 9
        )  # of two decimals: no more digits than they have
    except UnreadableCell:
        return Phrase("%(later)s less %(earlier)s", later=repr(later), earlier=repr(earlier))


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


def put_together(sheet: Sheet, profile: Profile) -> Sheet:
    """The sheet with a cell more for each moment that is spread over several.

    Raises:
        InputError: a part is missing or stands twice.
    """
    for part in (part for parts in profile.parts.values() for part in parts):
        if sheet.header.count(part) != 1:
            raise InputError(
                "header-twice" if part in sheet.header else "column-missing",
                "The file has no column, or more than one, for a part of a time stamp.",
                "Correct its header under parts in the mapping profile.",
                place=Place(sheet.file, profile.header_row, part),
                found=", ".join(name for name in sheet.header if name) or Phrase("no headers"),
                wanted=part,
            )
    columns_of = {
        name: [sheet.header.index(part) for part in parts] for name, parts in profile.parts.items()
    }
    header = (*sheet.header, *(moment_header(parts) for parts in profile.parts.values()))
    return Sheet(sheet.file, header, _rows(sheet, columns_of, profile))


def _rows(
    sheet: Sheet, columns_of: Mapping[str, Sequence[int]], profile: Profile
) -> Iterator[tuple[int, Sequence[Cell]]]:
    width = len(sheet.header)
    one_date = (
        "start" in columns_of
        and "end" in columns_of
        and columns_of["start"][:-1] == columns_of["end"][:-1]
    )
    dates = {
        column
        for name, parts in columns_of.items()
        if name in profile.fill_down
        for column in parts[:-1]
    }
    above: dict[int, Cell] = {}
    latest: datetime | None = None
    for row, raw in sheet.rows:
        if (
            isinstance(raw, BrokenRow)
            or len(raw) < width
            or any(cell not in (None, "") for cell in raw[width:])
        ):
            yield (
                row,
                raw if isinstance(raw, BrokenRow) else raw[: width - 1],
            )  # told as a row of another width
            continue
        repeated = (
            dates
            and any(cell not in (None, "") for cell in raw)
            and all(cells.is_blank(raw[column]) for column in dates)
        )
        filled = {column: above.get(column) if repeated else raw[column] for column in dates}
        above = filled if dates else above
        moments: dict[str, Any] = {
            name: moment_of([filled.get(column, raw[column]) for column in parts], profile)
            for name, parts in columns_of.items()
        }
        if dates and isinstance(moments.get("start"), datetime):
            if repeated and latest is not None and moments["start"] < latest:
                moments["start"] = Phrase(
                    "%(start)s, before the row above: of which day?",
                    start=f"{moments['start']:%Y-%m-%d %H:%M}",
                )
            else:
                latest = moments["start"]
        if (
            one_date
            and isinstance(moments["start"], datetime)
            and isinstance(moments["end"], datetime)
            and moments["end"] < moments["start"]
        ):
            moments["end"] += _DAY
        yield row, (*raw[:width], *moments.values())


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
