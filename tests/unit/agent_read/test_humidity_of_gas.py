"""Gas that is metered wet holds less heat than its volume says: its humidity is declared and taken
off, or told beside the label.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.errors import InputError
from benchmarks.labels import StepLabel
from reporting_agent.audit.openings.declared import declared_in
from reporting_agent.config import load_site
from tests.unit.agent_read.small_works import Ran, gave, going_out, labelled, of, took, works

RUNS, HEAT_T = 60, 200.0
WET_M3 = 90 * 101.325 / (101.325 - 19.9458) * 333.15 / 273.15
"""Of 90 Nm3 of dry gas a tonne, at 60 °C and 101.325 kPa saturated: 19.9458 kPa of vapour (IAPWS
SR1-86). 90 x 8.1 MJ are 24.87 kgce/t.
"""
USED = [
    took("electricity", 25, "kWh"),
    took("oxygen", 54, "Nm3"),
    took("coke-oven-gas", 1, "Nm3", 17.4),
]
METER = """
[[meters]]
id = "ldg"
{place}carrier = "converter-gas"
direction = "{direction}"
reading = "register"
unit = "{unit}"
lhv = 8.1
lhv_source = "measured"
{state}
"""
AT_60 = "temperature_c = 60\npressure_kpa = 101.325"


def converter(
    folder: Path,
    state: str,
    m3: float = WET_M3,
    unit: str = "m3",
    direction: str = "recovered",
    virtual: bool = False,
) -> Path:
    """A converter whose gas meter counts `m3` a tonne in that state."""
    place = "" if virtual else 'step = "converter"\n'
    settings = 'readings = "readings.csv"\n[static]\nconverter_type = "top-blown"\n'
    settings += METER.format(place=place, direction=direction, unit=unit, state=state)
    if virtual:
        settings += '[[meters]]\nid = "of-it"\nstep = "converter"\ncarrier = "converter-gas"\ndirection = "recovered"\nunit = "Nm3"\nlhv = 8.1\n'
        settings += 'lhv_source = "measured"\nrole = "virtual"\nformula = { plus = ["ldg"] }\n'
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    times = (
        (minute, (begin + timedelta(minutes=minute)).isoformat())
        for minute in range(0, 60 * RUNS + 1, 5)
    )
    readings = [f"ldg,{stamp},{m3 * HEAT_T * minute / 60:.4f}" for minute, stamp in times]
    (folder / "readings.csv").write_text(
        "\n".join(["meter_id,timestamp,value", *readings]) + "\n", encoding="utf-8"
    )
    return works(
        folder, "steel", {"converter": Ran(HEAT_T, USED, {"scrap_pct": 0.0})}, settings, runs=RUNS
    ).path


def label_of(site: Path) -> tuple[StepLabel, list[str]]:
    label = of(labelled(load_site(site)), "converter")
    assert (label.used, label.excluded) == (RUNS, {})
    return label, [proviso.en for proviso in label.provisos if "vapour" in proviso.en]


def test_saturated_gas_counts_as_the_dry_gas_that_it_holds(tmp_path: Path) -> None:
    label, sentences = label_of(converter(tmp_path, AT_60 + "\nrelative_humidity_pct = 100"))
    assert -label.energy_by_carrier["converter-gas"] / label.output == pytest.approx(
        90 * 8.1 / 29.3076, rel=1e-4
    )
    assert sentences == []
    assert going_out(load_site(tmp_path / "site.toml")) == {"converter": {None}}


@pytest.mark.parametrize("virtual", [False, True])
@pytest.mark.parametrize(
    ("humidity", "beginning"),
    [
        ("", "Nothing states the humidity of the converter gas that meter ldg"),
        (
            "\nrelative_humidity_pct = 0",
            "The site declares a relative humidity of 0 % for the converter gas",
        ),
    ],
)
def test_warm_gas_of_no_or_of_little_humidity_is_told_with_its_size(
    tmp_path: Path, humidity: str, beginning: str, virtual: bool
) -> None:
    """A fourth more than it holds: 24.87 x (101.325 / 81.379 - 1) = 6.10 kgce/t."""
    _, (sentence,) = label_of(converter(tmp_path, AT_60 + humidity, virtual=virtual))
    assert sentence.startswith(beginning)
    assert "19.7% water vapour" in sentence
    assert "the label would be higher by 6.1 kgce/t." in sentence


def test_an_orifice_that_computes_with_a_fixed_state_counts_vapour_as_well(tmp_path: Path) -> None:
    state = AT_60 + "\ncomputed_at = { temperature_c = 60, pressure_kpa = 101.325 }"
    (tmp_path / "a").mkdir()
    _, (sentence,) = label_of(converter(tmp_path / "a", state, 90 / 0.80315, "Nm3"))
    assert "19.7% water vapour" in sentence
    label, _ = label_of(
        converter(tmp_path, state + "\nrelative_humidity_pct = 100", 90 / 0.80315, "Nm3")
    )
    assert -label.energy_by_carrier["converter-gas"] / label.output == pytest.approx(
        90 * 8.1 / 29.3076, rel=1e-4
    )


@pytest.mark.parametrize(
    ("state", "m3", "unit"),
    [
        ("temperature_c = 25\npressure_kpa = 101.325", 98.2, "m3"),  # cold: 3.1 % at most
        ("", 90.0, "Nm3"),  # the meter's computer corrects
        (
            AT_60 + "\nrelative_humidity_pct = 85",
            90 * 101.325 / (101.325 - 0.85 * 19.9458) * 333.15 / 273.15,
            "m3",
        ),
    ],
    ids=["cold", "in Nm3", "nearly saturated"],
)
def test_cold_gas_corrected_gas_and_gas_declared_nearly_saturated_are_asked_nothing(
    tmp_path: Path, state: str, m3: float, unit: str
) -> None:
    label, sentences = label_of(converter(tmp_path, state, m3, unit))
    assert sentences == [sentence for sentence in sentences if unit == "Nm3"]
    assert -label.energy_by_carrier["converter-gas"] / label.output == pytest.approx(
        90 * 8.1 / 29.3076, rel=1e-3
    )


def test_vapour_that_a_corrector_may_have_counted_as_gas_is_told_by_the_percent(
    tmp_path: Path,
) -> None:
    """24.87 kgce/t of gas in Nm3, by meter or by run: 0.249 a percent; a fifth of it made -23.0 of
    -17.9.
    """
    (tmp_path / "by meter").mkdir()
    _, (sentence,) = label_of(converter(tmp_path / "by meter", "", 90.0, "Nm3"))
    assert "Each percent lowers the label by 0.249 kgce/t" in sentence
    ran = Ran(HEAT_T, [*USED, gave("converter-gas", 90, "Nm3", 8.1)], {"scrap_pct": 0.0})
    site = works(tmp_path, "steel", {"converter": ran}, '[static]\nconverter_type = "top-blown"\n')
    assert [
        proviso.en for proviso in of(labelled(site), "converter").provisos if "vapour" in proviso.en
    ] == [sentence]


def test_vapour_taken_off_gas_that_a_step_takes_is_told(tmp_path: Path) -> None:
    """Dry coke-oven gas called saturated: of 10 Nm3 x 17.4 MJ, 5.94 kgce/t, 19.7 % are gone."""
    site = converter(tmp_path, AT_60 + "\nrelative_humidity_pct = 100", 10 * 333.15 / 273.15)
    settings = (
        site.read_text(encoding="utf-8")
        .replace("converter-gas", "coke-oven-gas")
        .replace("recovered", "import")
        .replace("8.1", "17.4")
    )
    works(
        tmp_path,
        "steel",
        {"converter": Ran(HEAT_T, USED[:2], {"scrap_pct": 0.0})},
        settings.partition('energy = "energy.csv"\n')[2],
        RUNS,
    )
    _, (sentence,) = label_of(site)
    assert sentence.startswith(
        "The site declares a relative humidity of 100 % for the coke-oven gas that meter ldg "
        "measures"
    )
    assert (
        "19.7% of its volume is deducted as water vapour. If the gas were dry, the label would be "
        "higher by 1.17 kgce/t." in sentence
    )


@pytest.mark.parametrize(
    ("state", "unit", "humidity"),
    [("", "Nm3", 100), (AT_60, "m3", 101), (AT_60, "m3", -1)],
    ids=["beside Nm3", "above 100", "below 0"],
)
def test_a_humidity_without_a_state_or_beyond_what_can_be_is_refused(
    tmp_path: Path, state: str, unit: str, humidity: float
) -> None:
    with pytest.raises(InputError) as refused:
        converter(tmp_path, f"{state}\nrelative_humidity_pct = {humidity}", unit=unit)
    assert refused.value.code == "site-invalid"


def test_an_auditor_is_told_the_humidity(tmp_path: Path) -> None:
    site = load_site(converter(tmp_path, AT_60 + "\nrelative_humidity_pct = 100"))
    assert any(
        "relative_humidity_pct = 100 %" in declaration.does for declaration in declared_in(site)
    )
