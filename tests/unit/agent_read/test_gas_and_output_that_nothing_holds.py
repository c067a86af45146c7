"""A richer gas under the name of one that furnaces make, output without feed, alumina of bought
hydrate, a waste-heat set's own use.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.labels import StepLabel
from tests.unit.agent_read.small_works import Ran, gave, labelled, of, took, works
from tests.unit.agent_read.test_materials_in_the_log import BLAINE, GROUND
from tests.unit.agent_read.test_what_the_log_is_fed_with import CELLS, stated

ROLLED = [took("electricity", 90, "kWh"), took("coke-oven-gas", 60, "Nm3", 17.4)]
NO_OTHER = '[steps.hot-rolling]\nnot_used = ["blast-furnace-gas"]\n'
PURCHASE = (
    '[site_boundary]\npurchased = [{ carrier = "coke-oven-gas", quantity = 3240000, unit = "Nm3", '
    'period = "2026" }]\n'
)
OVENS = Ran(
    2000,
    [
        *(
            took("cleaned-coal", 1350, "kg", 29.5),
            took("electricity", 40, "kWh"),
            took("coke-oven-gas", 180, "Nm3", 17.4),
        ),
        *(gave("coke", 1000, "kg", 28.4), gave("coke-oven-gas", 420, "Nm3", 17.4)),
    ],
)


def beside(label: StepLabel, begins: str) -> list[str]:
    return [proviso.en for proviso in label.provisos if proviso.en.startswith(begins)]


def rolled(
    folder: Path, steps: dict[str, Ran], fence: str = "", values: tuple[float, ...] = (17.4,)
) -> StepLabel:
    """A mill that takes as much heat of the gas in each run, at these heating values by turns."""
    site = works(folder, "steel", {"hot-rolling": Ran(900, ROLLED), **steps}, NO_OTHER + fence)
    head, *rows = (folder / "energy.csv").read_text(encoding="utf-8").splitlines()
    at = [values[number % len(values)] for number in range(len(rows))]
    by_turns = [
        row.replace("54000,Nm3,17.4,", f"{54000 * 17.4 / value},Nm3,{value},")
        if ",hot-rolling,coke-oven" in row
        else row
        for row, value in zip(rows, at, strict=True)
    ]
    (folder / "energy.csv").write_text("\n".join([head, *by_turns]) + "\n", encoding="utf-8")
    return of(labelled(site), "hot-rolling")


NO_MAKER = "No step and no conversion"


@pytest.mark.parametrize(
    "fence", ["", PURCHASE], ids=["not declared", "declared with one heating value"]
)
def test_gas_that_nothing_on_the_site_makes_is_told_with_the_label_at_natural_gas(
    tmp_path: Path, fence: str
) -> None:
    """60 Nm3 at 17.4 MJ are 35.6 of 46.7 kgce/t; at 35.5 MJ 72.7, and the label 83.7."""
    label = rolled(tmp_path, {}, fence)
    assert label.best.value == pytest.approx(46.68, abs=0.02)
    (sentence,) = beside(label, NO_MAKER)
    assert "100% of the coke-oven gas (17.4 MJ/Nm3 on average)" in sentence
    assert (
        "If it were natural gas (35.5), the label would be 83.74 kgce/t instead of 46.68."
        in sentence
    )


def test_gas_that_was_bought_as_declared_and_is_analysed_is_not_told(tmp_path: Path) -> None:
    """Analysed, and not declared as bought, it is told."""
    assert not beside(rolled(tmp_path, {}, PURCHASE, (17.2, 17.4, 17.7)), NO_MAKER)
    assert beside(rolled(tmp_path, {}, "", (17.2, 17.4, 17.7)), NO_MAKER)


@pytest.mark.parametrize(("output", "share"), [(2000, None), (100, "42%")])
def test_gas_of_own_ovens_is_told_only_beyond_what_they_give(
    tmp_path: Path, output: float, share: str | None
) -> None:
    """Ovens of 2,000 t give 480,000 Nm3 a day beyond their own walls, the mill takes 54,000; of 100
    t 42,000 of 72,000 altogether.
    """
    ovens = Ran(output, OVENS.energy)
    sentences = beside(rolled(tmp_path, {"coking": ovens}), NO_MAKER)
    assert [str(share) in sentence for sentence in sentences] == (
        [] if share is None else [True]
    ), sentences


NOTHING = "The log names no materials of the product, or too little of them"


@pytest.mark.parametrize(
    ("charged", "is_told"),
    [
        ({}, True),
        ({"input.fluorides": 0.018}, True),
        ({"input.alumina": 1.93}, False),
        ({"input.alumina": 1.85}, False),
    ],
)
def test_output_that_no_feed_holds_is_told_by_the_percent(
    tmp_path: Path, charged: dict[str, float], is_told: bool
) -> None:
    """13,500 kWh are 1,659 kgce/t: a percent of output too much is 16.8. Less feed than usual is
    told as that, and once.
    """
    label, _ = stated(tmp_path, "electrolysis", Ran(900, CELLS), charged or {"input.bath": 0.01})
    sentences = [
        proviso["en"] for proviso in label["provisos"] if proviso["en"].startswith(NOTHING)
    ]
    assert [
        "lowers the label by 17 kgce/t" in sentence
        and sentence.endswith("as input.MATERIAL: alumina.")
        for sentence in sentences
    ] == [True] * is_told, sentences


def test_a_token_of_the_feed_holds_nothing(tmp_path: Path) -> None:
    label, _ = stated(
        tmp_path, "cement-grinding", Ran(3000, GROUND, BLAINE), {"input.gypsum": 0.05}
    )
    assert any(proviso["en"].startswith(NOTHING) for proviso in label["provisos"])


def test_parents_hold_no_output_for_nothing_says_that_they_are_all_of_it(tmp_path: Path) -> None:
    cast = Ran(50, [took("electricity", 60, "kWh"), took("natural-gas", 45, "Nm3", 35.5)])
    site = works(
        tmp_path, "aluminium", {"electrolysis": Ran(900, CELLS), "aluminium-casting": cast}
    )
    assert beside(of(labelled(site), "aluminium-casting"), NOTHING)
    head, *rows = (tmp_path / "batches.csv").read_text(encoding="utf-8").splitlines()
    named = [
        f"{row},{'electrolysis-0' if row.startswith('aluminium-casting') else ''}" for row in rows
    ]
    (tmp_path / "batches.csv").write_text(
        "\n".join([f"{head},parent_batch_ids", *named]) + "\n", encoding="utf-8"
    )
    assert beside(of(labelled(site), "aluminium-casting"), NOTHING)


REFINED = Ran(
    4000,
    [
        took("natural-gas", 75, "Nm3", 35.5),
        took("coal", 250, "kg", 22.0),
        took("electricity", 230, "kWh"),
    ],
    {},
    "bayer",
)


@pytest.mark.parametrize(
    ("charged", "static", "expected"),
    [
        ({"input.bauxite": 2.3}, 0, None),
        (
            {"input.bauxite": 1.6},
            0,
            "1.6 t of bauxite charged per t of output; at least 1.9",
        ),  # 30 % of it from bought hydrate
        ({"input.bauxite": 1.4}, 0, "held"),
        (
            {"input.bauxite": 1.61, "input.hydrate": 0.46},
            30,
            None,
        ),  # and says so: 2.3 for what it made here
        (
            {"input.bauxite": 1.4, "input.hydrate": 0.15},
            10,
            "1.56 t of bauxite charged per t of output",
        ),  # of a third it owns a tenth
        ({"input.hydrate": 1.53}, 99, None),  # calcines alone
    ],
)
def test_alumina_beyond_what_its_bauxite_gives_is_told_or_held(
    tmp_path: Path, charged: dict[str, float], static: int, expected: str | None
) -> None:
    label, sentences = stated(
        tmp_path, "alumina-refining", REFINED, charged, f"[static]\nbought_hydrate_pct = {static}\n"
    )
    assert (label["best"]["reason"] == "feed-unlikely") is (expected == "held")
    of_feed = [sentence for sentence in sentences if "bauxite" in sentence]
    assert [str(expected) in sentence for sentence in of_feed] == (
        [True] if expected not in (None, "held") else []
    ), sentences
    assert not [proviso for proviso in label["provisos"] if proviso["en"].startswith(NOTHING)]


@pytest.mark.parametrize(
    ("own", "given_back", "expected"),
    [
        (
            0,
            35,
            "0% of the electricity that it gives back; its pumps and fans usually use 7%",
        ),  # 2.45 kWh
        (1, 35, "higher by 0.18 kgce/t"),
        (3, 35, None),
    ],
)
def test_own_use_of_a_waste_heat_set_is_told_where_it_is_not_taken_off(
    tmp_path: Path, own: float, given_back: float, expected: str | None
) -> None:
    power = [
        *([took("electricity", own, "kWh")] if own else []),
        gave("electricity", given_back, "kWh"),
    ]
    unused = "" if own else '[steps.waste-heat-power]\nnot_used = ["electricity"]\n'
    label = of(
        labelled(works(tmp_path, "cement", {"waste-heat-power": Ran(4000, power)}, unused)),
        "waste-heat-power",
    )
    assert label.best.value == pytest.approx(0.1229 * (own - given_back), abs=0.01)
    provisos = beside(label, "The step itself uses")
    assert [str(expected) in proviso for proviso in provisos] == (
        [] if expected is None else [True]
    ), json.dumps([proviso.en for proviso in label.provisos])
