"""Where a meter sees its runs begin and end, against where the log says so: the finest clock that a meter without one shows.

Around a logged start the energy from X before to X after is, for a load that rises from p0 to p1 at s after the start,

    E = p0 (X + s) + p1 (X - s)        so that        s = (X (p0 + p1) - E) / (p1 - p0)

and likewise at an end. The area does not ask how fast the load rises, nor how often the meter is read. A clock that is ahead moves
starts and ends the same way; a load that is slow to rise or early to fall moves them apart, and is no clock.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporting_agent.metering.curve import Curve

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

MINUTE_US = 60_000_000
FARTHEST_US = 45 * MINUTE_US
SHARE = 0.4  # of the pause, and of the run, that an edge may reach into
SHORTEST_US = 4 * MINUTE_US  # a reach below shows no edge
LEAST_RISE = 0.2  # of the running power: less is no edge
KNOWN = 0.999
PAUSES_NEAR = 41  # of which the usual power at rest is taken
NO_PAUSE_US = 1 << 60


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the look reaches on either side of each start and end, microseconds; 0 where there is no pause to look into."""

    start_us: Integers
    end_us: Integers
    at_start_us: Integers
    at_end_us: Integers

    @classmethod
    def of(cls, start_us: Integers, end_us: Integers) -> Reach:
        """Of windows in order of start."""
        if not len(start_us):
            return cls(start_us, end_us, start_us, end_us)
        latest_us = np.maximum.accumulate(end_us)
        before = np.concatenate(([NO_PAUSE_US], start_us[1:] - latest_us[:-1]))
        after = np.where(end_us == latest_us, np.concatenate((before[1:], [NO_PAUSE_US])), 0)
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


@dataclass(frozen=True, slots=True)
class Edges:
    """Seconds by which the meter sees each start and each end later than the log; NaN where it shows none."""

    start_late_s: Floats
    end_late_s: Floats
    reach_s: Floats  # the farthest that either could be seen


def _reach(pause_us: Integers, own: Floats) -> Integers:
    reach = np.minimum(np.minimum(pause_us * SHARE, own), FARTHEST_US).astype(np.int64) // MINUTE_US * MINUTE_US
    return np.where(reach >= SHORTEST_US, reach, 0)


def seen(curve: Curve, reach: Reach) -> Edges:
    """The edges of each run, from a curve that was asked for `reach.moments_us()` and the runs' own."""
    begin, until = reach.start_us + reach.at_start_us, reach.end_us - reach.at_end_us
    running = _power(curve, begin, until)
    pause = np.flatnonzero((reach.at_end_us[:-1] > 0) & (reach.at_start_us[1:] > 0))
    resting = _power(curve, (reach.end_us + reach.at_end_us)[pause], (reach.start_us - reach.at_start_us)[pause + 1])
    if not len(resting) or not np.isfinite(resting).any():
        none = np.full(len(running), np.nan)
        return Edges(none, none, none)
    idle = _usual_near(resting, pause, len(running))
    rise = running - idle
    rise = np.where((rise != 0) & (np.abs(rise) >= LEAST_RISE * np.abs(running)), rise, np.nan)
    late: list[Floats] = []
    for middle_us, x_us, sign in ((reach.start_us, reach.at_start_us, 1.0), (reach.end_us, reach.at_end_us, -1.0)):
        x_s = np.where(x_us > 0, x_us / 1e6, np.nan)
        around = _power(curve, middle_us - x_us, middle_us + x_us) * 2 * x_s
        late.append(sign * (x_s * (running + idle) - around) / rise)
    return Edges(late[0], late[1], np.maximum(reach.at_start_us, reach.at_end_us) / 1e6)


def _usual_near(resting: Floats, pause: Integers, count: int) -> Floats:
    """By run, the median of the power in the pauses next to it: a meter's level may change within the record."""
    known = np.isfinite(resting)
    resting, pause = resting[known], pause[known]
    width = min(PAUSES_NEAR, len(resting))
    middle = np.median(np.lib.stride_tricks.sliding_window_view(resting, width), axis=1)
    near = np.searchsorted(pause, np.arange(count)) - width // 2
    return np.asarray(middle[np.clip(near, 0, len(middle) - 1)], dtype=np.float64)


def _power(curve: Curve, start_us: Integers, end_us: Integers) -> Floats:
    """Mean per second; NaN where it is not known throughout."""
    power = np.full(len(start_us), np.nan)
    there = np.flatnonzero(end_us > start_us)
    if len(there):
        energy, known_s = curve.over(start_us[there], end_us[there])
        length_s = (end_us[there] - start_us[there]) / 1e6
        power[there] = np.where(known_s >= KNOWN * length_s, energy / length_s, np.nan)
    return power
