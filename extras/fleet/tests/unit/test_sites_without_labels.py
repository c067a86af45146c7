"""A site that was read but has no label stands among the sites without labels, with what became of
its batches.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from extras.fleet.tests.unit.test_fleet import fleet, group_of


def with_a_site_of_another_year(folder: Path) -> Path:
    """Two furnaces, one of which ran in 2017 only, and the site whose log is not there."""
    file = group_of(folder, sites=2)
    for name in ("batches.csv", "energy.csv"):
        log = folder / "works-1" / name
        log.write_text(log.read_text(encoding="utf-8").replace("2016-", "2017-"), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("lang", "counted", "why"),
    [
        (
            "en",
            "Sites labelled: 1 of 3",
            "0 of 120 batches used, too few valid batches (excluded: outside the period 120)",
        ),
        ("zh", "3 个生产厂区中 1 个已计算标签", "不在本期 120"),
    ],
)
def test_a_site_without_a_label_is_counted_and_named_with_its_reason(
    lang: str, counted: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = with_a_site_of_another_year(tmp_path), tmp_path / "out"
    for run in ("first", "again"):
        assert fleet(file, out, "--lang", lang) == 1
        heard = capsys.readouterr()
        assert counted in heard.out, run
        assert why in heard.err, run
        sites = json.loads((out / "group.json").read_text(encoding="utf-8"))["sites"]
        assert [(site["refused"] or {}).get("code") for site in sites] == [
            None,
            "fleet-site-without-label",
            "file-missing",
        ], run
        assert sites[1]["kept"] is (run == "again")
        assert why in sites[1]["refused"]["found"], run
        page = (out / "group.html").read_text(encoding="utf-8")
        assert counted in page, run
        assert why in page, run
    assert (out / "002-works-1" / "report.html").exists()


def with_a_ladle_furnace(folder: Path) -> Path:
    """Two furnaces, beside one of which a ladle furnace ran five times and weighed nothing, and the
    site whose log is not there.
    """
    file, works = group_of(folder, sites=2), folder / "works-1"
    rows = [
        f"L{number},ladle-refining,2016-05-0{number}T00:00:00,2016-05-0{number}T00:50:00,0,lf-1,0"
        for number in range(1, 6)
    ]
    for name, lines in {
        "batches.csv": rows,
        "energy.csv": [f"L{number},ladle-refining,electricity,3500,kWh" for number in range(1, 6)],
    }.items():
        with (works / name).open("a", encoding="utf-8") as log:
            log.write("\n".join(lines) + "\n")
    return file


@pytest.mark.parametrize(
    ("lang", "why", "heading", "phrase"),
    [
        (
            "en",
            (
                "Ladle refining · any steel · comprehensive energy: 0 of 5 batches used, too few "
                "valid batches"
            ),
            "Sites that lack some of their labels",
            "Label missing: ",
        ),
        (
            "zh",
            "钢包精炼 · 不分钢种 · 综合能耗：5 个批次中采用 0 个，有效批次不足",
            "缺少部分标签的生产厂区",
            "缺少标签：",
        ),
    ],
)
def test_a_site_that_has_some_labels_is_told_of_those_that_it_lacks(
    lang: str,
    why: str,
    heading: str,
    phrase: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file, out = with_a_ladle_furnace(tmp_path), tmp_path / "out"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text[: text.rindex("[[sites]]")], encoding="utf-8"
    )  # without the site that fails
    for run in ("first", "again"):
        assert fleet(file, out, "--lang", lang) == 0, run  # as `label` of that site ends
        heard = [line for line in capsys.readouterr().err.splitlines() if phrase in line]
        assert len(heard) == 1, run
        assert "works-1/site.toml" in heard[0]
        assert why in heard[0]
        page = (out / "group.html").read_text(encoding="utf-8")
        assert heading in page, run
        assert page.count(why) == 1, run
        sites = json.loads((out / "group.json").read_text(encoding="utf-8"))["sites"]
        assert [len(site["lacking"]) for site in sites] == [0, 1], run
        lacks = sites[1]["lacking"][0]
        assert (lacks["step"], lacks["reason"], lacks["used"], lacks["read"]) == (
            "ladle-refining",
            "too-few-batches",
            0,
            5,
        ), run
        assert sites[1]["kept"] is (run == "again")
