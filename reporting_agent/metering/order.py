"""Readings put in order of time, by what steps back show.

- **A clock that leapt and leapt back**: two steps undo each other, and others hold the time that
  the readings between claim: left out.
- **A clock put back for good**: the readings behind claim time that others hold, with other values:
  left out until it has caught up.
- **Late entries**: everything else, put where they belong.

A file from newest to oldest is turned round; one with steps back every few rows is not sorted, and
all of it is kept. Steps are paired so that, in this order: fewest steps back stay without a cause;
the two undo each other to the second; a register counts one step's energy where its clock leapt;
fewest readings are wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LEAST_LEAP_US = 600_000_000  # a clock set right by less is no clock that was wrong for a while
LONGEST_WRONG_US = (
    14 * 86_400_000_000
)  # a clock that is wrong for longer is found against the batches
AROUND = 12  # steps on either side that tell how long one is here, and what a register counts in it
EXACT_US = 3_000_000  # stamps are written in whole seconds
SHORT = 0.1  # quantile of the times between readings
CLAIMED_TWICE = 0.5  # of the time that a wrong clock claims twice


@dataclass(frozen=True, slots=True)
class Spacing:
    """The usual time between readings; and how near two must stand to claim the same time, which a
    logger read at odd times does seldom.
    """

    usual_us: float
    near_us: float

    @classmethod
    def of(cls, rising_us: Integers) -> Spacing:
        apart = np.diff(rising_us)
        apart = apart[apart > 0]
        return (
            cls(float(np.median(apart)), float(np.quantile(apart, SHORT)) / 2)
            if len(apart)
            else cls(1.0, 1.0)
        )


@dataclass(frozen=True, slots=True)
class Pair:
    """A step ahead (`leap`) that a step back undoes, the readings [first, end) between, and how
    many reasons speak against the two.
    """

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
    for index, at in enumerate(back):
        here_us = _usual(steps, at)
        leap_us = here_us - int(steps[at])
        first, end = np.searchsorted(ahead, [edges[index] + 1, edges[index + 2]])
        near = ahead[first:end]
        near = near[np.abs(steps[near] - here_us - leap_us) <= 2 * max(here_us, spacing.usual_us)]
        pairs = []
        for leap in near.tolist():
            off_us = abs(int(steps[leap]) - _usual(steps, leap) - leap_us)
            if off_us <= spacing.usual_us:
                against = int(off_us > EXACT_US) + int(
                    count is not None and passed(count, leap, float(steps[leap]) / spacing.usual_us)
                )
                pairs.append(Pair(leap, min(leap, at) + 1, max(leap, at) + 1, against))
        stages.append([pair for pair in pairs if _explains(time_us, pair, leap_us, spacing)])
    for pair in _chosen(stages):
        wrong[pair.first : pair.end] = True
    return wrong


def _usual(steps: Integers, index: int) -> float:
    """The usual step around an index: a logger may have been set to longer ones."""
    return float(np.median(np.abs(steps[max(index - AROUND, 0) : index + AROUND + 1])))


def passed(count: Floats, index: int, times: float) -> bool:
    """Whether a register counted over this step, so many times the usual one, as over its whole
    time, and not as over one step.
    """
    usual = float(np.median(np.diff(count[max(index - AROUND, 0) : index + AROUND + 2])))
    moved = float(count[index + 1] - count[index])
    return usual > 0 and moved > usual * np.sqrt(max(times, 1.0))


def _chosen(stages: list[list[Pair]]) -> list[Pair]:
    """One pair or none of each stage, no leap twice: fewest left open, then least against them,
    then fewest readings.
    """
    best: dict[int, tuple[tuple[int, int, int], int]] = {
        -1: ((0, 0, 0), -1)
    }  # leap taken last -> cost, and the leap taken before
    trail: list[dict[int, tuple[int, Pair | None]]] = []
    for stage in stages:
        following: dict[int, tuple[tuple[int, int, int], int]] = {}
        steps: dict[int, tuple[int, Pair | None]] = {}
        for last_leap, ((still_open, against, wrong), _) in best.items():
            for pair in (*stage, None):
                if pair is not None and pair.leap == last_leap:
                    continue
                if pair is None:
                    state, cost = -1, (still_open + 1, against, wrong)
                else:
                    state, cost = pair.leap, (still_open, against + pair.against, wrong + pair.cost)
                if state not in following or cost < following[state][0]:
                    following[state] = cost, last_leap
                    steps[state] = last_leap, pair
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
    """Whether the readings between are few enough, and claim time that others near by hold, as a
    wrong clock makes them.
    """
    first, end = pair.first, pair.end
    if abs(int(time_us[end - 1] - time_us[first])) > LONGEST_WRONG_US:
        return False
    reach = int(leap_us / spacing.usual_us) + 2 * (end - first) + 10
    others = np.sort(
        np.concatenate((time_us[max(first - reach, 0) : first], time_us[end : end + reach]))
    )
    twice = int(beside(time_us[first:end], others, spacing.near_us).sum())
    return twice >= max(CLAIMED_TWICE * min(end - first, round(leap_us / spacing.usual_us)), 1)


def beside(claimed: Integers, others: Integers, near_us: float) -> Flags:
    """Which stamps another one stands beside; `others` rise."""
    if not len(others):
        return np.zeros(len(claimed), dtype=bool)
    after = np.searchsorted(others, claimed)
    left = np.abs(claimed - others[np.maximum(after - 1, 0)])
    right = np.abs(claimed - others[np.minimum(after, len(others) - 1)])
    near: Flags = np.minimum(left, right) < near_us
    return near


NEWEST_FIRST = 0.9  # of the steps lead back
NOT_SORTED = 0.1  # of the steps lead back: a clock is not wrong as often as that
MOST_STEPS_BACK = 5_000  # likewise, in a long file
FEWEST_STEPS_BACK = 3  # fewer tell no file that is not sorted
FEWEST_PUT_BACK = 3  # readings that stand twice with other values; fewer are corrections by hand
MOSTLY = 0.9


@dataclass(frozen=True, slots=True)
class Order:
    """What to make of readings out of order: which were stamped by a wrong clock, which are late,
    and the order of all.
    """

    wrong_clock: Flags
    late: Flags
    sorted: Integers
    after_back: Integers  # indices of the readings after a step back
    # a clock was put back and nothing here undoes it: what does may stand before or after these
    # rows
    open_back: bool = False


def order_of(time_us: Integers, value: Floats, *, counts: bool = False) -> Order | None:
    """None where the readings are in order. Of equal stamps the one that stands first in the file
    stays first.

    Args:
        counts: whether the values are a register's, which tell how much time really passed.
    """
    steps = np.diff(time_us)
    back = np.flatnonzero(steps < 0)
    if not len(back):
        return None
    count, in_order = len(time_us), np.argsort(time_us, kind="stable")
    wrong = np.zeros(count, dtype=bool)
    if len(back) >= NEWEST_FIRST * len(steps) and count > 2:
        return Order(wrong, wrong.copy(), in_order, back[:0])
    if len(back) > min(max(NOT_SORTED * len(steps), FEWEST_STEPS_BACK), MOST_STEPS_BACK):
        return Order(wrong, _behind(time_us) & ~_doubled(time_us), in_order, back[:0])
    spacing = Spacing.of(time_us[in_order])
    wrong = leapt(
        time_us, value if counts else None, _unexplained(time_us, value, spacing), spacing
    )
    sound = np.flatnonzero(~wrong)
    behind = _behind(time_us[sound])
    doubled = _doubled(time_us[sound])
    put_back = _put_back(time_us[sound], value[sound], behind, spacing)
    late = behind & ~doubled & ~put_back
    wrong[sound[put_back]] = True
    flags = np.zeros(count, dtype=bool)
    flags[sound[late]] = True
    return Order(wrong, flags, in_order, back + 1, open_back=bool(put_back.any()))


def _groups(flags: Flags) -> list[tuple[int, int]]:
    """Runs of true flags, as [start, end)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.view(np.int8), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _unexplained(time_us: Integers, value: Floats, spacing: Spacing) -> list[int]:
    """Steps back after which come neither late entries, which fill a hole, nor rows written twice:
    their indices.
    """
    highest = np.maximum.accumulate(time_us)
    behind = np.concatenate(([False], time_us[1:] < highest[:-1]))
    left = []
    for start, end in _groups(behind):
        reach = _reach(time_us, start, end, spacing.usual_us)
        others = np.argsort(time_us[reach:start], kind="stable") + reach
        within_others = beside(time_us[start:end], time_us[others], spacing.near_us)
        same = others[
            np.minimum(np.searchsorted(time_us[others], time_us[start:end]), len(others) - 1)
        ]
        twice = (time_us[same] == time_us[start:end]) & (value[same] == value[start:end])
        telling = (
            end - start < FEWEST_PUT_BACK or len(np.unique(value[start:end])) > 1
        )  # a standing value repeats anyway
        if within_others.any() and not (twice.all() and telling):
            left.append(start - 1)
    return left


