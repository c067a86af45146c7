"""A label that rests on runs of a time that has not come says so."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reporting_agent.cli import main
from reporting_agent.fleet.one_site import do
from reporting_agent.fleet.site_tasks import Task
from reporting_agent.pipeline.provisos import in_the_future
from tests.unit.agent_read.small_works import Ran, labelled, took, works


@pytest.mark.parametrize(("now", "later"), [(datetime(2026, 2, 1, tzinfo=UTC), 28), (datetime(2027, 1, 1, tzinfo=UTC), 0)])
def test_runs_later_than_now_are_told_beside_the_label(tmp_path: Path, now: datetime, later: int) -> None:
    """60 days from the first of January: 28 begin after the first of February."""
    mill = Ran(3600, [took("electricity", 31, "kWh")], {"blaine_m2_kg": 350.0})
    made = in_the_future.with_sentences(labelled(works(tmp_path, "cement", {"cement-grinding": mill})).site_label, now)
    for label in made.steps:
        said = [one.en for one in label.account if "later than now" in one.en]
        assert [one.partition(" ")[0] for one in said] == ([str(later)] if later else [])


def test_a_site_of_a_fleet_is_told_what_label_tells(tmp_path: Path) -> None:
    mill = Ran(3600, [took("electricity", 31, "kWh")], {"blaine_m2_kg": 350.0})
    site = works(tmp_path, "cement", {"cement-grinding": mill})
    year = str(datetime.now(UTC).year + 1)
    for name in ("batches.csv", "energy.csv"):
        file = tmp_path / name
        file.write_text(file.read_text(encoding="utf-8").replace("2026-", f"{year}-"), encoding="utf-8")
    do(Task(str(site.path), {}, year, "en", str(tmp_path / "of-fleet")))
    assert main(["label", "--site", str(site.path), "--period", year, "--out", str(tmp_path / "of-label")]) == 0
    of_fleet, of_label = (json.loads((tmp_path / out / "label.json").read_text(encoding="utf-8")) for out in ("of-fleet", "of-label"))
    assert of_fleet == of_label
    assert "begin later than now" in json.dumps(of_fleet)
