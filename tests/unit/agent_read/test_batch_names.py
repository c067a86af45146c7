"""Batch numbers that start again every year: one name for one record, and no energy given to the
wrong one.
"""

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
    (folder / "energy.csv").write_text(
        "batch_id,step,carrier,quantity,unit\n1,eaf,electricity,48000,kWh\n", encoding="utf-8"
    )
    return folder / "site.toml"


def test_a_batch_carries_the_year_of_its_start_in_the_sites_time_and_finds_its_energy(
    tmp_path: Path,
) -> None:
    site = works(tmp_path, "1,eaf,,2016-12-31T17:00:00+00:00,2016-12-31T18:00:00+00:00,120,t")
    (batch,) = pipeline.read(load_site(site)).batches
    assert batch.batch_id == "1~2017"  # New Year has come at the works
    assert [energy.quantity for energy in batch.energy] == [48_000]


def test_days_and_years_are_the_sites_where_the_file_is_written_in_another_zone(
    tmp_path: Path,
) -> None:
    site = works(tmp_path, "1,eaf,,2016-12-31 17:00,2016-12-31 18:00,120,t")
    with site.open("a", encoding="utf-8") as file:
        file.write('[mapping.batches]\ntimezone = "UTC"\n')
    (batch,) = pipeline.read(load_site(site)).batches
    assert batch.batch_id == "1~2017"
    assert (
        batch.start.isoformat() == "2017-01-01T01:00:00+08:00"
    )  # whose year its privacy account and whose day its heating value is


def test_one_number_in_two_years_is_refused_where_energy_is_given_by_number(tmp_path: Path) -> None:
    site = works(
        tmp_path,
        "1,eaf,,2016-03-01 10:00,2016-03-01 11:00,120,t",
        "1,eaf,,2017-03-01 10:00,2017-03-01 11:00,120,t",
    )
    with pytest.raises(InputError) as refused:
        pipeline.read(load_site(site))
    assert refused.value.code == "batch-id-in-two-years"
    assert refused.value.found == "1~2016 and 1~2017"
    assert refused.value.place is not None
    assert refused.value.place.row == 3


@pytest.mark.parametrize(
    ("second", "told_apart"),
    [
        ("1,eaf,,2017-03-01 10:00,2017-03-01 11:00,120,t", False),  # the number of last year
        ("1,eaf,,2016-04-01 10:00,2016-04-01 11:00,120,t", False),  # numbers begin anew each month
        (
            "1,eaf,,2016-03-01 10:05,2016-03-01 11:00,120,t",
            True,
        ),  # the same batch, written again with its right start
        ("1,eaf,,2016-03-01 10:00,2016-03-01 11:00,120,t", True),
        ("1,lf,,2017-03-01 10:00,2017-03-01 11:00,120,t", True),  # another step's
    ],
)
def test_one_number_of_two_batches_gives_neither_of_them_the_sum_of_their_energy(
    tmp_path: Path, second: str, told_apart: bool
) -> None:
    site = works(tmp_path, "1,eaf,,2016-03-01 10:00,2016-03-01 11:00,120,t", second)
    site.write_text(SITE.replace("restart-yearly", "unique"), encoding="utf-8")
    with (tmp_path / "energy.csv").open("a", encoding="utf-8") as file:
        file.write("1,eaf,electricity,50000,kWh\n")
    data = pipeline.read(load_site(site))
    energy = [batch.energy for batch in data.batches if batch.step == "eaf"]
    findings = [finding for finding in data.findings if finding.code == "energy-of-two-batches"]
    if told_apart:
        assert [entry.quantity for entry in energy[0]] == [48_000, 50_000]
        assert findings == []
        return
    assert energy == [(), ()]
    (finding,) = findings
    assert (finding.count, [place.row for place in finding.places]) == (2, [2, 3])
    assert "an id of its own" in finding.sentence
    assert all(batch.excluded for batch in data.batches)
