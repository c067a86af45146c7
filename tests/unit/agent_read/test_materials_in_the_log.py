"""Product bought under another name, hot metal that no variable states, inputs that nothing knows:
told with its size, or left out.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import packs
from benchmarks.errors import InputError
from benchmarks.labels import StepLabel
from benchmarks.measurements import Metric
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline.materials_in_the_log import ChargedMaterials
from reporting_agent.pipeline.outward.releasable import steps_in_doubt
from tests.unit.agent_read.small_works import Ran, going_out, labelled, of, took, works
from tests.unit.agent_read.test_fuel_in_the_log import KILN, with_column

ORE = {"rare_earth_pct": 0.0, "vti_pct": 0.0, "laterite_pct": 0.0}
FIRED = [took("coke-oven-gas", 40, "Nm3", 17.4), took("electricity", 32, "kWh")]
BURNT = [took("natural-gas", 100, "Nm3", 35.5), took("electricity", 40, "kWh")]
MELTED = [
    took("electricity", 380, "kWh"),
    took("oxygen", 30, "Nm3"),
    took("natural-gas", 4, "Nm3", 35.5),
    took("coal", 10, "kg", 28.0),
]
CAST = [took("natural-gas", 30, "Nm3", 35.5), took("electricity", 40, "kWh")]
BAKED = [took("natural-gas", 60, "Nm3", 35.5), took("electricity", 120, "kWh")]
BLAINE = {"blaine_m2_kg": 350.0}
GROUND = [took("electricity", 23.1, "kWh")]


def run(
    folder: Path, step: str, ran: Ran, heading: str, cell: str, settings: str = ""
) -> tuple[SiteSettings, StepLabel]:
    """60 runs of a step with a column more in their log; carriers of its boundary that it does not
    report are not used.
    """
    pack = next(
        name
        for name in packs.shipped()
        if any(pack_step.id == step for pack_step in packs.load(name).steps)
    )
    asked = packs.load(pack).step(step).boundary.asked
    unused = [
        asked_carrier
        for asked_carrier in asked
        if asked_carrier not in {carrier for carrier, *_ in ran.energy}
    ]
    site = with_column(
        works(folder, pack, {step: ran}, f"{settings}[steps.{step}]\nnot_used = {unused}\n"),
        heading,
        cell,
    )
    return site, of(labelled(site), step)


@pytest.mark.parametrize(
    ("step", "ran", "heading", "cell", "size"),
    [
        ("pelletising", Ran(1000, FIRED, ORE), "input.pellets", "200", 1 / 0.8),
        ("lime", Ran(500, BURNT), "input.purchased-quicklime", "60", 1 / 0.88),
        (
            "raw-meal-homogenisation",
            Ran(5000, [took("electricity", 14, "kWh")]),
            "input.外购生料",
            "500",
            1 / 0.9,
        ),
        ("cement-grinding", Ran(3000, GROUND, BLAINE), "input.GGBS (t)", "900", 1 / 0.7),
        ("anode-production", Ran(500, BAKED), "input.Green anodes 2", "100", 1 / 0.8),
    ],
)
def test_product_that_the_log_charges_is_told_with_its_size(
    tmp_path: Path, step: str, ran: Ran, heading: str, cell: str, size: float
) -> None:
    _, label = run(tmp_path, step, ran, heading, cell)
    (sentence,) = (proviso.en for proviso in label.provisos if "The log shows" in proviso.en)
    assert label.best.value is not None
    assert (
        f"made entirely here, the label would be up to {label.best.value * size:.3g} {label.unit}."
        in sentence
    )


@pytest.mark.parametrize(
    ("step", "ran", "heading", "cell", "stated", "share", "by_run"),
    [
        (
            "cement-grinding",
            Ran(3000, GROUND, BLAINE),
            "input.slag-powder",
            "900",
            "bought_ground_pct",
            30.0,
            False,
        ),
        (
            "cement-grinding",
            Ran(3000, GROUND, BLAINE),
            "input.slag-powder",
            "900",
            "bought_ground_pct",
            30.0,
            True,
        ),
        (
            "anode-production",
            Ran(500, BAKED),
            "input.生阳极",
            "130",
            "bought_anodes_pct",
            25.0,
            False,
        ),
        (
            "aluminium-casting",
            Ran(50, CAST),
            "input.remelted-ingot",
            "10",
            "liquid_metal_pct",
            80.0,
            False,
        ),
        (
            "eaf",
            Ran(100, MELTED),
            "input.hot-metal",
            "38",
            "hot_metal_pct",
            35.0,
            True,
        ),  # asked for by run alone
    ],
)
def test_a_share_that_the_log_refutes_gives_no_label_and_the_true_one_does(
    tmp_path: Path,
    step: str,
    ran: Ran,
    heading: str,
    cell: str,
    stated: str,
    share: float,
    by_run: bool,
) -> None:
    none = 100.0 if stated == "liquid_metal_pct" else 0.0
    for name, value, counts in (("none", none, False), ("true", share, True)):
        (tmp_path / name).mkdir()
        own = Ran(
            ran.output, ran.energy, {**ran.variables, stated: value} if by_run else ran.variables
        )
        static = "" if by_run else f"[static]\n{stated} = {value}\n"
        site, label = run(tmp_path / name, step, own, heading, cell, static)
        assert (label.best.value is not None) is counts
        assert label.best.reason == (None if counts else "share-refuted")
        assert label.excluded == ({"share-refuted": 60} if by_run and not counts else {})
        assert going_out(site) == {step: {"share-refuted" if by_run and not counts else None}}
        if not by_run and not counts:
            assert label.grade.best_met is None
            assert {why.code for why in steps_in_doubt(labelled(site).site_label).values()} == {
                "share-refuted"
            }


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        ("input.slag powder (kg)", "900000"),
        ("input.slag_powder_kg_t", "300"),
        ("input.slag powder, %", "30"),
    ],
)
def test_an_amount_is_read_in_the_unit_that_its_heading_says(
    tmp_path: Path, heading: str, cell: str
) -> None:
    """900 t of 3,000: a share of 30 % stated is what the log shows, one of 20 % is not."""
    for stated, counts in ((30, True), (20, False)):
        (tmp_path / f"{stated}").mkdir()
        static = f"[static]\nbought_ground_pct = {stated}\n"
        quoted = f'"{heading}"' if "," in heading else heading
        _, label = run(
            tmp_path / f"{stated}",
            "cement-grinding",
            Ran(3000, GROUND, BLAINE),
            quoted,
            cell,
            static,
        )
        assert (label.best.value is not None) is counts


def test_one_run_that_states_its_share_hides_no_others(tmp_path: Path) -> None:
    static = "[static]\nbought_ground_pct = 0\n"
    site, _ = run(
        tmp_path, "cement-grinding", Ran(3000, GROUND, BLAINE), "input.slag-powder", "900", static
    )
    (site.folder / "batches.csv").write_text(
        "\n".join(
            f"{row},{'var.bought_ground_pct' if number == 0 else '30' if number == 1 else ''}"
            for number, row in enumerate(
                (site.folder / "batches.csv").read_text(encoding="utf-8").splitlines()
            )
        )
        + "\n",
        encoding="utf-8",
    )
    assert of(labelled(site), "cement-grinding").best.reason == "share-refuted"


@pytest.mark.parametrize(
    "heading", ["input.charcoal", "input.material-7", "input.waste-plastic_t", "input.木炭"]
)
def test_an_input_that_nothing_knows_is_named_beside_the_label(
    tmp_path: Path, heading: str
) -> None:
    """100 t a day of 5,000 t of clinker, 20 kg/t: as standard coal 20 kgce/t."""
    _, label = run(tmp_path, "clinker-burning", Ran(5000, KILN), heading, "100")
    (sentence,) = (
        proviso.en
        for proviso in label.provisos
        if "The pack does not know these inputs" in proviso.en
    )
    assert sentence.startswith(
        f"The pack does not know these inputs, per t of output: {heading} 0.02 t. If they are "
        "fuel, their energy is missing: as standard"
    )
    assert "coal 20 kgce/t." in sentence


@pytest.mark.parametrize(
    ("heading", "cell", "is_told"),
    [
        ("var.material_7_t", "100", True),
        ("var.sack_kg", "100000", True),
        ("var.tap_weight_t", "4990", False),
        ("var.clay_t", "100", False),
        ("material 7 (t)", "100", True),  # of the file, that nothing maps
        ("Beigabe_kg", "100000", True),
        ("material 7 (t)", "", False),
        ("gross weight (t)", "4990", False),
        ("clay_t", "100", False),
        ("material 7 (m3)", "100", False),
    ],
)
def test_a_variable_or_column_that_weighs_what_nothing_knows_is_told_as_an_input_is(
    tmp_path: Path, heading: str, cell: str, is_told: bool
) -> None:
    """20 kg/t; what weighs as much as the product is no fuel of it."""
    _, label = run(tmp_path, "clinker-burning", Ran(5000, KILN), heading, cell)
    sentences = [
        proviso.en
        for proviso in label.provisos
        if "The pack does not know these inputs" in proviso.en
    ]
    assert [f"{heading} 0.02 t. If they are fuel" in sentence for sentence in sentences] == (
        [True] if is_told else []
    )


def test_powder_that_nothing_knows_is_named_beside_the_electricity_of_a_mill(
    tmp_path: Path,
) -> None:
    static = "[static]\nbought_ground_pct = 0\n"
    site, _ = run(
        tmp_path, "cement-grinding", Ran(3000, GROUND, BLAINE), "input.S95 powder", "900", static
    )
    (sentence,) = (
        proviso.en
        for proviso in of(labelled(site), "cement-grinding", Metric.ELECTRICITY).provisos
        if "The pack does not know" in proviso.en
    )
    assert "input.S95 powder 0.3 t. If they were bought finished or half finished" in sentence


HONEST: list[tuple[str, Ran, list[str]]] = [
    (
        "clinker-burning",
        Ran(5000, KILN),
        [
            "input.raw-meal",
            "input.Limestone 2 (t)",
            "input.生料用量",
            "input.kiln feed",
            "input.氨水",
        ],
    ),
    (
        "cement-grinding",
        Ran(3000, GROUND, BLAINE),
        ["input.clinker", "input.gypsum", "input.脱硫石膏", "input.fly-ash", "input.矿渣"],
    ),
    (
        "pelletising",
        Ran(1000, FIRED, ORE),
        ["input.iron-concentrate", "input.bentonite", "input.铁精粉", "input.return fines"],
    ),
    ("lime", Ran(500, BURNT), ["input.limestone", "input.石灰石(t)"]),
    (
        "eaf",
        Ran(100, MELTED, {"hot_metal_pct": 0.0}),
        ["input.scrap", "input.DRI", "input.pig_iron_t", "input.lime", "input.废钢"],
    ),
    (
        "aluminium-casting",
        Ran(50, CAST),
        ["input.liquid-aluminium", "input.铝液", "input.silicon", "input.process-scrap"],
    ),
    (
        "anode-production",
        Ran(500, BAKED),
        ["input.petroleum-coke", "input.pitch", "input.butts", "input.改质沥青"],
    ),
]


@pytest.mark.parametrize(("step", "ran", "headings"), HONEST)
def test_what_usual_plants_charge_is_told_nothing(
    tmp_path: Path, step: str, ran: Ran, headings: list[str]
) -> None:
    _, label = run(
        tmp_path, step, ran, ",".join(headings), ",".join([f"{ran.output * 0.9}"] * len(headings))
    )
    assert label.used == 60
    assert not [
        proviso.en
        for proviso in label.provisos
        if "The pack does not know these inputs" in proviso.en
        or "this much was bought" in proviso.en
    ]


def test_every_product_and_carrier_of_a_pack_is_known_as_an_input() -> None:
    for name in packs.shipped():
        if not (pack := packs.load(name)).materials:
            continue
        columns = [
            f"input.{text}"
            for step in pack.steps
            for text in (step.product, step.product_words.en, *step.boundary.carriers)
        ]
        assert ChargedMaterials(pack, tuple(columns)).unknown == ()


@pytest.mark.parametrize(("amount", "unit"), [("3000", "Nm3"), ("4.28", "t"), ("4283", "kg")])
def test_oxygen_of_the_log_may_be_given_as_volume_or_as_mass(
    tmp_path: Path, amount: str, unit: str
) -> None:
    """3,000 Nm3 of 31.998 g/mol over 22.414 dm3/mol are 4.283 t."""
    site, _ = run(tmp_path, "eaf", Ran(100, MELTED, {"hot_metal_pct": 0.0}), "input.oxygen", amount)
    site = with_column(site, "input.oxygen.unit", unit)
    result = labelled(site)
    assert of(result, "eaf", Metric.TOTAL).used == 60
    assert result.data.batches[0].variables["input.oxygen"] == pytest.approx(4.283, abs=0.004)


def test_an_input_in_a_unit_that_is_no_amount_of_it_is_refused_with_its_row(tmp_path: Path) -> None:
    (tmp_path / "works").mkdir()
    site = with_column(
        works(tmp_path, "cement", {"clinker-burning": Ran(5000, KILN)}), "input.limestone", "6400"
    )
    with pytest.raises(InputError) as refused:
        labelled(with_column(site, "input.limestone.unit", "Nm3"))
    assert refused.value.place is not None
    assert (refused.value.place.row, refused.value.place.column) == (2, "input.limestone.unit")
    assert "unit of mass (t, kg)" in refused.value.remedy
