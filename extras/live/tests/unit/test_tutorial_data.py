"""The simulated furnaces of docs/live.md: whoever tries the agent on them is asked about no fault
that nobody made.
"""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from fixtures.simulator.furnaces import Furnaces
from reporting_agent.cli import main


def test_the_first_label_asks_nothing_and_a_clock_that_is_off_is_still_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = Furnaces(heats=30).write(tmp_path)
    label = ["label", "--site", str(site), "--period", "2025-01", "--out", str(tmp_path / "label")]
    assert main(label) == 0
    assert "its clock is" not in "".join(capsys.readouterr())

    readings = tmp_path / "readings.csv"
    with readings.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    behind = [
        (
            meter,
            (datetime.fromisoformat(stamp) - timedelta(minutes=1)).isoformat()
            if meter == "eaf-1-electricity"
            else stamp,
            value,
        )
        for meter, stamp, value in rows
    ]
    with readings.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *behind])
    assert main(label) == 0
    output = "".join(capsys.readouterr())
    assert "Meter eaf-1-electricity: its clock is 6" in output
