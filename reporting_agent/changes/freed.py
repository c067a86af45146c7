"""Energy freed of load, declared conditions and season: steps that a year's record leaves over, and
the smallest it would show.

Where a part of the load is fixed, energy a tonne falls as more is made, and a step of a meter hides
in that. So ln power is fitted by ln tonnes an hour and by declared conditions, as `savings` fits
energy by output, and what is left is looked at. Its days are a first-order autoregression; that
tells how far means over W days scatter, and the record's own differences, less its two largest,
tell it as well: the larger counts. A difference counts from `SIGMAS` of it and `LEAST` on, where
the fortnights next to it show half of it, and where it stands out, by `SIGMAS_OF_SEASON` of a fit's
error, of a year's wave that is fitted beside it. Besides means over W days, all days before and all
after the day that best divides the record are compared: tonnes an hour scatter, and hardly drift.

Of energy a year must be known, or a season cannot be told from a level. A slow drift that turns
within weeks would pass for a step.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from benchmarks.labels.columns import Floats
from reporting_agent.autoregression import AutoregressiveFit, fit, sum_factor
from reporting_agent.changes.jumps import (
    LEAST,
    MOST,
    SHARP,
    SIGMAS,
    Daily,
    daily,
    differences,
    scatter,
)
from reporting_agent.changes.lines import MeterLine

A_YEAR_DAYS = 350
MOST_ALIKE = 0.95  # of one day with the next: beyond it a drift is no noise around a level
WIDTHS = (7, 14, 28, 42, 60, 84)
FEWEST_DAYS = 42  # of production
TIMES_WIDTH = 4  # the record's length in widths: the noise is not taken from differences alone
NEAR_DAYS = 14
SIGMAS_OF_SEASON = 3.0
USUAL = np.log(3.0)  # of the power: further away a run is no load
LARGEST = 2  # differences that may be changes, and are taken out before the noise is


@dataclass(frozen=True, slots=True)
class LevelStep:
    """A level that begins on that day: by how much in ln, with its standard error, by so many days
    on either side at most.
    """

    day: int
    by: float
    error: float
    reach: int


def of_line(line: MeterLine) -> Daily:
    """By day, ln power less what tonnes an hour and declared conditions tell of it."""
    terms = np.column_stack((np.ones(len(line.power)), line.rate, *line.conditions))
    finite = np.isfinite(line.power) & np.isfinite(terms).all(axis=1)
    usual = finite & (np.abs(line.power - np.nanmedian(line.power)) < USUAL)
    if usual.sum() <= 2 * terms.shape[1]:
        return daily(line.day[:0], line.power[:0])
    b = np.linalg.lstsq(terms[usual], line.power[usual], rcond=None)[0]
    return daily(line.day[finite], (line.power - terms @ b)[finite])


def steps(
    series: Daily, least: float = LEAST, shortest_days: int = A_YEAR_DAYS, *, whole: bool = False
) -> list[LevelStep]:
    """Every step of `least` and more, in order of its day, of a record of so many days at least.

    Args:
        whole: all days before and all after are compared too: for a series that scatters and does
            not drift.
    """
    if not _tells(series, shortest_days):
        return []
    value = series.value.copy()
    level_steps: list[LevelStep] = []
    while (
        len(level_steps) < MOST
        and (best := _strongest(series, value, least, whole=whole)) is not None
    ):
        index, step = best
        level_steps.append(step)
        value[index:] -= step.by
    return sorted(level_steps, key=lambda jump: jump.day)


def told_from(
    series: Daily, least: float = LEAST, shortest_days: int = A_YEAR_DAYS
) -> float | None:
    """The smallest step that weeks of this series would show, in ln; None where it is too short.
    The whole record shows smaller ones.
    """
    if not _tells(series, shortest_days):
        return None
    return min(
        max(least, SIGMAS * _noise(series, series.value, width, width)) for width in _widths(series)
    )


def _tells(series: Daily, shortest_days: int) -> bool:
    return len(series) >= FEWEST_DAYS and int(series.day[-1] - series.day[0]) >= shortest_days


def _widths(series: Daily) -> list[int]:
    return [width for width in WIDTHS if len(series) >= TIMES_WIDTH * width]


def _strongest(
    series: Daily, value: Floats, least: float, *, whole: bool
) -> tuple[int, LevelStep] | None:
    """The difference furthest above what it must exceed."""
    best, most = None, 1.0
    sides = [
        (index, width, width) for width in _widths(series) for index in [_largest(value, width)]
    ]
    if whole:
        sides.append((index := _of_all(value), index, len(value) - index))
    for index, before, after in sides:
        by = float(np.mean(value[index : index + after]) - np.mean(value[index - before : index]))
        near = float(
            np.median(value[index : index + NEAR_DAYS])
            - np.median(value[max(index - NEAR_DAYS, 0) : index])
        )
        if (
            abs(by) / least < most or near / by < SHARP
        ):  # weaker than the strongest before, even without noise
            continue
        noise = _noise(series, value, before, after)
        strength = abs(by) / max(least, SIGMAS * noise)
        if strength >= most and _beside_a_season(series, value, index, by):
            best, most = (
                (index, LevelStep(int(series.day[index]), by, noise, max(before, after))),
                strength,
            )
    return best


def _largest(value: Floats, width: int) -> int:
    """The index of the largest difference at this width."""
    return int(np.argmax(np.abs(differences(value, width)))) + width


def _of_all(value: Floats) -> int:
    """The index that best divides the whole record into two levels."""
    count = len(value)
    index = np.arange(WIDTHS[0], count - WIDTHS[0] + 1)
    away = np.cumsum(value - value.mean())[index - 1]
    return int(index[np.argmax(np.abs(away) / np.sqrt(index * (count - index)))])


def _noise(series: Daily, value: Floats, before: int, after: int) -> float:
    """Standard deviation of a difference between means of so many days, the largest differences
    taken out.
    """
    width = max(
        candidate
        for candidate in _widths(series)
        if candidate <= max(min(before, after), WIDTHS[0])
    )
    left = value.copy()
    for _ in range(LARGEST):
        index = _largest(left, width)
        left[index:] -= left[index : index + width].mean() - left[index - width : index].mean()
    lasting = fit(series.day, np.ones((len(left), 1)), left, 1)
    if lasting.alike >= MOST_ALIKE:
        return float("inf")
    usual = scatter(left) * sqrt(1 - lasting.alike**2)
    of_days = usual * sqrt(
        sum(sum_factor(days, lasting.alike) / days**2 for days in (before, after))
    )
    return max(
        of_days, scatter(differences(left, width)) * sqrt(width * (1 / before + 1 / after) / 2)
    )


def _beside_a_season(series: Daily, value: Floats, index: int, by: float) -> bool:
    """Whether the step is there with a year's wave beside it."""
    phase = 2 * np.pi * series.day / 365.25
    terms = np.column_stack(
        (np.ones(len(value)), np.cos(phase), np.sin(phase), np.arange(len(value)) >= index)
    )
    fitted: AutoregressiveFit = fit(series.day, terms, value, terms.shape[1])
    left, error = float(fitted.coefficients[-1]), sqrt(float(fitted.covariance[-1, -1]))
    return left / by >= SHARP and abs(left) >= SIGMAS_OF_SEASON * error
