"""An attestation on paper, with the code under which anybody sees how it stands today. The same
statement that stands as it did gives the same bytes.
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.units import mm
from reportlab.platypus import Flowable

from portal.web.papers.layout import document_of, table_of, text_of
from portal.web.viewmodels.assurance import AttestationPage

QR = 28 * mm


def certificate_pdf(page: AttestationPage, address: str) -> bytes:
    """`address` is where the code is checked: on the paper in words, and as a square to be
    photographed.
    """
    parts: list[Flowable] = [
        text_of(page.title, "title"),
        text_of(_("Code %(code)s") % {"code": page.code}, "quiet"),
    ]
    if page.withdrawal is not None:
        values = {"day": page.withdrawal.title, "reason": page.withdrawal.text}
        parts.append(text_of(_("Withdrawn on %(day)s. Reason: %(reason)s") % values, "warning"))
    if page.warning:
        parts.append(text_of(page.warning, "warning"))
    parts.append(text_of(f"{page.state.word} · {page.opinion}", "lead"))
    parts.append(table_of(["", ""], [[item.title, item.text] for item in page.facts], (2, 5)))
    parts.append(text_of(_("How to check this certificate"), "heading"))
    parts.append(
        text_of(
            _(
                "This paper shows the state on the day it was printed. For the current state, see "
                "%(address)s"
            )
            % {"address": address},
            "body",
        )
    )
    parts.append(_square(address))
    parts.append(table_of(["", ""], [[item.title, item.text] for item in page.proof], (2, 5)))
    return document_of(parts, title=page.title, subject=page.code, foot=address)


def _square(address: str) -> Drawing:
    code = QrCodeWidget(address)
    x, y, right, top = code.getBounds()
    drawing = Drawing(QR, QR, transform=[QR / (right - x), 0, 0, QR / (top - y), 0, 0])
    drawing.add(code)
    return drawing
