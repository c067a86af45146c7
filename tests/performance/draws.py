"""What a release costs beside the bare mechanism: score and two draws against two draws of
PermuteAndFlip on ready scores.

Ours: rounding and clamping to the grid, counting, integer scores, the keyed ChaCha20 stream with
its HKDF, and the draw, for the low quantile and for the median. Reference: the library's
`PermuteAndFlip(...).randomise()` twice on the same scores, same grid and same epsilons, with its
chance from `random.SystemRandom`.
"""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np

from benchmarks.privacy.bounds import clamp_to_grid
from benchmarks.privacy.mechanism import draw, scores
from benchmarks.privacy.randomness import KeyedStream
from benchmarks.released import Grid, rank
from tests.performance.measurement import Measurement, compare

RELEASES = 100
GRID = Grid(Fraction(250), Fraction(600), Fraction(1))
DRAWS = ((Fraction(1, 20), Fraction(3, 4)), (Fraction(1, 2), Fraction(1, 4)))
SIZES = (670, 5000)


def measure() -> list[Measurement]:
    """One line for each number of batches; seconds are of RELEASES releases."""
    return [_measure(count) for count in SIZES]


def _measure(count: int) -> Measurement:
    from diffprivlib.mechanisms import PermuteAndFlip

    values = np.random.default_rng(count).normal(400, 22, count).tolist()
    points, _ = clamp_to_grid(values, GRID)
    ready = [
        (scores(points, GRID.points, rank(quantile, count)), float(epsilon))
        for quantile, epsilon in DRAWS
    ]
    system = random.SystemRandom()

    def ours() -> None:
        for number in range(RELEASES):
            for quantile, epsilon in DRAWS:
                draw(
                    values,
                    GRID,
                    quantile,
                    epsilon,
                    KeyedStream(
                        bytes(32), challenge=b"c", data_root=b"r", name=f"{number} {quantile}"
                    ),
                )

    def bare() -> None:
        for _ in range(RELEASES):
            for point_scores, epsilon in ready:
                PermuteAndFlip(
                    epsilon=epsilon, sensitivity=1.0, utility=point_scores, random_state=system
                ).randomise()

    size = f"{RELEASES} releases of {count:,} batches on {GRID.points} grid points"
    return compare("score and two draws", size, ours, "two bare PermuteAndFlip draws", bare)
