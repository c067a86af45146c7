"""Clocks: a meter's against the log's, all meters' against the log's, and times that the log rounds.

Coarse shifts come from `metering.clock_search` (within 14 hours, part by part), fine ones from `metering.edges`: what starts and
ends have in common is the clock, the rest is the load's own shape. A shift is told from 1.5 % of the usual run on, so that none
that costs two is missed. The same shift on every meter speaks for a zone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

import numpy as np
from numpy.typing import NDArray

from reporting_agent.changes.change import Cause, Change, Kind
from reporting_agent.changes.jumps import ROBUST
from reporting_agent.changes.lines import Line, days_of

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

LEAST_SHARE = 0.015  # of the usual run
LEAST_S = 20.0
SIGMAS = 6.0
FEWEST_EDGES = 12
SATURATED = 0.8  # of the reach: an edge so late lies beyond it
FEWEST_PARTS = 3
ALIKE = 0.25  # how far lags of parts may differ, as a share of them
LEAST_RESEMBLANCE = 0.3  # correlation of load and log from which a line tells anything of its clock
CLEARLY = 0.7  # from which on a lag counts that is not sure by itself
SHORT_REACH_S = 240.0  # the shortest that an edge is looked for
PART_US = 28 * 86_400_000_000
NEAR_S = 420.0  # shifts of two meters, or of a meter and a zone, that are the same
ROUNDINGS_S = (3600, 1800, 900, 600, 300)
ON_GRID = 0.98
QUARTILES = 1.349  # standard deviations of a normal law between its quartiles
SEEN = 1.5  # reaches within which edges that lie anywhere would be seen to scatter
SMEARED = (0.17, 0.45)  # standard deviation of edges over the rounding: even errors have 0.289
ROUNDED_SHARE = 0.015  # of the usual run that rounding must be, to matter


@dataclass(frozen=True, slots=True)
class Shifted:
    """Parts of one meter's record and how far ahead its clock is in each, seconds."""

    line: Line
    first_us: Integers
    last_us: Integers
    ahead_s: Floats

    @property
    def usual_s(self) -> float:
        return float(np.median(self.ahead_s))


def of_lines(lines: Sequence[Line], zone: tzinfo) -> list[Change]:
    """Every clock that is off, and a zone where all are alike."""
    found = [one for line in lines if (one := shifted(line)) is not None]
    found, zones = _as_zone(found, lines, zone)
    return [*zones, *(_clock(one, zone) for one in found)]


