"""One cell as written to a typed value (text, number, duration, moment) by the profile's
conventions; cells of a workbook or of Parquet keep their type.

Characters mean what they look like: full-width digits, no-break spaces, the typographic minus.
Years before 1980 or after 2199 are clocks never set, Excel's day nought or years cut short, and
refused.
"""

from __future__ import annotations

import math
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from typing import TypeGuard

from benchmarks.errors import Place
from benchmarks.phrases import Phrase
from reporting_agent.config import Profile


class UnreadableCell(ValueError):  # noqa: N818 - reads as what it says: a cell is unreadable
    """A cell cannot be read as what its column holds; says what is wanted."""

    def __init__(self, wanted: Phrase) -> None:
        super().__init__(wanted)
        self.wanted = wanted


FIRST_YEAR, LAST_YEAR = 1980, 2199

_STAMP = re.compile(
    r"(\d{1,4})[-/.年](\d{1,2})[-/.月](\d{1,4})日?"
    r"(?:[T\s]+(\d{1,2})(?::(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?(?:\s*([AaPp])\.?[Mm]\.?)?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2}(?::?\d{2})?|[+-]\d{2})?"
)
_GROUPS = {"ymd": (1, 2, 3), "dmy": (3, 2, 1), "mdy": (3, 1, 2)}  # groups of year, month, day
_WRITTEN = {"dmy": "%d.%m.%Y", "mdy": "%m/%d/%Y"}
_DAYS_END = re.compile(r"(?<![\d:.])24:00(:00(?:[.,]0+)?)?(?![\d:])")  # not the minutes of 06:24:00
_SERIAL = re.compile(r"\d{4,6}(\.\d*)?")

# Excel counts days from 1899-12-31 as day 0 and holds 1900 for a leap year (day 60 is its 29
# February), so that from day 61 on the count runs from 1899-12-30; the 1904 system of older
# Macintosh files has 1904-01-01 as day 0. ECMA-376 part 1, 18.17.4.
_DAY_NOUGHT = {"1900": datetime(1899, 12, 30), "1904": datetime(1904, 1, 1)}  # noqa: DTZ001 - local, the zone comes later


def read(text: str, profile: Profile) -> datetime:
    """A stamp as written, without its zone where it names none."""
    if profile.excel_dates is not None and re.fullmatch(r"\d+([.,]\d*)?", text):
        return midnight(of_serial(float(text.replace(",", ".")), profile), profile)
    if profile.date_format is not None:
        return _by_format(text, profile)
    return _by_order(text, profile)


def of_serial(days: float, profile: Profile) -> datetime:
    """A moment out of Excel's number of days, to the millisecond, which is all that such a number
    holds.
    """
    if days > 100_000_000:
        raise UnreadableCell(
            Phrase("a date and time; counts of seconds since 1970 are not read as one")
        )
    if profile.excel_dates is None:
        raise UnreadableCell(
            Phrase(
                "a date and time; declare excel_dates = '1900' (or '1904') where dates are "
                "numbers of days"
            )
        )
    if not 0 <= days < 120_000 or (profile.excel_dates == "1900" and days < 61):
        raise UnreadableCell(Phrase("a number of days of this century"))
    return _DAY_NOUGHT[profile.excel_dates] + timedelta(milliseconds=round(days * 86_400_000))


def midnight(stamp: datetime, profile: Profile) -> datetime:
    """Where 00:00 ends the date beside it, the midnight after; every other stamp as it is."""
    if profile.midnight == "ends" and not (
        stamp.hour or stamp.minute or stamp.second or stamp.microsecond
    ):
        return _a_day_later(stamp)
    return stamp


def _a_day_later(stamp: datetime) -> datetime:
    """Where the day ends that begins here: of 9999-12-31, which stands for "never" in many systems,
    no calendar has the day after.
    """
    return of_a_plant(stamp) + timedelta(days=1)


def of_a_plant(stamp: datetime) -> datetime:
    """The stamp, where its year can be a plant's."""
    if not FIRST_YEAR <= stamp.year <= LAST_YEAR:
        raise UnreadableCell(
            Phrase("a year from %(first)s to %(last)s", first=FIRST_YEAR, last=LAST_YEAR)
        )
    return stamp


