"""Batch numbers that start again every year: one name for one record, and no energy given to the wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.errors import InputError
from reporting_agent import pipeline
from reporting_agent.config import load_site

SITE = """
[site]
id = "works-2"
timezone = "Asia/Shanghai"
pack = "steel"
batch_ids = "restart-yearly"
[inputs]
batches = "batches.csv"
energy = "energy.csv"
"""
HEADER = "batch_id,step,product,start,end,output_quantity,output_unit\n"


def works(folder: Path, *batches: str) -> Path:
    (folder / "site.toml").write_text(SITE, encoding="utf-8")
    (folder / "batches.csv").write_text(HEADER + "\n".join(batches) + "\n", encoding="utf-8")
    (folder / "energy.csv").write_text("batch_id,step,carrier,quantity,unit\n1,eaf,electricity,48000,kWh\n", encoding="utf-8")
    return folder / "site.toml"


def test_a_batch_carries_the_year_of_its_start_in_the_sites_time_and_finds_its_energy(tmp_path: Path) -> None:
    site = works(tmp_path, "1,eaf,,2016-12-31T17:00:00+00:00,2016-12-31T18:00:00+00:00,120,t")
    (batch,) = pipeline.read(load_site(site)).batches
    assert batch.batch_id == "1~2017"  # New Year has come at the works
    assert [energy.quantity for energy in batch.energy] == [48_000]


def test_one_number_in_two_years_is_refused_where_energy_is_given_by_number(tmp_path: Path) -> None:
    site = works(tmp_path, "1,eaf,,2016-03-01 10:00,2016-03-01 11:00,120,t", "1,eaf,,2017-03-01 10:00,2017-03-01 11:00,120,t")
    with pytest.raises(InputError) as refused:
        pipeline.read(load_site(site))
    assert refused.value.code == "batch-id-in-two-years"
    assert refused.value.found == "1~2016 and 1~2017"
    assert refused.value.place is not None
    assert refused.value.place.row == 3
