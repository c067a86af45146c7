"""A row's start and end, and other moments, put together from several columns (date and clock
time), or an end from a duration.

Several columns: a date and a clock time, or year, month, day and clock time. Each row gets them as
one more cell, named by its parts ("Date + Start"). Where start and end share their date, an end
before the start is of the day after: a row decides that by its own cells.

A start and a duration, which may be the difference of two counters (`rearranged.subtracted`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Any

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from reporting_agent.config import Profile
from reporting_agent.sources import cells, rearranged, stamps
from reporting_agent.sources.cells import Cell, UnreadableCell
from reporting_agent.sources.sheets import BrokenRow, Sheet

_POINTED = re.compile(
    r"\d{1,2}\.\d{2}(\.\d{2})?"
)  # 06.33, of a column that is declared to hold clock times
_DAY = timedelta(days=1)


def named(parts: Sequence[str]) -> str:
    """The header of a moment put together."""
    return " + ".join(parts)


def columns_with(profile: Profile) -> dict[str, str]:
    """The profile's columns, with those put together and those that are differences."""
    joined = {name: named(parts) for name, parts in profile.parts.items()}
    return {
        **profile.columns,
        **joined,
        **{name: rearranged.named(pair) for name, pair in profile.differences.items()},
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
    header = (*sheet.header, *(named(parts) for parts in profile.parts.values()))
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
        return stamps.fixed(local, zone)
    except UnreadableCell:
        offset = local.replace(tzinfo=zone).utcoffset()
        return local.replace(tzinfo=zone if offset is None else timezone(offset))
