"""States of gas and steam, against the tables of the formulation and against arithmetic by hand."""

import subprocess
import sys

import numpy as np
import pytest

from benchmarks import gas_and_steam

# IAPWS R7-97(2012): table 5 (region 1) is water and refused here; table 15 (region 2), T in K, p in
# MPa, v in m3/kg, h in kJ/kg
TABLE_15 = [
    (300, 0.0035, 0.394913866e2, 0.254991145e4),
    (700, 0.0035, 0.923015898e2, 0.333568375e4),
    (700, 30, 0.542946619e-2, 0.263149474e4),
]
TABLE_5 = [(300, 3, 0.115331273e3), (300, 80, 0.184142828e3), (500, 3, 0.975542239e3)]
# table 35 and 36 of the same release: saturation pressure (MPa) at T (K), saturation temperature
# (K) at p (MPa)
TABLE_35 = [(300, 0.353658941e-2), (500, 0.263889776e1), (600, 0.123443146e2)]
TABLE_36 = [(0.1, 0.372755919e3), (1, 0.453035632e3), (10, 0.584149488e3)]


@pytest.mark.parametrize(("kelvin", "mpa", "volume", "enthalpy"), TABLE_15)
def test_steam_agrees_with_the_verification_values_of_region_2(
    kelvin: float, mpa: float, volume: float, enthalpy: float
) -> None:
    enthalpies, density = gas_and_steam.superheated(
        np.array([float(kelvin)]), np.array([mpa * 1000.0])
    )
    assert enthalpies[0] == pytest.approx(enthalpy, rel=1e-8)
    assert 1 / density[0] == pytest.approx(volume, rel=1e-8)


@pytest.mark.parametrize(("kelvin", "mpa", "enthalpy"), TABLE_5)
def test_the_library_agrees_with_the_verification_values_of_region_1(
    kelvin: float, mpa: float, enthalpy: float
) -> None:
    from CoolProp.CoolProp import PropsSI

    assert PropsSI("H", "P", mpa * 1e6, "T", kelvin, "IF97::Water") / 1000 == pytest.approx(
        enthalpy, rel=1e-8
    )


@pytest.mark.parametrize(("kelvin", "mpa"), TABLE_35)
def test_saturation_holds_in_both_directions(kelvin: float, mpa: float) -> None:
    by_temperature, _ = gas_and_steam.saturated("T", np.array([float(kelvin)]), 1.0)
    by_pressure, _ = gas_and_steam.saturated("P", np.array([mpa * 1000]), 1.0)
    assert by_temperature[0] == pytest.approx(by_pressure[0], rel=2e-6)


@pytest.mark.parametrize(("mpa", "kelvin"), TABLE_36)
def test_steam_well_below_saturation_is_no_steam_and_a_little_below_it_is_dry_steam(
    mpa: float, kelvin: float
) -> None:
    pressure = np.full(3, mpa * 1000.0)
    enthalpies, _ = gas_and_steam.superheated(
        np.array([kelvin + 1, kelvin - 1, kelvin - 3]), pressure
    )
    dry, _ = gas_and_steam.saturated("P", pressure[:1], 1.0)
    assert enthalpies[0] > dry[0]
    assert enthalpies[1] == pytest.approx(dry[0], rel=1e-9)
    assert np.isnan(enthalpies[2])


def test_wet_steam_is_a_mixture_by_mass() -> None:
    pressure = np.array([1000.0])
    (water, _), (dry, _) = (
        gas_and_steam.saturated("P", pressure, 1e-12),
        gas_and_steam.saturated("P", pressure, 1.0),
    )
    wet, density = gas_and_steam.saturated("P", pressure, 0.9)
    assert wet[0] == pytest.approx(0.9 * dry[0] + 0.1 * water[0])
    assert density[0] < gas_and_steam.saturated("P", pressure, 0.8)[1][0]


def test_feed_water_has_the_enthalpy_of_the_steam_tables() -> None:
    assert gas_and_steam.water_enthalpy(104) == pytest.approx(435.98, abs=0.02)
    assert gas_and_steam.water_enthalpy(20) == pytest.approx(83.92, abs=0.01)


def test_what_is_outside_the_formulation_has_no_state() -> None:
    enthalpy, density = gas_and_steam.superheated(
        np.array([1200.0, 500.0, np.nan, 500.0]), np.array([100.0, 2e5, 100.0, 0.0])
    )
    assert np.isnan(enthalpy).all()
    assert np.isnan(density).all()


def test_a_gas_becomes_normal_cubic_metres_by_the_law_of_ideal_gases() -> None:
    # 20 degC and 0.2 bar gauge: 121.325 / 101.325 x 273.15 / 293.15
    factor = gas_and_steam.normal_volume(
        np.array([293.15, 273.15, -1.0, 300.0]), np.array([121.325, 101.325, 100.0, 0.0])
    )
    assert factor[:2] == pytest.approx([1.1156937, 1.0], rel=1e-6)
    assert np.isnan(factor[2:]).all()


@pytest.mark.parametrize(("kelvin", "mpa"), TABLE_35)
def test_water_is_saturated_at_the_pressure_of_the_formulation(kelvin: float, mpa: float) -> None:
    assert gas_and_steam.saturation_kpa(np.array([float(kelvin)]))[0] == pytest.approx(
        mpa * 1000, rel=1e-3
    )


def test_a_wet_gas_holds_what_its_own_pressure_makes_of_the_volume() -> None:
    # 19.946 kPa at 60 degC (IAPWS SR1-86(1992)): 81.379 of 101.325; nothing is left where vapour
    # alone would be more than the pressure
    shares = gas_and_steam.dry_share(
        np.array([333.15, 333.15, 380.0, 333.15]), np.array([101.325, 101.325, 101.325, 0.0]), 1.0
    )
    assert shares[:2] == pytest.approx(81.379 / 101.325, rel=1e-4)
    assert np.isnan(shares[2:]).all()
    half = gas_and_steam.dry_share(np.array([333.15]), np.array([101.325]), 0.5)
    assert half[0] == pytest.approx(1 - 9.973 / 101.325, rel=1e-4)
    assert gas_and_steam.saturation_kpa(np.array([273.16]))[0] == pytest.approx(
        0.611657, rel=1e-4
    )  # the triple point


def test_the_tables_are_loaded_without_the_fluids_beside_them_and_once() -> None:
    code = (
        "import sys; from benchmarks.gas_and_steam import water_enthalpy; water_enthalpy(80.0);"
        "assert 'CoolProp' not in sys.modules; ours = sys.modules['CoolProp.CoolProp'];"
        "import CoolProp.CoolProp as theirs; assert ours is theirs; water_enthalpy(80.0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
