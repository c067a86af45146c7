"""How far a figure moved between two versions, and how far the quartiles of one lie apart: worked
out by hand.
"""

from __future__ import annotations

from math import sqrt

import pytest

from benchmarks.composition.result import difference, spread
from benchmarks.composition.rules import CurvePoint


def test_the_lower_end_of_a_difference_takes_what_lies_below_the_first_and_above_the_second() -> (
    None
):
    """Below 10 lie 2 and above 7 lie 2: 3 less the root of 8. Above 10 lies 1 and below 7 lies 1: 3
    and the root of 2.
    """
    value, (low, high) = difference((10.0, (8.0, 11.0)), (7.0, (6.0, 9.0)))
    assert (value, low, high) == pytest.approx((3.0, 3.0 - sqrt(8), 3.0 + sqrt(2)))


def test_a_difference_turned_around_is_its_negative() -> None:
    value, (low, high) = difference((10.0, (8.0, 11.0)), (7.0, (6.0, 9.0)))
    turned, (turned_low, turned_high) = difference((7.0, (6.0, 9.0)), (10.0, (8.0, 11.0)))
    assert (turned, turned_low, turned_high) == pytest.approx((-value, -high, -low))


def test_between_tenths_a_quartile_lies_midway() -> None:
    """Of p x p / 100: (4 + 9) / 2 = 6.5 and (49 + 64) / 2 = 56.5. Each end lies 1 below or 2 above
    its point: the root of 5 either way.
    """
    points = [
        CurvePoint(percent, percent**2 / 100, (percent**2 / 100 - 1, percent**2 / 100 + 2))
        for percent in range(10, 100, 10)
    ]
    apart = spread(points)
    assert apart is not None
    assert (apart[0], *apart[1]) == pytest.approx((50.0, 50.0 - sqrt(5), 50.0 + sqrt(5)))


def test_the_ends_of_a_quartile_between_tenths_are_midway_between_theirs() -> None:
    """Upper quartile 75 (73 to 79), lower 25 (24 to 26): down the root of 2 x 2 + 1 x 1, up that of
    4 x 4 + 1 x 1.
    """
    ends = {20: (19.0, 21.0), 30: (29.0, 31.0), 70: (67.0, 73.0), 80: (79.0, 85.0)}
    points = [
        CurvePoint(percent, float(percent), ends.get(percent, (0.0, 99.0)))
        for percent in range(10, 100, 10)
    ]
    apart = spread(points)
    assert apart is not None
    assert (apart[0], *apart[1]) == pytest.approx((50.0, 50.0 - sqrt(5), 50.0 + sqrt(17)))


def test_quartiles_that_are_points_themselves_are_taken_as_they_are() -> None:
    """40 (39 to 42) less 30 (27 to 31): down the root of 1 and 1, up that of 4 and 9."""
    points = [
        CurvePoint(25, 30.0, (27.0, 31.0)),
        CurvePoint(50, 33.0, (32.0, 34.0)),
        CurvePoint(75, 40.0, (39.0, 42.0)),
    ]
    apart = spread(points)
    assert apart is not None
    assert (apart[0], *apart[1]) == pytest.approx((10.0, 10.0 - sqrt(2), 10.0 + sqrt(13)))


def test_without_a_curve_no_spread_is_told() -> None:
    assert spread(()) is None
