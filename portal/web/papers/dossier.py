"""A dossier on paper: the page's own view model as PDF, so that no word can differ from the
page's.
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from reportlab.platypus import Flowable

from portal.web.papers.layout import document_of, table_of, text_of, together
from portal.web.presenters.dossier import DossierPage, DossierRow, EvidenceLine, caveats
from portal.web.words.terms import headed, one_after_another


def pdf(page: DossierPage) -> bytes:
    title = _("Dossier: %(programme)s") % {"programme": page.programme}
    parts: list[Flowable] = [
        text_of(title, "title"),
        text_of(f"{page.firm} · {page.site} ({page.slug}) · {page.day}", "quiet"),
        text_of(page.lead, "lead"),
        text_of(_("Source of the criteria: %(source)s") % {"source": page.source}, "body"),
    ]
    if page.unverified:
        parts.append(
            text_of(
                _(
                    "The criteria were not checked against the original text. Compare them with "
                    "it before you rely on them."
                ),
                "warning",
            )
        )
    rows = [
        [_asked(row), row.state.word, row.wanted.text if row.wanted else _evidence(row.evidence)]
        for row in page.rows
    ]
    parts.append(
        table_of(
            [_("Criterion"), _("State"), _("Evidence, and how to check it")], rows, (4, 1.6, 7)
        )
    )
    if page.offers:
        parts.append(text_of(_("Incentives for these criteria"), "heading"))
        offered = [
            [row.asks, row.met.word, offer.text, offer.source]
            for row in page.rows
            for offer in row.offers
        ]
        parts.append(
            table_of(
                [_("Criterion"), _("Met or not"), _("Incentive"), _("By whom, and by which act")],
                offered,
                (4, 1.6, 4, 4),
            )
        )
    meanings = [text_of(headed((item.title, item.text)), "body") for item in caveats()]
    parts.append(together(text_of(_("What the states mean"), "heading"), *meanings))
    return document_of(parts, title, page.slug, f"{page.site} · {page.programme} · {page.day}")


def _asked(row: DossierRow) -> str:
    return (
        _("%(criterion)s (%(note)s)") % {"criterion": row.asks, "note": row.note}
        if row.note
        else row.asks
    )


def _evidence(lines: tuple[EvidenceLine, ...]) -> str:
    return one_after_another(
        _("%(evidence)s. %(digest_of)s %(digest)s. %(how)s")
        % {
            "evidence": line.text,
            "digest_of": line.digest_of,
            "digest": line.digest,
            "how": line.how,
        }
        for line in lines
    )
