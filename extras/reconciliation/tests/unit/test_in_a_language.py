"""What documents are refused with is said in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from extras.reconciliation import papers, workbook
from tests.unit.languages.conftest import language
from tests.unit.languages.test_refusals_of_the_core import assert_said_in

__all__ = ["language"]

BILL = """[[bill]]
carrier = "coal"
from = 2025-03-01
to = 2025-02-01
quantity = 1
unit = "t"
meters = ["a"]
uncertainty_pct = 1
document = "B"
"""


def _dates_the_wrong_way_round(folder: Path) -> object:
    (folder / "papers.toml").write_text(BILL, encoding="utf-8")
    return papers.load(folder / "papers.toml")


def _workbook_of_nothing(folder: Path) -> object:
    openpyxl.Workbook().save(folder / "papers.xlsx")
    return workbook.read(folder / "papers.xlsx")


def _workbook_without_a_column(folder: Path) -> object:
    book = openpyxl.Workbook()
    book.active.title = "bill"
    book.active.append(["carrier", "from", "to", "quantity", "unit", "meters"])
    book.save(folder / "papers.xlsx")
    return workbook.read(folder / "papers.xlsx")


ACTS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "documents": (
        _dates_the_wrong_way_round,
        "to must be a day after from",
        "from to document quantity carrier datetime date coal bill met unit",
    ),
    "workbook": (
        _workbook_of_nothing,
        "The workbook contains no sheet of documents.",
        "Sheet Bills Stock surveys Sales Calibrations",
    ),
    "workbook's heading": (
        _workbook_without_a_column,
        "no column %(names)s",
        "bill Uncertainty Document",
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_refusal_has_no_english_in_it(act: str, language: str, tmp_path: Path) -> None:
    assert_said_in(language, tmp_path, *ACTS[act])
