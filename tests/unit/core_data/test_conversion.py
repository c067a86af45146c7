"""Conversion: dated factors, the order in which a heat content is found, signs, and refusals
instead of guesses.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from benchmarks.carriers import CARRIERS, carrier, read_table
from benchmarks.conversion import TABLE, Basis, FactorTable
from benchmarks.errors import InputError
from benchmarks.measurements import CarrierEnergy, Direction
from benchmarks.quantities import ratio
from reporting_agent.config.site_boundary import Emissions

TABLE_IN_USE = FactorTable.load()
DAY = date(2024, 6, 1)


def kgce(energy: CarrierEnergy, basis: Basis = Basis.CALORIFIC, on: date = DAY) -> float:
    return TABLE_IN_USE.kgce(energy, basis, on)


def test_electricity_becomes_coal_equivalent_by_the_standards_factor_and_not_by_physics() -> None:
    assert kgce(CarrierEnergy("electricity", 1, "MWh")) == pytest.approx(122.9, rel=1e-12)
    assert abs(3600 / 29.3076 - 122.9) > 0.05


def test_clinker_arithmetic_of_the_standard_holds_with_the_factor() -> None:
    # GB 16780-2021: coal + 0.1229 x electricity reproduces the comprehensive grades 100, 107, 117
    # to within rounding
    for coal, kwh, comprehensive in ((94, 48, 99.9), (100, 57, 107.0), (109, 61, 116.5)):
        assert coal + kgce(CarrierEnergy("electricity", kwh, "kWh")) == pytest.approx(
            comprehensive, abs=0.05
        )


def test_the_two_bases_of_electricity_are_kept_apart() -> None:
    electricity = CarrierEnergy("electricity", 1000, "kWh")
    assert kgce(electricity, Basis.EQUIVALENT, date(2026, 3, 1)) == pytest.approx(300.0)
    assert kgce(electricity, Basis.CALORIFIC, date(2026, 3, 1)) == pytest.approx(122.9)


def test_the_edition_in_force_on_the_day_is_used() -> None:
    last_of_2008 = TABLE_IN_USE.factor("coal", Basis.CALORIFIC, date(2021, 3, 31))
    first_of_2020 = TABLE_IN_USE.factor("coal", Basis.CALORIFIC, date(2021, 4, 1))
    assert (last_of_2008.edition, first_of_2020.edition) == ("GB/T 2589-2008", "GB/T 2589-2020")


def test_a_day_before_every_edition_has_no_factor() -> None:
    with pytest.raises(InputError) as refusal:
        TABLE_IN_USE.factor("electricity", Basis.CALORIFIC, date(2008, 5, 31))
    assert refusal.value.code == "factor-missing"


@pytest.mark.parametrize(
    "id_", ["natural-gas", "coke-oven-gas", "steam", "petroleum-coke", "anthracite", "mixed-gas"]
)
def test_a_carrier_whose_sources_disagree_needs_its_heat_content(id_: str) -> None:
    unit = CARRIERS[id_].unit
    with pytest.raises(InputError) as refusal:
        kgce(CarrierEnergy(id_, 10, unit))
    assert refusal.value.code == "lhv-required"
    assert kgce(CarrierEnergy(id_, 10, unit, lhv_mj_per_unit=29.3076)) == pytest.approx(10)
    assert kgce(CarrierEnergy(id_, 0.293076, "GJ")) == pytest.approx(10)


def test_a_measured_heating_value_goes_before_the_table() -> None:
    by_table = kgce(CarrierEnergy("blast-furnace-gas", 1000, "Nm3"))
    measured = kgce(CarrierEnergy("blast-furnace-gas", 1000, "Nm3", lhv_mj_per_unit=3.3))
    assert by_table == pytest.approx(128.6)
    assert measured == pytest.approx(3300 / 29.3076)


def test_a_heating_value_is_per_the_unit_the_amount_is_given_in() -> None:
    assert kgce(CarrierEnergy("coal", 2, "t", lhv_mj_per_unit=20_934)) == pytest.approx(
        2 * 20_934 / 29.3076
    )


@pytest.mark.parametrize(
    ("unit", "mj"),
    [
        ("therm", 105.506),
        ("PJ", 1e9),
        ("TWh", 3.6e9),
        ("Btu", 0.00105506),
        ("Mcal", 4.1868),
        ("kNm3", 35_500.0),
    ],
)
def test_a_fuel_may_be_given_in_any_unit_that_measures_heat(unit: str, mj: float) -> None:
    """Every unit that a row of energy may have: its heat where it is one of energy, else by the
    heating value.
    """
    energy = CarrierEnergy("natural-gas", 2, unit, lhv_mj_per_unit=35_500.0)
    assert TABLE_IN_USE.mj(energy, DAY) == pytest.approx(2 * mj, rel=1e-3)
    assert kgce(energy) == pytest.approx(2 * mj / 29.3076, rel=1e-3)


def test_coal_of_7000_kilocalories_a_kilogram_is_coal_equivalent() -> None:
    """GB/T 2589: 29,307.6 kJ are 7,000 kcal, so a kilocalorie is the one of the steam tables."""
    assert kgce(
        CarrierEnergy("coal", 1, "kg", lhv_mj_per_unit=7000 * ratio("kcal/kg", "MJ/kg"))
    ) == pytest.approx(1.0, rel=1e-12)
    assert kgce(CarrierEnergy("natural-gas", 7, "Gcal")) == pytest.approx(1000.0, rel=1e-12)


def test_heat_is_counted_by_its_own_factor() -> None:
    assert kgce(CarrierEnergy("heat", 1, "GJ")) == pytest.approx(34.12)


def test_coal_given_in_coal_equivalent_is_refused() -> None:
    with pytest.raises(InputError) as refusal:
        kgce(CarrierEnergy("coal", 1, "tce"))
    assert refusal.value.code == "unit-mismatch"


def test_water_counts_by_the_edition_of_the_day_and_never_by_both() -> None:
    water = CarrierEnergy("water", 1, "t")
    assert [
        kgce(water, Basis.EQUIVALENT, date(year, 6, 1)) for year in (2016, 2023)
    ] == pytest.approx([0.0857, 0.2571])


def test_nitrogen_has_no_equal_value_while_its_two_kinds_are_not_told_apart() -> None:
    with pytest.raises(InputError) as refusal:
        kgce(CarrierEnergy("nitrogen", 1, "Nm3"), Basis.EQUIVALENT)
    assert refusal.value.code == "factor-missing"


def test_a_province_s_factor_is_kept_and_applied_to_nobody() -> None:
    assert "0.28078" in TABLE.read_text(encoding="utf-8")
    assert {
        str(row.kgce_per_unit) for row in TABLE_IN_USE.factors["electricity", Basis.EQUIVALENT]
    } == {"0.3000"}


def test_a_version_of_the_table_that_is_not_there_is_refused_with_those_that_are() -> None:
    first, newest = FactorTable.of("1"), FactorTable.of("newest")
    assert (first.version, first.digest) == (newest.version, newest.digest)
    with pytest.raises(InputError) as refusal:
        FactorTable.of("2")
    assert (refusal.value.code, refusal.value.wanted) == ("factor-table-version-unknown", "1")


def test_an_unknown_carrier_is_refused_with_the_carriers_there_are() -> None:
    with pytest.raises(InputError) as refusal:
        carrier("elektrizität")
    assert refusal.value.code == "carrier-unknown"
    assert "natural-gas" in refusal.value.wanted


@given(
    st.sampled_from(["electricity", "coal", "coke", "blast-furnace-gas", "heat", "oxygen"]),
    st.floats(0, 1e9, allow_nan=False),
    st.sampled_from(list(Basis)),
)
def test_energy_that_leaves_counts_the_same_the_other_way(
    id_: str, quantity: float, basis: Basis
) -> None:
    unit = CARRIERS[id_].unit
    kgce_in = kgce(CarrierEnergy(id_, quantity, unit), basis)
    assert kgce_in >= 0
    for direction in (Direction.EXPORT, Direction.RECOVERED):
        assert kgce(CarrierEnergy(id_, quantity, unit, direction), basis) == -kgce_in


def test_fuels_count_the_same_on_both_bases() -> None:
    for id_ in (
        "coal",
        "cleaned-coal",
        "coke",
        "diesel",
        "lng",
        "blast-furnace-gas",
        "converter-gas",
        "heat",
    ):
        energy = CarrierEnergy(id_, 1, CARRIERS[id_].unit)
        assert kgce(energy, Basis.CALORIFIC) == kgce(energy, Basis.EQUIVALENT)


def test_a_medium_counts_more_at_equal_value_than_as_the_electricity_that_made_it() -> None:
    oxygen = CarrierEnergy("oxygen", 1, "Nm3")
    assert kgce(oxygen) == pytest.approx(0.55 * 0.1229)
    assert kgce(oxygen, Basis.EQUIVALENT) == pytest.approx(0.4)


def test_electricity_and_heat_are_told_apart() -> None:
    electricity, coal = CarrierEnergy("electricity", 2, "MWh"), CarrierEnergy("coal", 1, "kg")
    assert (TABLE_IN_USE.kwh(electricity, DAY), TABLE_IN_USE.mj(electricity, DAY)) == (2000.0, 0.0)
    assert TABLE_IN_USE.kwh(coal, DAY) == 0.0
    assert TABLE_IN_USE.mj(coal, DAY) == pytest.approx(0.7143 * 29.3076)
    assert TABLE_IN_USE.mj(CarrierEnergy("oxygen", 1, "Nm3"), DAY) == 0.0


@pytest.mark.parametrize(
    ("id_", "quantity", "unit", "kg"),
    [
        ("anthracite", 1, "t", 2322.8),
        ("coal", 1, "t", 2071.5),
        ("cleaned-coal", 1, "t", 2281.8),
        ("coke", 1, "t", 2851.8),
        ("natural-gas", 1, "万Nm3", 21621.9),
        ("blast-furnace-gas", 1, "万Nm3", 8481.1),
        ("converter-gas", 1, "万Nm3", 15124.0),
        ("coke-oven-gas", 1, "万Nm3", 7622.4),
        ("heat", 1, "GJ", 110.0),
        ("electricity", 1, "MWh", 530.6),
    ],
)
def test_carbon_dioxide_agrees_with_the_published_products(
    id_: str, quantity: float, unit: str, kg: float
) -> None:
    assert TABLE_IN_USE.at("CN").co2_kg(CarrierEnergy(id_, quantity, unit), DAY) == pytest.approx(
        kg, rel=1e-4
    )


@pytest.mark.parametrize("country", [None, "DE"])
def test_electricity_emits_by_its_own_countrys_grid_or_nobody_knows(country: str | None) -> None:
    with pytest.raises(InputError, match="no CO2 factor") as refusal:
        TABLE_IN_USE.at(country).co2_kg(CarrierEnergy("electricity", 1, "MWh"), DAY)
    assert "[emissions]" in refusal.value.remedy


def test_a_supplys_own_factor_comes_before_the_countrys() -> None:
    own = Emissions.model_validate(
        {
            "country": "CN",
            "electricity": [{"from": DAY, "kg_per_kwh": "0.1", "source": "supplier, 2025"}],
        }
    ).factors
    assert own.co2_kg(CarrierEnergy("electricity", 1, "MWh"), DAY) == pytest.approx(100)
    assert own.co2_kg(
        CarrierEnergy("electricity", 1, "MWh"), DAY - timedelta(days=1)
    ) == pytest.approx(530.6)
    with pytest.raises(ValidationError, match="two factors"):
        Emissions.model_validate(
            {
                "electricity": [
                    {"from": DAY, "kg_per_kwh": 1, "source": "one"},
                    {"from": DAY, "kg_per_kwh": 2, "source": "two"},
                ]
            }
        )


def test_carbon_dioxide_follows_the_measured_heating_value() -> None:
    by_default = TABLE_IN_USE.co2_kg(CarrierEnergy("converter-gas", 1000, "Nm3"), DAY)
    measured = TABLE_IN_USE.co2_kg(
        CarrierEnergy("converter-gas", 1000, "Nm3", lhv_mj_per_unit=4.2), DAY
    )
    assert measured == pytest.approx(by_default / 2)


def test_carbon_dioxide_of_a_year_without_a_grid_factor_is_refused() -> None:
    with pytest.raises(InputError) as refusal:
        TABLE_IN_USE.co2_kg(CarrierEnergy("electricity", 1, "kWh"), date(2016, 1, 1))
    assert refusal.value.code == "carbon-factor-missing"


def test_every_factor_from_2010_on_is_in_force_without_a_gap() -> None:
    for (id_, basis), rows in TABLE_IN_USE.factors.items():
        assert rows[0].effective_from <= date(2010, 1, 1), id_
        assert rows[-1].effective_to is None, id_
        for earlier, later in pairwise(rows):
            assert earlier.effective_to == later.effective_from, (id_, basis)


def test_every_carrier_has_a_factor_or_a_stated_conflict() -> None:
    for id_ in read_table():
        assert (id_, Basis.CALORIFIC) in TABLE_IN_USE.factors or id_ in TABLE_IN_USE.conflicts, id_


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("effective_to = 2021-04-01", "effective_to = 2022-04-01", "two factors"),
        ('source = "gbt-2589-table"', 'source = "hearsay"', "hearsay"),
        ("kgce_per_unit = 0.7143", 'kgce_per_unit = "much"', "kgce_per_unit"),
        ("oxidised = 0.94\n", "", "either per unit, or"),
        ("[[factor]]", "[[factor", "line"),
    ],
)
def test_a_faulty_table_is_refused_with_what_is_wrong(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    path = tmp_path / "conversion.toml"
    path.write_text(TABLE.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        FactorTable.load(path)
    assert refusal.value.code == "factor-table-invalid"
    assert expected in refusal.value.found
