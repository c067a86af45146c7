"""The step ladder: where each mark stands, in per cent of the drawing's width.

The ladder is a real table whose middle cells are drawn by the server. Its scale is energy per tonne
of the *route's product* above the best: step value x reference ratio, less the best. Every best
stands at 0, so rungs can be compared, add up to the whole route and survive negative steps. A limit
of a standard has another basis (annual average) and gets no position here.

Positions are SVG attributes in per cent (`cx="14.20%"`): no inline style, so the strict content
policy holds, and the drawing stretches with the cell.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.comparison.estimates import Estimate
from portal.web.words.figures import decimals_of, signed

LEFT, RIGHT = (
    3.0,
    92.0,
)  # per cent of the width that the scale uses; the rest is room for the last label
LABEL_FITS_TO = 78.0  # a label right of its mark would leave the drawing beyond this


@dataclass(frozen=True, slots=True)
class StepRung:
    """One step in numbers: values per tonne of the step's product, `ratio` tonnes of it per tonne
    of the route's product.
    """

    ratio: float
    best: Estimate | None
    typical: Estimate | None = None
    reached: Estimate | None = None

    def above(self, value: float) -> float:
        """How far a value lies above the best, per tonne of the route's product."""
        if self.best is None:
            raise ValueError("a rung without a best has no zero")
        return (value - self.best.value) * self.ratio

    def marks(self) -> Iterable[float]:
        """Every number that must be on the scale."""
        if self.best is None:
            return
        for estimate in (self.best, self.typical, self.reached):
            if estimate is not None:
                yield from (
                    self.above(v)
                    for v in (estimate.value, estimate.lo, estimate.hi)
                    if v is not None
                )


@dataclass(frozen=True, slots=True)
class DrawnInterval:
    """A drawn interval: left edge and width."""

    x: str
    width: str


@dataclass(frozen=True, slots=True)
class ValueMark:
    """A drawn value: its position, its interval's band, and its distance from the best as text."""

    x: str
    band: DrawnInterval | None
    label: str
    label_x: str
    label_inside: bool  # the label stands over the rung because right of the mark is no room
    on_right: bool  # in the right half: a long text beside the mark goes to its left


@dataclass(frozen=True, slots=True)
class RungPicture:
    """One drawn cell. `zero` is the position of the best; `step_down` joins the silhouette to the
    rung below.
    """

    zero: str
    best_band: DrawnInterval | None
    typical: ValueMark | None
    silhouette: DrawnInterval | None
    reached: ValueMark | None
    step_down: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Tick:
    x: str
    label: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole ladder: ticks of the head, one drawing a rung; a rung without a best has none."""

    ticks: tuple[Tick, ...]
    zero: str
    rungs: tuple[RungPicture | None, ...]


def draw(rungs: Sequence[StepRung]) -> Picture:
    """Place every mark of the ladder on one scale."""
    scale = Scale.over([mark for rung in rungs for mark in rung.marks()])
    pictures: list[RungPicture | None] = []
    for rung, below in zip(rungs, [*rungs[1:], None], strict=True):
        pictures.append(None if rung.best is None else _picture(rung, below, scale))
    return Picture(ticks=scale.ticks(), zero=scale.at(0.0), rungs=tuple(pictures))


def _picture(rung: StepRung, below: StepRung | None, scale: Scale) -> RungPicture:
    typical = _mark(rung, rung.typical, scale)
    silhouette = step_down = None
    if typical is not None and rung.typical is not None:
        silhouette = scale.span(0.0, rung.above(rung.typical.value))
        if below is not None and below.best is not None and below.typical is not None:
            step_down = (typical.x, scale.at(below.above(below.typical.value)))
    return RungPicture(
        zero=scale.at(0.0),
        best_band=_band(rung, rung.best, scale),
        typical=typical,
        silhouette=silhouette,
        reached=_mark(rung, rung.reached, scale),
        step_down=step_down,
    )


def _mark(rung: StepRung, estimate: Estimate | None, scale: Scale) -> ValueMark | None:
    if estimate is None:
        return None
    above = rung.above(estimate.value)
    band = _band(rung, estimate, scale)
    right_edge = rung.above(estimate.hi) if estimate.hi is not None else above
    inside = scale.percent(max(above, right_edge)) > LABEL_FITS_TO
    label_at = (
        above / 2 if inside else max(above, right_edge, 0.0)
    )  # never on the rail of the bests
    return ValueMark(
        scale.at(above),
        band,
        signed(above, decimals_of(above)),
        scale.at(label_at),
        inside,
        scale.percent(above) > 50,
    )


def _band(rung: StepRung, estimate: Estimate | None, scale: Scale) -> DrawnInterval | None:
    if estimate is None or estimate.lo is None or estimate.hi is None:
        return None
    return scale.span(rung.above(estimate.lo), rung.above(estimate.hi))


@dataclass(frozen=True, slots=True)
class Scale:
    """Positions on a common axis, in per cent of the width; the best is 0."""

    lowest: float
    highest: float

    @classmethod
    def over(cls, marks: Sequence[float]) -> Scale:
        lowest, highest = min([0.0, *marks]), max([0.0, *marks])
        if highest == lowest:  # nothing but bests without an interval: any scale shows them at 0
            highest = lowest + 1.0
        # the best's own mark has a radius: leave it a little room on the left even where no band
        # reaches there
        return cls(min(lowest, -0.06 * (highest - lowest)), highest)

    def percent(self, above: float) -> float:
        return LEFT + (RIGHT - LEFT) * (above - self.lowest) / (self.highest - self.lowest)

    def at(self, above: float) -> str:
        return f"{self.percent(above):.2f}%"

    def span(self, start: float, end: float) -> DrawnInterval:
        left, right = sorted((self.percent(start), self.percent(end)))
        return DrawnInterval(f"{left:.2f}%", f"{right - left:.2f}%")

    def ticks(self) -> tuple[Tick, ...]:
        """Round numbers from 0 up, about four of them."""
        rough = self.highest / 4 if self.highest > 0 else (self.highest - self.lowest) / 4
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * nice for nice in (1, 2, 5, 10) if power * nice >= rough)
        decimals = max(0, -math.floor(math.log10(step)))
        count = int(self.highest / step + 1e-9)
        return tuple(
            Tick(self.at(i * step), signed(i * step, decimals) if i else "0")
            for i in range(count + 1)
        )
