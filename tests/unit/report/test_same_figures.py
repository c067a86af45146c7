"""The page, the workbook, Parquet, the frames and label.json say the same, figure by figure."""

from __future__ import annotations

import io
import json
import math
from collections import Counter
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # ships no types
import openpyxl
import pyarrow.parquet as pq
import pytest

import reporting_agent
from benchmarks.catalogue import in_language
from reporting_agent.cli import main
from reporting_agent.report.analysis_tables import PARTS, every, meanings
from reporting_agent.report.figures import shown
from reporting_agent.report.frames import frames, workbook
from reporting_agent.report.label_json import label_json
from reporting_agent.report.tables import table
from reporting_agent.schemas import label_schema
from tests.unit.report.conftest import Made, heats_site
from tests.unit.report.page import read

PLANTS = pytest.mark.parametrize("plant", ["cement", "heats"])


@PLANTS
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_figure_of_the_page_stands_in_the_tables(
    plant: str, lang: str, request: pytest.FixtureRequest
) -> None:
    report: Made = request.getfixturevalue(plant)
    tables = {table.name: table for table in every(report.result, report.analysis)}
    figures = read(report.page(lang)).figures
    assert Counter(figure.table for figure in figures).keys() >= {
        "labels",
        "gaps",
        "pareto",
        "quality" if plant == "cement" else "use",
    }
    for figure in figures:
        exact = tables[figure.table].column(figure.column)[figure.row]
        assert exact == figure.value, figure


@PLANTS
def test_what_a_person_reads_is_the_exact_value_rounded(
    plant: str, request: pytest.FixtureRequest
) -> None:
    report: Made = request.getfixturevalue(plant)
    for figure in read(report.page("en")).figures:
        text = figure.text.replace(",", "").replace("\u2212", "-").replace("+", "")
        size = abs(figure.value)
        fits = [
            by
            for by in (1.0, 1000.0)
            if math.isclose(float(text) * by, figure.value, rel_tol=6e-3, abs_tol=6e-5 * by)
        ]
        assert fits or size < 1e-3, figure


@PLANTS
def test_the_workbook_the_frames_and_the_tables_agree_cell_by_cell(
    plant: str, request: pytest.FixtureRequest
) -> None:
    report: Made = request.getfixturevalue(plant)
    tables = every(report.result, report.analysis)
    book = openpyxl.load_workbook(io.BytesIO(workbook(tables)), read_only=True)
    assert book.sheetnames == [sheet.name for sheet in tables]
    data_frames = frames(report.result, report.analysis)
    for exported in tables:
        frame = getattr(data_frames, exported.name)
        assert list(frame.columns) == [column.name for column in exported.columns]
        assert len(frame) == len(exported)
        rows = list(book[exported.name].iter_rows(values_only=True))
        assert rows[0] == tuple(column.name for column in exported.columns)
        for column_number, column in enumerate(exported.columns):
            if column.kind in ("number", "count"):
                in_sheet = [
                    row[column_number] if column_number < len(row) else None for row in rows[1:]
                ]  # blank ends are cut
                in_frame = [
                    None if value != value else value
                    for value in frame[column.name].astype("float64").tolist()
                ]
                assert in_frame == list(column.values)
                assert in_sheet == pytest.approx(list(column.values), rel=1e-15, abs=0)


def test_label_json_and_the_table_of_labels_agree(heats: Made) -> None:
    of_labels = next(
        table for table in every(heats.result, heats.analysis) if table.name == "labels"
    )
    content = label_json(heats.result, heats.analysis)
    jsonschema.validate(content, label_schema())
    for row, step in enumerate(content["steps"]):
        assert of_labels.column("best")[row] == step["best"]["value"]
        for name in ("minimum", "typical", "mean", "completeness"):
            assert of_labels.column(name)[row] == step[name]
        assert of_labels.column("used")[row] == step["batches"]["used"]
        if step["gap"] is not None:
            gap = step["gap"]
            for name in PARTS:
                assert of_labels.column(name)[row] == gap["energy" if name == "gap" else name]
            assert sum(gap[part] for part in PARTS[1:]) == gap["energy"] > 0
            assert gap["avoidable"] + gap["unexplained"] == sum(gap["by_cause"].values())
            for batch in gap["batches"]:
                assert sum(batch[part] for part in PARTS[1:]) == batch["energy"]
            for part in PARTS[1:]:
                assert sum(batch[part] for batch in gap["batches"]) == gap[part]


