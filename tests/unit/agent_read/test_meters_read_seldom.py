"""A meter that is read more seldom than the pack lets a gap be: the plant has a label by it, and a
report has none.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.measurements import Metric
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.pipeline import outgoing_label
from tests.unit.agent_read.small_works import of
from tests.unit.agent_read.test_two_labels import YEAR, missing, own

START = datetime(2026, 1, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
HEATS = 60


def furnace(folder: Path, every: timedelta, lost: int | None = None) -> SiteSettings:
    """Heats of an hour with half an hour between them, 24 MWh more each time, 60 t; `lost` is a
    heat in which no reading came."""
    batches = [
        "batch_id,step,start,end,output_quantity,output_unit,variant,equipment,var.hot_metal_pct"
    ]
    readings = ["meter_id,timestamp,value"]
    count, stamp, heat_s = 0.0, START - timedelta(hours=1), 3600
    end = START + HEATS * timedelta(minutes=90) + timedelta(hours=1)
    for number in range(HEATS):
        begins = START + number * timedelta(minutes=90)
        ends = begins + timedelta(seconds=heat_s)
        batches.append(f"h{number},eaf,{begins.isoformat()},{ends.isoformat()},60,t,any,eaf-1,0")
    while stamp <= end:
        since = (stamp - START).total_seconds()
        number, within = int(since // 5400), since % 5400
        if since >= 0 and number < HEATS:
            count = 24_000 * number + 24_000 * min(within, heat_s) / heat_s
        if lost is None or not 0 < (stamp - START).total_seconds() - 5400 * lost < 5400:
            readings.append(f"m,{stamp.isoformat()},{count}")
        stamp += every
    (folder / "batches.csv").write_text("\n".join(batches) + "\n", encoding="utf-8")
    (folder / "readings.csv").write_text("\n".join(readings) + "\n", encoding="utf-8")
    (folder / "site.toml").write_text(
        '[site]\nid = "works"\ntimezone = "UTC"\npack = "steel"\n[inputs]\n'
        'batches = "batches.csv"\nreadings = "readings.csv"\n[[meters]]\nid = "m"\n'
        'step = "eaf"\nequipment = "eaf-1"\ncarrier = "electricity"\nreading = "register"\n'
        'unit = "kWh"\n[static]\nown_power_pct = 0\n'
        '[steps.eaf]\nnot_used = ["natural-gas", "coke"]\n',
        encoding="utf-8",
    )
    return load_site(folder / "site.toml")


def test_a_quarter_hourly_register_gives_a_label_at_home_and_no_report(tmp_path: Path) -> None:
    site = furnace(tmp_path, QUARTER)
    result = own(site)
    label = of(result, "eaf", Metric.ELECTRICITY)
    assert (label.used, label.excluded) == (HEATS, {})
    assert label.best.value == pytest.approx(400.0)
    assert of(result.strict, "eaf", Metric.ELECTRICITY).excluded == {"energy-incomplete": HEATS}
    assert all(step.used == 0 for step in outgoing_label(site, result.strict.data, YEAR).steps)
    lacking = {one.code: one for one in missing(site, result)}
    assert "is read every 900 s" in lacking["energy-incomplete"].why
    assert lacking["energy-incomplete"].add == "Have its meters read every 300 s or more often."
    assert "too-few-batches" not in lacking  # a longer period would not help


def test_what_is_read_often_enough_goes_out_as_it_did(tmp_path: Path) -> None:
    site = furnace(tmp_path, timedelta(minutes=5))
    result = own(site)
    assert of(result.strict, "eaf", Metric.ELECTRICITY).excluded == {}
    assert "readings-too-seldom" not in {finding.code for finding in result.findings}


def test_a_heat_without_a_reading_has_no_energy_at_home_either(tmp_path: Path) -> None:
    label = of(own(furnace(tmp_path, QUARTER, lost=7)), "eaf", Metric.ELECTRICITY)
    assert label.used == HEATS - 1
