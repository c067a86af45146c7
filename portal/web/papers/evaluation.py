"""An evaluation of a period as PDF and as DOCX, of the page's own view model: no figure can differ
from the page's.
"""

from __future__ import annotations

import io
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from reportlab.platypus import Flowable

from portal.web.papers.layout import document_of, headed, table_of, text_of
from portal.web.presenters.evaluation import EvaluationPage, SectionTable

CHINESE_FONT = (
    "SimSun"  # of the reader's own office program; a document names it and embeds nothing
)


def pdf(page: EvaluationPage) -> bytes:
    parts: list[Flowable] = [
        text_of(page.title, "title"),
        text_of(page.caption, "quiet"),
        text_of(page.lead, "lead"),
    ]
    for section in page.sections:
        filled = [section.table] if section.table is not None and section.table.rows else []
        parts += headed(
            section.title,
            section.lines,
            *(table_of(table.heads, table.rows, table.widths) for table in filled),
        )
    parts.append(text_of(page.basis, "quiet"))
    return document_of(parts, page.title, page.caption, page.title)


def docx(page: EvaluationPage) -> bytes:
    """For who goes on writing in it: headings are styles, tables are tables."""
    from docx import Document
    from docx.oxml.ns import qn

    document = Document()
    normal = document.styles["Normal"]
    normal.font.name = "Calibri"
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), CHINESE_FONT)
    document.core_properties.title = page.title
    document.core_properties.author = "Steplabel"
    document.add_heading(page.title, level=1)
    document.add_paragraph(page.caption)
    document.add_paragraph(page.lead)
    for section in page.sections:
        document.add_heading(section.title, level=2)
        for line in section.lines:
            document.add_paragraph(line)
        if section.table is not None and section.table.rows:
            _table(document, section.table)
    document.add_paragraph(page.basis)
    out = io.BytesIO()
    document.save(out)
    return _undated(out.getvalue())


def _undated(packed: bytes) -> bytes:
    """The same bytes whenever it is made: nothing but what it says tells one from another."""
    out = io.BytesIO()
    with ZipFile(io.BytesIO(packed)) as archive, ZipFile(out, "w", ZIP_DEFLATED) as same:
        for name in archive.namelist():
            same.writestr(ZipInfo(name), archive.read(name), ZIP_DEFLATED)
    return out.getvalue()


def _table(document: Any, section: SectionTable) -> None:
    table = document.add_table(rows=1, cols=len(section.heads), style="Light Grid Accent 1")
    for cell, head in zip(table.rows[0].cells, section.heads, strict=True):
        cell.text = head
    for row in section.rows:
        cells = table.add_row().cells
        for cell, text in zip(cells, row, strict=False):
            cell.text = text
        if len(row) < len(
            section.heads
        ):  # why a value is held back stands over what is left of the line
            cells[len(row) - 1].merge(cells[-1])
