"""Incentives that sites were given, with the evidence behind each, and which were entered in
error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.assurance.incentives import AmountCorrection, IncentiveView
from portal.web.lists.tables import paged
from portal.web.viewmodels.shared import Crumb
from portal.web.viewmodels.tables import PageRange
from portal.web.words.terms import period_name, sentence_space, shown_name


@dataclass(frozen=True, slots=True)
class IncentiveRow:
    site: str
    scheme: str
    amount: str
    evidence: str
    report: (
        str  # which report of the site the evidence is, or that nothing on record has this digest
    )
    by: str
    at: datetime
    corrected: AmountCorrection | None
    error: str  # what is wrong, why, and what is right; empty where nothing is
    correct_url: str  # empty where the reader recorded it or its newest correction


@dataclass(frozen=True, slots=True)
class IncentivesPage:
    rows: tuple[IncentiveRow, ...]
    matches: int
    total: str
    sites: int
    pages: PageRange | None
    export_url: str


COLUMNS = (
    *(
        "site",
        "scheme",
        "amount_yuan",
        "evidence_sha256",
        "report_period",
        "recorded_by",
        "recorded_at",
    ),
    *("counted_yuan", "corrected_because", "corrected_by", "corrected_at"),
)


def incentives_page(
    views: Sequence[IncentiveView], query: QueryDict, *, reads: int
) -> IncentivesPage:
    """`reads`: the person, who marks no record or correction of their own."""
    here, pages = paged(views, query)
    return IncentivesPage(
        rows=tuple(
            IncentiveRow(
                site=shown_name(incentive.site_name),
                scheme=incentive.scheme,
                amount=f"{incentive.amount:,.2f}",
                evidence=incentive.evidence,
                report=_evidence(incentive),
                by=incentive.recorded_by,
                at=incentive.recorded_at,
                corrected=incentive.corrected,
                error=correction_in_words(incentive.corrected),
                correct_url=""
                if reads in incentive.barred
                else reverse("web:correct-incentive", args=[incentive.pk]),
            )
            for incentive in here
        ),
        matches=len(views),
        total=f"{sum(incentive.counted for incentive in views):,.0f}",
        sites=len({incentive.site for incentive in views if incentive.counted}),
        pages=pages,
        export_url=reverse("web:incentives-csv"),
    )


def correction_in_words(correction: AmountCorrection | None) -> str:
    if correction is None:
        return ""
    if correction.amount is None:
        return _("Entered in error: nothing was given. Reason: %(reason)s") % {
            "reason": correction.reason
        }
    facts = {"amount": f"{correction.amount:,.2f}", "reason": correction.reason}
    return _("Entered in error: %(amount)s yuan are right. Reason: %(reason)s") % facts


def what_is_recorded(view: IncentiveView) -> str:
    facts = {
        "site": shown_name(view.site_name),
        "scheme": view.scheme,
        "amount": f"{view.amount:,.2f}",
        "by": view.recorded_by,
    }
    parts = (
        _("%(site)s, %(scheme)s: %(amount)s yuan, recorded by %(by)s.") % facts,
        correction_in_words(view.corrected),
        _(
            "The record stays readable with your reason. In sums the right amount counts, or "
            "nothing."
        ),
    )
    return sentence_space().join(part for part in parts if part)


def crumbs() -> tuple[Crumb, ...]:
    return (Crumb(_("Incentives"), reverse("web:incentives")),)


def _evidence(incentive: IncentiveView) -> str:
    if incentive.period:
        return _("its report of %(period)s") % {"period": period_name(incentive.period)}
    return (
        ""
        if incentive.on_record
        else _("a document kept elsewhere: nothing on record here has this digest")
    )


def incentives_table(
    views: Sequence[IncentiveView],
) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    return COLUMNS, (
        (
            incentive.site,
            incentive.scheme,
            f"{incentive.amount:.2f}",
            incentive.evidence,
            incentive.period,
            incentive.recorded_by,
            incentive.recorded_at.isoformat(),
            f"{incentive.counted:.2f}",
            *_columns_of(incentive.corrected),
        )
        for incentive in views
    )


def _columns_of(correction: AmountCorrection | None) -> tuple[str, ...]:
    return (
        ("", "", "")
        if correction is None
        else (correction.reason, correction.by, correction.at.isoformat())
    )
