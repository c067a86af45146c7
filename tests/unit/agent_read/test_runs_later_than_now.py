"""A label that rests on runs of a time that has not come says so."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reporting_agent.cli import main
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline.provisos import stated
from tests.unit.agent_read.small_works import Ran, labelled, took, works


@pytest.mark.parametrize(
    ("now", "later"),
    [(datetime(2026, 2, 1, tzinfo=UTC), 28), (datetime(2027, 1, 1, tzinfo=UTC), 0)],
)
def test_runs_later_than_now_are_told_beside_the_label(
    tmp_path: Path, now: datetime, later: int
) -> None:
    """60 days from the first of January: 28 begin after the first of February."""
    mill = Ran(3600, [took("electricity", 31, "kWh")], {"blaine_m2_kg": 350.0})
    site_label = stated.with_sentences(
        labelled(works(tmp_path, "cement", {"cement-grinding": mill})).site_label, now
    )
    for label in site_label.steps:
        sentences = [remark.en for remark in label.account if "later than now" in remark.en]
        assert [sentence.partition(" ")[0] for sentence in sentences] == (
            [str(later)] if later else []
        )


def next_year(folder: Path) -> tuple[SiteSettings, str]:
    """A mill whose log is of the year to come."""
    mill = Ran(3600, [took("electricity", 31, "kWh")], {"blaine_m2_kg": 350.0})
    factor = (
        '[[emissions.electricity]]\nfrom = 2026-01-01\nkg_per_kwh = 0.5\nsource = "own supply"\n'
    )
    site = works(folder, "cement", {"cement-grinding": mill}, factor)
    year = str(datetime.now(UTC).year + 1)
    file = folder / "batches.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("2026-", f"{year}-"), encoding="utf-8")
    return site, year


@pytest.mark.parametrize(
    "command", [["worth"], ["compare", "--benchmark", "benchmark.json", "--state", "none"]]
)
def test_a_command_that_shows_the_figures_alone_tells_them_too(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
) -> None:
    site, year = next_year(tmp_path)
    monkeypatch.chdir(tmp_path)
    benchmark = {
        "schema": "steplabel/benchmark/1",
        "pack": "cement",
        "pack_version": "1",
        "period": year,
        "version": 1,
        "steps": [],
    }
    (tmp_path / "benchmark.json").write_text(json.dumps(benchmark), encoding="utf-8")
    assert main([*command, "--site", str(site.path), "--period", year, "--json"]) == 0
    assert (
        "Labels of cement-grinding are made from runs that begin later than now"
        in capsys.readouterr().err
    )
