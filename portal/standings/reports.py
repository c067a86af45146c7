"""Accepted reports with the period that each counts in, and what a site reported period by period,
for its owner and its regulator.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

from django.db.models import Q

from benchmarks.label_keys import LabelKey
from benchmarks.measurements import Period
from benchmarks.phrases import Name
from portal.accounts.models import Site, User
from portal.accounts.selectors import seen_by
from portal.catalogue.models import ReportingPeriod
from portal.intake.models import Submission, SubmissionState
from portal.standings.models import ProtectedValue, Standing, grid_of


@dataclass(frozen=True, slots=True)
class ReportView:
    """The accepted report of a site for one period."""

    id: int  # the submission's row
    period_id: int  # of the peer group's period
    site: str
    site_name: Name
    organisation: int  # the firm's row
    pack: str
    pack_version: str
    route: str
    jurisdiction: str  # path of that of the peer group
    period: str
    start: datetime
    due: datetime | None = None  # until when reports of the period are awaited


def reports_at(site: Site) -> tuple[ReportView, ...]:
    """The accepted reports of one site, oldest period first; for a caller who let the reader in."""
    return _placed(accepted(Q(site=site)))


def report_of(user: User, site: str, period: str) -> ReportView | None:
    """The accepted report of a site that the person may see."""
    return next(
        iter(_placed(accepted(seen_by(user, "site__") & Q(site__slug=site, period=period)))), None
    )


def accepted(wanted: Q) -> list[Submission]:
    """Newest period first, without what was sealed."""
    rows = (
        Submission.objects.filter(wanted, state=SubmissionState.ACCEPTED)
        .select_related("site")
        .order_by("site__slug")
    )
    columns = "period", "pack_version", *(f"site__{name}" for name in _OF_A_SITE)
    return sorted(rows.only(*columns), key=lambda row: began_and_ended(row.period), reverse=True)


@cache
def began_and_ended(period: str) -> tuple[datetime, datetime]:
    """What periods are ordered by: as texts, `2026-Q4` would come after `2026-12`."""
    parsed = Period.parse(period, UTC)
    return parsed.start, parsed.end


_OF_A_SITE = ("slug", "name", "name_zh", "organisation_id")


def _placed(rows: Iterable[Submission]) -> tuple[ReportView, ...]:
    """The reports of one site, each with its period. Where a site is in several peer groups, the
    oldest group's period counts.
    """
    by_period = {row.period: row for row in rows}
    site = next((row.site for row in by_period.values()), None)
    if site is None:
        return ()
    reports = {}
    periods = ReportingPeriod.objects.filter(
        name__in=by_period, peer_group__members__site=site
    ).select_related("peer_group__scope")
    for period in periods.order_by("-pk"):
        row, group = by_period[period.name], period.peer_group
        if row.pack_version not in (
            "",
            group.pack_version,
        ):  # another version of the pack took reports of this period, too
            continue
        reports[period.name] = ReportView(
            id=row.pk,
            period_id=period.pk,
            site=site.slug,
            site_name=site.name,
            organisation=site.organisation_id,
            pack=group.pack,
            pack_version=group.pack_version,
            route=group.route,
            jurisdiction=group.scope.path,
            period=period.name,
            start=period.start,
            due=period.due,
        )
    return tuple(sorted(reports.values(), key=lambda report: report.start))


class ReportedValue(NamedTuple):
    """The protected best in `unit`; `interval` (95 %, of the true value) is None before standings
    were computed.
    """

    value: float
    interval: tuple[float, float] | None
    unit: str
    boundary: str
    years: int


@dataclass(frozen=True, slots=True)
class ReportedPeriod:
    report: ReportView
    values: Mapping[LabelKey, ReportedValue]


_GRID = ("grid_lower", "grid_upper", "grid_width")


def history(
    reports: Sequence[ReportView], cells: Collection[LabelKey]
) -> tuple[ReportedPeriod, ...]:
    """The reports in their order, each with its values in these cells."""
    asked = {
        "submission__in": [report.id for report in reports],
        "step__in": {cell.step for cell in cells},
        "metric__in": {cell.metric for cell in cells},
    }
    period_of = {report.id: report.period_id for report in reports}
    intervals: dict[tuple[int, LabelKey], tuple[float, float]] = {}
    for placed in Standing.objects.filter(**asked).values_list(
        "period_id", "submission_id", *LabelKey._fields, "low", "high", named=True
    ):
        if placed.period_id == period_of[placed.submission_id]:
            intervals[placed.submission_id, LabelKey.of(placed)] = (placed.low, placed.high)
    values: dict[int, dict[LabelKey, ReportedValue]] = {report.id: {} for report in reports}
    rows = ProtectedValue.objects.filter(**asked).order_by("pk")
    for row in rows.values_list(
        "submission_id",
        *LabelKey._fields,
        *_GRID,
        "best_cell",
        "unit",
        "boundary",
        "years",
        named=True,
    ):
        if (cell := LabelKey.of(row)) in cells:
            best = float(
                grid_of(row.grid_lower, row.grid_upper, row.grid_width).value(row.best_cell)
            )
            interval = intervals.get((row.submission_id, cell))
            values[row.submission_id][cell] = ReportedValue(
                best, interval, row.unit, row.boundary, row.years
            )
    return tuple(ReportedPeriod(report, values[report.id]) for report in reports)
