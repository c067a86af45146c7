"""Differences between groups of batches: found where they are, and not where batches are merely
alike their neighbours.
"""

from __future__ import annotations

import numpy as np

from benchmarks.labels.columns import Floats, Integers
from reporting_agent.analysis.waste.evidence import (
    Groups,
    differences,
    holm,
    level_shift,
    of_product,
    without_drift,
)


def days_of_shifts(days: int) -> tuple[Groups, Integers]:
    """Eight batches a shift, three shifts a day."""
    code = np.tile(np.repeat(np.arange(3), 8), days)
    return Groups(code, ("06:00", "14:00", "22:00")), np.repeat(np.arange(days), 24)


def alike(count: int, r: float, seed: int) -> Floats:
    chance = np.random.default_rng(seed)
    values = np.zeros(count)
    noise = chance.normal(0, 1, count)
    for row in range(1, count):
        values[row] = r * values[row - 1] + noise[row]
    return values


def test_batches_that_are_merely_alike_their_neighbours_make_no_shift_worse() -> None:
    shifts, day = days_of_shifts(60)
    month = day // 30
    ones = np.ones(len(day))
    count = 0
    for seed in range(100):
        value = without_drift(alike(len(day), 0.9, seed), month)
        count += any(
            shift.p_value is not None and shift.p_value < 0.05
            for shift in differences(value, shifts, day, ones)
        )
    assert count <= 9  # 5 % of 100, and what chance adds to that


def test_a_test_of_single_batches_would_have_been_fooled() -> None:
    """The same plants with every batch counted as one independent of the rest: nearly every plant
    would get a worst shift.
    """
    shifts, day = days_of_shifts(60)
    fooled = 0
    for seed in range(30):
        value = alike(len(day), 0.9, seed)
        ranks = np.argsort(np.argsort(value)) + 1.0
        z = [
            abs(ranks[own].sum() - own.sum() * 720.5) / np.sqrt(480 * 960 * 1441 / 12)
            for own in (shifts.code == code for code in range(3))
        ]
        fooled += bool(max(z) > 2.39)  # 5 % in all, over three shifts
    assert fooled >= 8


def test_a_shift_that_makes_more_of_a_heavy_product_is_no_worse() -> None:
    shifts, day = days_of_shifts(60)
    chance = np.random.default_rng(3)
    product: Integers = (chance.random(len(day)) < np.where(shifts.code == 2, 0.7, 0.2)).astype(
        np.int64
    )
    value = alike(len(day), 0.5, 2) + 6.0 * product
    for values, fooled in ((value, True), (of_product(value, product), False)):
        lowest = min(
            shift.p_value
            for shift in differences(values, shifts, day, np.ones(len(day)))
            if shift.p_value is not None
        )
        assert (lowest < 0.05) is fooled


def test_a_worse_shift_is_found_and_by_how_much() -> None:
    shifts, day = days_of_shifts(60)
    value = alike(len(day), 0.5, 1) + 1.5 * (shifts.code == 2)
    by_shift = {shift.name: shift for shift in differences(value, shifts, day, np.ones(len(day)))}
    assert by_shift["22:00"].p_value is not None
    assert by_shift["22:00"].p_value < 0.001
    assert by_shift["22:00"].difference is not None
    assert abs(by_shift["22:00"].difference - 1.5) < 0.4


def test_too_few_days_are_not_tested() -> None:
    shifts, day = days_of_shifts(5)
    assert [
        shift.p_value
        for shift in differences(alike(len(day), 0.0, 1), shifts, day, np.ones(len(day)))
    ] == [None] * 3
    assert (
        differences(
            np.ones(10), Groups(np.zeros(10, dtype=np.int64), ("only",)), np.arange(10), np.ones(10)
        )
        == []
    )


def test_holm_by_hand() -> None:
    """0.01 x 3, then the largest so far: 0.02 x 2 = 0.04, 0.03 x 1 is less and stays 0.04 (Holm
    1979).
    """
    assert holm([0.02, 0.01, 0.03]) == [0.04, 0.03, 0.04]
    assert holm([0.5, 0.9]) == [1.0, 1.0]


def test_the_month_of_a_shift_of_level_is_named() -> None:
    day = np.repeat(np.arange(180), 10)
    month = Groups(day // 30, tuple(f"2023-{month:02d}" for month in range(1, 7)))
    level = alike(len(day), 0.5, 4)
    shift = level_shift(level + 2.0 * (month.code >= 4), month, day, np.ones(len(day)))
    assert shift is not None
    assert (shift.month, shift.p_value < 0.001) == ("2023-05", True)
    assert abs(shift.difference - 2.0) < 0.5
    still = level_shift(level, month, day, np.ones(len(day)))
    assert still is not None
    assert still.p_value > 0.05
