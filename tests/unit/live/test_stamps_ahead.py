"""Stamps ahead of this machine's clock: the page goes by our clock, and says whose clock is wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from fixtures.simulator.furnaces import Furnaces
from reporting_agent.config import load_site
from reporting_agent.live.control_room.faults import Faults
from reporting_agent.live.running.plant import Plant
from reporting_agent.live.sources.clock import for_people
from reporting_agent.live.spool.reading import Reading

MINUTE_US = 60_000_000
NOW_US = round(datetime(2026, 11, 25, 14, tzinfo=UTC).timestamp() * 1e6)
METERS = ("eaf-1-electricity", "eaf-1-gas")


def _site(folder: Path) -> Path:
    return Furnaces(heats=1).write(folder)


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Both meters of a furnace have told of the minutes until now."""
    plant = Plant(load_site(_site(tmp_path)), date(2026, 11, 25))
    for minute in range(-20, 1):
        _send(plant, minute, minute)
    return plant


def _send(plant: Plant, stamped: int, received: int) -> None:
    at_us, received_us = NOW_US + stamped * MINUTE_US, NOW_US + received * MINUTE_US
    plant.take([Reading(meter, at_us, 10_000.0 + stamped, received_us=received_us) for meter in METERS])


def test_no_time_of_the_plant_is_beyond_our_clock(plant: Plant) -> None:
    """Else the page says half an hour later, and a batch that began a quarter of an hour ago is over."""
    _send(plant, 30, 1)
    assert plant.totals.now_us == NOW_US + MINUTE_US
    assert plant.totals.told_us(("eaf", "eaf-1"), NOW_US) == NOW_US + MINUTE_US


def test_clocks_that_are_ahead_are_told_once_and_listed_until_they_are_right(plant: Plant) -> None:
    faults = Faults(plant, UTC)
    assert not list(faults.fresh({}))
    _send(plant, 30, 1)
    (sentence,) = faults.fresh({})
    assert sentence.startswith("eaf-1-electricity (1,740 s), eaf-1-gas (1,740 s): stamped by so much ahead of this machine's clock.")
    _send(plant, 31, 2)
    assert not list(faults.fresh({}))
    assert [str(state) for _, state, _ in faults.notices({})] == [
        "Ahead of this machine's: eaf-1-electricity (1,740 s), eaf-1-gas (1,740 s)"
    ]
    _send(plant, 3, 3)
    assert not list(faults.notices({}))


def test_half_a_minute_is_no_wrong_clock_and_a_declared_one_is_right(tmp_path: Path) -> None:
    site = _site(tmp_path)
    site.write_text(site.read_text("utf-8").replace('id = "eaf-1-gas"', 'id = "eaf-1-gas"\nclock_offset_s = 600'), "utf-8")
    plant = Plant(load_site(site), date(2026, 11, 25))
    plant.take([Reading("eaf-1-gas", NOW_US + 10 * MINUTE_US, 1.0, received_us=NOW_US)])
    plant.take([Reading("eaf-1-electricity", NOW_US + MINUTE_US // 2, 1.0, received_us=NOW_US)])
    assert not list(Faults(plant, UTC).fresh({}))
    plant.take([Reading("eaf-1-gas", NOW_US + 12 * MINUTE_US, 2.0, received_us=NOW_US)])
    assert list(plant.stamps_ahead.by_us) == ["eaf-1-gas"]


def test_a_difference_is_said_in_the_unit_by_which_its_cause_is_seen() -> None:
    assert [str(for_people(seconds)) for seconds in (90.0, 3600.0, 3 * 86_400.0)] == ["90 s", "1.00 h", "3.0 days"]
