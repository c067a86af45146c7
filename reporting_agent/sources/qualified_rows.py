"""Rows that a column beside the value qualifies: another unit, a direction, a bad quality, a
multiplier; stamps that hold two moments; a day a row with a column an interval.

What comes out is a sheet as every reader knows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

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
        {_index(sheet, name): set(words) for name, words in chosen.items()}
        for chosen in (profile.keep, profile.valid)
    )
    times = {_index(sheet, name): _index(sheet, by) for name, by in profile.times.items()}
    first_of = [_index(sheet, name) for name in profile.first_of]
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
    columns = {name: [_index(sheet, part) for part in parts] for name, parts in names.items()}

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


def _index(sheet: Sheet, header: str) -> int:
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
