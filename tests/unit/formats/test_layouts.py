"""How tables are laid out: merged headers, titles, units below the header, totals, merged cells
downwards, a column a carrier, B2MML.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow
import pytest
from openpyxl import Workbook

from benchmarks.errors import InputError
from reporting_agent.config import Profile
from reporting_agent.sources import BATCHES, ENERGY, Table, read_table, stream_readings
from reporting_agent.sources.reading_log import ReadingLog

ZONE = ZoneInfo("Asia/Shanghai")
HEAD = "batch_id,step,start,end,output_quantity,output_unit\n"


def row(number: int, quantity: str = "120.5", step: str = "eaf") -> str:
    return (
        f"H{number},{step},2016-05-{10 + number} 08:00,2016-05-{10 + number} 08:50,{quantity},t\n"
    )


def read(folder: Path, text: str, **profile: Any) -> Table:
    (folder / "t.csv").write_text(text, encoding="utf-8")
    return read_table(folder / "t.csv", Profile.model_validate(profile), BATCHES, ZONE)


@pytest.mark.parametrize("name", ["output_quantity", "start", "var.blaine_m2_kg"])
def test_words_for_a_column_that_holds_none_are_refused_with_what_to_do(
    tmp_path: Path, name: str
) -> None:
    """They were read over: a 100 that was said to mean 90 counted as 100."""
    with pytest.raises(InputError) as refused:
        read(tmp_path, HEAD + row(1), values={name: {"100": "90"}})
    assert refused.value.code == "profile-invalid"
    assert refused.value.place is not None
    assert refused.value.place.column == f"mapping.batches.values.{name}"
    assert (
        f"Remove values.{name} from [mapping.batches]. Give a foreign unit as a factor under scale"
        in str(refused.value.remedy)
    )
    assert read(tmp_path, HEAD + row(1), values={"output_unit": {"t": "kg"}}).columns[
        "output_unit"
    ] == ["kg"]


@pytest.mark.parametrize("name", ["Mars/Olympus", "Asia"])  # the latter is a folder of zones
def test_a_time_zone_of_readings_that_is_none_is_refused_with_what_to_do(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "r.csv").write_text(
        "meter_id,timestamp,value\nm,2026-01-01 00:00,1\n", encoding="utf-8"
    )
    with pytest.raises(InputError, match="Correct timezone under") as refused:
        list(
            stream_readings(
                [tmp_path / "r.csv"], Profile(timezone=name), frozenset({"m"}), ZONE, ReadingLog()
            )
        )
    assert refused.value.code == "profile-invalid"


def test_words_for_values_of_readings_are_refused(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(
        "meter_id,timestamp,value\nm,2026-01-01T00:00Z,1\n", encoding="utf-8"
    )
    profile = Profile.model_validate({"values": {"value": {"1": "2"}, "meter_id": {"m": "m1"}}})
    with pytest.raises(InputError) as refused:
        list(stream_readings([tmp_path / "r.csv"], profile, frozenset({"m1"}), ZONE, ReadingLog()))
    assert refused.value.place is not None
    assert refused.value.place.column == "mapping.readings.values.value"


def test_a_header_of_two_rows_with_titles_above_and_units_below(tmp_path: Path) -> None:
    text = (
        "Works 2,,,,,\n\nHeat,,Time,,Output,\nNo,Step,Start,End,Weight,Unit\n,,,,t,\n"
        + row(1)
        + row(2)
    )
    columns = {
        "batch_id": "Heat / No",
        "step": "Heat / Step",
        "start": "Time / Start",
        "end": "Time / End",
        "output_quantity": "Output / Weight",
        "output_unit": "Output / Unit",
    }
    table = read(tmp_path, text, header_row=3, header_rows=2, below_header=1, columns=columns)
    assert table.columns["batch_id"] == ["H1", "H2"]
    assert table.rows == [6, 7]


def test_merged_cells_of_a_workbook_spread_only_as_far_as_they_reach(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["No", "Furnace 1", None, None, "Weight"])
    sheet.append([None, "Start", "End", "Step", "t"])
    sheet.merge_cells("A1:A2")
    sheet.merge_cells("B1:C1")  # D is not of it
    sheet.append(["H1", "2016-05-14 08:00", "2016-05-14 08:50", "eaf", 120.5])
    book.save(tmp_path / "t.xlsx")
    columns = {
        "batch_id": "No",
        "start": "Furnace 1 / Start",
        "end": "Furnace 1 / End",
        "step": "Step",
        "output_quantity": "Weight / t",
    }
    table = read_table(tmp_path / "t.xlsx", Profile(header_rows=2, columns=columns), BATCHES, ZONE)
    assert table.columns["step"] == ["eaf"]
    assert table.rows == [3]


def test_cells_merged_downwards_repeat_what_stands_above_where_declared(tmp_path: Path) -> None:
    text = HEAD + row(1) + row(2, step="") + row(3, step="ladle-refining") + row(4, step="")
    table = read(tmp_path, text, fill_down=("step",))
    assert table.columns["step"] == ["eaf", "eaf", "ladle-refining", "ladle-refining"]
    assert len(read(tmp_path, text).rejected) == 2


@pytest.mark.parametrize(
    ("lines", "totals"),
    [
        ([row(1), row(2), "Total,,,,241.0,t\n"], [(4, True)]),
        ([row(1), row(2), "Summe: 2 Schmelzen,,,,241,t\n"], [(4, True)]),
        (
            [row(1), row(2), "小计,,,,241.0,t\n", row(3), row(4), "合计（吨）,,,,482.0,t\n"],
            [(4, True), (7, True)],
        ),
        ([row(1), row(2), ",,,,241.0,t\n"], [(4, True)]),
        ([row(1), row(2), ",,Gesamt,,241.0,t\n"], [(4, True)]),
        ([row(1), row(2), "Total,,,,240.0,t\n"], [(4, False)]),
        ([row(1), row(2), "Total,,,,,\n"], [(4, None)]),
        ([row(1), row(2), "Total,eaf,2016-05-20 08:00,2016-05-20 08:50,241.0,t\n"], [(4, True)]),
    ],
)
def test_totals_are_found_by_their_word_or_by_their_sum(
    tmp_path: Path, lines: list[str], totals: list[tuple[int, bool | None]]
) -> None:
    table = read(tmp_path, HEAD + "".join(lines))
    assert [(total.place.row, total.agrees) for total in table.totals] == totals
    assert table.rejected == []
    assert len(table) == len(lines) - len(totals)


def test_a_declared_word_marks_a_total_whatever_it_adds_up_to(tmp_path: Path) -> None:
    text = HEAD + row(1) + "Schicht A,,,,99,t\n" + row(2)
    assert len(read(tmp_path, text, totals=("Schicht",)).totals) == 1
    assert len(read(tmp_path, text).rejected) == 1


def test_a_product_that_begins_with_the_word_is_no_total(tmp_path: Path) -> None:
    text = (
        HEAD.replace("\n", ",product\n")
        + row(1).replace("\n", ",Total Quartz\n")
        + row(2).replace("\n", ",Summa\n")
    )
    assert read(tmp_path, text).columns["product"] == ["Total Quartz", "Summa"]


@pytest.mark.parametrize("heats", [["TOTAL-1", "Sum7"], ["Totalschlag 3", "Gesamtguss"]])
def test_names_that_only_begin_like_a_total_are_names(tmp_path: Path, heats: list[str]) -> None:
    text = HEAD + "".join(row(n).replace(f"H{n}", name) for n, name in enumerate(heats, start=1))
    assert read(tmp_path, text).columns["batch_id"] == heats


def test_energy_with_a_column_a_carrier_is_a_row_a_carrier(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text(
        "batch_id,step,Strom,Erdgas,kWh back\nH1,eaf,48000,410,12\nH2,eaf,47000,,x\n",
        encoding="utf-8",
    )
    carriers = {
        "electricity": {"column": "Strom", "unit": "kWh"},
        "natural-gas": {"column": "Erdgas", "unit": "Nm3", "lhv": 35.6, "lhv_unit": "MJ/Nm3"},
        "steam": {"column": "kWh back", "unit": "kWh", "direction": "recovered"},
    }
    table = read_table(
        tmp_path / "e.csv", Profile.model_validate({"carriers": carriers}), ENERGY, ZONE
    )
    rows = list(
        zip(
            *(
                table.columns[name]
                for name in ("batch_id", "carrier", "quantity", "unit", "direction", "lhv")
            ),
            strict=True,
        )
    )
    assert rows == [
        ("H1", "electricity", 48000.0, "kWh", "import", None),
        ("H1", "natural-gas", 410.0, "Nm3", "import", 35.6),
        ("H1", "steam", 12.0, "kWh", "recovered", None),
        ("H2", "electricity", 47000.0, "kWh", "import", None),
        ("H2", "natural-gas", None, "Nm3", "import", 35.6),
    ]
    assert [(bad.place.row, bad.found) for bad in table.rejected] == [(3, "'x'")]
    with pytest.raises(InputError, match=r"Kohle.*no column, or more than one"):
        read_table(
            tmp_path / "e.csv",
            Profile.model_validate({"carriers": {"coal": {"column": "Kohle", "unit": "t"}}}),
            ENERGY,
            ZONE,
        )


def test_a_row_with_a_cell_too_many_is_set_aside_where_each_carrier_has_a_column(
    tmp_path: Path,
) -> None:
    # the second has decimal commas
    rows = "H1,eaf,12.5,3.4\nH2,eaf,12,5,3,4\nH3,eaf,12.5\nH4,eaf,12.5,3.4,,\n"
    (tmp_path / "e.csv").write_text(f"batch_id,step,Strom,Erdgas\n{rows}", encoding="utf-8")
    carriers = {
        "electricity": {"column": "Strom", "unit": "kWh"},
        "natural-gas": {"column": "Erdgas", "unit": "Nm3"},
    }
    table = read_table(
        tmp_path / "e.csv", Profile.model_validate({"carriers": carriers}), ENERGY, ZONE
    )
    assert table.columns["batch_id"] == ["H1", "H1", "H4", "H4"]
    assert [(bad.place.row, bad.reason) for bad in table.rejected] == [
        (row, "the row does not have as many cells as the header") for row in (3, 4)
    ]


@pytest.mark.parametrize("declared", [{}, {"in_cells": {"m1": "kWh"}}])
def test_a_row_of_readings_with_a_cell_too_few_is_told_in_its_own_cells(
    tmp_path: Path, declared: dict[str, Any]
) -> None:
    """Whatever signs stand in them: the decimal commas part no cell, a line break in one is no
    row.
    """
    unit = " kWh" if declared else ""
    rows = [f"2016-05-14 0{hour}:00;{hour},5{unit};2,5;3,5" for hour in range(6)]
    short = '2016-05-14 06:00;6,5;"2,5\n(read twice)"'
    (tmp_path / "r.csv").write_text(
        "\n".join(["timestamp;m1;m2;m3", *rows, short]) + "\n", encoding="utf-8"
    )
    log, profile = ReadingLog(), Profile.model_validate({"decimal": ",", **declared})
    list(stream_readings([tmp_path / "r.csv"], profile, frozenset({"m1", "m2", "m3"}), ZONE, log))
    (bad,) = log.rejected
    assert (bad.place.row, bad.original) == (8, ("2016-05-14 06:00", "6,5", "2,5\n(read twice)"))


NEWER = """<?xml version="1.0" encoding="UTF-8"?>
<b:OperationsPerformance xmlns:b="http://www.mesa.org/xml/B2MML">
  <b:OperationsResponse>
    <b:SegmentResponse>
      <b:ID>WO-1</b:ID>
      <b:SegmentResponse>
        <b:ID>H1</b:ID>
        <b:OperationsSegmentID>eaf</b:OperationsSegmentID>
        <b:ActualStartTime>2016-05-14T00:00:00Z</b:ActualStartTime>
        <b:ActualEndTime>2016-05-14T00:50:00Z</b:ActualEndTime>
        <b:SegmentData><b:ID>hot_metal_pct</b:ID><b:Value><b:ValueString>12.5</b:ValueString></b:Value></b:SegmentData>
        <b:SegmentData><b:ID>State</b:ID><b:Value><b:ValueString>start-up</b:ValueString></b:Value></b:SegmentData>
        <b:EquipmentActual><b:EquipmentID>eaf-1</b:EquipmentID></b:EquipmentActual>
        <b:MaterialActual>
          <b:MaterialDefinitionID>liquid-steel</b:MaterialDefinitionID><b:MaterialUse>Produced</b:MaterialUse>
          <b:Quantity><b:QuantityString>122.5</b:QuantityString><b:UnitOfMeasure>t</b:UnitOfMeasure></b:Quantity>
        </b:MaterialActual>
        <b:MaterialActual>
          <b:MaterialClassID>Energy</b:MaterialClassID><b:MaterialDefinitionID>Strom</b:MaterialDefinitionID>
          <b:MaterialUse>Consumed</b:MaterialUse>
          <b:Quantity><b:QuantityString>48000</b:QuantityString><b:UnitOfMeasure>kWh</b:UnitOfMeasure></b:Quantity>
        </b:MaterialActual>
        <b:MaterialActual>
          <b:MaterialDefinitionID>scrap</b:MaterialDefinitionID><b:MaterialLotID>L-7</b:MaterialLotID><b:MaterialLotID>L-8</b:MaterialLotID>
          <b:MaterialUse>Consumed</b:MaterialUse>
          <b:Quantity><b:QuantityString>131</b:QuantityString><b:UnitOfMeasure>t</b:UnitOfMeasure></b:Quantity>
        </b:MaterialActual>
        <b:MaterialActual>
          <b:MaterialDefinitionID>steam</b:MaterialDefinitionID><b:MaterialUse>By-product Produced</b:MaterialUse>
          <b:Quantity><b:QuantityString>3</b:QuantityString><b:UnitOfMeasure>GJ</b:UnitOfMeasure></b:Quantity>
          <b:MaterialActualProperty><b:ID>direction</b:ID><b:Value><b:ValueString>recovered</b:ValueString></b:Value></b:MaterialActualProperty>
        </b:MaterialActual>
      </b:SegmentResponse>
    </b:SegmentResponse>
  </b:OperationsResponse>
