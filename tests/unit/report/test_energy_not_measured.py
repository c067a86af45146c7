"""A batch of which nothing was measured has no energy in batches.parquet: a zero would be 0 kWh a
tonne to whoever reads the file.
"""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from fixtures.simulator.furnaces import Furnaces
from reporting_agent.cli import main


def test_a_batch_without_readings_has_no_energy_and_others_have_theirs(tmp_path: Path) -> None:
    site = Furnaces(heats=8, every_s=120).write(tmp_path)
    with (tmp_path / "batches.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    later = {
        name: (datetime.fromisoformat(rows[-1][name]) + timedelta(days=3)).isoformat()
        for name in ("start", "end")
    }
    with (tmp_path / "batches.csv").open("a", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, list(rows[0])).writerow(
            {**rows[-1], **later, "batch_id": "unmeasured"}
        )
    main(["label", "--site", str(site), "--period", "2025-01", "--out", str(tmp_path / "label")])
    table = pq.read_table(tmp_path / "label" / "batches.parquet").to_pylist()
    unmeasured = [row for row in table if row["batch_id"] == "unmeasured"]
    assert {row["excluded"] for row in unmeasured} == {"energy-unknown"}
    assert {(row["energy"], row["value"], row["at_reference"]) for row in unmeasured} == {
        (None, None, None)
    }
    assert all(row["energy"] and row["value"] for row in table if row["excluded"] is None)
