"""Rows that say the line waited: a run inside one is found though its day was not drawn, and a true
one holds.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.audit import checks
from benchmarks.audit.evidence import CheckState
from tests.functional.audit.plants import honest
from tests.functional.audit.test_tampering import Rows, with_log
from tests.functional.audit.test_withheld import evidence_of
from tests.statistical import lines

Row = dict[str, str]
METER = "mill-1-electricity"
Stretches = tuple[tuple[str, str], ...]
STOOD: Stretches = (
    ("2025-01-22 06:00:00", "2025-01-22 13:45:00"),
    ("2025-01-22 22:00:00", "2025-01-23 05:45:00"),
)
RAN_EMPTY: Stretches = (
    ("2025-01-19 05:45:00", "2025-01-19 07:00:00"),
    ("2025-01-19 20:45:00", "2025-01-19 22:00:00"),
)


@pytest.fixture(scope="module")
def mills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mills")
    lines.write(lines.MILLS, folder, seed=3, days=40, rate=0)
    return folder


def waiting(run: Row, start: str, end: str) -> Row:
    amounts = {"output_quantity": "0.0", "reject_quantity": "0.0", "var.blaine_m2_kg": ""}
    return {
        **run,
        "batch_id": "held-1",
        "start": f"{start}+08:00",
        "end": f"{end}+08:00",
        "state": "holding",
        **amounts,
    }


def counted_anew(folder: Path, stretches: Stretches, per_reading: Callable[[float], float]) -> Path:
    """The mill's register with other energy in each reading of these times."""
    file = folder / "readings" / "mains.csv"
    rows = list(csv.reader(file.open(encoding="utf-8")))
    before, moved = None, 0.0
    for row in rows[1:]:
        if row[0] != METER:
            continue
        value = float(row[2])
        if before is not None and any(start < row[1] <= end for start, end in stretches):
            moved += per_reading(value - before) - (value - before)
        before, row[2] = value, f"{value + moved:.3f}"
    with file.open("w", newline="", encoding="utf-8") as written:
        csv.writer(written).writerows(rows)
    return folder


def state_of(folder: Path, draw: str) -> CheckState:
    return {outcome.code: outcome for outcome in checks.run(evidence_of(honest(folder, draw)))}[
        "nothing-left-out"
    ].state


def test_a_run_in_the_middle_of_a_row_that_waits_is_found_on_a_day_that_was_not_drawn(
    mills: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Two hours of standstill at either end; the two shifts around the run are taken out of log and
    readings.
    """

    def hide(rows: Rows) -> Rows:
        run = next(row for row in rows if row["batch_id"] == "mill-1-00028")
        others = [
            row
            for row in rows
            if row["batch_id"] not in {"mill-1-00027", "mill-1-00028", "mill-1-00029"}
        ]
        return [*others, waiting(run, "2025-01-22 12:00:00", "2025-01-22 23:45:00")]

    folder = counted_anew(
        with_log(mills, tmp_path_factory.mktemp("hidden"), hide), STOOD, lambda energy: 0.0
    )
    states = [state_of(folder, f"draw {number}") for number in range(4)]
    assert states.count(CheckState.FAILED) >= 3, "one draw in six opens neither the row nor its day"


def test_a_true_row_that_runs_empty_at_its_ends_holds(
    mills: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """16 hours over a Sunday, a sixth of production on the whole and most of it at the ends."""

    def stop(rows: Rows) -> Rows:
        run = next(row for row in rows if row["batch_id"] == "mill-1-00028")
        return [*rows, waiting(run, "2025-01-19 05:45:00", "2025-01-19 22:00:00")]

    folder = counted_anew(
        with_log(mills, tmp_path_factory.mktemp("waited"), stop),
        RAN_EMPTY,
        lambda energy: energy + 1060.0,
    )
    assert [state_of(folder, f"draw {number}") for number in range(4)] == [CheckState.HELD] * 4
