"""What a foreign file proves is proposed with its evidence, the rest is asked, and the profile
reads the file.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from fixtures.simulator import Sector
from reporting_agent.config import Profile
from reporting_agent.door.notation import decimal_of
from tests.unit.formats.proposed import proposed

GERMAN = """Werk 2;;;;;;
Schmelzenbericht Mai 2016;;;;;;
Schmelze;Beginn;Ende;Gewicht (kg);Güte;Status;Ofen
H1;14.05.2016 08:00;14.05.2016 08:50;122.500,5;S235;i.O.;1
H2;14.05.2016 09:00;14.05.2016 09:50;121.250,0;S235;n.i.O.;1
H3;15.05.2016 10:00;15.05.2016 10:45;119.000,0;S355;i.O.;1
Summe;;;362.750,5;;;
"""


@pytest.fixture
def mapped(tmp_path: Path) -> Any:
    """Write a file, and give what is proposed for it with these answers."""

    def run(
        content: str | bytes | Path,
        name: str = "export.csv",
        answers: str = "",
        wanted: str | None = None,
        sheet: str | None = None,
    ) -> tuple[int, dict[str, Any]]:
        path = content if isinstance(content, Path) else tmp_path / name
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        elif isinstance(content, bytes):
            path.write_bytes(content)
        return proposed(path, answers, wanted, sheet)

    return run


def proposal_of(answer: dict[str, Any], name: str) -> dict[str, Any]:
    (proposal,) = [candidate for candidate in answer["proposals"] if candidate["input"] == name]
    return dict(proposal)


def because(proposal: dict[str, Any], key: str) -> str:
    return str(next(row["because"] for row in proposal["evidence"] if row["key"] == key))


def test_a_german_export_is_understood_up_to_what_nobody_can_know(mapped: Any) -> None:
    code, answer = mapped(GERMAN)
    assert code == 1
    assert {question["key"] for question in answer["questions"]} == {"timezone", "step"}
    batches = proposal_of(answer, "batches")
    assert batches["profile"]["header_row"] == 3
    assert batches["profile"]["decimal"] == ","
    assert batches["profile"]["thousands"] == "."
    assert batches["profile"]["date_order"] == "dmy"
    assert batches["profile"]["constants"] == {"output_unit": "kg"}
    assert batches["profile"]["values"] == {"status": {"i.O.": "good", "n.i.O.": "scrap"}}
    columns = {
        "batch_id": "Schmelze",
        "start": "Beginn",
        "end": "Ende",
        "output_quantity": "Gewicht (kg)",
        "equipment": "Ofen",
    }
    assert columns.items() <= batches["profile"]["columns"].items()
    assert "'schmelze' (German)" in because(batches, "columns.batch_id")
    assert "no month 14" in because(batches, "date_order")
    assert "'122.500,5'" in because(batches, "decimal")


def test_answers_make_the_profile_whole_and_it_is_proved_on_the_file(mapped: Any) -> None:
    code, answer = mapped(GERMAN, answers='timezone = "Europe/Berlin"\nstep = "eaf"\n')
    assert code == 0
    assert answer["questions"] == []
    proof = proposal_of(answer, "batches")["proof"]
    assert (proof["read"], proof["rejected"], proof["totals"]) == (3, 0, 1)
    first = proof["first"][0]
    assert (first["batch_id"], first["start"], first["output_quantity"]) == (
        "H1",
        "2016-05-14 08:00:00+02:00",
        "122500.5",
    )


def test_the_profile_is_valid_toml_that_site_toml_takes(mapped: Any) -> None:
    _, answer = mapped(GERMAN, answers='timezone = "Europe/Berlin"\nstep = "eaf"\n')
    pasted = tomllib.loads(answer["toml"])
    assert Profile.model_validate(pasted["mapping"]["batches"]).header_row == 3


def test_a_day_that_may_be_a_month_is_asked(mapped: Any) -> None:
    text = "Heat No,Start,Output (t)\nH1,01/05/2016 08:00,120.5\nH2,02/05/2016 09:00,121.5\n"
    code, answer = mapped(text)
    assert code == 1
    question = next(
        candidate for candidate in answer["questions"] if candidate["key"] == "batches.date_order"
    )
    assert question["choices"] == ["dmy", "mdy"]
    code, answer = mapped(
        text, answers='timezone = "UTC"\nstep = "eaf"\n[batches]\ndate_order = "mdy"\n'
    )
    assert code == 0
    assert proposal_of(answer, "batches")["proof"]["first"][0]["start"].startswith(
        "2016-01-05 08:00"
    )


def test_a_comma_before_three_digits_is_asked(mapped: Any) -> None:
    text = "Heat No;Start;Output (t)\nH1;2016-05-14 08:00;122,500\nH2;2016-05-14 09:00;121,250\n"
    _, answer = mapped(text)
    assert "batches.decimal" in {question["key"] for question in answer["questions"]}
    for reply, wanted in (("decimal", "122.5"), ("group", "122500")):
        _, answer = mapped(
            text, answers=f'timezone = "UTC"\nstep = "eaf"\n"batches.decimal" = "{reply}"\n'
        )
        assert proposal_of(answer, "batches")["proof"]["first"][0]["output_quantity"] == wanted


def test_which_of_two_date_columns_is_asked(mapped: Any) -> None:
    text = (
        "Heat No,Date A,Date B,Output (t)\nH1,2016-05-14 08:00,2016-05-14 "
        "08:50,120.5\nH2,2016-05-14 09:00,2016-05-14 09:50,121.5\n"
    )
    _, answer = mapped(text)
    question = next(
        candidate for candidate in answer["questions"] if candidate["key"] == "batches.start"
    )
    assert question["choices"] == ["Date A", "Date B"]
    _, answer = mapped(text, answers='timezone = "UTC"\nstep = "eaf"\n"batches.start" = "Date B"\n')
    assert proposal_of(answer, "batches")["profile"]["columns"]["start"] == "Date B"


def test_chinese_headers_in_gbk_are_understood(mapped: Any) -> None:
    text = (
        "炉号,开始时间,结束时间,产量（吨）,状态\nA1,2016/5/14 8:00,2016/5/14 8:50,122.5,合格\nA2,2016/5/14 "
        "9:00,2016/5/14 9:50,121.5,废品\n"
    )
    _, answer = mapped(text.encode("gb18030"), answers='timezone = "Asia/Shanghai"\nstep = "eaf"\n')
    batches = proposal_of(answer, "batches")
    assert batches["profile"]["columns"]["start"] == "开始时间"
    assert batches["profile"]["constants"]["output_unit"] == "t"
    assert "'炉号' (Chinese)" in because(batches, "columns.batch_id")
    assert batches["proof"]["rejected"] == 0


def test_windows_1252_is_declared_with_the_letters_that_show_it(mapped: Any) -> None:
    text = "Schmelze;Beginn;Ende;Gewicht (t);Anlage\n" + "".join(
        f"Ü{n};1{n}.05.2016 08:00;1{n}.05.2016 08:50;12{n},5;Überhitzer Süd\n" for n in range(4)
    )
    _, answer = mapped(text.encode("cp1252"), answers='timezone = "Europe/Berlin"\nstep = "eaf"\n')
    batches = proposal_of(answer, "batches")
    assert batches["profile"]["encoding"] == "cp1252"
    assert batches["proof"]["first"][0]["batch_id"] == "Ü0"


def test_merged_headers_and_a_row_of_units_of_a_workbook(mapped: Any, tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Works 2"])
    sheet.append([])
    sheet.append(["Heat No", "Start", "End", "Furnace 1", None, "Weight"])
    sheet.append([None, None, None, "Electricity", "Natural gas", None])
    sheet.append([None, None, None, "kWh", "Nm3", "t"])
    for merged in ("A3:A4", "B3:B4", "C3:C4", "F3:F4", "D3:E3"):
        sheet.merge_cells(merged)
    for number in range(3):
        sheet.append(
            [
                f"H{number}",
                f"2016-05-1{number} 08:00",
                f"2016-05-1{number} 08:50",
                48_000 + number,
                400 + number,
                120.5,
            ]
        )
    book.save(tmp_path / "heats.xlsx")
    code, answer = mapped(tmp_path / "heats.xlsx", answers='timezone = "UTC"\nstep = "eaf"\n')
    batches, energy = proposal_of(answer, "batches"), proposal_of(answer, "energy")
    assert code == 0
    assert {"header_row": 3, "header_rows": 2, "below_header": 1}.items() <= batches[
        "profile"
    ].items()
    assert batches["profile"]["constants"]["output_unit"] == "t"
    carriers = energy["profile"]["carriers"]
    assert carriers["electricity"] == {"column": "Furnace 1 / Electricity", "unit": "kWh"}
    assert carriers["natural-gas"] == {"column": "Furnace 1 / Natural gas", "unit": "Nm3"}
    assert energy["proof"]["read"] == 6
    assert [row["quantity"] for row in energy["proof"]["first"][:2]] == ["48000", "400"]


def test_a_register_a_rate_and_an_interval_are_told_apart(mapped: Any) -> None:
    lines = ["Time,Main [kWh],Mill power [kW],Fan [MJ]"]
    lines += [
        f"2016-05-14T{h:02}:00:00+08:00,{1000 + 7 * h},{300 + (h * 37) % 50},{5 + (h * 7) % 4}"
        for h in range(20)
    ]
    code, answer = mapped("\n".join(lines) + "\n", answers='"readings.stamp" = "end"\n')
    assert code == 0
    meters = proposal_of(answer, "readings")["meters"]
    assert {name: meter["reading"] for name, meter in meters.items()} == {
        "Main [kWh]": "register",
        "Mill power [kW]": "rate",
        "Fan [MJ]": "interval",
    }
    assert meters["Main [kWh]"]["unit"] == "kWh"


def test_excels_numbers_of_days_are_recognised_and_their_system_asked(mapped: Any) -> None:
    text = "Heat No,Start,Output (t)\nH1,42504.3333333333,120.5\nH2,42504.375,121.5\n"
    _, answer = mapped(text)
    assert "excel_dates" in {question["key"] for question in answer["questions"]}
    _, answer = mapped(text, answers='excel_dates = "1900"\ntimezone = "UTC"\nstep = "eaf"\n')
    assert proposal_of(answer, "batches")["proof"]["first"][0]["start"].startswith(
        "2016-05-14 08:00:00"
    )


def test_energy_as_large_as_excels_numbers_of_days_is_energy(mapped: Any) -> None:
    """Heats of 100 t: 40,000 to 41,500 kWh each; and a table of months of a small works."""
    heats = "heat,electricity kWh\n" + "".join(
        f"H{number},{40_000 + 113 * number}\n" for number in range(14)
    )
    code, answer = mapped(
        heats, answers='timezone = "UTC"\nstep = "eaf"\n"energy.carrier" = "electricity"\n'
    )
    assert code == 0
    assert 'quantity = "electricity kWh"' in answer["toml"]
    rows = "".join(
        f"2025年{month}月,{1000 + month},{50_000 + 10 * month}\n" for month in range(1, 13)
    )
    _, answer = mapped(
        f"月份,产量（吨）,用电量（度）\n{rows}",
        answers='timezone = "UTC"\nstep = "eaf"\nexcel_dates = "1900"\n',
    )
    assert 'start = "用电量（度）"' not in answer.get("toml", "")


@pytest.mark.parametrize("header", ["heat,energy,unit,carrier", "heat,用电量,单位,carrier"])
def test_energy_whose_unit_stands_in_a_column_of_its_own_is_no_day_either(
    mapped: Any, header: str
) -> None:
    rows = "".join(f"H{number},{40_000 + 113 * number},kWh,electricity\n" for number in range(14))
    _, answer = mapped(
        f"{header}\n{rows}", answers='timezone = "UTC"\nstep = "eaf"\nexcel_dates = "1900"\n'
    )
    name = header.split(",")[1]
    assert f'start = "{name}"' not in answer.get("toml", "")
    assert f'timestamp = "{name}"' not in answer.get("toml", "")


def test_points_are_groups_where_another_number_of_the_file_has_a_decimal_comma(
    mapped: Any,
) -> None:
    rows = "".join(
        f"C{day};{day:02}.03.2025 06:00;{100 + day},5;51.{100 + day}\n" for day in range(1, 15)
    )
    answers = 'timezone = "UTC"\nstep = "eaf"\n"energy.carrier" = "electricity"\n'
    code, answer = mapped(f"Charge;Beginn;Menge [t];Strom [kWh]\n{rows}", answers=answers)
    assert code == 0
    assert proposal_of(answer, "energy")["proof"]["first"][0]["quantity"] == "51101"


@pytest.mark.parametrize("zone", ["Middle Earth", "Asia"])
def test_an_impossible_answer_is_refused(mapped: Any, zone: str) -> None:
    code, answer = mapped(GERMAN, answers=f'timezone = "{zone}"\nstep = "eaf"\n')
    assert code == 1
    assert answer["error"]["code"] == "answer-unknown"


@pytest.mark.slow
@pytest.mark.parametrize(("plant", "road"), [(1, "meters"), (2, "gbk"), (3, "xlsx")])
def test_what_simulated_plants_write_is_mapped_without_a_rejected_row(
    mapped: Any, tmp_path: Path, plant: int, road: str
) -> None:
    simulated_plant = Sector("steel", 3, 4).plants[plant]
    simulated_plant.write(tmp_path / "plant", faults=0.0)
    site = tomllib.loads((tmp_path / "plant" / "site.toml").read_text(encoding="utf-8"))
    answers = 'timezone = "Asia/Shanghai"\n'
    for name in ("batches", "energy"):
        path = tmp_path / "plant" / site["inputs"][name]
        sheet = name if road == "xlsx" else None
        _, answer = mapped(path, wanted=name, sheet=sheet, answers=answers)
        proposal = proposal_of(answer, name)
        assert proposal["proof"]["refused"] is None, road
        assert proposal["proof"]["rejected"] == 0
        declared = site.get("mapping", {}).get(name, {})
        proposed = {row["key"] for row in proposal["evidence"]}
        for standard, header in declared.get("columns", {}).items():
            if f"columns.{standard}" not in proposed:
                assert header in {
                    "状态",
                    "方向",
                    "品种",
                }  # blank in every row: nothing shows what it is
                continue
            assert proposal["profile"]["columns"].get(standard, standard) == header
        assert proposal["profile"].get("decimal", ".") == declared.get("decimal", ".")


HEAT = "Charge;Beginn;{columns}\nH1;14.05.2016 08:00;{first}\nH2;14.05.2016 09:00;{second}\n"


def test_three_digits_after_every_point_are_asked_about(mapped: Any) -> None:
    text = HEAT.format(columns="Menge kg;Strom kWh", first="12.070;5.577", second="11.860;4.749")
    code, answer = mapped(text, answers='timezone = "UTC"\nstep = "eaf"\n')
    assert code == 1
    assert {question["key"] for question in answer["questions"]} == {
        "batches.decimal",
        "energy.decimal",
    }
    for reply, wanted in (("decimal", "12.07"), ("group", "12070")):
        reply = (
            f'timezone = "UTC"\nstep = "eaf"\n"batches.decimal" = "{reply}"\n"energy.decimal" = '
            f'"{reply}"\n'
        )
        _, answer = mapped(text, answers=reply)
        assert proposal_of(answer, "batches")["proof"]["first"][0]["output_quantity"] == wanted
    _, answer = mapped(text.replace("4.749", "4.7495"))  # one number of the file shows it
    assert "batches.decimal" not in {question["key"] for question in answer["questions"]}


@pytest.mark.parametrize(
    ("columns", "carriers"),
    [("Menge t;Strom kWh", None), ("t;kWh", None), ("Menge t;Gas (therm);Strom kWh", {})],
)
def test_an_amount_of_output_is_no_energy_and_no_carrier_is_dropped(
    mapped: Any, columns: str, carriers: object
) -> None:
    rows = [("12,1", "40,5", "5577"), ("11,8", "41,5", "4749")]
    first, second = (";".join(row if columns.count(";") == 2 else row[::2]) for row in rows)
    _, answer = mapped(
        HEAT.format(columns=columns, first=first, second=second),
        answers='timezone = "UTC"\nstep = "eaf"\n',
    )
    profile = proposal_of(answer, "energy")["profile"]
    asked = {question["key"] for question in answer["questions"]}
    if carriers is None:
        assert profile["columns"]["quantity"] in {"Strom kWh", "kWh"}
        assert profile["constants"]["unit"] == "kWh"
    else:
        assert profile["carriers"]["electricity"] == {"column": "Strom kWh", "unit": "kWh"}
        assert "energy.unit.Gas (therm)" in asked


def test_two_columns_of_one_carrier_are_asked_about_and_neither_is_dropped_unsaid(
    mapped: Any,
) -> None:
    text = HEAT.format(
        columns="Menge t;Strom HT kWh;Strom NT kWh;Gas Nm3",
        first="12,1;3000;2577;40",
        second="11,8;2700;2049;41",
    )
    answers = 'timezone = "UTC"\nstep = "eaf"\n'
    _, answer = mapped(text, answers=answers)
    assert set(proposal_of(answer, "energy")["profile"]["carriers"]) == {"natural-gas"}
    (question,) = [
        question for question in answer["questions"] if question["key"].startswith("energy.")
    ]
    assert (question["key"], question["choices"]) == (
        "energy.column.electricity",
        ["Strom HT kWh", "Strom NT kWh"],
    )
    code, answer = mapped(text, answers=answers + '"energy.column.electricity" = "Strom HT kWh"\n')
    assert code == 0
    assert proposal_of(answer, "energy")["profile"]["carriers"]["electricity"] == {
        "column": "Strom HT kWh",
        "unit": "kWh",
    }


def test_a_power_is_no_energy_of_a_batch(mapped: Any) -> None:
    _, answer = mapped(
        HEAT.format(columns="Menge t;Strom [kW]", first="12,1;557", second="11,8;474")
    )
    assert [proposal["input"] for proposal in answer["proposals"]] == ["batches"]


def test_clock_times_that_come_twice_are_not_taken_for_not_known(mapped: Any) -> None:
    rows = "".join(f"H{day};1{day}.05.2016;06:10;06:55;12,5\n" for day in range(4))
    _, answer = mapped("Charge;Datum;Beginn;Ende;Menge (t)\n" + rows)
    assert "missing" not in proposal_of(answer, "batches")["profile"]


def test_a_second_table_below_with_other_columns_is_refused(mapped: Any) -> None:
    table = "Batch,Start,End,Output {},Energy {}\n" + "".join(
        f"H{n},2016-05-1{n} 08:00,2016-05-1{n} 09:00,12.5,5000.5\n" for n in range(3)
    )
    code, answer = mapped(table.format("t", "kWh") + "\n" + table.format("kg", "MWh"))
    assert (code, answer["error"]["code"], answer["error"]["place"]["row"]) == (
        1,
        "second-table",
        6,
    )
    assert (
        "error" not in mapped(table.format("t", "kWh") + table.format("t", "kWh"))[1]
    )  # the same header once more: a new page


def test_shifts_side_by_side_are_refused(mapped: Any, tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Datum", "Früh", None, "Spät", None])
    sheet.append([None, "t", "kWh", "t", "kWh"])
    for merged in ("B1:C1", "D1:E1"):
        sheet.merge_cells(merged)
    for day in range(1, 6):
        sheet.append([f"2016-05-0{day}", 23.5 + day, 9758 + day, 20.5, 8000 + day])
    book.save(tmp_path / "shifts.xlsx")
    code, answer = mapped(tmp_path / "shifts.xlsx")
    assert (code, answer["error"]["code"]) == (1, "side-by-side")
    assert answer["error"]["found"] == "Früh / t, Früh / kWh, Spät / t, Spät / kWh"


def test_a_column_of_dates_that_nothing_names_may_be_the_end(mapped: Any) -> None:
    text = (
        "Charge;Start;Slut;Menge (t)\nH1;2016-05-14 08:00;2016-05-14 08:50;12,5\nH2;2016-05-14 "
        "09:00;2016-05-14 09:50;12,5\n"
    )
    _, answer = mapped(text)
    assert next(question for question in answer["questions"] if question["key"] == "batches.end")[
        "choices"
    ] == ["Slut", "none"]
    for reply, ends in (("Slut", True), ("none", False)):
        _, answer = mapped(
            text, answers=f'timezone = "UTC"\nstep = "eaf"\nbatches.end = "{reply}"\n'
        )
        assert ("end" in proposal_of(answer, "batches")["profile"]["columns"]) == ends


@pytest.mark.parametrize("left_behind", ["__index_level_0__", "Unnamed: 0", "Index"])
def test_a_number_of_rows_is_no_reading(mapped: Any, left_behind: str) -> None:
    """What a data frame leaves behind rises like a register; the column with a unit beside the
    meter's name is the reading.
    """
    rows = [
        f"m{1 + row % 2},{1 + row // 96:02d}/10/2022 "
        f"{row // 4 % 24:02d}:{15 * (row % 4):02d},{0.2 + row * 7 % 13 / 10},{8760 + row}"
        for row in range(200)
    ]
    _, answer = mapped(
        "\n".join([f"meter_id,interval_end_datetime,kwh,{left_behind}", *rows]),
        answers='timezone = "UTC"\n',
    )
    proposal = proposal_of(answer, "readings")
    assert proposal["profile"]["columns"]["value"] == "kwh"
    assert proposal["profile"]["columns"].get("meter_id", "meter_id") == "meter_id"
    assert left_behind in proposal["not_used"]


def test_names_of_one_letter_and_a_number_are_names_and_not_values(mapped: Any) -> None:
    """Meters M1 and M2 below a title: their names are the header, and a column of furnaces F1 and
    F2 holds no numbers.
    """
    rows = [
        f"2016-05-14 {hour:02}:00;F{1 + hour % 2};{12.5 + hour * 7 % 5};{3.25 + hour * 3 % 4}"
        for hour in range(12)
    ]
    _, answer = mapped("\n".join(["Hall 3", "Time;Furnace;M1;M2", *rows]) + "\n")
    proposal = proposal_of(answer, "readings")
    assert proposal["profile"]["header_row"] == 2
    assert set(proposal["meters"]) == {"M1", "M2"}


def test_a_heat_beside_one_number_is_a_row_of_data(mapped: Any) -> None:
    text = "Heat No;Carrier;Energy;Unit\nH1;electricity;48000;kWh\nH2;electricity;47500;kWh\n"
    code, answer = mapped(text, wanted="energy", answers='step = "eaf"\n')
    assert (code, proposal_of(answer, "energy")["proof"]["read"]) == (0, 2)


@pytest.mark.parametrize("german", [False, True])
def test_a_register_written_with_groups_of_digits_is_a_register(mapped: Any, german: bool) -> None:
    """It stands at 1,234,567.5 kWh and rises by 12.5 every quarter of an hour."""
    shown = [f"{1_234_567.5 + 12.5 * row:,.1f}" for row in range(30)]
    cells = [
        number.translate(str.maketrans(",.", ".,")) if german else f'"{number}"' for number in shown
    ]
    between = ";" if german else ","
    rows = [
        f"2016-05-14 {row // 4:02}:{15 * (row % 4):02}{between}{cell}"
        for row, cell in enumerate(cells)
    ]
    _, answer = mapped("\n".join([f"Time{between}Main [kWh]", *rows]) + "\n")
    assert proposal_of(answer, "readings")["meters"]["Main [kWh]"]["reading"] == "register"


def test_meters_named_by_numbers_in_a_workbook_are_proposed_as_they_are_read(
    mapped: Any, tmp_path: Path
) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Meter", "Time", "Value [kWh]"])
    for row in range(30):
        sheet.append([101, f"2016-05-14 {row // 4:02}:{15 * (row % 4):02}", 1000.5 + row])
    book.save(tmp_path / "r.xlsx")
    _, answer = mapped(tmp_path / "r.xlsx", answers='timezone = "UTC"\n')
    proposal = proposal_of(answer, "readings")
    assert (list(proposal["meters"]), proposal["proof"]["read"]) == (["101"], 30)


def test_a_register_whose_file_begins_with_the_newest_row_is_a_register(mapped: Any) -> None:
    rows = [
        f"2016-05-14 {row // 4:02}:{15 * (row % 4):02},{50_000 + 12.5 * row}" for row in range(30)
    ]
    _, answer = mapped("\n".join(["Time,Main [kWh]", *rows[::-1]]) + "\n")
    proposal = proposal_of(answer, "readings")
    assert proposal["meters"]["Main [kWh]"]["reading"] == "register"
    assert "newest first" in because(proposal, "meters.Main [kWh].reading")


def test_headings_with_line_breaks_and_quotes_make_toml(
    mapped: Any,
) -> None:
    headings = '"Ofen\n1","Ofen ""B"""'
    rows = "".join(
        f"2016-05-14 {hour:02}:00,{hour * 7 % 5},{hour * 3 % 7}\n" for hour in range(8, 20)
    )
    _, answer = mapped(f"Time,{headings}\n{rows}", wanted="readings")
    assert list(tomllib.loads(answer["toml"])["mapping"]) == ["readings"]
    assert "readings.unit.Ofen\n1" in {question["key"] for question in answer["questions"]}


