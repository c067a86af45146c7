"""A step of heat that takes far less of it than such plants do is told so, with the label at the
typical amount.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.agent_read.small_works import Amount, Ran, labelled, of, took, works

POWER = took("electricity", 105, "kWh")
ROLLING = '[steps.hot-rolling]\nnot_used = ["coke-oven-gas", "blast-furnace-gas"]\n'


def heat_provisos(folder: Path, *burnt: Amount) -> list[str]:
    label = of(
        labelled(works(folder, "steel", {"hot-rolling": Ran(900, [POWER, *burnt])}, ROLLING)),
        "hot-rolling",
    )
    assert label.used == 60
    return [proviso.en for proviso in label.provisos if proviso.en.startswith("The step uses")]


def test_rolling_without_any_fuel_is_told_at_the_typical_heat(tmp_path: Path) -> None:
    """1,250 MJ/t are 42.65 kgce/t."""
    (sentence,) = heat_provisos(tmp_path)
    assert "uses 0 MJ of heat per t; typical is 1250 MJ" in sentence
    assert "higher by up to 42.7 kgce/t" in sentence


@pytest.mark.parametrize(
    ("gas_nm3", "is_told"), [(20, True), (27, False), (35, False)]
)  # at 35.5: 710, 958 and 1,242 MJ/t
def test_rolling_is_told_far_below_the_typical_alone(
    tmp_path: Path, gas_nm3: float, is_told: bool
) -> None:
    assert bool(heat_provisos(tmp_path, took("natural-gas", gas_nm3, "Nm3", 35.5))) is is_told
