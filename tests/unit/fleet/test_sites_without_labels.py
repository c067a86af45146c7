"""A site that was read but has no label stands among the sites without labels, with what became of its batches."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.fleet.test_fleet import fleet, group_of


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
        ("en", "Sites labelled: 1 of 3", "0 of 120 batches used, too few valid batches (excluded: outside the period 120)"),
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
        assert [(site["refused"] or {}).get("code") for site in sites] == [None, "fleet-site-without-label", "file-missing"], run
        assert sites[1]["kept"] is (run == "again")
        assert why in sites[1]["refused"]["found"], run
        page = (out / "group.html").read_text(encoding="utf-8")
        assert counted in page, run
        assert why in page, run
    assert (out / "002-works-1" / "report.html").exists()
