"""Workbooks that a firm changed: headings broken over lines, merged cells, a sheet a month, totals,
units as they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from benchmarks.errors import InputError
from reporting_agent.workbook import copying, labelling, reading, summary
from reporting_agent.workbook.labelling import LabelledWorkbook

NOW = datetime(2027, 1, 1, tzinfo=UTC)
HEADINGS = [
    "Run",
    "Step",
    "Machine",
    "Product",
    "Start",
    "End",
    "Output",
    "Output unit",
    "Good, scrap or test",
    "Electricity kWh",
]
CHINESE = [
    "批次号",
    "工序",
    "设备",
    "产品",
    "开始",
    "结束",
    "产量",
    "产量单位",
    "合格、废品或试验",
    "电力 kWh",
]
RUN, MACHINE, PRODUCT, START, END, OUTPUT, STATUS, ELECTRICITY = 0, 2, 3, 4, 5, 6, 8, 9
Rows = list[list[Any]]


def runs(count: int = 20) -> Rows:
    """Runs of some 500 kg and 300 kWh on one machine."""
    at = [datetime(2026, 3, 1, 6) + timedelta(hours=14 * number) for number in range(count)]  # noqa: DTZ001 - as a firm writes it
    return [
        [
            f"R{number}",
            None,
            "M1",
            "a",
            start,
            start + timedelta(hours=7),
            500 + number,
            "kg",
            None,
            300 + 2 * number,
        ]
        for number, start in enumerate(at)
    ]


def labelled(
    folder: Path,
    rows: Rows,
    headings: Sequence[str] = HEADINGS,
    change: Callable[[Any], None] | None = None,
    title: str = "Runs",
) -> LabelledWorkbook:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in [list(headings), *rows]:
        sheet.append(row)
    if change is not None:
        change(book)
    book.save(folder / "runs.xlsx")
    return labelling.label(reading.read(folder / "runs.xlsx"), NOW)


def notes(of: LabelledWorkbook, folder: Path) -> str:
    """What the terminal and the copy's own sheets say; both must say it."""
    (folder / "copy.xlsx").write_bytes(copying.labelled_copy(of))
    copy = openpyxl.load_workbook(folder / "copy.xlsx")
    return "\n".join(
        str(cell.value)
        for row in copy.worksheets[0].iter_rows()
        for cell in row
        if cell.value is not None
    )


def refused(
    folder: Path,
    rows: Rows,
    headings: Sequence[str] = HEADINGS,
    change: Callable[[Any], None] | None = None,
) -> InputError:
    with pytest.raises(InputError) as refusal:
        labelled(folder, rows, headings, change)
    return refusal.value


@pytest.mark.parametrize(
    "heading", ["Good, scrap\nor test", "Good,  scrap or test", "Good，scrap or test"]
)
def test_a_heading_broken_over_two_lines_is_the_templates(tmp_path: Path, heading: str) -> None:
    rows = runs()
    for row in rows[:5]:
        row[STATUS] = "scrap"
    headings = [*HEADINGS[:7], "Output\nunit", heading, HEADINGS[ELECTRICITY]]
    assert labelled(tmp_path, rows, headings).labels[0].used == 15


@pytest.mark.parametrize(
    "heading",
    [
        *(
            "Power kWh",
            "Gas Nm3",
            "Petrol kg",
            "Electricity cost CNY",
            "Electricity price per kWh",
            "Electricity meter",
        ),
        *("Steam pressure bar", "Electricity kWh/t", "Oxygen %", "Coal %"),
    ],
)
def test_a_column_of_the_firms_own_stays_and_is_said_not_to_count(
    tmp_path: Path, heading: str
) -> None:
    of = labelled(tmp_path, [[*row, 40] for row in runs()], [*HEADINGS, heading])
    assert of.labels[0].used == 20
    assert of.labels[0].best.value == pytest.approx(611, abs=1)
    assert f"Nothing here comes from {heading}." in summary.as_text(of)
    assert f"Nothing here comes from {heading}." in notes(of, tmp_path)


def test_the_results_of_an_earlier_copy_are_not_said_to_be_the_firms_own(tmp_path: Path) -> None:
    of = labelled(tmp_path, runs())
    (tmp_path / "copy.xlsx").write_bytes(copying.labelled_copy(of))
    again = labelling.label(reading.read(tmp_path / "copy.xlsx"), NOW)
    assert again.labels[0].best == of.labels[0].best
    assert again.sheet.passed_over == of.sheet.passed_over == []


