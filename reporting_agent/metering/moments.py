"""The moments asked of a meter's curve: batches, clock hours, intervals of a demand charge, edges
that cut readings, comparisons.

A curve is kept at these moments alone (`curve`), so whoever reads one off later says here where:
the record of the period (batches, clock hours), the readings that an edge cuts (`cut_readings`),
and what holds a meter against its batches (`clock`, `edges`, `standstills`). Times are int64
microseconds since 1970 in UTC, windows half-open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

from benchmarks.measurements import Period
from reporting_agent.config.tree import MeterTree
from reporting_agent.metering.clock_offsets import (
    BIN_US,
    FARTHEST_S,
    FEWEST_BATCHES,
    FEWEST_PIECES,
    FEWEST_RUNS,
    HOUR_US,
)

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

EVER = np.array([-(1 << 61), 1 << 61], dtype=np.int64)
"""Edges of the time that is looked at where no period is given: long before and long after any
reading.
"""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MINUTE_US = 60_000_000
_DAY_US = 24 * HOUR_US
_QUARTER_US = HOUR_US // 4
_NO_PAUSE_US = 1 << 60
_NOTHING = np.zeros(0, dtype=np.int64)

REACHES_US = tuple(minutes * _MINUTE_US for minutes in (1, 2, 5, 10, 15, 30, 60))
ROOM = 3  # reaches that a pause, or a run beside a short one, must hold to be measured by itself

FARTHEST_US = 45 * _MINUTE_US
SHARE = 0.4  # of the pause, and of the run, that an edge may reach into
SHORTEST_US = 4 * _MINUTE_US  # a reach below shows no edge

SLICES = 40
NEAR_THE_NEXT_US = 60_000_000  # an end that lies so near the next start is that start
LEAST_JOINED = 0.5  # of the runs
FEWEST_JOINED = 30  # runs of a log of which pauses are looked for inside

AROUND_US = (
    3 * HOUR_US
)  # before the first batch and after the last, so that a shifted meter still shows their edges


@dataclass(frozen=True, slots=True)
class Windows:
    """Half-open windows in UTC microseconds, in any order, each longer than nothing; they may
    overlap.
    """

    start_us: Integers
    end_us: Integers


def to_us(moment: datetime) -> int:
    """UTC microseconds since 1970."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def distinct(moments_us: Integers) -> Integers:
    """The moments in order, each once: `np.unique` hashes, which takes longer than to sort what is
    nearly in order.
    """
    moments = np.sort(moments_us)
    return (
        moments[np.concatenate(([True], moments[1:] != moments[:-1]))] if len(moments) else moments
    )


