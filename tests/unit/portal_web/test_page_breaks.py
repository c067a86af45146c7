"""A page as PDF: where its lines break from one sheet of paper to the next."""

from __future__ import annotations

import base64
import re
import zlib

import pytest

from portal.web.papers import evaluation as evaluation_paper
from portal.web.presenters.evaluation import EvaluationPage, EvaluationSection, SectionTable

FOOT, CELLS = 1, 2  # lines of a page; cells of a row


def lines_by_page(pdf: bytes) -> list[int]:
    """How many lines of text each page of a document has, its foot left out."""
    streams = re.findall(
        rb"/ASCII85Decode /FlateDecode \].*?stream\r?\n(.*?)endstream", pdf, re.DOTALL
    )
    contents = [
        zlib.decompress(base64.a85decode(stream.strip().removesuffix(b"~>"))) for stream in streams
    ]
    return [content.count(b" Tj") - FOOT for content in contents if b" Tj" in content]


@pytest.mark.parametrize("rows", range(20, 34))
def test_a_heading_stands_on_the_page_on_which_its_table_begins(rows: int) -> None:
    table = SectionTable(
        ("Body", "Sites"), tuple((f"Body {row}", "1") for row in range(rows)), (2, 1)
    )
    sections = (
        EvaluationSection("Reports", ("All reports were accepted.",), table),
        EvaluationSection("Audits", ("Bodies and sites.",), table),
    )
    page = EvaluationPage(
        "Evaluation",
        "Cement, 2025",
        "What was reported.",
        sections,
        "From the portal's records.",
        "",
        "",
        "",
    )
    first, *_others = lines_by_page(evaluation_paper.pdf(page))
    lead, begun = 3, 2 + CELLS * (1 + rows)
    assert first <= lead + begun or first >= lead + begun + 2 + 2 * CELLS, (
        "a heading at the foot and its table overleaf"
    )