def test_an_answer_that_is_no_number_of_an_answers_file_is_refused(mapped: Any) -> None:
    text = "Heat No,Start\nH1,2016-05-14 08:00\nH2,2016-05-14 09:00\n"
    code, answer = mapped(
        text, answers='timezone = "UTC"\nstep = "eaf"\n"batches.output_quantity" = "122,5"\n'
    )
    assert (code, answer["error"]["code"]) == (1, "answer-unknown")


def test_a_remark_with_both_signs_proves_no_decimal_sign() -> None:
    """12.500 is twelve and a half or twelve thousand five hundred, whatever stands in the remark of
    another row.
    """
    decimal, group = decimal_of(["12.500", "13.250", "n.a., 2h", "14.750"])
    assert decimal is not None
    assert not decimal.certain
    assert group is None


def test_a_comma_behind_four_digits_parts_no_groups() -> None:
    """A group has three digits at most, so 1250,125 has a decimal comma though three digits follow
    it.
    """
    decimal, _ = decimal_of(["1250,125", "1300,500"])
    assert decimal is not None
    assert (decimal.value, decimal.certain) == (",", True)


@pytest.mark.parametrize(
    ("delimiter", "header", "cells", "further"),
    [
        (";", "timestamp{}101{}102", ("{}", "1,204,48{}.5", "2,345,67{}.5"), {"thousands": ","}),
        (
            ";",
            "timestamp{}meter A, kWh{}meter B, kWh",
            ("{}", "1,204,48{}.5", "2,345,67{}.5"),
            {"delimiter": ";", "thousands": ","},
        ),
        (
            ";",
            "timestamp{}101{}102{}103{}104",
            ("{}", "4{},1", "5{},2", "6{},3", "7{},4"),
            {"decimal": ","},
        ),
        (",", "timestamp{}101{}102", ("{}", "4{}.1", "5{}.2"), {}),
        (",", "timestamp{}a;b{}c;d{}remark;more", ("{}", "4{}.1", "5{}.2", "x;y"), {}),
    ],
)
def test_a_sign_that_stands_within_numbers_alone_parts_no_columns(
    mapped: Any, delimiter: str, header: str, cells: tuple[str, ...], further: dict[str, str]
) -> None:
    """English groups of digits, or decimal commas, in a file parted by semicolons: commas are as
    many as semicolons, or more.
    """
    rows = [
        delimiter.join(
            cell.format(n % 10 if place else f"2026-03-{1 + n // 24:02} {n % 24:02}:00")
            for place, cell in enumerate(cells)
        )
        for n in range(72)
    ]
    _, answer = mapped("\n".join([header.replace("{}", delimiter), *rows]) + "\n")
    profile = proposal_of(answer, "readings")["profile"]
    assert {key: profile.get(key) for key in ("delimiter", "decimal", "thousands")} == {
        "delimiter": None, "decimal": None, "thousands": None, **further,
    }  # fmt: skip
    assert all(row["rejected"] == 0 for row in [proposal_of(answer, "readings")["proof"]])
