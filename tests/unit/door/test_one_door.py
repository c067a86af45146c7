"""`label FILE …`: files as they are become labels in one command, without a site file; what is
likely is stated, what nobody can infer is asked.
"""

from __future__ import annotations

import io
import json
import math
import re
import tomllib
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from reporting_agent.cli import main

START = datetime(2025, 3, 1)  # noqa: DTZ001 - as a plant writes it, in its own time


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(path: Path, rows: Sequence[Sequence[object]], delimiter: str = ",") -> str:
    text = "\n".join(delimiter.join(map(str, row)) for row in rows)
    path.write_text(f"{text}\n", encoding="utf-8")
    return str(path)


def heats(count: int = 60) -> list[list[object]]:
    chance = np.random.default_rng(7)
    rows: list[list[object]] = [["Heat No", "Start", "End", "Tapped [t]", "Energy [kWh]"]]
    for number in range(count):
        begins = START + timedelta(hours=number)
        tonnes = round(float(chance.uniform(110, 125)), 1)
        rows.append(
            [
                f"H{number}",
                f"{begins:%Y-%m-%d %H:%M}",
                f"{begins + timedelta(minutes=50):%Y-%m-%d %H:%M}",
                tonnes,
                round(tonnes * float(chance.uniform(380, 420))),
            ]
        )
    return rows


def labelled(*options: str) -> tuple[int, dict[str, Any]]:
    code = main(["label", *options])
    path = Path("label/label.json")
    return code, json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def p25(values: Sequence[float]) -> float:
    """The value that a quarter reach: the k-th smallest, k = ceil(n / 4)."""
    return sorted(values)[math.ceil(len(values) / 4) - 1]


