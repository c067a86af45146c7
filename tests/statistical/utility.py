"""How far a released best lies from the exact one, and that the fixed formula for eligibility says
so.

Errors are root mean squares over random plants, each with the mechanism's exact law instead of
single draws: the rare draw far out in the grid, which decides, is then weighed and not left to
luck.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from benchmarks.privacy.bounds import clamp_to_grid
from benchmarks.privacy.eligibility import expected_error
from benchmarks.privacy.mechanism import exact_law, scores
from benchmarks.released import rank
from tests.statistical.outcome import Outcome
from tests.statistical.plants import EPSILON_BEST, GRID, RULE, SHAPES, TYPICAL, exact_quantile

CASES = (
    *((Fraction(1, 20), n) for n in (200, 340, 500, 670, 1000, 5000)),
    *((Fraction(1, 10), n) for n in (200, 340, 670)),
    *((Fraction(1, 5), n) for n in (100, 200, 340)),
)
LARGEST = 0.01
_FORMULA_WITHIN = (
    0.1  # of itself, on the worse of the two shapes it is of: normal and heavy-tailed plants
)
_ROUNDING = (
    float(GRID.width) / 12**0.5 / TYPICAL
)  # of a value that may lie anywhere in its rounding interval; the formula has one fixed place


def run(long: bool) -> Outcome:
    plants = 300 if long else 40
    rows = []
    sound = True
    for quantile, count in CASES:
        formula = expected_error(RULE, quantile, EPSILON_BEST, count)
        errors = {name: root_mean_square_error(name, quantile, count, plants) for name in SHAPES}
        eligible = formula <= LARGEST
        sound &= (
            abs(max(errors["normal"], errors["heavy tails"]) - formula)
            <= _FORMULA_WITHIN * formula + _ROUNDING
        )
        sound &= not eligible or max(errors.values()) <= LARGEST
        percents = (f"{100 * value:.2f}" for value in errors.values())
        rows.append(
            (
                f"p{float(100 * quantile):g}",
                f"{count:,}",
                f"{100 * formula:.2f}",
                *percents,
                "yes" if eligible else "no",
            )
        )
    return Outcome(
        "utility",
        sound,
        "error of the released best, root mean square in % of the typical value; what the formula "
        "lets in is within 1 % on every shape",
        ("rule", "batches", "formula", *SHAPES, "eligible"),
        tuple(rows),
    )


def root_mean_square_error(shape: str, quantile: Fraction, count: int, plants: int) -> float:
    """As a share of the typical value."""
    rng = np.random.default_rng(count)
    points = float(GRID.lower) + float(GRID.width) * np.arange(GRID.points)
    squares = []
    for _ in range(plants):
        values = SHAPES[shape](rng, count)
        law = exact_law(
            scores(clamp_to_grid(values.tolist(), GRID)[0], GRID.points, rank(quantile, count)),
            EPSILON_BEST,
        )
        squares.append(float(law @ (points - exact_quantile(values, quantile)) ** 2))
    return float(np.sqrt(np.mean(squares))) / TYPICAL
