"""Output or energy moved between neighbouring days makes good days of usual ones: told beside the label, and no honest record is."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tests.unit.agent_read.small_works import Ran, labelled, of, took, works

KILN = Ran(4000, [took("coal", 125, "kg", 22.0), took("electricity", 30, "kWh")], {}, "grey")


def told(folder: Path, factors: np.ndarray) -> list[str]:
    site = works(folder, "cement", {"clinker-burning": KILN}, runs=len(factors))
    path = folder / "energy.csv"
    rows = list(csv.DictReader(path.open(encoding="utf-8")))
    for row in rows:
        row["quantity"] = str(float(row["quantity"]) * factors[int(row["batch_id"].rpartition("-")[2])])
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    label = of(labelled(site), "clinker-burning")
    assert label.used == len(factors)
    return [one.en for one in label.provisos if "follow each other" in one.en]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("alike", [0.0, 0.5])
def test_energy_moved_between_neighbours_is_told_and_the_honest_record_is_not(tmp_path: Path, seed: int, alike: float) -> None:
    """A kiln that scatters by 2 %, its days alike or not; 8 % of every second day's energy moved to or from the next."""
    chance = np.random.default_rng(seed)
    honest = np.zeros(180)
    for day in range(1, 180):
        honest[day] = alike * honest[day - 1] + 0.02 * chance.normal() * (1 - alike**2) ** 0.5
    moved = np.repeat(0.08 * chance.choice([-1, 1], 90), 2) * np.tile([1, -1], 90)
    assert told(tmp_path, 1 + honest) == []
    (said,) = told(tmp_path, 1 + honest + moved)
    assert said.startswith("Days above the usual and days below it follow each other more than chance does (correlation of neighbours -0.")


def test_a_few_days_or_hardly_any_energy_are_not_told(tmp_path: Path) -> None:
    turns = np.tile([1, -1], 90)
    assert told(tmp_path, 1 + 0.08 * turns[:40]) == []
    assert told(tmp_path, 1 + 0.002 * turns) == []
    assert len(told(tmp_path, 1 + 0.08 * turns)) == 1
