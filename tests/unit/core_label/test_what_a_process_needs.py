"""What a process cannot run without: how much less is told beside a label, and who is not asked."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from benchmarks import packs
from benchmarks.conversion import Basis
from benchmarks.labels import needs
from tests.unit.core_label.test_worked_cases import CASES, labelled

STEEL = packs.load("steel")
BY_ID = {case["id"]: case for case in CASES}


def sentences_of(case: dict[str, Any], unreported: frozenset[str] = frozenset()) -> list[str]:
    factors = packs.factors(STEEL)
    return [
        why.en
        for why in needs.sentences(
            labelled(case),
            STEEL.step(case["step"]),
            factors,
            Basis.CALORIFIC,
            date(2023, 7, 1),
            unreported,
        )
    ]


def with_oxygen(case: dict[str, Any], quantity: float) -> dict[str, Any]:
    """The case with so much oxygen per tonne; with none where it is 0."""
    others = [energy for energy in case["energy"] if energy["carrier"] != "oxygen"]
    return {
        **case,
        "energy": [
            *others,
            *([{"carrier": "oxygen", "quantity": quantity, "unit": "Nm3"}] if quantity else []),
        ],
    }


def test_an_arc_furnace_that_reports_no_oxygen_is_told_by_how_much_it_would_be_higher() -> None:
    """30 Nm3 x 0.067595 = 2.03 kgce/t: oxygen is optional there, so no run is left out."""
    furnace = with_oxygen(BY_ID["eaf-with-anthracite"], 0)
    assert labelled(furnace).used == 60
    (sentence,) = sentences_of(furnace)
    assert sentence.startswith(
        "0 Nm3/t of oxygen are reported. At least 30 is usual; with that the label would be 2 "
        "kgce/t higher. Check"
    )
    assert sentences_of(with_oxygen(furnace, 35)) == []


@pytest.mark.parametrize(
    ("oxygen", "used", "sentences"), [(34.9, 0, 0), (35, 60, 1), (41, 60, 1), (52, 60, 0)]
)
def test_a_converter_is_left_out_below_the_least_and_told_below_the_usual(
    oxygen: float, used: int, sentences: int
) -> None:
    converter = with_oxygen(BY_ID["converter-gives-back"], oxygen)
    assert labelled(converter).used == used
    assert len(sentences_of(converter)) == sentences


def test_what_is_said_to_be_made_inside_is_told_with_its_size() -> None:
    """1,050 Nm3 x 0.011061 = 11.6 kgce/t."""
    furnace = BY_ID["blast-furnace-beside-its-turbine"]
    assert labelled(furnace).used == 60
    (sentence,) = sentences_of(furnace, frozenset({"blast"}))
    assert "as the site states: the usual minimum of 1050 Nm3/t amounts to 12 kgce/t." in sentence


@pytest.mark.parametrize(
    ("electricity", "steam", "used"), [(74, 0, 0), (76, 0, 60), (40, 130, 0), (40, 150, 60)]
)
def test_what_makes_blast_inside_may_be_electricity_and_steam_together(
    electricity: float, steam: float, used: int
) -> None:
    furnace = BY_ID["blast-furnace-beside-its-turbine"]
    energies = [energy for energy in furnace["energy"] if energy["carrier"] != "electricity"]
    energies.append({"carrier": "electricity", "quantity": electricity, "unit": "kWh"})
    energies += (
        [{"carrier": "steam", "quantity": steam, "unit": "kg", "lhv": 2.75}] if steam else []
    )
    assert labelled({**furnace, "energy": energies}).used == used


@pytest.mark.parametrize(("steam", "used"), [(0, 0), (0.01, 0), (0.15, 0), (0.45, 60)])
def test_steam_given_by_its_heat_makes_no_more_blast_than_so_much_heat_can_be_steam(
    steam: float, used: int
) -> None:
    """40 of 75 kWh lack 140 kg of 300: at 1.5 MJ/kg, the least that steam can hold, 0.21 GJ."""
    furnace = BY_ID["blast-furnace-beside-its-turbine"]
    energies = [energy for energy in furnace["energy"] if energy["carrier"] != "electricity"]
    energies += [
        {"carrier": "electricity", "quantity": 40, "unit": "kWh"},
        {"carrier": "steam", "quantity": steam, "unit": "GJ"},
    ]
    assert labelled({**furnace, "energy": energies}).used == used


@pytest.mark.parametrize(
    ("blast", "oxygen", "used"),
    [
        (
            640,
            142,
            60,
        ),  # a furnace on 36 % of oxygen: 640 x 0.21 + 142 = 276 Nm3 of it, as 1,314 of blast hold
        (800, 95, 60),
        (640, 0, 0),
        (10, 95, 0),
    ],
)
def test_oxygen_beside_the_blast_stands_for_the_air_that_holds_it(
    blast: float, oxygen: float, used: int
) -> None:
    furnace = with_oxygen({**BY_ID["blast-furnace-beside-its-turbine"], "made_inside": []}, oxygen)
    others = [energy for energy in furnace["energy"] if energy["carrier"] != "blast"]
    assert (
        labelled(
            {**furnace, "energy": [*others, {"carrier": "blast", "quantity": blast, "unit": "Nm3"}]}
        ).used
        == used
    )


def test_what_does_the_same_work_is_named_beside_the_amount_that_it_enters() -> None:
    """800 + 10 x 4.76 = 848 Nm3 of 1,050: 202 x 0.011061 = 2.2 kgce/t."""
    furnace = {**BY_ID["blast-furnace-beside-its-turbine"], "made_inside": []}
    others = [
        energy for energy in with_oxygen(furnace, 10)["energy"] if energy["carrier"] != "blast"
    ]
    case = {**furnace, "energy": [*others, {"carrier": "blast", "quantity": 800, "unit": "Nm3"}]}
    (sentence,) = sentences_of(case)
    assert sentence.startswith(
        "848 Nm3/t of cold blast, including oxygen converted to it, are reported. At least 1050 "
        "is usual"
    )
