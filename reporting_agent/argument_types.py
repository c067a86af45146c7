"""Types of arguments, each with the sentence that says what it wants in place of what it was
given.
"""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from benchmarks.phrases import Phrase

if TYPE_CHECKING:
    from benchmarks.guidance.cbam import Precursor

_NUMBER = Phrase("%(text)s is no number")
_AMOUNT = Phrase("%(text)s is no amount: write a number that is not negative")
_YEAR = Phrase("%(text)s is no year: write it as 2026")
_DAY = Phrase("%(text)s is no day: write it as 2026-05-14")
_COUNTRY = Phrase("%(text)s is no country: write it as CN, the two letters of ISO 3166-1")
_PRECURSOR = Phrase("%(text)s: write CODE=TONNES or CODE:ROUTE=TONNES")
SENTENCES = (_NUMBER, _AMOUNT, _YEAR, _DAY, _COUNTRY, _PRECURSOR)


def amount(text: str) -> Decimal:
    """A number that is not negative."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise _wanted(_NUMBER, text) from None
    if not number.is_finite() or number < 0:
        raise _wanted(_AMOUNT, text)
    return number


def year(text: str) -> int:
    """Of this century."""
    if not (text.isdecimal() and len(text) == 4 and text > "1999"):
        raise _wanted(_YEAR, text)
    return int(text)


def day(text: str) -> date:
    """By ISO 8601."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _wanted(_DAY, text) from None


def country(text: str) -> str:
    """By ISO 3166-1, two letters, in capitals."""
    if not (len(text) == 2 and text.isascii() and text.isalpha()):
        raise _wanted(_COUNTRY, text)
    return text.upper()


def precursor(text: str) -> Precursor:
    """What went into a good: its code, its route where one is named, and tonnes a tonne."""
    from benchmarks.guidance.cbam import Precursor

    goods, equals, tonnes = text.partition("=")
    code, _, route = goods.partition(":")
    if not (code and equals):
        raise _wanted(_PRECURSOR, text)
    return Precursor(code, amount(tonnes), route)


def _wanted(sentence: Phrase, text: str) -> ArgumentTypeError:
    return ArgumentTypeError(Phrase(sentence.text, text=text))
