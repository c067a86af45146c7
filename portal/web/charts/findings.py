"""The pictures of a finding: bars from 0, two values over the years, the middle half of the firms
as a box.

Positions are SVG attributes in per cent, as in the ladder: the strict content policy holds, and a
drawing stretches with its place while its texts keep their size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.comparison.estimates import Estimate
from portal.web.charts.curve import HeightScale, LineSegment, ScaleLine
from portal.web.words.figures import number

BAR_TO = 72.0  # per cent of the width: right of it stands the text of the longest bar
YEARS_FROM, YEARS_TO = 16.0, 90.0
BOX_FROM, BOX_TO = 12.0, 88.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar, and where the text beside it begins."""

    x: str
    width: str
    text_x: str


@dataclass(frozen=True, slots=True)
class BarScale:
    """Lengths from 0, which lies right of the left edge where a value is below it."""

    lowest: float
    highest: float

    @classmethod
    def over(cls, values: Sequence[float]) -> BarScale:
        lowest, highest = min((0.0, *values)), max((0.0, *values))
        return cls(lowest, highest if highest > lowest else lowest + 1.0)

    @property
    def zero(self) -> str:
        return f"{self._percent(0.0):.2f}%"

    def bar(self, value: float, start: float = 0.0) -> Bar:
        """From `start` to the value; its text stands right of both and of 0."""
        left, right = sorted((self._percent(start), self._percent(value)))
        end = max(right, self._percent(0.0))
        return Bar(f"{left:.2f}%", f"{right - left:.2f}%", f"{end:.2f}%")

    def _percent(self, value: float) -> float:
        return BAR_TO * (value - self.lowest) / (self.highest - self.lowest)


@dataclass(frozen=True, slots=True)
class YearValues:
    """A year's typical value and best, None where the gate withholds one. `breaks`: it is defined
    otherwise than the year before.
    """

    label: str
    typical: Estimate | None
    best: Estimate | None
    breaks: bool
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class YearMark:
    x: str
    label: str
    typical: str
    typical_text: str
    best: str
    best_text: str
    flag: str  # where the line of a break stands


@dataclass(frozen=True, slots=True)
class YearsPicture:
    lines: tuple[ScaleLine, ...]
    marks: tuple[YearMark, ...]
    typical: tuple[LineSegment, ...]
    best: tuple[LineSegment, ...]
    between: tuple[str, ...]  # corners of what lies between the two lines, of a drawing 100 by 100


def draw_years(years: Sequence[YearValues]) -> YearsPicture | None:
    """None of fewer than two years with a value. No line crosses a break."""
    values = [each.value for year in years for each in (year.typical, year.best) if each]
    if len(years) < 2 or not values:
        return None
    scale, step = HeightScale.over(values), (YEARS_TO - YEARS_FROM) / (len(years) - 1)
    marks = tuple(
        YearMark(
            x=f"{YEARS_FROM + step * index:.2f}%",
            label=year.label,
            typical=scale.at(year.typical.value) if year.typical else "",
            typical_text=number(year.typical.value, year.decimals) if year.typical else "",
            best=scale.at(year.best.value) if year.best else "",
            best_text=number(year.best.value, year.decimals) if year.best else "",
            flag=f"{YEARS_FROM + step * (index - 0.5):.2f}%" if index and year.breaks else "",
        )
        for index, year in enumerate(years)
    )
    joined = [(before, after) for before, after in pairwise(marks) if not after.flag]
    return YearsPicture(
        lines=scale.lines(),
        marks=marks,
        typical=tuple(
            LineSegment(before.x, before.typical, after.x, after.typical)
            for before, after in joined
            if before.typical and after.typical
        ),
        best=tuple(
            LineSegment(before.x, before.best, after.x, after.best)
            for before, after in joined
            if before.best and after.best
        ),
        between=tuple(
            " ".join(
                f"{x},{y}".replace("%", "")
                for x, y in (
                    (before.x, before.typical),
                    (after.x, after.typical),
                    (after.x, after.best),
                    (before.x, before.best),
                )
            )
            for before, after in joined
            if before.typical and after.typical and before.best and after.best
        ),
    )


@dataclass(frozen=True, slots=True)
class BoxPicture:
    """The middle half of the firms, the firm in the middle, and the published best where shown."""

    lines: tuple[ScaleLine, ...]  # across; `y` is their `x`
    x: str
    width: str
    end: str
    middle: str
    best: str | None


def draw_box(
    quarter: float, middle: float, three_quarters: float, best: float | None
) -> BoxPicture:
    values = [quarter, middle, three_quarters, *([] if best is None else [best])]
    heights = HeightScale.over(values)

    def across(value: float) -> float:
        return BOX_FROM + (BOX_TO - BOX_FROM) * (value - heights.lowest) / (
            heights.highest - heights.lowest
        )

    left, right = across(quarter), across(three_quarters)
    return BoxPicture(
        lines=tuple(
            ScaleLine(f"{across(value):.2f}%", label) for value, label in heights.round_numbers()
        ),
        x=f"{left:.2f}%",
        width=f"{right - left:.2f}%",
        end=f"{right:.2f}%",
        middle=f"{across(middle):.2f}%",
        best=None if best is None else f"{across(best):.2f}%",
    )
