"""Energy of one step booked at another of the works is told of both, with the label as it would be; what is usual is told nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.measurements import Metric
from tests.unit.agent_read.small_works import Ran, labelled, of, took, works

BLAINE = {"blaine_m2_kg": 350.0}


def told(folder: Path, raw_kwh: float, raw_coal: float = 0.0, mill_kwh: float = 28.0) -> dict[tuple[str, Metric], list[str]]:
    """Of 60 runs of a raw mill, a kiln and a cement mill: what is told of energy above the usual, by step and metric."""
    meal = [took("electricity", raw_kwh, "kWh"), *([took("coal", raw_coal, "kg", 24.0)] if raw_coal else [])]
    steps = {
        "raw-meal-homogenisation": Ran(1500, meal),
        "clinker-burning": Ran(3000, [took("coal", 124, "kg", 24.0), took("electricity", 26, "kWh")], {}, "grey"),
        "cement-grinding": Ran(1200, [took("electricity", mill_kwh, "kWh")], BLAINE),
    }
    labels = labelled(works(folder, "cement", steps, "[static]\nbought_ground_pct = 0\n")).site_label.steps
    return {
        (one.step, one.metric): [why.en for why in one.provisos if "What is above" in why.en or "what is above" in why.en] for one in labels
    }


def test_electricity_above_the_usual_of_a_raw_mill_is_told_beside_the_cement_mill(tmp_path: Path) -> None:
    """3.5 kWh/t of 1,500 t are 4.375 of 1,200 t; and no more than leaves the mill at the 40 kWh/t that are usual at most."""
    found = told(tmp_path, 20.0)
    (mill,) = found["cement-grinding", Metric.ELECTRICITY]
    (raw,) = found["raw-meal-homogenisation", Metric.TOTAL]
    assert "Raw meal grinding and homogenisation takes 20 kWh of electricity per t of its output; usual are 16.5, at most 19 kWh." in mill
    assert mill.endswith("higher by up to 4.38 kWh/t.")
    assert "may be of Cement grinding, whose labels say so." in raw
    assert found["clinker-burning", Metric.THERMAL] == []
    (near,) = told(tmp_path, 20.0, mill_kwh=38.0)["cement-grinding", Metric.ELECTRICITY]
    assert near.endswith("higher by up to 2 kWh/t.")


def test_coal_of_a_raw_mill_is_told_beside_the_kiln_that_burns_coal_too(tmp_path: Path) -> None:
    found = told(tmp_path, 16.5, raw_coal=4.0)  # 96 MJ/t, of 1,500 t: 48 MJ/t of 3,000 t of clinker
    (kiln,) = found["clinker-burning", Metric.THERMAL]
    assert kiln.endswith("higher by up to 48 MJ/t.")
    assert found["cement-grinding", Metric.ELECTRICITY] == []


@pytest.mark.parametrize(("raw_kwh", "raw_coal"), [(16.5, 0.0), (18.9, 2.0)])
def test_what_is_usual_is_told_of_no_step(tmp_path: Path, raw_kwh: float, raw_coal: float) -> None:
    assert not any(told(tmp_path, raw_kwh, raw_coal).values())


def test_a_mill_alone_is_told_nothing_of_itself(tmp_path: Path) -> None:
    site = works(tmp_path, "cement", {"raw-meal-homogenisation": Ran(1500, [took("electricity", 22, "kWh")])})
    assert not [one for one in of(labelled(site), "raw-meal-homogenisation").provisos if "usual" in one.en]
