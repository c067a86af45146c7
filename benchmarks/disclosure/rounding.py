"""Rounding to the public grid: values half to even, intervals outward; and the grid width of a
route's total.

Exact fractions throughout: a float is taken at its exact binary value, and the result is the float
nearest to a point of the grid.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

from benchmarks.released import Grid


def to_grid(value: float, width: Fraction, origin: Fraction = Fraction(0)) -> float:
    """The nearest point origin + i * width; half goes to even i."""
    return float(origin + round((Fraction(value) - origin) / width) * width)


def outward(
    interval: tuple[float, float], width: Fraction, origin: Fraction = Fraction(0)
) -> tuple[float, float]:
    """The smallest interval between points of the grid that holds this one."""
    lo, hi = (Fraction(end) - origin for end in interval)
    return float(origin + math.floor(lo / width) * width), float(
        origin + math.ceil(hi / width) * width
    )


def total_width(parts: Iterable[tuple[float, Grid]]) -> Fraction:
    """The grid width of a total of ratio x step: the least of 1, 2, 5 x 10^n that is no finer than
    any of its parts.

    A ratio is taken as the pack writes it (0.4, and not the binary number a little above it).
    """
    coarsest = max(Fraction(str(ratio)) * grid.width for ratio, grid in parts)
    power = Fraction(10) ** math.floor(math.log10(coarsest))
    return next(step * power for step in (1, 2, 5, 10, 20) if step * power >= coarsest)
