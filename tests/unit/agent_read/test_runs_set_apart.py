"""Runs with product that are logged as tests or as no normal running are told with what the label
would be with them.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tests.unit.agent_read.small_works import Ran, labelled, of, took, works

KILN = Ran(4000, [took("coal", 125, "kg", 22.0), took("electricity", 30, "kWh")], {}, "grey")
DAYS = 100


def best_and_provisos(
    folder: Path, apart: np.ndarray, as_what: tuple[str, str]
) -> tuple[float, list[str]]:
    """The best of a kiln's hundred days of 2 % of scatter, those of `apart` (by their place among
    all, the best first) logged so.
    """
    site = works(folder, "cement", {"clinker-burning": KILN}, runs=DAYS)
    factors = np.random.default_rng(1).normal(1, 0.02, DAYS)
    place = factors.argsort().argsort()
    for name, changed in (
        ("energy", lambda row, day: {"quantity": float(row["quantity"]) * factors[day]}),
        (
            "batches",
            lambda row, day: dict(
                zip(
                    ("status", "state"),
                    as_what if place[day] in apart else ("good", "normal"),
                    strict=True,
                )
            ),
        ),
    ):
        path = folder / f"{name}.csv"
        rows = [
            row | changed(row, int(row["batch_id"].rpartition("-")[2]))
            for row in csv.DictReader(path.open(encoding="utf-8"))
        ]
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    label = of(labelled(site), "clinker-burning")
    assert label.best.value is not None
    return label.best.value, [
        proviso.en
        for proviso in label.provisos
        if "left out" in proviso.en or "leaves out" in proviso.en
    ]


@pytest.mark.parametrize(
    "as_what",
    [("test", "normal"), ("good", "trial"), ("good", "start-up")],
    ids=lambda words: "-".join(words),
)
def test_the_worse_half_called_tests_is_told_with_the_label_of_all(
    tmp_path: Path, as_what: tuple[str, str]
) -> None:
    of_all, _ = best_and_provisos(tmp_path, np.arange(0), as_what)
    best, (sentence,) = best_and_provisos(tmp_path, np.arange(50, 100), as_what)
    assert sentence.startswith("The log marks 50 runs with product as tests")
    assert f"would be {of_all:.4g} kgce/t instead of {best:.4g}." in sentence


@pytest.mark.parametrize(
    "apart",
    [np.arange(90, 100), np.arange(0, 100, 4)],
    ids=["the worst tenth", "a quarter of any kind"],
)
def test_trials_that_move_the_label_by_little_are_not_told(
    tmp_path: Path, apart: np.ndarray
) -> None:
    """A tenth of the year's energy went to them, and into their product."""
    assert best_and_provisos(tmp_path, apart, ("test", "normal"))[1] == []
