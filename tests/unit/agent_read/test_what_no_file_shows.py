"""Own power taken off before the files, heat of a charged material, constants of state, what a
metric leaves out: told with their size.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks import packs
from benchmarks.labels import StepLabel
from benchmarks.measurements import Metric
from reporting_agent.audit.openings.declared import declared_in
from reporting_agent.config import load_site
from reporting_agent.sending.pooled_labels import counted
from tests.unit.agent_read.small_works import Ran, labelled, of, took, works
from tests.unit.agent_read.test_fuel_in_the_log import KILN
from tests.unit.agent_read.test_materials_in_the_log import BLAINE, CAST, GROUND, ORE, run

OWN, HELD, CONSTANT = "generates itself (waste heat", "MJ/kg", "settings that no reading shows"
SINTERED = [
    took("coke", 40, "kg", 28.4),
    took("electricity", 38, "kWh"),
    took("coke-oven-gas", 4, "Nm3", 17.4),
]

ARC = [
    took("electricity", 380, "kWh"),
    took("coke", 8, "kg", 28.4),
    took("natural-gas", 4, "Nm3", 35.5),
]


def beside(label: StepLabel, *words: str) -> list[str]:
    return [proviso.en for proviso in label.provisos if any(word in proviso.en for word in words)]


@pytest.mark.parametrize(
    ("static", "expected"),
    [
        (
            "",
            (
                "that was subtracted lowers the label by 0.231 kWh/t. Under [static] in site.toml, "
                "state how many percent"
            ),
        ),
        ("own_power_pct = 0\n", None),
        ("own_power_pct = 25\n", "With it the label would be 30.8 kWh/t."),  # 23.1 / 0.75
        (
            "own_power_pct = 100\n",
            "were subtracted (own_power_pct), 0 if none was.",
        ),  # no share of what is used
    ],
)
def test_power_that_may_have_been_taken_off_is_asked_about_until_the_site_states_how_much(
    tmp_path: Path, static: str, expected: str | None
) -> None:
    settings = f"[static]\nbought_ground_pct = 0\n{static}"
    site = works(
        tmp_path,
        "cement",
        {"cement-grinding": Ran(3000, GROUND, BLAINE)},
        settings,
        states_own_power=False,
    )
    result = labelled(site)
    sentences = beside(
        of(result, "cement-grinding", Metric.ELECTRICITY), OWN, "generated on the site"
    )
    assert [expected is not None and expected in sentence for sentence in sentences] == (
        [] if expected is None else [True]
    ), sentences
    assert result.site_label.steps[0].best.value is not None
    assert not [
        finding for finding in result.findings if "own_power_pct" in str(finding.sentence)
    ]  # a name that the pack asks for
    listed = [
        (declaration.kind, declaration.does)
        for declaration in declared_in(site)
        if declaration.of == "own_power_pct"
    ]
    assert [kind for kind, _ in listed] == ["static"] * bool(static)  # what only an audit tests


@pytest.mark.parametrize(("kwh", "asked"), [(12, False), (40, True)])
def test_only_where_power_matters_to_the_label_is_it_asked_about(
    tmp_path: Path, kwh: float, asked: bool
) -> None:
    """Of 122 kgce/t of lime 12 kWh are 1.5: less than a two-hundredth, were three tenths of it
    taken off.
    """
    burnt = [took("natural-gas", 100, "Nm3", 35.5), took("electricity", kwh, "kWh")]
    unused = '[steps.lime]\nnot_used = ["converter-gas"]\n'
    label = of(
        labelled(
            works(tmp_path, "steel", {"lime": Ran(500, burnt)}, unused, states_own_power=False)
        ),
        "lime",
    )
    assert label.best.value is not None
    assert bool(beside(label, OWN)) is asked


@pytest.mark.parametrize(
    ("step", "ran", "heading", "cell", "static", "expected"),
    [
        (
            "sintering",
            Ran(8900, SINTERED, ORE),
            "input.flue-dust",
            "267",
            "",
            "0.03 t of dust and sludge charged per t of output. They can contain up",
        ),
        (
            "sintering",
            Ran(8900, SINTERED, ORE),
            "input.瓦斯灰",
            "267",
            "",
            "higher by up to 10.2 kgce/t",
        ),  # 300 MJ
        (
            "sintering",
            Ran(8900, SINTERED, ORE),
            "input.dust",
            "267",
            "flue_dust_mj_kg = 6",
            "The site states that they contain 6 MJ/kg (flue_dust",
        ),
        ("sintering", Ran(8900, SINTERED, ORE), "input.dust", "267", "flue_dust_mj_kg = 0", None),
        ("sintering", Ran(8900, SINTERED, ORE), "input.mill-scale", "267", "", None),
        (
            "clinker-burning",
            Ran(3000, KILN),
            "input.shale",
            "360",
            "",
            "higher by up to 24.6 kgce/t",
        ),  # 720 MJ
        (
            "clinker-burning",
            Ran(3000, KILN),
            "input.煤矸石",
            "360",
            "shale_mj_kg = 3.77",
            "higher by 15.4 kgce/t",
        ),
        (
            "clinker-burning",
            Ran(3000, KILN),
            "input.shale",
            "360",
            "shale_mj_kg = 0.1",
            None,
        ),  # a shale that is clay: 0.4 kgce/t
        ("clinker-burning", Ran(3000, KILN), "input.sandstone", "360", "", None),
        (
            "eaf",
            Ran(100, ARC, {"hot_metal_pct": 0}),
            "input.pig-iron",
            "30",
            "",
            "higher by up to 23.5 kgce/t",
        ),  # or hot metal
    ],
)
def test_heat_that_a_charged_material_may_hold_is_told_with_its_size(
    tmp_path: Path, step: str, ran: Ran, heading: str, cell: str, static: str, expected: str | None
) -> None:
    site, label = run(tmp_path, step, ran, heading, cell, f"[static]\n{static}\n")
    sentences = beside(label, HELD)
    assert label.best.value is not None
    charged = [sentence for sentence in sentences if "The log shows" in sentence]
    assert [expected is not None and expected in sentence for sentence in charged] == (
        [] if expected is None else [True]
    ), sentences
    assert "factor-unknown" not in {finding.code for finding in labelled(site).findings}


def test_shale_that_the_raw_mill_logs_is_told_at_the_kiln_that_it_burns_in(tmp_path: Path) -> None:
    """0.08 t a tonne of raw meal, of which 1.5 t make a tonne of clinker."""
    steps = {
        "raw-meal-homogenisation": Ran(4500, [took("electricity", 16, "kWh")]),
        "clinker-burning": Ran(3000, KILN),
    }
    site = works(tmp_path, "cement", steps)
    first, *rows = (tmp_path / "batches.csv").read_text(encoding="utf-8").splitlines()
    marked = [f"{row},{'360' if row.startswith('raw-meal') else ''}" for row in rows]
    (tmp_path / "batches.csv").write_text(
        "\n".join([f"{first},input.shale", *marked]) + "\n", encoding="utf-8"
    )
    result = labelled(site)
    assert "0.12 t of shale" in beside(of(result, "clinker-burning"), "The log shows")[0]
    assert not beside(of(result, "raw-meal-homogenisation"), HELD)


SIDES = (
    "for each 10 K that the true temperature is below 15 °C (usual 0 to 40)",
    "2.21 kgce/t for each 5 kPa that the true absolute pressure is above",
)
STEAM = """readings = "readings.csv"
[[meters]]
id = "steam-1"
step = "coke-dry-quenching"
carrier = "steam"
direction = "recovered"
reading = "register"
unit = "t"
{state}
steam = {{ {steam}, feed_water_c = {water} }}
"""


def quenched(
    folder: Path,
    water: int,
    state: str = "temperature_c = 440\npressure_kpa = 3900",
    steam: str = 'state = "superheated"',
) -> StepLabel:
    """60 days of 2,000 t of coke; 0.42 t of steam a tonne by a meter in t."""
    ran = Ran(2000, [took("coke", 10, "kg", 28.4), took("electricity", 15, "kWh")])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        f"steam-1,{(begin + timedelta(hours=hour)).isoformat()},{0.42 * 2000 * hour / 24:.4f}"
        for hour in range(60 * 24 + 1)
    ]
    (folder / "readings.csv").write_text(
        "\n".join(["meter_id,timestamp,value", *rows]) + "\n", encoding="utf-8"
    )
    site = works(
        folder,
        "steel",
        {"coke-dry-quenching": ran},
        STEAM.format(state=state, water=water, steam=steam),
    )
    return of(labelled(load_site(site.path)), "coke-dry-quenching")


def test_feed_water_and_state_of_credited_steam_are_told_with_what_10_k_make(
    tmp_path: Path,
) -> None:
    """440 °C and 3.9 MPa: 3,309 kJ/kg, less water of 104 or 20 °C (436 or 84)."""
    (tmp_path / "cold").mkdir()
    label, colder = quenched(tmp_path, 104), quenched(tmp_path / "cold", 20)
    assert label.best.value is not None
    assert colder.best.value is not None
    assert colder.best.value - label.best.value == pytest.approx(
        -0.42 * (436.1 - 83.9) / 29.3076, abs=0.05
    )
    (sentence,), (of_cold,) = beside(label, CONSTANT), beside(colder, CONSTANT)
    assert (
        "0.607 kgce/t for each 10 K that the true feed water is above 104 °C (usual 60 to 160)"
        in sentence
    )  # 0.42 x 42 / 29.3
    assert (
        "0.599 kgce/t for each 10 K that the true feed water is above 20 °C (usual 60 to 160)"
        in of_cold
    )
    assert "kgce/t for each 10 K that the true temperature is below 440 °C" in sentence
    assert "true absolute pressure" not in sentence  # 5 of 3,900 kPa


def rolled(folder: Path, settings: str, per_nm3: float, kpa: float | None = None) -> StepLabel:
    """60 shifts of 100 t, 40 Nm3 of gas of 35.6 MJ a tonne, which are 48.6 kgce, by a meter that
    counts `per_nm3`; a gauge at `kpa`.
    """
    begin, each = datetime(2026, 1, 1, tzinfo=UTC), 40 * per_nm3 * 100
    moments = [(at, (begin + timedelta(minutes=15 * at)).isoformat()) for at in range(60 * 32 + 1)]
    rows = [f"gas-1,{moment},{each * at / 32:.4f}" for at, moment in moments]
    rows += [f"gas-p,{moment},{kpa}" for _, moment in moments if kpa is not None]
    folder.mkdir(exist_ok=True)
    (folder / "readings.csv").write_text(
        "\n".join(["meter_id,timestamp,value", *rows]) + "\n", encoding="utf-8"
    )
    meter = (
        '[[meters]]\nid = "gas-1"\nstep = "hot-rolling"\ncarrier = "natural-gas"\nreading = '
        '"register"\nlhv = 35.6\n'
    )
    unused = '[steps.hot-rolling]\nnot_used = ["coke-oven-gas", "blast-furnace-gas"]\n'
    ran = Ran(100, [took("electricity", 60, "kWh")])
    site = works(
        folder,
        "steel",
        {"hot-rolling": ran},
        f'readings = "readings.csv"\n{meter}{settings}{unused}',
    )
    label = of(labelled(load_site(site.path)), "hot-rolling")
    assert label.best.value is not None
    return label


def test_gas_by_constants_is_told_and_gas_in_nm3_is_not(tmp_path: Path) -> None:
    """10 of 288 K are 3.6 %, 5 of 110 kPa 4.5 %."""
    constants = 'unit = "m3"\ntemperature_c = 15\npressure_kpa = 110\n'
    for name, settings, is_told in (("m3", constants, True), ("nm3", 'unit = "Nm3"\n', False)):
        sentences = beside(
            rolled(tmp_path / name, settings, 101.325 / 110 * 288.15 / 273.15 if is_told else 1),
            CONSTANT,
        )
        assert len(sentences) == is_told, sentences
        assert not is_told or all(side in sentences[0] for side in SIDES)


@pytest.mark.parametrize(
    ("meter", "kpa", "expected"),
    [
        (
            'pressure_is = "gauge"',
            150,
            (
                "0.888 kgce/t for each 5 kPa that the true atmosphere at gauge gas-p (101.3 kPa at "
                "sea level) is above 101.3"
            ),
        ),
        (
            'pressure_is = "gauge"\natmosphere_kpa = 85',
            166.3,
            "at gauge gas-p (101.3 kPa at sea level) is above 85 kPa",
        ),
        (
            'pressure_is = "absolute"',
            251.3,
            "18 kgce/t for readings of gas-p that are gauge pressure and not absolute",
        ),
        ('pressure_is = "gauge"', 3900, None),
    ],
)
def test_what_a_gauge_reads_from_is_told_where_a_meter_reads_the_pressure(
    tmp_path: Path, meter: str, kpa: float, expected: str | None
) -> None:
    """Of 44.6 kgce of gas at 251.3 kPa: 5 kPa are 2.0 %, an atmosphere 40 %."""
    absolute = kpa + (0 if "absolute" in meter else 85 if "85" in meter else 101.325)
    state = (
        'temperature_c = 45\npressure_meter = "gas-p"\n[[meters]]\nid = "gas-p"\nrole = '
        f'"state"\nreading = "rate"\nunit = "kPa"\n{meter}\n'
    )
    sentences = beside(
        rolled(tmp_path, f'unit = "m3"\n{state}', 101.325 / absolute * 318.15 / 273.15, kpa),
        CONSTANT,
    )
    assert (
        [expected in sentence for sentence in sentences]
        if expected
        else not [sentence for sentence in sentences if "gas-p" in sentence]
    ), sentences


def test_the_state_that_a_meter_computes_with_is_told(tmp_path: Path) -> None:
    settings = (
        'unit = "Nm3"\ntemperature_c = 20\npressure_kpa = 251.3\ncomputed_at = { temperature_c = '
        "20, pressure_kpa = 320 }\n"
    )
    (sentence,) = beside(rolled(tmp_path, settings, 1.0), CONSTANT)
    assert (
        "for each 5 kPa that the true pressure that the meter computes with is below 320 kPa"
        in sentence
    )
    assert (
        "for each 10 K that the true temperature that the meter computes with is above 20 °C"
        in sentence
    )


@pytest.mark.parametrize(
    ("water", "steam", "expected", "never"),
    [
        (
            104,
            'state = "saturated", dryness = 0.95',
            "for each 1 % of the mass that the true share of vapour is below 95 %",
            "condensate",
        ),
        (
            104,
            'state = "superheated", condensate_returned = 0.2, condensate_c = 150',
            "for each 10 % of the mass that the true condensate that returns is above 20 %",
            "vapour",
        ),
        (160, 'state = "saturated"', "the true share of vapour is below 100 %", "feed water"),
    ],
)
def test_condensate_and_dryness_are_told_and_feed_water_unless_it_is_the_worst_that_is_usual(
    tmp_path: Path, water: int, steam: str, expected: str, never: str
) -> None:
    """What is given back counts more the drier it is and the colder the water that it was made
    of.
    """
    state = (
        "temperature_c = 440\npressure_kpa = 3900"
        if "superheated" in steam
        else "pressure_kpa = 3900"
    )
    (sentence,) = beside(quenched(tmp_path, water, state, steam), CONSTANT)
    assert expected in sentence
    assert never not in sentence


def test_a_mill_that_dries_with_gas_is_told_why_it_has_no_label_of_electricity(
    tmp_path: Path,
) -> None:
    dried = [took("electricity", 23.1, "kWh"), took("natural-gas", 4, "Nm3", 35.6)]
    result = labelled(
        works(
            tmp_path,
            "cement",
            {"cement-grinding": Ran(3000, dried, BLAINE)},
            "[static]\nbought_ground_pct = 0\n",
        )
    )
    label = of(result, "cement-grinding", Metric.ELECTRICITY)
    assert label.best.value is None
    (sentence,) = beside(label, "This metric compares")
    assert sentence.endswith("Their label is that of total.")
    assert beside(of(result, "cement-grinding"), "This metric compares") == []


@pytest.mark.parametrize(("gas", "beyond"), [(30, False), (60, True)])
def test_a_value_beyond_the_public_grid_is_known_to_the_preview(
    tmp_path: Path, gas: float, beyond: bool
) -> None:
    """30 Nm3 of 35.5 MJ are 36 kgce/t, 60 are 73: the grid ends at 53."""
    cast = [took("natural-gas", gas, "Nm3", 35.5), *CAST[1:]]
    _, label = run(tmp_path, "aluminium-casting", Ran(50, cast), "input.liquid-aluminium", "50")
    pack = packs.load("aluminium")
    assert label.best.value is not None
    assert counted(label, pack.step("aluminium-casting"), pack).beyond_grid is beyond
