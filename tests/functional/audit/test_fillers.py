"""Energy of a batch in a row beside it: found where the row made nothing, and nobody honest is
accused of a start-up or a heat given up.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from benchmarks.audit import checks
from benchmarks.audit.evidence import CheckOutcome, CheckState
from tests.functional.audit.plants import honest
from tests.functional.audit.test_tampering import Rows, with_log
from tests.functional.audit.test_withheld import evidence_of
from tests.statistical import fillers, lines


@pytest.fixture(scope="module")
def mills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mills")
    lines.write(lines.MILLS, folder, seed=3, days=40, rate=0)
    return folder


def outcomes(folder: Path) -> dict[str, CheckOutcome]:
    return {finding.code: finding for finding in checks.run(evidence_of(honest(folder)))}


def runs_of(works: Path, *, every: int = 1) -> set[str]:
    """The ids of every so many runs."""
    with (works / "batches.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["batch_id"]
            for row in [row for row in csv.DictReader(file) if row["state"] == ""][::every]
        }


def after(
    works: Path, scratch: Path, change: fillers.Change, *, every: int = 1
) -> dict[str, CheckOutcome]:
    chosen = runs_of(works, every=every)
    return outcomes(with_log(works, scratch, lambda rows: change(rows, chosen)))


@pytest.mark.parametrize(
    "change",
    [
        *(fillers.ends_filled(20, state) for state in ("trial", "fault", "shut-down")),
        fillers.beginnings_filled(90, "start-up"),
        fillers.ends_beside_moments(90, "0"),
    ],
)
def test_production_in_rows_without_output_is_found(
    change: fillers.Change, mills: Path, tmp_path: Path
) -> None:
    findings = after(mills, tmp_path, change)
    assert findings["edges-at-rest"].state is CheckState.FAILED
    assert findings["edges-at-rest"].places


def test_rows_with_output_whose_times_are_wrong_by_the_dozen_are_told(
    mills: Path, tmp_path: Path
) -> None:
    findings = after(mills, tmp_path, fillers.ends_beside_moments(90, "100"))
    assert findings["edges-at-rest"].state is CheckState.NOT_CHECKABLE
    assert (
        "more than a tenth of the line's rows have wrong times"
        in findings["edges-at-rest"].sentence
    )


def test_a_row_that_waits_over_run_and_pause_is_found(mills: Path, tmp_path: Path) -> None:
    findings = after(mills, tmp_path, fillers.waiting_over_pauses)
    assert findings["nothing-left-out"].state is CheckState.FAILED
    assert any("logged as waiting" in place for place in findings["nothing-left-out"].records)


def test_one_run_given_up_accuses_nobody(mills: Path, tmp_path: Path) -> None:
    findings = after(mills, tmp_path, fillers.ends_filled(90, "fault"), every=10_000)
    assert findings["edges-at-rest"].state is CheckState.HELD


def test_start_ups_that_draw_what_production_draws_are_told_and_nobody_is_accused(
    mills: Path, tmp_path: Path
) -> None:
    def longer(rows: Rows) -> Rows:
        """Every run after a standstill begins 90 minutes later, its start-up lasts as much
        longer.
        """
        chosen, last = set(), dict[str, str]()
        for row in sorted(rows, key=lambda row: lines.moment(row["start"])):
            chosen |= {row["batch_id"]} if last.get(row["equipment"]) == "start-up" else set()
            last[row["equipment"]] = row["state"]
        return fillers.beginnings_filled(90, "start-up")(rows, chosen)

    finding = outcomes(with_log(mills, tmp_path, longer))["edges-at-rest"]
    assert finding.state is CheckState.NOT_CHECKABLE
    assert "a start-up without output drew power as in production" in finding.sentence
