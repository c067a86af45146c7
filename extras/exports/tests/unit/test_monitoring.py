"""Indicators of online monitoring: quarter hours, days and months of meters and steps, their
quality, and a schema that can be replaced.
"""

from __future__ import annotations

import csv
import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pyarrow.parquet as pq
import pytest

from reporting_agent.cli import main

SITE = """
[site]
id = "works"
timezone = "{zone}"
pack = "cement"
[inputs]
batches = "batches.csv"
readings = "readings.csv"
[[meters]]
id = "mill-register"
step = "cement-grinding"
carrier = "electricity"
reading = "register"
unit = "kWh"
[[meters]]
id = "mill-check"
carrier = "electricity"
reading = "interval"
unit = "kWh"
role = "check"
checks = "mill-register"
"""
BATCHES = "batch_id,step,product,start,end,output_quantity,output_unit,variant,equipment,status\n"
MARCH = datetime(2026, 3, 1, tzinfo=ZoneInfo("Asia/Shanghai"))


def plant(
    folder: Path, readings: list[tuple[str, datetime, float]], zone: str = "Asia/Shanghai"
) -> Path:
    start = min(at for _, at, _ in readings)
    runs = [(start + timedelta(days=n), start + timedelta(days=n, hours=20)) for n in range(25)]
    rows = [
        f"B{n},cement-grinding,cement,{begin.isoformat()},{end.isoformat()},100,t,,,"
        for n, (begin, end) in enumerate(runs)
    ]
    (folder / "batches.csv").write_text(BATCHES + "\n".join(rows) + "\n", encoding="utf-8")
    lines = [f"{meter},{at.astimezone(UTC).isoformat()},{value}" for meter, at, value in readings]
    (folder / "readings.csv").write_text(
        "\n".join(["meter_id,timestamp,value", *lines]) + "\n", encoding="utf-8"
    )
    (folder / "site.toml").write_text(SITE.format(zone=zone), encoding="utf-8")
    return folder / "site.toml"


def steady(
    start: datetime, quarters: int, kwh: float, gap: range = range(0)
) -> list[tuple[str, datetime, float]]:
    """A register that counts `kwh` a quarter hour, without the readings of `gap`, and an interval
    meter beside it.
    """
    moments = [start + timedelta(minutes=15 * n) for n in range(quarters + 1)]
    register = [
        ("mill-register", at, 1000 + kwh * n) for n, at in enumerate(moments) if n not in gap
    ]
    return [*register, *(("mill-check", at, kwh) for at in moments[1:])]


@pytest.fixture
def export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    def run(site: Path, period: str, *more: str, status: int = 0) -> Any:
        arguments = (
            "export",
            "monitoring",
            "--site",
            str(site),
            "--period",
            period,
            "--out",
            str(tmp_path / "out"),
            *more,
        )
        assert main([*arguments, "--json"]) == status
        return json.loads(capsys.readouterr().out)

    return run


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "out" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def of(rows: list[dict[str, str]], meter: str) -> list[dict[str, str]]:
    return [row for row in rows if row["meter"] == meter]


def test_a_month_is_what_the_register_counted_and_its_days_are_what_can_be_placed(
    tmp_path: Path, export: Callable[..., Any]
) -> None:
    """31 days of 96 quarter hours at 2.5 kWh; three days without readings: their 720 kWh are the
    month's and no day's.
    """
    gap = range(5 * 96 + 1, 8 * 96)
    summary = export(plant(tmp_path, steady(MARCH, 31 * 96, 2.5, gap)), "2026-03")
    (month,) = of(rows_of(tmp_path, "months"), "mill-register")
    assert float(month["energy"]) == pytest.approx(31 * 96 * 2.5)
    assert float(month["day_sum"]) == pytest.approx(28 * 96 * 2.5)
    assert float(month["day_sum_deviation_pct"]) == pytest.approx(100 * 3 / 31, abs=0.01)
    assert float(month["completeness_pct"]) == pytest.approx(100 * 28 / 31, abs=0.1)
    assert month["quality"] == "days-deviate"
    assert float(month["energy_kgce"]) == pytest.approx(
        31 * 96 * 2.5 * 0.1229
    )  # GB/T 2589, calorific
    days = of(rows_of(tmp_path, "days"), "mill-register")
    assert [day["energy"] for day in days[4:9]] == ["240.0", "", "", "", "240.0"], (
        "unknown is empty, never nought"
    )
    assert [day["quality"] for day in days[4:7]] == ["good", "incomplete", "incomplete"]
    (beside,) = of(rows_of(tmp_path, "months"), "mill-check")
    assert (beside["quality"], float(beside["day_sum_deviation_pct"])) == ("good", 0.0)
    assert (summary["quality"]["meter_months"], summary["quality"]["good"]) == (2, 1)


def test_a_month_of_too_few_readings_is_incomplete(
    tmp_path: Path, export: Callable[..., Any]
) -> None:
    """The last five of 31 days are not there yet: 83.9 %, below 90."""
    export(plant(tmp_path, steady(MARCH, 26 * 96, 2.5)), "2026-03")
    (row,) = of(rows_of(tmp_path, "quality"), "mill-register")
    assert float(row["completeness_pct"]) == pytest.approx(100 * 26 / 31, abs=0.01)
    assert (row["completeness_least_pct"], row["quality"]) == ("90.0", "incomplete")


