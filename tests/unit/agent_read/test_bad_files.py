"""Every bad file that is kept by name is refused, or its row set aside, with file, row, column, found and wanted."""

import csv
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from reporting_agent.cli import main

HOME = Path(__file__).parents[2] / "bad_files"
CASES: dict[str, dict[str, Any]] = tomllib.loads((HOME / "expected.toml").read_text(encoding="utf-8"))

GOOD_BATCHES = """batch_id,step,start,end,output_quantity,output_unit
H1,eaf,2016-05-14T08:00:00,2016-05-14T08:50:00,122.5,t
H2,eaf,2016-05-14T09:00:00,2016-05-14T09:50:00,121.5,t
"""
GOOD_ENERGY = """batch_id,step,carrier,quantity,unit
H1,eaf,electricity,48000,kWh
H2,eaf,electricity,47000,kWh
"""


def site_of(folder: Path, role: str, bad: Path) -> Path:
    (folder / "batches.csv").write_text(GOOD_BATCHES)
    (folder / "energy.csv").write_text(GOOD_ENERGY)
    inputs = {"batches": "batches.csv", "energy": "energy.csv", role: str(bad)}
    meter = (
        '[[meters]]\nid = "m1"\nstep = "eaf"\ncarrier = "electricity"\nreading = "register"\nunit = "kWh"\n' if role == "readings" else ""
    )
    lines = "\n".join(f'{name} = "{path}"' for name, path in inputs.items())
    site = folder / "site.toml"
    site.write_text(f'{meter}[site]\nid = "w"\ntimezone = "Asia/Shanghai"\npack = "steel"\n[inputs]\n{lines}\n')
    return site


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "code" in case])
def test_a_bad_file_ends_with_exit_1_and_says_where_and_what(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = CASES[name]
    site = site_of(tmp_path, case["input"], HOME / case["file"])
    assert main(["check", "--site", str(site), "--out", str(tmp_path / "out"), "--json"]) == 1
    output = capsys.readouterr()
    error = json.loads(output.out)["error"]
    assert error["code"] == case["code"]
    assert Path(error["place"]["file"]).name == case["file"]
    assert error["place"]["row"] == case.get("row")
    assert error["place"]["column"] == case.get("column")
    assert case["found"] in error["found"]
    assert error["found"]
    assert case["wanted"] in error["wanted"]
    assert case["file"] in output.err
    assert error["remedy"] in output.err


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.get("rejected")])
def test_a_bad_row_is_set_aside_with_its_place_and_the_rest_is_used(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    site = site_of(tmp_path, case["input"], HOME / case["file"])
    assert main(["check", "--site", str(site), "--out", str(tmp_path / "out")]) == 0
    with (tmp_path / "out" / "rejected.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert Path(row["file"]).name == case["file"]
    assert row["row"] == str(case["row"])
    assert row["column"] == case.get("column", "")
    assert case["found"] in row["found"]
    assert case["wanted"] in row["wanted"]
    assert row["original"]
    quality = json.loads((tmp_path / "out" / "quality.json").read_text())
    assert quality["rejected_rows"] == 1
    assert [finding["count"] for finding in quality["findings"] if finding["code"] == "row-rejected"] == [1]


def test_every_file_here_is_expected_to_be_told_something() -> None:
    assert {path.name for path in HOME.iterdir()} == {case["file"] for case in CASES.values()} | {"expected.toml"}