def _reach(time_us: Integers, start: int, end: int, usual_us: float) -> int:
    """The first row before `start` at which the time of the rows from `start` to `end` may have
    been held.
    """
    back = int((time_us[start - 1] - time_us[start:end].min()) / usual_us)
    return min(max(start - 4 * (end - start) - back - 10, 0), start - 1)


def _behind(time_us: Integers) -> Flags:
    """Readings out of order: in each disorder the fewer of those that stand too late and those that
    stand too early.
    """
    highest = np.maximum.accumulate(time_us)
    behind = np.concatenate(([False], time_us[1:] < highest[:-1]))
    groups = _groups(behind)
    if len(groups) > MOST_STEPS_BACK:
        return behind
    out = np.zeros(len(time_us), dtype=bool)
    for start, end in groups:
        reach = max(start - (end - start) - 1, 0)
        early = reach + np.flatnonzero(time_us[reach:start] > time_us[start])
        alone = len(early) and early[-1] - early[0] + 1 == len(early) and early[0] > reach
        if alone and len(early) < end - start:
            out[early] = True
        else:
            out[start:end] = True
    return out


def _doubled(time_us: Integers) -> Flags:
    """Readings whose stamp stood before in the file."""
    order = np.argsort(time_us, kind="stable")
    again = np.concatenate(([False], np.diff(time_us[order]) == 0))
    doubled = np.zeros(len(time_us), dtype=bool)
    doubled[order[again]] = True
    return doubled


def _put_back(time_us: Integers, value: Floats, behind: Flags, spacing: Spacing) -> Flags:
    """Of the readings behind, those that run over time which readings before them hold, with other
    values.
    """
    out = np.zeros(len(time_us), dtype=bool)
    for start, end in _groups(behind):
        reach = _reach(time_us, start, end, spacing.usual_us)
        others = np.argsort(time_us[reach:start], kind="stable") + reach
        within_others = beside(time_us[start:end], time_us[others], spacing.near_us)
        nearest = others[
            np.minimum(
                np.searchsorted(time_us[others], time_us[start:end] - spacing.near_us),
                len(others) - 1,
            )
        ]
        other_values = ~(value[start:end] == value[nearest])
        doubled = np.isin(time_us[start:end], time_us[others]).all()
        enough = end - start >= FEWEST_PUT_BACK or not doubled
        if enough and within_others.mean() >= MOSTLY and other_values[within_others].mean() >= 0.5:
            caught_up = end < len(time_us) and time_us[end] == time_us[:start].max()
            out[start : end + caught_up] = True
    return out
