"""The small firm's path: a template in, a copy with labels and gaps out, in both languages, nothing
configured.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
import python_calamine
from openpyxl.styles import Font

from benchmarks.errors import InputError
from benchmarks.measurements import Batch
from reporting_agent.cli import main
from reporting_agent.workbook import copying, labelling, reading, summary
from reporting_agent.workbook.labelling import LabelledWorkbook
from reporting_agent.workbook.template import template
from reporting_agent.workbook.words import Lang

RUNS = 48
NOW = datetime(2027, 1, 1, tzinfo=UTC)
KWH_A_KG = {"bracket": 0.60, "flange": 0.35}


def filled(folder: Path, lang: Lang = "en", *, prices: bool = True, lhv: bool = True) -> Path:
    """A template filled in with four weeks of two products on three machines; every waste is on the
    high side.
    """
    path = folder / "runs.xlsx"
    path.write_bytes(template(lang, path.name))
    book = openpyxl.load_workbook(path)
    about, runs = book.worksheets
    for key, value in about.iter_rows(max_col=2):
        text = str(key.value or "")
        if prices and text.startswith(("Price of", "单价：")):
            value.value = 0.7 if "kWh" in text else 3.5
        if lhv and text.startswith(("Heating value of natural gas", "低位热值：天然气")):
            value.value = 35.5
    chance = np.random.default_rng(3)
    start = datetime(2026, 3, 1, 6)  # noqa: DTZ001 - as a firm writes it, in its own time
    for number in range(RUNS):
        product = ("bracket", "flange")[number % 2]
        kilograms = float(chance.normal(500, 40))
        electricity = kilograms * KWH_A_KG[product] * (1 + abs(float(chance.normal(0, 0.08))))
        cells = [
            f"R{number}",
            None,
            f"M{number % 3}",
            product,
            start,
            start + timedelta(hours=7),
            kilograms,
            "kg",
            None,
        ]
        for column, value in enumerate(
            [*cells, electricity, kilograms * 0.02, None, None], start=1
        ):
            runs.cell(number + 2, column).value = value
        start += timedelta(hours=14)
    book.save(path)
    return path


def edited(path: Path, cells: dict[tuple[int, int], Any]) -> Path:
    book = openpyxl.load_workbook(path)
    for (row, column), value in cells.items():
        book.worksheets[1].cell(row, column).value = value
    book.save(path)
    return path


def test_each_product_has_its_own_label_which_a_quarter_of_its_runs_reach(tmp_path: Path) -> None:
    labelled = labelling.label(reading.read(filled(tmp_path)), NOW)
    electricity = [label for label in labelled.labels if str(label.metric) == "electricity"]
    assert [label.product for label in electricity] == ["bracket", "flange"]
    for label in electricity:
        values = sorted(label.used_values())
        assert len(values) == RUNS // 2
        assert label.best.value == values[RUNS // 2 // 4 - 1]  # the sixth of 24 from below
        assert label.best.value == pytest.approx(1000 * KWH_A_KG[label.product], rel=0.05)
        assert label.unit == "kWh/t"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_copy_holds_the_firms_own_cells_unchanged_and_the_gap_of_every_run_beside_them(
    tmp_path: Path, lang: Lang
) -> None:
    path = filled(tmp_path, lang)
    before = openpyxl.load_workbook(path).worksheets[1]
    labelled = labelling.label(reading.read(path), NOW)
    copy = tmp_path / "copy.xlsx"
    copy.write_bytes(copying.labelled_copy(labelled))
    book = openpyxl.load_workbook(copy)
    runs = book[labelled.sheet.sheet]
    own = [[cell.value for cell in row] for row in before.iter_rows(max_row=RUNS + 1)]
    width = len(own[0])
    assert [
        [cell.value for cell in row] for row in runs.iter_rows(max_row=RUNS + 1, max_col=width)
    ] == own
    headings = [cell.value for cell in runs[1]][width:]
    first = {"en": "Gap, kWh", "zh": "差距，kWh"}[lang]
    gap = width + 1 + headings.index(first)
    label = next(
        step
        for step in labelled.labels
        if str(step.metric) == "electricity" and step.product == "bracket"
    )
    assert label.gap is not None
    parts = {part.batch_id: part for part in label.gap.batches}
    for row in range(2, RUNS + 2, 2):
        part = parts.get(runs.cell(row, 1).value)
        shown = [runs.cell(row, column).value for column in range(gap, gap + 3)]
        assert shown == pytest.approx(
            [0, 0, 0] if part is None else [part.energy, part.within_uncertainty, part.unexplained]
        )
    assert book.sheetnames[0] == ("标签" if lang == "zh" else "Labels")
    shown = [row[5].value for row in book.worksheets[0].iter_rows(min_row=2, max_row=5)]
    assert shown == pytest.approx([step.best.value for step in labelled.labels])


@pytest.mark.parametrize(("column", "value"), [(1024, None), (16_384, None), (16_384, "x")])
def test_the_results_stand_beside_the_runs_also_where_a_far_cell_is_formatted(
    tmp_path: Path, column: int, value: object
) -> None:
    path = edited(filled(tmp_path), {(1, column): value})
    book = openpyxl.load_workbook(path)
    book.worksheets[1].cell(1, column).font = Font(bold=True)
    book.save(path)
    copy = tmp_path / "copy.xlsx"
    copy.write_bytes(copying.labelled_copy(labelling.label(reading.read(path), NOW)))
    runs = openpyxl.load_workbook(copy)["Runs"]
    assert str(runs.cell(1, 14).value).startswith("Used, ")
    assert runs.max_column <= 16_384  # the last that a spreadsheet program opens
    assert runs.cell(1, column).value == value


def test_a_wrong_reading_cannot_make_the_label_and_is_named(tmp_path: Path) -> None:
    honest = labelling.label(reading.read(filled(tmp_path)), NOW).labels
    faulty = edited(
        filled(tmp_path),
        {
            (2, 10): 3.0,
            (4, 10): 300_000.0,
            (6, 9): "scrap",
            (8, 7): 0,
            (10, 10): None,
            (12, 10): 2_200.0,
        },
    )
    labelled = labelling.label(reading.read(faulty), NOW)
    label = next(
        step
        for step in labelled.labels
        if step.product == "bracket" and str(step.metric) == "electricity"
    )
    wanted = {
        "unit-label",
        "below-physical-floor",
        "above-physical-ceiling",
        "scrap",
        "output-not-positive",
        "energy-partly-unknown",
    }
    assert label.excluded == dict.fromkeys(wanted, 1)
    before = next(
        step for step in honest if step.product == "bracket" and str(step.metric) == "electricity"
    )
    assert label.best.value is not None
    assert before.best.value is not None
    assert label.best.value == pytest.approx(before.best.value, rel=0.02)


def test_a_run_of_which_one_of_two_meters_is_blank_is_left_out(tmp_path: Path) -> None:
    half = {(row, 13): 200.0 for row in range(2, RUNS + 2)} | {
        (row, 13): None for row in range(2, 12)
    }
    labelled = labelling.label(
        reading.read(edited(filled(tmp_path), {(1, 13): "Electricity, kWh"} | half)), NOW
    )
    label = next(
        step
        for step in labelled.labels
        if step.product == "bracket" and str(step.metric) == "electricity"
    )
    assert label.excluded == {"energy-partly-unknown": 5}
    assert label.minimum is not None
    assert (
        label.minimum > 1000 * KWH_A_KG["bracket"] + 200 / 0.6
    )  # and not that of a run of which one meter is known


def test_a_carrier_under_another_word_counts_and_one_without_its_unit_is_refused(
    tmp_path: Path,
) -> None:
    honest = [
        label.best.value
        for label in labelling.label(reading.read(filled(tmp_path, "zh")), NOW).labels
    ]
    path = edited(
        filled(tmp_path, "zh"),
        {
            (1, 10): "用电量 kWh",
            (1, 11): "Natural gas (Nm3)",
            (1, 14): "电耗 kWh/t",
            (1, 15): "Heat",
        },
    )
    assert [label.best.value for label in labelling.label(reading.read(path), NOW).labels] == honest
    with pytest.raises(InputError, match="Nm3, or GJ") as refused:
        reading.read(edited(filled(tmp_path), {(1, 11): "Natural gas"}))
    assert refused.value.code == "unit-mismatch"


def test_rows_that_cannot_be_read_stand_in_a_sheet_of_their_own(tmp_path: Path) -> None:
    path = edited(filled(tmp_path), {(5, 10): "12,5", (7, 8): "boxes"})
    labelled = labelling.label(reading.read(path), NOW)
    copy = tmp_path / "copy.xlsx"
    copy.write_bytes(copying.labelled_copy(labelled))
    rows = [
        [cell.value for cell in row]
        for row in openpyxl.load_workbook(copy)["Not read"].iter_rows(min_row=2)
    ]
    assert [tuple(row[:3]) for row in rows] == [
        ("Runs", 5, "Electricity kWh"),
        ("Runs", 7, "Output unit"),
    ]
    assert rows[0][5] == "a number, typed as a number and not as text"


@pytest.mark.parametrize("things", ["bags", "rods", "barrel", "doz"])
def test_what_is_counted_is_not_measured_by_an_old_measure_of_its_name(
    tmp_path: Path, things: str
) -> None:
    sheet = reading.read(edited(filled(tmp_path), {(2, 8): things, (3, 8): "pc"}))
    assert [(row.place.row, row.place.column, row.found) for row in sheet.rejected] == [
        (2, "Output unit", repr(things))
    ]
    assert sheet.batches[0].step.endswith("1000 items")


@pytest.mark.parametrize(
    ("written", "unit"), [("m²", "m2"), ("㎡", "m2"), ("平方米", "m2"), ("m³", "m3"), ("㎥", "m3")]
)
def test_areas_and_volumes_are_read_as_firms_write_them(written: str, unit: str) -> None:
    assert reading.output_unit(written) == (unit, 1.0)


def test_a_workbook_typed_as_text_is_refused_with_what_a_workbook_can_mend(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        reading.read(edited(filled(tmp_path), {(row, 7): "1 234,5" for row in range(2, RUNS + 2)}))
    assert refused.value.code == "mostly-unreadable"
    assert refused.value.wanted == "a number, typed as a number and not as text"
    assert "site.toml" not in refused.value.remedy


@pytest.mark.parametrize(("lang", "name"), [("en", "Meter uncertanty, %"), ("zh", "计量误差，%")])
def test_a_setting_whose_name_is_none_stands_in_the_sheet_of_what_was_not_read(
    tmp_path: Path, lang: Lang, name: str
) -> None:
    labelled = labelling.label(reading.read(settled(filled(tmp_path, lang), ("", name, 5.0))), NOW)
    book = openpyxl.load_workbook(io.BytesIO(copying.labelled_copy(labelled)))
    [row] = [
        [cell.value for cell in row]
        for row in book[{"en": "Not read", "zh": "未读入"}[lang]].iter_rows(min_row=2)
    ]
    about = book[{"en": "About", "zh": "说明"}[lang]]
    assert (row[0], about.cell(row[1], 1).value, row[4]) == (about.title, name, name)
    assert str(about.cell(7, 1).value) in row[5]  # the name that was meant
    assert name in summary.as_text(labelled)
    assert labelled.sheet.rejected == []  # of the runs none was lost by it


def test_gas_needs_its_heating_value_and_the_answer_says_where_to_write_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["label", str(filled(tmp_path, lhv=False)), "--out", str(tmp_path / "out")]) == 0
    assert "enter the heating value of Natural gas in the sheet About" in capsys.readouterr().out


def test_a_fuel_that_was_not_used_needs_no_heating_value(tmp_path: Path) -> None:
    path = edited(filled(tmp_path, lhv=False), {(row, 11): 0 for row in range(2, RUNS + 2)})
    total, electricity = labelling.label(reading.read(path), NOW).labels[:2]
    assert (total.used, total.excluded) == (RUNS // 2, {})
    assert electricity.best.value is not None
    assert total.best.value == pytest.approx(electricity.best.value * 0.1229)


def test_a_carrier_given_in_gigajoules_is_not_told_to_need_a_heating_value(tmp_path: Path) -> None:
    path = edited(filled(tmp_path, lhv=False), steam(2.5))
    assert labelling.label(reading.read(path), NOW).without_lhv == ("natural-gas",)


def test_money_is_shown_only_where_every_price_is_known(tmp_path: Path) -> None:
    labelled = labelling.label(reading.read(filled(tmp_path)), NOW)
    label = next(
        step
        for step in labelled.labels
        if str(step.metric) == "electricity" and step.product == "flange"
    )
    assert label.gap is not None
    money = sum(
        run.money or 0
        for (metric, row), run in labelled.of_run.items()
        if metric == "electricity" and row % 2 == 1
    )
    assert money == pytest.approx(0.7 * label.gap.unexplained)
    without = labelling.label(reading.read(filled(tmp_path, prices=False)), NOW)
    assert without.unpriced == ("electricity", "natural-gas")
    assert all(run.money is None for run in without.of_run.values())


def settled(path: Path, *rows: tuple[str, str, float | None]) -> Path:
    """The workbook with other rows in About: what stood in each, what stands in it now, and its
    value.
    """
    book = openpyxl.load_workbook(path)
    about = book.worksheets[0]
    for before, name, value in rows:
        place = next(
            (key.row for (key,) in about.iter_rows(max_col=1) if key.value == before),
            about.max_row + 1,
        )
        about.cell(place, 1).value, about.cell(place, 2).value = name, value
    book.save(path)
    return path


def steam(gigajoules: float) -> dict[tuple[int, int], Any]:
    return {(row, 12): gigajoules for row in range(2, RUNS + 2)}


def cost_of_a_run(labelled: LabelledWorkbook) -> tuple[Batch, float]:
    """A run above its label, and what its energy costs by the money that stands beside it."""
    total = next(label for label in labelled.labels if str(label.metric) == "total")
    assert total.gap is not None
    part = max(total.gap.batches, key=lambda part: part.unexplained)
    batch = next(batch for batch in labelled.sheet.batches if batch.batch_id == part.batch_id)
    assert batch.place is not None
    run = labelled.of_run["total", batch.place.row or 0]
    assert run.money is not None
    assert run.value is not None
    return batch, run.money / part.unexplained * run.value * batch.output


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_steam_is_priced_by_the_unit_of_the_templates_own_column(
    tmp_path: Path, lang: Lang
) -> None:
    labelled = labelling.label(reading.read(edited(filled(tmp_path, lang), steam(1.0))), NOW)
    assert labelled.unpriced == ()
    batch, cost = cost_of_a_run(labelled)
    assert cost == pytest.approx(
        sum((0.7 if energy.unit == "kWh" else 3.5) * energy.quantity for energy in batch.energy)
    )
    copy = tmp_path / "copy.xlsx"
    copy.write_bytes(copying.labelled_copy(labelled))
    shown = [
        row[12].value for row in openpyxl.load_workbook(copy).worksheets[0].iter_rows(max_row=5)
    ]
    assert shown[0] == {"en": "Unexplained, CNY", "zh": "未说明，CNY"}[lang]
    assert min(shown[1:]) > 0


def test_a_price_that_does_not_fit_its_column_gives_no_money_and_the_column_is_named(
    tmp_path: Path,
) -> None:
    """As workbooks of earlier templates have it: steam in GJ, its price per kg."""
    earlier = ("Price of steam, per GJ", "Price of steam, per kg", 0.2)
    labelled = labelling.label(
        reading.read(settled(edited(filled(tmp_path), steam(1.0)), earlier)), NOW
    )
    assert labelled.unpriced == ("steam",)
    copy = tmp_path / "copy.xlsx"
    copy.write_bytes(copying.labelled_copy(labelled))
    cells = [
        str(cell.value)
        for row in openpyxl.load_workbook(copy).worksheets[0].iter_rows()
        for cell in row
    ]
    assert "No money is shown: a price is missing for Steam GJ." in cells
    assert "Unexplained, CNY" not in cells
    unused = labelling.label(
        reading.read(settled(edited(filled(tmp_path), steam(0.0)), earlier)), NOW
    )
    assert unused.unpriced == (), "what was not used costs nothing at any price"


@pytest.mark.parametrize(
    ("heading", "name", "price", "cny_a_unit"),
    [
        ("Natural gas GJ", "Price of natural gas, per Nm3", 3.5, 3.5 * 1000 / 35.5),
        ("Natural gas GJ", "Price of natural gas, per GJ", 60.0, 60.0),
        ("Natural gas Nm3", "Price of natural gas, per MWh", 216.0, 60.0 * 35.5 / 1000),
    ],
)
def test_gas_is_priced_across_amount_and_heat_by_its_heating_value(
    tmp_path: Path, heading: str, name: str, price: float, cny_a_unit: float
) -> None:
    used = {(row, 11): 0.35 for row in range(2, RUNS + 2)} if heading.endswith("GJ") else {}
    path = edited(filled(tmp_path), {(1, 11): heading} | used)
    labelled = labelling.label(
        reading.read(settled(path, ("Price of natural gas, per Nm3", name, price))), NOW
    )
    assert labelled.unpriced == ()
    batch, cost = cost_of_a_run(labelled)
    electricity, gas = batch.energy
    assert cost == pytest.approx(0.7 * electricity.quantity + cny_a_unit * gas.quantity)


def test_the_rows_may_stand_in_any_order(tmp_path: Path) -> None:
    path = filled(tmp_path)
    labels = [label.to_json() for label in labelling.label(reading.read(path), NOW).labels]
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[1]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2, max_row=RUNS + 1)]
    for number, row in enumerate(
        rows[index] for index in np.random.default_rng(5).permutation(len(rows))
    ):
        for column, value in enumerate(row, start=1):
            sheet.cell(number + 2, column).value = value
    book.save(path)
    again = {
        (label["product"], label["metric"]): label
        for label in (step.to_json() for step in labelling.label(reading.read(path), NOW).labels)
    }
    for label in labels:
        other = again[label["product"], label["metric"]]
        assert {key: label[key] for key in ("best", "typical", "minimum", "batches")} == {
            key: other[key] for key in ("best", "typical", "minimum", "batches")
        }


@pytest.mark.parametrize(
    ("change", "code", "fragment"),
    [
        ({(1, 10): "Electricity litres"}, "unit-mismatch", "litres"),
        ({(1, 5): "Begin"}, "workbook-without-runs", "Begin"),
        (
            {(row, column): None for row in range(2, RUNS + 2) for column in range(1, 14)},
            "workbook-empty",
            "no row below the headings",
        ),
    ],
)
def test_a_workbook_that_cannot_be_used_is_refused_with_place_and_remedy(
    tmp_path: Path, change: dict[tuple[int, int], Any], code: str, fragment: str
) -> None:
    with pytest.raises(InputError) as refused:
        labelling.label(reading.read(edited(filled(tmp_path), change)), NOW)
    assert refused.value.code == code
    assert fragment in str(refused.value.found)
    assert refused.value.place is not None
    assert refused.value.place.file.endswith("runs.xlsx")


def rewritten(path: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    """The workbook with one part of its archive changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, change(content) if name == part else content)
    return path


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut short": lambda path: path.write_bytes(half(path.read_bytes())),
    "empty": lambda path: path.write_bytes(b""),
    "a page of text": lambda path: path.write_text("batch,start,energy\n", encoding="utf-8"),
    "a sheet that ends early": lambda path: rewritten(path, "xl/worksheets/sheet2.xml", half),
    "styles that end early": lambda path: rewritten(path, "xl/styles.xml", half),
    "properties that are no XML": lambda path: rewritten(
        path, "docProps/core.xml", lambda _: b"<a"
    ),
    "a version that nothing writes": lambda path: path.write_bytes(
        path.read_bytes().replace(b"PK\x01\x02\x14\x03\x14", b"PK\x01\x02\x14\x03\xce")
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_workbook_is_refused_and_nothing_is_written(
    damage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = filled(tmp_path)
    DAMAGES[damage](path)
    assert main(["label", str(path), "--out", str(tmp_path / "out")]) == 1
    output = capsys.readouterr().err
    assert "workbook-unreadable" in output
    assert str(path) in output
    assert not list((tmp_path / "out").glob("*"))


def test_a_workbook_under_another_name_is_refused(tmp_path: Path) -> None:
    for name in ("runs.ods", "runs.xls", "runs"):
        path = filled(tmp_path).rename(tmp_path / name)
        with pytest.raises(InputError) as refused:
            reading.read(path)
        assert refused.value.code == "workbook-unreadable"


def test_a_panic_of_the_library_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PanicException(BaseException):
        """As the library's own: below no other exception."""

    class Panics:
        sheet_names = ("Runs",)
        sheets_metadata = ()

        @classmethod
        def from_path(cls, path: Path) -> Panics:
            return cls()

        def get_sheet_by_name(self, name: str) -> None:
            raise PanicException("index out of range")

    monkeypatch.setattr(python_calamine, "CalamineWorkbook", Panics)
    with pytest.raises(InputError, match="cannot be opened"):
        reading.read(filled(tmp_path))


def test_an_unknown_time_zone_and_a_price_in_words_are_refused(tmp_path: Path) -> None:
    for key, value in (("Time zone", "Mars/Olympus"), ("Price of electricity, per kWh", "cheap")):
        path = filled(tmp_path)
        book = openpyxl.load_workbook(path)
        for row in book.worksheets[0].iter_rows(max_col=2):
            if row[0].value == key:
                row[1].value = value
        book.save(path)
        with pytest.raises(InputError) as refused:
            reading.read(path)
        assert refused.value.code == "workbook-setting-wrong"
        assert value in str(refused.value.found)


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("Heating value of natural gas", 0, "above 0"),
        ("Meter uncertainty, %", 100, "and below 100"),
        ("Price of", -1, "at least 0"),
    ],
)
def test_a_setting_that_would_make_energy_nothing_or_every_gap_chance_is_refused(
    tmp_path: Path, key: str, value: float, wanted: str
) -> None:
    path = filled(tmp_path)
    book = openpyxl.load_workbook(path)
    for row in book.worksheets[0].iter_rows(max_col=2):
        if str(row[0].value).startswith(key):
            row[1].value = value
    book.save(path)
    with pytest.raises(InputError, match=wanted) as refused:
        reading.read(path)
    assert refused.value.code == "workbook-setting-wrong"


