"""The private quantile: permute-and-flip over the points of the public grid, their scores, the
exact law of a draw, dyadic epsilons.

Score. For a grid point v and a target rank k, u(v) = -max(0, #{x < v} - (k - 1), k - #{x <= v}):
the number of records that would have to be replaced before v is the k-th smallest. Replacing one
record changes it by at most 1; so does adding or removing one when k = ceil(q n).
`diffprivlib.mechanisms.PermuteAndFlip` with sensitivity 1 is then epsilon-differentially private
(McKenna and Sheldon, "Permute-and-Flip", 2020).

Arithmetic. Scores are Python integers and epsilon is dyadic, so exponents are exact. Each coin of
the library compares a 53-bit uniform number with `<=`: its probability is wrong by at most 2^-53.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import InputError
from benchmarks.phrases import Phrase
from benchmarks.privacy.bounds import clamp_to_grid
from benchmarks.released import Grid, rank

_SMALLEST_EPSILON = Fraction(1, 2**10)
_Number = TypeVar("_Number", np.int64, np.float64)


def scores(points: Sequence[int], grid_points: int, k: int) -> list[int]:
    """Score of every point of the grid for the k-th smallest of `points`, as Python integers; the
    best score is 0.
    """
    if not 1 <= k <= len(points):
        raise ValueError(f"rank {k} outside 1..{len(points)}")
    counts = np.bincount(np.asarray(points, dtype=np.int64), minlength=grid_points)
    if len(counts) > grid_points:
        raise ValueError(
            f"a record lies at grid point {len(counts) - 1}, beyond the {grid_points} points of "
            "the grid"
        )
    return scores_of(counts, k)


def scores_of(counts: NDArray[np.int64], k: int) -> list[int]:
    """The same of how many records lie at each point of the grid."""
    at_most = np.cumsum(counts)
    listed: list[int] = (-to_replace(at_most - counts, at_most, k)).tolist()
    return listed


def to_replace(below: NDArray[_Number], at_most: NDArray[_Number], k: int) -> NDArray[_Number]:
    """Of every grid point, how many records have to be replaced before it is the k-th smallest: the
    score without its sign.

    Args:
        below, at_most: records below the grid point, and at or below it, along the last axis;
        counts, or expected counts.
    """
    replaced: NDArray[_Number] = np.maximum(np.maximum(below - (k - 1), k - at_most), 0)
    return replaced


def draw(
    values: Sequence[float],
    grid: Grid,
    quantile: Fraction,
    epsilon: Fraction,
    stream: random.SystemRandom,
) -> int:
    """Draw the grid point of the protected quantile. `stream` is the only source of chance and must
    be cryptographic.
    """
    points, _ = clamp_to_grid(values, grid)
    return draw_grid_point(
        scores(points, grid.points, rank(quantile, len(points))), epsilon, stream
    )


def draw_grid_point(point_scores: list[int], epsilon: Fraction, stream: random.SystemRandom) -> int:
    """Permute-and-flip over integer scores of sensitivity 1.

    Raises:
        TypeError: the stream is seedable. The library would take an integer or a NumPy generator
            without a word.
        InputError: `epsilon-not-dyadic`.
    """
    if not isinstance(stream, random.SystemRandom):
        raise TypeError(
            f"chance must come from a random.SystemRandom, not from {type(stream).__name__}"
        )
    exact = require_dyadic(epsilon)
    from diffprivlib.mechanisms import (
        PermuteAndFlip,
    )  # pulls in scikit-learn (1-2 s): only where something is released

    return int(
        PermuteAndFlip(
            epsilon=exact, sensitivity=1.0, utility=point_scores, random_state=stream
        ).randomise()
    )


def require_dyadic(epsilon: Fraction) -> float:
    """The epsilon as a float that is the same number: 3/4 and 1/4 are, 7/10 is not."""
    power_of_two = epsilon.denominator & (epsilon.denominator - 1) == 0
    if epsilon < _SMALLEST_EPSILON or not power_of_two or Fraction(float(epsilon)) != epsilon:
        raise InputError(
            "epsilon-not-dyadic",
            Phrase("Epsilon %(epsilon)s is not exact in binary arithmetic.", epsilon=str(epsilon)),
            "Use a sum of halves, quarters, eighths and so on.",
            found=str(epsilon),
            wanted=Phrase("for example 3/4 or 1/4"),
        )
    return float(epsilon)


def exact_law(point_scores: Sequence[float], epsilon: Fraction) -> NDArray[np.float64]:
    """Probability of every grid point under permute-and-flip, to about 1e-13.

    With w_j = exp(epsilon u_j / 2) and the best score 0, P(i) = w_i * integral over y in [0, 1] of
    prod_{j != i} (1 - w_j y): point i is drawn when its coin is heads before any other's in a
    random order of the points. The integrand is a polynomial of degree points - 1, for which
    Gauss-Legendre quadrature with points / 2 nodes is exact, and all its terms are positive.
    """
    values = np.asarray(point_scores, dtype=float)
    weight = np.exp(float(epsilon) / 2 * (values - values.max()))
    nodes, node_weights = _quadrature(len(values) // 2 + 1)
    tails = 1 - np.outer((nodes + 1) / 2, weight)  # > 0: nodes lie inside (0, 1)
    others = np.exp(np.log(tails).sum(axis=1, keepdims=True) - np.log(tails))
    law: NDArray[np.float64] = weight * ((node_weights / 2) @ others)
    return law


def expected_law(
    shares: NDArray[np.float64], count: int, k: int, epsilon: Fraction
) -> NDArray[np.float64]:
    """The exact law on the expected counts of a plant: what a draw does there on the whole, without
    drawing batches.

    Args:
        shares: for every grid point, the share of the plant's batches that go to it or lower;
            rising along the grid.
        count: batches, of which the k-th smallest is protected.
    """
    at_most = count * shares
    at_most[-1] = count  # the last grid point takes everything above, the first everything below
    below = np.concatenate(([0.0], at_most[:-1]))
    return exact_law((-to_replace(below, at_most, k)).tolist(), epsilon)


@lru_cache(maxsize=64)
def _quadrature(nodes: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from scipy.special import roots_legendre  # a tenth of a second, and only the exact law needs it

    points, weights = roots_legendre(nodes)
    return points, weights