def shifted(line: Line) -> Shifted | None:
    """The parts in which this meter's clock is off."""
    runs, chosen = line.runs, line.chosen
    length_s = (runs.end_us - runs.start_us)[chosen] / 1e6
    least = max(LEAST_SHARE * float(np.median(length_s)), LEAST_S)
    start_us = runs.start_us[chosen]
    late = np.vstack((runs.edges.start_late_s[chosen], runs.edges.end_late_s[chosen]))
    parts: list[tuple[int, int, float]] = []
    begins = int(start_us.min())
    count = max(int((int(start_us.max()) - begins) // PART_US), 1)
    bounds = np.linspace(begins, int(runs.end_us[chosen].max()), count + 1).astype(np.int64)
    for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        coarse = _coarse(line, first, last, least)
        own = (start_us >= first) & (start_us < last)
        fine = _fine(late[:, own], runs.edges.reach_s[chosen][own], least)
        ahead = coarse if abs(coarse) > abs(fine) and coarse else fine
        beyond = abs(fine) >= SATURATED * float(np.median(runs.edges.reach_s[chosen][own])) if own.any() and fine else False
        parts.append((first, last, ahead if abs(ahead) >= least or beyond else 0.0))
    off = [part for part in parts if part[2]]
    if len(off) < max(2, 1 if len(parts) < 3 else 2) and len(parts) > 1:
        return None
    if not off:
        return None
    first_us, last_us, ahead_s = (np.array(column) for column in zip(*off, strict=True))
    return Shifted(line, first_us, last_us, ahead_s)


def _coarse(line: Line, first_us: int, last_us: int, least: float) -> float:
    """The lag of one part: sure by itself, or one of several parts that tell the same and are not contradicted by the edges."""
    told = line.runs.told
    here = (told.first_us < last_us) & (told.last_us > first_us) & (told.resembles >= LEAST_RESEMBLANCE)
    sure = here & told.shifted
    if sure.any() and sure.sum() >= here.sum() / 2:
        return float(np.median(told.ahead_s[sure]))
    off = (told.resembles >= CLEARLY) & (np.abs(told.ahead_s) >= least)
    middle = float(np.median(told.ahead_s[off])) if off.any() else 0.0
    alike = off & (np.abs(told.ahead_s - middle) <= ALIKE * abs(middle))
    own = here & alike
    if alike.sum() < FEWEST_PARTS or not own.any() or own.sum() < here.sum() / 2:
        return 0.0
    lag = float(np.median(told.ahead_s[own]))
    return 0.0 if _contradicted(line, first_us, last_us, lag) else lag


def _contradicted(line: Line, first_us: int, last_us: int, lag: float) -> bool:
    """Whether starts or ends are seen, and not late the same way."""
    start_us = line.runs.start_us[line.chosen]
    own = (start_us >= first_us) & (start_us < last_us)
    for edge in (line.runs.edges.start_late_s[line.chosen][own], line.runs.edges.end_late_s[line.chosen][own]):
        seen = edge[np.isfinite(edge)]
        if len(seen) >= FEWEST_EDGES and float(np.median(seen)) * np.sign(lag) < min(abs(lag), SHORT_REACH_S) / 2:
            return True
    return False


def _fine(late: Floats, reach_s: Floats, least: float) -> float:
    """What starts and ends have in common; where both lie beyond what can be seen, as far as can be seen."""
    farthest = float(np.nanmedian(reach_s)) if np.isfinite(reach_s).any() else 0.0
    ahead = []
    for edge in late:
        seen = edge[np.isfinite(edge)]
        if len(seen) < FEWEST_EDGES:
            return 0.0
        middle = float(np.median(seen))
        error = 1.25 * ROBUST * float(np.median(np.abs(seen - middle))) / np.sqrt(len(seen))
        if abs(middle) < max(SIGMAS * error, min(0.5 * least, SATURATED * farthest)):
            return 0.0
        ahead.append(middle)
    if ahead[0] * ahead[1] <= 0:
        return 0.0
    return min(ahead, key=abs) if abs(ahead[0] - ahead[1]) > NEAR_S else sum(ahead) / 2


def _as_zone(found: list[Shifted], lines: Sequence[Line], zone: tzinfo) -> tuple[list[Shifted], list[Change]]:
    """All meters alike: one change of zone instead of one a meter."""
    off = {one.line.meter for one in found}
    right = [line for line in lines if line.meter not in off and _shows_its_clock(line)]
    if len(off) < 2 or right:
        return found, []
    usual = [one.usual_s for one in found]
    spread = max(usual) - min(usual)
    middle = float(np.median(usual))
    if abs(middle) < 600 or spread > max(2 * NEAR_S, 0.1 * abs(middle)):
        return found, []
    first = min(int(one.first_us.min()) for one in found)
    last = max(int(one.last_us.max()) for one in found)
    meters = tuple(sorted({one.line.meter for one in found}))
    steps = sorted({one.line.step for one in found})
    change = Change(
        Kind.ZONE, steps[0] if len(steps) == 1 else "", meters, (), *_days(found[0].line, first, last, zone), middle, spread / 2,
        (Cause.ZONE, Cause.CLOCK),
    )  # fmt: skip
    return [], [change]


def _shows_its_clock(line: Line) -> bool:
    """A line without pauses tells no clock, and is no witness against a zone."""
    return (
        bool((line.runs.told.resembles >= LEAST_RESEMBLANCE).any())
        or int(np.isfinite(line.runs.edges.start_late_s[line.chosen]).sum()) >= FEWEST_EDGES
    )


def _clock(one: Shifted, zone: tzinfo) -> Change:
    line = one.line
    error = float(np.ptp(one.ahead_s)) / 2
    equipment = tuple(sorted({batch.equipment for batch in line.batches if batch.equipment}))
    days = _days(line, int(one.first_us[0]), int(one.last_us[-1]), zone)
    return Change(Kind.CLOCK, line.step, (line.meter,), equipment, *days, one.usual_s, error, (Cause.CLOCK, Cause.ZONE))


def _days(line: Line, first_us: int, last_us: int, zone: tzinfo) -> tuple[date | None, date | None]:
    """First day and day after the last; None at an end of the record."""
    own = line.runs.start_us[line.chosen]
    first = None if first_us <= int(own.min()) else date.fromordinal(int(days_of(np.array([first_us]), zone)[0]))
    until = None if last_us >= int(own.max()) else date.fromordinal(int(days_of(np.array([last_us]), zone)[0]) + 1)
    return first, until


def roundings(lines: Sequence[Line], ahead_s: Mapping[str, float]) -> dict[str, Change]:
    """By meter, lines whose log is on a grid of minutes while the load begins and ends anywhere between.

    `ahead_s` are clocks that were found off, by meter: rounding to the nearest minutes makes no more than half of them.
    """
    made: dict[str, Change] = {}
    for line in lines:
        runs, chosen = line.runs, line.chosen
        both = np.concatenate((runs.start_us[chosen], runs.end_us[chosen]))
        grid = next((one for one in ROUNDINGS_S if np.mean(both % (one * 1_000_000) == 0) >= ON_GRID), None)
        length_s = float(np.median((runs.end_us - runs.start_us)[chosen])) / 1e6
        if grid is None or grid < ROUNDED_SHARE * length_s or abs(ahead_s.get(line.meter, 0.0)) > grid / 2:
            continue
        scatter = [_scatter(edge[chosen]) for edge in (runs.edges.start_late_s, runs.edges.end_late_s)]
        reach_s = runs.edges.reach_s[chosen]
        wide = min(grid, SEEN * float(np.median(reach_s[reach_s > 0]))) if (reach_s > 0).any() else grid
        if all(SMEARED[0] * wide <= one for one in scatter) and min(scatter) <= SMEARED[1] * grid * 1.5:
            made[line.meter] = Change(Kind.ROUNDING, line.step, (), _equipment(line), None, None, float(grid), 0.0, (Cause.ROUNDING,))
    return made


def _equipment(line: Line) -> tuple[str, ...]:
    return tuple(sorted({batch.equipment for batch in line.batches if batch.equipment}))


def _scatter(late_s: Floats) -> float:
    """By the quartiles: times that stood on a finer grid before they were rounded have two values, and no median deviation."""
    seen = late_s[np.isfinite(late_s)]
    if len(seen) < FEWEST_EDGES:
        return 0.0
    return float(np.subtract(*np.quantile(seen, [0.75, 0.25]))) / QUARTILES
