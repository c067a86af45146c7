"""Clocks: a meter's against the log's, all meters', the day on which one changed, and times that
the log rounds.

Coarse shifts by `metering.clock_offsets` (within 14 hours), fine ones by `metering.edges`: what
starts and ends have in common is the clock. From 1.5 % of the usual run on. The same shift of every
meter speaks for a zone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from statistics import median_high

import numpy as np
from numpy.typing import NDArray

from reporting_agent.changes.change import Change, ChangeCause, ChangeKind
from reporting_agent.changes.lines import ROBUST, MeterLine, days_of
from reporting_agent.metering.clock_offsets import FittedLags, running_share

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

HOUR_US = 3_600_000_000
WELL_KNOWN = 0.99
TURN_SEEN = 0.8  # of the usual reach: two times further apart are not seen at an edge
FEWEST_TURN_EDGES = 24


def turn(
    line: MeterLine, first_us: int, last_us: int, before_s: float, after_s: float, zone: tzinfo
) -> int:
    """The local midnight within first..last at which a clock ahead by `before_s` becomes one ahead
    by `after_s`, in microseconds.
    """
    day, better = _by_edges(line, first_us, last_us, before_s, after_s, zone)
    if len(day) < FEWEST_TURN_EDGES:
        day, better = _by_hours(line, first_us, last_us, before_s, after_s, zone)
    if not len(day):
        return (first_us + last_us) // 2
    days, day_index = np.unique(day, return_inverse=True)
    of_day = np.bincount(day_index, weights=better)
    until = np.concatenate(([0.0], np.cumsum(of_day)))
    at = int(np.argmin(until))  # what speaks for the second time begins where the sum is lowest
    midnight = datetime.combine(
        datetime.fromordinal(int(days[min(at, len(days) - 1)])), time(), zone
    )
    return int(midnight.astimezone(UTC).timestamp()) * 1_000_000


def _by_edges(
    line: MeterLine, first_us: int, last_us: int, before_s: float, after_s: float, zone: tzinfo
) -> tuple[Integers, Floats]:
    """Day of each edge that is seen, and by how many seconds it lies nearer to the second time."""
    runs, chosen = line.runs, line.chosen
    reach = runs.edges.reach_s[chosen]
    if not (reach > 0).any() or max(abs(before_s), abs(after_s)) > TURN_SEEN * float(
        np.median(reach[reach > 0])
    ):
        return np.zeros(0, np.int64), np.zeros(0)
    moments = np.concatenate((runs.start_us[chosen], runs.end_us[chosen]))
    late = np.concatenate((runs.edges.start_late_s[chosen], runs.edges.end_late_s[chosen]))
    own = np.isfinite(late) & (moments >= first_us) & (moments < last_us)
    return days_of(moments[own], zone), np.abs(late[own] - before_s) - np.abs(late[own] - after_s)


def _by_hours(
    line: MeterLine, first_us: int, last_us: int, before_s: float, after_s: float, zone: tzinfo
) -> tuple[Integers, Floats]:
    """Day of each hour, and how much better its energy goes with the runs at the second time."""
    record, runs = line.record, line.runs
    own = np.flatnonzero(
        (record.hour_us >= first_us)
        & (record.hour_us < last_us)
        & (record.hour_known >= WELL_KNOWN)
    )
    if not len(own):
        return np.zeros(0, np.int64), np.zeros(0)
    edges = np.append(record.hour_us, record.hour_us[-1] + HOUR_US)
    ran = [
        running_share(edges, runs.start_us + round(ahead * 1e6), runs.end_us + round(ahead * 1e6))[
            own
        ]
        for ahead in (before_s, after_s)
    ]
    energy = record.hour_energy[own]
    better: Floats = (energy - energy.mean()) * (ran[1] - ran[0])
    return days_of(record.hour_us[own], zone), better


Flags = NDArray[np.bool_]

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
OTHER_LAG_S = (
    1800.0  # from which on parts next to each other are off by two times, not by one that scatters
)
MIXED_S = 120.0
LEAST_OF_ZONE_S = 600.0
NEAR_S = 420.0  # shifts of two meters, or of a meter and a zone, that are the same
ROUNDINGS_S = (3600, 1800, 900, 600, 300)
ON_GRID = 0.98
QUARTILES = 1.349  # standard deviations of a normal law between its quartiles
SEEN = 1.5  # reaches within which edges that lie anywhere would be seen to scatter
SMEARED = (0.17, 0.45)  # standard deviation of edges over the rounding: even errors have 0.289
ROUNDED_SHARE = 0.015  # of the usual run that rounding must be, to matter
# times of day at which runs begin and end that the calendar cuts: days or three shifts, in winter
# and in summer
CALENDAR = 6
CUT = 0.98  # of the edges at those times


@dataclass(frozen=True, slots=True)
class ShiftedStretch:
    """A stretch of one meter's record in which its clock is off by one time: how far ahead it is in
    each part, seconds.
    """

    line: MeterLine
    first_us: int
    last_us: int
    ahead_s: Floats

    @property
    def usual_s(self) -> float:
        return float(np.median(self.ahead_s))


def of_lines(lines: Sequence[MeterLine], zone: tzinfo) -> list[Change]:
    """Every clock that is off, and a zone where all are alike."""
    by_line = [own for line in lines if (own := shifted(line, zone))]
    zones = _zones(by_line, lines, zone)
    return zones or [_clock(stretch, zone) for own in by_line for stretch in own]


def shifted(line: MeterLine, zone: tzinfo) -> list[ShiftedStretch]:
    """The stretches in which this meter's clock is off."""
    runs, chosen = line.runs, line.chosen
    length_s = (runs.end_us - runs.start_us)[chosen] / 1e6
    least = max(LEAST_SHARE * float(np.median(length_s)), LEAST_S)
    start_us = runs.start_us[chosen]
    late = np.vstack((runs.edges.start_late_s[chosen], runs.edges.end_late_s[chosen]))
    parts: list[tuple[int, int, float]] = []
    sure = False
    begins = int(runs.start_us.min())  # also of runs that a wrong clock put out of the labels
    count = max(int((int(runs.start_us.max()) - begins) // PART_US), 1)
    bounds = np.linspace(begins, int(runs.end_us.max()), count + 1).astype(np.int64)
    for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        coarse = _coarse(line, first, last, least)
        own = (start_us >= first) & (start_us < last)
        fine = _fine(late[:, own], runs.edges.reach_s[chosen][own], least)
        ahead = coarse if abs(coarse) > abs(fine) and coarse else fine
        beyond = (
            abs(fine) >= SATURATED * float(np.median(runs.edges.reach_s[chosen][own]))
            if own.any() and fine
            else False
        )
        parts.append((first, last, ahead if abs(ahead) >= least or beyond else 0.0))
        sure |= ahead * coarse > 0 and _clearly(line, first, last)
    count_off = sum(bool(part[2]) for part in parts)
    if not count_off or (count_off < min(2, len(parts)) and not sure):
        return []
    return _stretches(line, parts, zone)


def _stretches(
    line: MeterLine, parts: Sequence[tuple[int, int, float]], zone: tzinfo
) -> list[ShiftedStretch]:
    """Parts with one lag taken together, from the day on which it begins to that on which it ends,
    with what tells none between.
    """
    parts = [part for index, part in enumerate(parts) if not _mixed(parts, index)]
    off = [index for index, part in enumerate(parts) if part[2]]
    groups = [[off[0]]]
    for index in off[1:]:
        if abs(parts[index][2] - parts[groups[-1][-1]][2]) > OTHER_LAG_S:
            groups.append([index])
        else:
            groups[-1].append(index)
    stretches: list[ShiftedStretch] = []
    for group in groups:
        first, last = group[0], group[-1]
        usual = float(np.median([parts[index][2] for index in group]))
        begins, ends = parts[first][0], parts[last][1]
        if stretches and off[off.index(first) - 1] == first - 1:
            begins = stretches[-1].last_us
        elif first > 0:
            begins = turn(
                line, parts[first - 1][0], parts[first][1], parts[first - 1][2], usual, zone
            )
        if last + 1 < len(parts):
            ends = turn(line, parts[last][0], parts[last + 1][1], usual, parts[last + 1][2], zone)
        stretches.append(
            ShiftedStretch(line, begins, ends, np.array([parts[index][2] for index in group]))
        )
    return stretches


def _mixed(parts: Sequence[tuple[int, int, float]], index: int) -> bool:
    """Whether a part has some of the lag before it and some of the one after it, and tells a mean
    of the two.
    """
    if not 0 < index < len(parts) - 1:
        return False
    low, high = sorted((parts[index - 1][2], parts[index + 1][2]))
    return high - low > OTHER_LAG_S and low + MIXED_S < parts[index][2] < high - MIXED_S


def _coarse(line: MeterLine, first_us: int, last_us: int, least: float) -> float:
    """The lag of one part: sure by itself, or one of several parts that tell the same and are not
    contradicted by the edges.
    """
    lags = line.runs.lags
    here = _here(lags, first_us, last_us) & (lags.resembles >= LEAST_RESEMBLANCE)
    sure = here & lags.shifted
    if sure.any() and sure.sum() >= here.sum() / 2:
        return float(np.median(lags.ahead_s[sure]))
    off = (lags.resembles >= CLEARLY) & (np.abs(lags.ahead_s) >= least)
    middle = float(np.median(lags.ahead_s[off])) if off.any() else 0.0
    alike = off & (np.abs(lags.ahead_s - middle) <= ALIKE * abs(middle))
    own = here & alike
    if alike.sum() < FEWEST_PARTS or not own.any() or own.sum() < here.sum() / 2:
        return 0.0
    lag = float(np.median(lags.ahead_s[own]))
    return 0.0 if _contradicted(line, first_us, last_us, lag) else lag


def _clearly(line: MeterLine, first_us: int, last_us: int) -> bool:
    """Whether the lag of this part needs no second part to tell the same: it beats none by more
    than chance, and the load is the runs'.
    """
    lags = line.runs.lags
    return bool((_here(lags, first_us, last_us) & lags.shifted & (lags.resembles >= CLEARLY)).any())


def _here(lags: FittedLags, first_us: int, last_us: int) -> Flags:
    """The parts of the coarse search that lie in half of this one at least."""
    here: Flags = (
        np.minimum(lags.last_us, last_us) - np.maximum(lags.first_us, first_us)
        >= (last_us - first_us) / 2
    )
    return here


def _contradicted(line: MeterLine, first_us: int, last_us: int, lag: float) -> bool:
    """Whether starts or ends are seen, and not late the same way."""
    start_us = line.runs.start_us[line.chosen]
    own = (start_us >= first_us) & (start_us < last_us)
    for edge in (
        line.runs.edges.start_late_s[line.chosen][own],
        line.runs.edges.end_late_s[line.chosen][own],
    ):
        edges_seen = edge[np.isfinite(edge)]
        if (
            len(edges_seen) >= FEWEST_EDGES
            and float(np.median(edges_seen)) * np.sign(lag) < min(abs(lag), SHORT_REACH_S) / 2
        ):
            return True
    return False


def _fine(late: Floats, reach_s: Floats, least: float) -> float:
    """What starts and ends have in common; where both lie beyond what can be seen, as far as can be
    seen.
    """
    farthest = float(np.nanmedian(reach_s)) if np.isfinite(reach_s).any() else 0.0
    ahead = []
    for edge in late:
        edges_seen = edge[np.isfinite(edge)]
        if len(edges_seen) < FEWEST_EDGES:
            return 0.0
        middle = float(np.median(edges_seen))
        error = (
            1.25 * ROBUST * float(np.median(np.abs(edges_seen - middle))) / np.sqrt(len(edges_seen))
        )
        if abs(middle) < max(SIGMAS * error, min(0.5 * least, SATURATED * farthest)):
            return 0.0
        ahead.append(middle)
    if ahead[0] * ahead[1] <= 0:
        return 0.0
    return min(ahead, key=abs) if abs(ahead[0] - ahead[1]) > NEAR_S else sum(ahead) / 2


def _zones(
    by_line: Sequence[Sequence[ShiftedStretch]], lines: Sequence[MeterLine], zone: tzinfo
) -> list[Change]:
    """All meters alike, stretch by stretch: changes of zone instead of one a meter."""
    off = {own[0].line.meter for own in by_line}
    right = [line for line in lines if line.meter not in off and _shows_its_clock(line)]
    if len(off) < 2 or right or len({len(own) for own in by_line}) > 1:
        return []
    changes = []
    for alike in zip(*by_line, strict=True):
        usual = [stretch.usual_s for stretch in alike]
        spread, middle = max(usual) - min(usual), float(np.median(usual))
        if abs(middle) < LEAST_OF_ZONE_S or spread > max(2 * NEAR_S, 0.1 * abs(middle)):
            return []
        first, last = (
            median_high(stretch.first_us for stretch in alike),
            median_high(stretch.last_us for stretch in alike),
        )
        steps = sorted({stretch.line.step for stretch in alike})
        days = _days(alike[0].line, first, last, zone)
        meters = tuple(sorted(off))
        changes.append(
            Change(
                ChangeKind.ZONE,
                steps[0] if len(steps) == 1 else "",
                meters,
                (),
                *days,
                middle,
                spread / 2,
                (ChangeCause.ZONE, ChangeCause.CLOCK),
            )
        )
    return changes


def _shows_its_clock(line: MeterLine) -> bool:
    """A line without pauses tells no clock, and is no witness against a zone."""
    return (
        bool((line.runs.lags.resembles >= LEAST_RESEMBLANCE).any())
        or int(np.isfinite(line.runs.edges.start_late_s[line.chosen]).sum()) >= FEWEST_EDGES
    )


def _clock(stretch: ShiftedStretch, zone: tzinfo) -> Change:
    line = stretch.line
    error = float(np.ptp(stretch.ahead_s)) / 2
    equipment = tuple(sorted({batch.equipment for batch in line.batches if batch.equipment}))
    days = _days(line, stretch.first_us, stretch.last_us, zone)
    return Change(
        ChangeKind.CLOCK,
        line.step,
        (line.meter,),
        equipment,
        *days,
        stretch.usual_s,
        error,
        (ChangeCause.CLOCK, ChangeCause.ZONE),
    )


def _days(
    line: MeterLine, first_us: int, last_us: int, zone: tzinfo
) -> tuple[date | None, date | None]:
    """First day and day after the last; None at an end of the record."""
    own = line.runs.start_us
    first = (
        None
        if first_us <= int(own.min())
        else date.fromordinal(int(days_of(np.array([first_us]), zone)[0]))
    )
    until = (
        None
        if last_us >= int(own.max())
        else date.fromordinal(int(days_of(np.array([last_us - 1]), zone)[0]) + 1)
    )
    return first, until


def roundings(lines: Sequence[MeterLine], ahead_s: Mapping[str, float]) -> dict[str, Change]:
    """By meter, lines whose log is on a grid of minutes while the load begins and ends anywhere
    between.

    `ahead_s` are clocks that were found off, by meter: rounding to the nearest minutes makes no
    more than half of them.
    """
    by_meter: dict[str, Change] = {}
    for line in lines:
        runs, chosen = line.runs, line.chosen
        both = np.concatenate((runs.start_us[chosen], runs.end_us[chosen]))
        grid = next(
            (
                rounding
                for rounding in ROUNDINGS_S
                if np.mean(both % (rounding * 1_000_000) == 0) >= ON_GRID
            ),
            None,
        )
        length_s = float(np.median((runs.end_us - runs.start_us)[chosen])) / 1e6
        if (
            grid is None
            or grid < ROUNDED_SHARE * length_s
            or abs(ahead_s.get(line.meter, 0.0)) > grid / 2
        ):
            continue
        if _cut_by_calendar(both):
            continue
        reach_s, edges = (
            runs.edges.reach_s[chosen],
            (runs.edges.start_late_s[chosen], runs.edges.end_late_s[chosen]),
        )
        within = [
            _scatter(np.clip(edge, -reach_s, reach_s)) for edge in edges
        ]  # beyond its reach an edge is later, and no more
        wide = (
            min(grid, SEEN * float(np.median(reach_s[reach_s > 0])))
            if (reach_s > 0).any()
            else grid
        )
        if (
            all(SMEARED[0] * wide <= _scatter(edge) for edge in edges)
            and min(within) <= SMEARED[1] * grid * 1.5
        ):
            by_meter[line.meter] = Change(
                ChangeKind.ROUNDING,
                line.step,
                (),
                _equipment(line),
                None,
                None,
                float(grid),
                0.0,
                (ChangeCause.ROUNDING,),
            )
    return by_meter


def _cut_by_calendar(edges_us: Integers) -> bool:
    """Whether runs begin and end when the calendar says: a day of a log is no rounded run, whatever
    the load does at midnight.
    """
    _times, count = np.unique(edges_us % 86_400_000_000, return_counts=True)
    return float(np.sort(count)[::-1][:CALENDAR].sum()) >= CUT * len(edges_us)


def _equipment(line: MeterLine) -> tuple[str, ...]:
    return tuple(sorted({batch.equipment for batch in line.batches if batch.equipment}))


def _scatter(late_s: Floats) -> float:
    """By the quartiles: times that stood on a finer grid before they were rounded have two values,
    and no median deviation.
    """
    finite = late_s[np.isfinite(late_s)]
    if len(finite) < FEWEST_EDGES:
        return 0.0
    return float(np.subtract(*np.quantile(finite, [0.75, 0.25]))) / QUARTILES
