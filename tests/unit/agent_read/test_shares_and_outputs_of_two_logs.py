"""Shares that correct a label held against the log, the output of a waste-heat set against its
kiln's, and power sold on paper.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.labels import StepLabel
from benchmarks.measurements import Metric
from tests.unit.agent_read.small_works import Ran, gave, labelled, of, took, works
from tests.unit.agent_read.test_materials_in_the_log import BLAINE, GROUND, run

BLOWN = [
    took("electricity", 30, "kWh"),
    took("oxygen", 55, "Nm3"),
    gave("converter-gas", 100, "Nm3", 8.0),
]
CHARGE = "input.hot-metal,input.scrap"


def by_the_log(label: StepLabel) -> list[str]:
    return [proviso.en for proviso in label.provisos if proviso.en.startswith("By the log")]


@pytest.mark.parametrize(
    ("stated", "charge", "expected"),
    [
        (
            22.0,
            "95,13",
            (
                "scrap is 12 % of all the scrap, hot metal, but scrap_pct says 22 %. With the "
                "log's "
                "share the label would be higher"
            ),
        ),
        (13.0, "95,13", None),  # 12.04 %: a point is room for scales
        (8.0, "95,13", None),  # less than it shows betters nothing
        (22.0, "84.24,23.76", None),
        (22.0, ",", None),  # the log names neither
    ],
)
def test_more_scrap_than_the_log_charges_is_told_with_its_size(
    tmp_path: Path, stated: float, charge: str, expected: str | None
) -> None:
    """0.23 kgce/t a percent: of the ten that are not there 2.29."""
    ran = Ran(100, BLOWN, {"scrap_pct": stated})
    _, label = run(tmp_path, "converter", ran, CHARGE, charge)
    sentences = by_the_log(label)
    assert [
        expected in sentence and sentence.endswith("higher by 2.29 kgce/t. Correct one of them.")
        for sentence in sentences
        if expected
    ] == ([True] if expected else [])
    assert expected is not None or not sentences


def test_a_log_that_names_a_charge_of_nothing_but_a_heat_that_failed_says_nothing(
    tmp_path: Path,
) -> None:
    site, label = run(tmp_path, "converter", Ran(100, BLOWN, {"scrap_pct": 22.0}), CHARGE, ",")
    rows = (tmp_path / "batches.csv").read_text(encoding="utf-8").splitlines()
    failed = dict(zip(rows[0].split(","), rows[-1].split(","), strict=True))
    failed |= {
        "batch_id": "failed",
        "output_quantity": "0",
        "input.hot-metal": "95",
        "input.scrap": "13",
    }
    (tmp_path / "batches.csv").write_text(
        "\n".join([*rows, ",".join(failed.values())]) + "\n", encoding="utf-8"
    )
    again = of(labelled(site), "converter")
    assert again.best.value == label.best.value
    assert by_the_log(again) == []


@pytest.mark.parametrize(
    ("stated", "clinker", "expected"), [(77, 2250, "2.4"), (76, 2250, None), (75, 2310, None)]
)
def test_more_clinker_than_the_log_charges_is_told_by_what_its_limit_loses(
    tmp_path: Path, stated: float, clinker: int, expected: str | None
) -> None:
    """The limit of level 3 rises by 1.2 kgce/t of cement for each percent of clinker."""
    ran = Ran(3000, GROUND, {**BLAINE, "clinker_pct": stated})
    _, label = run(
        tmp_path,
        "cement-grinding",
        ran,
        "input.clinker,input.gypsum",
        f"{clinker},{3030 - clinker}",
    )
    sentences = by_the_log(label)
    assert [
        f"limits that it corrects would be lower by up to {expected} kgce/t" in sentence
        for sentence in sentences
    ] == ([True] if expected else []), sentences


RECOVERED = [gave("electricity", 35, "kWh"), took("electricity", 2.5, "kWh")]
BURNT = [took("coal", 125, "kg", 24.5), took("electricity", 27, "kWh")]


@pytest.mark.parametrize(
    ("clinker", "expected"),
    [
        (4650, "whose log shows 300,000 t in the same time; this log shows 279,000 t."),
        (4960, None),
        (5000, None),
        (5400, None),
    ],
)
def test_less_clinker_than_its_kiln_makes_betters_a_waste_heat_set_and_is_told(
    tmp_path: Path, clinker: float, expected: str | None
) -> None:
    scaled = [(carrier, quantity * 5000 / clinker, *rest) for carrier, quantity, *rest in RECOVERED]
    steps = {
        "clinker-burning": Ran(5000, BURNT, variant="grey"),
        "waste-heat-power": Ran(clinker, scaled),  # type: ignore[arg-type]
    }
    label = of(labelled(works(tmp_path, "cement", steps)), "waste-heat-power")
    assert label.best.value is not None
    sentences = [
        proviso.en
        for proviso in label.provisos
        if proviso.en.startswith("The output of this step is that of Clinker burning")
    ]
    assert [expected in sentence for sentence in sentences if expected] == (
        [True] if expected else []
    )
    assert (
        expected is None
        or f"higher by {-label.best.value * (1 - clinker / 5000):.3g} kgce/t" in sentences[0]
    )
    assert expected is not None or not sentences


def test_a_set_that_stands_while_its_kiln_runs_is_held_against_what_it_served(
    tmp_path: Path,
) -> None:
    steps = {
        "clinker-burning": Ran(5000, BURNT, variant="grey"),
        "waste-heat-power": Ran(5000, RECOVERED),
    }
    site = works(tmp_path, "cement", steps)
    rows = (tmp_path / "batches.csv").read_text(encoding="utf-8").splitlines()
    idle = [
        row
        for row in rows
        if not any(row.startswith(f"waste-heat-power-{day},") for day in range(50, 60))
    ]
    (tmp_path / "batches.csv").write_text("\n".join(idle) + "\n", encoding="utf-8")
    label = of(labelled(site), "waste-heat-power")
    assert label.made_from is not None
    assert len(label.made_from.rows) == 50
    assert not [
        proviso for proviso in label.provisos if proviso.en.startswith("The output of this step")
    ]


SOLD = 'carrier = "electricity", quantity = 6.0e5, unit = "kWh", period = "2026"'


@pytest.mark.parametrize(
    ("fence", "expected"),
    [(f"sold = [{{ {SOLD} }}]", ["sales that no meter shows 3.33"]), ("", [])],
)
def test_power_said_to_be_sold_beside_a_waste_heat_set_is_told_at_the_mill(
    tmp_path: Path, fence: str, expected: list[str]
) -> None:
    """600 MWh over 180,000 t of cement, where the set gives 10.5 GWh that may be sold."""
    steps = {"waste-heat-power": Ran(5000, RECOVERED), "cement-grinding": Ran(3000, GROUND, BLAINE)}
    site = works(tmp_path, "cement", steps, f"[site_boundary]\n{fence}\n")
    label = of(labelled(site), "cement-grinding", Metric.ELECTRICITY)
    sentences = [
        proviso.en
        for proviso in label.provisos
        if proviso.en.startswith("Apart from what the step's own meters show")
    ]
    assert [what in sentence for sentence, what in zip(sentences, expected, strict=True)] == [
        True
    ] * len(expected)
