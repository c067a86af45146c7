"""How a PDF of the portal is laid out: the paragraphs, tables and sections that it is made of, page
numbers, fonts.

Text is set in DejaVu Sans, which has the Latin, Greek and Cyrillic letters of every name in Europe
and the true minus; Chinese in WenQuanYi Micro Hei. A file embeds the letters that it uses, so it
reads the same on a machine that has no Chinese font, and in an archive. Rare characters that
neither has are set in STSong-Light, which most PDF readers bring.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
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
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Table,
    TableStyle,
)

from benchmarks.catalogue import tag

LATIN, BOLD, CHINESE, RARE = "DejaVuSans", "DejaVuSans-Bold", "WenQuanYiMicroHei", "STSong-Light"
_FONTS = Path(__file__).parent / "fonts"
INK, QUIET, LINE, PINE = (
    HexColor("#16202a"),
    HexColor("#52606b"),
    HexColor("#d5dbdf"),
    HexColor("#0f4c5c"),
)
MARGIN = 18 * mm
PADDING = 6  # points, of the frame that reportlab puts the text into
WIDTH = A4[0] - 2 * MARGIN - 2 * PADDING
HEIGHT = A4[1] - 2 * MARGIN
ROWS_BELOW_A_HEADING = 22 * mm  # of a table: its head and two rows
_HAN = re.compile(
    r"(?P<rare>[\u3400-\u4dbf]+)|[\u2474-\u249b\u2e80-\u33ff\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef]+"
)


def document_of(parts: list[Flowable], title: str, subject: str, foot: str) -> bytes:
    """Parts of a page made with `text_of` and `table_of` as PDF; the same parts always give the
    same bytes.
    """
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
    spans = [
        ("SPAN", (len(row) - 1, index), (-1, index))
        for index, row in enumerate(rows, 1)
        if len(row) < len(heads)
    ]
    filled = [
        [*(text_of(cell, "cell") for cell in row), *[""] * (len(heads) - len(row))] for row in rows
    ]
    unit = WIDTH / sum(widths)
    table = Table(
        [[text_of(head, "head") for head in heads], *filled],
        colWidths=[unit * width for width in widths],
        repeatRows=1,
        hAlign="LEFT",
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
    height = sum(
        part.wrap(WIDTH, HEIGHT)[1] + part.getSpaceBefore() + part.getSpaceAfter() for part in above
    )
    return [CondPageBreak(min(height + ROWS_BELOW_A_HEADING, HEIGHT / 2)), *above, *tables]


def text_of(text: str, style: str) -> Paragraph:
    """A paragraph in one of the styles below."""
    return Paragraph(_set(text), _styles(chinese=_chinese())[style])


def _set(text: str) -> str:
    """The text as markup, with Chinese characters in a font that has them, whatever the language of
    the page.
    """
    return _HAN.sub(
        lambda run: f'<font name="{RARE if run["rare"] else CHINESE}">{run[0]}</font>',
        escape(str(text)),
    )


def _chinese() -> bool:
    return (get_language() or "").startswith("zh")


@cache
def _fonts() -> None:
    for name, file in (
        (LATIN, "DejaVuSans.ttf"),
        (BOLD, "DejaVuSans-Bold.ttf"),
        (CHINESE, "WenQuanYiMicroHei.ttc"),
    ):
        pdfmetrics.registerFont(TTFont(name, _FONTS / file))
    pdfmetrics.registerFont(UnicodeCIDFont(RARE))


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
        "warning": style(
            10,
            BOLD,
            borderColor=INK,
            borderWidth=1.2,
            borderPadding=5,
            spaceBefore=4,
            spaceAfter=12,
        ),
        "lead": style(12, spaceAfter=10),
        "heading": style(12, BOLD, spaceBefore=12, spaceAfter=4, keepWithNext=1, textColor=PINE),
        "item": style(9, BOLD, spaceBefore=6, spaceAfter=1, keepWithNext=1),
        "body": style(9, spaceBefore=3, spaceAfter=2),
        "head": style(8, BOLD),
        "cell": style(8.5),
        "foot": style(7.5, textColor=QUIET),
    }