</b:OperationsPerformance>
"""


def test_newer_b2mml_is_read_with_materials_by_their_use_and_segments_within_segments(
    tmp_path: Path,
) -> None:
    (tmp_path / "p.xml").write_text(NEWER, encoding="utf-8")
    batches = read_table(tmp_path / "p.xml", Profile(), BATCHES, ZONE)
    values = {name: column[0] for name, column in batches.columns.items()}
    assert batches.rows == [6]
    assert (values["batch_id"], values["step"], values["output_quantity"], values["equipment"]) == (
        "H1",
        "eaf",
        122.5,
        "eaf-1",
    )
    assert (values["var.hot_metal_pct"], values["state"], values["input.scrap"]) == (
        12.5,
        "start-up",
        131.0,
    )
    assert values["parent_batch_ids"] == "L-7;L-8"
    energy = read_table(
        tmp_path / "p.xml", Profile(values={"carrier": {"Strom": "electricity"}}), ENERGY, ZONE
    )
    names = ("carrier", "quantity", "unit", "direction")
    assert list(zip(*(energy.columns[name] for name in names), strict=True)) == [
        ("electricity", 48000.0, "kWh", "import"),
        ("steam", 3.0, "GJ", "recovered"),
    ]


SCRAP = """        <b:MaterialActual>
          <b:MaterialDefinitionID>{}</b:MaterialDefinitionID><b:MaterialUse>{}</b:MaterialUse>
          <b:Quantity><b:QuantityString>{}</b:QuantityString><b:UnitOfMeasure>{}</b:UnitOfMeasure></b:Quantity>
        </b:MaterialActual>
