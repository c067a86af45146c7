"""Our error beside that of the private quantiles which diffprivlib and opendp offer ready made:
same plants, grid and budget.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from benchmarks.privacy import mechanism
from benchmarks.privacy.bounds import clamp_to_grid
from benchmarks.privacy.mechanism import scores
from benchmarks.released import rank
from tests.statistical.others import diffprivlib_square_error, opendp_law
from tests.statistical.outcome import Outcome
from tests.statistical.plants import EPSILON_BEST, GRID, SHAPES, exact_quantile

CASES = (
    *((Fraction(1, 20), n) for n in (100, 200, 340, 500, 670, 1000, 5000)),
    *((Fraction(1, 10), n) for n in (100, 200, 340, 5000)),
    *((Fraction(1, 5), n) for n in (100, 200, 340, 5000)),
)
_SMALL = 500
_LEAST_RANK = (
    10  # below it every one of them is off by a tenth of the value and more, and none is any use
)
_HALF_A_WIDTH = float(GRID.width) / 2


def run(long: bool) -> Outcome:
    plants = 200 if long else 40
    rows = []
    sound = True
    for quantile, count in CASES:
        ours, diffprivlib, opendp, declared = errors(quantile, count, plants)
        if count > _SMALL:
            sound &= ours <= min(diffprivlib, opendp) + _HALF_A_WIDTH
        elif rank(quantile, count) >= _LEAST_RANK:
            sound &= ours < min(diffprivlib, opendp)
        figures = (f"{value:.2f}" for value in (ours, diffprivlib, opendp, declared))
        rows.append((f"p{float(100 * quantile):g}", f"{count:,}", *figures))
    return Outcome(
        "comparison",
        sound,
        f"root mean square error in kWh/t (the grid width is {float(GRID.width):g}, a plant's "
        "value 360 to 390) over the shapes of plants "
        f"below, epsilon {EPSILON_BEST}, a replaced record protected by each",
        ("rule", "batches", "ours", "diffprivlib", "opendp", "opendp, number of batches declared"),
        tuple(rows),
    )


def errors(quantile: Fraction, count: int, plants: int) -> tuple[float, ...]:
    """Of ours, diffprivlib's and opendp's quantile without and with the number of records declared;
    by exact laws.
    """
    rng = np.random.default_rng(count)
    values = float(GRID.lower) + float(GRID.width) * np.arange(GRID.points)
    squares = []
    for number in range(plants):
        batches = list(SHAPES.values())[number % len(SHAPES)](rng, count)
        exact = exact_quantile(batches, quantile)
        off = (values - exact) ** 2
        points, _ = clamp_to_grid(batches.tolist(), GRID)
        squares.append(
            (
                float(
                    mechanism.exact_law(
                        scores(points, GRID.points, rank(quantile, count)), EPSILON_BEST
                    )
                    @ off
                ),
                diffprivlib_square_error(
                    batches, (float(GRID.lower), float(GRID.upper)), quantile, EPSILON_BEST, exact
                ),
                float(opendp_law(points, GRID, quantile, EPSILON_BEST, size_is_public=False) @ off),
                float(opendp_law(points, GRID, quantile, EPSILON_BEST, size_is_public=True) @ off),
            )
        )
    return tuple(float(error) for error in np.sqrt(np.mean(squares, axis=0)))
