"""The CO2 of a gap: one figure where a step takes one energy, bounds where it takes several,
nothing where it cannot be known.
"""

from __future__ import annotations

from datetime import date

import pytest

from benchmarks import packs
from benchmarks.comparison.co2 import Co2Factors, together
from benchmarks.conversion import Basis, FactorTable
from benchmarks.declared import Words
from benchmarks.measurements import CarrierEnergy
from benchmarks.routes import Boundary

ON = date(2025, 12, 31)
CHINA = Co2Factors(ON, "CN")
BEFORE_ANY = Co2Factors(date(2016, 12, 31), "CN")


def boundary(
    *carriers: str, credited: tuple[str, ...] = (), media: tuple[str, ...] = ()
) -> Boundary:
    return Boundary(
        id="b", words=Words(en="b", zh="界"), carriers=carriers, credited=credited, media=media
    )


def test_a_step_of_electricity_alone_has_one_figure() -> None:
    low, high = CHINA.co2(0.1229, boundary("electricity")) or (0, 0)
    assert low == high == pytest.approx(0.5306)  # 1 kWh, national average of 2023
    assert CHINA.per_kwh == pytest.approx(0.5306)


def test_bounds_hold_every_mix_of_a_steps_energies() -> None:
    """100 kgce of coal and electricity in any shares, by the factors that a plant's own report
    uses.
    """
    table = FactorTable.load().at("CN")
    low, high = CHINA.co2(100.0, boundary("coal", "electricity")) or (0, 0)
    assert low < high
    for share in (0.0, 0.3, 1.0):
        kwh = (
            100
            * (1 - share)
            / float(table.factor("electricity", Basis.CALORIFIC, ON).kgce_per_unit)
        )
        mix = [
            CarrierEnergy("coal", share * 100 * 29.3076, "MJ"),
            CarrierEnergy("electricity", kwh, "kWh"),
        ]
        assert sum(table.kgce(energy, Basis.CALORIFIC, ON) for energy in mix) == pytest.approx(100)
        assert low - 1e-9 <= sum(table.co2_kg(energy, ON) for energy in mix) <= high + 1e-9


def test_only_what_is_not_heat_may_be_electricity() -> None:
    """A gap of 100 kgce of which 80 to 95 are heat, by coal: within the bounds of the two mixes,
    far from all electricity.
    """
    kiln = boundary("coal", "electricity")
    coal, power = CHINA.co2(1.0, boundary("coal")), CHINA.co2(1.0, boundary("electricity"))
    assert coal is not None
    assert power is not None
    low, high = CHINA.co2(100.0, kiln, heat=(80.0, 95.0)) or (0, 0)
    assert (low, high) == pytest.approx((95 * coal[0] + 5 * power[0], 80 * coal[0] + 20 * power[0]))
    assert high < 100 * power[1]
    more, less = CHINA.co2(100.0, kiln, heat=(110.0, 110.0)), 110 * coal[0] - 10 * power[0]
    assert more == pytest.approx((less, less))  # more heat than the best, and less electricity
    assert CHINA.co2(100.0, boundary("electricity", credited=("heat",)), heat=(80.0, 95.0)) is None


@pytest.mark.parametrize("unknown", [boundary("electricity", credited=("heat",)), boundary()])
def test_what_cannot_be_bounded_is_not_known(unknown: Boundary) -> None:
    assert CHINA.co2(1.0, unknown) is None


def test_the_co2_of_a_gap_is_no_surer_than_the_gap() -> None:
    grinding = next(step for step in packs.load("cement").steps if step.id == "cement-grinding")
    interval = CHINA.of_gap((0.65, 0.70), grinding.boundary, None)
    assert interval == pytest.approx((0.65 * 0.5306 / 0.1229, 0.70 * 0.5306 / 0.1229))
    assert CHINA.of_gap((0.65, 0.70), None, None) is None


def test_a_medium_made_elsewhere_counts_as_the_electricity_that_made_it() -> None:
    assert CHINA.co2(1.0, boundary("electricity", media=("oxygen",))) == CHINA.co2(
        1.0, boundary("electricity")
    )
    assert CHINA.co2(1.0, boundary("coal", media=("oxygen",))) == CHINA.co2(
        1.0, boundary("coal", "electricity")
    )


def test_a_carrier_without_a_factor_on_that_day_leaves_it_unknown() -> None:
    assert BEFORE_ANY.co2(1.0, boundary("electricity")) is None
    assert BEFORE_ANY.per_kwh is None


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    assert together([(1.0, 2.0), (0.5, 0.5)]) == (1.5, 2.5)
    assert together([(1.0, 2.0), None]) is None


def test_factors_are_those_of_the_periods_last_day() -> None:
    assert Co2Factors.of("2025", "cn/hebei") == CHINA


def test_every_step_of_cement_that_credits_nothing_is_bounded_by_figures_of_its_fuels() -> None:
    crediting = {step.id for step in packs.load("cement").steps if step.boundary.credited}
    assert crediting == {"waste-heat-power"}  # what a gap of its total emits is not known
    for step in packs.load("cement").steps:
        if step.id in crediting:
            assert CHINA.co2(1.0, step.boundary) is None
            continue
        low, high = CHINA.co2(1.0, step.boundary) or (0, 0)
        assert 1.5 < low <= high < 5.0  # kg per kgce: gas 1.6, coal 2.6, the grid 4.3