"""


def newer_with(folder: Path, *more: str) -> Table:
    last = "      </b:SegmentResponse>\n    </b:SegmentResponse>"
    (folder / "p.xml").write_text(NEWER.replace(last, "".join(more) + last), encoding="utf-8")
    return read_table(folder / "p.xml", Profile(), BATCHES, ZONE)


def test_lots_of_one_material_and_rejects_in_b2mml_are_added_up_in_one_unit(tmp_path: Path) -> None:
    lots = (
        SCRAP.format("scrap", "Consumed", "60.5", "t"),
        SCRAP.format("scrap", "Consumed", "500", "kg"),
    )
    rejects = (
        SCRAP.format("skulls", "Scrap", "800", "kg"),
        SCRAP.format("skulls", "Scrap", "0.2", "t"),
    )
    table = newer_with(tmp_path, *lots, *rejects)
    assert (table.columns["input.scrap"], table.columns["reject_quantity"]) == (
        [131 + 60.5 + 0.5],
        [1.0],
    )


def test_lots_of_one_material_that_are_no_one_amount_set_the_row_aside_with_all_of_them(
    tmp_path: Path,
) -> None:
    with pytest.raises(InputError) as refused:
        newer_with(tmp_path, SCRAP.format("scrap", "Consumed", "3", "m3"))
    assert "131 t + 3 m3" in str(refused.value.found)


def test_a_file_that_breaks_off_within_a_frame_is_not_read_as_a_shorter_one(tmp_path: Path) -> None:
    text = HEAD + "".join(row(1 + n % 9) for n in range(50_000))
    whole = pyarrow.compress(text.encode(), codec="zstd", asbytes=True)
    (tmp_path / "t.csv.zst").write_bytes(
        whole + pyarrow.compress(row(8).encode(), codec="zstd", asbytes=True)
    )  # two frames, as logs are appended to
    assert len(read_table(tmp_path / "t.csv.zst", Profile(), BATCHES, ZONE)) == 50_001
    (tmp_path / "t.csv.zst").write_bytes(whole[:-200])
    with pytest.raises(InputError) as refused:
        read_table(tmp_path / "t.csv.zst", Profile(), BATCHES, ZONE)
    assert refused.value.code == "file-damaged"
