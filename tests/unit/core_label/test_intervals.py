"""Intervals and eligibility: what the portal may say about a released value. Coverage is measured
in tests/statistical.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from benchmarks.measurements import Metric
from benchmarks.policies import ReleasePolicy
from benchmarks.privacy.bounds import clamp_to_grid
from benchmarks.privacy.eligibility import eligible, expected_error
from benchmarks.privacy.intervals import STEP_ALLOWANCE, interval, noise_law, simulate_errors
from benchmarks.privacy.mechanism import exact_law, scores
from benchmarks.released import Grid, ReleasedLabel, ReleasedQuantile, rank

GRID = Grid(Fraction(250), Fraction(650), Fraction(1))


def label(
    count_class: int = 1000,
    best: int = 114,
    typical: int = 150,
    quantile: Fraction = Fraction(1, 20),
    grid: Grid = GRID,
) -> ReleasedLabel:
    return ReleasedLabel(
        step="eaf",
        product="molten-steel",
        variant="all",
        boundary="furnace",
        metric=Metric.ELECTRICITY,
        unit="kWh/t",
        grid=grid,
        count_class=count_class,
        best=ReleasedQuantile(quantile, best, Fraction(3, 4)),
        typical=ReleasedQuantile(Fraction(1, 2), typical, Fraction(1, 4)),
    )


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_interval_holds_the_released_value_and_narrows_with_the_number_of_batches() -> None:
    widths = []
    for count_class in (340, 670, 2000, 5000):
        low, high = interval(label(count_class), "best", rng())
        assert low < 364 < high
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.013 * 400


def test_same_chance_same_interval() -> None:
    assert interval(label(), "typical", rng()) == interval(label(), "typical", rng())


def test_a_negative_step_has_an_interval_too() -> None:
    converter = label(best=100, typical=150, grid=Grid(Fraction(-50), Fraction(0), Fraction(1, 8)))
    low, high = interval(converter, "best", rng())
    assert low < -37.5 < high < 0


def test_crossed_values_fall_back_on_the_public_spread(a_metric: Callable[..., Any]) -> None:
    """Two noised values may cross; the interval must not shrink to nothing."""
    rule = a_metric()
    crossed = noise_law(label(best=152, typical=150), "best", rng(), rule=rule)
    usual = noise_law(label(best=114, typical=150), "best", rng(), rule=rule)
    assert crossed.hi - crossed.lo == pytest.approx(usual.hi - usual.lo, rel=0.25)
    without_pack = interval(label(best=152, typical=150), "best", rng())
    assert without_pack[1] - without_pack[0] > 2


def test_a_median_label_needs_no_spread_from_two_equal_quantiles() -> None:
    low, high = interval(label(best=150, quantile=Fraction(1, 2)), "best", rng())
    assert math.isfinite(low)
    assert low < 400 < high


def test_the_law_states_its_own_interval() -> None:
    law = noise_law(label(), "best", rng(), 500)
    step = STEP_ALLOWANCE * float(GRID.width)
    assert (law.lo, law.hi) == (364 - law.quantiles[2] - step, 364 - law.quantiles[0] + step)
    assert law.quantiles[0] < law.quantiles[1] < law.quantiles[2]
    assert law.sd > 0
    assert abs(law.bias) < law.sd


def test_simulation_is_the_mechanism(a_metric: Callable[..., Any]) -> None:
    """Simulated errors against the exact law on full data sets: same mean and spread, tails of the
    grid included.
    """
    quantile, epsilon, count, spread = Fraction(1, 10), Fraction(3, 4), 120, 22.0
    simulated = simulate_errors(GRID, quantile, epsilon, count, 400.0, spread, rng(), 20_000)
    values = np.arange(250, 651)
    chance = rng()
    bias, square, far = [], [], []
    for _ in range(400):
        batches = np.sort(chance.normal(400, spread, count))
        points = np.clip(np.floor(batches - 250 + 0.5), 0, 400).astype(int)
        law = exact_law(scores(points.tolist(), GRID.points, 12), epsilon)
        errors = values - batches[11]
        bias.append(law @ errors)
        square.append(law @ errors**2)
        far.append(law @ (errors < -40))
    assert simulated.mean() == pytest.approx(np.mean(bias), rel=0.1)
    assert (simulated**2).mean() == pytest.approx(np.mean(square), rel=0.1)
    assert (simulated < -40).mean() == pytest.approx(np.mean(far), rel=0.15)


@pytest.mark.parametrize(
    ("quantile", "count_class", "enters"),
    [
        ("0.05", 500, False),
        ("0.05", 670, True),
        ("0.1", 200, False),
        ("0.1", 340, True),
        ("0.2", 100, False),
        ("0.2", 200, True),
    ],
)
def test_eligibility_follows_the_rule_of_thumb(
    a_metric: Callable[..., Any],
    a_policy: ReleasePolicy,
    quantile: str,
    count_class: int,
    enters: bool,
) -> None:
    """Rank times epsilon of about 25, at the public spread of an arc furnace."""
    assert eligible(label(count_class, quantile=Fraction(quantile)), a_metric(), a_policy) is enters


def test_eligibility_does_not_look_at_the_released_value(
    a_metric: Callable[..., Any], a_policy: ReleasePolicy
) -> None:
    assert {eligible(label(670, best=point), a_metric(), a_policy) for point in (0, 100, 400)} == {
        True
    }


def test_expected_error_falls_with_batches_and_rises_with_the_empty_end_of_the_grid(
    a_metric: Callable[..., Any],
) -> None:
    def error(count: int, **changes: Any) -> float:
        return expected_error(a_metric(**changes), Fraction(1, 20), Fraction(3, 4), count)

    errors = [error(count) for count in (100, 340, 670, 2000, 5000)]
    assert errors == sorted(errors, reverse=True)
    assert error(340, grid_lower="50") > error(340) > error(340, grid_lower="350")


def test_an_interval_holds_where_the_meter_reads_in_steps_coarser_than_the_grid() -> None:
    """Real heats come in steps of 0.25 MWh, 2.04 kWh/t on a grid of 1; here the rank lies at the
    edge of a step, the worst case.
    """
    step = 250 / 122.5
    heats = np.round(np.random.default_rng(0).normal(390.8, 24, 6012) / step) * step
    k = rank(Fraction(1, 20), len(heats))
    exact = float(np.sort(heats)[k - 1])
    points, _ = clamp_to_grid(heats.tolist(), GRID)
    law = exact_law(scores(points, GRID.points, k), Fraction(3, 4))
    drawn = np.random.default_rng(4).choice(GRID.points, size=200, p=law / law.sum())
    covers = [
        low <= exact <= high
        for low, high in (interval(label(5000, int(point), 141), "best", rng()) for point in drawn)
    ]
    assert np.mean(covers) >= 0.99  # without the allowance for steps: 0.38
