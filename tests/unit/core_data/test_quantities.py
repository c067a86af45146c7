"""Units: plants' spellings are read, and dimensions that need a factor or a state are never
bridged.
"""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.errors import InputError
from benchmarks.quantities import MULTIPLES, SPELLINGS, ratio, registry, spelled

ENERGY = ("J", "kJ", "MJ", "GJ", "kWh", "MWh", "kcal", "Gcal", "wan_kWh")
MASS = ("g", "kg", "t", "wan_t")


@pytest.mark.parametrize(
    ("from_unit", "to_unit", "wanted"),
    [
        ("MWh", "kWh", 1000.0),
        ("kWh", "MJ", 3.6),
        ("GJ", "MJ", 1000.0),
        ("kcal", "kJ", 4.1868),
        ("t", "kg", 1000.0),
        ("tce", "kgce", 1000.0),
        ("kNm3", "Nm3", 1000.0),
        ("kWh/t", "MWh/t", 0.001),
        ("万kWh", "kWh", 10_000.0),
        ("万Nm³", "Nm3", 10_000.0),
        ("吨", "kg", 1000.0),
        ("T", "t", 1.0),
        ("KWH", "kWh", 1.0),
        ("kWh / 吨", "kWh/t", 1.0),
        ("MJ/Nm³", "MJ/Nm3", 1.0),
        ("m³", "L", 1000.0),
    ],
)
def test_a_unit_as_a_plant_writes_it_becomes_the_unit_wanted(
    from_unit: str, to_unit: str, wanted: float
) -> None:
    assert ratio(from_unit, to_unit) == pytest.approx(wanted, rel=1e-12)


@given(
    st.sampled_from([ENERGY, MASS]).flatmap(lambda units: st.tuples(*[st.sampled_from(units)] * 3))
)
def test_conversions_chain_and_undo_each_other(units: tuple[str, str, str]) -> None:
    a, b, c = units
    assert ratio(a, b) * ratio(b, c) == pytest.approx(ratio(a, c), rel=1e-12)
    assert ratio(a, b) * ratio(b, a) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize(
    ("from_unit", "to_unit", "remedy"),
    [
        ("kWh", "kgce", "dated conversion factor"),
        ("tce", "t", "dated conversion factor"),
        ("m3", "Nm3", "normal state"),
        ("kW", "kWh", "Correct the unit"),
    ],
)
def test_what_does_not_measure_the_same_is_refused_with_the_way_out(
    from_unit: str, to_unit: str, remedy: str
) -> None:
    with pytest.raises(InputError) as refusal:
        ratio(from_unit, to_unit)
    assert refusal.value.code == "unit-mismatch"
    assert remedy in refusal.value.remedy


@pytest.mark.parametrize("nonsense", ["bananas", "kWh/", "m3/h)", "??", "千"])
def test_a_unit_that_cannot_be_read_is_refused(nonsense: str) -> None:
    with pytest.raises(InputError) as refusal:
        ratio(nonsense, "kWh")
    assert refusal.value.code == "unit-unknown"
    assert refusal.value.found


def test_every_spelling_leads_to_a_unit_of_the_registry() -> None:
    for unit in SPELLINGS.values():
        assert registry().parse_units(unit)


def test_a_spelling_is_read_part_by_part() -> None:
    assert spelled(" 万度 / 吨") == "wan_kWh/t"


def test_pint_is_not_imported_before_a_conversion_needs_it() -> None:
    program = (
        "import sys; from benchmarks.quantities import ratio; ratio('kWh', 'kWh'); ratio('KWH', "
        "'kWh'); print('pint' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("units", MULTIPLES, ids=lambda units: next(iter(units)))
def test_known_multiples_are_those_of_pint(units: dict[str, int]) -> None:
    for unit, other in itertools.product(units, repeat=2):
        asked = registry().convert(1.0, registry().parse_units(unit), registry().parse_units(other))
        assert ratio(unit, other) == pytest.approx(asked, rel=1e-14)


def test_multiples_and_units_per_unit_do_not_start_pint() -> None:
    asked = (
        "ratio('GJ', 'MJ'), ratio('MWh', 'MJ'), ratio('MJ/kg', 'MJ/t'), ratio('kJ/Nm3', 'MJ/Nm3')"
    )
    program = (
        f"import sys; from benchmarks.quantities import ratio; print({asked}, 'pint' in "
        "sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["1000.0", "3600.0", "1000.0", "0.001", "False"]


@pytest.mark.parametrize("unit", ["ton", "tons", "Ton", "TONS", "kWh/ton"])
def test_a_ton_is_asked_about(unit: str) -> None:
    with pytest.raises(InputError) as refused:
        ratio(unit, "kWh/t" if "/" in unit else "t")
    assert refused.value.code == "unit-ambiguous"


@pytest.mark.parametrize("unit", ["mWh", "mJ", "mW", "mcal", "mtce", "µJ", "mWh/t"])
def test_a_small_m_of_energy_is_asked_about_and_is_never_a_thousandth(unit: str) -> None:
    with pytest.raises(InputError) as refused:
        ratio(unit, {"mW": "kW", "mtce": "kgce", "mWh/t": "kWh/t"}.get(unit, "kWh"))
    assert refused.value.code == "unit-ambiguous"
    assert "MWh" in str(refused.value.remedy)


@pytest.mark.parametrize("unit", ["mt", "µt", "mt/h"])
def test_a_tonne_with_a_small_m_is_asked_about_and_is_no_kilogram(unit: str) -> None:
    with pytest.raises(InputError) as refused:
        ratio(unit, "t/h" if "/" in unit else "t")
    assert (refused.value.code, refused.value.wanted) == ("unit-ambiguous", "t or kg")


@pytest.mark.parametrize("unit", ["mton", "mtons", "kton", "Mton"])
def test_a_ton_behind_a_prefix_is_asked_about_as_a_ton_is(unit: str) -> None:
    with pytest.raises(InputError) as refused:
        ratio(unit, "t")
    assert (refused.value.code, refused.value.wanted) == (
        "unit-ambiguous",
        "t, short_ton or long_ton",
    )


def test_a_capital_m_and_small_amounts_of_matter_stay() -> None:
    assert ratio("Mt", "t") == pytest.approx(1e6)
    assert (ratio("MWh", "kWh"), ratio("mwh", "kWh")) == (1000.0, 1000.0)
    assert ratio("mg", "kg") == pytest.approx(1e-6)
    assert ratio("mm", "m") == pytest.approx(1e-3)


def test_named_tons_are_what_they_say() -> None:
    assert ratio("tonne", "t") == 1.0
    assert ratio("short_ton", "t") == pytest.approx(0.90718474)
    assert ratio("long_ton", "t") == pytest.approx(1.0160469088)
