"""Drawing as text, and the two drawings of a label: every batch over time against it, and how the
batches spread. No script, no inline style.

A drawing is 1000 units wide and stretches with the page; its texts stand in an overlay in per cent.
Points on one unit are drawn once, and the caller learns how many.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.catalogue import in_language
from benchmarks.labels import StepLabel
from reporting_agent.report.figures import day_of_month, month, month_of_year, shown

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


HEIGHT = 320
SPREAD_HEIGHT = 200
_EDGES = (
    0.005,
    0.995,
)  # the few outermost batches stand on the edge, so that the many can be told apart
_COLUMNS = 48
_MOST_EMPTY = 0.9
LABEL_NEEDS = 160.0  # drawing units that a text needs left of its line
FEWEST_OF_A_MEDIAN = 5


@dataclass(frozen=True, slots=True)
class Points:
    """The used batches of one label: seconds since the period began, and values at reference
    conditions.
    """

    when: Floats
    value: Floats
    rows: NDArray[np.int64]  # of the batches, in the label's values


def window(label: StepLabel, start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The days that hold the used batches, where they leave a tenth of the period or more empty;
    else the period itself.
    """
    used = [run.start for run in label.values if run.excluded is None]
    if not used:
        return start, end
    first = min(used).astimezone(start.tzinfo).replace(hour=0, minute=0, second=0, microsecond=0)
    last = max(used).astimezone(start.tzinfo).replace(
        hour=0, minute=0, second=0, microsecond=0
    ) + timedelta(days=1)
    first, last = max(first, start), min(last, end)
    return (first, last) if last - first < _MOST_EMPTY * (end - start) else (start, end)


def points(label: StepLabel, start: datetime) -> Points:
    began = start.timestamp()
    used = [
        (row, run.start.timestamp() - began, run.at_reference)
        for row, run in enumerate(label.values)
        if run.excluded is None
    ]
    rows, when, value = zip(*used, strict=True) if used else ((), (), ())
    return Points(
        np.array(when, dtype=float), np.array(value, dtype=float), np.array(rows, dtype=np.int64)
    )


def over_time(
    label: StepLabel,
    points: Points,
    start: datetime,
    end: datetime,
    dark: NDArray[np.bool_],
    lang: str,
) -> dict[str, Any] | None:
    """Every batch as a dot, those told one by one darker; the median of stretches of time; the
    label. None with fewer than two batches.
    """
    if len(points.value) < 2 or label.best.value is None:
        return None
    length = (end - start).total_seconds()
    low, high = _range(points.value, label.best.value)
    marked = ticks(low, high)
    across = DrawingScale(0.0, length, 0.0, float(WIDTH))
    down = DrawingScale(low, high, HEIGHT - 8.0, 8.0)
    x, y = across.at(points.when), down.at(points.value)
    many, drawn_many = dots(x[~dark], y[~dark])
    few, drawn_few = dots(x[dark], y[dark])
    middle = _medians(points, length)
    worst = int(np.argmax(points.value))
    return {
        "height": HEIGHT,
        "dots": many,
        "told": few,
        "weight": "few"
        if len(points.value) <= 200
        else "some"
        if len(points.value) <= 1500
        else ""
        if len(points.value) <= 6000
        else "thin",
        "drawn": drawn_many + drawn_few,
        "batches": len(points.value),
        "beyond": int((points.value > high).sum() + (points.value < low).sum()),
        "high": shown(high),
        "low": shown(low),
        "median": line((across.at(middle[0])).tolist(), _or_nan(down, middle[1])),
        "median_at": down.percent(_last(middle[1], label.best.value), HEIGHT),
        "label_at": down.percent(label.best.value, HEIGHT),
        "label_y": down.position(label.best.value),
        "label": shown(label.best.value),
        "grid": [
            {
                "y": down.position(value),
                "at": down.percent(value, HEIGHT),
                "text": tick_text(value, _step(marked)),
            }
            for value in marked
        ],
        "dates": [
            {
                "at": across.percent((moment - start).total_seconds(), WIDTH),
                "text": _date(moment, start, end, lang),
            }
            for moment in dates(start, end)
        ],
        "worst": {
            "x": across.percent(float(points.when[worst]), WIDTH),
            "y": down.percent(float(points.value[worst]), HEIGHT),
            "row": int(points.rows[worst]),
        },
    }


