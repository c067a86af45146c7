"""What the account of a site gives to auxiliaries, other users, losses and stock is told beside the
label of the step that it spares.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from reporting_agent.pipeline import LabelResult
from tests.unit.agent_read.small_works import Ran, gave, labelled, of, took, works

COAL = 'carrier = "coal", quantity = {}, unit = "kg", period = "2026"'
"""60 days of 4,000 t: 240,000 t of clinker. 2.4e6 kg are 10 kg/t, at 22 MJ/kg 7.51 kgce/t."""


def beside(result: LabelResult) -> list[str]:
    sentences = (proviso.en for proviso in of(result, "clinker-burning").provisos)
    return [
        sentence
        for sentence in sentences
        if sentence.startswith("Apart from what the step's own meters show")
    ]


KILN = {
    "clinker-burning": Ran(
        4000, [took("coal", 125, "kg", 22.0), took("electricity", 26, "kWh")], {}, "grey"
    )
}


@pytest.mark.parametrize(
    ("fence", "parts", "higher"),
    [
        (
            f'auxiliaries = [{{ step = "clinker-burning", {COAL.format(2.4e6)} }}]',
            "auxiliaries 7.51",
            "7.51",
        ),
        (f'others = [{{ reason = "canteen", {COAL.format(2.4e6)} }}]', "other users 7.51", "7.51"),
        (
            'losses = [{ carrier = "coal", pct = 8 }]',
            "losses 8.16",
            "8.16",
        ),  # 93.8 kgce/t of coal x 8 / 92
        (
            (
                'stocks = [{ carrier = "coal", opening = 0, closing = 2.4e6, unit = "kg", period = '
                '"2026" }]'
            ),
            "growth of stocks 7.51",
            "7.51",
        ),
        (f"sold = [{{ {COAL.format(2.4e6)} }}]", "resold purchases 7.51", "7.51"),
        (
            (
                f'auxiliaries = [{{ step = "clinker-burning", {COAL.format(2.4e5)} }}]\nothers = '
                f"[{{ "
                f'reason = "x", {COAL.format(2.4e5)} }}]'
            ),
            "auxiliaries 0.751, other users 0.751",
            "1.5",
        ),
    ],
)
def test_coal_that_the_account_names_elsewhere_is_told_with_its_size(
    tmp_path: Path, fence: str, parts: str, higher: str
) -> None:
    (sentence,) = beside(labelled(works(tmp_path, "cement", KILN, f"[site_boundary]\n{fence}\n")))
    assert f"per t of its output: {parts} kgce/t." in sentence
    assert f"the label would be {higher} kgce/t higher" in sentence


@pytest.mark.parametrize(
    "fence",
    [
        f'auxiliaries = [{{ step = "clinker-burning", {COAL.format(2.4e5)} }}]',  # 0.75 of 97
        # of another step
        f'auxiliaries = [{{ step = "raw-meal-homogenisation", {COAL.format(2.4e6)} }}]',
        # of another year
        (
            f'auxiliaries = [{{ step = "clinker-burning", '
            f"{COAL.format(2.4e6).replace('2026', '2025')} }}]"
        ),
        (
            'stocks = [{ carrier = "coal", opening = 2.4e6, closing = 0, unit = "kg", period = '
            '"2026" '
            "}]"
        ),
    ],
)
def test_what_spares_the_step_nothing_is_told_nowhere(tmp_path: Path, fence: str) -> None:
    assert beside(labelled(works(tmp_path, "cement", KILN, f"[site_boundary]\n{fence}\n"))) == []


MILL = {"cement-grinding": Ran(3600, [took("electricity", 32, "kWh")], {"blaine_m2_kg": 350.0})}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [(KILN | MILL, {"clinker-burning"}), (MILL, {"cement-grinding"})],
    ids=["a kiln burns", "none"],
)
@pytest.mark.parametrize(
    "fence",
    [
        (
            'stocks = [{ carrier = "coal", opening = 0, closing = 2.4e6, unit = "kg", period = '
            '"2026" '
            "}]"
        ),
        f"sold = [{{ {COAL.format(2.4e6)} }}]",
    ],
)
def test_coal_in_store_is_told_where_it_is_burnt_or_where_nobody_does(
    tmp_path: Path, steps: dict[str, Ran], expected: set[str], fence: str
) -> None:
    labels = labelled(
        works(tmp_path, "cement", steps, f"[site_boundary]\n{fence}\n")
    ).site_label.steps
    assert {
        label.step
        for label in labels
        for proviso in label.provisos
        if proviso.en.startswith("Apart from what the step's own meters show")
    } == expected


def test_heat_that_a_boiler_makes_of_the_steps_coal_for_its_auxiliaries_is_told(
    tmp_path: Path,
) -> None:
    """45 kg/t of coal at 23 in a boiler of 86 % for auxiliaries: 0.89 GJ/t of heat are 30.4
    kgce/t.
    """
    burnt = [
        took("natural-gas", 85, "Nm3", 35.5),
        took("coal", 255, "kg", 23.0),
        took("electricity", 230, "kWh"),
    ]
    refinery = {"alumina-refining": Ran(4000, burnt, {}, "bayer")}
    heat = 'carrier = "heat", quantity = 2.136e8, unit = "MJ", period = "2026"'
    fence = (
        f'[site_boundary]\nauxiliaries = [{{ step = "alumina-refining", {heat} '
        f'}}]\n[[site_boundary.conversions]]\nid = "boiler"\n'
        f"takes = [{{ {COAL.format(1.08e7)}, lhv = 23.0 }}]\ngives = [{{ {heat} }}]\n"
    )
    sentences = [
        proviso.en
        for proviso in of(
            labelled(works(tmp_path, "aluminium", refinery, fence)), "alumina-refining"
        ).provisos
    ]
    assert any("auxiliaries 30.4 kgce/t." in sentence for sentence in sentences)


BURNT = [
    took("coke", 50, "kg", 28.435),
    took("coke-oven-gas", 3, "Nm3", 17.4),
    took("electricity", 40, "kWh"),
]
STRAND = {
    "hot-rolling": Ran(900, [took("electricity", 90, "kWh"), took("natural-gas", 36, "Nm3", 35.5)]),
    "sintering": Ran(
        8000,
        [*BURNT, gave("steam", 90, "kg", 2.75)],
        {"rare_earth_pct": 0.0, "vti_pct": 0.0, "laterite_pct": 0.0},
    ),
}
STEAM = 'carrier = "steam", quantity = 4.32e7, unit = "kg", period = "2026", lhv = 2.75'
ROLLED = '[steps.hot-rolling]\nnot_used = ["coke-oven-gas", "blast-furnace-gas"]\n[site_boundary]\n'


def test_steam_credited_to_ones_own_auxiliaries_has_no_taker(tmp_path: Path) -> None:
    """90 kg of steam at 2.75 are 8.44 kgce/t of sinter; no coking runs."""
    for step, expected in (("sintering", 1), ("coking", 1), ("hot-rolling", 0)):
        fence = f'{ROLLED}auxiliaries = [{{ step = "{step}", {STEAM} }}]\n'
        sentences = [
            proviso.en
            for proviso in of(
                labelled(works(tmp_path, "steel", STRAND, fence)), "sintering"
            ).provisos
        ]
        assert (
            len(
                [
                    sentence
                    for sentence in sentences
                    if sentence.startswith("Nothing shows who uses the steam")
                    and "8.44 kgce/t" in sentence
                ]
            )
            == expected
        )


@pytest.mark.parametrize(
    ("fence", "expected"),
    [(f"sold = [{{ {STEAM} }}]", 1), (f'auxiliaries = [{{ step = "hot-rolling", {STEAM} }}]', 0)],
)
def test_a_sale_of_credited_steam_that_no_meter_shows_is_told_with_its_size(
    tmp_path: Path, fence: str, expected: int
) -> None:
    sentences = [
        proviso.en
        for proviso in of(
            labelled(works(tmp_path, "steel", STRAND, f"{ROLLED}{fence}\n")), "sintering"
        ).provisos
    ]
    assert (
        len(
            [
                sentence
                for sentence in sentences
                if sentence.startswith("The sale of steam is only stated")
                and "higher by 8.44 kgce/t." in sentence
            ]
        )
        == expected
    )


def test_a_boiler_whose_heat_is_said_to_be_sold_is_told_with_the_fuel_that_it_takes(
    tmp_path: Path,
) -> None:
    """45 kg/t of coal at 23 are 35.3 kgce/t of hydrate's alumina."""
    burnt = [
        took("natural-gas", 85, "Nm3", 35.5),
        took("coal", 255, "kg", 23.0),
        took("electricity", 230, "kWh"),
    ]
    refinery = {"alumina-refining": Ran(4000, burnt, {}, "bayer")}
    heat = 'carrier = "heat", quantity = 2.136e8, unit = "MJ", period = "2026"'
    fence = (
        f'[site_boundary]\nsold = [{{ {heat} }}]\n[[site_boundary.conversions]]\nid = "boiler"\n'
        f"takes = [{{ {COAL.format(1.08e7)}, lhv = 23.0 }}]\ngives = [{{ {heat} }}]\n"
    )
    sentences = [
        proviso.en
        for proviso in of(
            labelled(works(tmp_path, "aluminium", refinery, fence)), "alumina-refining"
        ).provisos
    ]
    assert any(
        sentence.startswith("The sale of what boiler makes") and "35.3 kgce/t" in sentence
        for sentence in sentences
    ), sentences
