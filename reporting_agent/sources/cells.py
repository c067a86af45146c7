"""From one cell as written to a typed value, by the profile's conventions and by nothing else.

Each reader raises `Unreadable` with the phrase of what was wanted; the caller knows file, row and column. Cells of a
workbook arrive typed (numbers, dates) and pass unchanged.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from reporting_agent.config import Profile

Cell = str | float | int | bool | datetime | date | time | timedelta | None

BLANK = frozenset({"", "-", "--", "—", "n/a", "na", "nan", "null", "none", "#n/a", "nil"})
"""What plants write for "not known"; a value of all nines or a zero is never taken as blank."""

_LONGEST_BLANK = max(map(len, BLANK))
_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_STAMP = re.compile(
    r"(\d{1,4})[-/.年](\d{1,2})[-/.月](\d{1,4})日?"
    r"(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2}(?::?\d{2})?|[+-]\d{2})?"
)
_CLOCK = re.compile(r"(?:(\d+)\s*:\s*)?(\d+)\s*:\s*(\d{1,2}(?:\.\d+)?)")
_PLACES = {"ymd": (1, 2, 3), "dmy": (3, 2, 1), "mdy": (3, 1, 2)}  # groups of year, month, day


class Unreadable(ValueError):  # noqa: N818 - reads as what it says: a cell is unreadable
    """A cell cannot be read as what its column holds; the text says what is wanted."""


def is_blank(cell: Cell, also: tuple[str, ...] = ()) -> bool:
    """Whether the cell says "not known"."""
    if isinstance(cell, str):
        text = cell.strip()
        if len(text) > _LONGEST_BLANK and not also:
            return False
        return text.lower() in BLANK or text in also
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return True
    return bool(also) and str(cell) in also


def number(cell: Cell, profile: Profile) -> float:
    """A finite number in the declared notation."""
    if isinstance(cell, bool | datetime | date | time | timedelta):
        raise Unreadable("a number")
    if isinstance(cell, int | float):
        value = float(cell)
    else:
        text = str(cell).strip().replace("−", "-")
        if profile.thousands:
            text = text.replace(profile.thousands, "")
        if profile.thousands == " ":
            text = text.replace("\u00a0", "").replace("\u202f", "")
        if profile.decimal == ",":
            if "." in text:
                raise Unreadable("a number with a decimal comma; declare thousands = '.' where the point groups digits")
            text = text.replace(",", ".")
        elif "," in text:
            raise Unreadable("a number with a decimal point; declare decimal = ',' or thousands = ',' in the mapping profile")
        if not _PLAIN.fullmatch(text):
            raise Unreadable("a number")
        value = float(text)
    if not math.isfinite(value):
        raise Unreadable("a finite number")
    return value


def seconds(cell: Cell, profile: Profile) -> float:
    """A duration: a number of seconds, `MM:SS` or `HH:MM:SS` (also with blanks, as in `43: 10`)."""
    if isinstance(cell, timedelta):
        return cell.total_seconds()
    if isinstance(cell, time):
        return cell.hour * 3600.0 + cell.minute * 60.0 + cell.second + cell.microsecond / 1e6
    if isinstance(cell, str) and (match := _CLOCK.fullmatch(cell.strip().replace(",", "."))):
        hours, minutes, rest = match.groups()
        if float(rest) >= 60 or (hours is not None and int(minutes) >= 60):
            raise Unreadable("MM:SS with seconds below 60")
        return int(hours or 0) * 3600.0 + int(minutes) * 60.0 + float(rest)
    return number(cell, profile)


def moment(cell: Cell, profile: Profile, zone: tzinfo) -> datetime:
    """A moment with a fixed offset, so that differences are true seconds across a change of the clock.

    Local time without an offset is of the site's zone. A time that the clock skipped is refused; of a time that
    came twice, the first is taken.
    """
    if isinstance(cell, datetime):
        return _fixed(cell, zone)
    if isinstance(cell, date):
        return _fixed(datetime(cell.year, cell.month, cell.day), zone)  # noqa: DTZ001 - the zone is given in _fixed
    if not isinstance(cell, str):
        raise Unreadable("a date and time")
    text = cell.strip()
    if profile.date_format is not None:
        try:
            return _fixed(datetime.strptime(text, profile.date_format), zone)  # noqa: DTZ007 - the zone is given in _fixed
        except ValueError as wrong:
            raise Unreadable(f"a date and time written as {profile.date_format}") from wrong
    return _fixed(_by_order(text, profile), zone)


def _by_order(text: str, profile: Profile) -> datetime:
    wanted = f"a date and time in the order {profile.date_order}"
    match = _STAMP.fullmatch(text)
    if match is None:
        raise Unreadable(wanted)
    year, month, day = (match[place] for place in _PLACES[profile.date_order])
    if len(year) != 4 or len(month) > 2 or len(day) > 2:
        raise Unreadable(wanted + " with a year of four digits")
    hour, minute, second = int(match[4] or 0), int(match[5] or 0), int(match[6] or 0)
    midnight_after = hour == 24 and minute == second == 0  # some logs write the end of a day as 24:00
    fraction = int((match[7] or "0").ljust(6, "0")[:6])
    try:
        stamp = datetime(int(year), int(month), int(day), 0 if midnight_after else hour, minute, second, fraction, _offset(match[8]))
    except ValueError as impossible:
        raise Unreadable(wanted) from impossible
    return stamp + timedelta(days=1) if midnight_after else stamp


def _offset(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "").ljust(6, "0")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]), seconds=int(digits[4:6]))
    return timezone(-span if text[0] == "-" else span)


def _fixed(stamp: datetime, zone: tzinfo) -> datetime:
    if stamp.tzinfo is not None:
        return stamp.astimezone(timezone(offset) if (offset := stamp.astimezone(zone).utcoffset()) is not None else zone)
    local = stamp.replace(tzinfo=zone)
    offset = local.utcoffset()
    if offset is None:
        raise Unreadable("a date and time in a known time zone")
    fixed = stamp.replace(tzinfo=timezone(offset))
    if fixed.astimezone(zone).replace(tzinfo=None) != stamp:
        raise Unreadable("a time that exists: the clock was put forward over this one")
    return fixed
