"""Chi-square: the library's draws, opendp's, and the noisy maximum that simulations use, all follow
the exact law.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.privacy.bounds import clamp_to_grid
from benchmarks.privacy.mechanism import draw_grid_point, exact_law, scores
from benchmarks.privacy.randomness import KeyedStream
from tests.statistical.others import (
    diffprivlib_draws,
    diffprivlib_law,
    opendp_draws,
    opendp_law,
    opendp_selects,
)
from tests.statistical.outcome import Outcome
from tests.statistical.plants import GRID, SHAPES

EPSILON = Fraction(3, 4)
GRID_POINTS = 12
_REFUSED_BELOW = 0.001
_REFUSED_BELOW_IF_NOT_KEYED = 1e-6
CASES = {
    "three records": (scores([0, 0, 1], GRID_POINTS, 2), EPSILON),
    "ties": (scores([4] * 9 + [5], GRID_POINTS, 1), EPSILON),
    "spread": (scores([1, 2, 4, 5, 5, 6, 7, 9, 11, 11], GRID_POINTS, 5), EPSILON),
}


def run(long: bool) -> Outcome:
    draws = 40_000 if long else 10_000
    rows = []
    sound = True
    for name, (point_scores, epsilon) in CASES.items():
        law = exact_law(point_scores, epsilon)
        library, simulation = (
            p_value(_library(point_scores, epsilon, draws, name), law),
            p_value(_simulated(point_scores, epsilon, 25 * draws), law),
        )
        second = _agrees(opendp_selects(point_scores, epsilon, draws), law)
        sound &= min(library, simulation) > _REFUSED_BELOW and second
        rows.append(
            (name, f"{library:.3f}", f"{simulation:.3f}", "agrees" if second else "differs")
        )
    laws = all(_agrees(drawn, law) for drawn, law in _ready_made(draws))
    return Outcome(
        "sampler",
        sound and laws,
        f"chi-square against the exact law: p values of {draws:,} draws of diffprivlib's PermuteAndFlip by our stream and of "
        f"{25 * draws:,} of the simulation; opendp's own permute-and-flip on the same scores, whose chance cannot be keyed, agrees or not",
        ("input", "diffprivlib", "simulation", "opendp"),
        tuple(rows),
    )


def _agrees(drawn: list[int], law: NDArray[np.float64]) -> bool:
    """Of draws that are others on every run: refused only where chance would do it once in a
    million runs.
    """
    return p_value(np.bincount(drawn, minlength=len(law)), law) > _REFUSED_BELOW_IF_NOT_KEYED


def _ready_made(draws: int) -> Iterator[tuple[list[int], NDArray[np.float64]]]:
    """Draws and laws of the two quantiles that `comparison` sets beside ours."""
    quantile, fewer = Fraction(1, 20), draws // 4
    values = SHAPES["lognormal"](np.random.default_rng(1), 200)
    points, _ = clamp_to_grid(values.tolist(), GRID)
    for declared in (False, True):
        law = opendp_law(points, GRID, quantile, EPSILON, size_is_public=declared)
        yield opendp_draws(points, GRID, quantile, EPSILON, fewer, size_is_public=declared), law
    bounds = (float(GRID.lower), float(GRID.upper))
    ends, gaps = diffprivlib_law(values, bounds, quantile, EPSILON)
    drawn = diffprivlib_draws(values, bounds, quantile, EPSILON, fewer)
    yield np.clip(np.searchsorted(ends, drawn, side="right") - 1, 0, len(gaps) - 1).tolist(), gaps


def p_value(counts: NDArray[np.int64], law: NDArray[np.float64]) -> float:
    """Chi-square with bins of fewer than five expected draws put together."""
    expected = law * counts.sum()
    rare = expected < 5
    if rare.any():
        counts, expected = (
            np.append(counts[~rare], counts[rare].sum()),
            np.append(expected[~rare], expected[rare].sum()),
        )
    return float(stats.chisquare(counts, expected).pvalue)


def _library(
    point_scores: list[int], epsilon: Fraction, draws: int, name: str
) -> NDArray[np.int64]:
    stream = KeyedStream(bytes(32), challenge=b"sampler", data_root=b"", name=name)
    return np.bincount(
        [draw_grid_point(point_scores, epsilon, stream) for _ in range(draws)],
        minlength=GRID_POINTS,
    )


def _simulated(point_scores: list[int], epsilon: Fraction, draws: int) -> NDArray[np.int64]:
    noised = np.random.default_rng(1).standard_exponential((draws, GRID_POINTS)) + float(
        epsilon
    ) / 2 * np.array(point_scores)
    return np.bincount(noised.argmax(axis=1), minlength=GRID_POINTS)
