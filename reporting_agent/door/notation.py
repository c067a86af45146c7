"""How numbers and dates of a column are written, and which cells prove it: decimal sign, date
order, offset, midnight, Excel's days.

A value proves a notation only where no other reading of it is possible: 48,6 has a decimal comma
because no group has one digit; 14/05 is day-first because there is no fourteenth month. What proves
nothing becomes a question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from benchmarks.phrases import Phrase
from reporting_agent.door.look import is_clock, is_date
from reporting_agent.sources.cells import Cell, plain

_PARTS = re.compile(r"(\d{1,4})[-/.年](\d{1,2})[-/.月](\d{1,4})日?")
_STAMP = re.compile(
    r"(\d{1,4})([-/.年])(\d{1,2})(?:\2|月)(\d{1,4})日?(?:\s+(?P<hour>\d{1,2})(?P<point>[:.])\d{2}(?P<second>(?P=point)\d{2})?(?P<space>\s*)(?P<half>[AaPp][Mm])?)?"
)
_NAMED_MONTH = re.compile(
    r"\d{1,2}(?P<one>[- ./])(?P<month>[A-Z][a-z]{2,8})(?P<two>[- ./])(?P<year>\d{4}|\d{2})"
    r"(?: (?P<hour>\d{1,2}):\d{2}(?P<second>:\d{2})?)?"
)
_CLOCK = re.compile(r"\d{1,2}:\d{2}")
_NUMBER = re.compile(
    r"[-+−]?[.,]?\d[\d.,' \u00a0\u202f]*(?:[eE][+-]?\d+)?\s*[^\d\s.,]*"
)  # a remark with both signs proves nothing
_OFFSET = re.compile(r"\d(?:Z|[+-]\d{2}:?\d{2})$|\d[+-]\d{2}$")


@dataclass(frozen=True, slots=True)
class Notation:
    """A key of the profile with its value, the cell that proves it, and whether it is certain."""

    value: str
    because: str
    certain: bool = True


@dataclass(frozen=True, slots=True)
class DateNotation:
    """All that the cells of moments show of how they are written."""

    serial: str | None
    order: Notation | None
    formats: tuple[dict[str, str], str] | None
    midnight_ends: str | None
    offset: bool | None


def dates_of(cells: Sequence[Cell], first: Sequence[Cell]) -> DateNotation:
    """How the cells of all moments are written; `first` are those of the first moment, in order."""
    distinct = list(dict.fromkeys(cells))
    return DateNotation(
        excel_serials(distinct),
        date_order_of(distinct),
        date_formats_of(distinct),
        midnight_ends(first),
        has_offset(distinct),
    )


def decimal_of(cells: Sequence[Cell]) -> tuple[Notation | None, Notation | None]:
    """The decimal sign, and the sign between groups of three digits; None where the template's
    holds (point, none).
    """
    texts = [
        plain(cell) for cell in cells if isinstance(cell, str) and _NUMBER.fullmatch(plain(cell))
    ]
    both = next((text for text in texts if "," in text and "." in text), None)
    if both is not None:
        last = "," if both.rindex(",") > both.rindex(".") else "."
        parts = "." if last == "," else ","
        why = Phrase(
            "%(number)s: the last sign parts the decimals, the other groups", number=repr(both)
        )
        return (Notation(",", why) if last == "," else None), Notation(parts, why)
    group = _group_sign(texts)
    if group is not None:
        texts = [re.sub(rf"(?<=\d){group.value}(?=\d{{3}})", "", text) for text in texts]
    if (
        comma := next(
            (
                text
                for text in texts
                if re.fullmatch(r"[+-]?(\d+,(\d{1,2}|\d{4,})|\d{4,},\d+)", text)
            ),
            None,
        )
    ) is not None:
        points = next(
            (text for text in texts if re.fullmatch(r"[+-]?\d{1,3}(\.\d{3})+", text)), None
        )
        parted = Notation(".", repr(points)) if group is None and points is not None else group
        return Notation(
            ",", Phrase("%(number)s: no group has other than three digits", number=repr(comma))
        ), parted
    if (twice := next((text for text in texts if text.count(",") > 1), None)) is not None:
        return None, Notation(",", _one_sign(twice))
    if (
        points := next(
            (text for text in texts if re.fullmatch(r"[+-]?\d{1,3}(\.\d{3}){2,}", text)), None
        )
    ) is not None:
        return Notation(",", _one_sign(points)), Notation(".", repr(points))
    if (
        unclear := next((text for text in texts if re.fullmatch(r"[+-]?\d{1,3},\d{3}", text)), None)
    ) is not None:
        if any(text.startswith("0,") for text in texts):
            zero = next(text for text in texts if text.startswith("0,"))
            return Notation(
                ",", Phrase("%(number)s: no group begins with a nought alone", number=repr(zero))
            ), group
        decimals = {text for text in texts if _POINT.fullmatch(text) and not is_clock(text)}
        if len(decimals) >= _FEWEST_POINTS:
            return None, Notation(",", _one_sign(min(decimals)))
        either = Phrase(
            "%(number)s may be a decimal comma or a group of three digits", number=repr(unclear)
        )
        return Notation(",", either, certain=False), group
    pointed = [text for text in texts if "." in text]
    if pointed and all(re.fullmatch(r"[+-]?[1-9]\d{0,2}\.\d{3}", text) for text in pointed):
        either = Phrase(
            "%(number)s may have a decimal point or a group of three digits, as all numbers here",
            number=repr(pointed[0]),
        )
        return Notation(".", either, certain=False), group
    return None, group


_POINT = re.compile(r"[+-]?\d+\.(\d{1,2}|\d{4,})")  # no group is so long; 06.15 may be a clock
_FEWEST_POINTS = 5  # grades such as 32.5 and 42.5 are fewer


def _one_sign(number: str) -> Phrase:
    return Phrase("%(number)s: a number has one decimal sign", number=repr(number))


def _group_sign(texts: Sequence[str]) -> Notation | None:
    for sign in (" ", "'"):
        example = next(
            (
                text
                for text in texts
                if re.fullmatch(rf"[+-]?\d{{1,3}}({sign}\d{{3}})+([.,]\d+)?", text)
            ),
            None,
        )
        if example is not None:
            return Notation(sign, repr(example))
    return None


def date_order_of(cells: Sequence[Cell]) -> Notation | None:
    """The order of day, month and year; None where the template's (year first) holds or there is no
    date as text.
    """
    parts = [
        (match, plain(cell))
        for cell in cells
        if isinstance(cell, str) and (match := _PARTS.match(plain(cell)))
    ]
    if not parts or all(len(match[1]) == 4 for match, _ in parts):
        return None
    for match, text in parts:
        if int(match[1]) > 12:
            return Notation("dmy", _no_month(text, match[1]))
        if int(match[2]) > 12:
            return Notation("mdy", _no_month(text, match[2]))
    first, second = ({match[group] for match, _ in parts} for group in (1, 2))
    date = repr(parts[0][1])
    if all("." in match[0] for match, _ in parts):
        return Notation("dmy", Phrase("%(date)s: dates with points are day first", date=date))
    if (day_by_day := _day_by_day([match for match, _ in parts])) is not None:
        why = Phrase("%(date)s: so the days follow one another", date=date)
        return Notation(day_by_day, why)
    if len(first) >= len(second):
        why = Phrase(
            "no day is above 12 (%(date)s); the first number changes more often than the second",
            date=date,
        )
        return Notation("dmy", why, certain=False)
    return Notation(
        "mdy",
        Phrase("no day is above 12 (%(date)s); the second number changes more often", date=date),
        certain=False,
    )


_FEWEST_DAYS, _MONTH = 5, 20


def _day_by_day(parts: Sequence[re.Match[str]]) -> str | None:
    """The order by which the dates of a file are days that follow one another, where by the other
    order they would be months apart."""
    gaps: dict[str, float] = {}
    for order, (day, month) in {"dmy": (1, 2), "mdy": (2, 1)}.items():
        try:
            days = sorted({date(int(m[3]), int(m[month]), int(m[day])) for m in parts})
        except ValueError:
            return None
        if len(days) < _FEWEST_DAYS:
            return None
        gaps[order] = (days[-1] - days[0]).days / (len(days) - 1)
    for order, other in (("dmy", "mdy"), ("mdy", "dmy")):
        if gaps[order] <= 2 and gaps[other] >= _MONTH:
            return order
    return None


def _no_month(date: str, number: str) -> Phrase:
    return Phrase("%(date)s: there is no month %(number)s", date=repr(date), number=number)


def date_formats_of(cells: Sequence[Cell]) -> tuple[dict[str, str], str] | None:
    """The strptime format of stamps that the reader takes by no order alone, by each order that is
    possible, with its evidence.

    Years of two digits, and clocks with a point (06.33). None where no format is needed.
    """
    texts = [plain(cell) for cell in cells if isinstance(cell, str)]
    named = [match for text in texts if (match := _NAMED_MONTH.fullmatch(text))]
    if named and len(named) >= 0.7 * len(texts):
        return _with_named_month(named[0])
    stamps = [match for text in texts if (match := _STAMP.fullmatch(text))]
    if not stamps or len(stamps) < 0.7 * len(texts):
        return None
    first = stamps[0]
    short = all(len(match[1]) <= 2 and len(match[4]) <= 2 for match in stamps)
    if not short and first["point"] != ".":
        return None
    clock = "" if first["hour"] is None else f" %{'I' if first['half'] else 'H'}{first['point']}%M"
    clock += f"{first['point']}%S" if first["second"] else ""
    clock += (" %p" if first["space"] else "%p") if first["half"] else ""
    year = "%y" if short else "%Y"
    short_year = Phrase("%(stamp)s: its year has two digits", stamp=repr(first[0]))
    if first[0][len(first[1])] == "年":
        return {"ymd": f"{year}年%m月%d日{clock}"}, short_year
    orders = [
        order
        for order in ("dmy", "mdy", "ymd")
        if all(_is_day(match, order, 2 if short else 4) for match in stamps)
    ]
    formats = {
        order: first[2].join(year if part == "y" else f"%{part}" for part in order) + clock
        for order in orders
    }
    return formats, short_year if short else Phrase(
        "%(stamp)s: its clock is written with a point", stamp=repr(first[0])
    )


def _with_named_month(stamp: re.Match[str]) -> tuple[dict[str, str], str]:
    """The format of 11-Mar-24 00:15:00, as process historians write it."""
    month = "%b" if len(stamp["month"]) == 3 else "%B"
    year = "%y" if len(stamp["year"]) == 2 else "%Y"
    written = f"%d{stamp['one']}{month}{stamp['two']}{year}"
    if stamp["hour"]:
        written += " %H:%M" + (":%S" if stamp["second"] else "")
    return {"dmy": written}, Phrase("%(stamp)s: its month is a name", stamp=repr(stamp[0]))


def _is_day(match: re.Match[str], order: str, year_digits: int) -> bool:
    parts = dict(zip(order, (match[1], match[3], match[4]), strict=True))
    return (
        len(parts["y"]) == year_digits and 1 <= int(parts["m"]) <= 12 and 1 <= int(parts["d"]) <= 31
    )


def has_offset(cells: Sequence[Cell]) -> bool | None:
    """Whether every stamp names its offset from UTC; None where there is no stamp."""
    offsets: list[bool] = []
    for cell in cells:
        if isinstance(cell, str) and is_date(cell):
            text = plain(cell)
            offsets.append(bool(_OFFSET.search(text)) and bool(_CLOCK.search(text)))
        elif not isinstance(cell, str) and is_date(cell):
            offsets.append(getattr(cell, "tzinfo", None) is not None)
    return all(offsets) if offsets else None


def midnight_ends(cells: Sequence[Cell]) -> str | None:
    """The evidence that 00:00 stands for the end of the date beside it: it follows 23:xx of the
    same date, and no later time of that date follows it, as where the day of another meter or
    machine begins.
    """
    texts = [
        (plain(cell) if isinstance(cell, str) else str(cell)).replace("T", " ") for cell in cells
    ]
    for before, text, after in zip(texts, texts[1:], [*texts[2:], ""], strict=False):
        date, _, clock = text.partition(" ")
        goes_on = after.startswith(f"{date} ") and not after.startswith(f"{date} 00:00")
        if clock.startswith("00:00") and before.startswith(f"{date} 23:") and not goes_on:
            return Phrase(
                "%(midnight)s follows %(before)s", midnight=repr(text), before=repr(before)
            )
    return None


def excel_serials(cells: Sequence[Cell]) -> str | None:
    """The evidence that dates are Excel's numbers of days: every cell is one of 1982 to 2064 (1900
    system).
    """
    texts = [str(cell) for cell in cells]
    days = [float(text) for text in texts if re.fullmatch(r"\d{5}(\.\d+)?", text)]
    if texts and len(days) == len(texts) and all(30_000 <= day < 60_000 for day in days):
        return Phrase("%(number)s: every cell is a number of days", number=texts[0])
    return None
