"""Numbers as readers meet them."""

from __future__ import annotations

import pytest
from django.utils import translation

from benchmarks.comparison.estimates import Estimate
from portal.web.presenters.potentials import added_up
from portal.web.words.figures import (
    MINUS,
    between,
    energy_units,
    fitting_decimals,
    in_bounds,
    number,
    ordinal,
    per_cent,
    signed,
)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.021, "0.021"),
        (3.16, "3.16"),
        (95.42, "95.4"),
        (13210.4, "13,210"),
        (-0.9, f"{MINUS}0.90"),
        (-27.0, f"{MINUS}27.0"),
    ],
)
def test_decimals_fit_the_size_and_a_minus_is_a_true_one(value: float, shown: str) -> None:
    assert number(value) == shown


def test_a_value_that_rounds_to_nothing_carries_no_sign() -> None:
    assert number(-0.001, 2) == "0.00"
    assert signed(0.001, 2) == "0.00"
    assert signed(-0.001, 2) == "0.00"


def test_a_difference_says_which_way_it_goes() -> None:
    assert (signed(5.4), signed(-0.3)) == ("+5.40", f"{MINUS}0.30")


def test_an_interval_is_said_in_words_for_a_dash_would_be_one_more_minus() -> None:
    with translation.override("en"):
        assert between(-1.1, -0.7) == f"{MINUS}1.10 to {MINUS}0.70"
    with translation.override("zh-hans"):
        assert between(-1.1, -0.7) == f"{MINUS}1.10 至 {MINUS}0.70"
    assert between(None, 1.0) == ""


def test_places_are_counted_in_both_languages() -> None:
    with translation.override("en"):
        assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)] == [
            *("1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th")
        ]
        assert per_cent(0.906) == "91 %"
    with translation.override("zh-hans"):
        assert ordinal(12) == "第 12 名"
        assert per_cent(0.906) == "91%"


def test_a_step_of_electricity_alone_shows_the_kilowatt_hours_that_were_metered() -> None:
    units = energy_units(kgce_per_kwh=0.1229)
    metered_kwh = 25.7
    assert metered_kwh * 0.1229 * units["kWh"].per_kgce == pytest.approx(metered_kwh)
    assert units["MJ"].per_kgce == 29.3076


def test_a_unit_scales_the_value_with_its_interval() -> None:
    assert Estimate(2.0, 1.0, 3.0).scaled(10) == Estimate(20.0, 10.0, 30.0)
    assert Estimate(2.0).scaled(10) == Estimate(20.0)


def test_a_value_has_no_more_digits_than_its_interval_bears_out() -> None:
    assert fitting_decimals(3, (-29.125, -27.625)) == 1, "-28.4 and not -28.375"
    assert fitting_decimals(0, (358.0, 368.0)) == 0
    assert fitting_decimals(3, None) == 3


def test_a_sum_of_savings_is_told_with_the_sums_of_the_ends() -> None:
    total, ends = added_up([(6.38, (5.5, 7.2)), (1.36, (1.0, 1.8))])
    assert total == pytest.approx(7.74)
    assert ends == pytest.approx((6.5, 9.0))


def test_bounds_that_read_the_same_are_one_figure() -> None:
    assert [in_bounds(bounds) for bounds in ((0.53, 0.53), (1.0, 2.5), None)] == [
        "0.53",
        "1.00 to 2.50",
        "\u2013",
    ]
