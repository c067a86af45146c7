"""Every bad file that is kept by name is refused, or exactly the stated rows are set aside, with
file, row, column, found and wanted.

The rest of a file is compared with what it must be read as: nothing may be changed without a word.
"""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reporting_agent import pipeline
from reporting_agent.cli import main
from reporting_agent.config import load_site
from reporting_agent.pipeline import PlantData
from reporting_agent.sources import stream_readings
from reporting_agent.sources.reading_log import ReadingLog

HOME = Path(__file__).parents[2] / "bad_files"
CASES: dict[str, dict[str, Any]] = tomllib.loads(
    (HOME / "expected.toml").read_text(encoding="utf-8")
)
REFUSED = [name for name, case in CASES.items() if "code" in case]
READ = [name for name, case in CASES.items() if "code" not in case]
OF_THE_FILE = frozenset(
    {
        "row-total",
        "total-differs",
        "row-corrected",
        "correction-unused",
        "correction-twice",
        "energy-without-batch",
        "duplicate",
        "meter-unknown",
    }
)
"""Findings that a file's own writing causes; what readings and batches show besides is tested where
it is found.
"""
NO_BAD_FILES = {"expected.toml", "build.py", "__init__.py", "__pycache__"}

GOOD_BATCHES = """batch_id,step,start,end,output_quantity,output_unit
H1,eaf,2016-05-14T08:00:00,2016-05-14T08:50:00,122.5,t
H2,eaf,2016-05-14T09:00:00,2016-05-14T09:50:00,121.5,t
"""
GOOD_ENERGY = """batch_id,step,carrier,quantity,unit
H1,eaf,electricity,48000,kWh
H2,eaf,electricity,47000,kWh
"""
_MAPPED = {"batches", "energy", "readings", "log"}
METER = (
    '[[meters]]\nid = "m1"\nstep = "eaf"\ncarrier = "electricity"\nreading = "register"\nunit = '
    '"kWh"\n'
)


def site_of(folder: Path, case: dict[str, Any]) -> Path:
    """A plant of two good heats, with the bad file in its role."""
    role, bad = case["input"], HOME / case["file"]
    (folder / "batches.csv").write_text(GOOD_BATCHES)
    (folder / "energy.csv").write_text(GOOD_ENERGY)
    site = folder / "site.toml"
    if role == "site":
        site.write_bytes(bad.read_bytes())
        return site
    good = {"log": {}, "readings": {"batches": "batches.csv"}}.get(
        role, {"batches": "batches.csv", "energy": "energy.csv"}
    )
    inputs = good if role == "pack" else {**good, role: str(bad)}
    lines = "\n".join(f'{name} = "{path}"' for name, path in inputs.items())
    pack = str(bad) if role == "pack" else "steel"
    mapping = (
        f"[mapping.{role}]\n{case.get('mapping', '')}\n" if role in _MAPPED else ""
    )  # as the case has it, else the strict template
    zone = case.get("timezone", "Asia/Shanghai")
    meter = METER if role == "readings" else ""
    site.write_text(
        f'{meter}[site]\nid = "w"\ntimezone = "{zone}"\npack = '
        f'"{pack}"\n[inputs]\n{lines}\n[runs]\nby = "day"\n{mapping}',
        encoding="utf-8",
    )
    return site


def what_was_read(site_file: Path, case: dict[str, Any], data: PlantData) -> Iterator[str]:
    """Every value of the file that was taken, as text."""
    if case["input"] == "readings":
        site = load_site(site_file)
        for block in stream_readings(
            [HOME / case["file"]], site.mapping.readings, frozenset({"m1"}), site.zone, ReadingLog()
        ):
            for stamp, value in zip(block.time_us.tolist(), block.value.tolist(), strict=True):
                moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=stamp)
                yield f"{block.meter} {moment.astimezone(site.zone):%Y-%m-%d %H:%M:%S} {value!r}"
        return
    for batch in data.batches:
        of_batch = f"{batch.batch_id} {batch.start:%Y-%m-%d %H:%M} {batch.output!r}"
        if case["input"] in {"energy", "log"}:
            for energy in batch.energy:
                lhv = "" if energy.lhv_mj_per_unit is None else f" {energy.lhv_mj_per_unit!r} MJ"
                yield f"{batch.batch_id} {energy.carrier} {energy.quantity!r} {energy.unit}{lhv}"
            if not batch.energy:
                yield f"{batch.batch_id} without energy"
        else:
            more = "".join(f" {name}={value!r}" for name, value in sorted(batch.variables.items()))
            yield of_batch + more


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_file_ends_with_exit_1_and_says_where_and_what(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = CASES[name]
    site = site_of(tmp_path, case)
    assert main(["check", "--site", str(site), "--out", str(tmp_path / "out"), "--json"]) == 1
    output = capsys.readouterr()
    error = json.loads(output.out)["error"]
    actual = {
        "code": error["code"],
        "row": error["place"]["row"],
        "column": error["place"]["column"],
    }
    assert actual == {"code": case["code"], "row": case.get("row"), "column": case.get("column")}
    assert Path(error["place"]["file"]).name == case.get("names", case["file"])
    assert case["found"] in error["found"]
    assert error["found"]
    assert case["wanted"] in error["wanted"]
    assert error["remedy"]
    assert error["remedy"] in output.err
    assert "Traceback" not in output.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "name", [name for name in REFUSED if CASES[name]["input"] in _MAPPED and name != "a-folder"]
)
def test_the_door_says_something_of_every_bad_file_and_lives(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Some it reads as they are meant: what the template refuses, the door may know how to read."""
    code = main(["label", str(HOME / CASES[name]["file"]), "--out", str(tmp_path / "out")])
    output = capsys.readouterr()
    assert "Traceback" not in output.err
    assert output.out if code == 0 else "remedy:" in output.err


@pytest.mark.parametrize("name", READ)
def test_exactly_the_bad_rows_are_set_aside_and_the_rest_is_read_as_it_stands(
    name: str, tmp_path: Path
) -> None:
    case = CASES[name]
    site = site_of(tmp_path, case)
    assert main(["check", "--site", str(site), "--out", str(tmp_path / "out")]) == 0
    with (tmp_path / "out" / "rejected.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    wanted = case.get("rejected", [])
    assert [(int(row["row"]), row["column"]) for row in rows] == [
        (rejection["row"], rejection.get("column", "")) for rejection in wanted
    ]
    for row, expected in zip(rows, wanted, strict=True):
        assert Path(row["file"]).name == case["file"]
        assert expected["found"] in row["found"]
        assert expected["wanted"] in row["wanted"]
        assert row["row_id"]
    data = pipeline.read(load_site(site))
    codes = [
        f"{finding.code} {finding.places[0].row}" if finding.places else finding.code
        for finding in data.findings
        if finding.code in OF_THE_FILE
    ]
    assert sorted(codes) == sorted(case.get("told", []))
    assert list(what_was_read(site, case, data)) == case["read"]


def test_every_file_here_is_expected_to_be_told_something() -> None:
    assert {path.name for path in HOME.iterdir()} - NO_BAD_FILES == {
        case["file"] for case in CASES.values()
    }


def test_there_are_eighty_and_more_of_every_kind() -> None:
    assert len(CASES) >= 80
    assert {case["input"] for case in CASES.values()} == {
        "batches",
        "energy",
        "readings",
        "log",
        "site",
        "pack",
        "corrections",
    }
    assert len({Path(case["file"]).suffix for case in CASES.values()}) >= 8
