"""The evaluation of a period on paper and as DOCX: levels of standards with their figures, and
reasons over what is left of a line.
"""

from __future__ import annotations

import io

import pytest
from django.utils import translation
from docx import Document

from benchmarks import packs
from portal.web.papers import evaluation as evaluation_paper
from portal.web.presenters.evaluation import (
    EvaluationPage,
    EvaluationSection,
    SectionTable,
    _step,
    levels_section,
)
from portal.web.presenters.ladders import TotalsDisplay
from portal.web.words.terms import Names
from tests.unit.portal_web.test_heat_of_variants import BOTH, label
from tests.unit.portal_web.test_levels import CURVE, in_force


def test_levels_stand_with_unit_interval_source_and_what_they_are_not() -> None:
    section = levels_section(in_force("blast-furnace", CURVE))
    assert section.table is not None
    assert [row[1] for row in section.table.rows] == ["361 kgce/t", "370 kgce/t", "415 kgce/t"]
    assert {row[2:4] for row in section.table.rows} == {("366 kgce/t", "364 to 368")}
    assert all(row[5] for row in section.table.rows), "each with its standard"
    assert "is not a grade of any plant" in section.lines[0]
    assert "version 1" in section.lines[1]
    assert levels_section(in_force("blast-furnace", CURVE, unit="MJ/t")).table is None, (
        "units that differ are not compared"
    )


def test_rows_of_one_step_say_which_variant_their_figures_are_of() -> None:
    shown = TotalsDisplay(
        Names.of("cement", packs.load("cement").version),
        "dry-process",
    )
    heads = [_step(step, shown)[:3] for step in label(BOTH).cells]
    assert heads[1:] == [
        ("Clinker burning (grey clinker)", "heat", "2,900"),
        ("Clinker burning (white and special clinker)", "heat", "5,000"),
    ]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_both_papers_hold_a_row_that_ends_in_its_reason(language: str) -> None:
    rows = (("Kiln", "76.1", "kgce/t"), ("Mill 水泥磨", "held back: too few firms"))
    table = SectionTable(("Step", "Best", "Unit"), rows, (2, 1, 1))
    assert table.headed[1] == (("Step", "Mill 水泥磨", 1), ("Best", "held back: too few firms", 2))
    page = EvaluationPage(
        "Evaluation 评估",
        "China",
        "Two steps.",
        (EvaluationSection("Published steps", ("A line.",), table),),
        "The record.",
        "",
        "",
        "named",
    )
    with translation.override(language):
        pdf, docx = evaluation_paper.pdf(page), evaluation_paper.docx(page)
    assert pdf.startswith(b"%PDF")
    assert len(pdf) > 2000
    document = Document(io.BytesIO(docx))
    assert [paragraph.text for paragraph in document.paragraphs] == [
        "Evaluation 评估",
        "China",
        "Two steps.",
        "Published steps",
        "A line.",
        "The record.",
    ]
    (read,) = document.tables
    assert [[cell.text.strip() for cell in row.cells] for row in read.rows] == [
        ["Step", "Best", "Unit"],
        ["Kiln", "76.1", "kgce/t"],
        ["Mill 水泥磨", "held back: too few firms", "held back: too few firms"],
    ]
