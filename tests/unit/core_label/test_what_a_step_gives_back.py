"""What a step gives back against what it takes: more than can be is left out with both figures,
more than is usual told with its size.
"""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from benchmarks import packs
from benchmarks.labels import yields
from benchmarks.measurements import Period
from reporting_agent import pipeline
from tests.unit.agent_read.small_works import Ran, gave, going_out, labelled, of, took, works
from tests.unit.core_label.test_worked_cases import CASES
from tests.unit.core_label.test_worked_cases import labelled as worked

STEEL = packs.load("steel")
BY_ID = {case["id"]: case for case in CASES}


def sentences_of(case: dict[str, Any]) -> list[str]:
    return [
        why.en
        for why in yields.sentences(worked(case), STEEL.step(case["step"]), packs.factors(STEEL))
    ]


def giving(case: dict[str, Any], carrier: str, quantity: float) -> dict[str, Any]:
    """The case with so much of a carrier given back per tonne."""
    energy = [
        {**amount, "quantity": quantity}
        if (amount["carrier"], amount.get("direction")) == (carrier, "recovered")
        else amount
        for amount in case["energy"]
    ]
    return {**case, "energy": energy}


@pytest.mark.parametrize(("gas", "used", "sentences"), [(1550, 60, 0), (1900, 60, 1), (2100, 0, 0)])
def test_top_gas_holds_no_more_than_the_carbon_of_its_furnace(
    gas: float, used: int, sentences: int
) -> None:
    """15,460 MJ of fuel: 38 % of them, 5,875 MJ, are 1,728 Nm3 at 3.4, 45 % are 2,046."""
    furnace = giving(
        BY_ID["furnace-that-gives-back-more-gas-than-its-carbon-makes"], "blast-furnace-gas", gas
    )
    assert worked(furnace).used == used
    assert len(sentences_of(furnace)) == sentences


def test_more_than_is_usual_is_told_with_its_size() -> None:
    """1,900 x 3.4 - 0.38 x 15,460 = 585 MJ, 20 kgce/t."""
    (sentence,) = sentences_of(
        giving(
            BY_ID["furnace-that-gives-back-more-gas-than-its-carbon-makes"],
            "blast-furnace-gas",
            1900,
        )
    )
    assert sentence.startswith(
        "6,460 MJ/t are given back as blast-furnace gas. At most 5,875 MJ/t (38% of the heat of "
        "coke"
    )
    assert "with that the label would be 20 kgce/t higher." in sentence


@pytest.mark.parametrize(("gas", "used"), [(110, 60), (129, 60), (131, 0)])
def test_converter_gas_is_the_carbon_of_the_hot_metal(gas: float, used: int) -> None:
    """129 Nm3 x 8.1 = 1,045 MJ/t, 131 are 1,061."""
    assert (
        worked(
            giving(
                BY_ID["converter-that-gives-back-more-gas-than-its-carbon-makes"],
                "converter-gas",
                gas,
            )
        ).used
        == used
    )


def test_coke_that_was_burnt_off_passes_whole_into_the_steam_of_its_boiler() -> None:
    """560 kg x 3.3 = 1,848 MJ with 13 kg x 28.4 = 369 burnt off are 1,479 of the coke's own;
    without them 1,848, above the usual.
    """
    quenching = BY_ID["dry-quenching"]
    assert worked(quenching).used == 60
    assert worked(giving(quenching, "steam", 900)).used == 0  # 2,475 - 341 MJ


def test_both_roads_leave_out_the_runs_and_name_both_figures(tmp_path: Path) -> None:
    rolled = [
        took("electricity", 90, "kWh"),
        took("natural-gas", 36, "Nm3", 35.5),
        gave("steam", 160, "kg", 2.75),
    ]
    site = works(
        tmp_path,
        "steel",
        {"hot-rolling": Ran(900, rolled)},
        '[steps.hot-rolling]\nnot_used = ["coke-oven-gas", "blast-furnace-gas"]\n',
    )
    result = labelled(site)
    assert of(result, "hot-rolling").excluded == {"yield-impossible": 60}
    assert going_out(site)  # judged where the label is made, on either road
    data = pipeline.read(site, outward=True)
    out = pipeline.outgoing_label(site, data, Period.parse("2026", UTC))
    assert next(label for label in out.steps if label.step == "hot-rolling").excluded == {
        "yield-impossible": 60
    }
    (sentence,) = [
        str(finding.sentence) for finding in result.findings if finding.code == "yield-impossible"
    ]
    assert "440 MJ/t" in sentence
    assert "383 MJ/t (30% of the heat of" in sentence