def spread(label: StepLabel, points: Points) -> dict[str, Any] | None:
    """How many batches took how much, with label, median and mean; None with fewer than two
    batches.

    The scale is of values at reference conditions and the mean is as measured: where it lies beyond
    the scale it has no mark.
    """
    if (
        len(points.value) < 2
        or label.best.value is None
        or label.typical is None
        or label.mean is None
    ):
        return None
    low, high = _range(points.value, label.best.value)
    counts, edges = np.histogram(
        np.clip(points.value, low, high),
        bins=min(_COLUMNS, max(8, len(points.value) // 5)),
        range=(low, high),
    )
    across = DrawingScale(low, high, 0.0, float(WIDTH))
    base = SPREAD_HEIGHT - 2.0
    down = DrawingScale(0.0, float(counts.max()), base, 66.0)
    marked = ticks(low, high, 6)
    marks = [("label", label.best.value), ("typical", label.typical)]
    if mean_is_drawn := low <= label.mean <= high:
        marks.append(("mean", label.mean))
    middle = sum(value for _, value in marks[-2:]) / 2
    placed = [
        {
            "kind": kind,
            "x": across.position(value),
            "at": across.percent(value, WIDTH),
            "value": shown(value),
            "left": value < middle and across.position(value) > LABEL_NEEDS,
        }
        for kind, value in marks
    ]
    return {
        "height": SPREAD_HEIGHT,
        "bars": bars(across.at(edges), down.at(counts.astype(float)), base),
        "marks": placed,
        "mean": shown(label.mean),
        "mean_is_drawn": mean_is_drawn,
        "ticks": [
            {"at": across.percent(value, WIDTH), "text": tick_text(value, _step(marked))}
            for value in marked
        ],
        "most": int(counts.max()),
        "width": shown(float(edges[1] - edges[0])),
        "beyond": int((points.value > high).sum() + (points.value < low).sum()),
    }


def _range(value: Floats, best: float) -> tuple[float, float]:
    low, high = (float(edge) for edge in np.quantile(value, _EDGES))
    low = min(low, best)
    differ = high - low > 1e-9 * abs(
        high
    )  # else only by how floats round, and no columns fit between them
    margin = 0.04 * (high - low if differ else abs(high) or 1.0)
    return low - margin, high + margin


def _step(marked: list[float]) -> float:
    return marked[1] - marked[0] if len(marked) > 1 else 1.0


def _medians(points: Points, length: float) -> tuple[Floats, Floats]:
    """Middle and median of about 26 equal stretches; NaN where a stretch has too few batches for
    one.
    """
    stretches = max(4, min(26, len(points.value) // 20))
    which = np.minimum((points.when / length * stretches).astype(np.int64), stretches - 1)
    values = [points.value[which == number] for number in range(stretches)]
    medians = [
        float(np.median(group)) if len(group) >= FEWEST_OF_A_MEDIAN else np.nan for group in values
    ]
    return (np.arange(stretches) + 0.5) * length / stretches, np.array(medians)


def _or_nan(down: DrawingScale, values: Floats) -> list[float]:
    return [float("nan") if np.isnan(value) else down.position(float(value)) for value in values]


def _last(values: Floats, otherwise: float) -> float:
    finite = values[~np.isnan(values)]
    return float(finite[-1]) if len(finite) else otherwise


def _date(moment: datetime, start: datetime, end: datetime, lang: str) -> str:
    if (end - start).days > 80:
        years = (end - start).days > 370
        return in_language(month_of_year(moment), lang) if years else month(moment.month, lang)
    return in_language(day_of_month(moment), lang)
