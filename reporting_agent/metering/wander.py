"""A clock that drifts and is set right from time to time, found in the stamps alone.

A meter that is read at even times stamps them by its own clock. Where the stamps creep off the even
grid at a steady rate and jump back onto it, the clock gains or loses and somebody, or a server,
sets it right. A logger that merely waits a little too long between readings creeps as well, but
nothing puts it back onto the grid: that is no fault, and is not told.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from reporting_agent.metering.outliers import SampledReadings

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

FEWEST_READINGS = 64
SHORTEST_STEP_S = 30.0  # below it the phase within a step tells too little
SHORT = 0.1  # quantile of the steps: the logger's own, also where it was set to a multiple later
EVEN = 0.9  # of the steps between readings must be multiples of the usual one, but for the creeping
NEAR_S = 3.0  # stamps are written in whole seconds
LEAST_JUMP_S = 5.0  # back onto the grid, beyond what rounding to seconds makes of two stamps
MOST_LOST = 0.1  # share of the readings in stretches too short to tell their rate
LEAST_RATE = 0.2  # seconds a day: less moves no batch within a year
ALIKE = 0.25  # rates between settings agree within this share
FEWEST_BETWEEN = 8  # sampled readings between two settings


@dataclass(frozen=True, slots=True)
class ClockWander:
    """How far the clock was ahead (seconds), at the ends of each stretch between two settings, and
    the readings it was set right at.
    """

    time_us: Integers
    ahead_s: Floats
    rate_s_per_day: float
    settings: Integers  # indices in the sample


def wander(sample: SampledReadings) -> ClockWander | None:
    """None where the stamps keep to the grid, or off it in no such way."""
    steps_s = sample.step_us / 1e6
    forward = steps_s > 0
    if int(forward.sum()) < FEWEST_READINGS:
        return None
    short = steps_s[forward][steps_s[forward] <= 1.1 * np.quantile(steps_s[forward], SHORT)]
    step_s = float(np.round(np.median(short)))
    if step_s < SHORTEST_STEP_S:
        return None
    off = steps_s[forward] - step_s * np.maximum(np.round(steps_s[forward] / step_s), 1)
    if np.mean(np.abs(off) <= NEAR_S) < EVEN:
        return None
    phase, jumps = _creep(sample.time_us / 1e6, step_s)
    if float(np.quantile(np.abs(phase), 0.95)) <= NEAR_S:
        return None
    edges = [0, *jumps.tolist(), len(phase)]
    times, ahead, rates, lost = [], [], [], 0
    for first, end in pairwise(edges):
        if end - first < FEWEST_BETWEEN:
            lost += end - first
            continue
        days = (sample.time_us[first:end] - sample.time_us[first]) / 86_400e6
        rate, start = np.polyfit(days, phase[first:end], 1)
        whole = (
            step_s * np.round(start / step_s) if first else 0.0
        )  # it was set by more than half a step
        if np.abs(phase[first:end] - start - rate * days).max() > LEAST_JUMP_S:
            return None
        start -= whole
        if (
            first
            and abs(start)
            > NEAR_S + abs(rate) * (sample.time_us[first] - sample.time_us[first - 1]) / 86_400e6
        ):
            return None  # it was not set onto the grid
        rates.append((float(rate), float(days[-1])))
        times += [int(sample.time_us[first]), int(sample.time_us[end - 1])]
        ahead += [float(start), float(start + rate * days[-1])]
    if lost > MOST_LOST * len(phase) or not rates:
        return None
    usual = float(np.median([rate for rate, _ in rates]))
    steady = all(
        abs(rate - usual) * length <= max(ALIKE * abs(usual) * length, NEAR_S)
        for rate, length in rates
    )
    if not len(jumps) or abs(usual) < LEAST_RATE or not steady:
        return None
    return ClockWander(np.array(times, dtype=np.int64), np.array(ahead), usual, jumps)


def _creep(time_s: Floats, step_s: float) -> tuple[Floats, Integers]:
    """Seconds off the grid of whole steps from the whole hour on, carried on past half a step; and
    the indices at which it jumps.

    After a jump it begins anew where the stamps stand: a jump by more than half a step cannot be
    told from one the other way.
    """
    phase = np.mod(time_s + step_s / 2, step_s) - step_s / 2
    moved = np.diff(phase)
    moved -= step_s * np.round(moved / step_s)
    passed = np.diff(time_s)
    small = np.abs(moved) < LEAST_JUMP_S
    usual = moved[small].sum() / max(
        float(passed[small].sum()), 1.0
    )  # a mean: between two samples it is less than a second
    jumps = np.flatnonzero(np.abs(moved - usual * passed) >= LEAST_JUMP_S) + 1
    crept = np.concatenate(([0.0], np.cumsum(moved)))
    begins = np.concatenate(([0], jumps))
    stretch = np.searchsorted(jumps, np.arange(len(phase)), side="right")
    ahead: Floats = phase[begins][stretch] + crept - crept[begins][stretch]
    return ahead, jumps