def hours_of(period: Period | None, zone: tzinfo) -> Integers:
    """Starts of the local clock hours of a period, and its end: UTC microseconds. The ends of time
    without a period.

    An hour begins where the local clock shows a full hour, in zones half an hour off as well; one
    that comes twice is two.
    """
    if period is None:
        return EVER
    first_us, last_us = to_us(period.start), to_us(period.end)
    pieces = []
    for day_us in range(first_us, last_us, _DAY_US):
        until_us = min(day_us + _DAY_US, last_us)
        offset_us = _offset_us(day_us, zone)
        if _offset_us(until_us, zone) == offset_us:
            full_us = -(-(day_us + offset_us) // HOUR_US) * HOUR_US - offset_us
            pieces.append(np.arange(full_us, until_us, HOUR_US))
        else:  # the clock changes on a quarter hour of this day
            quarters = range(-(-day_us // _QUARTER_US) * _QUARTER_US, until_us, _QUARTER_US)
            pieces.append(
                np.array(
                    [at for at in quarters if not (at + _offset_us(at, zone)) % HOUR_US],
                    dtype=np.int64,
                )
            )
    edges = np.concatenate(([first_us], *pieces, [last_us]))
    return edges[np.concatenate(([True], np.diff(edges) > 0))]


def intervals_of(hours_us: Integers, minutes: int) -> Integers:
    """The edges of clock hours and, within them, of the intervals of a demand charge; an hour that
    the period cuts off stays whole.
    """
    if hours_us is EVER:
        return hours_us[:0]
    whole = hours_us[:-1][np.diff(hours_us) == HOUR_US]
    inside = whole[:, None] + np.arange(0, HOUR_US, minutes * _MINUTE_US)
    return np.unique(np.concatenate((hours_us, inside.ravel())))


def _offset_us(moment_us: int, zone: tzinfo) -> int:
    offset = (_EPOCH + timedelta(microseconds=moment_us)).astimezone(zone).utcoffset()
    return 0 if offset is None else offset // _MICROSECOND


def of_record(windows: Windows, hours_us: Integers) -> Integers:
    """What the record of a meter is read off at: its batches, the clock hours, and where an edge
    cuts a reading.
    """
    return np.concatenate((windows.start_us, windows.end_us, hours_us, beside_edges(windows)))


def of_comparisons(windows: Windows) -> Integers:
    """What holds a meter against its batches, which stand in order of start."""
    start_us, end_us = windows.start_us, windows.end_us
    return np.concatenate(
        (
            stretches_of(windows),
            quarters_of(start_us, end_us),
            EdgeReach.of(start_us, end_us).moments_us(),
            slices_of(start_us, end_us),
        )
    )


def of_readings(tree: MeterTree, own: Mapping[str, Integers]) -> dict[str, Integers]:
    """By meter with readings, the moments at which it must be read off: its own and those of every
    meter made from it.
    """
    asked = {
        meter.id: [own[meter.id]] if meter.id in own else []
        for meter in tree.meters
        if not meter.computed
    }
    for meter in tree.meters:
        if meter.id in own:
            for name in tree.needed_by(meter) - {meter.id}:
                asked[name].append(own[meter.id])
    return {
        name: distinct(np.concatenate(moments)) if moments else _NOTHING
        for name, moments in asked.items()
    }


@dataclass(frozen=True, slots=True)
class Islands:
    """Stretches in which some batch ran, in order, none touching another; `pause_us` before each,
    and after the last.
    """

    start_us: Integers
    end_us: Integers

    @classmethod
    def of(cls, windows: Windows) -> Islands:
        """Of windows in order of start."""
        start_us, end_us = windows.start_us, windows.end_us
        if not len(start_us):
            return cls(start_us, end_us)
        latest_us = np.maximum.accumulate(end_us)
        opens = np.concatenate(([True], start_us[1:] > latest_us[:-1]))
        return cls(start_us[opens], latest_us[np.concatenate((opens[1:], [True]))])

    @property
    def pause_us(self) -> Integers:
        between = self.start_us[1:] - self.end_us[:-1]
        return (
            np.concatenate(([_NO_PAUSE_US], between, [_NO_PAUSE_US]))
            if len(self.start_us)
            else between
        )

    def beside_long(self, reach_us: int) -> tuple[Flags, Flags]:
        """Whether the pause before each start, and after each end, is long enough to show its
        power.
        """
        long = self.pause_us >= ROOM * reach_us
        runs = len(self.start_us)
        return long[:runs], long[1:]

    def beside_short(self, reach_us: int) -> Integers:
        """Indices of runs with a short pause and another run behind them, both long enough to be
        measured inside.
        """
        roomy = self.end_us - self.start_us >= ROOM * reach_us
        return np.flatnonzero((self.pause_us[1:-1] < ROOM * reach_us) & roomy[:-1] & roomy[1:])


def beside_edges(windows: Windows) -> Integers:
    """What `cut_readings` asks besides the windows' edges, whatever the time between readings turns
    out to be.
    """
    runs = Islands.of(windows)
    asked: list[Integers] = [windows.start_us[:0]]
    for reach_us in REACHES_US:
        before, after = runs.beside_long(reach_us)
        short = runs.beside_short(reach_us)
        for times in (1, 2):
            asked += [
                runs.start_us[before] - times * reach_us,
                runs.end_us[after] + times * reach_us,
            ]
            asked += [
                runs.end_us[short] - times * reach_us,
                runs.start_us[short + 1] + times * reach_us,
            ]
    return np.concatenate(asked)


def stretches_of(windows: Windows) -> Integers:
    """The edges of the equal stretches by which `clock` holds a meter's against the log's, at most
    a third of a batch.
    """
    if len(windows.start_us) < FEWEST_PIECES * FEWEST_BATCHES:
        return _NOTHING
    usual = float(np.median(windows.end_us - windows.start_us))
    width = next((width for width in (HOUR_US, HOUR_US // 2) if width <= usual / 3), HOUR_US // 4)
    first = (int(windows.start_us.min()) - AROUND_US) // width
    last = (int(windows.end_us.max()) + AROUND_US) // width + 1
    return np.arange(first, last + 1, dtype=np.int64) * width


def quarters_of(start_us: Integers, end_us: Integers) -> Integers:
    """Edges of the stretches that `clock_offsets.search` asks for: a quarter of an hour each."""
    if len(start_us) < FEWEST_RUNS:
        return _NOTHING
    around = round(FARTHEST_S * 1e6)
    first, last = (
        (int(start_us.min()) - around) // BIN_US,
        (int(end_us.max()) + around) // BIN_US + 1,
    )
    return np.arange(first, last + 1, dtype=np.int64) * BIN_US


@dataclass(frozen=True, slots=True)
class EdgeReach:
    """How far `edges` looks on either side of each start and end, microseconds; 0 where there is no
    pause to look into.
    """

    start_us: Integers
    end_us: Integers
    at_start_us: Integers
    at_end_us: Integers

    @classmethod
    def of(cls, start_us: Integers, end_us: Integers) -> EdgeReach:
        """Of windows in order of start."""
        if not len(start_us):
            return cls(start_us, end_us, start_us, end_us)
        latest_us = np.maximum.accumulate(end_us)
        before = np.concatenate(([_NO_PAUSE_US], start_us[1:] - latest_us[:-1]))
        after = np.where(end_us == latest_us, np.concatenate((before[1:], [_NO_PAUSE_US])), 0)
        own: Floats = np.asarray((end_us - start_us) * SHARE, dtype=np.float64)
        return cls(start_us, end_us, _reach(before, own), _reach(after, own))

    def moments_us(self) -> Integers:
        """What must be asked of the curve, besides the starts and ends."""
        start, end = self.at_start_us > 0, self.at_end_us > 0
        return np.concatenate(
            (
                self.start_us[start] - self.at_start_us[start],
                self.start_us[start] + self.at_start_us[start],
                self.end_us[end] - self.at_end_us[end],
                self.end_us[end] + self.at_end_us[end],
            )
        )


def _reach(pause_us: Integers, own: Floats) -> Integers:
    reach = (
        np.minimum(np.minimum(pause_us * SHARE, own), FARTHEST_US).astype(np.int64)
        // _MINUTE_US
        * _MINUTE_US
    )
    return np.where(reach >= SHORTEST_US, reach, 0)


def joined(start_us: Integers, end_us: Integers) -> Flags:
    """Which runs, in order of start, end where the next one starts."""
    pause = start_us[1:] - end_us[:-1]
    return np.append((pause >= 0) & (pause <= NEAR_THE_NEXT_US), False)[: len(start_us)]


def slices_of(start_us: Integers, end_us: Integers) -> Integers:
    """The edges of even slices of each run, a row a run, where the log shows no pauses; none of a
    log that does.
    """
    ends_joined = joined(start_us, end_us)
    if len(ends_joined) < FEWEST_JOINED or float(ends_joined.mean()) < LEAST_JOINED:
        return _NOTHING
    edges: Integers = (
        start_us[:, None] + (end_us - start_us)[:, None] * np.arange(SLICES + 1) // SLICES
    )
    return edges.ravel()
