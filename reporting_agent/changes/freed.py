"""Energy freed of what was made: steps of a year's record that the load, declared conditions and the season leave over.

Where a part of the load is fixed, energy a tonne falls as more is made, and a step of a meter hides in that. So ln power is fitted by ln
tonnes an hour and by declared conditions, as `savings` fits energy by output, and what is left is looked at. Its days are a first-order
autoregression; that tells how far means over W days scatter, and the record's own differences, less its two largest, tell it as well:
the larger counts. A difference counts from `SIGMAS` of it and `LEAST` on, where the fortnights next to it show half of it, and where
it stands out, by `SIGMAS_OF_SEASON` of a fit's error, of a year's wave that is fitted beside it.

A year must be known, or a season cannot be told from a level. A slow drift that turns within weeks would pass for a step.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from benchmarks.labels.columns import Floats
from reporting_agent.autoregression import Fit, fit, sum_factor
from reporting_agent.changes.jumps import LEAST, MOST, SHARP, SIGMAS, Daily, daily, differences, scatter
from reporting_agent.changes.lines import Line

A_YEAR_DAYS = 350
MOST_ALIKE = 0.95  # of one day with the next: beyond it a drift is no noise around a level
WIDTHS = (7, 14, 28, 42, 60, 84)
TIMES_WIDTH = 4  # the record's length in widths: the noise is not taken from differences alone
NEAR_DAYS = 14
SIGMAS_OF_SEASON = 3.0
USUAL = np.log(3.0)  # of the power: further away a run is no load
LARGEST = 2  # differences that may be changes, and are taken out before the noise is


@dataclass(frozen=True, slots=True)
class Step:
    """A level that begins on that day: by how much in ln, with its standard error."""

    day: int
    by: float
    error: float


def of_line(line: Line) -> Daily:
    """By day, ln power less what tonnes an hour and declared conditions tell of it."""
    terms = np.column_stack((np.ones(len(line.power)), line.rate, *line.conditions))
    known = np.isfinite(line.power) & np.isfinite(terms).all(axis=1)
    usual = known & (np.abs(line.power - np.nanmedian(line.power)) < USUAL)
    if usual.sum() <= 2 * terms.shape[1]:
        return daily(line.day[:0], line.power[:0])
    b = np.linalg.lstsq(terms[usual], line.power[usual], rcond=None)[0]
    return daily(line.day[known], (line.power - terms @ b)[known])


def steps(series: Daily) -> list[Step]:
    """Every step, in order of its day."""
    if not _tells(series):
        return []
    value = series.value.copy()
    found: list[Step] = []
    while len(found) < MOST and (best := _strongest(series, value)) is not None:
        place, step = best
        found.append(step)
        value[place:] -= step.by
    return sorted(found, key=lambda one: one.day)


def told_from(series: Daily) -> float | None:
    """The smallest step that this series would show, in ln; None where it is too short."""
    if not _tells(series):
        return None
    return min(max(LEAST, SIGMAS * _noise(series, series.value, width)) for width in _widths(series))


def _tells(series: Daily) -> bool:
    return len(series) >= TIMES_WIDTH * WIDTHS[1] and int(series.day[-1] - series.day[0]) >= A_YEAR_DAYS


def _widths(series: Daily) -> list[int]:
    return [width for width in WIDTHS if len(series) >= TIMES_WIDTH * width]


def _strongest(series: Daily, value: Floats) -> tuple[int, Step] | None:
    """The difference furthest above what it must exceed."""
    best, most = None, 1.0
    for width in _widths(series):
        place, by = _largest(value, width)
        near = float(np.median(value[place : place + NEAR_DAYS]) - np.median(value[max(place - NEAR_DAYS, 0) : place]))
        if by == 0 or near / by < SHARP:  # a load that never differs has no step
            continue
        noise = _noise(series, value, width)
        strength = abs(by) / max(LEAST, SIGMAS * noise)
        if strength >= most and _beside_a_season(series, value, place, by):
            best, most = (place, Step(int(series.day[place]), by, noise)), strength
    return best


def _largest(value: Floats, width: int) -> tuple[int, float]:
    difference = differences(value, width)
    place = int(np.argmax(np.abs(difference)))
    return place + width, float(difference[place])


def _noise(series: Daily, value: Floats, width: int) -> float:
    """Standard deviation of a difference between two such means, the largest taken out."""
    left = value.copy()
    for _ in range(LARGEST):
        place, by = _largest(left, width)
        left[place:] -= by
    lasting = fit(series.day, np.ones((len(left), 1)), left, 1)
    if lasting.alike >= MOST_ALIKE:
        return float("inf")
    usual = scatter(left) * sqrt(1 - lasting.alike**2)
    return max(usual * sqrt(2 * sum_factor(width, lasting.alike)) / width, scatter(differences(left, width)))


def _beside_a_season(series: Daily, value: Floats, place: int, by: float) -> bool:
    """Whether the step is there with a year's wave beside it."""
    phase = 2 * np.pi * series.day / 365.25
    after = (np.arange(len(value)) >= place).astype(float)
    found: Fit = fit(series.day, np.column_stack((np.ones(len(value)), np.cos(phase), np.sin(phase), after)), value, 4)
    left, error = float(found.coefficients[-1]), sqrt(float(found.covariance[-1, -1]))
    return left / by >= SHARP and abs(left) >= SIGMAS_OF_SEASON * error
