"""A declared reset through the whole agent: the hour in which a new meter came is unknown, not what
the two together seem to count.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.measurements import Period
from reporting_agent import pipeline
from reporting_agent.config import load_site

SITE = """[site]
id = "works"
timezone = "UTC"
pack = "cement"
[inputs]
batches = "batches.csv"
readings = "readings.csv"
[[meters]]
id = "mill"
step = "cement-grinding"
carrier = "electricity"
reading = "register"
unit = "kWh"
"""
RESET = (
    '[[events]]\nmeter = "mill"\nfrom = 2025-03-01T09:20:00\nkind = "reset"\nreason = "New meter, '
    'showing 1,010 kWh: work order 17."\n'
)
BATCH = "batch_id,step,product,start,end,output_quantity,output_unit\nb1,cement-grinding,cement,2025-03-01 09:30,2025-03-01 10:30,1,t\n"


@pytest.mark.parametrize(
    ("events", "hours", "least", "most"),
    [("", [], 1.0, 1.0), (RESET, [9], 0.0, 0.5)],
    ids=["none", "declared"],
)
def test_no_energy_is_taken_across_a_declared_reset(
    tmp_path: Path, events: str, hours: list[int], least: float, most: float
) -> None:
    """The old meter showed 1,000 at nine, the new one 1,030 at ten: neither counted 30."""
    values = [850, 880, 910, 940, 970, 1000, 1030, 1060, 1090, 1120]
    rows = [f"mill,2025-03-01 {hour:02}:00,{value}" for hour, value in enumerate(values, start=4)]
    (tmp_path / "site.toml").write_text(SITE + events, encoding="utf-8")
    (tmp_path / "batches.csv").write_text(BATCH, encoding="utf-8")
    (tmp_path / "readings.csv").write_text(
        "\n".join(["meter_id,timestamp,value", *rows]) + "\n", encoding="utf-8"
    )
    site = load_site(tmp_path / "site.toml")
    data = pipeline.read(site, Period.parse("2025-03-01/2025-03-02", site.zone))
    (record,) = data.meters
    read = range(4, 13)
    assert [hour for hour in read if record.hour_known[hour] == 0] == hours
    assert record.unplaced == 0.0
    assert record.total == 30.0 * (len(read) - len(hours))
    assert np.all(record.hour_energy[list(hours)] == 0)
    (energy,) = data.batches[0].energy
    assert least <= energy.completeness <= most
