"""Sudden changes of the level of a series that also drifts: where, how large, and the smallest step
that it would show.

Of days with production the means over W days after and before are compared, W from a week to six
weeks (moving sums: Eichinger and Kirch 2018, Bernoulli 24(1), 526-564). The noise of such a
difference is taken from the record's own differences at that W, by their median deviation: season,
wear and what lasts from day to day are in it, and one change hardly moves it in a year. In two
months the two ends of one fault fill most of the differences, so the noise is also taken of those
away from the two largest; what little is left of a short record tells it less surely, and a
difference must be larger against it. A difference counts from `SIGMAS` of the first noise or
`SIGMAS_AWAY` of the second and from `LEAST` on, and only where the week on either side shows half
of it as well, which a season does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

LEAST = 0.025  # in ln: smaller steps are everyday where balls are changed and screens torn
LEAST_OF_RATE = 0.012  # of tonnes an hour, which nothing but the feed and the scale moves
SIGMAS = 6.0
SIGMAS_AWAY = (
    15.0  # of the noise away from the two largest differences, which pure noise makes too small
)
WIDTHS = (7, 14, 28, 42)  # days of production on either side
TIMES_WIDTH = 6  # the record must be so much longer than a width, or its own noise is not known
SHARP = 0.5  # of the step must show between the weeks next to it
MOST = 12  # changes of one series
ROBUST = 1.4826  # standard deviations of a normal law in a median deviation


@dataclass(frozen=True, slots=True)
class Daily:
    """One value a day of production, in order: ordinal of the day, mean of ln, and how many runs it
    is of.
    """

    day: Integers
    value: Floats

    def __len__(self) -> int:
        return len(self.day)


def daily(day: Integers, value: Floats) -> Daily:
    """The median run of each day."""
    finite = np.isfinite(value)
    day, value = day[finite], value[finite]
    order = np.lexsort((value, day))
    day, value = day[order], value[order]
    own, first, count = np.unique(day, return_index=True, return_counts=True)
    low, high = first + (count - 1) // 2, first + count // 2
    return Daily(own, (value[low] + value[high]) / 2 if len(value) else value)


def jumps(series: Daily, least: float = LEAST) -> list[int]:
    """Indices of the series where a new level begins, in order; `least` is the smallest step asked
    about, in ln.
    """
    sure = _strengths(series.value, least)
    indices: list[int] = []
    left = sure.copy()
    while len(indices) < MOST and left.size and left.max() >= 1.0:
        at = int(np.argmax(left))
        indices.append(at)
        left[max(at - WIDTHS[0], 0) : at + WIDTHS[0]] = 0.0
    return _settled(series.value, sorted(indices), least)


def told_from(series: Daily, least: float = LEAST) -> float | None:
    """The smallest step that this series would show, in ln, at the width that shows it best; None
    where it is too short for any.
    """
    return min(
        (_told_from(difference, width, least) for width, difference in _differences(series.value)),
        default=None,
    )


def _strengths(value: Floats, least: float) -> Floats:
    """Of each index, the largest difference over what it must exceed, over all widths."""
    strongest = np.zeros(len(value))
    for width, difference in _differences(value):
        strength = np.abs(difference) / _told_from(difference, width, least)
        peak = _peaks(strength, width // 2)
        indices = width + np.flatnonzero(peak)
        strongest[indices] = np.maximum(strongest[indices], strength[peak])
    return strongest


def _differences(value: Floats) -> Iterator[tuple[int, Floats]]:
    """Of each width that the record is long enough for."""
    for width in WIDTHS:
        if len(value) >= TIMES_WIDTH * width:
            yield width, differences(value, width)


def differences(value: Floats, width: int) -> Floats:
    """The mean over so many days after less the mean before each index from `width` on."""
    sums = np.concatenate(([0.0], np.cumsum(value)))
    index = np.arange(width, len(value) - width + 1)
    difference: Floats = (sums[index + width] - 2 * sums[index] + sums[index - width]) / width
    return difference


def _told_from(difference: Floats, width: int, least: float) -> float:
    """The smallest of these differences that is no chance."""
    away = np.abs(difference)
    for _ in range(2):
        at = int(np.argmax(away))
        away[max(at - width, 0) : at + width + 1] = -1.0
    left = difference[away >= 0]
    threshold = SIGMAS * scatter(difference)
    if len(left) >= 2 * width:
        threshold = min(threshold, SIGMAS_AWAY * scatter(left))
    return max(threshold, least)


def scatter(value: Floats) -> float:
    """Standard deviation by the median deviation."""
    return ROBUST * float(np.median(np.abs(value - np.median(value))))


def _peaks(strength: Floats, around: int) -> NDArray[np.bool_]:
    """Indices with nothing stronger within so many on either side."""
    padded = np.pad(strength, around)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * around + 1)
    peaks: NDArray[np.bool_] = strength >= windows.max(axis=1)
    return peaks


def _settled(value: Floats, indices: list[int], smallest: float) -> list[int]:
    """Each index moved to where it splits best, those dropped that the levels on either side do not
    bear out.
    """
    while True:
        moved = sorted(
            {
                _best_split(value, before, at, after)
                for before, at, after in _neighbours(indices, len(value))
            }
        )
        weakest, least = None, 1.0
        for before, at, after in _neighbours(moved, len(value)):
            whole = abs(np.median(value[at:after]) - np.median(value[before:at]))
            near = abs(
                np.median(value[at : min(at + 7, after)])
                - np.median(value[max(at - 7, before) : at])
            )
            strength = min(whole / smallest, near / (SHARP * max(whole, smallest)))
            if strength < least:
                weakest, least = at, strength
        if weakest is None:
            return moved
        indices = [at for at in moved if at != weakest]


def _neighbours(indices: list[int], count: int) -> list[tuple[int, int, int]]:
    edges = [0, *indices, count]
    return [
        (edges[i - 1], edges[i], edges[i + 1])
        for i in range(1, len(edges) - 1)
        if edges[i - 1] < edges[i] < edges[i + 1]
    ]


def _best_split(value: Floats, before: int, at: int, after: int) -> int:
    """The index within a week of `at` that leaves the least sum of absolute deviations on its two
    sides.
    """
    first, last = max(before + 1, at - 7), min(after - 1, at + 7)
    near = slice(max(before, at - 21), min(after, at + 21))
    base, own = near.start, value[near]

    def left_over(index: int) -> float:
        low, high = own[: index - base], own[index - base :]
        return float(np.abs(low - np.median(low)).sum() + np.abs(high - np.median(high)).sum())

    indices = range(first, last + 1)
    return min(indices, key=left_over) if len(indices) else at
