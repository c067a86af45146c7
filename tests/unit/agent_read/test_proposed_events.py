"""What a run proposes to declare names one batch, also where clocks change."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from benchmarks.measurements import Batch, CarrierEnergy
from reporting_agent import pipeline
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.pipeline import PlantData
from reporting_agent.pipeline.outward.own_metering import OutgoingBatches
from reporting_agent.pipeline.proposals import propose

BERLIN = ZoneInfo("Europe/Berlin")
SITE = cast("SiteSettings", SimpleNamespace(zone=BERLIN, meters=(), equipment=(), events=()))
NONE_GOING = cast("OutgoingBatches", SimpleNamespace(indices={}, batches=()))
REPEATED = datetime(2025, 10, 26, 1, 30, tzinfo=UTC)
"""02:30 in winter time in Berlin, an hour after 02:30 in summer time."""


def heat(start: datetime) -> Batch:
    return Batch(
        batch_id="H0001",
        step="eaf",
        product="liquid-steel",
        variant="",
        start=start,
        end=start + timedelta(minutes=50),
        output=100.0,
        energy=(CarrierEnergy("electricity", 40_000.0, "MWh"),),
    )


def moments(toml: str) -> tuple[datetime, datetime]:
    (event,) = tomllib.loads(toml)["events"]
    return event["from"], event["until"]


@pytest.mark.parametrize(
    "start",
    [
        REPEATED,
        REPEATED - timedelta(hours=1),
        REPEATED - timedelta(minutes=30, seconds=1),  # the last second before the clock is set back
        datetime(2025, 3, 30, 0, 59, 59, tzinfo=UTC),  # the last second before an hour is skipped
        datetime(2025, 7, 1, 12, 0, tzinfo=UTC),
    ],
)
def test_an_energy_in_another_unit_is_declared_for_the_second_in_which_its_batch_starts(
    start: datetime,
) -> None:
    (proposal,) = propose(NONE_GOING, [heat(start)], [], {0: 1000.0}, SITE)
    assert moments(proposal.toml) == (start, start + timedelta(seconds=1))


def test_two_rows_that_overlap_in_a_repeated_hour_are_each_declared_unusable() -> None:
    batches = [heat(REPEATED), replace(heat(REPEATED + timedelta(minutes=20)), batch_id="H0002")]
    others = [
        replace(heat(REPEATED + timedelta(hours=number)), batch_id=f"O{number}")
        for number in range(2, 200)
    ]
    going: Any = SimpleNamespace(
        indices={("meter", "m"): list(range(len(batches) + len(others)))}, batches=batches + others
    )
    (proposal,) = propose(going, [], [], {}, SITE)
    (event,) = tomllib.loads(proposal.toml)["events"]
    assert [run["from"] for run in event["runs"]] == [
        REPEATED,
        REPEATED + timedelta(minutes=20),
    ]


SHIFTED = """
[site]
id = "works-2"
timezone = "UTC"
pack = "steel"
[inputs]
batches = "batches.csv"
energy = "energy.csv"
[[events]]
step = "eaf"
from = 2025-01-01
until = 2025-06-01
kind = "clock"
offset = "-8 h"
reason = "The log ran on Chinese time, protocol 4."
"""
OF_ENERGY = """
[[events]]
step = "eaf"
carrier = "electricity"
from = 2025-03-01
kind = "unit"
factor = 0.001
reason = "Display in Wh, protocol 5."
"""


def of_two_rows(folder: Path, more: str) -> PlantData:
    (folder / "site.toml").write_text(SHIFTED + more, encoding="utf-8")
    header = "batch_id,step,start,end,output_quantity,output_unit\n"
    rows = (
        "1,eaf,2025-02-28 23:00,2025-02-28 23:50,100,t\n2,eaf,2025-03-01 02:00,2025-03-01 "
        "02:50,100,t\n"
    )
    (folder / "batches.csv").write_text(header + rows, encoding="utf-8")
    energy = "batch_id,step,carrier,quantity,unit\n1,eaf,electricity,40000,kWh\n2,eaf,electricity,40000000,kWh\n"
    (folder / "energy.csv").write_text(energy, encoding="utf-8")
    return pipeline.read(load_site(folder / "site.toml"), outward=True)


def test_what_is_declared_of_an_energy_goes_by_the_stamp_as_it_was_written_also_where_a_clock_is_put_right(
    tmp_path: Path,
) -> None:
    batches = of_two_rows(tmp_path, OF_ENERGY).batches
    assert [batch.start.isoformat() for batch in batches] == [
        "2025-02-28T15:00:00+00:00",
        "2025-02-28T18:00:00+00:00",
    ]
    assert [energy.quantity for batch in batches for energy in batch.energy] == [40_000, 40_000]


def test_so_does_the_second_that_a_run_proposes(tmp_path: Path) -> None:
    written = datetime(2025, 3, 1, 2, tzinfo=UTC)
    site = load_site(tmp_path / "site.toml") if of_two_rows(tmp_path, "") else None
    batch = replace(heat(written - timedelta(hours=8)), equipment="")
    (proposal,) = propose(NONE_GOING, [batch], [], {0: 1000.0}, cast("SiteSettings", site))
    assert moments(proposal.toml)[0] == written
