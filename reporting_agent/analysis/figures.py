"""How a figure, a share, an interval or a value with its unit stands in a sentence of the analysis:
three significant digits, thousands apart, a true minus."""

from __future__ import annotations

from math import floor, isfinite, log10

from reporting_agent.analysis.drivers.result import Interval


def shown(value: float, digits: int = 3) -> str:
    """`1234.5` is 1,230 and `0.01234` is 0.0123; figures of a thousand and more stand whole."""
    if value == 0 or not isfinite(value):
        return "0" if value == 0 else "–"
    decimals = digits - 1 - floor(log10(abs(value)))
    text = f"{round(value, decimals):,.{max(decimals, 0)}f}"
    return text.replace("-", "−")


def plain(value: float, digits: int = 4) -> str:
    """The same without zeros at the end: `400` and `15.03`."""
    text = shown(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float) -> str:
    """A share as per cent: whole from 10 % on, one decimal below."""
    text = f"{100 * share:.0f} %" if abs(share) >= 0.0995 else f"{100 * share:.1f} %"
    return text.replace("-", "−")


def to_one_decimal(share: float) -> str:
    """A share as per cent with one decimal, whatever its size: `−12.3%`."""
    return f"{share:.1%}".replace("-", "−")


def signed(value: float, digits: int = 3) -> str:
    """With its sign, for a change."""
    return f"+{shown(value, digits)}" if value > 0 else shown(value, digits)


def span(interval: Interval) -> str:
    """`−2.3 … −1.9`, the bounds of an interval in digits that tell them apart."""
    width = abs(interval.high - interval.low)
    largest = max(abs(interval.low), abs(interval.high))
    digits = 2 if width <= 0 or largest <= 0 else max(2, 2 + floor(log10(largest / width)))
    return f"{signed(interval.low, digits)} … {signed(interval.high, digits)}"


def between(value: float, unit: str) -> str:
    """A value of a variable with its unit: 47.5 Hz, 1,632 °C, 0.07 %."""
    return f"{plain(value, 4 if abs(value) >= 1000 else 3)} {unit}".rstrip()
