"""The percentile curve of one cell: where each point stands, in per cent of the drawing's width and
height.

Across: the share of the firms, from none to all, so that the ends that are withheld are seen to be
missing. Up: the value, on a scale of its own around the points and their intervals; it need not
begin at zero, for positions are compared and not lengths. Positions are SVG attributes, as in the
ladder: no inline style, no script.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from benchmarks.comparison.estimates import Estimate
from portal.web.charts.ladder import DrawnInterval
from portal.web.words.figures import number

LEFT, RIGHT = (
    9.0,
    99.0,
)  # per cent of the width between no firm and all firms; left of it stand the figures of the scale
TOP, BOTTOM = 8.0, 88.0  # per cent of the height
LABELLED = (10, 25, 30, 50, 70, 75, 90)  # more would run into each other on a phone


@dataclass(frozen=True, slots=True)
class Point:
    """The value that `percent` of the firms stay at or below."""

    percent: int
    value: Estimate


@dataclass(frozen=True, slots=True)
class PointMark:
    x: str
    y: str
    band: DrawnInterval  # up and down: top edge and height
    label: str  # under the axis; empty where there is no room for it


class LineSegment(NamedTuple):
    """A straight piece between two points."""

    x1: str
    y1: str
    x2: str
    y2: str


@dataclass(frozen=True, slots=True)
class ScaleLine:
    y: str
    label: str


@dataclass(frozen=True, slots=True)
class CurvePicture:
    """The whole drawing; `best` is the height of the step's published best, None where it has
    none.
    """

    lines: tuple[ScaleLine, ...]
    segments: tuple[LineSegment, ...]
    points: tuple[PointMark, ...]
    best: str | None


def draw(points: Sequence[Point], best: float | None) -> CurvePicture:
    """Place a curve of at least two points."""
    values = [
        end
        for point in points
        for end in (point.value.lo, point.value.value, point.value.hi)
        if end is not None
    ]
    scale = HeightScale.over(values if best is None else [*values, best])
    marks = tuple(
        PointMark(
            x=_across(point.percent),
            y=scale.at(point.value.value),
            band=scale.span(point.value),
            label=f"{point.percent}" if point.percent in LABELLED else "",
        )
        for point in points
    )
    segments = tuple(
        LineSegment(first.x, first.y, other.x, other.y) for first, other in pairwise(marks)
    )
    return CurvePicture(scale.lines(), segments, marks, None if best is None else scale.at(best))


def _across(percent: float) -> str:
    return f"{LEFT + (RIGHT - LEFT) * percent / 100:.2f}%"


@dataclass(frozen=True, slots=True)
class HeightScale:
    """Heights of values, the lowest at the bottom."""

    lowest: float
    highest: float

    @classmethod
    def over(cls, values: Sequence[float]) -> HeightScale:
        lowest, highest = min(values), max(values)
        room = (
            0.05 * (highest - lowest) or 0.5
        )  # every point the same: any scale shows it in the middle
        return cls(lowest - room, highest + room)

    def percent(self, value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (value - self.lowest) / (self.highest - self.lowest)

    def at(self, value: float) -> str:
        return f"{self.percent(value):.2f}%"

    def span(self, value: Estimate) -> DrawnInterval:
        top = self.percent(value.value if value.hi is None else value.hi)
        bottom = self.percent(value.value if value.lo is None else value.lo)
        return DrawnInterval(f"{top:.2f}%", f"{bottom - top:.2f}%")

    def lines(self) -> tuple[ScaleLine, ...]:
        return tuple(ScaleLine(self.at(value), label) for value, label in self.round_numbers())

    def round_numbers(self) -> tuple[tuple[float, str], ...]:
        """Two to five of them, with their texts."""
        rough = (self.highest - self.lowest) / 4
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * nice for nice in (1, 2, 5, 10) if power * nice >= rough * (1 - 1e-9))
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        first, last = math.ceil(self.lowest / step - 1e-9), math.floor(self.highest / step + 1e-9)
        return tuple((i * step, number(i * step, decimals)) for i in range(first, last + 1))
