"""Runs that share a machine and its time, and copies under other ids, count once: a label that is
better with them is held back.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from reporting_agent.pipeline import scattered
from reporting_agent.pipeline.outward.releasable import steps_in_doubt
from tests.unit.agent_read.small_works import Ran, labelled, of, took, works

KILN = Ran(4000, [took("coal", 125, "kg", 22.0), took("electricity", 30, "kWh")], {}, "grey")
Row = dict[str, str]
DAYS = 90


def chance() -> list[float]:
    return [float(factor) for factor in np.random.default_rng(5).normal(1, 0.05, DAYS)]


def kiln(
    folder: Path,
    change: Callable[[list[Row], list[Row]], None],
    factors: list[float],
    digits: int = 1,
) -> tuple[float, list[str]]:
    """The label of clinker of days that scatter, after the log and its energies were changed; the
    findings of copies.
    """
    site = works(folder, "cement", {"clinker-burning": KILN}, runs=DAYS)
    tables = []
    for name in ("batches", "energy"):
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            tables.append(list(csv.DictReader(file)))
    batches, energy = tables
    for row, factor in zip(batches, factors, strict=True):
        row["equipment"] = "kiln-1"
        row["output_quantity"] = f"{4000 * factor**0.3:.{max(digits, 0)}f}"
    for row in energy:
        row["quantity"] = str(
            round(float(row["quantity"]) * factors[int(row["batch_id"].rpartition("-")[2])], digits)
        )
    change(batches, energy)
    for name, rows in (("batches", batches), ("energy", energy)):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    result = labelled(site)
    best = of(result, "clinker-burning").best.value
    assert best is not None
    findings = [finding for finding in result.findings if finding.code == scattered.CODE]
    if findings:
        assert {why.code for why in steps_in_doubt(result.site_label).values()} == {scattered.CODE}
    return best, [str(finding.sentence) for finding in findings]


def nothing(batches: list[Row], energy: list[Row]) -> None:
    pass


def halves(batches: list[Row], energy: list[Row]) -> None:
    """Each day as two runs of half the output, one with 45 % of the energy."""
    for rows, column, share in ((batches, "output_quantity", 0.5), (energy, "quantity", 0.45)):
        for row in list(rows):
            whole = float(row[column])
            row[column] = str(whole * share)
            rows.append(row | {"batch_id": row["batch_id"] + "b", column: str(whole * (1 - share))})


def best_again(shifted: bool) -> Callable[[list[Row], list[Row]], None]:
    """The twenty best days three times more."""

    def change(batches: list[Row], energy: list[Row]) -> None:
        good = {batches[place]["batch_id"] for place in np.argsort(chance())[:20].tolist()}
        for copy in range(3):
            for row in [batch for batch in batches if batch["batch_id"] in good]:
                own = {"batch_id": f"{row['batch_id']}-{copy}"}
                for edge in ("start", "end") if shifted else ():
                    own[edge] = (
                        datetime.fromisoformat(row[edge]) + timedelta(days=DAYS * (copy + 1))
                    ).isoformat()
                batches.append(row | own)
            energy += [
                row | {"batch_id": f"{row['batch_id']}-{copy}"}
                for row in energy
                if row["batch_id"] in good
            ]

    return change


@pytest.mark.parametrize(
    "change",
    [halves, best_again(shifted=False), best_again(shifted=True)],
    ids=["halves", "at once", "at other times"],
)
def test_a_label_that_copies_better_counts_each_once_and_is_held_back(
    tmp_path: Path, change: Callable[[list[Row], list[Row]], None]
) -> None:
    (tmp_path / "plain").mkdir()
    plain, sentences = kiln(tmp_path / "plain", nothing, chance())
    assert not sentences
    best, sentences = kiln(tmp_path, change, chance())
    assert best == pytest.approx(plain, rel=1e-6)
    assert sentences


@pytest.mark.parametrize(
    ("factors", "digits"), [([1.0] * DAYS, 1), (chance(), -4), ([1.0, 1.02] * (DAYS // 2), 1)]
)
def test_equal_amounts_that_chance_brings_are_no_copies(
    tmp_path: Path, factors: list[float], digits: int
) -> None:
    assert not kiln(tmp_path, nothing, factors, digits)[1]


def test_runs_that_overlap_by_minutes_are_two(tmp_path: Path) -> None:
    def late(batches: list[Row], energy: list[Row]) -> None:
        for row in batches:
            row["end"] = row["end"].replace("T00:00", "T03:00")

    assert not kiln(tmp_path, late, chance())[1]
