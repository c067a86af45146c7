"""A clock that leapt and leapt back: which steps of a file's stamps belong together, and so which readings it stamped.

A clock that is set ahead shows as a step ahead, and its setting right as a step back by the same time; a clock that is set back shows
the step back first. Between the two stand the readings that it stamped. A step back may have several steps ahead to
belong to, of which the others are gaps. What tells them apart, in this order:

- each step back has a cause: of all ways to pair the steps that one counts most which leaves fewest of them open;
- the two undo each other to the second, where a gap has any length, and a reading is missing between only by chance;
- a register counts one step's energy where its clock leapt, and that of the whole gap where the time really passed;
- of what is then left, the pairing under which the fewest readings are wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LEAST_LEAP_US = 600_000_000  # a clock set right by less is no clock that was wrong for a while
LONGEST_WRONG_US = 14 * 86_400_000_000  # a clock that is wrong for longer is found against the batches
AROUND = 12  # steps on either side that tell how long one is here, and what a register counts in it
EXACT_US = 3_000_000  # stamps are written in whole seconds
SHORT = 0.1  # quantile of the times between readings
MOSTLY = 0.5  # of the time that a wrong clock claims twice


@dataclass(frozen=True, slots=True)
class Spacing:
    """The usual time between readings; and how near two must stand to claim the same time, which a logger read at odd times does seldom."""

    usual_us: float
    near_us: float

    @classmethod
    def of(cls, rising_us: Integers) -> Spacing:
        apart = np.diff(rising_us)
        apart = apart[apart > 0]
        return cls(float(np.median(apart)), float(np.quantile(apart, SHORT)) / 2) if len(apart) else cls(1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Pair:
    """A step ahead (`leap`) that a step back undoes, the readings [first, end) between, and how many reasons speak against the two."""

    leap: int
    first: int
    end: int
    against: int

    @property
    def cost(self) -> int:
        return self.end - self.first


def leapt(time_us: Integers, count: Floats | None, back: list[int], spacing: Spacing) -> Flags:
    """Readings stamped by a clock that was wrong for a while.

    Args:
        count: of a register, what it counted until each reading.
        back: steps back that need a cause (by the reading before), in order.
    """
    wrong = np.zeros(len(time_us), dtype=bool)
    steps = np.diff(time_us)
    back = [at for at in back if spacing.usual_us - steps[at] >= LEAST_LEAP_US]
    if not back:
        return wrong
    ahead = np.flatnonzero(steps > 2 * spacing.usual_us)
    edges = [-1, *back, len(steps)]  # no other step back lies between two that belong together
    stages = []
    for place, at in enumerate(back):
        here_us = _usual(steps, at)
        leap_us = here_us - int(steps[at])
        first, end = np.searchsorted(ahead, [edges[place] + 1, edges[place + 2]])
        near = ahead[first:end]
        near = near[np.abs(steps[near] - here_us - leap_us) <= 2 * max(here_us, spacing.usual_us)]
        pairs = []
        for leap in near.tolist():
            off_us = abs(int(steps[leap]) - _usual(steps, leap) - leap_us)
            if off_us <= spacing.usual_us:
                against = int(off_us > EXACT_US) + int(count is not None and _passed(count, leap, float(steps[leap]) / spacing.usual_us))
                pairs.append(Pair(leap, min(leap, at) + 1, max(leap, at) + 1, against))
        stages.append([pair for pair in pairs if _explains(time_us, pair, leap_us, spacing)])
    for pair in _chosen(stages):
        wrong[pair.first : pair.end] = True
    return wrong


def _usual(steps: Integers, place: int) -> float:
    """The usual step around a place: a logger may have been set to longer ones."""
    return float(np.median(np.abs(steps[max(place - AROUND, 0) : place + AROUND + 1])))


def _passed(count: Floats, place: int, times: float) -> bool:
    """Whether a register counted over this step, so many times the usual one, as over its whole time, and not as over one step."""
    usual = float(np.median(np.diff(count[max(place - AROUND, 0) : place + AROUND + 2])))
    moved = float(count[place + 1] - count[place])
    return usual > 0 and moved > usual * np.sqrt(max(times, 1.0))


def _chosen(stages: list[list[Pair]]) -> list[Pair]:
    """One pair or none of each stage, no leap twice: fewest left open, then least against them, then fewest readings."""
    best: dict[int, tuple[tuple[int, int, int], int]] = {-1: ((0, 0, 0), -1)}  # leap taken last -> cost, and the leap taken before
    trail: list[dict[int, tuple[int, Pair | None]]] = []
    for stage in stages:
        following: dict[int, tuple[tuple[int, int, int], int]] = {}
        steps: dict[int, tuple[int, Pair | None]] = {}
        for taken, ((still_open, against, wrong), _) in best.items():
            for pair in (*stage, None):
                if pair is not None and pair.leap == taken:
                    continue
                if pair is None:
                    state, cost = -1, (still_open + 1, against, wrong)
                else:
                    state, cost = pair.leap, (still_open, against + pair.against, wrong + pair.cost)
                if state not in following or cost < following[state][0]:
                    following[state] = cost, taken
                    steps[state] = taken, pair
        best = following
        trail.append(steps)
    chosen: list[Pair] = []
    state = min(best, key=lambda leap: best[leap][0])
    for steps in reversed(trail):
        state, pair = steps[state]
        if pair is not None:
            chosen.append(pair)
    return chosen


def _explains(time_us: Integers, pair: Pair, leap_us: float, spacing: Spacing) -> bool:
    """Whether the readings between are few enough, and claim time that others near by hold, as a wrong clock makes them."""
    first, end = pair.first, pair.end
    if abs(int(time_us[end - 1] - time_us[first])) > LONGEST_WRONG_US:
        return False
    reach = int(leap_us / spacing.usual_us) + 2 * (end - first) + 10
    others = np.sort(np.concatenate((time_us[max(first - reach, 0) : first], time_us[end : end + reach])))
    twice = int(beside(time_us[first:end], others, spacing.near_us).sum())
    return twice >= max(MOSTLY * min(end - first, round(leap_us / spacing.usual_us)), 1)


def beside(claimed: Integers, others: Integers, near_us: float) -> Flags:
    """Which stamps another one stands beside; `others` rise."""
    if not len(others):
        return np.zeros(len(claimed), dtype=bool)
    after = np.searchsorted(others, claimed)
    left = np.abs(claimed - others[np.maximum(after - 1, 0)])
    right = np.abs(claimed - others[np.minimum(after, len(others) - 1)])
    found: Flags = np.minimum(left, right) < near_us
    return found