def test_quarter_hours_add_up_to_days_and_months_in_every_format(
    tmp_path: Path, export: Callable[..., Any]
) -> None:
    summary = export(
        plant(tmp_path, steady(MARCH, 31 * 96, 2.5)),
        "2026-03",
        *(f"--format={extension}" for extension in ("csv", "xlsx", "parquet")),
    )
    table = pq.read_table(tmp_path / "out" / "quarter-hours.parquet").to_pylist()
    own = [row for row in table if row["meter"] == "mill-register"]
    assert len(own) == 31 * 96
    assert sum(row["energy"] for row in own) == pytest.approx(31 * 96 * 2.5)
    assert own[0]["time"] == "2026-03-01T00:00:00+08:00"
    book = openpyxl.load_workbook(tmp_path / "out" / "tables.xlsx", read_only=True)
    sheet = list(book["days"].iter_rows(values_only=True))
    read = [dict(zip(sheet[0], row, strict=True)) for row in sheet[1:]]
    assert [row["energy"] for row in read] == [
        float(row["energy"]) for row in rows_of(tmp_path, "days")
    ]
    assert {file["name"] for file in summary["files"]} >= {
        "quarter-hours.csv",
        "quarter-hours.parquet",
        "tables.xlsx",
        "quality.csv",
    }
    assert summary["sent"] is False


def test_a_step_has_its_counted_meters_and_the_output_that_ended_in_the_interval(
    tmp_path: Path, export: Callable[..., Any]
) -> None:
    """The check meter counts for no step; 25 batches of 100 t end in March."""
    export(plant(tmp_path, steady(MARCH, 31 * 96, 2.5)), "2026-03")
    (month,) = rows_of(tmp_path, "steps-months")
    assert (month["step"], float(month["output"])) == ("cement-grinding", 2500.0)
    assert float(month["energy"]) == pytest.approx(31 * 96 * 2.5)
    days = rows_of(tmp_path, "steps-days")
    assert [float(day["output"]) for day in days] == [100.0] * 25 + [0.0] * 6


EXCHANGED = """
[[meters]]
id = "mill-old"
step = "cement-grinding"
carrier = "electricity"
reading = "register"
unit = "kWh"
until = 2026-03-16
[[meters]]
id = "mill-new"
step = "cement-grinding"
carrier = "electricity"
reading = "register"
unit = "kWh"
from = 2026-03-16
"""


@pytest.mark.parametrize(
    ("read_on", "unit"),
    [(False, "kWh"), (True, "kWh"), (False, "MWh")],
    ids=["removed", "read on elsewhere", "in another unit"],
)
def test_a_step_whose_meter_was_exchanged_has_the_energy_of_each_in_its_time(
    read_on: bool, unit: str, tmp_path: Path, export: Callable[..., Any]
) -> None:
    moments = [MARCH + timedelta(minutes=15 * n) for n in range(61 * 96 + 1)]
    day = MARCH + timedelta(days=15)
    a_quarter = 3.0 if unit == "kWh" else 0.003
    old = [("mill-old", at, 2.5 * n) for n, at in enumerate(moments) if at <= day or read_on]
    site = plant(
        tmp_path,
        [*old, *(("mill-new", at, a_quarter * n) for n, at in enumerate(moments) if at >= day)],
    )
    own = EXCHANGED.replace('unit = "kWh"\nfrom', f'unit = "{unit}"\nfrom')
    site.write_text(
        site.read_text(encoding="utf-8").partition("[[meters]]")[0] + own, encoding="utf-8"
    )
    export(site, "2026-03-01/2026-05-01")
    months = rows_of(tmp_path, "steps-months")
    assert [float(month["energy"]) for month in months] == [
        pytest.approx(96 * (15 * 2.5 + 16 * 3.0)),
        pytest.approx(96 * 30 * 3.0),
    ]
    assert [(month["unit"], month["completeness_pct"], month["quality"]) for month in months] == [
        ("kWh", "100.0", "good")
    ] * 2


def test_a_day_on_which_the_clock_changes_is_as_long_as_it_is(
    tmp_path: Path, export: Callable[..., Any]
) -> None:
    start = datetime(2026, 3, 1, tzinfo=ZoneInfo("Europe/Berlin"))
    hours = 31 * 24 - 1  # 29 March has 23 hours
    readings = [
        ("mill-register", start.astimezone(UTC) + timedelta(hours=n), 1000 + 10.0 * n)
        for n in range(hours + 1)
    ]
    summary = export(plant(tmp_path, readings, "Europe/Berlin"), "2026-03")
    days = of(rows_of(tmp_path, "days"), "mill-register")
    assert (days[28]["energy"], days[28]["completeness_pct"], days[27]["energy"]) == (
        "230.0",
        "100.0",
        "240.0",
    )
    assert len(rows_of(tmp_path, "quarter-hours")) == 4 * hours
    assert any(
        "15 minutes apart" in remark and "mill-register" in remark for remark in summary["remarks"]
    )
    assert any("mill-check" in remark for remark in summary["remarks"]), (
        "a meter without readings is named"
    )


