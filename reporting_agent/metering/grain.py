"""Changes of resolution: of the time between readings, and of the step in which their values are written.

Both are read off the meter's own sample, which tells the row of a change to within its stride.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from reporting_agent.metering.sample import Sample

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

PIECE = 16  # readings that tell the usual time between them; a change must last for two such pieces
FEWEST_MOVES = 24  # values that are all multiples of a coarser step: by chance once in 10^14
REGULAR = 0.75  # share of a piece's spacings that must agree for it to have a spacing at all
TWICE = 2.0  # jitter of a second is no change of resolution
SINGLE = 3  # values in a row that may fit no step: a spike, or what it left
COARSER = 4.0  # times the finest step; of steps of 1, 2, 2.5 and 5 the next but one
MOST_CHANGES = 6  # a display that chooses its digits by the size of the value changes with the load: no change of resolution
_STEPS = np.array(sorted(mantissa * 10.0**power for power in range(-6, 5) for mantissa in (1.0, 2.0, 2.5, 5.0)))
_UNROUNDED = 1e-7  # stands for values written in full
_CLOSE = 1e-6  # of a step: how near to a multiple of it a number must be that passed through decimal text


def spacing_changes(sample: Sample) -> Integers:
    """Places in the sample at which the usual time between readings changes for good, by a factor of two and more."""
    count = len(sample) // PIECE
    if count < 2:
        return np.zeros(0, dtype=np.int64)
    spacing = sample.step_us[: count * PIECE].reshape(count, PIECE).astype(float)
    usual = np.median(spacing, axis=1)
    agree = np.abs(spacing - usual[:, None]) <= 0.05 * usual[:, None]
    regular = np.flatnonzero((agree.mean(axis=1) >= REGULAR) & (usual > 0))
    return _changes(regular, usual, TWICE) * PIECE


def value_changes(sample: Sample) -> Integers:
    """Places in the sample at which the step of the values changes for good."""
    found = _first_changes(sample)
    if not len(found):
        return found
    edges = [0, *found.tolist(), len(sample)]
    within = [start + value_changes(sample.at(slice(start, end))) for start, end in pairwise(edges)]
    every = np.unique(np.concatenate([found, *within]))
    return every if len(every) <= MOST_CHANGES else every[:0]


def _first_changes(sample: Sample) -> Integers:
    """Changes to the coarsest step that any stretch has, and back.

    Every value is a multiple of the finest step; while digits are missing every value is one of a coarser step as well. A stretch in
    which `FEWEST_MOVES` values that differ from the one before are all multiples of a coarser step is no chance, where the
    finer step would make it so for each of them in a quarter of the cases at most: that of the record, and that of the values around.
    """
    moving = np.flatnonzero(np.isfinite(sample.value) & (sample.value != 0))
    value = sample.value[moving]
    if len(value) < 2 * FEWEST_MOVES:
        return np.zeros(0, dtype=np.int64)
    finest, coarser = _UNROUNDED, []
    for step in _STEPS[::-1].tolist():
        fits = _multiples(value, step)
        if fits.all():
            finest = step
            break
        coarser.append((step, fits))
    moves = np.concatenate(([True], np.diff(value) != 0))
    for step, fits in coarser:
        if step < COARSER * finest * (1 - 1e-9) or np.count_nonzero(fits) < FEWEST_MOVES:
            continue
        starts, ends = _stretches(fits, moves)
        bounds = zip(starts.tolist(), ends.tolist(), strict=True)
        own = np.array([not _nearly_so_around(value, step, start, end) for start, end in bounds], dtype=bool)
        starts, ends = starts[own], ends[own]
        if len(starts):
            edges = np.concatenate((starts[starts > 0], ends[ends < len(value)]))
            return moving[np.sort(edges)] if len(edges) <= MOST_CHANGES else np.zeros(0, dtype=np.int64)
    return np.zeros(0, dtype=np.int64)


def _multiples(value: Floats, step: float) -> Flags:
    """Which values are multiples of the step, other than 0, which is one of any."""
    share = value / step
    size = np.abs(share)
    fits: Flags = (np.abs(share - np.rint(share)) <= _CLOSE + 1e-12 * size) & (size > 0.5)  # doubles hold 15 digits
    return fits


def _nearly_so_around(value: Floats, step: float, start: int, end: int) -> bool:
    """Whether the values before or after are multiples of a step nearly as coarse: then those between are of this one by chance."""
    finer = [one for one in _STEPS.tolist() if step / COARSER * (1 + 1e-9) < one < step]
    around = (value[max(start - FEWEST_MOVES, 0) : start], value[end : end + FEWEST_MOVES])
    told = [beyond for beyond in around if len(beyond) > 2 * SINGLE]
    return any(np.count_nonzero(~_multiples(beyond, one)) <= SINGLE for beyond in told for one in finer)


def _stretches(fits: Flags, moves: Flags) -> tuple[Integers, Integers]:
    """Stretches [start, end) of values that fit, but for single ones (a spike), with enough moves in each."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], fits.view(np.int8), [0]))))
    starts, ends = edges[::2], edges[1::2]
    telling = ends - starts >= FEWEST_MOVES // 2
    starts, ends = starts[telling], ends[telling]
    apart = np.concatenate(([True], starts[1:] - ends[:-1] > SINGLE)) if len(starts) else telling[:0]
    starts, ends = starts[apart], ends[np.concatenate((apart[1:], [True]))] if len(starts) else ends
    moved = np.concatenate(([0], np.cumsum(moves & fits)))
    long = moved[ends] - moved[starts] >= FEWEST_MOVES
    return starts[long], ends[long]


def _changes(pieces: Integers, level: Floats, factor: float) -> Integers:
    """Pieces from which on the level is another by this factor and more, and still is in the piece after."""
    found: list[int] = []
    if not len(pieces):
        return np.zeros(0, dtype=np.int64)
    levels = level[pieces].tolist()
    now = levels[0]
    for index in range(1, len(levels)):
        following = levels[min(index + 1, len(levels) - 1)]
        changed = all(max(one / now, now / one) >= factor * (1 - 1e-9) for one in (levels[index], following))
        if changed and max(levels[index] / following, following / levels[index]) < factor:
            found.append(int(pieces[index]))
            now = levels[index]
    return np.array(found if len(found) <= MOST_CHANGES else [], dtype=np.int64)
