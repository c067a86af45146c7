"""A label certificate on paper: a firm's protected labels of one report, and how anybody checks
that they hold.
"""

from __future__ import annotations

from django.template.defaultfilters import date as date_format
from django.utils import timezone
from django.utils.translation import gettext as _
from reportlab.platypus import Flowable

from extras.sharing.certificates import CertificateView
from extras.sharing.shown import shown_report
from portal.days import scheme_day
from portal.web.papers.layout import document_of, table_of, text_of
from portal.web.words.terms import headed


def pdf(view: CertificateView, verify_at: str) -> bytes:
    """The same certificate in the same language always gives the same bytes. `verify_at` is the
    address that answers to its code.
    """
    with timezone.override(None):  # the scheme's zone, whoever prints it
        report = shown_report(view.labels)
    title = _("Label certificate: %(site)s, %(period)s") % {
        "site": report.site,
        "period": report.period,
    }
    issued = date_format(scheme_day(view.issued_at), _("j F Y"))
    parts: list[Flowable] = [
        text_of(title, "title"),
        text_of(
            _("%(firm)s · %(sector)s · issued %(day)s")
            % {"firm": report.firm, "sector": report.sector, "day": issued},
            "quiet",
        ),
        text_of(
            _(
                "These are the energy labels that the plant released in its sealed report. "
                "Anybody can check whether they are still valid"
                " at:"
            ),
            "lead",
        ),
        text_of(verify_at, "item"),
        text_of(_("Verification code: %(code)s") % {"code": view.code}, "item"),
        text_of(_("Labels"), "heading"),
        table_of(
            [_("Step"), _("Metric"), _("Best"), _("95 % interval"), _("Typical"), _("Unit")],
            [
                [row.step, row.metric, row.best, row.interval, row.typical, row.unit]
                for row in report.rows
            ],
            (5, 3, 2, 3.4, 2, 2.4),
        ),
        text_of(
            _(
                "Best is what the best runs used; half of the runs used less than typical. Random "
                "noise was added at the plant, so that"
                " no single day can be recognised. The interval contains the true best in 95 of "
                "100 cases. A label is not a yearly"
                " average."
            ),
            "body",
        ),
        *(() if view.labels.has_intervals else (text_of(_no_intervals(), "body"),)),
        text_of(_("Where it comes from"), "heading"),
        *(text_of(headed((item.title, item.text)), "body") for item in report.facts),
    ]
    return document_of(parts, title, view.code, f"{view.code} · {verify_at}")


def _no_intervals() -> str:
    return _(
        "Dashes stand for intervals that were not computed yet when the certificate was issued. "
        "The page of its code has them later."
    )
