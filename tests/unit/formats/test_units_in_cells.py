"""Numbers that carry their unit, such as 5.577,0 kWh: read where a column has one, and a number
with another is not.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import Workbook

from benchmarks.errors import InputError
from reporting_agent.config import Profile
from reporting_agent.sources import read_table, stream_readings
from reporting_agent.sources.reading_log import ReadingLog
from reporting_agent.sources.wanted import BATCHES, ENERGY
from tests.unit.formats.proposed import proposed

BERLIN = ZoneInfo("Europe/Berlin")
HEADER = "Schmelze;Beginn;Ende;Gewicht;Stromverbrauch"
ROWS = [
    f"S{day};{day}.05.2025 06:00;{day}.05.2025 07:30;{120 + day},5 t;5.57{day - 20},0 kWh"
    for day in range(20, 30)
]
GERMAN = {
    "decimal": ",",
    "thousands": ".",
    "columns": {"batch_id": "Schmelze", "quantity": "Stromverbrauch"},
}
OF_ENERGY = GERMAN | {
    "constants": {"step": "eaf", "carrier": "electricity", "unit": "kWh"},
    "in_cells": {"Stromverbrauch": "kWh"},
}


def written(folder: Path, *rows: str) -> Path:
    path = folder / "heats.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


def mapped(path: Path) -> dict[str, Any]:
    return proposed(path)[1]


def test_a_unit_behind_every_number_is_the_columns_unit(tmp_path: Path) -> None:
    toml = mapped(written(tmp_path, *ROWS))["toml"]
    assert '[mapping.energy.in_cells]\nGewicht = "t"\nStromverbrauch = "kWh"' in toml
    assert '[mapping.energy.constants]\nunit = "kWh"' in toml
    assert 'output_quantity = "Gewicht"' in toml


def test_numbers_are_read_without_their_unit(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, *ROWS), Profile.model_validate(OF_ENERGY), ENERGY, BERLIN)
    assert table.columns["quantity"] == [5570.0 + number for number in range(10)]
    assert table.rejected == []


@pytest.mark.parametrize("odd", ["5,577 MWh", "5.577,0", "5.577,0 kWh/t", "5.577,0 MkWh"])
def test_a_number_with_another_unit_or_none_is_not_read(odd: str, tmp_path: Path) -> None:
    path = written(tmp_path, *ROWS, f"S31;31.05.2025 06:00;31.05.2025 07:30;121,5 t;{odd}")
    table = read_table(path, Profile.model_validate(OF_ENERGY), ENERGY, BERLIN)
    assert len(table.columns["quantity"]) == len(ROWS)
    assert [rejection.place.row for rejection in table.rejected] == [12]


def test_a_typed_number_among_them_carries_no_unit(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [
        ["Schmelze", "Stromverbrauch"],
        *([f"S{number}", f"{5_000 + number},0 kWh"] for number in range(5)),
        ["S9", 5_000.0],
    ]:
        sheet.append(row)
    book.save(tmp_path / "heats.xlsx")
    table = read_table(tmp_path / "heats.xlsx", Profile.model_validate(OF_ENERGY), ENERGY, BERLIN)
    assert table.columns["quantity"] == [5_000.0 + number for number in range(5)]
    assert [rejection.place.row for rejection in table.rejected] == [7]


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    profile = Profile.model_validate({"in_cells": {"Gewicht netto": "t"}})
    with pytest.raises(InputError) as refused:
        read_table(written(tmp_path, *ROWS), profile, BATCHES, BERLIN)
    assert refused.value.code == "column-missing"


def test_a_ton_in_cells_is_asked_about(tmp_path: Path) -> None:
    path = written(tmp_path, *(row.replace(" t;", " tons;") for row in ROWS))
    asked = {question["key"]: question["ask"] for question in mapped(path)["questions"]}
    assert "907.18" in asked["batches.output_unit"]


def test_a_header_that_says_another_unit_is_asked_about(tmp_path: Path) -> None:
    path = written(tmp_path, *ROWS)
    path.write_text(
        path.read_text(encoding="utf-8").replace("Gewicht;", "Gewicht [kg];"), encoding="utf-8"
    )
    assert "batches.output_unit" in {question["key"] for question in mapped(path)["questions"]}


def test_names_of_machines_are_no_amounts(tmp_path: Path) -> None:
    path = tmp_path / "heats.csv"
    rows = [
        row.replace(" t;", ";").replace(" kWh", "") + f";{number % 2 + 1} a"
        for number, row in enumerate(ROWS)
    ]
    path.write_text("\n".join([f"{HEADER};Ofen", *rows]) + "\n", encoding="utf-8")
    assert "in_cells" not in mapped(path)["toml"]


def test_readings_that_carry_their_unit_are_read(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    lines = [f"m1;2025-05-{day}T06:00+00:00;{day},5 kWh" for day in range(10, 20)]
    path.write_text(
        "\n".join(["meter_id;timestamp;Stand", *lines, "m1;2025-05-20T06:00+00:00;20,5 MWh"])
        + "\n",
        encoding="utf-8",
    )
    profile = Profile.model_validate(
        {"decimal": ",", "columns": {"value": "Stand"}, "in_cells": {"Stand": "kWh"}}
    )
    log = ReadingLog()
    values = [
        value
        for block in stream_readings([path], profile, frozenset({"m1"}), BERLIN, log)
        for value in block.value.tolist()
    ]
    assert values[:-1] == [day + 0.5 for day in range(10, 20)]
    assert math.isnan(values[-1])  # a moment without a value: what flowed until then is not known
    assert [rejection.place.row for rejection in log.rejected] == [12]
