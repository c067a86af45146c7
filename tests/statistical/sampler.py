"""Chi-square: the library's draws, and the noisy maximum that simulations use, both follow the exact law."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.privacy.mechanism import draw_cell, exact_law, scores
from benchmarks.privacy.randomness import KeyedStream
from tests.statistical.outcome import Outcome

EPSILON = Fraction(3, 4)
GRID_CELLS = 12
_REFUSED_BELOW = 0.001
CASES = {
    "three records": (scores([0, 0, 1], GRID_CELLS, 2), EPSILON),
    "ties": (scores([4] * 9 + [5], GRID_CELLS, 1), EPSILON),
    "spread": (scores([1, 2, 4, 5, 5, 6, 7, 9, 11, 11], GRID_CELLS, 5), EPSILON),
}


def run(long: bool) -> Outcome:
    draws = 20_000 if long else 4_000
    rows = []
    held = True
    for name, (cell_scores, epsilon) in CASES.items():
        law = exact_law(cell_scores, epsilon)
        library, simulation = (
            p_value(_library(cell_scores, epsilon, draws, name), law),
            p_value(_simulated(cell_scores, epsilon, 25 * draws), law),
        )
        held &= min(library, simulation) > _REFUSED_BELOW
        rows.append((name, f"{draws:,}", f"{library:.3f}", f"{25 * draws:,}", f"{simulation:.3f}"))
    return Outcome(
        "sampler",
        held,
        "chi-square against the exact law, p values",
        ("input", "draws of the library", "p", "draws of the simulation", "p"),
        tuple(rows),
    )


def p_value(counts: NDArray[np.int64], law: NDArray[np.float64]) -> float:
    """Chi-square with cells of fewer than five expected draws put together."""
    expected = law * counts.sum()
    rare = expected < 5
    if rare.any():
        counts, expected = np.append(counts[~rare], counts[rare].sum()), np.append(expected[~rare], expected[rare].sum())
    return float(stats.chisquare(counts, expected).pvalue)


def _library(cell_scores: list[int], epsilon: Fraction, draws: int, name: str) -> NDArray[np.int64]:
    stream = KeyedStream(bytes(32), challenge=b"sampler", data_root=b"", name=name)
    return np.bincount([draw_cell(cell_scores, epsilon, stream) for _ in range(draws)], minlength=GRID_CELLS)


def _simulated(cell_scores: list[int], epsilon: Fraction, draws: int) -> NDArray[np.int64]:
    noised = np.random.default_rng(1).standard_exponential((draws, GRID_CELLS)) + float(epsilon) / 2 * np.array(cell_scores)
    return np.bincount(noised.argmax(axis=1), minlength=GRID_CELLS)
