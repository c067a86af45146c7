"""Figures and lists in sentences: decimals from the grid, a true minus sign, ranges in words in both languages."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

from benchmarks.composition.industry import Interval
from benchmarks.routes import Words

MINUS = "\u2212"


@lru_cache(maxsize=1024)
def decimals(width: Fraction) -> int:
    """Decimals that show a grid of this width exactly, at most four."""
    return next((places for places in range(4) if (width * 10**places).denominator == 1), 4)


def figure(value: float, places: int) -> str:
    """A number for reading; zero never carries a sign."""
    text = f"{value:,.{places}f}"
    if float(text.replace(",", "")) == 0:
        return text.lstrip("-")
    return text.replace("-", MINUS)


def span(interval: Interval, places: int) -> Words:
    """A range in words: a dash beside a minus would be read as one more minus."""
    lo, hi = figure(interval[0], places), figure(interval[1], places)
    return Words(en=f"{lo} to {hi}", zh=f"{lo} 至 {hi}")


def listed(words: Iterable[Words], *, en: str = "; ", zh: str = "；") -> Words:
    """Several texts as one, in order."""
    texts = list(words)
    return Words(en=en.join(text.en for text in texts), zh=zh.join(text.zh for text in texts))


def between(lo: int, hi: int) -> Words:
    """`24`, or `8 to 24`."""
    return Words(en=f"{lo}", zh=f"{lo}") if lo == hi else Words(en=f"{lo} to {hi}", zh=f"{lo} 至 {hi}")


def counted(count: int, one: str, many: str) -> str:
    """English only: `1 firm`, `8 firms`."""
    return f"{count:,} {one if count == 1 else many}"
