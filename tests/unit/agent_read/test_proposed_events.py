"""What a run proposes to declare names one batch, also where clocks change."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from benchmarks.measurements import Batch, CarrierEnergy
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline.outward.own_metering import OutgoingBatches
from reporting_agent.pipeline.proposals import propose

BERLIN = ZoneInfo("Europe/Berlin")
SITE = cast("SiteSettings", SimpleNamespace(zone=BERLIN, meters=(), equipment=()))
NONE_GOING = cast("OutgoingBatches", SimpleNamespace(indices={}, batches=()))
REPEATED = datetime(2025, 10, 26, 1, 30, tzinfo=UTC)
"""02:30 in winter time in Berlin, an hour after 02:30 in summer time."""


def heat(start: datetime) -> Batch:
    return Batch(
        batch_id="H0001", step="eaf", product="liquid-steel", variant="", start=start, end=start + timedelta(minutes=50), output=100.0,
        energy=(CarrierEnergy("electricity", 40_000.0, "MWh"),),
    )  # fmt: skip


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
def test_an_energy_in_another_unit_is_declared_for_the_second_in_which_its_batch_starts(start: datetime) -> None:
    (proposal,) = propose(NONE_GOING, [heat(start)], [], {0: 1000.0}, SITE)
    assert moments(proposal.toml) == (start, start + timedelta(seconds=1))


def test_two_rows_that_overlap_in_a_repeated_hour_are_each_declared_unusable() -> None:
    batches = [heat(REPEATED), replace(heat(REPEATED + timedelta(minutes=20)), batch_id="H0002")]
    others = [replace(heat(REPEATED + timedelta(hours=number)), batch_id=f"O{number}") for number in range(2, 200)]
    going: Any = SimpleNamespace(indices={("meter", "m"): list(range(len(batches) + len(others)))}, batches=batches + others)
    proposals = propose(going, [], [], {}, SITE)
    assert [moments(proposal.toml)[0] for proposal in proposals] == [REPEATED, REPEATED + timedelta(minutes=20)]
