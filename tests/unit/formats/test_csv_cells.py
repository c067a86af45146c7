"""No text of ours begins a formula in a spreadsheet, however it parts the file."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from benchmarks.csv_cells import as_text, as_written, csv_of

ROOT = Path(__file__).parents[3]
SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
BEFORE = ["", " ", "\u3000", "a;", "a; ", "a\t", "a\n", "a\r\n", "\t", "\r", ";"]


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("before", BEFORE, ids=repr)
def test_no_part_of_a_cell_begins_with_a_sign_of_a_formula(before: str, sign: str) -> None:
    cell = f"{before}{sign}cmd|' /C calc'!A0"
    text = csv_of(["name"], [[cell]])
    for delimiter in ",;\t":
        for row in csv.reader(io.StringIO(text), delimiter=delimiter):
            assert not any(re.match(rf"[\"\s]*[{re.escape(SIGNS)}]", part) for part in row)
    assert as_written(str(as_text(cell))) == cell


@pytest.mark.parametrize("cell", ["-0.5", "+3", "-1,234.5", "2 t; -5", "a-b", "a; b", "", "x@y.z"])
def test_what_begins_no_formula_stays_as_it_is(cell: str) -> None:
    assert as_text(cell) == cell


def test_numbers_and_blanks_stay_what_they_are() -> None:
    assert csv_of(["a", "b"], [[-1.5, None]]) == "a,b\r\n-1.5,\r\n"


def test_every_csv_of_the_product_is_written_there() -> None:
    elsewhere = {
        file.relative_to(ROOT).as_posix()
        for room in ("benchmarks", "reporting_agent", "portal", "extras")
        for file in (ROOT / room).rglob("*.py")
        if "/tests/" not in file.as_posix().removeprefix(ROOT.as_posix())
        and re.search(r"csv\.(writer|DictWriter)|write_csv\(", file.read_text(encoding="utf-8"))
    }
    assert elsewhere == {"benchmarks/csv_cells.py"}
