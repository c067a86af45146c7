"""Bills, surveys, sales and certificates in a workbook: the same working paper as from TOML, and
every bad cell named.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from benchmarks.errors import InputError
from extras.reconciliation import loading, papers
from extras.reconciliation.headings import COLUMNS, EXAMPLES, SHEETS
from extras.reconciliation.papers import Papers
from reporting_agent.cli import main

PERIOD = "2025-Q1"
KILN = "kiln-1-electricity"
FEBRUARY: dict[str, Any] = {"from": date(2025, 2, 1), "to": date(2025, 3, 1)}
METERS: dict[str, Any] = {"unit": "kWh", "meters": [KILN], "uncertainty_pct": 0.3}
DOCUMENTS: dict[str, list[dict[str, Any]]] = {
    "bill": [
        {"carrier": "electricity", **FEBRUARY, "quantity": 1234567.1, **METERS, "document": "B 1"},
        {
            "carrier": "electricity",
            **FEBRUARY,
            "quantity": 12.34,
            **METERS,
            "meters": [KILN, "site-main"],
            "document": "4711",
        },
    ],
    "stock": [
        {
            "carrier": "electricity",
            **FEBRUARY,
            "opening": 1e3,
            "received": 2.5e6,
            "closing": 7.7,
            **METERS,
            "document": "S",
        }
    ],
    "sale": [
        {
            "step": "clinker-burning",
            **FEBRUARY,
            "sold": 40123.456,
            "unit": "t",
            "uncertainty_pct": 0.7,
            "document": "L",
        }
    ],
    "calibration": [
        {
            "meter": KILN,
            "on": date(2024, 6, 12),
            "valid_months": 24,
            "error_pct": 0.21,
            "limit_pct": 0.5,
            "document": "C",
        }
    ],
}

SHEET_DAY = datetime(2025, 3, 1)  # noqa: DTZ001 - a spreadsheet has no zones

Filled = Callable[..., Path]


def as_toml(folder: Path) -> Path:
    """The documents as the TOML file has them."""
    lines = []
    for kind, rows in DOCUMENTS.items():
        for row in rows:
            lines.append(f"[[{kind}]]")
            lines += [
                f"{key} = {value.isoformat() if isinstance(value, date) else json.dumps(value)}"
                for key, value in row.items()
            ]
    path = folder / "papers.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def filled(tmp_path: Path) -> Filled:
    """The template as the command writes it, with the documents filled in; `change` alters the open
    workbook before it is saved.
    """

    def fill(lang: str = "en", change: Callable[[Any], None] = lambda _: None) -> Path:
        path = tmp_path / f"papers-{lang}.xlsx"
        path.unlink(missing_ok=True)
        assert main(["reconcile", "--template", str(path), "--lang", lang]) == 0
        book = openpyxl.load_workbook(path)
        for kind, rows in DOCUMENTS.items():
            sheet = book[getattr(SHEETS[kind], lang)]
            for row in rows:
                cells = {
                    key: ", ".join(value) if isinstance(value, list) else value
                    for key, value in row.items()
                }
                sheet.append([cells.get(key) for key in EXAMPLES[kind]])
        change(book)
        book.save(path)
        return path

    return fill


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_new_template_holds_no_document_and_its_example_is_that_of_the_toml(
    tmp_path: Path, lang: str
) -> None:
    path = tmp_path / "papers.xlsx"
    assert main(["reconcile", "--template", str(path), "--lang", lang]) == 0
    assert loading.load(path) == Papers()

    book = openpyxl.load_workbook(path)
    for kind, example in EXAMPLES.items():
        book[getattr(SHEETS[kind], lang)].append(list(example.values()))
    book.save(path)
    toml = tmp_path / "papers.toml"
    lines = papers.TEMPLATE.splitlines()[3:]
    toml.write_text("\n".join(line.removeprefix("# ") for line in lines), encoding="utf-8")
    assert loading.load(path) == loading.load(toml) != Papers()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_working_paper_is_the_same_to_the_digit(
    tmp_path: Path, works: Path, filled: Filled, capsys: pytest.CaptureFixture[str], lang: str
) -> None:
    outputs = []
    for file in (as_toml(tmp_path), filled(lang)):
        capsys.readouterr()
        code = main(
            [
                "reconcile",
                str(file),
                "--site",
                str(works / "site.toml"),
                "--period",
                PERIOD,
                "--json",
            ]
        )
        assert code == 1  # none of these documents is true
        outputs.append(capsys.readouterr().out)
    assert loading.load(as_toml(tmp_path)) == loading.load(filled(lang))
    assert outputs[0] == outputs[1]
    assert {check["code"] for check in json.loads(outputs[0])["checks"]} == {
        "bill-and-meters",
        "stock-and-meters",
        "sales-and-output",
        "calibration",
    }


def _as_people_write(book: Any) -> None:
    """Titles above, blank rows between, other columns, days as text, another order of sheets, keys
    as headings.
    """
    sheet = book["Bills"]
    sheet.insert_rows(1, 2)
    sheet["A1"] = "Bills of the works"
    sheet.insert_cols(2)
    sheet["B3"] = "Our remarks"
    sheet["B4"] = "paid"
    sheet.insert_rows(5)
    sheet["C4"], sheet["D4"] = "2025年2月1日", SHEET_DAY
    sheet["C6"], sheet["D6"] = "2025/2/1", "2025-03-01"
    sheet["A3"] = " carrier "
    sheet["F3"] = "UNIT"
    sheet["G6"] = f"{KILN}、site-main；"
    sheet["I6"] = 4711
    book.move_sheet("Bills", 3)


def test_what_people_do_to_a_workbook_is_understood(tmp_path: Path, filled: Filled) -> None:
    assert loading.load(filled(change=_as_people_write)) == loading.load(as_toml(tmp_path))


@pytest.mark.parametrize(
    ("sheet", "cell", "value", "column", "wanted"),
    [
        ("Bills", "D2", "much", "Quantity (D2)", "number"),
        ("Bills", "D2", "1,234,567", "Quantity (D2)", "without separators"),
        ("Bills", "F2", f"{KILN}, {KILN}", "Meters (F2)", "each meter once"),
        ("Sales", "E2", 5000.0, None, "given together"),
        ("Sales", "D2", -5, "Sold (D2)", "greater than or equal to 0"),
        ("Bills", "B2", "yesterday", "From (B2)", "a day"),
        ("Bills", "B2", "2025-02-30", "From (B2)", "calendar"),
        ("Bills", "C2", SHEET_DAY.replace(hour=6), "To (not included) (C2)", "a day"),
        ("Bills", "C2", date(2025, 1, 1), None, "a day after from"),
        ("Bills", "F2", None, "Meters (F2)", "a value"),
        ("Bills", "G2", 100, "Uncertainty, % (k = 2) (G2)", "less than 100"),
        ("Stock surveys", "H2", "a\nb", None, None),
        ("Calibrations", "C2", 24.5, "Valid, months (C2)", "integer"),
        ("Sales", "A2", '=HYPERLINK("x")', "Step (A2)", None),
    ],
)
def test_a_bad_cell_is_named(
    filled: Filled, sheet: str, cell: str, value: object, column: str | None, wanted: str | None
) -> None:
    def change(book: Any) -> None:
        book[sheet][cell] = value
        if isinstance(value, str):
            book[sheet][cell].data_type = "s"

    path = filled(change=change)
    if wanted is None and column is None:
        assert loading.load(path).stock[0].meters == ("a", "b")  # one meter below the other
        return
    with pytest.raises(InputError) as refused:
        loading.load(path)
    place = refused.value.place
    assert refused.value.code == "papers-cell-wrong"
    assert place is not None
    assert (place.file, place.row, place.column) == (
        f"{path}, sheet {sheet!r}",
        int(cell[1:]),
        column,
    )
    assert refused.value.found
    assert (wanted or "formula") in refused.value.wanted
    assert "--template" in refused.value.remedy


def test_a_missing_column_or_sheet_is_named(filled: Filled, tmp_path: Path) -> None:
    def without_unit(book: Any) -> None:
        book["Bills"]["E1"] = "what it is in"

    def without_sheets(book: Any) -> None:
        for words in SHEETS.values():
            del book[words.en]

    def without_headings(book: Any) -> None:
        book["Sales"].delete_rows(1)

    def with_a_unit_behind_the_stocks(book: Any) -> None:
        book["Sales"]["E1"], book["Sales"]["F1"] = "Opening stock (t)", "Closing stock (t)"

    def without_one_stock(book: Any) -> None:
        book["Sales"]["F1"] = "at the end"

    for change, code, missing in (
        (without_unit, "papers-heading-missing", f"no column {COLUMNS['unit'].en}"),
        (without_sheets, "papers-sheets-missing", "About"),
        (without_headings, "papers-heading-missing", "no column Step"),
        (
            with_a_unit_behind_the_stocks,
            "papers-heading-missing",
            "no column Opening stock, Closing stock",
        ),
        (without_one_stock, "papers-heading-missing", "no column Closing stock"),
        (lambda book: book.copy_worksheet(book["Bills"]), "papers-sheet-misnamed", "Bills Copy"),
    ):
        with pytest.raises(InputError) as refused:
            loading.load(filled(change=change))
        assert refused.value.code == code
        assert missing in refused.value.found
    for name, content, code in (
        ("none.xlsx", None, "papers-unreadable"),
        ("text.xlsx", b"no workbook", "workbook-unreadable"),
    ):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError) as refused:
            loading.load(tmp_path / name)
        assert refused.value.code == code


def test_a_template_of_another_kind_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reconcile", "--template", str(tmp_path / "papers.ods"), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "template-kind-unknown"
    assert not (tmp_path / "papers.ods").exists()


def test_a_template_does_not_replace_what_was_filled_in(
    filled: Filled, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = filled()
    before = path.read_bytes()
    capsys.readouterr()
    assert main(["reconcile", "--template", str(path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "template-exists"
    assert path.read_bytes() == before


def test_the_templates_notes_are_no_documents_under_any_name_and_remarks_are_no_stock(
    tmp_path: Path, filled: Filled
) -> None:
    def change(book: Any) -> None:
        book["About"].title = "Instructions"
        book["Sales"]["J1"] = "Closing remarks"

    assert loading.load(filled(change=change)) == loading.load(as_toml(tmp_path))


@pytest.mark.parametrize("in_percent", [False, True])
def test_formats_that_cannot_be_read_are_refused_where_one_may_be_in_per_cent(
    tmp_path: Path, filled: Filled, in_percent: bool
) -> None:
    """An empty fill, as some programs write it, ends openpyxl's reading of all formats."""

    def change(book: Any) -> None:
        if in_percent:
            book["Bills"]["G2"].number_format = "0.00%"

    path = filled(change=change)
    with zipfile.ZipFile(path) as parts:
        contents = {name: parts.read(name) for name in parts.namelist()}
    contents["xl/styles.xml"] = re.sub(
        rb"<fills[^>]*>", b'<fills count="3"><fill/>', contents["xl/styles.xml"], count=1
    )
    with zipfile.ZipFile(path, "w") as parts:
        for name, content in contents.items():
            parts.writestr(name, content)
    if not in_percent:
        assert loading.load(path) == loading.load(as_toml(tmp_path))
        return
    with pytest.raises(InputError) as refused:
        loading.load(path)
    assert refused.value.code == "workbook-unreadable"


@pytest.mark.parametrize(
    ("number_format", "read"), [("0.00%", 0.5), ('0.000"%"', 0.005), ("0.000", 0.005)]
)
def test_a_cell_in_per_cent_is_read_as_it_is_shown(
    filled: Filled, number_format: str, read: float
) -> None:
    def change(book: Any) -> None:
        book["Bills"]["G2"] = 0.005
        book["Bills"]["G2"].number_format = number_format

    assert loading.load(filled(change=change)).bill[0].uncertainty_pct == read
