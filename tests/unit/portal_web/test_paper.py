"""A version on paper: the page's own figures, in both languages, with language, title, page numbers
and how it is cited.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.utils import translation
from reportlab.pdfbase import pdfmetrics

from benchmarks import catalogue, packs
from benchmarks.explanation.shown_limits import shown_limits
from portal.publication.codebook import CODEBOOK
from portal.publication.document import CSV_FIELDS
from portal.web.areas import Section
from portal.web.papers import layout
from portal.web.papers import version as paper
from portal.web.presenters.benchmarks import lead_of
from portal.web.presenters.curves import spread_of
from portal.web.presenters.ladders import ladder_of
from portal.web.presenters.methods import table_of
from portal.web.viewmodels.benchmarks import BenchmarkPage, VersionWithdrawal
from portal.web.viewmodels.listed import TableCell
from portal.web.viewmodels.shared import HeadlineFigure, Item
from tests.unit.portal_web.test_curve import QUARTILES, label
from tests.unit.portal_web.test_ladder_page import display

DIGEST = 32 * "ab"


def page(**changed: Any) -> BenchmarkPage:
    composed, shown = label((), (), QUARTILES), display()
    benchmark = BenchmarkPage(
        title="水泥" if shown.names.sector.startswith("水") else "Cement",
        period="2025",
        sector=shown.names.sector,
        sector_url="",
        scope="China",
        version=2,
        erratum=None,
        published=date(2026, 6, 30),
        lead=lead_of(composed, shown),
        figures=(HeadlineFigure("Industry label", "76.1", "kgce/t", "95 % interval 75.6 to 76.6"),),
        ladder=ladder_of(composed, shown),
        added=(),
        references=None,
        spread=spread_of(composed, shown),
        no_limits="No limit was in force.",
        not_held="",
        rule="The mean of the best five.",
        verified="",
        method_url="",
        noise="",
        explanation=(Item("Sample", "34 firms.\nRuns of one day."),),
        versions=(),
        downloads=(),
        citation="Steplabel (2026). Industry label, Cement, 2025, version 2.",
        citations=(),
        digest=DIGEST,
        address="https://portal.example/benchmarks/cement/cn/dry-process/2025/v2/",
        withdrawal=None,
        superseded_by="",
    )
    return replace(benchmark, **changed)


def texts(of: BenchmarkPage) -> str:
    """Every text of the story, tables too, without its marks."""
    lines: list[str] = []
    for part in paper.story(of):
        cells = (
            [cell for row in part._cellvalues for cell in row]
            if hasattr(part, "_cellvalues")
            else [part]
        )
        lines += [re.sub(r"<[^>]*>", "", cell.text) for cell in cells if hasattr(cell, "text")]
    return "\n".join(lines)


def test_every_figure_of_ladder_and_curve_stands_on_the_paper() -> None:
    benchmark = page()
    content = texts(benchmark)
    for row in (*benchmark.ladder.rows, benchmark.ladder.total):
        assert all(
            text in content
            for text in (
                (row.hidden,) if row.hidden else (row.best, row.best_interval, row.typical)
            )
        )
    for point in benchmark.spread.curves[0].rows:
        assert point.value in content
        assert point.interval in content
    assert "Runs of one day." in content
    assert DIGEST in content
    assert benchmark.address in content
    assert "\u22120.9" in content  # a true minus


def test_every_limit_stands_on_the_paper_with_all_its_levels() -> None:
    shown = display()
    pack, day = packs.load("cement"), date(2025, 12, 31)
    limits = shown_limits(pack, pack.routes[0], day)
    content = texts(page(ladder=ladder_of(label((), (), QUARTILES), shown, limits)))
    assert limits
    assert "100 · 107 · 117 kgce/t" in content
    assert all(limit.standard in content and limit.words.en in content for limit in limits)


def test_what_an_extra_adds_stands_on_the_paper_with_its_table_and_source() -> None:
    why = Section("Who the best firms are", "That takes 151 firms.")
    content = texts(page(added=(why,)))
    assert content.count("Who the best firms are") == content.count("That takes 151 firms.") == 1
    heads = ("Step", "Trait", "Class", "Of the best firms")
    cells = (
        TableCell("Grinding", note="total"),
        TableCell("Region"),
        TableCell("Hebei"),
        TableCell("12 of 20 (60 %)"),
    )
    table = table_of("By trait", heads, (cells,), "")
    told = Section("Who they are", "The best firms are those.", table, "Entry 7 of the log.")
    for words in ("Grinding (total)", "Hebei", "12 of 20 (60 %)", heads[3], told.source):
        assert words in texts(page(added=(told,)))


def test_the_first_sentence_is_written_as_it_reads_whatever_a_product_is_called() -> None:
    benchmark = page()
    named = replace(
        benchmark,
        lead=replace(benchmark.lead, amount='a tonne of "iron & steel" for kiln\'s < 2 t'),
    )
    assert 'a tonne of "iron & steel" for kiln\'s < 2 t' in paper.lead_text(named)


def test_a_withdrawn_version_says_so_with_its_reason() -> None:
    assert "counted twice" not in texts(page())
    assert "Withdrawn 2026-07-01. Reason: A kiln was counted twice." in texts(
        page(withdrawal=VersionWithdrawal(date(2026, 7, 1), "A kiln was counted twice.", ""))
    )


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_file_has_language_title_and_page_numbers_and_is_always_the_same(language: str) -> None:
    with translation.override(language):
        benchmark = page()
        document, again = (
            paper.pdf(benchmark, benchmark.citation),
            paper.pdf(benchmark, benchmark.citation),
        )
    assert document == again
    assert document.startswith(b"%PDF-1.")
    assert f"/Lang ({'zh-Hans' if language == 'zh-hans' else 'en'})".encode() in document
    assert b"/DisplayDocTitle true" in document
    assert (b"WenQuanYiMicroHei" in document) == (language == "zh-hans")
    assert b"DejaVuSans" in document


def test_chinese_in_an_english_document_has_a_font_that_knows_it() -> None:
    assert b"WenQuanYiMicroHei" in paper.pdf(page(rule="新增两家企业"), "cited")


def test_a_long_explanation_runs_over_several_pages() -> None:
    long = page(
        explanation=(Item("Sample", "\n".join(["A line of the sample that is not short."] * 200)),)
    )
    assert (
        paper.pdf(long, "cited").count(b"/Type /Page\n")
        + paper.pdf(long, "cited").count(b"/Type /Page ")
        > 3
    )


def test_the_codebook_names_every_column_of_the_csv_in_its_order() -> None:
    assert tuple(column.name for column in CODEBOOK) == CSV_FIELDS
    assert all(
        column.meaning
        and re.search(r"[\u4e00-\u9fff]", catalogue.in_language(column.meaning, "zh"))
        for column in CODEBOOK
    )


@pytest.mark.parametrize(
    "name",
    [
        "Huta Częstochowa",
        "Górażdże",
        "Třinecké železárny",
        "Oțelul Galați",
        "İskenderun Demir ve Çelik",
        "Gang thép Thái Nguyên, Lưu Xá",
        "Северсталь",
        "Запоріжсталь",
        "Χαλυβουργία Ελλάδος",
        "炼钢Ⅱ厂",
        "①号窑",
        "⑴号窑",
        "㙟䶮、“钢”，（厂）",
        "CO₂ · 10 Ω · µm · ≤ 3",
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_no_letter_of_a_name_is_lost_that_one_of_the_fonts_has(name: str, language: str) -> None:
    with translation.override(language):
        parts = layout.text_of(name, "title").frags
    faces = [(part.text, pdfmetrics.getFont(part.fontName).face) for part in parts]
    assert not [
        letter
        for text, face in faces
        for letter in text
        if ord(letter) not in getattr(face, "charToGlyph", {ord(rare) for rare in "㙟䶮"})
    ]
