"""The simulator's fleet: sites that can be read, of which few take room, and shops that differ."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq

from extras.fleet.fleet_settings import load_fleet
from fixtures import fleet
from reporting_agent.cli import main
from reporting_agent.config import load_site
from reporting_agent.pipeline.inputs import paths_of


def test_sites_beyond_the_distinct_ones_have_links_to_the_readings_of_another(
    tmp_path: Path,
) -> None:
    sites = [
        load_site(path)
        for path in load_fleet(fleet.write(tmp_path, sites=5, readings=20_000, distinct=2)).files()
    ]
    assert len({site.id for site in sites}) == 5
    inodes = [
        [path.stat().st_ino for path in paths_of(site, site.inputs.readings or "")]
        for site in sites
    ]
    assert [len(files) for files in inodes] == [20] * 5
    assert inodes[0] == inodes[2] == inodes[4]
    assert inodes[1] == inodes[3] != inodes[0]
    first, second = (pq.read_table(site.folder / "meter-10.parquet")["value"] for site in sites[:2])
    assert first != second
    assert len(first) == 1000
    assert (sites[0].folder / "batches.csv").read_text().count("\n") > 20 * 2


def test_the_command_that_is_printed_labels_every_site(tmp_path: Path) -> None:
    asked = [
        sys.executable,
        "-m",
        "fixtures",
        "fleet",
        str(tmp_path / "group"),
        "--sites",
        "1",
        "--readings",
        "20000",
    ]
    printed = subprocess.run(asked, capture_output=True, text=True, check=True).stderr
    program, *arguments = shlex.split(printed.removeprefix("next: "))
    assert program == "steplabel-agent"
    assert main([*arguments, "--out", str(tmp_path / "out"), "--processes", "1"]) == 0
    (site,) = json.loads((tmp_path / "out" / "group.json").read_text(encoding="utf-8"))["sites"]
    assert site["refused"] is None