def test_gaps_of_batches_add_up_to_those_of_their_label(cement: Made) -> None:
    tables = {table.name: table for table in every(cement.result, cement.analysis)}
    for losses in cement.analysis.losses:
        keys = (losses.step, losses.product, losses.variant, str(losses.metric))
        rows = zip(
            *(
                tables["gaps"].column(name)
                for name in (
                    "step",
                    "product",
                    "variant",
                    "metric",
                    "avoidable",
                    "unexplained",
                    "gap_kgce",
                )
            ),
            strict=True,
        )
        own = [row for row in rows if row[:4] == keys]
        assert sum(row[4] for row in own) == losses.avoidable.energy
        assert sum(row[5] for row in own) == losses.unexplained.energy
        assert sum(row[6] for row in own) == losses.gap.kgce


def test_the_command_writes_them_where_asked(tmp_path: Path) -> None:
    site = heats_site(tmp_path, 80)
    out = tmp_path / "out"
    assert (
        main(
            [
                "label",
                "--site",
                str(site),
                "--period",
                "2016",
                "--out",
                str(out),
                "--xlsx",
                "--tables",
            ]
        )
        == 0
    )
    labelled = reporting_agent.label_site(site, "2016")
    best = json.loads((out / "label.json").read_text(encoding="utf-8"))["steps"][0]["best"]["value"]
    assert labelled.labels["best"][0] == best
    assert pq.read_table(out / "tables" / "labels.parquet").column("best")[0].as_py() == best
    assert openpyxl.load_workbook(out / "label.xlsx")["labels"]["L2"].value == pytest.approx(
        best, rel=1e-15
    )
    assert shown(best) in (out / "report.html").read_text(encoding="utf-8")
    assert pq.read_table(out / "batches.parquet").equals(
        pq.read_table(out / "tables" / "batches.parquet")
    )


def test_figures_of_an_earlier_run_are_told_as_such(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, once = (
        tmp_path / "out",
        ["label", "--site", str(heats_site(tmp_path, 80)), "--period", "2016"],
    )
    assert main([*once, "--out", str(out), "--xlsx", "--tables"]) == 0
    assert "earlier run" not in capsys.readouterr().out
    assert main([*once, "--out", str(out), "--xlsx"]) == 0
    assert (
        "These files contain an earlier run, not this one: tables/about.parquet; "
        in capsys.readouterr().out
    )
    assert main([*once, "--out", str(out), "--tables"]) == 0
    assert (
        "These files contain an earlier run, not this one: label.xlsx. Write them anew"
        in capsys.readouterr().out
    )


def test_nothing_that_a_plant_wrote_becomes_a_formula() -> None:
    names = ("=1+1", "plain", "bell\x07", None)
    sheet = openpyxl.load_workbook(
        io.BytesIO(workbook([table("names", (("name", "text"),), [(name,) for name in names])]))
    )["names"]
    assert [(cell.value, cell.data_type) for cell in sheet["A"][1:4]] == [
        ("=1+1", "s"),
        ("plain", "s"),
        ("bell\ufffd", "s"),
    ]


def test_every_column_has_a_meaning_in_both_languages(cement: Made) -> None:
    column_meanings = meanings()
    used = set()
    for exported in every(cement.result, cement.analysis):
        for column in exported.columns:
            name = (
                f"{exported.name}.{column.name}"
                if f"{exported.name}.{column.name}" in column_meanings
                else column.name
            )
            unit, text = column_meanings[name]
            assert text
            assert in_language(text, "zh") != text
            used.add(name)
            if column.kind == "number":
                assert unit, f"{exported.name}.{column.name} is a number without a unit"
    assert set(column_meanings) == used