OWN = """
id = "province"
version = "7"
status = "verified"
words = {{ en = "The province's own table" }}
stands_on = {{ en = "Copied from the table that the province handed out." }}
quality = {{ completeness_least_pct = 95.0, day_sums_most_pct = 1.0, source = {{ en = "the table's own rule" }} }}
time = {{ stamp = "end", format = "%Y%m%d%H%M" }}
units = {{ electricity = "{unit}" }}
[[tables]]
name = "power"
every = "60min"
of = "meter"
columns = [{{ name = "表号", field = "object" }}, {{ name = "T", field = "time" }}, {{ name = "E", field = "{field}", digits = 4 }}]
"""


def test_another_schema_changes_columns_names_units_and_times(
    tmp_path: Path, export: Callable[..., Any]
) -> None:
    schema = tmp_path / "own.toml"
    schema.write_text(OWN.format(unit="MWh", field="energy"), encoding="utf-8")
    summary = export(
        plant(tmp_path, steady(MARCH, 31 * 96, 2.5)), "2026-03", "--schema", str(schema)
    )
    rows = [row for row in rows_of(tmp_path, "power") if row["表号"] == "mill-register"]
    assert len(rows) == 31 * 24
    assert rows[0] == {"表号": "mill-register", "T": "202603010100", "E": "0.01"}
    assert (summary["columns"]["id"], summary["columns"]["status"]) == ("province", "verified")
    assert summary["quality"]["completeness_least_pct"] == 95.0


@pytest.mark.parametrize(
    ("unit", "field", "wanted"),
    [
        ("t", "energy", "not counted in"),
        ("kWh", "profit", "one of"),
        ("kWh", "day_sum", "is of months"),
        ("kWh", "output", "is of steps"),
    ],
)
def test_a_schema_that_does_not_hold_together_is_refused(
    unit: str, field: str, wanted: str, tmp_path: Path, export: Callable[..., Any]
) -> None:
    schema = tmp_path / "own.toml"
    schema.write_text(OWN.format(unit=unit, field=field), encoding="utf-8")
    refused = export(
        plant(tmp_path, steady(MARCH, 96, 2.5)), "2026-03", "--schema", str(schema), status=1
    )["error"]
    assert refused["code"] == "export-schema-invalid"
    assert wanted in refused["wanted"]


def test_nothing_is_sent_and_the_draft_says_what_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("an export opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    site = plant(tmp_path, steady(MARCH, 31 * 96, 2.5))
    for lang, words in (
        ("en", ("were not obtained", "nothing was sent")),
        ("zh", ("未能取得", "没有发送任何内容")),
    ):
        arguments = (
            "export",
            "monitoring",
            "--site",
            str(site),
            "--period",
            "2026-03",
            "--out",
            str(tmp_path / lang),
            "--lang",
            lang,
        )
        assert main(arguments) == 0
        output = capsys.readouterr().out
        assert all(word in output for word in words)


def test_a_site_without_readings_has_no_course_in_time(
    tmp_path: Path, export: Callable[..., Any]
) -> None:
    (tmp_path / "batches.csv").write_text(
        BATCHES + "B1,cement-grinding,cement,2026-03-01 00:00,2026-03-01 08:00,100,t,,,\n"
    )
    (tmp_path / "energy.csv").write_text(
        "batch_id,step,carrier,quantity,unit\nB1,cement-grinding,electricity,3000,kWh\n"
    )
    site = tmp_path / "site.toml"
    site.write_text(
        SITE.partition("[[meters]]")[0]
        .format(zone="Asia/Shanghai")
        .replace("readings.csv", "energy.csv")
        .replace("readings =", "energy =")
    )
    assert export(site, "2026-03", status=1)["error"]["code"] == "export-no-meters"


def test_the_days_of_a_month_without_a_reading_have_no_sum(
    tmp_path: Path, export: Callable[..., Any]
) -> None:
    """Readings of March alone, asked for March and April: of April nothing is known, which is not
    nought.
    """
    export(plant(tmp_path, steady(MARCH, 31 * 96, 2.5)), "2026-03-01/2026-05-01")
    march, april = of(rows_of(tmp_path, "months"), "mill-register")
    assert (march["day_sum"], march["energy"]) == ("7440.0", "7440.0")  # 31 x 96 x 2.5
    assert (april["day_sum"], april["energy"], april["quality"]) == ("", "", "incomplete")


def test_a_table_of_the_name_that_every_export_has_is_refused(
    tmp_path: Path, export: Callable[..., Any]
) -> None:
    schema = tmp_path / "own.toml"
    schema.write_text(
        OWN.format(unit="kWh", field="energy").replace('name = "power"', 'name = "quality"'),
        encoding="utf-8",
    )
    refused = export(
        plant(tmp_path, steady(MARCH, 96, 2.5)), "2026-03", "--schema", str(schema), status=1
    )["error"]
    assert refused["code"] == "export-schema-invalid"
    assert "cannot be called 'quality'" in refused["wanted"]
