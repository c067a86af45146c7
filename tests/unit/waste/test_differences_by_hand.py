"""Mann and Whitney's test, Holm's correction and the groups of batches, on few days whose ranks can
be counted by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from math import erfc, sqrt
from typing import Any

import numpy as np
import pytest

from benchmarks.measurements import OperatingState, ProductStatus
from reporting_agent.analysis.waste.causes import label_level
from reporting_agent.analysis.waste.evidence import (
    GroupDifference,
    Groups,
    Use,
    differences,
    level_shift,
    of_product,
    pauses_and_changes,
    purpose,
    shifts_of,
    without_drift,
)
from reporting_agent.analysis.waste.use import energy_of_reject


def of_days(own: list[float], others: list[float]) -> tuple[GroupDifference, GroupDifference]:
    """One batch a day and shift."""
    value = np.array([*own, *others])
    groups = Groups(np.array([0] * len(own) + [1] * len(others)), ("06:00", "18:00"))
    day = np.array([*range(len(own)), *range(len(others))])
    first, second = differences(value, groups, day, np.ones(len(value)))
    return first, second


UP_AND_DOWN = [10.0, 15.0, 11.0, 14.0, 12.0, 13.0]  # no day is like the one before
BELOW = [5.0, 0.0, 4.0, 1.0, 3.0, 2.0]


def test_six_days_against_six_that_all_lie_below_them() -> None:
    """U = 36 of 36, expected 18, variance 6 x 6 x 13 / 12 = 39; two groups, so twice the p-value
    (Holm).
    """
    high, low = of_days(UP_AND_DOWN, BELOW)
    by_hand = 2 * erfc(18 / sqrt(2 * 39))
    assert [high.p_value, low.p_value] == pytest.approx([by_hand, by_hand])
    assert (high.difference, low.difference, high.days) == (10.0, -10.0, 6)


@pytest.mark.parametrize(("own", "others"), [(5, 6), (6, 5)])
def test_five_days_are_too_few_on_either_side(own: int, others: int) -> None:
    assert [entry.p_value for entry in of_days(UP_AND_DOWN[:own], BELOW[:others])] == [None, None]


def test_days_that_are_equal_share_their_ranks_and_scatter_less() -> None:
    """Three 0 (rank 2), six 1 (6.5), three 2 (11): U = 3 x 11 + 3 x 6.5 - 21 = 31.5; ties 24 + 210
    + 24 of 12 x 11.
    """
    high, _ = of_days([2.0, 1.0] * 3, [1.0, 0.0] * 3)
    variance = 36 / 12 * (13 - 258 / 132)
    assert high.p_value == pytest.approx(2 * erfc(13.5 / sqrt(2 * variance)))


def test_days_that_follow_one_another_count_for_fewer() -> None:
    """Days rising by one: r = 8.75 / 17.5 = 1/2, so the variance is (1 + r) / (1 - r) = 3 times as
    large, whichever side it is.
    """
    by_hand = 2 * erfc(18 / sqrt(2 * 39 * 3))
    rising = [21.0, 22.0, 23.0, 24.0, 25.0, 26.0]
    assert of_days(rising, BELOW)[0].p_value == pytest.approx(by_hand)
    assert of_days(UP_AND_DOWN, [level - 26 for level in rising])[0].p_value == pytest.approx(
        by_hand
    )


def test_a_day_is_the_mean_of_its_batches_by_their_output() -> None:
    """100 t at 10 and 300 t at 20 are 17.5; the other shift stands at 10 each day."""
    value = np.array([10.0, 20.0, 10.0] * 6)
    groups = Groups(np.array([0, 0, 1] * 6), ("06:00", "18:00"))
    first, _ = differences(
        value, groups, np.repeat(np.arange(6), 3), np.array([100.0, 300.0, 100.0] * 6)
    )
    assert first.difference == 7.5


def test_batches_without_a_value_or_a_group_are_in_no_day() -> None:
    value = np.array([*UP_AND_DOWN, *BELOW, 1e9, np.nan])
    groups = Groups(np.array([0] * 6 + [1] * 6 + [-1, 0]), ("06:00", "18:00"))
    day = np.array([*range(6), *range(6), 0, 0])
    assert differences(value, groups, day, np.ones(14)) == list(of_days(UP_AND_DOWN, BELOW))


def test_a_product_of_twenty_batches_has_a_level_of_its_own() -> None:
    """20 batches at 10, 5 at 30, 60 at 0, the median of all: each at its own level is 0."""
    product = np.repeat([0, 1, 2], [20, 5, 60])
    value = np.repeat([10.0, 30.0, 0.0], [20, 5, 60])
    assert of_product(value, product).tolist() == [0.0] * 85
    fewer = of_product(value[1:], product[1:])
    assert fewer[[0, 19]].tolist() == [0.0, 20.0], "with 19 both are of the same few, at 10"


def test_what_drifts_from_month_to_month_is_taken_off() -> None:
    assert without_drift(
        np.array([1.0, 2.0, 6.0, 11.0, 15.0]), np.array([0, 0, 0, 1, 1])
    ).tolist() == [-1.0, 0.0, 4.0, -2.0, 2.0]


def test_a_level_is_known_by_the_days_on_either_side_of_a_month() -> None:
    """Six days in each of two months; with five in the second there is no month to try."""
    value = np.array([*BELOW, *UP_AND_DOWN])
    month = Groups(np.repeat([0, 1], 6), ("2023-01", "2023-02"))
    shift = level_shift(value, month, np.arange(12), np.ones(12))
    assert shift is not None
    assert (shift.month, shift.before, shift.after, shift.difference) == (
        "2023-02",
        2.5,
        12.5,
        10.0,
    )
    assert shift.p_value == pytest.approx(erfc(18 / sqrt(2 * 39))), "one month was tried"
    assert (
        level_shift(value[:11], Groups(month.code[:11], month.names), np.arange(11), np.ones(11))
        is None
    )


@pytest.mark.parametrize(
    ("clock", "shift"),
    [
        ("00:00", 2),
        ("05:59", 2),
        ("06:00", 0),
        ("13:59", 0),
        ("14:00", 1),
        ("21:59", 1),
        ("22:00", 2),
        ("23:59", 2),
    ],
)
def test_a_batch_belongs_to_the_shift_that_it_began_in(clock: str, shift: int) -> None:
    seconds = 3600.0 * int(clock[:2]) + 60 * int(clock[3:])
    assert shifts_of(np.array([seconds]), ("06:00", "14:00", "22:00")).code.tolist() == [shift]


def test_a_pause_is_since_the_batch_before_on_the_same_equipment_that_kept_it_warm() -> None:
    """On f0 batches at 0-10, 15-20 (a start-up, which does not keep it warm), 30-40; on f1 one at
    12-14 and one that overlaps it.
    """
    start, end = np.array([0.0, 15.0, 30.0, 12.0, 13.0]), np.array([10.0, 20.0, 40.0, 14.0, 20.0])
    equipment, product = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 0, 0])
    pause, changed = pauses_and_changes(
        start, end, equipment, product, np.array([True, False, True, True, True])
    )
    assert np.nan_to_num(pause, nan=-9).tolist() == [-9, 5, 20, -9, -9], (
        "one that overlaps has none"
    )
    assert np.nan_to_num(changed, nan=-9).tolist() == [-9, 0, 1, -9, 0]


@pytest.mark.parametrize(
    ("changes", "use"),
    [
        ({}, Use.VALUE_ADDING),
        (
            {"excluded": "coverage"},
            Use.VALUE_ADDING,
        ),  # a label leaves it out, and yet it made product
        ({"excluded": "impossible-power"}, Use.EXCLUDED),
        (
            {"excluded": "negative-energy", "status": ProductStatus.SCRAP},
            Use.EXCLUDED,
        ),  # its energy is no real one, whatever it made
        ({"status": ProductStatus.SCRAP}, Use.SCRAP),
        ({"status": ProductStatus.TEST, "state": OperatingState.TRIAL}, Use.TEST),
        ({"state": OperatingState.HOLDING}, Use.WARM_HOLDING),
        ({"state": OperatingState.IDLE}, Use.IDLING),
        ({"output": 0.0}, Use.EXCLUDED),
    ],
)
def test_energy_of_a_batch_was_for_what_its_record_says(
    changes: dict[str, Any], use: Use, a_melt: Callable[..., Any]
) -> None:
    assert purpose(a_melt(0, **changes)) is use


def test_rejected_output_takes_its_share_of_what_was_produced_and_only_of_product(
    a_melt: Callable[..., Any],
) -> None:
    """20 t rejected beside 100 t good: a sixth of 1,200 kWh."""
    melt = a_melt(0, reject=20.0)
    assert energy_of_reject(melt, Use.VALUE_ADDING, 1200.0) == 200.0
    assert energy_of_reject(melt, Use.SCRAP, 1200.0) == 0.0
    assert energy_of_reject(a_melt(0), Use.VALUE_ADDING, 1200.0) == 0.0


@pytest.mark.parametrize(("count", "lowest"), [(100, 10), (54, 5), (56, 6), (20, 5), (3, 3)])
def test_batches_at_the_label_level_are_the_lowest_tenth_and_five_at_least(
    count: int, lowest: int
) -> None:
    falling = np.arange(count, 0, -1).astype(float)
    assert label_level(falling).tolist() == list(range(count - 1, count - 1 - lowest, -1))
