"""Monitoring of a works whose meters are seldom read, silent, shared, of fuels, or not all there:
nothing is taken for what it is not.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from reporting_agent.cli import main
from tests.grinding_works import NEW_YEAR, SHANGHAI, hourly, meter, runs, works

Export = Callable[..., list[str]]
HALL = """
[[meters]]
id = "hall"
{step}
carrier = "electricity"
reading = "interval"
unit = "kWh"
[meters.allocation]
by = "output"
among = [{among}]
"""


def steady(kwh: float) -> Callable[[int], float]:
    return lambda _: kwh


@pytest.fixture
def export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Export:
    """Write the tables, and give the remarks beside them."""

    def run(site: Path, *more: str, period: str = "2026-01") -> list[str]:
        arguments = (
            "export",
            "monitoring",
            "--site",
            str(site),
            "--period",
            period,
            "--out",
            str(tmp_path / "out"),
            "--format",
            "csv",
        )
        assert main([*arguments, *more, "--json"]) == 0
        remarks: list[str] = json.loads(capsys.readouterr().out)["remarks"]
        return remarks

    return run


def rows(folder: Path, table: str, **only: str) -> list[dict[str, str]]:
    with (folder / "out" / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
        return [row for row in csv.DictReader(file) if only.items() <= row.items()]


@pytest.mark.parametrize("hours", [24, 12, 8, 4])
def test_a_register_that_is_read_once_a_shift_or_day_has_its_month(
    hours: int, tmp_path: Path, export: Export
) -> None:
    """125 kWh an hour are 93,000 in January; no day can be told, and the month says so."""
    readings = [
        ("mill", NEW_YEAR + timedelta(hours=hours * n), 125.0 * hours * n + n % 3)
        for n in range(24 * 40 // hours)
    ]
    export(works(tmp_path, [meter("mill", reading="register")], readings))
    (month,) = rows(tmp_path, "months")
    assert [float(month["energy"]), float(month["energy_kgce"])] == pytest.approx(
        [93000, 93000 * 0.1229], rel=0.01
    )
    assert (month["day_sum"], month["quality"]) == ("", "incomplete, days-deviate")


def test_a_register_that_is_read_on_the_first_of_each_month_has_every_month(
    tmp_path: Path, export: Export
) -> None:
    firsts = [
        datetime(2025, 12, 1, tzinfo=SHANGHAI),
        *(datetime(2026, month, 1, tzinfo=SHANGHAI) for month in range(1, 5)),
    ]
    paper = [("paper", first, 90_000.0 * n) for n, first in enumerate(firsts)]
    meters = [meter("paper", reading="register", step=""), meter("mill")]
    export(works(tmp_path, meters, paper + hourly("mill", 90, steady(125))), period="2026-Q1")
    assert [float(month["energy"]) for month in rows(tmp_path, "months", meter="paper")] == [
        90_000
    ] * 3


@pytest.mark.parametrize(("carrier", "unit"), [("coal", "kg"), ("natural-gas", "Nm3")])
def test_coal_equivalent_is_by_the_laboratorys_value_of_each_day(
    carrier: str, unit: str, tmp_path: Path, export: Export
) -> None:
    """100 an hour of 29 MJ, from the 16th on of 30: over the 29.3076 MJ of a kgce."""
    values = "".join(
        f'[[lhv]]\ncarrier = "{carrier}"\nfrom = {day}\nvalue = {value}\nunit = '
        f'"MJ/{unit}"\nsource = "measured"\n'
        for day, value in (("2025-12-01", 29.0), ("2026-01-16", 30.0))
    )
    kiln = meter("kiln", step="clinker-burning", unit=unit, carrier=carrier)
    export(
        works(
            tmp_path,
            [kiln],
            hourly("kiln", 40, steady(100)),
            runs(31, step="clinker-burning", tonnes=20),
            more=values,
        )
    )
    wanted = pytest.approx(100 * 24 * (15 * 29 + 16 * 30) / 29.3076, rel=1e-3)
    assert [
        float(rows(tmp_path, table)[0]["energy_kgce"]) for table in ("months", "steps-months")
    ] == [wanted] * 2


def test_a_tank_of_diesel_in_litres_stops_no_export(tmp_path: Path, export: Export) -> None:
    """Its litres are known, its coal equivalent is not, and it is named."""
    meters = [meter("mill"), meter("tank", step="", carrier="diesel", unit="L")]
    remarks = export(
        works(tmp_path, meters, hourly("mill", 40, steady(125)) + hourly("tank", 40, steady(3)))
    )
    (tank,) = rows(tmp_path, "months", meter="tank")
    assert (float(tank["energy"]), tank["energy_kgce"]) == (3 * 24 * 31, "")
    assert any(
        "no coal equivalent" in remark and remark.endswith("is given for it: tank.")
        for remark in remarks
    )


def test_a_step_is_not_good_while_one_of_its_meters_is_silent(
    tmp_path: Path, export: Export
) -> None:
    log = runs(31, equipment="mill-1", prefix="A") + runs(31, equipment="mill-2", prefix="B")
    meters = [meter("m1", 'equipment = "mill-1"'), meter("m2", 'equipment = "mill-2"')]
    export(works(tmp_path, meters, hourly("m1", 40, steady(125)), log))
    (month,) = rows(tmp_path, "steps-months")
    assert (month["energy"], month["completeness_pct"], month["quality"]) == (
        "",
        "0.0",
        "incomplete",
    )


def test_a_month_of_a_step_with_a_silent_meter_is_empty_though_another_has_a_gap(
    tmp_path: Path, export: Export
) -> None:
    readings = [
        ("m1", NEW_YEAR + timedelta(hours=n), 125.0 * n + n % 3)
        for n in range(24 * 35)
        if not 240 < n < 260
    ]
    export(
        works(
            tmp_path, [meter("m1", reading="register"), meter("m2", reading="register")], readings
        )
    )
    (month,) = rows(tmp_path, "steps-months")
    assert (month["energy"], month["energy_kgce"]) == ("", "")


def test_energy_by_batch_of_a_mill_whose_meter_is_silent_is_named(
    tmp_path: Path, export: Export
) -> None:
    meters = [meter("m1", 'equipment = "mill-1"'), meter("m2", 'equipment = "mill-2"')]
    log = runs(31, equipment="mill-1", prefix="A") + runs(31, equipment="mill-2", prefix="B")
    energy = [f"B{day:03},cement-grinding,electricity,3000,kWh" for day in range(31)]
    remarks = export(works(tmp_path, meters, hourly("m1", 40, steady(125.0)), log, energy=energy))
    assert any("recorded per batch" in remark for remark in remarks)


def test_a_gas_register_read_once_a_month_is_named_where_nothing_tells_its_heat(
    tmp_path: Path, export: Export
) -> None:
    readings = [("gas", NEW_YEAR + timedelta(days=31 * n), 5000.0 * n) for n in range(3)]
    meters = [meter("gas", unit="Nm3", carrier="natural-gas", reading="register"), meter("mill")]
    remarks = export(works(tmp_path, meters, readings + hourly("mill", 40, steady(125.0))))
    assert any("no coal equivalent" in remark for remark in remarks)


def test_a_meter_that_was_taken_away_before_is_not_waited_for(
    tmp_path: Path, export: Export
) -> None:
    meters = [meter("m1"), meter("old", "until = 2025-06-01")]
    export(works(tmp_path, meters, hourly("m1", 40, steady(125))))
    (month,) = rows(tmp_path, "steps-months")
    assert (float(month["energy"]), month["quality"]) == (93000, "good")


def test_a_meter_of_two_mills_of_one_step_is_that_steps(tmp_path: Path, export: Export) -> None:
    log = runs(31, equipment="mill-1", prefix="A") + runs(31, equipment="mill-2", prefix="B")
    hall = HALL.format(step='step = "cement-grinding"', among='"mill-1", "mill-2"')
    mills = "".join(f'[[equipment]]\nid = "mill-{n}"\nstep = "cement-grinding"\n' for n in (1, 2))
    remarks = export(works(tmp_path, [hall], hourly("hall", 40, steady(250)), log, more=mills))
    (month,) = rows(tmp_path, "steps-months")
    assert (float(month["energy"]), float(month["output"])) == (186_000, 6200)
    assert not any("several steps" in remark or "per batch" in remark for remark in remarks)


def test_energy_of_a_meter_of_two_steps_is_not_told_as_recorded_per_batch(
    tmp_path: Path, export: Export
) -> None:
    log = runs(31, prefix="A") + runs(31, prefix="B", step="clinker-cooling")
    hall = HALL.format(step="", among='"cement-grinding", "clinker-cooling"')
    remarks = export(works(tmp_path, [hall], hourly("hall", 40, steady(200)), log))
    assert any("several steps" in remark for remark in remarks)
    assert not any("per batch" in remark for remark in remarks)


def test_the_other_mills_energy_that_is_given_by_batch_is_named(
    tmp_path: Path, export: Export
) -> None:
    log = runs(31, equipment="mill-1", prefix="A") + runs(31, equipment="mill-2", prefix="B")
    energy = [f"B{day:03},cement-grinding,electricity,3000,kWh" for day in range(31)]
    site = works(
        tmp_path,
        [meter("m1", 'equipment = "mill-1"')],
        hourly("m1", 40, steady(125)),
        log,
        energy=energy,
    )
    assert any(
        "recorded per batch" in remark and remark.endswith("cement-grinding: electricity.")
        for remark in export(site)
    )


def test_energy_by_batch_of_another_month_is_not_named(tmp_path: Path, export: Export) -> None:
    energy = [f"R{day:03},cement-grinding,natural-gas,500,Nm3" for day in range(31, 40)]
    remarks = export(
        works(tmp_path, [meter("m1")], hourly("m1", 40, steady(125)), runs(40), energy=energy)
    )
    assert not any("per batch" in remark for remark in remarks)


def test_carriers_are_named_in_the_readers_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = runs(31, prefix="A") + runs(31, prefix="B", step="clinker-cooling")
    energy = [f"B{day:03},clinker-cooling,electricity,500,kWh" for day in range(31)]
    site = works(tmp_path, [meter("m1")], hourly("m1", 40, steady(125)), log, energy=energy)
    arguments = (
        "--site",
        str(site),
        "--period",
        "2026-01",
        "--out",
        str(tmp_path / "out"),
        "--lang",
        "zh",
    )
    assert main(["export", "monitoring", "--format", "csv", *arguments]) == 0
    assert "electricity" not in capsys.readouterr().out


def changed(folder: Path, old: str, new: str) -> str:
    """The draft with another key."""
    draft = files("extras.exports").joinpath("monitoring.toml").read_text(encoding="utf-8")
    assert old in draft
    (folder / "own.toml").write_text(draft.replace(old, new), encoding="utf-8")
    return str(folder / "own.toml")


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        *(
            ('"iso"', f'"{form}"', "the same time")
            for form in (
                "yyyy-MM-dd HH:mm:ss",
                "%Y-%m-%d",
                "%m-%d %H:%M",
                "%Y-%m-%d %I:%M",
                "local",
            )
        ),
        ('field = "unit"', 'field = "unit", digits = 2', "unit is no number"),
    ],
)
def test_a_schema_that_would_lose_times_or_rounds_a_text_is_refused(
    old: str, new: str, wanted: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = works(tmp_path, [meter("mill")], hourly("mill", 40, steady(100)))
    arguments = [
        "export",
        "monitoring",
        "--site",
        str(site),
        "--period",
        "2026-01",
        "--schema",
        changed(tmp_path, old, new),
        "--json",
    ]
    assert main(arguments) == 1
    refused: dict[str, Any] = json.loads(capsys.readouterr().out)["error"]
    assert (refused["code"], wanted in refused["wanted"]) == ("export-schema-invalid", True)


def test_a_number_of_no_digits_is_a_whole_number(tmp_path: Path, export: Export) -> None:
    site = works(tmp_path, [meter("mill")], hourly("mill", 40, steady(100)))
    export(site, "--schema", changed(tmp_path, "digits = 3", "digits = 0"))
    assert (rows(tmp_path, "days")[0]["energy"], rows(tmp_path, "months")[0]["energy_kgce"]) == (
        "2400",
        "9144",
    )
