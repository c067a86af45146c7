"""Drawing as text: scales, round ticks, texts of a time axis, many points as one path, lines, and
columns of a histogram.

No script, no inline style.

A drawing is 1000 units wide and stretches with the page (`preserveAspectRatio="none"`), so its
texts stand in an overlay placed in per cent. Points are put on a grid of one unit: those that fall
on the same point are drawn once, and the caller is told how many dots there are, so that the page
can say so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WIDTH = 1000


@dataclass(frozen=True, slots=True)
class DrawingScale:
    """From values to drawing units; `start` and `end` are where `low` and `high` stand."""

    low: float
    high: float
    start: float
    end: float

    def at(self, values: Floats) -> Floats:
        """Positions of the values; those outside stand on the edge."""
        share = (np.clip(values, self.low, self.high) - self.low) / ((self.high - self.low) or 1.0)
        placed: Floats = self.start + (self.end - self.start) * share
        return placed

    def position(self, value: float) -> float:
        return round(float(self.at(np.array([value]))[0]), 1)

    def percent(self, value: float, whole: float) -> str:
        """The position as a share of the drawing's side, for the overlay."""
        return f"{100 * self.position(value) / whole:.2f}%"


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers inside [low, high], about so many."""
    if not high > low:
        return [low]
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * nice for nice in (1, 2, 2.5, 5, 10) if power * nice >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(step * index, 12) for index in range(first, math.floor(high / step + 1e-9) + 1)]


def tick_text(value: float, step: float) -> str:
    """As many decimals as the step between ticks needs."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    if decimals and abs(step * 10**decimals - round(step * 10**decimals)) > 1e-6:
        decimals += 1
    return f"{value:,.{decimals}f}".replace("-", "−")


def dots(x: Floats, y: Floats) -> tuple[str, int]:
    """Every point as a dot of one path, each point once; the path and how many dots it has."""
    across, down = np.rint(x).astype(np.int64), np.rint(y).astype(np.int64)
    points = np.unique(across * 100_000 + down)
    pairs = zip((points // 100_000).tolist(), (points % 100_000).tolist(), strict=True)
    return "".join([f"M{x} {y}h0" for x, y in pairs]), len(points)


def line(x: Sequence[float], y: Sequence[float]) -> str:
    """A line through the points; a NaN breaks it."""
    path, pen_up = [], True
    for across, down in zip(x, y, strict=True):
        if math.isnan(down):
            pen_up = True
            continue
        path.append(f"{'M' if pen_up else 'L'}{across:.1f} {down:.1f}")
        pen_up = False
    return "".join(path)


def bars(edges: Floats, heights: Floats, base: float) -> str:
    """Columns of a histogram as one path; `edges` one more than `heights`, both in drawing
    units.
    """
    return "".join(
        f"M{left:.1f} {base:.1f}V{top:.1f}H{right:.1f}V{base:.1f}Z"
        for left, right, top in zip(
            edges[:-1].tolist(), edges[1:].tolist(), heights.tolist(), strict=True
        )
        if top < base
    )


def dates(start: datetime, end: datetime) -> list[datetime]:
    """Where a time axis gets its texts: every month of a long period, days or weeks of a short one,
    never more than a dozen or so.
    """
    length = end - start
    if length > timedelta(days=80):
        months = (end.year - start.year) * 12 + end.month - start.month
        every = max(1, math.ceil(months / 13))
        first = start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return [
            moment
            for n in range(0, months + 1, every)
            if start <= (moment := _months_after(first, n)) < end
        ]
    days = max(1, math.ceil(length / timedelta(days=1)))
    every = next(step for step in (1, 2, 7, 14) if days / step <= 12)
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    return [
        moment
        for n in range(0, days + 1, every)
        if start <= (moment := midnight + timedelta(days=n)) < end
    ]


def _months_after(first: datetime, number: int) -> datetime:
    months = first.month - 1 + number
    return first.replace(year=first.year + months // 12, month=months % 12 + 1)
