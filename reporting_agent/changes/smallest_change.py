"""The smallest change of each line that stands out of its own scatter, also of energy freed of
load, declared conditions and season: what is smaller the record could not show.

ln power is fitted by ln tonnes an hour and declared conditions; the rest is a first-order
autoregression, and the larger of its noise and the record's own differences (less the two largest)
counts. A difference counts from `SIGMAS` and `LEAST`, where the fortnights beside it show half of
it, and by `SIGMAS_OF_SEASON` of a year's wave. A year of energy must be known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import expm1, sqrt
from typing import Any

import numpy as np

from benchmarks.labels import StepLabel
from benchmarks.labels.columns import Floats
from benchmarks.phrases import Phrase
from reporting_agent.autoregression import AutoregressiveFit, fit, sum_factor
from reporting_agent.changes.lines import (
    LEAST,
    LEAST_OF_RATE,
    MOST,
    SHARP,
    SIGMAS,
    Daily,
    MeterLine,
    daily,
    differences,
    scatter,
    told_from,
)
from reporting_agent.metering import MeterRecord

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


def freed_told_from(
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


_A_LIMIT = 0.5  # above it no limit is said


@dataclass(frozen=True, slots=True)
class SmallestChange:
    """Of one meter and its step, as shares: the least change of its energy per output and of the
    output an hour that would be asked about.

    None where there are too few runs or days of production to tell any. `unit` is that of the
    output.
    """

    meter: str
    carrier: str
    step: str
    unit: str
    energy: float | None
    output: float | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def sentence(self) -> Phrase:
        if self.energy is None or self.output is None:
            return Phrase(
                "Meter %(meter)s: no change would be seen, because there are too few runs or days "
                "of production.",
                meter=self.meter,
            )
        return Phrase(
            "Meter %(meter)s: %(unseen)s.",
            meter=self.meter,
            unseen=_unseen(self.energy, self.output, self.unit),
        )


def beside(label: StepLabel, limits: Sequence[SmallestChange]) -> Phrase | None:
    """What a label's own uncertainty leaves out: the change of its meters that would not be seen,
    where that is more.
    """
    metric = str(label.metric)
    own = [
        candidate
        for candidate in limits
        if candidate.step == label.step
        and (metric == candidate.carrier or metric not in {limit.carrier for limit in limits})
    ]
    if not own or label.best.value is None:
        return None
    unit = own[0].unit
    if any(limit.energy is None or limit.output is None for limit in own):
        return Phrase(
            "no change of energy per %(unit)s would be seen: too few runs or days of production",
            unit=unit,
        )
    energy, output = (
        max(limit.energy or 0.0 for limit in own),
        max(limit.output or 0.0 for limit in own),
    )
    uncertainty = None if label.uncertainty is None else label.uncertainty.best
    if uncertainty is not None and uncertainty.value >= max(energy, output) * abs(label.best.value):
        return None
    return _unseen(energy, output, unit)


def _unseen(energy: float, output: float, unit: str) -> Phrase:
    """What passes unseen; a limit of half the value and more is none: the scatter hides whatever a
    person would call a change.
    """
    below, hidden = (
        {"energy": _percent(energy), "output": _percent(output), "unit": unit},
        (energy > _A_LIMIT, output > _A_LIMIT),
    )
    if hidden == (True, True):
        return Phrase(
            "no change of energy per %(unit)s or of output can be distinguished from this scatter",
            unit=unit,
        )
    if hidden == (True, False):
        return Phrase(
            "no change of energy per %(unit)s can be distinguished from this scatter; changes "
            "below %(output)s of output are not seen",
            unit=unit, output=below["output"],
        )  # fmt: skip
    if hidden == (False, True):
        return Phrase(
            "changes below %(energy)s of energy per %(unit)s are not seen; no change of output "
            "can be distinguished from this scatter",
            unit=unit, energy=below["energy"],
        )  # fmt: skip
    return Phrase(
        "changes below %(energy)s of energy per %(unit)s or %(output)s of output are not seen",
        **below,
    )


def of_lines(
    lines: Sequence[MeterLine], meters: Sequence[MeterRecord], units: Mapping[str, str]
) -> tuple[SmallestChange, ...]:
    """Of every line, and of every meter of a label that is none for want of runs; `units` are those
    of each step's output.
    """
    looked_at = {line.meter for line in lines}
    rest = [
        SmallestChange(
            record.meter.id,
            record.meter.carrier,
            record.meter.step,
            units.get(record.meter.step, "t"),
            None,
            None,
        )
        for record in meters
        if record.counted and record.meter.id not in looked_at and _has_runs(record)
    ]
    return (*(_of_line(line, units.get(line.step, "t")) for line in lines), *rest)


def _has_runs(record: MeterRecord) -> bool:
    """Whether a run that it counts for begins in the period; the other one of a meter that was
    exchanged has none there.
    """
    runs = record.runs
    return runs is not None and bool(
        ((runs.start_us >= record.start_us) & (runs.start_us < record.end_us)).any()
    )


def _of_line(line: MeterLine, unit: str) -> SmallestChange:
    per_output, rate = daily(line.day, line.per_output), daily(line.day, line.rate)
    energy = [
        threshold
        for threshold in (told_from(per_output, LEAST), freed_told_from(of_line(line)))
        if threshold is not None
    ]
    output = [
        threshold
        for threshold in (told_from(rate, LEAST_OF_RATE), freed_told_from(rate, LEAST_OF_RATE, 0))
        if threshold is not None
    ]
    least = (share_of_ln(min(of_ln, default=None)) for of_ln in (energy, output))
    return SmallestChange(line.meter, line.record.meter.carrier, line.step, unit, *least)


def share_of_ln(of_ln: float | None) -> float | None:
    """A difference of logarithms as a share."""
    return None if of_ln is None else expm1(of_ln)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
