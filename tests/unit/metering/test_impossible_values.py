"""A value that no meter counts leaves its energy unknown, and reaches no sum."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from reporting_agent.cli import main

SITE = """[site]
id = "w"
timezone = "UTC"
pack = "steel"
pack_version = "1"
[inputs]
batches = "batches.csv"
readings = "readings.csv"
[steps.eaf]
not_used = ["coke"]
[[meters]]
id = "e1"
step = "eaf"
equipment = "eaf-1"
carrier = "electricity"
reading = "rate"
unit = "kW"
"""
BEGIN = datetime(2025, 1, 5, 3, tzinfo=UTC)


@pytest.mark.parametrize("value", ["-1e30", "1e300"])
def test_a_rate_beyond_all_meters_moves_no_label(tmp_path: Path, value: str) -> None:
    """Warnings of arithmetic are errors in these tests."""
    moments = [BEGIN + timedelta(minutes=minute) for minute in range(600)]
    readings = [
        f"e1,{moment.isoformat()},{value if minute == 320 else 40000}"
        for minute, moment in enumerate(moments)
    ]
    rows = [
        f"H{hour},eaf,eaf-1,liquid-steel,any,{moments[60 * hour + 5].isoformat()},{moments[60 * hour + 50].isoformat()},100,t,0"
        for hour in range(9)
    ]
    head = "batch_id,step,equipment,product,variant,start,end,output_quantity,output_unit,var.hot_metal_pct"
    (tmp_path / "site.toml").write_text(SITE, "utf-8")
    (tmp_path / "readings.csv").write_text(
        "\n".join(["meter_id,timestamp,value", *readings]) + "\n", "utf-8"
    )
    (tmp_path / "batches.csv").write_text("\n".join([head, *rows]) + "\n", "utf-8")
    main(
        [
            "label",
            "--site",
            str(tmp_path / "site.toml"),
            "--period",
            "2025-01",
            "--out",
            str(tmp_path / "label"),
        ]
    )
    batches = pq.read_table(tmp_path / "label" / "batches.parquet").to_pylist()
    electricity = {
        row["batch_id"]: (row["value"], row["excluded"])
        for row in batches
        if row["metric"] == "electricity"
    }
    load, excluded = electricity.pop("H5")
    assert excluded or load == pytest.approx(
        40000 * 0.75 / 100
    )  # left out between its neighbours, or all of the batch
    assert all(each == (pytest.approx(40000 * 0.75 / 100), None) for each in electricity.values())
