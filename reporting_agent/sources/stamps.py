"""Dates and times as plants write them: by order or format, Excel's days, 24:00; years of no plant
refused; what is unreadable.

Years before 1980 or after 2199 are no plant's: they are clocks never set (1970-01-01), Excel's day
nought (1899-12-31) and years cut short (0026), and refused. Where a cell cannot be read,
`UnreadableCell` says what is wanted.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cache

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
