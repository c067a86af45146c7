"""Incentives that sites were given, with the evidence behind each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.assurance.incentives import IncentiveView
from portal.web.tables import paged
from portal.web.viewmodels.tables import Pages
from portal.web.words import period_name, shown_name


@dataclass(frozen=True, slots=True)
class IncentiveRow:
    site: str
    scheme: str
    amount: str
    evidence: str
    report: str  # which report of the site the evidence is, or that nothing on record has this digest
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class IncentivesPage:
    rows: tuple[IncentiveRow, ...]
    found: int
    total: str
    sites: int
    pages: Pages | None
    export_url: str


COLUMNS = ("site", "scheme", "amount_yuan", "evidence_sha256", "report_period", "recorded_by", "recorded_at")


def incentives_page(views: Sequence[IncentiveView], query: QueryDict) -> IncentivesPage:
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
            )
            for incentive in here
        ),
        found=len(views),
        total=f"{sum(incentive.amount for incentive in views):,.0f}",
        sites=len({incentive.site for incentive in views}),
        pages=pages,
        export_url=reverse("web:incentives-csv"),
    )


def _evidence(incentive: IncentiveView) -> str:
    if incentive.period:
        return _("its report of %(period)s") % {"period": period_name(incentive.period)}
    return "" if incentive.known else _("a document kept elsewhere: nothing on record here has this digest")


def incentives_table(views: Sequence[IncentiveView]) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    return COLUMNS, (
        (
            incentive.site,
            incentive.scheme,
            f"{incentive.amount:.2f}",
            incentive.evidence,
            incentive.period,
            incentive.recorded_by,
            incentive.recorded_at.isoformat(),
        )
        for incentive in views
    )
