"""How far a table was read: the highest value of a column by which its query goes on, a time or a
number.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from benchmarks.phrases import Phrase
from extras.live.sources.polled import UnexpectedAnswer

Mark = datetime | int | float | Decimal | str
"""As the database gives it; a text is a time by ISO 8601."""


def order(mark: Any) -> Any:
    """What marks of one column are compared by.

    Raises:
        Misread: it is neither a time nor a number.
    """
    if isinstance(mark, str):
        try:
            return datetime.fromisoformat(mark)
        except ValueError as wrong:
            raise UnexpectedAnswer(
                Phrase("the mark %(mark)s is no time by ISO 8601", mark=repr(mark))
            ) from wrong
    if isinstance(mark, bool) or not isinstance(mark, datetime | int | float | Decimal):
        raise UnexpectedAnswer(
            Phrase("the mark %(mark)s is neither a time nor a number", mark=repr(mark))
        )
    return mark


def later(mark: Any, other: Any) -> bool:
    """Of what `order` gave.

    Raises:
        Misread: they cannot be compared, as a time with an offset and one without.
    """
    try:
        return bool(mark > other)
    except TypeError as wrong:
        raise UnexpectedAnswer(
            Phrase(
                "the mark %(mark)s cannot be compared with %(other)s: write start as the column "
                "has its values",
                mark=mark,
                other=other,
            )
        ) from wrong


def before(mark: Mark, look_back: float) -> Mark:
    """The mark so many seconds, or numbers, before; a text in the form that it has."""
    if isinstance(mark, datetime):
        return _earlier(mark, look_back)
    if isinstance(mark, str):
        earlier = _earlier(order(mark), look_back)
        separator = "T" if "T" in mark else " "
        text = str(earlier.isoformat(separator, timespec="auto" if "." in mark else "seconds"))
        return text.replace("+00:00", "Z") if mark.endswith("Z") else text
    return mark - Decimal(look_back) if isinstance(mark, Decimal) else mark - type(mark)(look_back)


def _earlier(moment: datetime, look_back: float) -> datetime:
    """The calendar begins in year 1: who writes that as `start` wants all of a table."""
    try:
        return moment - timedelta(seconds=look_back)
    except OverflowError:
        return datetime.min.replace(tzinfo=moment.tzinfo)


def to_json(mark: Mark) -> dict[str, str]:
    """As JSON."""
    if isinstance(mark, datetime):
        return {"time": mark.isoformat()}
    return {"text": mark} if isinstance(mark, str) else {"number": str(mark)}


def read(written: dict[str, str]) -> Mark:
    """What `to_json` wrote."""
    ((kind, text),) = written.items()
    if kind == "time":
        return datetime.fromisoformat(text)
    if kind == "text":
        return text
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() else float(number)
