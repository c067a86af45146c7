"""Stamps ahead of this machine's clock: the page goes by our clock, and says whose clock is
wrong.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from extras.live.control_room.faults import Faults
from extras.live.running.plant import Plant
from extras.live.sources.clock import for_people
from extras.live.spool.reading import Reading
from fixtures.simulator.furnaces import Furnaces
from reporting_agent.config import load_site

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
    plant.take(
        [Reading(meter, at_us, 10_000.0 + stamped, received_us=received_us) for meter in METERS]
    )


def test_no_time_of_the_plant_is_beyond_our_clock(plant: Plant) -> None:
    """Else the page says half an hour later, and a batch that began a quarter of an hour ago is
    over.
    """
    _send(plant, 30, 1)
    assert plant.totals.now_us == NOW_US + MINUTE_US
    assert plant.totals.told_us(("eaf", "eaf-1"), NOW_US) == NOW_US + MINUTE_US


def test_clocks_that_are_ahead_are_told_once_and_listed_until_they_are_right(plant: Plant) -> None:
    faults = Faults(plant, UTC)
    assert not list(faults.fresh({}))
    _send(plant, 30, 1)
    (sentence,) = faults.fresh({})
    assert sentence.startswith(
        "eaf-1-electricity (1,740 s), eaf-1-gas (1,740 s): stamped by so much ahead of this "
        "machine's clock."
    )
    _send(plant, 31, 2)
    assert not list(faults.fresh({}))
    assert [str(state) for _, state, _ in faults.notices({})] == [
        "Ahead of this machine's: eaf-1-electricity (1,740 s), eaf-1-gas (1,740 s)"
    ]
    _send(plant, 3, 3)
    assert not list(faults.notices({}))


def test_half_a_minute_is_no_wrong_clock_and_a_declared_one_is_right(tmp_path: Path) -> None:
    site = _site(tmp_path)
    site.write_text(
        site.read_text("utf-8").replace(
            'id = "eaf-1-gas"', 'id = "eaf-1-gas"\nclock_offset_s = 600'
        ),
        "utf-8",
    )
    plant = Plant(load_site(site), date(2026, 11, 25))
    plant.take([Reading("eaf-1-gas", NOW_US + 10 * MINUTE_US, 1.0, received_us=NOW_US)])
    plant.take([Reading("eaf-1-electricity", NOW_US + MINUTE_US // 2, 1.0, received_us=NOW_US)])
    assert not list(Faults(plant, UTC).fresh({}))
    plant.take([Reading("eaf-1-gas", NOW_US + 12 * MINUTE_US, 2.0, received_us=NOW_US)])
    assert list(plant.stamps_ahead.by_us) == ["eaf-1-gas"]


def test_a_difference_is_said_in_the_unit_by_which_its_cause_is_seen() -> None:
    assert [str(for_people(seconds)) for seconds in (90.0, 3600.0, 3 * 86_400.0)] == [
        "90 s",
        "1.00 h",
        "3.0 days",
    ]


@pytest.fixture
def behind(tmp_path: Path) -> Plant:
    """A furnace that is read each minute until an hour ahead of this machine's clock."""
    plant = Plant(load_site(_site(tmp_path)), datetime.now(UTC).date())
    for minute in range(-20, 1):
        _send_by_wrong_clock(plant, minute)
    return plant


def _send_by_wrong_clock(plant: Plant, minute: int, ahead: int = 60) -> None:
    received_us = time.time_ns() // 1000 + minute * MINUTE_US
    at_us = received_us + ahead * MINUTE_US
    plant.take(
        [
            Reading(
                meter, at_us, 10_000.0 + 900.0 * (at_us / MINUTE_US % 1000), received_us=received_us
            )
            for meter in METERS
        ]
    )


def _row(plant: Plant, batch: str, start: int) -> None:
    start_at = datetime.now(UTC) + timedelta(minutes=start)
    plant.take(
        (),
        [
            {
                "table": "batches",
                "step": "eaf",
                "equipment": "eaf-1",
                "batch_id": batch,
                "start": start_at.isoformat(),
            }
        ],
    )
    plant.look()


def _running(plant: Plant) -> list[str]:
    return [batch.id for batch in plant.log.running()]


def test_a_batch_that_meters_have_told_of_runs_though_our_clock_has_not_come_to_its_start(
    behind: Plant,
) -> None:
    _row(behind, "H1", 45)
    assert _running(behind) == ["H1"]
    assert behind.idle() == []
    assert behind.log.ahead() == []
    now_us = time.time_ns() // 1000
    assert 59 * MINUTE_US < behind.totals.now_us - now_us <= 60 * MINUTE_US
    assert (
        behind.totals.told_us(("eaf", "eaf-1"), now_us) or 0
    ) - now_us > 59 * MINUTE_US  # the batch goes on
    faults = Faults(behind, UTC)
    (sentence,) = faults.fresh({})
    assert sentence.startswith(
        "This machine's clock is 1.00 h behind: meters and batches are both stamped ahead of it."
    )
    assert not list(faults.fresh({}))
    assert [str(state) for _, state, _ in faults.notices({})] == [
        "This machine's is 1.00 h behind; the page goes by the meters' time"
    ]


def test_a_plan_beyond_the_meters_time_and_meters_without_a_row_do_not_move_our_clock(
    behind: Plant,
) -> None:
    behind.look()
    assert behind.totals.now_us <= time.time_ns() // 1000
    _row(behind, "FUT", 75)
    assert (_running(behind), behind.log.behind_us) == ([], 0)


def test_one_late_reading_leaves_the_time_and_a_clock_that_is_set_right_is_believed(
    behind: Plant,
) -> None:
    _row(behind, "H1", 45)
    behind.take(
        [
            Reading(
                "eaf-1-gas",
                time.time_ns() // 1000 - MINUTE_US,
                1.0,
                received_us=time.time_ns() // 1000,
            )
        ]
    )
    _send_by_wrong_clock(behind, 0)
    behind.look()
    assert _running(behind) == ["H1"]
    _send_by_wrong_clock(behind, 0, ahead=0)
    behind.look()
    assert (behind.log.behind_us, behind.totals.behind_us) == (0, 0)
