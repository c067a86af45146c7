"""Data on which private quantiles go wrong: equal values, a rank between two humps, meters that
read in steps.

In all of them a grid point far from the exact one can seem as good by its rank. What is asked: the
released value stands on a value that the plant had at about that rank. Each row gives the share of
draws by exact law that lie within one grid width of the range between the batches a fortieth of the
number below and above the rank, and the mean released.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from benchmarks.privacy import mechanism
from benchmarks.privacy.bounds import clamp_to_grid
from benchmarks.privacy.mechanism import scores
from benchmarks.released import rank
from tests.statistical.others import diffprivlib_law, opendp_law
from tests.statistical.outcome import Outcome
from tests.statistical.plants import EPSILON_BEST, GRID, exact_quantile, in_steps

_LEAST_SHARE = 0.99
_AROUND = Fraction(1, 40)

CASES: tuple[tuple[str, Fraction, NDArray[np.float64]], ...] = (
    ("1,000 equal values", Fraction(1, 20), np.full(1000, 400.0)),
    (
        "1,000 values, nine in ten equal",
        Fraction(1, 20),
        np.where(np.arange(1000) < 900, 400.0, 430.0),
    ),
    (
        "two humps, rank below the gap",
        Fraction(39, 100),
        np.where(np.arange(1000) < 400, 340 + np.arange(1000) % 20, 430 + np.arange(1000) % 20),
    ),
    (
        "two humps, rank above the gap",
        Fraction(41, 100),
        np.where(np.arange(1000) < 400, 340 + np.arange(1000) % 20, 430 + np.arange(1000) % 20),
    ),
    (
        "steps of 2 grid widths",
        Fraction(1, 20),
        in_steps(np.random.default_rng(1).normal(400, 22, 1000)),
    ),
)


def run(long: bool) -> Outcome:
    del long  # exact laws: there is nothing to do more of
    sound, rows = True, []
    points_at = float(GRID.lower) + float(GRID.width) * np.arange(GRID.points)
    for words, quantile, values in CASES:
        points, _ = clamp_to_grid(values.tolist(), GRID)
        ours = mechanism.exact_law(
            scores(points, GRID.points, rank(quantile, len(points))), EPSILON_BEST
        )
        opendp = opendp_law(points, GRID, quantile, EPSILON_BEST, size_is_public=False)
        ends, gaps = diffprivlib_law(
            values, (float(GRID.lower), float(GRID.upper)), quantile, EPSILON_BEST
        )
        low, high = _near(values, quantile)
        near = (points_at >= low) & (points_at <= high)
        sound &= float(ours @ near) >= _LEAST_SHARE
        means = (ours @ points_at, gaps @ (ends[:-1] + ends[1:]) / 2, opendp @ points_at)
        rows.append(
            (
                words,
                f"{exact_quantile(values, quantile):.1f}",
                f"{100 * float(ours @ near):.1f}",
                *(f"{float(mean):.1f}" for mean in means),
            )
        )
    return Outcome(
        "sound",
        sound,
        "data that private quantiles go wrong on: % of our draws near the rank, and the mean of "
        "what each releases (kWh/t)",
        ("data", "exact", "ours near, %", "ours, mean", "diffprivlib, mean", "opendp, mean"),
        tuple(rows),
    )


def _near(values: NDArray[np.float64], quantile: Fraction) -> tuple[float, float]:
    """From the batch a fortieth of the number below the rank to the one above, and one grid width
    more.
    """
    ordered, k, far = np.sort(values), rank(quantile, len(values)), int(_AROUND * len(values))
    width = float(GRID.width)
    return float(ordered[max(0, k - 1 - far)]) - width, float(
        ordered[min(len(values) - 1, k - 1 + far)]
    ) + width