def test_a_heat_log_is_labelled_in_one_command(
    plant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = heats()
    code, label = labelled(written(plant / "heats.csv", rows))
    assert code == 0
    (step,) = label["steps"]
    assert step["unit"] == "kWh/t"
    assert step["best"]["value"] == pytest.approx(p25([row[4] / row[3] for row in rows[1:]]))  # type: ignore[operator]
    page = capsys.readouterr().out.rstrip().splitlines()
    assert len(page) <= 25
    assert max(map(len, page)) <= 100
    assert "Europe/Berlin" in "\n".join(page)


def test_the_site_file_that_it_writes_gives_the_same(plant: Path) -> None:
    assert labelled(written(plant / "heats.csv", heats()))[0] == 0
    first = {
        name: Path("label", name).read_bytes()
        for name in ("label.json", "batches.parquet", "rejected.csv")
    }
    assert main(["label", "--site", "label/site.toml", "--out", "again"]) == 0
    assert first == {name: Path("again", name).read_bytes() for name in first}


def test_a_site_file_that_a_person_changed_is_not_overwritten(
    plant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(plant / "heats.csv", heats())
    assert labelled(file)[0] == 0
    assert labelled(file)[0] == 0  # as this command wrote it
    site = plant / "label" / "site.toml"
    site.write_text(site.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    assert main(["label", file]) == 1
    assert "already-there" in capsys.readouterr().err
    assert site.read_text(encoding="utf-8").endswith("# mine\n")
    assert main(["label", "--site", str(site)]) == 0


def test_what_is_open_is_named_with_the_answer_to_add(
    plant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row[:3] + row[4:] for row in heats()]  # nothing says what came out
    file = written(plant / "heats.csv", rows)
    assert main(["label", file]) == 1
    refused = capsys.readouterr().err
    assert "--answer batches.output_quantity=1" in refused
    code, label = labelled(file, "--answer", "batches.output_quantity=1")
    assert code == 0
    (step,) = label["steps"]
    assert step["unit"] == "kWh/item"
    assert step["best"]["value"] == p25([float(str(row[3])) for row in rows[1:]])


def test_an_answer_that_nobody_asked_for_is_refused(
    plant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(plant / "heats.csv", heats())
    assert main(["label", file, "--answer", "batches.var.hot_metal_pct=0"]) == 1
    assert "answer-unknown" in capsys.readouterr().err


def test_a_row_a_day_with_two_carriers(plant: Path) -> None:
    rows: list[list[object]] = [["Datum", "Produktion [t]", "Strom [kWh]", "Gas [m3]"]]
    rows += [
        [f"{day:02}.05.2025", f"12,{day % 10}", f"1.{200 + day},5", 300 + day]
        for day in range(1, 29)
    ]
    code, label = labelled(written(plant / "tage.csv", rows, ";"))
    assert code == 0
    electricity, total = label["steps"]
    assert electricity["batches"]["used"] == 28
    values = [(1200 + day + 0.5) / (12 + day % 10 / 10) for day in range(1, 29)]
    assert electricity["best"]["value"] == pytest.approx(p25(values))
    assert total["unit"] == "kgce/t"


def registers(plant: Path) -> tuple[str, str, list[float]]:
    """Two presses with a register each, and the main one, which lights count on as well."""
    chance = np.random.default_rng(5)
    readings = [["Zeit", "Presse 1 [kWh]", "Presse 2 [kWh]", "Haupt [kWh]"]]
    runs = [["Auftrag", "Maschine", "Beginn", "Ende", "Stück"]]
    counts, values = [1000.0, 500.0], []
    began: dict[str, float] = {}
    for quarter in range(96 * 12):
        at = START + timedelta(minutes=15 * quarter)
        cells = [*counts, sum(counts) + 0.4 * quarter]
        readings.append(
            [f"{at:%d.%m.%Y %H:%M}", *(f"{cell:.3f}".replace(".", ",") for cell in cells)]
        )
        if quarter % 8 == 0:
            began = dict(zip(("Presse 1", "Presse 2"), counts, strict=True))
        if quarter % 8 == 7:
            for machine, count in zip(began, counts, strict=True):
                pieces = int(chance.integers(90, 110))
                values.append((round(count, 3) - round(began[machine], 3)) / pieces)
                begins = at - timedelta(minutes=105)
                runs.append(
                    [
                        f"A{len(runs)}",
                        machine,
                        f"{begins:%d.%m.%Y %H:%M}",
                        f"{at:%d.%m.%Y %H:%M}",
                        str(pieces),
                    ]
                )
        counts = [
            counts[0] + float(chance.uniform(10, 11)),
            counts[1] + float(chance.uniform(5, 6)),
        ]
    return (
        written(plant / "zaehler.csv", readings, ";"),
        written(plant / "auftraege.csv", runs, ";"),
        values,
    )


@pytest.mark.parametrize("turned", [False, True])
def test_registers_and_runs_in_any_order(plant: Path, turned: bool) -> None:
    meters, runs, values = registers(plant)
    code, label = labelled(*((runs, meters) if turned else (meters, runs)))
    assert code == 0
    (step,) = label["steps"]
    assert step["batches"]["used"] == len(values)
    assert step["best"]["value"] == pytest.approx(p25(values), rel=1e-6)
    site = (plant / "label" / "site.toml").read_text(encoding="utf-8")
    assert 'equipment = "Presse 1"' in site
    assert site.count('parent = "Haupt"') == 2  # its parts, and the main meter counts nowhere


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("header", "pack", "step"),
    [
        ("Heat No", "steel", "eaf"),
        ("炉号", "steel", "eaf"),
        ("Klinkermenge", "cement", "clinker-burning"),
        ("Pot number", "aluminium", "electrolysis"),
    ],
)
@pytest.mark.parametrize("answer", ["", "own"])
def test_words_of_a_sector_are_one_question_that_enter_answers(
    header: str,
    pack: str,
    step: str,
    answer: str,
    plant: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows: list[list[object]] = [["Batch", "Start", "End", "Output [t]", "Energy [kWh]", header]]
    rows += [[*row, f"x{number % 3}"] for number, row in enumerate(heats()[1:])]
    file = written(plant / "log.csv", rows)
    monkeypatch.setattr("sys.stdin", Terminal(f"{answer}\n"))
    main(["label", file])
    assert capsys.readouterr().err.count("[") == 1  # one question
    site = tomllib.loads((plant / "label" / "site.toml").read_text(encoding="utf-8"))
    assert site["site"]["pack"] == (answer or pack)
    assert site["mapping"]["batches"]["constants"]["step"] == ("production" if answer else step)


def test_who_is_not_asked_is_compared_with_itself_and_told_of_the_sector(
    plant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert labelled(written(plant / "heats.csv", heats()))[0] == 0
    assert "--pack steel" in " ".join(capsys.readouterr().out.split())
    site = tomllib.loads((plant / "label" / "site.toml").read_text(encoding="utf-8"))
    assert site["site"]["pack"] == "own"
    rows: list[list[object]] = [
        ["Batch", "Start", "Clinker share [%]", "Output [t]", "Energy [kWh]"]
    ]
    rows += [[row[0], row[1], 70 + n % 5, *row[3:]] for n, row in enumerate(heats()[1:])]
    assert main(["label", written(plant / "mill.csv", rows), "--out", "mill"]) == 0
    assert "--pack" not in capsys.readouterr().out  # a share of clinker is of a mill


def test_meters_count_at_the_step_of_a_pack(plant: Path) -> None:
    """Named as the furnace; what the boundary asks for besides takes no heat away at home."""
    count, readings, rows = 988_000.0, [["Time", "eaf-1 [kWh]"]], [["Heat No", "Start", "End"]]
    rows[0] += ["Tapped [t]", "Furnace"]
    for step in range(12 * 60):
        at = START + timedelta(minutes=5 * step)
        readings.append([f"{at:%Y-%m-%d %H:%M}", f"{count:.1f}"])
        if step % 12 == 0:
            ends = at + timedelta(minutes=45)
            rows.append([f"H{step}", f"{at:%Y-%m-%d %H:%M}", f"{ends:%Y-%m-%d %H:%M}"])
            rows[-1] += ["120", "eaf-1"]
        count += 5_000 + step if step % 12 < 9 else 20
    files = [written(plant / "meters.csv", readings), written(plant / "heats.csv", rows)]
    code, label = labelled(*files, "--pack", "steel", "--answer", "step=eaf")
    assert code == 0
    (step_,) = [step for step in label["steps"] if step["metric"] == "electricity"]
    assert step_["batches"]["used"] == 60
    energies = [sum(5_000 + 12 * heat + part for part in range(9)) for heat in range(60)]
    assert step_["mean"] == pytest.approx(sum(energies) / 60 / 120, rel=1e-6)


def test_meters_alone_tell_what_they_can(plant: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows: list[list[object]] = [["Time", "Mill [kW]"]]
    for hour in range(24 * 40):
        at = START + timedelta(hours=hour)
        rows.append([f"{at:%Y-%m-%d %H:%M}", 100 if 6 <= at.hour < 20 and at.weekday() < 5 else 20])
    code, label = labelled(written(plant / "mill.csv", rows))
    assert code == 0
    assert label["steps"] == []
    page = capsys.readouterr().out
    assert "never below 20.00 kW" in page
    assert "With a file of date and output I can go on" in " ".join(page.split())
    assert len(page.splitlines()) <= 25


def test_meters_go_on_with_the_file_of_date_and_output_that_they_ask_for(
    plant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The advice of the page of meters, followed: once it was read as one more meter."""
    hours = [START + timedelta(hours=hour) for hour in range(24 * 28 + 1)]
    power = [[f"{hour:%Y-%m-%d %H:%M}", 200 + hour.hour] for hour in hours]
    meters = written(plant / "meters.csv", [["Time", "Mill kWh"], *power])
    assert labelled(meters)[0] == 0
    assert "With a file of date and output" in " ".join(capsys.readouterr().out.split())
    days = [[f"{START + timedelta(days=day):%Y-%m-%d}", 100 + day] for day in range(28)]
    output = written(plant / "output.csv", [["Date", "Output t"], *days])
    code, label = labelled(meters, output, "--out", "label")
    assert code == 0
    (step,) = label["steps"]
    a_day = sum(200 + hour for hour in range(24))
    assert step["unit"] == "kWh/t"
    assert step["best"]["value"] == pytest.approx(p25([a_day / (100 + n) for n in range(28)]))


def test_weeks_of_output_beside_meters_are_not_taken_for_days(
    plant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A day's energy over a week's output was a seventh of the truth. The remedy, followed."""
    hours = [START + timedelta(hours=hour) for hour in range(24 * 7 * 12 + 1)]
    power = [[f"{hour:%Y-%m-%d %H:%M}", 210] for hour in hours]
    meters = written(plant / "meters.csv", [["Time", "Mill kWh"], *power])
    weeks = [START + timedelta(days=7 * week) for week in range(13)]
    made: list[list[object]] = [["Week beginning", "Output t"]]
    made += [[f"{week:%Y-%m-%d}", 700] for week in weeks[:-1]]
    assert main(["label", meters, written(plant / "weeks.csv", made), "--out", "refused"]) == 1
    assert "days-apart" in capsys.readouterr().err
    rows = [[f"{week:%Y-%m-%d}", f"{after:%Y-%m-%d}", 700] for week, after in pairwise(weeks)]
    output = written(plant / "weeks.csv", [["Start", "End", "Output t"], *rows])
    code, label = labelled("--answer", "timezone=Etc/UTC", meters, output)
    assert code == 0
    (step,) = label["steps"]
    assert step["best"]["value"] == pytest.approx(24 * 7 * 210 / 700)


def test_output_without_any_energy_is_refused_with_what_to_add(
    plant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row[:4] for row in heats()]
    assert main(["label", written(plant / "heats.csv", rows)]) == 1
    assert "energy-missing" in capsys.readouterr().err


def test_a_workbook_with_a_cover(plant: Path) -> None:
    book = openpyxl.Workbook()
    cover = book.active
    assert cover is not None
    cover.append(["支架厂", "二车间"])
    runs = book.create_sheet("批次")
    runs.append(["批次", "产品", "开始", "产量", "产量单位", "电力 kWh"])
    for number in range(20):
        begins = START + timedelta(days=number)
        runs.append([f"R{number}", "支架", begins, 500 + number, "kg", 300 + number % 3])
    book.save(plant / "runs.xlsx")
    code, label = labelled("runs.xlsx", "--answer", "timezone=Asia/Shanghai")
    assert code == 0
    (step,) = label["steps"]
    values = [(300 + number % 3) / (500 + number) for number in range(20)]
    assert step["unit"] == "kWh/kg"
    assert step["best"]["value"] == pytest.approx(p25(values))
    site = (plant / "label" / "site.toml").read_text(encoding="utf-8")
    assert 'timezone = "Asia/Shanghai"' in site


def test_all_that_was_taken_is_printed_where_asked(
    plant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = []
    for number in range(24):
        rows: list[list[object]] = [["Time", f"Mill {number} [kW]"]]
        rows += [
            [f"{START + timedelta(hours=hour):%Y-%m-%d %H:%M}", 20 + hour % 5] for hour in range(48)
        ]
        files.append(written(plant / f"meter-{number}.csv", rows))
    assert main(["label", *files]) == 0
    assert "more lines: -v" in capsys.readouterr().out
    assert main(["label", *files, "-v"]) == 0
    page = capsys.readouterr().out
    assert "more lines: -v" not in page
    assert all(f"meter-{number}.csv: " in page for number in range(24))


@pytest.mark.parametrize("gas_unit", ["kWh", "kW"])
def test_a_second_carrier_in_a_log_counts_as_its_own(plant: Path, gas_unit: str) -> None:
    """Two lines, a row an hour; every run of a shift holds both carriers."""
    rows: list[list[object]] = [["Zeit", "Linie", "Brot [kg]", "Strom kWh", f"Gas {gas_unit}"]]
    for hour in range(24 * 14):
        for line in (1, 2):
            at = f"{START + timedelta(hours=hour):%d.%m.%Y %H:%M}"
            rows.append([at, f"L{line}", 90 + hour % 7, 31 + hour % 9, 95 + hour % 5])
    code, label = labelled(written(plant / "log.csv", rows, ";"))
    assert code == 0
    electricity, total = label["steps"]
    used = electricity["energy_by_carrier"]["electricity"]["value"]
    gas = total["energy_by_carrier"]["natural-gas"]["value"]
    counted = range(1, 24 * 14)  # of the first row no time is known
    assert used == pytest.approx(2 * sum(31 + hour % 9 for hour in counted))
    assert gas == pytest.approx(2 * sum(95 + hour % 5 for hour in counted) * 0.1229, rel=1e-3)
    site = (plant / "label" / "site.toml").read_text(encoding="utf-8")
    assert f'units = {{ natural-gas = "{gas_unit}" }}' in site
    without = plant / "label" / "without.toml"
    without.write_text(re.sub(r"(?m)^units = .*$", "", site), encoding="utf-8")
    assert main(["label", "--site", str(without)]) == 1  # it is not left out in silence


def test_each_furnace_of_a_log_has_a_counter_of_its_own(plant: Path) -> None:
    rows: list[list[object]] = [
        ["Nr wytopu", "Data", "Początek", "Koniec", "Piec", "Masa [kg]", "Licznik od", "Licznik do"]
    ]
    counted = {"P1": 184_213.0, "P2": 96_551.0}
    used = []
    for number in range(60):
        furnace = "P1" if number % 3 else "P2"
        start, mass = START + timedelta(hours=2 * number), 900 + 7 * (number * 5 % 60)
        used.append((560 + number * 3 % 17) * mass / 1000)
        before, counted[furnace] = counted[furnace], round(counted[furnace] + used[-1], 1)
        used[-1] = (counted[furnace] - before) / mass
        times = [f"{start:%H:%M}", f"{start + timedelta(minutes=90):%H:%M}"]
        counters = [f"{each:.1f}".replace(".", ",") for each in (before, counted[furnace])]
        rows.append([f"W{number}", f"{start:%d.%m.%Y}", *times, furnace, mass, *counters])
        counted[furnace] += 2.5  # between two melts
    answers = ("--answer", "energy.unit=kWh", "--answer", "energy.carrier=electricity")
    code, label = labelled(written(plant / "wytopy.csv", rows, ";"), *answers)
    assert code == 0
    (step,) = label["steps"]
    assert step["best"]["value"] == pytest.approx(p25(used))


def glass(plant: Path) -> tuple[str, list[tuple[int, int, float]]]:
    """A furnace by day, as a tab-separated text: 27,534 is no 27.534, as 249.3 shows."""
    days = [(27_000 + 13 * day, 18_100 + 7 * day, 240.5 + day * 3 % 11) for day in range(28)]
    rows: list[list[object]] = [["Day", "Pull t/d", "Nat. gas Nm3", "Boost kWh", "Water m3"]]
    rows += [
        [f"{START + timedelta(days=day):%d-%b-%y}", pull, f"{gas:,}", f"{boost:,}", 12]
        for day, (gas, boost, pull) in enumerate(days)
    ]
    return written(plant / "furnace.txt", rows, "\t"), days


def test_a_day_counts_all_its_energy_and_groups_of_digits_are_no_decimals(plant: Path) -> None:
    file, days = glass(plant)
    code, label = labelled(file, "--answer", "batches.output_unit=t")
    assert code == 0
    electricity = label["steps"][0]
    assert electricity["best"]["value"] == pytest.approx(p25([kwh / t for _, kwh, t in days]))


def test_a_brewery_by_day_counts_hectolitres(plant: Path) -> None:
    rows: list[list[object]] = [["Datum", "Sudhaus kWh", "Verkaufsbier hl", "Wasser m³"]]
    values = []
    for day in range(28):
        kwh, made = 4000 + 131 * day % 977, 380 + day * 5 % 90
        values.append(kwh / made * 10)
        rows.append([f"{START + timedelta(days=day):%d.%m.%Y}", kwh, made, 150 + day % 9])
    code, label = labelled(written(plant / "bier.csv", rows, ";"))
    assert code == 0
    (step,) = label["steps"]
    assert step["unit"] == "kWh/m3"
    assert step["best"]["value"] == pytest.approx(p25(values))


def test_a_furnace_by_day_counts_its_gas_by_the_heating_value_of_the_bill(
    plant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, days = glass(plant)
    tonnes = ("--answer", "batches.output_unit=t")
    assert labelled(file, *tonnes)[0] == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "assumed lhv.natural-gas = not known" in said
    code, label = labelled(file, *tonnes, "--answer", "lhv.natural-gas=36.5")
    assert code == 0
    electricity, total = label["steps"]
    assert electricity["best"]["value"] == pytest.approx(p25([kwh / t for _, kwh, t in days]))
    kgce = [(gas * 36.5 / 29.3076 + kwh * 0.1229) / t for gas, kwh, t in days]
    assert total["best"]["value"] == pytest.approx(p25(kgce), rel=1e-4)


@pytest.mark.parametrize("answer", ["36,5", "0", "365"])
def test_a_heating_value_that_no_gas_can_have_is_refused(
    answer: str, plant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, _ = glass(plant)
    given = ("--answer", "batches.output_unit=t", "--answer", f"lhv.natural-gas={answer}")
    assert main(["label", file, *given]) == 1
    refused = capsys.readouterr().err
    assert "answer-unknown" in refused
    assert "MJ/Nm3" in refused


def test_of_columns_under_one_heading_that_in_a_unit_of_output_is_it(plant: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Datum", "Strom", "Produktion", None])
    sheet.append([None, "Gesamt kWh", "Verkaufsbier hl", "Sude"])
    for first in ("A1:A2", "C1:D1"):
        sheet.merge_cells(first)
    for day in range(28):
        sheet.append([START + timedelta(days=day), 4000 + 11 * day, 380 + day * 5 % 90, 4])
    book.save(plant / "Medien.xlsx")
    code, label = labelled(str(plant / "Medien.xlsx"))
    assert code == 0
    (step,) = label["steps"]
    values = [(4000 + 11 * day) / (380 + day * 5 % 90) * 10 for day in range(28)]
    assert step["unit"] == "kWh/m3"
    assert step["best"]["value"] == pytest.approx(p25(values))


def test_compressed_air_is_no_fuel_and_its_compressor_takes_electricity(plant: Path) -> None:
    rows: list[list[object]] = [["Time", "Compressor kW", "Air m3", "Air compressor 2 kW"]]
    for hour in range(400):
        load = 60 + hour * 7 % 15
        rows.append([f"{START + timedelta(hours=hour):%Y-%m-%d %H:%M}", load, 8 * load, load - 30])
    assert labelled(written(plant / "air.csv", rows))[0] == 0
    meters = tomllib.loads(Path("label/site.toml").read_text(encoding="utf-8"))["meters"]
    assert {meter["id"]: meter["carrier"] for meter in meters} == {
        "Compressor kW": "electricity",
        "Air m3": "compressed-air",
        "Air compressor 2 kW": "electricity",
    }
