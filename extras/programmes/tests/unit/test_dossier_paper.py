"""A dossier on paper: what stands beside each other in a cell is parted as the reader's language
parts it.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from extras.programmes import dossier_shown as paper
from extras.programmes.dossier_shown import DossierPage, DossierRow, EvidenceLine
from portal.web.papers import layout
from portal.web.viewmodels.shared import StateWord
from tests.unit.portal_web.test_page_breaks import lines_by_page


@pytest.mark.parametrize(
    ("language", "cells"),
    [
        ("en", ["Grade (of 2025)", "Met", "Report. SHA-256 ab. Ask; Statement. SHA-256 cd. Open"]),
        (
            "zh-hans",
            ["Grade（of 2025）", "Met", "Report。SHA-256 ab。Ask；Statement。SHA-256 cd。Open"],
        ),
    ],
)
def test_evidence_is_parted_as_the_language_parts_it(
    language: str, cells: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    met = StateWord("Met", "ok")
    lines = (
        EvidenceLine("Report", "SHA-256", "ab", "Ask"),
        EvidenceLine("Statement", "SHA-256", "cd", "Open"),
    )
    row = DossierRow("grade", "Grade", "of 2025", met, lines, (), met, None)
    page = DossierPage(
        "Works",
        "works-1",
        "Firm",
        "Programme",
        "p",
        "An act",
        False,
        "2026",
        "All are met.",
        (row,),
        False,
        (),
        "",
        "",
    )
    written: list[list[str]] = []

    def table_of(heads: list[str], rows: list[list[str]], widths: tuple[float, ...]) -> Any:
        written.extend(rows)
        return layout.table_of(heads, rows, widths)

    monkeypatch.setattr(paper, "table_of", table_of)
    with translation.override(language):
        assert paper.dossier_pdf(page).startswith(b"%PDF")
    assert written == [cells]


@pytest.mark.parametrize("rows", range(20, 34))
def test_the_last_page_of_a_dossier_holds_more_than_a_line_or_two(rows: int) -> None:
    met = StateWord("Met", "ok")
    asked = tuple(
        DossierRow(str(row), f"Criterion {row}", "", met, (), (), met, None) for row in range(rows)
    )
    page = DossierPage(
        "Works",
        "works-1",
        "Firm",
        "Programme",
        "p",
        "An act",
        False,
        "2026",
        "All are met.",
        asked,
        False,
        (),
        "",
        "",
    )
    assert min(lines_by_page(paper.dossier_pdf(page))) > 2