@pytest.mark.parametrize(
    ("value", "shown", "percent"),
    [(0.03, "0%", 3.0), (0.07, "0.00%", 7.0), (0.5, "General", 0.5), (3, "General", 3.0)],
)
def test_an_uncertainty_typed_with_its_percent_sign_is_that_many_percent(
    tmp_path: Path, value: float, shown: str, percent: float
) -> None:
    path = settled(filled(tmp_path), ("Meter uncertainty, %", "Meter uncertainty, %", value))
    book = openpyxl.load_workbook(path)
    next(
        cell
        for key, cell in book.worksheets[0].iter_rows(max_col=2)
        if key.value == "Meter uncertainty, %"
    ).number_format = shown
    book.save(path)
    assert reading.read(path).about.uncertainty_pct == percent


@pytest.mark.parametrize(
    ("name", "value"),
    [("Price of electricity, per kWh", 0.9), ("Time zone", "Asia/Tokyo"), ("Firm", "Bolts")],
)
def test_a_setting_that_stands_twice_is_refused_with_both_rows(
    tmp_path: Path, name: str, value: object
) -> None:
    path = filled(tmp_path)
    book = openpyxl.load_workbook(path)
    about = book.worksheets[0]
    about.append(["Firm", "Bolts & Sons"])
    about.append([name, value])
    last = about.max_row
    book.save(path)
    with pytest.raises(InputError) as refused:
        reading.read(path)
    assert refused.value.code == "workbook-setting-wrong"
    assert refused.value.place is not None
    assert (refused.value.place.row, refused.value.place.column) == (last, name)
    assert "row" in str(refused.value.wanted)


