"""A step's values period by period: where each point and the industry's best stand, in per cent of
the drawing.

Across: periods in their order, the same room for each. Up: the value, on a scale of its own. No
line crosses a break, for what lies on both sides of it is defined otherwise. Between two values of
a site that differ by no more than their noise it is dashed, for that is no slope; where that is not
known there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from benchmarks.comparison.estimates import Estimate, changed
from portal.web.charts.curve import HeightScale, LineSegment, ScaleLine
from portal.web.charts.ladder import DrawnInterval

LEFT, RIGHT = 14.0, 94.0  # per cent of the width, of the first and the last period


class TrendPeriod(NamedTuple):
    """One period: the site's value, the industry's best where one is published, and whether it is
    defined otherwise than the one before.
    """

    label: str
    you: Estimate
    best: float | None
    breaks: bool


class TrendMark(NamedTuple):
    x: str
    y: str
    band: DrawnInterval  # up and down; of no height where the interval is not known
    best: str  # height of the industry's best; empty where none is published
    label: str
    flag: str  # where the line of a break stands; empty where there is none


@dataclass(frozen=True, slots=True)
class TrendPicture:
    lines: tuple[ScaleLine, ...]
    marks: tuple[TrendMark, ...]
    own: tuple[LineSegment, ...]  # of changes
    level: tuple[LineSegment, ...]  # of none beyond the noise
    best: tuple[LineSegment, ...]


def draw(reported: Sequence[TrendPeriod], since: int = 0) -> TrendPicture:
    """Place at least two periods. Those before `since` are in another unit: the scale is not
    theirs, and their places stay empty.
    """
    drawn = reported[since:]
    values = [
        end
        for period in drawn
        for end in (period.you.lo, period.you.value, period.you.hi, period.best)
        if end is not None
    ]
    scale = HeightScale.over(values)
    step = (RIGHT - LEFT) / (len(reported) - 1)
    marks = tuple(
        TrendMark(
            x=_at(index, step),
            y=scale.at(period.you.value),
            band=scale.span(period.you),
            best="" if period.best is None else scale.at(period.best),
            label=period.label,
            flag=_at(index - 0.5, step) if period.breaks else "",
        )
        for index, period in enumerate(drawn, since)
    )
    pairs = [(before, after) for before, after in pairwise(marks) if not after.flag]
    own: list[LineSegment] = []
    level: list[LineSegment] = []
    for (before, after), (then, now) in zip(pairwise(marks), pairwise(drawn), strict=True):
        moved = None if after.flag else changed(then.you, now.you)
        if moved is not None:
            (own if moved else level).append(LineSegment(before.x, before.y, after.x, after.y))
    best = tuple(
        LineSegment(before.x, before.best, after.x, after.best)
        for before, after in pairs
        if before.best and after.best
    )
    return TrendPicture(scale.lines(), marks, tuple(own), tuple(level), best)


def _at(position: float, step: float) -> str:
    return f"{LEFT + step * position:.2f}%"
