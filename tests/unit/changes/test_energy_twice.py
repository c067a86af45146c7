"""An energy row that stands twice counts once; two rows that differ are both counted."""

from __future__ import annotations

from pathlib import Path

from benchmarks.measurements import Period
from reporting_agent import pipeline
from reporting_agent.config import load_site

SITE = '[site]\nid = "w"\ntimezone = "UTC"\npack = "cement"\n\n[inputs]\nbatches = "batches.csv"\nenergy = "energy.csv"\n'
BATCH = "batch_id,step,product,start,end,output_quantity,output_unit\nb1,cement-grinding,cement,2025-01-01 00:00,2025-01-01 08:00,100,t\n"


def energies(folder: Path, rows: str) -> tuple[list[float], list[str]]:
    (folder / "site.toml").write_text(SITE, encoding="utf-8")
    (folder / "batches.csv").write_text(BATCH, encoding="utf-8")
    (folder / "energy.csv").write_text("batch_id,step,carrier,quantity,unit\n" + rows, encoding="utf-8")
    site = load_site(folder / "site.toml")
    data = pipeline.read(site, Period.parse("2025", site.zone))
    return [energy.quantity for energy in data.batches[0].energy], [finding.code for finding in data.findings]


def test_an_equal_row_counts_once_and_is_told(tmp_path: Path) -> None:
    quantities, codes = energies(tmp_path, "b1,cement-grinding,electricity,3200,kWh\n" * 2)
    assert quantities == [3200.0]
    assert "energy-repeated" in codes


def test_rows_that_differ_are_both_counted(tmp_path: Path) -> None:
    quantities, codes = energies(tmp_path, "b1,cement-grinding,electricity,3200,kWh\nb1,cement-grinding,electricity,10,kWh\n")
    assert quantities == [3200.0, 10.0]
    assert "energy-repeated" not in codes
