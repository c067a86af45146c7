"""One cell as written to a typed value (text, number, duration, moment) by the profile's
conventions; the row that cannot be used.

Each reader raises `UnreadableCell` with the phrase of what was wanted; the caller knows file, row
and column. Cells of a workbook or of Parquet arrive typed (numbers, dates) and keep their value.
Full-width digits and signs, no-break spaces and the typographic minus mean what they look like and
are read so; nothing else is changed.

A row that could not be used, with everything a person needs to mend it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import TypeGuard

from benchmarks.errors import Place
from benchmarks.phrases import Phrase
from reporting_agent.config import Profile
from reporting_agent.sources import stamps
from reporting_agent.sources.stamps import UnreadableCell

__all__ = [
    "BLANK",
    "Cell",
    "UnreadableCell",
    "is_blank",
    "moment",
    "number",
    "plain",
    "seconds",
    "text",
]

Cell = (
    str
    | float
    | int
    | bool
    | Decimal
    | datetime
    | date
    | time
    | timedelta
    | bytes
    | list[object]
    | dict[str, object]
    | None
)

BLANK = frozenset({"", "-", "--", "—", "n/a", "na", "nan", "null", "none", "#n/a", "nil"})
"""What plants write for "not known"; a value of all nines or a zero is never taken as blank."""

LONGEST_TEXT = 1_000  # an id or a word; what is longer swallowed other cells

_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?")
_LONGEST_BLANK = max(map(len, BLANK))
_CLOCK = re.compile(r"(?:(\d+)\s*:\s*)?(\d+)\s*:\s*(\d{1,2}(?:\.\d+)?)")
_AS_IT_LOOKS = str.maketrans(
    {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}  # full-width forms of ASCII
    | dict.fromkeys(
        (0x3000, 0x00A0, 0x202F, 0x2007, 0x2009), " "
    )  # spaces that are wide, thin or do not break
    | {0x2212: "-", 0x2019: "'"}
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]")
_FORMULA = re.compile(r"[=@]|[+-].*[(!|]")
_WITH_UNIT = re.compile(r"[+-]?[\d.,' ]*\d\s*[^\d\s.,'][^\d]*")


def plain(text: str) -> str:
    """The text without the spaces around it, and every character as it looks."""
    return text.strip() if text.isascii() else text.translate(_AS_IT_LOOKS).strip()


def is_value(cell: Cell) -> bool:
    """Whether the cell can be a number, a date or a duration in any notation: it has a digit, or is
    typed.
    """
    return any(map(str.isdigit, cell)) if isinstance(cell, str) else cell is not None


def is_blank(cell: Cell, also: tuple[str, ...] = ()) -> bool:
    """Whether the cell says "not known", in one of the words that every plant uses or those
    declared; a typed number by its value.
    """
    if isinstance(cell, str):
        text = plain(cell)
        if len(text) > _LONGEST_BLANK and not also:
            return False
        return text.lower() in BLANK or text in words(also)
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return True
    return bool(also) and (shortest(float(cell)) if _is_number(cell) else str(cell)) in words(also)


@lru_cache(maxsize=64)
def words(declared: tuple[str, ...]) -> frozenset[str]:
    """The words declared; one that is a number also as a typed cell of that value is written
    (`shortest`): -999.0 as -999.
    """
    return frozenset((*declared, *map(shortest, numbers(declared))))


def numbers(declared: tuple[str, ...]) -> frozenset[float]:
    """Those of the words declared that are numbers."""
    return frozenset(float(word) for word in declared if _NUMBER.fullmatch(word))


def shortest(value: float) -> str:
    """A number as short as it reads back the same: 12.0 as 12."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def as_name(cell: Cell) -> str:
    """A heading, or the id of a meter: programs keep 101 as 101.0."""
    return "" if cell is None else shortest(cell) if isinstance(cell, float) else str(cell)


def _is_number(cell: Cell) -> TypeGuard[int | float | Decimal]:
    return isinstance(cell, int | float | Decimal) and not isinstance(cell, bool)


