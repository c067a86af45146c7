"""`fleet status`: one row a site, what needs a person at each, and a site that cannot be read
beside those that can.
"""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from extras.fleet import overview
from reporting_agent.cli import main
from reporting_agent.software import VERSION

TODAY = date(2026, 11, 23)
GOOD: dict[str, Any] = {
    "written_at": "2026-11-22T07:00:00+00:00",
    "agent": "0.1.0",
    "newest_agent": None,
    "enrolment": {"portal": "https://portal.example", "site": "works-a", "device_id": "d"},
    "enrolment_pending": False,
    "keys_until": "2027-11-23",
    "reports": [
        {
            "period": "2024",
            "revision": 1,
            "state": "received",
            "receipt": {"received_on": "2025-02-01"},
            "refusal": None,
        },
        {
            "period": "2025",
            "revision": 2,
            "state": "received",
            "receipt": {"received_on": "2026-02-03"},
            "refusal": None,
        },
    ],
    "log_evidence": [],
}
WAITING = {"period": "2025", "revision": 1, "state": "sealed", "receipt": None, "refusal": None}
CHANGES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"log_evidence": [{"code": "log-forked", "found_at": "2026-11-01"}]}, ["log-evidence"]),
    ({"enrolment": None, "keys_until": None, "reports": []}, ["not-enrolled"]),
    ({"enrolment_pending": True}, ["enrolment-unfinished"]),
    ({"reports": [WAITING]}, ["report-unfinished"]),
    ({"reports": [WAITING | {"state": "debited", "given_up": True}]}, []),
    (
        {"reports": [WAITING | {"refusal": "no [period-not-open]"}]},
        ["report-unfinished", "refused"],
    ),
    ({"keys_until": "2027-01-21"}, ["keys-end"]),
    ({"keys_until": "2027-01-22"}, []),
    ({"newest_agent": "0.2.0"}, ["newer-agent"]),
    ({"written_at": "2026-11-19T07:00:00+00:00"}, ["old"]),
]


@pytest.mark.parametrize(
    ("change", "codes"),
    CHANGES,
    ids=lambda value: "-".join(value) or "nothing" if isinstance(value, list) else "",
)
def test_what_needs_a_person_is_told_by_its_code(change: dict[str, Any], codes: list[str]) -> None:
    assert [
        trouble.code for trouble in overview.row(GOOD | change, "works-a", TODAY).trouble
    ] == codes


def test_a_row_is_of_the_last_report() -> None:
    row = overview.row(GOOD, "folder", TODAY)
    assert (row.site, row.period, row.revision, row.report, row.received_on) == (
        "works-a",
        "2025",
        2,
        "received",
        "2026-02-03",
    )


def firm(folder: Path) -> Path:
    """A site of another machine, one that was never enrolled, one whose file is of something else,
    one in object storage.
    """
    for name, content in (("a", GOOD), ("c", {"schema": "steplabel/local-label/1"})):
        (folder / f"works-{name}").mkdir()
        (folder / f"works-{name}" / "status.json").write_text(json.dumps(content), "utf-8")
    file = folder / "fleet.toml"
    file.write_text(
        '[fleet]\nname = "Example Group"\n'
        '[[sites]]\nfile = "works-a/site.toml"\nstatus = "works-a/status.json"\n'
        '[[sites]]\nfile = "works-b/site.toml"\n'
        '[[sites]]\nfile = "works-c/site.toml"\nstatus = "works-c/status.json"\n'
        '[[sites]]\nfile = "works-d/site.toml"\nstatus = "works-d/status.json"\n'
        '[[sites]]\nfile = "s3://plant/works-e/site.toml"\n',
        "utf-8",
    )
    return file


def test_the_table_the_json_and_the_csv_tell_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(firm(tmp_path))
    assert main(["fleet", "status", "--config", file, "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert [site["site"] for site in status["sites"]] == [
        "works-a",
        "works-b",
        "works-c",
        "works-d",
        "works-e",
    ]
    codes = [[what["code"] for what in site["trouble"]] for site in status["sites"]]
    assert codes[1:] == [
        ["site-unreadable", "not-enrolled"],
        ["not-read"],
        ["not-read"],
        ["not-read"],
    ]
    assert status["sites"][1]["agent"] == VERSION

    assert main(["fleet", "status", "--config", file, "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["trouble"].split() for row in rows] == codes
    assert (rows[0]["period"], rows[0]["keys_until"]) == ("2025", "2027-11-23")

    assert main(["fleet", "status", "--config", file, "--lang", "zh"]) == 0
    table = capsys.readouterr().out
    assert "未在平台注册 [not-enrolled]" in table
    assert "已收到" in table


def test_it_fails_on_trouble_where_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = str(firm(tmp_path)), tmp_path / "firm.json"
    assert main(["fleet", "status", "--config", file, "--trouble-fails", "--out", str(out)]) == 1
    assert len(json.loads(out.read_text("utf-8"))["sites"]) == 5
    assert main(["status", "--state", str(tmp_path / "none")]) == 0
    assert main(["status", "--state", str(tmp_path / "none"), "--trouble-fails"]) == 1
    assert "[not-enrolled]" in capsys.readouterr().err
