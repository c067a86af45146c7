"""The exact law on every neighbouring pair of small inputs: no output may be more than exp(epsilon) times likelier.

Neighbours: one record replaced, added or removed, with k = ceil(q n) on either side. Every multiset of up to `largest`
records over a small grid is tried, which covers ties, empty cells and the ends of the grid.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from benchmarks.privacy.mechanism import exact_law, scores
from benchmarks.released import rank
from tests.statistical.outcome import Outcome

QUANTILES = (Fraction(1, 20), Fraction(1, 10), Fraction(1, 4), Fraction(1, 2))
EPSILONS = (Fraction(1, 4), Fraction(3, 4), Fraction(1))
_ROUNDING = 1e-9

Cells = tuple[int, ...]


def run(long: bool) -> Outcome:
    grid_cells, largest = (6, 6) if long else (5, 5)
    rows = []
    held = True
    for epsilon in EPSILONS:
        pairs, worst = worst_loss(epsilon, grid_cells, largest)
        held &= worst <= float(epsilon) + _ROUNDING
        rows.append((str(epsilon), f"{pairs:,}", f"{worst:.4f}"))
    return Outcome(
        "exact-law",
        held,
        f"worst loss over all neighbouring pairs of up to {largest} records on {grid_cells} cells",
        ("epsilon", "pairs", "worst loss"),
        tuple(rows),
    )


def worst_loss(epsilon: Fraction, grid_cells: int, largest: int, *, noise: float = 1.0) -> tuple[int, float]:
    """Number of pairs and the largest |log ratio|; `noise` below 1 runs the mechanism with too little of it."""
    spent = epsilon / Fraction(noise)

    @cache
    def law(cells: Cells, k: int) -> NDArray[np.float64]:
        return np.log(exact_law(scores(cells, grid_cells, k), spent))

    pairs, worst = 0, 0.0
    for quantile in QUANTILES:
        for count in range(1, largest + 1):
            for cells in combinations_with_replacement(range(grid_cells), count):
                mine = law(cells, rank(quantile, count))
                for other in _neighbours(cells, grid_cells):
                    if other:
                        worst = max(worst, float(np.abs(mine - law(other, rank(quantile, len(other)))).max()))
                        pairs += 1
    return pairs, worst


def _neighbours(cells: Cells, grid_cells: int) -> Iterator[Cells]:
    """One record removed, or replaced by any other; adding is removing seen from the other side."""
    for removed in sorted(set(cells)):
        rest = list(cells)
        rest.remove(removed)
        yield tuple(rest)
        for added in range(removed + 1, grid_cells):  # the smaller replacements come from the other side
            yield tuple(sorted((*rest, added)))
