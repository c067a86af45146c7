"""A site of a fleet is labelled with all that `label` says beside it."""

from __future__ import annotations

import json
from pathlib import Path

from extras.fleet.one_site import do
from extras.fleet.site_tasks import Task
from reporting_agent.cli import main
from tests.statistical import raw_plants
from tests.unit.agent_read.test_runs_later_than_now import next_year


def test_a_site_of_a_fleet_is_told_what_label_tells(tmp_path: Path) -> None:
    site, year = next_year(tmp_path)
    do(Task(str(site.path), {}, year, "en", str(tmp_path / "of-fleet")))
    assert (
        main(
            [
                "label",
                "--site",
                str(site.path),
                "--period",
                year,
                "--out",
                str(tmp_path / "of-label"),
            ]
        )
        == 0
    )
    of_fleet, of_label = (
        json.loads((tmp_path / out / "label.json").read_text(encoding="utf-8"))
        for out in ("of-fleet", "of-label")
    )
    assert of_fleet == of_label
    assert "begin later than now" in json.dumps(of_fleet)


def test_a_site_of_a_fleet_has_what_to_declare_too(tmp_path: Path) -> None:
    raw_plants.shared("hours").write(tmp_path)
    assert (
        do(Task(str(tmp_path / "site.toml"), {}, "2025", "en", str(tmp_path / "of-fleet"))).refused
        is None
    )
    assert 'by = "power"' in (tmp_path / "of-fleet" / "declarations.toml").read_text(
        encoding="utf-8"
    )
    raw_plants.shared("power").write(tmp_path)  # as it proposed
    assert (
        do(Task(str(tmp_path / "site.toml"), {}, "2025", "en", str(tmp_path / "of-fleet"))).refused
        is None
    )
    assert not (tmp_path / "of-fleet" / "declarations.toml").exists()
