"""A label by an older version of its pack says so, with what the newest tests besides; digests
stay, and the newest says nothing.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks import packs
from benchmarks.labels import StepLabel
from benchmarks.routes import Pack
from reporting_agent.config import load_site
from reporting_agent.pipeline import LabelResult
from reporting_agent.report import html, summary, tables
from tests.analysed import analysed
from tests.unit.agent_read.small_works import Ran, labelled, of, took, works

GROUND = Ran(1200, [took("electricity", 31.4, "kWh")], {"blaine_m2_kg": 350.0})


def by_version(folder: Path, version: str | None) -> LabelResult:
    site = works(folder, "cement", {"cement-grinding": GROUND}, "[static]\nbought_ground_pct = 0\n")
    if version is not None:
        text = site.path.read_text(encoding="utf-8")
        site.path.write_text(
            text.replace('pack = "cement"\n', f'pack = "cement"\npack_version = "{version}"\n'),
            encoding="utf-8",
        )
    return labelled(load_site(site.path))


def of_version(label: StepLabel) -> list[str]:
    return [
        remark.en for remark in (*label.account, *label.provisos) if "with version" in remark.en
    ]


@pytest.mark.parametrize(
    ("version", "tells"), [("1", True), ("2", True), ("3", True), ("4", False), (None, False)]
)
def test_an_older_version_is_told_beside_each_label_with_what_the_newest_tests(
    tmp_path: Path, version: str | None, tells: bool
) -> None:
    result = by_version(tmp_path, version)
    labels = [
        step_label for step_label in result.site_label.steps if step_label.best.value is not None
    ]
    assert labels
    for label in labels:
        assert [
            remark.startswith(f"This label was made with version {version} of the pack cement.")
            for remark in of_version(label)
        ] == [True] * tells
    if tells:
        (sentence,) = of_version(of(result, "cement-grinding"))
        for test in (
            "energy booked at another step",
            "power subtracted before the files",
            "values of variables outside the usual range",
        ):
            assert test in sentence
        assert 'Write pack_version = "4" in site.toml' in sentence
        step = next(
            step_label
            for step_label in json.loads(json.dumps(result.to_json()))["steps"]
            if step_label["best"]["value"] is not None
        )
        assert sentence in [entry["en"] for entry in step["account"]]
        assert any("第 4 版" in entry["zh"] for entry in step["grade"]["account"])
        assert sentence in summary.as_text(result)
    assert ("with version" in summary.as_text(result)) is tells


def test_what_an_older_version_tests_too_is_not_named(tmp_path: Path) -> None:
    (sentence,) = of_version(of(by_version(tmp_path, "3"), "cement-grinding"))
    assert (
        "the least energy needed to run" not in sentence
    )  # of this step neither version has such a bound


@pytest.mark.parametrize(("version", "tells"), [("3", True), ("4", False)])
def test_report_and_table_say_so_in_both_languages(
    tmp_path: Path, version: str, tells: bool
) -> None:
    result = by_version(tmp_path, version)
    site = load_site(tmp_path / "site.toml")
    analysis = analysed(site, result)
    columns = {
        column.name: column.values
        for column in tables.labels(result.site_label.steps, analysis.losses).columns
    }
    for lang, words in (
        ("en", "was made with version 3 of the pack"),
        ("zh", "按方法包 cement 的第 3 版计算"),
    ):
        assert (
            words in html.render(site, result, analysis, lang, datetime(2027, 1, 1, tzinfo=UTC))
        ) is tells
        assert any(words in str(value) for value in columns[f"beside_{lang}"]) is tells


@pytest.mark.parametrize("pack", packs.shipped())
def test_every_older_version_knows_its_newer_and_the_newest_none(pack: str) -> None:
    def newer(older: Pack) -> str | None:
        successor = packs.newer(older)
        return None if successor is None else successor.version

    assert [newer(version) for version in packs.versions(pack)] == [
        None,
        *["4"] * (len(packs.versions(pack)) - 1),
    ]