def test_a_workbook_and_a_site_are_not_labelled_in_one_command(tmp_path: Path) -> None:
    for arguments in (
        ["label"],
        ["label", "a.xlsx", "--site", "site.toml"],
        ["init"],
        ["init", "d", "--workbook", "a.xlsx"],
    ):
        with pytest.raises(SystemExit) as left:
            main(arguments)
        assert left.value.code == 2


def test_init_writes_the_workbook_and_overwrites_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "runs.xlsx"
    assert main(["init", "--workbook", str(path), "--lang", "zh"]) == 0
    content = path.read_bytes()
    assert main(["init", "--workbook", str(path)]) == 1
    assert path.read_bytes() == content
    assert "already-there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", "Labels of bracket, flange are made from runs that begin later than now"),
        ("zh", "bracket"),
    ],
)
def test_runs_later_than_now_are_told_in_the_copy_and_at_the_terminal(
    tmp_path: Path, lang: Lang, words: str
) -> None:
    sheet = reading.read(filled(tmp_path, lang))
    early, late = (labelling.label(sheet, now) for now in (datetime(2026, 3, 5, tzinfo=UTC), NOW))
    assert [words in summary.as_text(labelled).splitlines()[-1] for labelled in (early, late)] == [
        True,
        False,
    ]
    copy = tmp_path / "copy.xlsx"
    copy.write_bytes(copying.labelled_copy(early))
    cells = [
        str(cell.value)
        for row in openpyxl.load_workbook(copy).worksheets[0].iter_rows()
        for cell in row
    ]
    assert summary.as_text(early).splitlines()[-1] in cells