@pytest.mark.parametrize(
    "heading",
    [
        "[kWh]",
        "consumption kWh",
        "consumption (kWh)",
        "used, kWh",
        "in kWh",
        "/ kWh",
        ": kWh",
        "KWH",
        "kwh",
        "MWh",
        "GWH",
    ],
)
def test_a_heading_may_say_carrier_and_unit_in_other_ways(tmp_path: Path, heading: str) -> None:
    headings = [*HEADINGS[:-1], f"Electricity {heading}"]
    assert [
        column.carrier for column in labelled(tmp_path, runs(), headings).sheet.headings.energy
    ] == ["electricity"]


@pytest.mark.parametrize(
    "heading",
    [
        *(
            "Electricity kW",
            "Natural gas m3",
            "Coal tons",
            "Coal kt",
            "Electricity kWh 2",
            "Electricity kWh (main)",
            "Electricity kWhr",
        ),
        *("Natural gas 1000 m3", "Natural gas MMBtu"),
    ],
)
def test_an_amount_in_a_unit_of_another_carrier_is_refused_and_not_passed_over(
    tmp_path: Path, heading: str
) -> None:
    assert (
        refused(tmp_path, [[*row, 40] for row in runs()], [*HEADINGS, heading]).code
        == "unit-mismatch"
    )


@pytest.mark.parametrize("heading", ["柴油 升", "天然气 方", "天然气 万m3"])
def test_so_is_one_under_a_chinese_heading(tmp_path: Path, heading: str) -> None:
    assert labelled(tmp_path, runs(), CHINESE, title="批次").labels[0].used == 20
    assert (
        refused(tmp_path, [[*row, 40] for row in runs()], [*CHINESE, heading]).code
        == "unit-mismatch"
    )


def test_a_total_beside_its_part_is_refused(tmp_path: Path) -> None:
    for heading in (
        "Total electricity kWh",
        "Electricity total kWh",
        "Total, electricity kWh",
        "Electricity/total kWh",
    ):
        refusal = refused(
            tmp_path, [[*row, row[ELECTRICITY]] for row in runs()], [*HEADINGS, heading]
        )
        assert (refusal.code, refusal.place.row if refusal.place else None) == (
            "total-beside-parts",
            1,
        )


def test_a_text_is_said_of_all_runs_that_its_cell_is_merged_over(tmp_path: Path) -> None:
    rows = runs(40)
    for number, row in enumerate(rows):
        row[PRODUCT] = {0: "a", 20: "b"}.get(number)

    def merge(book: Any) -> None:
        for cells in ("D2:D21", "D22:D41"):
            book.active.merge_cells(cells)

    assert {
        label.product: label.read for label in labelled(tmp_path, rows, change=merge).labels
    } == {"a": 20, "b": 20}


def test_an_amount_merged_over_two_runs_is_neithers(tmp_path: Path) -> None:
    rows = runs(40)
    for row in rows[1:8:2]:
        row[ELECTRICITY] = None

    def merge(book: Any) -> None:
        for row in range(2, 10, 2):
            book.active.merge_cells(f"J{row}:J{row + 1}")

    of = labelled(tmp_path, rows, change=merge)
    assert [row.place.row for row in of.sheet.rejected] == list(range(2, 10))
    assert of.labels[0].used == of.labels[0].read == 32
    assert "merged" in of.sheet.rejected[0].reason

    def merge_all(book: Any) -> None:
        book.active.merge_cells("J2:J41")

    refusal = refused(tmp_path, rows, change=merge_all)
    assert (refusal.code, refusal.found) == (
        "workbook-empty",
        "40 rows, none readable: the cell is merged over several runs",
    )


def test_a_run_of_which_every_cell_takes_two_rows_is_one_run(tmp_path: Path) -> None:
    rows = [line for row in runs() for line in (row, [None] * len(row))]

    def merge(book: Any) -> None:
        for row in range(2, 42, 2):
            for column in "ABCDEFGHIJ":
                book.active.merge_cells(f"{column}{row}:{column}{row + 1}")

    of = labelled(tmp_path, rows, change=merge)
    assert (of.labels[0].used, of.sheet.rejected) == (20, [])


@pytest.mark.parametrize("word", [None, "-", "n/a"])
def test_a_blank_cell_merged_over_the_runs_is_no_amount_of_any(
    tmp_path: Path, word: str | None
) -> None:
    rows = [[*row, None] for row in runs()]
    rows[0][-1] = word
    of = labelled(
        tmp_path,
        rows,
        [*HEADINGS, "Natural gas Nm3"],
        lambda book: book.active.merge_cells("K2:K21"),
    )
    assert of.labels[0].used == 20


