"""A figure on the page with its exact value and cell, a unit chosen by size; how numbers, shares,
dates and times are written.

`<data value="354.12" data-of="best">` inside `<tr data-row="labels/0">`: a test compares page and
workbook one by one.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import NamedTuple

from benchmarks.catalogue import in_language
from benchmarks.labels.uncertainty import ExpandedUncertainty
from benchmarks.phrases import Phrase

NOTHING = "–"  # no value; never a zero
MINUS = "−"


def half_width(part: ExpandedUncertainty) -> str:
    """Half of an interval; "at least" where so few batches hold no interval."""
    return f"{'±' if part.bounded else '≥ ±'}{shown(part.value)}"


def shown(value: float | None) -> str:
    """Four significant figures, as a person writes them; a dash where there is no value."""
    if value is None or math.isnan(value):
        return NOTHING
    size = abs(value)
    if size == 0:
        return "0"
    if size < 0.001:
        mantissa, _, power = f"{value:.1e}".partition("e")
        return f"{mantissa} × 10^{int(power)}".replace("-", MINUS)
    decimals = (
        0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 10 else 3 if size >= 1 else 4
    )
    text = f"{value:,.{decimals}f}"
    return text.replace("-", MINUS)


def signed(value: float | None) -> str:
    """With its sign: a difference."""
    text = shown(value)
    return f"+{text}" if value is not None and value > 0 else text


def percent(share: float | None, decimals: int | None = None) -> str:
    """A share as per cent: whole from 10 % on, one decimal below, unless told."""
    if share is None or math.isnan(share):
        return NOTHING
    amount = 100 * share
    digits = (
        decimals
        if decimals is not None
        else 0
        if abs(amount) >= 9.95 or amount == 0
        else 1
        if abs(amount) >= 0.095
        else 2
    )
    text = f"{amount:.{digits}f} %"
    return "0 %" if text.strip("-0. %") == "" else text.replace("-", MINUS)


def count(number: int | float) -> str:
    """A whole number with its thousands."""
    return f"{number:,.0f}".replace("-", MINUS)


_MONTHS = (
    *(Phrase("Jan"), Phrase("Feb"), Phrase("Mar"), Phrase("Apr"), Phrase("May"), Phrase("Jun")),
    *(Phrase("Jul"), Phrase("Aug"), Phrase("Sep"), Phrase("Oct"), Phrase("Nov"), Phrase("Dec")),
)


def day(moment: datetime, lang: str) -> str:
    """14 May 2016."""
    return in_language(_day(moment), lang)


def _day(moment: datetime) -> Phrase:
    return Phrase(
        "%(day)s %(month)s %(year)s",
        day=moment.day,
        month=_MONTHS[moment.month - 1],
        year=moment.year,
    )


def day_of_month(moment: datetime) -> Phrase:
    """14 May."""
    return Phrase("%(day)s %(month)s", day=moment.day, month=_MONTHS[moment.month - 1])


def month_of_year(moment: datetime) -> Phrase:
    """May 16."""
    return Phrase("%(month)s %(year)s", month=_MONTHS[moment.month - 1], year=f"{moment:%y}")


def time(moment: datetime, lang: str) -> str:
    """14 May 2016, 08:12."""
    return in_language(
        Phrase("%(day)s, %(clock)s", day=_day(moment), clock=f"{moment:%H:%M}"), lang
    )


def month(number: int, lang: str) -> str:
    """Jan."""
    return in_language(_MONTHS[number - 1], lang)


def minutes(seconds: float | None, lang: str) -> str:
    """A length of time in the unit that a person would use."""
    if seconds is None or math.isnan(seconds):
        return NOTHING
    if abs(seconds) < 120:
        length = Phrase("%(number)s s", number=f"{seconds:.0f}")
    elif abs(seconds) < 5400:
        length = Phrase("%(number)s min", number=f"{seconds / 60:.0f}")
    else:
        length = Phrase("%(number)s h", number=f"{seconds / 3600:,.1f}")
    return in_language(length, lang)


def capital(text: str) -> str:
    """The first letter as a heading has it."""
    return text[:1].upper() + text[1:]


_LARGER = {  # from which size on a person is shown the larger unit
    "kgce": (1000.0, "tce", 1000.0),
    "kWh": (10_000.0, "MWh", 1000.0),
    "MJ": (10_000.0, "GJ", 1000.0),
    "kg": (1000.0, "t", 1000.0),
}


class ReportFigure(NamedTuple):
    """`of` names the column of the tables; empty where the figure is made of several."""

    text: str
    value: float | None
    unit: str = ""
    of: str = ""


class DisplayUnit(NamedTuple):
    """The unit of a column, chosen by its largest value."""

    name: str
    by: float

    def figure(self, value: float | None, of: str = "", *, sign: bool = False) -> ReportFigure:
        written = None if value is None else value / self.by
        return ReportFigure(signed(written) if sign else shown(written), value, self.name, of)


def unit_for(largest: float | None, unit: str, doubt: str = "") -> DisplayUnit:
    """One unit for a whole column: a person compares figures below one another, not units."""
    if largest is not None and unit in _LARGER and abs(largest) >= _LARGER[unit][0]:
        return DisplayUnit(_LARGER[unit][1] + doubt, _LARGER[unit][2])
    return DisplayUnit(unit + doubt, 1.0)


def figure(
    value: float | None, unit: str = "", of: str = "", *, sign: bool = False
) -> ReportFigure:
    """A value in the unit it has."""
    return ReportFigure(signed(value) if sign else shown(value), value, unit, of)


def scaled(value: float | None, unit: str, of: str = "", doubt: str = "") -> ReportFigure:
    """An amount in the unit a person would use for its size; the value behind it stays in
    `unit`.
    """
    return unit_for(value, unit, doubt).figure(value, of)
