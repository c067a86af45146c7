"""A small shared meter is stated in a report by the settings: nothing it read enters, so one record
moves no other, and the label is never better for it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.measurements import Period
from benchmarks.privacy import stability
from reporting_agent import pipeline
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.pipeline.outward import own_metering
from reporting_agent.pipeline.outward.releasable import in_doubt
from tests.statistical import raw_plants
from tests.statistical.raw_plants import Plant

EVEN = {"a": 500.0, "b": 500.0}


def read(plant: Plant, folder: Path) -> tuple[SiteSettings, pipeline.PlantData]:
    plant.write(folder)
    site = load_site(folder / "site.toml")
    return site, pipeline.read(site, Period.parse("2025", site.zone), outward=True)


def path_of(data: pipeline.PlantData) -> stability.Path:
    assert data.outward is not None
    return data.outward.paths["eaf"]


@pytest.mark.parametrize(
    ("rule", "stated"),
    [
        ("output", EVEN),
        ("hours", EVEN),
        ("rated-power", EVEN),
        ("shares", {"a": 600.0, "b": 400.0}),
    ],
)
def test_each_batch_has_its_part_of_the_range_whatever_was_read(
    tmp_path: Path, rule: str, stated: dict[str, float]
) -> None:
    plant = raw_plants.small_shared(rule)
    site, data = read(plant, tmp_path)
    assert path_of(data).bound == 1
    for batch in data.outgoing.batches:
        assert batch.end is not None
        (own,) = [entry for entry in batch.energy if entry.of_shared_meter]
        hours = (batch.end - batch.start).total_seconds() / 3600
        assert own.quantity == pytest.approx(stated[batch.equipment] * hours)
    (sentence,) = own_metering.sentences(site, data.pack)
    assert f"a = {stated['a']:g}, b = {stated['b']:g}" in sentence
    assert "at most 2.0%" in sentence

    rows = [
        {**row, "value": "7"} if row["meter_id"] == "both" else row
        for row in plant.tables["readings"]
    ]
    _, other = read(replace(plant, tables=plant.tables | {"readings": rows}), tmp_path)
    assert other.outgoing.batches == data.outgoing.batches
    assert other.batches != data.batches


@pytest.mark.parametrize(
    ("most_kw", "bound"), [(5600.0, 1), (5601.0, None)], ids=["of 2 %", "above 2 %"]
)
def test_small_is_a_fiftieth_of_what_the_lines_own_meters_can_give(
    tmp_path: Path, most_kw: float, bound: int | None
) -> None:
    _, data = read(raw_plants.small_shared("hours", most_kw), tmp_path)
    assert path_of(data).bound == bound


@pytest.mark.parametrize(
    ("words", "other"),
    [
        ("range = [0.0, 1000.0]", ""),
        ("range = [0.0, 140000.0]", ""),
        ('id = "both"', 'id = "both"\ndirection = "recovered"'),
    ],
    ids=["it has no range", "the lines have none", "it is a credit"],
)
def test_nothing_is_stated_that_the_settings_do_not_bound(
    tmp_path: Path, words: str, other: str
) -> None:
    plant = raw_plants.small_shared()
    _, data = read(replace(plant, site=plant.site.replace(words, other)), tmp_path)
    assert path_of(data).bound is None


def test_small_meters_are_small_together(tmp_path: Path) -> None:
    """Each of two is within the bound, both are not."""
    plant = raw_plants.small_shared("hours", 3000.0)
    start = plant.site.index('[[meters]]\nid = "both"')
    second = plant.site[start:].replace('id = "both"', 'id = "second"')
    site, data = read(replace(plant, site=plant.site + second), tmp_path)
    assert path_of(data).bound is None
    assert list(own_metering.sentences(site, data.pack)) == []


@pytest.mark.parametrize(
    ("most_kw", "by_turns", "codes"),
    [
        (1000.0, False, {}),
        (1000.0, True, {}),
        (600.0, True, {"eaf": "share-understated"}),
        (30.0, False, {"eaf": "share-understated"}),
    ],
    ids=["200 of 500 kW", "400 of 500 kW", "400 of 300 kW", "what it reads is beyond its range"],
)
def test_a_step_that_got_more_than_is_stated_stays_at_home(
    tmp_path: Path, most_kw: float, by_turns: bool, codes: dict[str, str]
) -> None:
    """Side by side each line gets half of 400 kW, by turns all of it."""
    site, data = read(raw_plants.small_shared("hours", most_kw, by_turns=by_turns), tmp_path)
    local = pipeline.label_of(site, data, Period.parse("2025", site.zone))
    doubts = in_doubt(local, site, data)
    assert {step: why.code for step, why in doubts.items()} == codes
