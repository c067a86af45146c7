"""A dossier on paper: what stands beside each other in a cell is parted as the reader's language
parts it.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from portal.web.papers import dossier as paper
from portal.web.papers import layout
from portal.web.presenters.dossier import DossierPage, DossierRow, EvidenceLine
from portal.web.viewmodels.shared import StateWord


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
        assert paper.pdf(page).startswith(b"%PDF")
    assert written == [cells]
