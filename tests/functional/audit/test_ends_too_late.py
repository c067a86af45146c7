"""Runs dropped behind a row whose end is days too late are found; such a row alone accuses
nobody.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.audit.evidence import CheckState
from reporting_agent.audit.openings import examining
from reporting_agent.audit.openings.assembling import assemble
from tests.functional.audit.plants import audited, drawn_by_auditor, failures, honest
from tests.statistical import lines
from tests.statistical.insider import covered

RUNS, EVERY = "8 h", 12
LATE = timedelta(days=3)


@pytest.fixture(scope="module")
def mill(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mill")
    lines.write(lines.RUNS[RUNS], folder, seed=3, days=60, rate=0)
    return folder


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "batches.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def failing(folder: Path) -> Mapping[str, object]:
    plant = honest(folder)
    draw, promise = drawn_by_auditor(plant)
    findings = audited(
        plant,
        draw,
        promise,
        assemble(draw, plant.tree, plant.site, plant.pack, plant.answered).opening,
    )
    assert not [
        finding.code
        for finding in findings
        if finding.state is CheckState.NOT_CHECKABLE and finding.asked
    ]
    return failures(findings)


def changed(mill: Path, folder: Path, rows: list[dict[str, str]]) -> Path:
    shutil.copytree(mill, folder, dirs_exist_ok=True)
    with (folder / "batches.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return folder


@pytest.mark.parametrize("state", ["", "holding"])
def test_runs_dropped_behind_late_ends_are_found_by_name(
    mill: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    rows = rows_of(mill)
    gone = {row["batch_id"] for row in rows[5::EVERY]}
    folder = changed(mill, tmp_path, covered(rows, gone, LATE, state))
    assert len(rows_of(folder)) < len(rows)
    assert "nothing-left-out" in failing(
        folder
    )  # of rows that say holding their edges tell as well
    monkeypatch.setattr(examining, "longest_of", lambda _pack: {})
    assert ("nothing-left-out" in failing(folder)) is bool(
        state
    )  # rows that say holding are judged stretch by stretch besides


def test_an_end_that_is_days_too_late_with_every_run_in_the_log_raises_nothing(
    mill: Path, tmp_path: Path
) -> None:
    rows = rows_of(mill)
    assert failing(mill) == {}
    for row in rows[5::EVERY]:
        row["end"] = (lines.moment(row["end"]) + LATE).isoformat()
    assert failing(changed(mill, tmp_path, rows)) == {}
