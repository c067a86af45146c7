"""A batch's course as points of a drawing, in per cent of its width and height; differences as
texts.
"""

from __future__ import annotations

from typing import Any

from extras.live.running.plant import Open
from reporting_agent.report.figures import MINUS, NOTHING

LONGEST_SHOWN = 40  # characters of a batch's name
_RIGHT = 86.0  # per cent of the drawing's width at which a batch is done
_LONGEST = 1.15  # times the usual duration: what is longer stands at the edge
_HIGH, _LOW = 8.0, 92.0


def drawn(running: Open) -> dict[str, Any]:
    """Band, course, label and typical end of an open batch that has a label."""
    heights = [height for _, low, high in running.band for height in (low, high)] + [
        0.0,
        running.typical or 0.0,
    ]
    heights += [height for _, height in running.course]
    top, bottom = max(heights), min(heights)

    def x(progress: float) -> float:
        return round(1 + (_RIGHT - 1) * min(progress, _LONGEST), 2)

    def y(height: float) -> float:
        return round(_LOW - (_LOW - _HIGH) * (height - bottom) / ((top - bottom) or 1.0), 2)

    upper = [f"{x(progress)},{y(high)}" for progress, _, high in running.band]
    lower = [f"{x(progress)},{y(low)}" for progress, low, _ in reversed(running.band)]
    return {
        "band": " ".join([*upper, *lower]),
        "course": " ".join(
            f"{x(progress)},{y(height)}" for progress, height in ((0.0, 0.0), *running.course)
        ),
        "zero": y(0.0),
        "typical": tenths(running.typical),
        "typical_y": y(running.typical or 0.0),
        "dot": (x(running.course[-1][0]), y(running.course[-1][1])) if running.course else None,
    }


def short(name: str) -> str:
    """A batch's name as a wall has room for it."""
    return name if len(name) <= LONGEST_SHOWN else f"{name[: LONGEST_SHOWN - 1]}…"


def tenths(value: float | None) -> str:
    """A difference with its sign, and zero without: on a wall three figures are one too many."""
    if value is None:
        return NOTHING
    text = f"{value:+.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", MINUS)
