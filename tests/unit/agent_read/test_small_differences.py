"""A label that is what is left of amounts many times its size says what a percent of each is
worth.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.labels import StepLabel
from tests.unit.agent_read.small_works import Ran, labelled, of, works
from tests.unit.agent_read.test_one_value_of_one_carrier import coking, furnace

SAID = "The label is a small difference between amounts many times its size."


def label_of(folder: Path, step: str, ran: Ran) -> StepLabel:
    return of(labelled(works(folder, "steel", {step: ran})), step)


def provisos_of(label: StepLabel) -> list[str]:
    return [proviso.en for proviso in label.provisos if proviso.en.startswith(SAID)]


def test_each_percent_of_coal_and_coke_is_told_with_what_it_moves(tmp_path: Path) -> None:
    """1,350 kg at 29.0 MJ hold 1,336 kgce: 13.4 a percent. A tonne of coke holds 935, and 194 a
    tonne go with it: 11.3.
    """
    (sentence,) = provisos_of(label_of(tmp_path, "coking", coking(27.4)))
    assert "cleaned (washed) coal 13.4, coke 11.3 kgce/t" in sentence


def test_coke_weighed_wet_moves_the_label_by_what_is_told(tmp_path: Path) -> None:
    """Two percent of water in a tonne that is output and credit: every other amount is per 1.02 t
    of it.
    """
    dry = coking(27.4)
    wet = [
        (of_what, amount if of_what == "coke" else amount / 1.02, unit, lhv, way)
        for of_what, amount, unit, lhv, way in dry.energy
    ]
    before, after = (
        label_of(tmp_path, "coking", dry),
        label_of(tmp_path, "coking", replace(dry, energy=wet)),
    )
    assert before.best.value is not None
    assert after.best.value is not None
    (size,) = re.findall(r"coke ([\d.]+) kgce/t", provisos_of(before)[0])
    assert (before.best.value - after.best.value) / 2 == pytest.approx(
        float(size), rel=0.03
    )  # 1 / 1.02 for 0.98


def test_a_label_of_the_size_of_its_amounts_says_nothing(tmp_path: Path) -> None:
    assert not provisos_of(label_of(tmp_path, "blast-furnace", furnace(28.4)))
