"""The exact law on every neighbouring pair of small inputs: no output may be more than exp(epsilon)
times likelier.

Neighbours: one record replaced, added or removed, with k = ceil(q n) on either side; or, where the
day is the unit of privacy, all the records of one day at once. Every multiset of up to `largest`
records over a small grid is tried, which covers ties, empty grid points and the ends of the grid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from benchmarks.privacy.charges import epsilon_of_a_record
from benchmarks.privacy.mechanism import exact_law, scores
from benchmarks.released import rank
from tests.statistical.outcome import Outcome

QUANTILES = (Fraction(1, 20), Fraction(1, 10), Fraction(1, 4), Fraction(1, 2))
EPSILONS = (Fraction(1, 4), Fraction(3, 4), Fraction(1))
A_DAY = 2  # records at most
_ROUNDING = 1e-9

Points = tuple[int, ...]
Neighbours = Callable[[Points, int], Iterator[Points]]


def run(long: bool) -> Outcome:
    grid_points, largest = (7, 7) if long else (6, 6)
    rows = []
    sound = True
    for epsilon in EPSILONS:
        for words, neighbours, a_day in KINDS:
            spent = epsilon_of_a_record(epsilon, a_day)
            pairs, worst = worst_loss(
                spent, grid_points, largest if a_day == 1 else largest - 1, neighbours
            )
            sound &= worst <= float(epsilon) + _ROUNDING
            rows.append((str(epsilon), words, f"{pairs:,}", f"{worst:.4f}"))
    return Outcome(
        "exact-law",
        sound,
        f"largest loss over all pairs of neighbours of up to {largest} records on {grid_points} "
        "grid points, "
        f"p5, p10, p25 and p50 (days: up to {largest - 1} records beside)",
        ("epsilon", "neighbour", "pairs", "largest loss"),
        tuple(rows),
    )


def replaced(points: Points, grid_points: int) -> Iterator[Points]:
    for rest in removed(points, grid_points):
        gone = _only(points, rest)
        for added_point in range(grid_points):
            if added_point != gone:
                yield tuple(sorted((*rest, added_point)))


def removed(points: Points, _grid_points: int) -> Iterator[Points]:
    for point in sorted(set(points)):
        rest = list(points)
        rest.remove(point)
        yield tuple(rest)


def added(points: Points, grid_points: int) -> Iterator[Points]:
    for point in range(grid_points):
        yield tuple(sorted((*points, point)))


def day_changed(points: Points, grid_points: int) -> Iterator[Points]:
    """Every day of up to A_DAY records taken out, and every other such day put in its place."""
    days = [
        day
        for number in range(A_DAY + 1)
        for day in combinations_with_replacement(range(grid_points), number)
    ]
    for day in days:
        rest = list(points)
        if all(rest.count(point) >= day.count(point) for point in set(day)):
            for point in day:
                rest.remove(point)
            for other in days:
                if other != day:
                    yield tuple(sorted((*rest, *other)))


KINDS: tuple[tuple[str, Neighbours, int], ...] = (
    ("record replaced", replaced, 1),
    ("record added", added, 1),
    ("record removed", removed, 1),
    (f"day of up to {A_DAY} records", day_changed, A_DAY),
)


def worst_loss(
    epsilon: Fraction, grid_points: int, largest: int, neighbours: Neighbours, *, noise: float = 1.0
) -> tuple[int, float]:
    """Number of pairs and the largest log(P(output | data) / P(output | neighbour)).

    Args:
        noise: below 1 it runs the mechanism with too little of it.
    """
    spent = epsilon / Fraction(noise)

    @cache
    def law(points: Points, k: int) -> NDArray[np.float64]:
        return np.log(exact_law(scores(points, grid_points, k), spent))

    pairs, worst = 0, 0.0
    for count in range(1, largest + 1):
        for points in combinations_with_replacement(range(grid_points), count):
            others = {
                other for other in neighbours(points, grid_points) if other and other != points
            }
            for quantile in QUANTILES:
                mine = law(points, rank(quantile, count))
                theirs = np.array([law(other, rank(quantile, len(other))) for other in others])
                if len(theirs):
                    worst = max(worst, float((mine - theirs).max()))
                    pairs += len(theirs)
    return pairs, worst


def _only(points: Points, rest: Points) -> int:
    """The one record that `rest` lacks."""
    return sum(points) - sum(rest)
