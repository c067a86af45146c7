"""Plants that release their quantile in other ways: honestly, and by the four shortcuts that an
audit must find out.

Each takes a plant's records, which lie on the points of a small grid, and gives what an outsider
then sees. They are built from the real mechanism and the real keyed stream, so that what is audited
is the shortcut and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from fractions import Fraction
from functools import cache

from benchmarks.privacy.mechanism import draw_grid_point, scores
from benchmarks.privacy.randomness import KeyedStream
from benchmarks.released import rank

Records = tuple[int, ...]
Release = Callable[[Records, Fraction, KeyedStream], Hashable]
"""(records, quantile, chance) -> what leaves the plant."""

GRID_POINTS = 10
STATED = Fraction(1)
TRIES = 8


@cache
def _scores(records: Records, quantile: Fraction) -> list[int]:
    return scores(records, GRID_POINTS, rank(quantile, len(records)))


def honest(records: Records, quantile: Fraction, chance: KeyedStream) -> int:
    """One draw on the public grid at the stated epsilon."""
    return draw_grid_point(_scores(records, quantile), STATED, chance)


def half_the_noise(records: Records, quantile: Fraction, chance: KeyedStream) -> int:
    """States epsilon and draws at twice that."""
    return draw_grid_point(_scores(records, quantile), 2 * STATED, chance)


def grid_of_the_data(records: Records, quantile: Fraction, chance: KeyedStream) -> float:
    """Lays the grid from its own least to its own greatest value, for finer steps: the steps tell
    both.
    """
    lowest, width = min(records), (max(records) - min(records)) / (GRID_POINTS - 1)
    if not width:
        return float(lowest)
    point = draw_grid_point(
        _scores(tuple(round((record - lowest) / width) for record in records), quantile),
        STATED,
        chance,
    )
    return round(lowest + point * width, 6)


def looks_and_draws_again(records: Records, quantile: Fraction, chance: KeyedStream) -> int:
    """Draws until what is drawn is no worse than its exact value, at most eight times; calls what
    went before a failed try.
    """
    exact = sorted(records)[rank(quantile, len(records)) - 1]
    drawn = honest(records, quantile, chance)
    for _ in range(TRIES - 1):
        if drawn <= exact:
            break
        drawn = honest(records, quantile, chance)
    return drawn


def looks_and_draws_again_by_key(records: Records, quantile: Fraction, chance: KeyedStream) -> int:
    """The same plant under the defence: a retry of one release has the same key, hence the same
    draw.
    """
    key = chance.randbytes(32)
    exact = sorted(records)[rank(quantile, len(records)) - 1]
    drawn = GRID_POINTS
    for _ in range(TRIES):
        drawn = honest(
            records,
            quantile,
            KeyedStream(key, challenge=b"given once", data_root=b"logged before", name="best"),
        )
        if drawn <= exact:
            break
    return drawn


def corrects_without_debit(
    records: Records, quantile: Fraction, chance: KeyedStream
) -> tuple[int, int]:
    """Reports, then reports a correction in which another record changed, and books one epsilon for
    both.
    """
    corrected = (*sorted(records)[:-1], GRID_POINTS - 1)
    return honest(records, quantile, chance), honest(corrected, quantile, chance)
