"""Output that is booked a day late, or early: energy goes with the tonnes of the run after better than with its own.

Only of runs of one length (days, shifts, hours), whose tonnes compare as their energy does; of heats each is much like the next.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reporting_agent.changes.change import Cause, Change, Kind
from reporting_agent.changes.lines import FEWEST_RUNS, Line

FARTHEST = 2  # runs
ONE_LENGTH = 0.05  # how far lengths of runs may differ, between their 5 % and 95 % quantiles
LEAST = 0.3  # of correlation
SIGMAS = 6.0  # by which the other runs' tonnes must fit better than the runs' own (Fisher's z)


def of_lines(lines: Sequence[Line]) -> list[Change]:
    """One question a line, whatever meters tell it."""
    found: dict[tuple[str, ...], Change] = {}
    for line in lines:
        if (runs := _late(line)) is None:
            continue
        equipment = tuple(sorted({batch.equipment for batch in line.batches if batch.equipment}))
        length_s = float(np.median((line.runs.end_us - line.runs.start_us)[line.chosen])) / 1e6
        causes = (Cause.BOOKING, Cause.CLOCK, Cause.PROCESS)
        found.setdefault((line.step, *equipment), Change(Kind.BOOKED, line.step, (), equipment, None, None, runs * length_s, 0.0, causes))
    return list(found.values())


def _late(line: Line) -> int | None:
    """By how many runs the tonnes stand late in the log; None where they stand where they were made, or nothing tells."""
    length = (line.runs.end_us - line.runs.start_us)[line.chosen]
    shortest, longest = np.quantile(length, [0.05, 0.95])
    if longest - shortest > ONE_LENGTH * longest:
        return None
    fits = {late: _fit(line, late) for late in range(-FARTHEST, FARTHEST + 1)}
    best = max(fits, key=lambda late: fits[late])
    better = np.arctanh(fits[best]) - np.arctanh(fits[0])
    return best if best and fits[best] >= LEAST and better * np.sqrt(len(length) / 2) >= SIGMAS else None


def _fit(line: Line, late: int) -> float:
    """Correlation of power with the tonnes an hour that stand so many runs later, of runs that follow each other."""
    count = len(line.power)
    own, booked = (slice(0, count - late), slice(late, count)) if late >= 0 else (slice(-late, count), slice(0, count + late))
    start, length = line.runs.start_us[line.chosen], float(np.median((line.runs.end_us - line.runs.start_us)[line.chosen]))
    apart = (start[booked] - start[own]) / length
    known = np.isfinite(line.power[own]) & np.isfinite(line.rate[booked]) & (np.abs(apart - late) < 0.5)
    power, rate = line.power[own][known], line.rate[booked][known]
    if known.sum() < FEWEST_RUNS or np.std(power) == 0 or np.std(rate) == 0:
        return 0.0
    return float(np.clip(np.corrcoef(power, rate)[0, 1], -0.999, 0.999))
