"""How a PDF of the portal is laid out: the paragraphs, tables and sections that it is made of, page numbers, fonts.

Latin text is set in Bitstream Vera, which is embedded and has the true minus; Chinese in STSong-Light, which PDF readers bring, and so are
the Greek, Cyrillic and numbered letters that a Chinese font has and Vera does not. Latin letters beyond those of western Europe (ę, ř, ț)
are in neither.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Table, TableStyle

from benchmarks.catalogue import tag

LATIN, BOLD, CHINESE = "Vera", "VeraBd", "STSong-Light"
INK, QUIET, LINE, PINE = HexColor("#16202a"), HexColor("#52606b"), HexColor("#d5dbdf"), HexColor("#0f4c5c")
MARGIN = 18 * mm
PADDING = 6  # points, of the frame that reportlab puts the text into
WIDTH = A4[0] - 2 * MARGIN - 2 * PADDING
HEIGHT = A4[1] - 2 * MARGIN
ROWS_BELOW_A_HEADING = 22 * mm  # of a table: its head and two rows
_OF_GB_2312 = r"\u0391-\u03a8\u03b1-\u03bf\u03c1-\u03c9\u0401\u0410-\u044f\u0451\u2160-\u216b\u2170-\u2179\u2460-\u2469\u2474-\u249b"
_HAN = re.compile(rf"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef{_OF_GB_2312}]+")


def document_of(parts: list[Flowable], title: str, subject: str, foot: str) -> bytes:
    """Parts of a page made with `text_of` and `table_of` as PDF; the same parts always give the same bytes."""
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN + 6 * mm,
        title=title,
        author="Steplabel",
        subject=subject,
        lang=tag(get_language() or "en"),
        displayDocTitle=1,
        invariant=1,
    )

    def canvas(*args: Any, **kwargs: Any) -> _Numbered:
        return _Numbered(*args, foot=foot, **kwargs)

    document.build(parts, canvasmaker=canvas)
    return out.getvalue()


def table_of(heads: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]) -> Table:
    """Cells wrap; a row that is shorter than the head spans what is left with its last cell."""
    spans = [("SPAN", (len(row) - 1, index), (-1, index)) for index, row in enumerate(rows, 1) if len(row) < len(heads)]
    filled = [[*(text_of(cell, "cell") for cell in row), *[""] * (len(heads) - len(row))] for row in rows]
    unit = WIDTH / sum(widths)
    table = Table(
        [[text_of(head, "head") for head in heads], *filled], colWidths=[unit * width for width in widths], repeatRows=1, hAlign="LEFT"
    )
    table.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 6),
                ("TOPPADDING", (0, 0), (-1, -1), 3),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
                *spans,
            ]
        )
    )
    return table


class _Numbered(Canvas):  # type: ignore[misc] # reportlab ships no types
    """A canvas that knows how many pages there are before it writes the foot of the first."""

    def __init__(self, *args: Any, foot: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._foot = foot
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for index, page in enumerate(self._pages, 1):
            self.__dict__.update(page)
            counted = _("Page %(n)s of %(all)s") % {"n": index, "all": len(self._pages)}
            unbroken = counted.replace(" ", "\u00a0")
            foot = text_of(f"{self._foot} · {unbroken}", "foot")
            _width, height = foot.wrap(WIDTH, 20 * mm)
            foot.drawOn(self, MARGIN + PADDING, MARGIN - height / 2)
            super().showPage()
        super().save()


def together(*parts: Flowable) -> Flowable:
    """Short parts that stand on one page, so that no closing line is alone on the last."""
    return KeepTogether(list(parts))


def headed(title: str, lines: Sequence[str], *tables: Table) -> list[Flowable]:
    """A section whose heading and lines stand on the page on which its table begins."""
    above = [text_of(title, "heading"), *(text_of(line, "body") for line in lines)]
    height = sum(part.wrap(WIDTH, HEIGHT)[1] + part.getSpaceBefore() + part.getSpaceAfter() for part in above)
    return [CondPageBreak(min(height + ROWS_BELOW_A_HEADING, HEIGHT / 2)), *above, *tables]


def text_of(text: str, style: str) -> Paragraph:
    """A paragraph in one of the styles below."""
    return Paragraph(_set(text), _styles(chinese=_chinese())[style])


def _set(text: str) -> str:
    """The text as markup, with Chinese characters in a font that has them, whatever the language of the page."""
    return _HAN.sub(lambda matched: f'<font name="{CHINESE}">{matched[0]}</font>', escape(str(text)))


def _chinese() -> bool:
    return (get_language() or "").startswith("zh")


@cache
def _fonts() -> None:
    pdfmetrics.registerFont(TTFont(LATIN, "Vera.ttf"))
    pdfmetrics.registerFont(TTFont(BOLD, "VeraBd.ttf"))
    pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))


@cache
def _styles(*, chinese: bool) -> dict[str, ParagraphStyle]:
    _fonts()

    def style(size: float, font: str = LATIN, **more: Any) -> ParagraphStyle:
        wrap = "CJK" if chinese else None
        return ParagraphStyle(
            "",
            fontName=font,
            fontSize=size,
            leading=size * 1.4,
            textColor=more.pop("textColor", INK),
            wordWrap=wrap,
            allowWidows=0,
            allowOrphans=0,
            **more,
        )

    return {
        "title": style(17, BOLD, spaceAfter=2),
        "quiet": style(9, textColor=QUIET, spaceAfter=8),
        "warning": style(10, BOLD, borderColor=INK, borderWidth=1.2, borderPadding=5, spaceBefore=4, spaceAfter=12),
        "lead": style(12, spaceAfter=10),
        "heading": style(12, BOLD, spaceBefore=12, spaceAfter=4, keepWithNext=1, textColor=PINE),
        "item": style(9, BOLD, spaceBefore=6, spaceAfter=1, keepWithNext=1),
        "body": style(9, spaceBefore=3, spaceAfter=2),
        "head": style(8, BOLD),
        "cell": style(8.5),
        "foot": style(7.5, textColor=QUIET),
    }
