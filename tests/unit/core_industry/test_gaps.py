"""The gap to the industry best, and whether it is more than noise."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.comparison.estimates import Estimate, changed
from benchmarks.comparison.gaps import RouteGap, gap, sum_of_ends


def test_a_gap_is_per_tonne_of_the_routes_product() -> None:
    difference = gap("burning", Estimate(99.6, 98.9, 100.3), Estimate(95.4, 94.7, 96.1), ratio=0.75)
    assert difference.value == pytest.approx(3.15)
    assert difference.lo == pytest.approx(2.41, abs=0.005)
    assert difference.hi == pytest.approx(3.89, abs=0.005)
    assert not difference.within_noise


def test_a_gap_whose_interval_reaches_zero_says_so() -> None:
    noisy = gap("cooling", Estimate(-0.86, -0.96, -0.76), Estimate(-0.90, -1.10, -0.70), ratio=0.75)
    assert noisy.within_noise
    assert not RouteGap("burning", 3.15, 2.41, 3.89).within_noise


def test_a_sum_is_told_with_the_sums_of_the_ends() -> None:
    parts = [RouteGap("burning", 6.38, 5.5, 7.2), RouteGap("grinding", 1.36, 1.0, 1.8)]
    assert sum_of_ends(parts) == pytest.approx((6.5, 9.0))


def test_the_interval_of_a_difference_holds_the_true_one_as_often_as_it_says() -> None:
    """Two values with independent normal noise: the recovered interval covers 95 %, and one of half
    its width does not.
    """
    rng = np.random.default_rng(7)
    sd_you, sd_best, true_you, true_best, draws = 0.4, 0.15, 10.0, 9.0, 4000
    you = true_you + sd_you * rng.standard_normal(draws)
    best = true_best + sd_best * rng.standard_normal(draws)
    covered = held_by_half = 0
    for y, b in zip(you, best, strict=True):
        difference = gap(
            "s",
            Estimate(y, y - 1.96 * sd_you, y + 1.96 * sd_you),
            Estimate(b, b - 1.96 * sd_best, b + 1.96 * sd_best),
            1.0,
        )
        covered += difference.lo <= true_you - true_best <= difference.hi
        held_by_half += (
            abs(difference.value - (true_you - true_best)) <= (difference.hi - difference.lo) / 4
        )
    assert 0.94 <= covered / draws <= 0.96
    assert held_by_half / draws < 0.75


def test_what_was_not_computed_yet_is_neither_changed_nor_unchanged() -> None:
    assert changed(Estimate(100.0, 99.0, 101.0), Estimate(90.0, 89.0, 91.0)) is True
    assert changed(Estimate(100.0, 99.0, 101.0), Estimate(100.5, 99.5, 101.5)) is False
    assert changed(Estimate(100.0), Estimate(50.0, 49.0, 51.0)) is None


def test_an_estimate_without_an_interval_gives_a_gap_without_width() -> None:
    difference = gap("s", Estimate(2.0), Estimate(1.0), 1.0)
    assert (difference.lo, difference.hi) == (1.0, 1.0)
