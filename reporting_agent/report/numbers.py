"""How figures, shares and times are written for a person. One place, so that no two parts of a report differ."""

from __future__ import annotations

import math
from datetime import datetime

NOTHING = "–"  # no value; never a zero
MINUS = "−"


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
    text = f"{value:,.0f}" if size >= 1000 else f"{value:.1f}" if size >= 100 else f"{value:.2f}" if size >= 1 else f"{value:.4f}"
    return text.replace("-", MINUS)


def signed(value: float | None) -> str:
    """With its sign: a difference."""
    text = shown(value)
    return f"+{text}" if value is not None and value > 0 else text


def percent(share: float | None, places: int | None = None) -> str:
    """A share as per cent: whole from 10 % on, one place below, unless told."""
    if share is None or math.isnan(share):
        return NOTHING
    amount = 100 * share
    digits = places if places is not None else 0 if abs(amount) >= 9.95 or amount == 0 else 1 if abs(amount) >= 0.095 else 2
    text = f"{amount:.{digits}f} %"
    return "0 %" if text.strip("-0. %") == "" else text.replace("-", MINUS)


def count(number: int | float) -> str:
    """A whole number with its thousands."""
    return f"{number:,.0f}".replace("-", MINUS)


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(moment: datetime, lang: str) -> str:
    """14 May 2016, or 2016年5月14日."""
    if lang == "zh":
        return f"{moment.year}年{moment.month}月{moment.day}日"
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def time(moment: datetime, lang: str) -> str:
    """14 May 2016, 08:12."""
    return f"{day(moment, lang)}{' ' if lang == 'zh' else ', '}{moment:%H:%M}"


def month(number: int, lang: str) -> str:
    """Jan, or 1月."""
    return f"{number}月" if lang == "zh" else _MONTHS[number - 1]


def minutes(seconds: float | None, lang: str) -> str:
    """A length of time in the unit that a person would use."""
    if seconds is None or math.isnan(seconds):
        return NOTHING
    second, minute, hour = ("秒", "分钟", "小时") if lang == "zh" else ("s", "min", "h")
    if abs(seconds) < 120:
        return f"{seconds:.0f} {second}"
    return f"{seconds / 60:.0f} {minute}" if abs(seconds) < 5400 else f"{seconds / 3600:,.1f} {hour}"


def capital(text: str) -> str:
    """The first letter as a heading has it."""
    return text[:1].upper() + text[1:]
