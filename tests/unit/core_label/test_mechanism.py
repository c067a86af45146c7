"""The private quantile: its score, its exact law, and that the library really draws from our
stream.
"""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from benchmarks.errors import InputError
from benchmarks.privacy.bounds import clamp_to_grid
from benchmarks.privacy.mechanism import draw, draw_grid_point, exact_law, require_dyadic, scores
from benchmarks.privacy.randomness import KeyedStream
from benchmarks.released import Grid, rank

GRID = Grid(Fraction(250), Fraction(650), Fraction(1, 2))


def stream(name: str = "draw") -> KeyedStream:
    return KeyedStream(bytes(32), challenge=b"challenge", data_root=b"root", name=name)


def replacements_needed(points: tuple[int, ...], k: int, wanted: int, grid_points: int) -> int:
    """By trying: the fewest records to replace before the k-th smallest is `wanted`."""
    for changes in range(len(points) + 1):
        for places in itertools.combinations(range(len(points)), changes):
            for values in itertools.product(range(grid_points), repeat=changes):
                tried = list(points)
                for place, value in zip(places, values, strict=True):
                    tried[place] = value
                if sorted(tried)[k - 1] == wanted:
                    return changes
    raise AssertionError("every grid point can be reached")


def test_score_is_the_number_of_records_to_replace() -> None:
    checked = 0
    for count in (1, 2, 3, 4):
        for points in itertools.combinations_with_replacement(range(4), count):
            for k in range(1, count + 1):
                values = scores(points, 4, k)
                assert values == [-replacements_needed(points, k, wanted, 4) for wanted in range(4)]
                checked += 1
    assert checked == 4 + 20 + 60 + 140


def test_scores_are_python_integers_and_the_true_point_scores_best() -> None:
    values = scores([3, 1, 7, 7, 2], 10, 4)
    assert all(type(score) is int for score in values)
    assert values[7] == max(values) == 0
    assert values.count(0) == 1


def law_by_trying_every_order(point_scores: list[int], epsilon: float) -> list[float]:
    """Permute-and-flip by its definition: over every order of the grid points, the first whose coin
    shows heads.
    """
    heads = [math.exp(epsilon / 2 * (score - max(point_scores))) for score in point_scores]
    law = [0.0] * len(point_scores)
    for order in itertools.permutations(range(len(point_scores))):
        reached = 1.0
        for point in order:
            law[point] += reached * heads[point] / math.factorial(len(point_scores))
            reached *= 1 - heads[point]
    return law


@pytest.mark.parametrize("points", [[0, 0, 1], [0, 1, 5], [3, 3, 3], [5, 5, 5, 0, 1]])
def test_exact_law_is_that_of_every_order(points: list[int]) -> None:
    point_scores = scores(points, 6, 2)
    for epsilon in (Fraction(1), Fraction(3, 4), Fraction(4)):
        assert exact_law(point_scores, epsilon) == pytest.approx(
            law_by_trying_every_order(point_scores, float(epsilon)), abs=1e-13
        )


def test_exact_law_sums_to_one_on_a_wide_grid() -> None:
    values = np.random.default_rng(1).normal(400, 22, 500)
    points, _ = clamp_to_grid(values.tolist(), GRID)
    law = exact_law(scores(points, GRID.points, 25), Fraction(3, 4))
    assert law.sum() == pytest.approx(1, abs=1e-12)
    assert law.min() >= 0


@pytest.mark.parametrize(("points", "k"), [([0, 0, 1], 2), ([0, 1, 5, 5, 2], 1), ([4, 4, 4, 4], 2)])
def test_the_sampler_follows_the_exact_law(points: list[int], k: int) -> None:
    """Chi-square over 4,000 draws; the stream is keyed, so the outcome is the same every time."""
    point_scores = scores(points, 6, k)
    chance = stream(f"chi-square {points}")
    drawn = np.bincount(
        [draw_grid_point(point_scores, Fraction(1), chance) for _ in range(4000)], minlength=6
    )
    assert stats.chisquare(drawn, exact_law(point_scores, Fraction(1)) * 4000).pvalue > 0.001


def test_the_library_draws_from_our_stream() -> None:
    values = np.random.default_rng(1).normal(400, 22, 60).tolist()
    once = [draw(values, GRID, Fraction(1, 20), Fraction(1, 4), stream(str(i))) for i in range(12)]
    again = [draw(values, GRID, Fraction(1, 20), Fraction(1, 4), stream(str(i))) for i in range(12)]
    assert once == again
    assert len(set(once)) > 6  # twelve keys, twelve draws


@pytest.mark.parametrize("chance", [7, None, random.Random(7), np.random.default_rng(7)])  # noqa: S311 the point is that it is refused
def test_seedable_chance_is_refused(chance: object) -> None:
    with pytest.raises(TypeError, match="SystemRandom"):
        draw_grid_point([0, -1], Fraction(1), chance)  # type: ignore[arg-type]


@pytest.mark.parametrize("epsilon", [Fraction(7, 10), Fraction(0), Fraction(-1), Fraction(1, 3)])
def test_epsilon_must_be_exact_in_floats(epsilon: Fraction) -> None:
    with pytest.raises(InputError, match="not exact"):
        draw_grid_point([0, -1], epsilon, stream())
    assert require_dyadic(Fraction(3, 4)) == 0.75


def test_equal_values_are_no_trouble() -> None:
    """1,000 equal values made other private quantiles crash or answer 37.6 for 45.0."""
    grid = Grid(Fraction(0), Fraction(100), Fraction(1, 2))
    drawn = [
        draw([45.0] * 1000, grid, Fraction(1, 20), Fraction(3, 4), stream(str(i)))
        for i in range(20)
    ]
    assert set(drawn) == {90}


def test_values_go_to_the_nearest_point_and_to_the_ends() -> None:
    grid = Grid(Fraction(-10), Fraction(10), Fraction(1, 2))
    points, outside = clamp_to_grid([-10.0, -9.76, -9.75, 0.0, 10.0, 10.2, 99.0, -99.0], grid)
    assert points == [0, 0, 1, 20, 40, 40, 40, 0]
    assert outside == 2  # 10.2 is still nearest to the last grid point
    with pytest.raises(ValueError, match="not a number"):
        clamp_to_grid([math.nan], grid)


@pytest.mark.parametrize(
    ("quantile", "count", "k"),
    [("0.05", 20, 1), ("0.05", 100, 5), ("0.07", 100, 7), ("0.1", 3, 1), ("0.5", 5, 3)],
)
def test_rank_is_exact(quantile: str, count: int, k: int) -> None:
    """0.07 * 100 is 7.000000000000001 in floats; its ceiling would be 8."""
    assert rank(Fraction(quantile), count) == k


def test_a_rank_outside_the_data_is_refused() -> None:
    with pytest.raises(ValueError, match="rank"):
        scores([1, 2], 5, 3)
    with pytest.raises(ValueError, match="beyond"):
        scores([1, 7], 5, 1)