def test_a_run_name_that_stands_twice_takes_nothing_from_the_row_that_counts(
    tmp_path: Path,
) -> None:
    """Twelve runs of 10 t use 100 to 111 kWh/t; the fourth one's name stands below again, with 150.
    The label is the third lowest value (a quarter of twelve), 102 kWh/t, so that the fourth run,
    103, lies 10 kWh above it."""
    path = tmp_path / "runs.xlsx"
    path.write_bytes(template("en", path.name))
    book = openpyxl.load_workbook(path)
    start = datetime(2026, 3, 1, 6)  # noqa: DTZ001 - as a firm writes it, in its own time
    rows = [(f"R{number}", 1000 + 10 * number) for number in range(12)]
    for number, (name, electricity) in enumerate([*rows, ("R3", 1500)]):
        at = start + timedelta(days=number)
        cells = [
            name,
            None,
            None,
            "bracket",
            at,
            at + timedelta(hours=7),
            10,
            "t",
            None,
            electricity,
        ]
        for column, value in enumerate(cells, start=1):
            book.worksheets[1].cell(number + 2, column).value = value
    for key, value in book.worksheets[0].iter_rows(max_col=2):
        if str(key.value or "").startswith("Price of electricity"):
            value.value = 0.5
    book.save(path)
    labelled = labelling.label(reading.read(path), NOW)
    counted, again = labelled.of_run["electricity", 5], labelled.of_run["electricity", 14]
    assert (counted.value, counted.label, counted.excluded) == (103, 102, None)
    assert counted.gap is not None
    assert counted.gap.energy == pytest.approx(10)
    assert (again.value, again.gap, again.money) == (150, None, None)
    assert again.excluded is not None
    (label,) = labelled.labels
    parts = [run.money for run in labelled.of_run.values() if run.gap is not None]
    assert len(parts) == 9, "all of the twelve but the three that reach the label"
    labels = openpyxl.load_workbook(io.BytesIO(copying.labelled_copy(labelled)))["Labels"]
    heads = [cell.value for cell in labels[1]]
    assert label.gap is not None
    assert labels[2][heads.index("Unexplained, CNY")].value == pytest.approx(
        0.5 * label.gap.unexplained
    )
