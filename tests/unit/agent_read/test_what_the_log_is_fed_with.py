"""What a log charges per unit of output, against mass and what is usual: fuel within the feedstock,
output beyond the feed, what is added behind a mill; told with its size, and held where no such
plant lies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reporting_agent.pipeline.outward.releasable import steps_in_doubt
from tests.unit.agent_read.small_works import Ran, gave, labelled, took, works
from tests.unit.agent_read.test_fuel_in_the_log import KILN
from tests.unit.agent_read.test_materials_in_the_log import (
    BAKED,
    BLAINE,
    CAST,
    FIRED,
    GROUND,
    MELTED,
    ORE,
    run,
)

CELLS = [took("electricity", 13500, "kWh")]
LIQUID = [took("electricity", 30, "kWh"), took("natural-gas", 1, "Nm3", 35.5)]


def stated(
    folder: Path, step: str, ran: Ran, charged: dict[str, float], static: str = ""
) -> tuple[dict[str, Any], list[str]]:
    """The first metric of a step in label.json, where a unit of its output is charged with so much,
    and what stands beside it.
    """
    cells = ",".join(f"{amount * ran.output:g}" for amount in charged.values())
    site, _ = run(folder, step, ran, ",".join(charged), cells, static)
    result = labelled(site)
    label = next(
        entry
        for entry in json.loads(json.dumps(result.to_json()))["steps"]
        if entry["step"] == step
    )
    if label["best"]["reason"] == "feed-unlikely":
        assert {why.code for why in steps_in_doubt(result.site_label).values()} == {"feed-unlikely"}
    return label, [
        proviso["en"]
        for proviso in label["provisos"]
        if any(
            word in proviso["en"]
            for word in ("The log shows", "after the step", "returns as charge")
        )
    ]


@pytest.mark.parametrize(
    ("step", "ran", "charged", "size"),
    [
        (
            "anode-production",
            Ran(500, BAKED),
            {"input.petroleum-coke": 0.74},
            "higher by 43 kgce/t",
        ),  # 40 kg at 31.5 MJ/kg
        (
            "anode-production",
            Ran(500, BAKED),
            {"input.petroleum-coke": 0.727, "input.pitch": 0.16, "input.butts": 0.2},
            (
                "coke, pitch, anode butts charged per t of output; at most 1.07 is usual. "
                "If the rest were burnt, the label would be higher by 18.3"
            ),
        ),
        (
            "anode-production",
            Ran(500, BAKED),
            {"input.petroleum-coke (kg)": 680},
            "each percent burnt would raise the label by 7.3",
        ),
        (
            "anode-production",
            Ran(500, BAKED),
            {"input.petroleum-coke": 680},
            "shows 0.68 t of",
        ),  # in kg, and not said so
        (
            "anode-production",
            Ran(500, BAKED),
            {"input.packing-coke": 0.03},
            "higher by 10.7 kgce/t",
        ),
        (
            "ladle-refining",
            Ran(100, LIQUID),
            {"input.anthracite": 0.01},
            "higher by 5.73 kgce/t",
        ),  # 6 kg at 28 MJ/kg
        (
            "electrolysis",
            Ran(900, CELLS),
            {"input.alumina": 1.93 / 1.05},
            "1.84 t of alumina charged per t of output; at least 1.89 is usual",
        ),
        (
            "cement-grinding",
            Ran(3000, GROUND, BLAINE),
            {"input.clinker": 0.85, "input.gypsum": 0.05},
            "at least 0.98 is usual",
        ),
        (
            "aluminium-casting",
            Ran(50, CAST),
            {"input.liquid-aluminium": 0.96},
            "at least 0.995 is usual",
        ),
    ],
)
def test_feed_beyond_what_is_usual_is_told_with_its_size(
    tmp_path: Path, step: str, ran: Ran, charged: dict[str, float], size: str
) -> None:
    label, (sentence,) = stated(tmp_path, step, ran, charged)
    assert size in sentence
    assert label["best"]["value"] is not None


def test_less_feed_than_output_is_told_as_the_label_of_the_output_that_it_gives(
    tmp_path: Path,
) -> None:
    label, (sentence,) = stated(
        tmp_path, "electrolysis", Ran(900, CELLS), {"input.alumina": 1.8144}
    )  # 1.89 x 0.96
    assert f"higher by {label['best']['value'] / 24:.2g} {'kgce/t'}." in sentence


@pytest.mark.parametrize(
    ("step", "ran", "charged"),
    [
        ("anode-production", Ran(500, BAKED), {"input.petroleum-coke": 1.35}),
        ("electrolysis", Ran(900, CELLS), {"input.alumina": 1.7}),
        ("clinker-burning", Ran(5000, KILN), {"input.raw-meal": 1.1}),
    ],
)
def test_feed_that_no_such_plant_takes_gives_no_label(
    tmp_path: Path, step: str, ran: Ran, charged: dict[str, float]
) -> None:
    label, _ = stated(tmp_path, step, ran, charged)
    assert label["best"] == {
        "value": None,
        "rule": label["best"]["rule"],
        "reason": "feed-unlikely",
    }


HONEST: list[tuple[str, Ran, dict[str, float]]] = [
    (
        "anode-production",
        Ran(500, BAKED),
        {"input.petroleum-coke": 0.66, "input.pitch": 0.15, "input.butts": 0.25},
    ),
    ("anode-production", Ran(500, BAKED), {"input.pitch": 0.16}),  # a part of the feed is no feed
    ("electrolysis", Ran(900, CELLS), {"input.alumina": 1.93, "input.fluorides": 0.018}),
    ("clinker-burning", Ran(5000, KILN), {"input.raw-meal": 1.55, "input.ammonia-water": 0.0004}),
    ("clinker-burning", Ran(5000, KILN), {"input.limestone": 1.3}),
    (
        "cement-grinding",
        Ran(3000, GROUND, BLAINE),
        {"input.clinker": 0.78, "input.gypsum": 0.05, "input.slag": 0.17},
    ),
    ("pelletising", Ran(1000, FIRED, ORE), {"input.magnetite": 0.975, "input.bentonite": 0.01}),
    ("eaf", Ran(100, MELTED, {"hot_metal_pct": 0.0}), {"input.scrap": 1.1, "input.lime": 0.04}),
    ("aluminium-casting", Ran(50, CAST), {"input.liquid-aluminium": 1.0, "input.silicon": 0.01}),
]


@pytest.mark.parametrize(("step", "ran", "charged"), HONEST)
def test_what_usual_plants_are_fed_with_is_told_nothing(
    tmp_path: Path, step: str, ran: Ran, charged: dict[str, float]
) -> None:
    label, sentences = stated(tmp_path, step, ran, charged)
    assert (label["best"]["value"] is not None, sentences) == (True, [])


@pytest.mark.parametrize(
    ("static", "expected"),
    [
        (
            "",
            (
                "fly ash 0.1 t, limestone 0.05 t, which can also be added after the step. Per t "
                "that "
                "went through the step"
            ),
        ),
        (
            "added_after_mill_pct = 15\n",
            (
                "The site states that 15 % of the output was added after the step "
                "(added_after_mill_pct)."
            ),
        ),
        ("added_after_mill_pct = 0\n", None),
    ],
)
def test_what_may_be_added_behind_the_mill_is_told_once_until_the_site_says_how_much_was(
    tmp_path: Path, static: str, expected: str | None
) -> None:
    """Of a tonne, 0.85 went through the mill."""
    charged = {"input.fly-ash": 0.1, "input.limestone": 0.05}
    label, sentences = stated(
        tmp_path,
        "cement-grinding",
        Ran(3000, GROUND, BLAINE),
        charged,
        f"[static]\nbought_ground_pct = 0\n{static}",
    )
    assert len(sentences) == (0 if expected is None else 1)
    assert expected is None or (
        expected in sentences[0]
        and f"{label['best']['value'] / 0.85:.3g} {'kgce/t'}" in sentences[0]
    )


REFUSE = (
    '[[lhv]]\ncarrier = "alternative-fuel"\nfrom = 2026-01-01\nvalue = 9.0\nunit = '
    '"MJ/kg"\nreason = "calorimeter, daily"\n'
)


def test_refuse_fuel_with_a_reason_is_told_with_the_label_at_its_bounds(tmp_path: Path) -> None:
    """60 kg/t at 9 of 28: 18.4 and at most 57.3 kgce/t, beside 90 kg of coal."""
    burnt = [
        took("coal", 90, "kg", 25.0),
        took("alternative-fuel", 60, "kg", 9.0),
        took("electricity", 26, "kWh"),
    ]
    result = labelled(
        works(tmp_path, "cement", {"clinker-burning": Ran(4000, burnt, {}, "grey")}, REFUSE)
    )
    label = json.loads(json.dumps(result.to_json()))["steps"][0]
    (sentence,) = (
        proviso["en"] for proviso in label["provisos"] if "refuse-derived" in proviso["en"]
    )
    low, high = (label["best"]["value"] + 60 * (value - 9) / 29.3076 for value in (12, 28))
    assert "counts at 9 MJ/kg on average, as the site declares: calorimeter, daily." in sentence
    assert f"at the usual values, 12 to 28, it would be {low:.4g} to {high:.4g}." in sentence


@pytest.mark.parametrize(("ground", "is_told"), [(0, True), (500, True), (6000, False)])
def test_power_that_is_given_back_and_nobody_takes_is_told_with_its_size(
    tmp_path: Path, ground: float, is_told: bool
) -> None:
    """33 kWh/t net of 4,000 t: 132,000 kWh a day; a mill of 500 t takes 11,550 of them, one of
    6,000 t all.
    """
    steps = {
        "waste-heat-power": Ran(
            4000, [took("electricity", 2, "kWh"), gave("electricity", 35, "kWh")]
        )
    }
    if ground:
        steps["cement-grinding"] = Ran(ground, GROUND, BLAINE)
    result = labelled(works(tmp_path, "cement", steps, "[static]\nbought_ground_pct = 0\n"))
    label = next(
        entry
        for entry in json.loads(json.dumps(result.to_json()))["steps"]
        if entry["step"] == "waste-heat-power"
    )
    sentences = [
        proviso["en"]
        for proviso in label["provisos"]
        if "electricity" in proviso["en"] and "without" in proviso["en"].casefold()
    ]
    size = 0.1229 * (33 - 23.1 * ground / 4000)
    assert [f"higher by {size:.3g} kgce/t." in sentence for sentence in sentences] == (
        [True] if is_told else []
    ), sentences


STRAND = [
    took("coke", 46, "kg", 28.4),
    took("coke-oven-gas", 3, "Nm3", 17.4),
    took("electricity", 38, "kWh"),
]
MIX = {"rare_earth_pct": 0.0, "vti_pct": 0.0, "laterite_pct": 0.0}


@pytest.mark.parametrize(
    ("static", "expected"),
    [
        (
            "",
            (
                "return fines 0.15 t, which can be output that is screened off after the scale and "
                "returns. Per t that remains"
            ),
        ),
        (
            "screened_off_pct = 15\n",
            "The site states that 15 % of the weighed output returns as charge (screened_off_pct).",
        ),
        ("screened_off_pct = 0\n", None),
    ],
)
def test_fines_that_may_come_back_out_of_the_output_are_told_until_the_site_says_how_much(
    tmp_path: Path, static: str, expected: str | None
) -> None:
    """Of a tonne that is weighed, 0.85 stays."""
    charged = {"input.iron-ore": 0.9, "input.return-fines": 0.15}
    label, sentences = stated(
        tmp_path, "sintering", Ran(9000, STRAND, MIX), charged, f"[static]\n{static}"
    )
    assert len(sentences) == (0 if expected is None else 1), sentences
    assert expected is None or (
        expected in sentences[0]
        and f"{label['best']['value'] / 0.85:.3g} {'kgce/t'}" in sentences[0]
    )
