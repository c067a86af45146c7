"""The real files: what the door proposes is what the shipped profiles declare, and no row is
rejected that they read.
"""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from tests.functional.real_data import DATA, HEATS, MACHINES, METER, PROFILES
from tests.unit.formats.proposed import proposed

OF_THE_HEATS = (
    'step = "eaf"\n[batches]\noutput_quantity = "122.5"\noutput_unit = "t"\n[energy]\ncarrier = '
    '"electricity"\n'
)


def mapped(file: str, answers: str) -> tuple[int, dict[str, Any]]:
    if not (DATA / file).is_file():
        pytest.skip(
            f"real data not here: {DATA / file} (set STEPLABEL_REAL_DATA to the folder that holds "
            "it)"
        )
    return proposed(DATA / file, answers)


def shipped(profile: str) -> dict[str, Any]:
    return tomllib.loads((PROFILES / profile / "site.toml").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_the_heats_are_mapped_as_the_shipped_profile_maps_them() -> None:
    code, answer = mapped(HEATS[1], 'timezone = "UTC"\n' + OF_THE_HEATS)
    assert code == 0
    mapping = shipped(HEATS[0])["mapping"]
    batches, energy = (proposal["profile"] for proposal in answer["proposals"])
    assert batches["missing"] == mapping["batches"]["missing"]
    assert batches["columns"].items() <= mapping["batches"]["columns"].items()
    assert energy["columns"] == mapping["energy"]["columns"]
    assert energy["constants"] == mapping["energy"]["constants"]
    assert [
        (proposal["proof"]["read"], proposal["proof"]["rejected"])
        for proposal in answer["proposals"]
    ] == [(14_727, 0), (14_727, 0)]


@pytest.mark.slow
@pytest.mark.long
def test_a_zone_that_the_heats_contradict_shows_in_the_proof() -> None:
    _, answer = mapped(HEATS[1], 'timezone = "Europe/Rome"\n' + OF_THE_HEATS)
    proof = answer["proposals"][0]["proof"]
    assert proof["rejected"] == 4  # heats within the hour that summer time skips
    assert "put forward" in proof["reasons"][0]


@pytest.mark.slow
def test_the_small_firms_log_is_known_up_to_what_nothing_in_it_proves() -> None:
    code, answer = mapped(MACHINES[1], "")
    assert code == 1
    asked = {"step", "log.energy", "log.state"}
    assert {
        question["key"] for question in answer["questions"]
    } == asked  # an average power is no amount until somebody says so
    _, reply = mapped(MACHINES[1], '"log.energy" = "interval"\n')
    assert {question["key"] for question in reply["questions"]} == asked - {"log.energy"} | {
        "log.unit"
    }
    (log,) = answer["proposals"]
    wanted = shipped(MACHINES[0])["mapping"]["log"]
    assert log["input"] == "log"
    assert log["profile"]["constants"] == wanted["constants"]
    assert log["profile"]["columns"].items() <= wanted["columns"].items()


@pytest.mark.slow
def test_the_plants_meter_shows_that_its_midnight_ends_the_day() -> None:
    code, answer = mapped(METER[1], 'timezone = "Asia/Seoul"\n')
    assert code == 0
    (readings,) = answer["proposals"]
    assert readings["profile"]["date_order"] == "dmy"
    assert readings["profile"]["midnight"] == "ends"
    assert readings["meters"] == {"Usage_kWh": {"unit": "kWh", "reading": "interval"}}
    assert (readings["proof"]["read"], readings["proof"]["rejected"]) == (35_040, 0)
