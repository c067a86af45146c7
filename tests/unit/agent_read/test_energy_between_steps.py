"""Energy of one step booked at another of the works is told of both, with the label as it would be;
what is usual is told nothing.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.measurements import Metric
from tests.unit.agent_read.small_works import Ran, labelled, of, took, works

BLAINE = {"blaine_m2_kg": 350.0}


def provisos_by_label(
    folder: Path, raw_kwh: float, raw_coal: float = 0.0, mill_kwh: float = 28.0
) -> dict[tuple[str, Metric], list[str]]:
    """Of 60 runs of a raw mill, a kiln and a cement mill: what is told of energy above the usual,
    by step and metric.
    """
    meal = [
        took("electricity", raw_kwh, "kWh"),
        *([took("coal", raw_coal, "kg", 24.0)] if raw_coal else []),
    ]
    steps = {
        "raw-meal-homogenisation": Ran(1500, meal),
        "clinker-burning": Ran(
            3000, [took("coal", 124, "kg", 24.0), took("electricity", 26, "kWh")], {}, "grey"
        ),
        "cement-grinding": Ran(1200, [took("electricity", mill_kwh, "kWh")], BLAINE),
    }
    labels = labelled(
        works(folder, "cement", steps, "[static]\nbought_ground_pct = 0\n")
    ).site_label.steps
    return {
        (label.step, label.metric): [
            why.en for why in label.provisos if "above the typical value" in why.en
        ]
        for label in labels
    }


def test_electricity_above_the_usual_of_a_raw_mill_is_told_beside_the_cement_mill(
    tmp_path: Path,
) -> None:
    """3.5 kWh/t of 1,500 t are 4.375 of 1,200 t; and no more than leaves the mill at the 40 kWh/t
    that are usual at most.
    """
    sentences = provisos_by_label(tmp_path, 20.0)
    (mill,) = sentences["cement-grinding", Metric.ELECTRICITY]
    (raw,) = sentences["raw-meal-homogenisation", Metric.TOTAL]
    assert (
        "Raw meal grinding and homogenisation 20 kWh per t (16.5 typical, 19 usual at most)."
        in mill
    )
    assert "higher by up to 4.38 kWh/t." in mill
    assert "may belong to one of Cement grinding, whose labels say so." in raw
    assert sentences["clinker-burning", Metric.THERMAL] == []
    (near,) = provisos_by_label(tmp_path, 20.0, mill_kwh=38.0)[
        "cement-grinding", Metric.ELECTRICITY
    ]
    assert "higher by up to 2 kWh/t." in near


def test_coal_of_a_raw_mill_is_told_beside_the_kiln_that_burns_coal_too(tmp_path: Path) -> None:
    sentences = provisos_by_label(
        tmp_path, 16.5, raw_coal=4.0
    )  # 96 MJ/t, of 1,500 t: 48 MJ/t of 3,000 t of clinker
    (kiln,) = sentences["clinker-burning", Metric.THERMAL]
    assert "higher by up to 48 MJ/t." in kiln
    assert sentences["cement-grinding", Metric.ELECTRICITY] == []


@pytest.mark.parametrize(("raw_kwh", "raw_coal"), [(16.5, 0.0), (18.9, 2.0)])
def test_what_is_usual_is_told_of_no_step(tmp_path: Path, raw_kwh: float, raw_coal: float) -> None:
    assert not any(provisos_by_label(tmp_path, raw_kwh, raw_coal).values())


def test_a_mill_alone_is_told_nothing_of_itself(tmp_path: Path) -> None:
    site = works(
        tmp_path, "cement", {"raw-meal-homogenisation": Ran(1500, [took("electricity", 22, "kWh")])}
    )
    assert not [
        proviso
        for proviso in of(labelled(site), "raw-meal-homogenisation").provisos
        if "usual" in proviso.en
    ]


def beside_the_mill(
    folder: Path, mill_kwh: float, raw_kwh: float = 16.5, kiln_kwh: float = 26, settings: str = ""
) -> list[str]:
    """Of a works of 3,000 t of clinker a day: what is told beside its cement mill of power that
    other steps take.
    """
    steps = {
        "raw-meal-homogenisation": Ran(4600, [took("electricity", raw_kwh, "kWh")]),
        "clinker-burning": Ran(
            3000, [took("coal", 124, "kg", 24.0), took("electricity", kiln_kwh, "kWh")], {}, "grey"
        ),
        "cement-grinding": Ran(3800, [took("electricity", mill_kwh, "kWh")], BLAINE),
    }
    mill = of(
        labelled(works(folder, "cement", steps, f"{settings}[static]\nbought_ground_pct = 0\n")),
        "cement-grinding",
        Metric.ELECTRICITY,
    )
    return [proviso.en for proviso in mill.provisos if "above the typical value" in proviso.en]


def test_power_spread_over_steps_that_stay_within_the_usual_is_told_by_its_sum(
    tmp_path: Path,
) -> None:
    """2.3 kWh/t of 4,600 t and 6.5 of 3,000 t are 7.9 of 3,800 t; each alone is below what is usual
    at most.
    """
    (sentence,) = beside_the_mill(tmp_path, 23.4, 18.8, 32.5)
    assert (
        "Clinker burning 32.5 kWh per t (26 typical, 34 usual at most), Raw meal grinding and "
        "homogenisation 18.8 kWh" in sentence
    )
    assert "higher by up to 7.92 kWh/t." in sentence


@pytest.mark.parametrize(
    ("mill", "raw", "kiln"),
    [
        (23.4, 16.5, 26),  # a good mill beside typical steps
        (28.0, 17.0, 28),  # by which such works scatter
        (33.0, 18.0, 30),  # old throughout
    ],
)
def test_a_works_that_is_as_others_are_is_told_nothing(
    tmp_path: Path, mill: float, raw: float, kiln: float
) -> None:
    assert beside_the_mill(tmp_path, mill, raw, kiln) == []


def test_power_of_auxiliaries_and_of_compressed_air_of_other_steps_counts_as_theirs(
    tmp_path: Path,
) -> None:
    """8 kWh/t of 4,600 t are 9.7 of 3,800 t."""
    flow = (
        '{ carrier = "electricity", quantity = 2208000, unit = "kWh", period = "2026", step = '
        '"raw-meal-homogenisation" }'
    )
    (sentence,) = beside_the_mill(
        tmp_path, 23.4, settings=f"[site_boundary]\nauxiliaries = [{flow}]\n"
    )
    assert "Raw meal grinding and homogenisation 24.5 kWh per t" in sentence
    assert "higher by up to 9.68 kWh/t." in sentence


HEATERS = """[[site_boundary.conversions]]
id = "heaters"
takes = [{ carrier = "electricity", quantity = 1.2e6, unit = "kWh", period = "2026" }]
gives = [{ carrier = "heat", quantity = 4.19e6, unit = "MJ", period = "2026" }]
"""


def test_power_that_heaters_take_for_another_step_is_told_beside_the_mill(tmp_path: Path) -> None:
    """1.2 GWh of 60 runs of 3,800 t are 5.26 kWh/t; at the kiln its heat is 23 of 3,000 MJ/t."""
    (sentence,) = beside_the_mill(tmp_path, 26.0, settings=f"[site_boundary]\n{HEATERS}")
    assert "heaters of [site_boundary] 1,200 MWh" in sentence
    assert "higher by up to 5.26 kWh/t." in sentence


def test_power_of_a_waste_heat_set_is_what_such_sets_take_or_may_be_another_steps(
    tmp_path: Path,
) -> None:
    for own, expected in ((2.3, 0), (5.3, 1)):
        steps = {
            "waste-heat-power": Ran(
                3000,
                [took("electricity", own, "kWh"), ("electricity", 33, "kWh", None, "recovered")],
            ),
            "cement-grinding": Ran(3800, [took("electricity", 29, "kWh")], BLAINE),
        }
        mill = of(
            labelled(works(tmp_path, "cement", steps, "[static]\nbought_ground_pct = 0\n")),
            "cement-grinding",
            Metric.ELECTRICITY,
        )
        assert (
            len([proviso for proviso in mill.provisos if "above the typical value" in proviso.en])
            == expected
        )


def test_oxygen_that_a_converter_cannot_do_without_is_no_power_of_others(tmp_path: Path) -> None:
    for oxygen, expected in ((54, 0), (200, 1)):
        steps = {
            "converter": Ran(
                150,
                [took("electricity", 32, "kWh"), took("oxygen", oxygen, "Nm3")],
                {"scrap_pct": 15},
            ),
            "continuous-casting": Ran(150, [took("electricity", 14, "kWh")]),
        }
        site = works(
            tmp_path,
            "steel",
            steps,
            '[steps.continuous-casting]\nnot_used = ["coke-oven-gas", "natural-gas"]\n',
        )
        labels = [
            label
            for label in labelled(site).site_label.steps
            if label.step == "continuous-casting" and label.best.value is not None
        ]
        assert labels
        assert any(
            "above the typical value" in why.en for label in labels for why in label.provisos
        ) == bool(expected)
