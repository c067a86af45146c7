"""Where a report differs from the plant's own label, `label` and `preview` say so before anything
else, with what to declare.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.labels import SiteLabel
from benchmarks.measurements import Period
from reporting_agent import pipeline
from reporting_agent.cli import main
from reporting_agent.config import load_site
from reporting_agent.pipeline.outward.releasable import differences, reminder
from tests.statistical import raw_plants
from tests.statistical.outward_road import declare
from tests.statistical.raw_plants import Plant

SHARED = (
    r"No label of eaf is sent in a report\. The share of the shared meter both that a batch gets "
    r".* power = \{ a = \.\.\., b = \.\.\. \} \}\."
)


def both_labels(plant: Plant, folder: Path) -> tuple[SiteLabel, SiteLabel, pipeline.PlantData]:
    plant.write(folder)
    site = load_site(folder / "site.toml")
    period = Period.parse("2025", site.zone)
    data = pipeline.read(site, period, outward=True)
    return pipeline.label_of(site, data, period), pipeline.outgoing_label(site, data, period), data


@pytest.mark.parametrize("rule", ["output", "hours", "rated-power", "shares"])
def test_a_shared_meter_is_told_first_by_its_remedy_and_declared_power_removes_it(
    tmp_path: Path, rule: str
) -> None:
    own, leaving, data = both_labels(raw_plants.shared(rule), tmp_path)
    sentences = list(differences(own, leaving, data.pack, {}))
    assert (
        len(sentences) == 1
    )  # and nothing of overlapping rows, for lines that run side by side are no fault
    assert re.fullmatch(SHARED, sentences[0])

    declare(tmp_path / "site.toml", data.proposals)
    site = load_site(tmp_path / "site.toml")
    assert site.tree.by_id["both"].allocation is not None
    assert site.tree.by_id["both"].allocation.by == "power"
    period = Period.parse("2025", site.zone)
    again = pipeline.read(site, period, outward=True)
    assert again.outward is not None
    assert again.outward.paths["eaf"].bound == 1


def test_rows_that_overlap_are_told_by_name(tmp_path: Path) -> None:
    plant = raw_plants.by_readings("register")
    rows = [dict(row) for row in plant.tables["batches"]]
    rows[20]["end"] = rows[21]["end"]
    plant.tables["batches"][:] = rows
    own, leaving, data = both_labels(plant, tmp_path)
    (sentence,) = differences(own, leaving, data.pack, {})
    assert sentence.startswith(
        "No label of eaf is sent in a report. 1 batch on meter m overlaps another, H0020 and "
        "H0021: correct"
    )


def test_labels_that_are_the_same_are_not_told(tmp_path: Path) -> None:
    own, leaving, data = both_labels(raw_plants.shared("power"), tmp_path)
    assert list(differences(own, leaving, data.pack, {})) == []


def test_a_campaign_is_told_with_the_other_ways_to_cut(tmp_path: Path) -> None:
    own, leaving, data = both_labels(raw_plants.by_log("campaign"), tmp_path)
    (sentence,) = differences(own, leaving, data.pack, {})
    assert sentence.startswith(
        "No label of cement-grinding is sent in a report. A single row with another product "
        "splits a campaign"
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "The share of the shared meter both that a batch gets"), ("zh", "共用表计 both")],
)
def test_preview_says_it_before_anything_else_and_label_writes_what_to_declare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, words: str
) -> None:
    raw_plants.shared("hours").write(tmp_path)
    site = ["--site", str(tmp_path / "site.toml"), "--period", "2025", "--lang", language]
    assert main(["label", *site, "--out", str(tmp_path / "label")]) == 0
    capsys.readouterr()
    assert 'by = "power"' in (tmp_path / "label" / "declarations.toml").read_text(encoding="utf-8")

    assert main(["preview", *site, "--state", str(tmp_path / "state")]) == 4
    lines = [
        line
        for line in capsys.readouterr().err.splitlines()
        if not line.startswith(("labelling", "按方法包"))
    ]
    assert words in lines[0]
    assert any("no-bound" in line for line in lines)


def test_who_sends_is_reminded_of_how_many_there_are() -> None:
    from benchmarks.phrases import Phrase

    assert reminder([Phrase("One."), Phrase("Two.")]).startswith(
        "In 2 places the report differs from the label on the site"
    )