def test_merged_cells_count_where_a_far_cell_makes_the_sheet_be_read_cell_by_cell(
    tmp_path: Path,
) -> None:
    rows = runs(40)
    for number, row in enumerate(rows):
        row[PRODUCT] = {0: "a", 20: "b"}.get(number)

    def change(book: Any) -> None:
        for cells in ("D2:D21", "D22:D41", "J2:J3"):
            book.active.merge_cells(cells)
        book.create_sheet("Notes")["ZZ9000"] = "x"

    of = labelled(tmp_path, rows, change=change)
    assert {label.product: label.read for label in of.labels} == {"a": 18, "b": 20}
    assert [row.place.row for row in of.sheet.rejected] == [2, 3]


def test_an_amount_merged_over_two_carriers_is_neithers(tmp_path: Path) -> None:
    rows = [[*row, 0] for row in runs()]
    of = labelled(
        tmp_path, rows, [*HEADINGS, "Natural gas GJ"], lambda book: book.active.merge_cells("J2:K2")
    )
    assert [(row.place.row, row.reason) for row in of.sheet.rejected] == [
        (2, "the cell is merged over several columns")
    ]


def test_a_day_merged_over_its_machines_names_the_run_of_each(tmp_path: Path) -> None:
    rows = runs()
    for number, row in enumerate(rows):
        row[RUN] = None if number % 2 else datetime(2026, 3, 1) + timedelta(days=number // 2)  # noqa: DTZ001 - as a firm writes it
        row[MACHINE] = f"M{number % 2}"

    def merge(book: Any) -> None:
        for row in range(2, 22, 2):
            book.active.merge_cells(f"A{row}:A{row + 1}")

    assert labelled(tmp_path, rows, change=merge).labels[0].used == 20


@pytest.mark.parametrize("hidden", [False, True])
def test_runs_on_further_sheets_are_told_and_a_hidden_sheet_comes_last(
    tmp_path: Path, hidden: bool
) -> None:
    def add(book: Any) -> None:
        for row in [HEADINGS, *runs(30)]:
            (book["Feb"] if "Feb" in book.sheetnames else book.create_sheet("Feb")).append(row)
        book["Jan"].sheet_state = "hidden" if hidden else "visible"

    of = labelled(tmp_path, runs(), change=add, title="Jan")
    read_sheet, other = ("Feb", "Jan") if hidden else ("Jan", "Feb")
    assert (of.sheet.sheet, of.labels[0].read) == (read_sheet, 30 if hidden else 20)
    assert f"Not read: {other}." in summary.as_text(of)
    assert f"Not read: {other}." in notes(of, tmp_path)


def test_a_run_may_be_named_by_its_day_on_each_machine(tmp_path: Path) -> None:
    rows = runs()
    for number, row in enumerate(rows):
        row[RUN] = row[START] = datetime(2026, 3, 1) + timedelta(days=number // 2)  # noqa: DTZ001 - as a firm writes it
        row[END], row[MACHINE] = None, f"M{number % 2}"
    of = labelled(tmp_path, rows)
    assert of.labels[0].used == 20
    assert [batch.batch_id for batch in of.sheet.batches[:2]] == [
        "2026-03-01 · M0",
        "2026-03-01 · M1",
    ]


def test_a_sheet_with_headings_alone_has_no_runs_that_could_be_missed(tmp_path: Path) -> None:
    assert (
        labelled(
            tmp_path, runs(), change=lambda book: book.create_sheet("Apr").append(HEADINGS)
        ).sheet.passed_over
        == []
    )


def test_a_row_again_without_its_machine_is_the_same_run(tmp_path: Path) -> None:
    rows = runs()
    again = [*rows[3]]
    again[MACHINE] = None
    assert labelled(tmp_path, [*rows, again]).labels[0].used == 20


@pytest.mark.parametrize("seconds", [0, 20])
def test_runs_may_be_named_by_their_moments(tmp_path: Path, seconds: int) -> None:
    rows = runs()
    for number, row in enumerate(rows):
        at = datetime(2026, 3, 1, 6) + timedelta(  # noqa: DTZ001 - as written
            minutes=20 * (number // 2), seconds=seconds * (number % 2)
        )
        row[RUN] = at if seconds else at.time().replace(minute=number)
    assert labelled(tmp_path, rows).labels[0].used == 20


@pytest.mark.parametrize(
    ("output", "kwh", "heading"),
    [(99_999, 77_777, "Output 99999"), (10_190, 77_777, "Electricity kWh 77777")],
)
def test_a_total_that_the_runs_do_not_make_is_told_by_its_heading(
    tmp_path: Path, output: float, kwh: float, heading: str
) -> None:
    of = labelled(tmp_path, [*runs(), ["Total", *[None] * 5, output, "kg", None, kwh]])
    for text in (notes(of, tmp_path), summary.as_text(of)):
        assert "1 total is not the sum of the rows above it" in text
        assert f"it says {heading}" in text


def test_a_text_that_may_be_a_group_of_thousands_is_set_aside(tmp_path: Path) -> None:
    rows = runs()
    for number in range(3):
        rows[number][ELECTRICITY] = f"1.{234 + number}"
    of = labelled(tmp_path, rows)
    assert [row.place.row for row in of.sheet.rejected] == [2, 3, 4]
    rows[3][ELECTRICITY] = "306.5"  # shows that the point parts decimals
    assert labelled(tmp_path, rows).sheet.rejected == []


@pytest.mark.parametrize("proof", ["987,5", "1.234,5", "1.234.567", "1.250 kWh"])
def test_no_text_with_points_is_a_decimal_where_another_shows_groups_or_nothing(
    tmp_path: Path, proof: str
) -> None:
    rows = runs()
    for number in range(4):
        rows[number][ELECTRICITY] = f"1.{200 + number}" if number else proof
    of = labelled(tmp_path, [*rows, ["Total", *[None] * 5, 10_190, "kg", None, "6.380"]])
    assert [row.place.row for row in of.sheet.rejected] == [2, 3, 4, 5]
    assert "its point may" not in of.sheet.rejected[0].reason


@pytest.mark.parametrize("unit", ["mt", "ton"])
def test_a_unit_of_output_that_may_be_another_is_set_aside(tmp_path: Path, unit: str) -> None:
    rows = runs()
    for row in rows[:3]:
        row[7] = unit
    assert [row.found for row in labelled(tmp_path, rows).sheet.rejected] == [repr(unit)] * 3


def test_a_heating_value_in_kilojoules_is_refused(tmp_path: Path) -> None:
    """35,500 is how GB/T 2589 and bills in China write it: a thousand times too much under a
    heading in MJ.
    """

    def about(book: Any) -> None:
        book.create_sheet("About").append(["Heating value of natural gas, MJ per Nm3", 35_500])

    refusal = refused(
        tmp_path, [[*row, 10.0] for row in runs()], [*HEADINGS, "Natural gas nm3"], about
    )
    assert (refusal.code, refusal.found) == ("workbook-setting-wrong", "'35500.0'")
    assert "MJ/Nm3" in str(refusal.wanted)


UNIT = 7


def prepared(**filled: Any) -> list[Any]:
    row: list[Any] = [None] * len(HEADINGS)
    for name, cell in filled.items():
        row[{"machine": MACHINE, "product": PRODUCT, "unit": UNIT, "status": STATUS}[name]] = cell
    return row


def test_rows_prepared_for_later_runs_are_no_rows_yet(tmp_path: Path) -> None:
    waiting = [
        prepared(unit="kg"),
        prepared(unit="kg", machine="M1", product="a", status="good"),
    ] * 20
    of = labelled(tmp_path, [*runs(), *waiting])
    assert (len(of.sheet.batches), of.sheet.unread) == (20, [])


@pytest.mark.parametrize("cells", [{"machine": "Line B"}, {"product": "b"}])
def test_a_machine_by_itself_may_be_a_heading_and_is_told(
    tmp_path: Path, cells: dict[str, Any]
) -> None:
    of = labelled(tmp_path, [*runs(), prepared(**cells)])
    assert [row.place.row for _, row in of.sheet.unread] == [22]


def test_a_row_with_a_unit_and_an_amount_is_told(tmp_path: Path) -> None:
    row = prepared(unit="kg")
    row[ELECTRICITY] = 300
    assert [row.place.row for _, row in labelled(tmp_path, [*runs(), row]).sheet.unread] == [22]


@pytest.mark.parametrize("clock", [timedelta(0), timedelta(hours=6)])
def test_an_end_that_is_the_day_of_the_start_says_no_length(
    tmp_path: Path, clock: timedelta
) -> None:
    rows = runs()
    for row in rows:
        day = row[START].replace(hour=0)
        row[START], row[END] = day + clock, day.date()
    without_ends = [[*row[:END], None, *row[END + 1 :]] for row in rows]
    of, other = labelled(tmp_path, rows), labelled(tmp_path, without_ends)
    assert [(label.used, label.best.value) for label in of.labels] == [
        (label.used, label.best.value) for label in other.labels
    ]
    assert of.labels[0].used == 20
