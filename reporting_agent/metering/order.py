"""Readings in order of time, by what the steps back in time show.

A stamp that steps back is a late entry, or the clock was wrong. Three things are told apart:

- **a clock that leapt and leapt back** (`leaps`): two steps undo each other, one ahead and one back by the same time, in either order;
  and time that the readings between them claim is held by others. They are left out: which of them the clock was right about,
  nobody can say;
- **a clock put back for good**: the readings behind claim time that others hold, with other values. They are left out until
  the clock has caught up;
- **late entries**: everything else. They are put where they belong.

Readings that fill a hole are right and merely stand in the wrong place; readings of a stamp that stood before are doubles,
which `cleaning.without_duplicates` counts. A file that runs from the newest to the oldest is turned round. Where stamps step back every
few rows, the file is simply not sorted: no clock can be told from its order, and every reading is kept and put in its place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporting_agent.metering.leaps import Spacing, beside, leapt

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NEWEST_FIRST = 0.9  # of the steps lead back
NOT_SORTED = 0.1  # of the steps lead back: a clock is not wrong as often as that
MOST_STEPS_BACK = 5_000  # likewise, in a long file
FEWEST_STEPS_BACK = 3  # fewer tell no file that is not sorted
FEWEST_PUT_BACK = 3  # readings that stand twice with other values; fewer are corrections by hand
MOSTLY = 0.9


@dataclass(frozen=True, slots=True)
class Order:
    """What to make of readings out of order: which were stamped by a wrong clock, which are late, and the order of all."""

    wrong_clock: Flags
    late: Flags
    sorted: Integers
    after_back: Integers  # places of the readings after a step back
    open_back: bool = False  # a clock was put back and nothing here undoes it: what does may stand before or after these rows


def order_of(time_us: Integers, value: Floats, *, counts: bool = False) -> Order | None:
    """None where the readings are in order. Of equal stamps the one that stands first in the file stays first.

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
    wrong = leapt(time_us, value if counts else None, _unexplained(time_us, value, spacing), spacing)
    kept = np.flatnonzero(~wrong)
    behind = _behind(time_us[kept])
    doubled = _doubled(time_us[kept])
    put_back = _put_back(time_us[kept], value[kept], behind, spacing)
    late = behind & ~doubled & ~put_back
    wrong[kept[put_back]] = True
    flags = np.zeros(count, dtype=bool)
    flags[kept[late]] = True
    return Order(wrong, flags, in_order, back + 1, open_back=bool(put_back.any()))


def _groups(flags: Flags) -> list[tuple[int, int]]:
    """Runs of true flags, as [start, end)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.view(np.int8), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _unexplained(time_us: Integers, value: Floats, spacing: Spacing) -> list[int]:
    """Steps back after which come neither late entries, which fill a hole, nor rows written twice: their places."""
    highest = np.maximum.accumulate(time_us)
    behind = np.concatenate(([False], time_us[1:] < highest[:-1]))
    left = []
    for start, end in _groups(behind):
        reach = _reach(time_us, start, end, spacing.usual_us)
        others = np.argsort(time_us[reach:start], kind="stable") + reach
        held = beside(time_us[start:end], time_us[others], spacing.near_us)
        same = others[np.minimum(np.searchsorted(time_us[others], time_us[start:end]), len(others) - 1)]
        twice = (time_us[same] == time_us[start:end]) & (value[same] == value[start:end])
        telling = end - start < FEWEST_PUT_BACK or len(np.unique(value[start:end])) > 1  # a standing value repeats anyway
        if held.any() and not (twice.all() and telling):
            left.append(start - 1)
    return left


def _reach(time_us: Integers, start: int, end: int, usual_us: float) -> int:
    """The first row before `start` at which the time of the rows from `start` to `end` may have been held."""
    back = int((time_us[start - 1] - time_us[start:end].min()) / usual_us)
    return min(max(start - 4 * (end - start) - back - 10, 0), start - 1)


def _behind(time_us: Integers) -> Flags:
    """Readings out of place: in each disorder the fewer of those that stand too late and those that stand too early."""
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
    """Of the readings behind, those that run over time which readings before them hold, with other values."""
    out = np.zeros(len(time_us), dtype=bool)
    for start, end in _groups(behind):
        reach = _reach(time_us, start, end, spacing.usual_us)
        others = np.argsort(time_us[reach:start], kind="stable") + reach
        held = beside(time_us[start:end], time_us[others], spacing.near_us)
        nearest = others[np.minimum(np.searchsorted(time_us[others], time_us[start:end] - spacing.near_us), len(others) - 1)]
        other_values = ~(value[start:end] == value[nearest])
        doubled = np.isin(time_us[start:end], time_us[others]).all()
        enough = end - start >= FEWEST_PUT_BACK or not doubled
        if enough and held.mean() >= MOSTLY and other_values[held].mean() >= 0.5:
            caught_up = end < len(time_us) and time_us[end] == time_us[:start].max()
            out[start : end + caught_up] = True
    return out