def fixed(stamp: datetime, zone: tzinfo) -> datetime:
    """The stamp with the offset that was in force; a stamp without a zone is of this one."""
    if stamp.tzinfo is not None:
        return stamp.astimezone(
            timezone(offset) if (offset := stamp.astimezone(zone).utcoffset()) is not None else zone
        )
    local = stamp.replace(tzinfo=zone)
    offset = local.utcoffset()
    if offset is None:
        raise UnreadableCell(Phrase("a date and time in a known time zone"))
    with_offset = stamp.replace(tzinfo=timezone(offset))
    if with_offset.astimezone(zone).replace(tzinfo=None) != stamp:
        raise UnreadableCell(Phrase("a time that exists: the clock was put forward over this one"))
    return with_offset


def written(stamp: date, profile: Profile) -> str:
    """A typed date or moment as a text in which the profile reads the same; by ISO 8601 where its
    format cannot say it.
    """
    if profile.date_format is not None:
        text = stamp.strftime(profile.date_format)
        with suppress(ValueError):
            if datetime.strptime(text, profile.date_format) == datetime(*stamp.timetuple()[:6]):  # noqa: DTZ001, DTZ007 - of one clock
                return text
    elif profile.date_order != "ymd":
        return stamp.strftime(
            _WRITTEN[profile.date_order] + (" %H:%M:%S.%f%z" if isinstance(stamp, datetime) else "")
        )
    return stamp.isoformat(" ") if isinstance(stamp, datetime) else stamp.isoformat()


def _by_format(text: str, profile: Profile) -> datetime:
    ended = _DAYS_END.sub(
        lambda clock: "00:00" + (clock[1] or ""), text
    )  # some logs write the end of a day as 24:00
    try:
        stamp = datetime.strptime(ended, str(profile.date_format))  # noqa: DTZ007 - the zone is given in fixed
    except ValueError as wrong:
        raise UnreadableCell(
            Phrase("a date and time written as %(format)s", format=str(profile.date_format))
        ) from wrong
    return _a_day_later(stamp) if ended != text else midnight(stamp, profile)


@cache
def _in_the_order(order: str) -> Phrase:
    return Phrase("a date and time in the order %(order)s", order=order)


def _by_order(text: str, profile: Profile) -> datetime:
    wanted = _in_the_order(profile.date_order)
    match = _STAMP.fullmatch(text)
    if match is None:
        if profile.excel_dates is None and _SERIAL.fullmatch(text):
            raise UnreadableCell(
                Phrase(
                    "%(wanted)s; declare excel_dates = '1900' (or '1904') where dates are numbers "
                    "of days",
                    wanted=wanted,
                )
            )
        raise UnreadableCell(wanted)
    year, month, day = (match[group] for group in _GROUPS[profile.date_order])
    if len(year) != 4 or len(month) > 2 or len(day) > 2:
        raise UnreadableCell(Phrase("%(wanted)s with a year of four digits", wanted=wanted))
    hour, minute, second = int(match[4] or 0), int(match[5] or 0), int(match[6] or 0)
    if match[8] is not None:
        if not 1 <= hour <= 12:
            raise UnreadableCell(
                Phrase("%(wanted)s, and hours from 1 to 12 beside AM or PM", wanted=wanted)
            )
        hour = hour % 12 + (12 if match[8] in "Pp" else 0)
    ends_the_day = hour == 24 and minute == second == 0
    fraction = int((match[7] or "0").ljust(6, "0")[:6])
    try:
        stamp = datetime(
            int(year),
            int(month),
            int(day),
            0 if ends_the_day else hour,
            minute,
            second,
            fraction,
            _offset(match[9]),
        )
    except ValueError as impossible:
        raise UnreadableCell(
            Phrase("%(wanted)s that exists (%(reason)s)", wanted=wanted, reason=impossible)
        ) from impossible
    return _a_day_later(stamp) if ends_the_day else midnight(stamp, profile)


def _offset(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "").ljust(6, "0")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]), seconds=int(digits[4:6]))
    return timezone(-span if text[0] == "-" else span)


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
    """A number times `scale`, but for one of nines only, as `arrow_columns.scaled` leaves it in a
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
    return fixed(written_moment(cell, profile), zone)


def written_moment(cell: Cell, profile: Profile) -> datetime:
    """A moment as written, without a zone where it names none; in a year that a plant can have."""
    if isinstance(cell, datetime):
        stamp = midnight(cell, profile)
    elif isinstance(cell, date):
        stamp = midnight(datetime(cell.year, cell.month, cell.day), profile)  # noqa: DTZ001 - of the plant's wall clock
    elif _is_number(cell):
        stamp = midnight(of_serial(float(cell), profile), profile)
    elif isinstance(cell, str):
        stamp = read(plain(cell), profile)
    else:
        raise UnreadableCell(Phrase("a date and time"))
    return of_a_plant(stamp)


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
