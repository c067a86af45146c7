"""Figures in sentences: decimals from the grid, a true minus sign, ranges, counts, what a total is
of, and what a cell is called.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from benchmarks.declared import Words, worded
from benchmarks.measurements import Metric
from benchmarks.phrases import Phrase, Value, clauses, in_number
from benchmarks.routes import Step

MINUS = "\u2212"

_COUNTED = {
    "t": Phrase("a tonne"),
    "weight case": Phrase("a weight case"),
    "1000 items": Phrase("1000 items"),
}
"""One of a unit of output; others are written alike in every language."""


@lru_cache(maxsize=1024)
def decimals_of(width: Fraction) -> int:
    """Decimals that show a grid of this width exactly, at most four."""
    return next((decimals for decimals in range(4) if (width * 10**decimals).denominator == 1), 4)


def figure(value: float, decimals: int) -> str:
    """A number for reading; zero never carries a sign."""
    text = f"{value:,.{decimals}f}"
    if float(text.replace(",", "")) == 0:
        return text.lstrip("-")
    return text.replace("-", MINUS)


def amount(unit: str, product: Value) -> Phrase:
    """What a total of a route in `unit` (`kgce/t`) is of: `a tonne of steel`, `a weight case of
    flat glass`.
    """
    made_in = unit.partition("/")[2]
    return Phrase(
        "%(amount)s of %(product)s", amount=_COUNTED.get(made_in, f"1 {made_in}"), product=product
    )


def between(lo: int, hi: int) -> Words:
    """`24`, or `8 to 24`."""
    return (
        worded("%(lower)s", lower=lo)
        if lo == hi
        else worded("%(lower)s to %(upper)s", lower=lo, upper=hi)
    )


def firms(count: int) -> Phrase:
    """`1 firm`, `8 firms`."""
    return in_number(count, "%(count)s firm", "%(count)s firms", count=f"{count:,}")


def sites(count: int) -> Phrase:
    return in_number(count, "%(count)s site", "%(count)s sites", count=f"{count:,}")


def findings(count: int) -> Phrase:
    return in_number(count, "%(count)s finding", "%(count)s findings", count=f"{count:,}")


def reports(count: int) -> Phrase:
    return in_number(count, "%(count)s report", "%(count)s reports", count=f"{count:,}")


_METRICS = {
    Metric.TOTAL: worded("comprehensive energy"),
    Metric.ELECTRICITY: worded("electricity"),
    Metric.THERMAL: worded("heat"),
}


def cell_name(step: Step, variant: str, metric: Metric) -> Words:
    """`Clinker burning (grey clinker, heat)`; the variant only where the step has several."""
    details: list[Value] = [
        declared.words
        for declared in step.variants
        if declared.id == variant and len(step.variants) > 1
    ]
    details.append(_METRICS[metric])
    return worded("%(step)s (%(within)s)", step=step.words, within=clauses(details))