def text(cell: Cell) -> str:
    """A name, an id or a word: one line, no formula. A number stands for itself, 12.0 for 12."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, bytes | list | dict | datetime | date | time | timedelta):
        raise UnreadableCell(Phrase("a text"))
    line = plain(str(cell))
    if len(line) > LONGEST_TEXT:
        raise UnreadableCell(
            Phrase(
                "a text of at most %(length)s characters; a quote may stand open",
                length=f"{LONGEST_TEXT:,}",
            )
        )
    if "\n" in line or "\r" in line or _CONTROL.search(line):
        raise UnreadableCell(Phrase("a text of one line without control characters"))
    if _FORMULA.match(line):
        raise UnreadableCell(Phrase("a text that is no formula"))
    return line


def number(cell: Cell, profile: Profile, scale: float = 1.0) -> float:
    """A number in the declared notation, times `scale`: finite then, too."""
    if _is_number(cell):
        value = float(cell)
    elif isinstance(cell, str):
        value = _written(plain(cell), profile)
    else:
        raise UnreadableCell(Phrase("a number"))
    scaled = value * scale
    if not math.isfinite(scaled):
        raise UnreadableCell(Phrase("a finite number"))
    return scaled


def measured(cell: Cell, profile: Profile, scale: float) -> float:
    """A number times `scale`, but for one of nines only, as `arrow.scaled` leaves it in a
    column.
    """
    import numpy as np

    from reporting_agent.all_nines import all_nines

    value = number(cell, profile)
    return (
        value if scale == 1.0 or all_nines(np.array([value]))[0] else number(value, profile, scale)
    )


def _written(text: str, profile: Profile) -> float:
    straight, grouped = _notation(profile.decimal, profile.thousands)
    if straight.fullmatch(text):
        return float(text if profile.decimal == "." else text.replace(",", "."))
    if grouped is not None and grouped.fullmatch(text):
        whole = text.replace(profile.thousands, "")
        return float(whole if profile.decimal == "." else whole.replace(",", "."))
    raise UnreadableCell(_hint(text, profile))


def notation(profile: Profile) -> tuple[str, str, str]:
    """What a number looks like, as a regular expression, its decimal sign and what parts its
    groups.
    """
    patterns = _notation(profile.decimal, profile.thousands)
    return (
        "|".join(pattern.pattern for pattern in patterns if pattern is not None),
        profile.decimal,
        profile.thousands,
    )


@lru_cache(maxsize=16)
def _notation(decimal: str, thousands: str) -> tuple[re.Pattern[str], re.Pattern[str] | None]:
    """What a number looks like without and with groups; groups are of exactly three digits, the
    first of one to three.
    """
    point = re.escape(decimal)
    straight = re.compile(rf"[+-]?(?:\d+(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?")
    if not thousands:
        return straight, None
    return straight, re.compile(rf"[+-]?\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+(?:{point}\d*)?")


def _hint(text: str, profile: Profile) -> Phrase:
    if profile.thousands and re.fullmatch(
        rf"[+-]?\d[\d.,' ]*{re.escape(profile.thousands)}[\d.,' ]*", text
    ):
        return Phrase(
            "a number whose %(sign)s parts groups of three digits", sign=repr(profile.thousands)
        )
    if profile.decimal == "," and "." in text:
        return Phrase(
            "a number with a decimal comma; declare thousands = '.' where the point groups digits"
        )
    if profile.decimal == "." and "," in text:
        return Phrase(
            "a number with a decimal point; declare decimal = ',' or thousands = ',' in the "
            "mapping profile"
        )
    if re.fullmatch(r"[+-]?\d{1,3}(\.\d{3}){2,}", text):
        return Phrase(
            "a number with one decimal point; declare thousands = '.' and decimal = ',' where the "
            "points group digits"
        )
    if re.fullmatch(r"[+-]?\d{1,3}(['’ ]\d{3})+([.,]\d+)?", text):
        return Phrase(
            "a number without spaces or apostrophes; declare thousands = ' ' or \"'\" in the "
            "mapping profile"
        )
    if _WITH_UNIT.fullmatch(text):
        return Phrase("a number alone, without its unit")
    return Phrase("a number")


def seconds(cell: Cell, profile: Profile) -> float:
    """A duration: a number of seconds, `MM:SS` or `HH:MM:SS` (also with blanks, as in `43: 10`)."""
    if isinstance(cell, timedelta):
        return cell.total_seconds()
    if isinstance(cell, time):
        return cell.hour * 3600.0 + cell.minute * 60.0 + cell.second + cell.microsecond / 1e6
    if isinstance(cell, str) and (match := _CLOCK.fullmatch(plain(cell).replace(",", "."))):
        hours, minutes, rest = match.groups()
        if float(rest) >= 60 or (hours is not None and int(minutes) >= 60):
            raise UnreadableCell(Phrase("MM:SS with seconds below 60"))
        return int(hours or 0) * 3600.0 + int(minutes) * 60.0 + float(rest)
    return number(cell, profile)


def moment(cell: Cell, profile: Profile, zone: tzinfo) -> datetime:
    """A moment with a fixed offset, so that differences are true seconds across a change of the
    clock.

    Local time without an offset is of the site's zone. A time that the clock skipped is refused; of
    a time that came twice, the first is taken.
    """
    return stamps.fixed(written_moment(cell, profile), zone)


def written_moment(cell: Cell, profile: Profile) -> datetime:
    """A moment as written, without a zone where it names none; in a year that a plant can have."""
    if isinstance(cell, datetime):
        stamp = stamps.midnight(cell, profile)
    elif isinstance(cell, date):
        stamp = stamps.midnight(datetime(cell.year, cell.month, cell.day), profile)  # noqa: DTZ001 - of the plant's wall clock
    elif _is_number(cell):
        stamp = stamps.midnight(stamps.of_serial(float(cell), profile), profile)
    elif isinstance(cell, str):
        stamp = stamps.read(plain(cell), profile)
    else:
        raise UnreadableCell(Phrase("a date and time"))
    return stamps.of_a_plant(stamp)


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """Where the row stands, why it was set aside, what stood there, what was wanted, and the row in
    its own columns.

    `row_id` is the row's identity, by which a correction finds it; `input` the one of `[inputs]`
    that it was read for.
    """

    place: Place
    reason: str
    found: str
    wanted: str
    original: tuple[Cell, ...]
    header: tuple[str, ...] = ()
    input: str = ""
    row_id: str = ""
