"""Reading where a site stands, and the protected values that it released: for its owner and the
regulator of its jurisdiction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, QuerySet

from benchmarks.label_keys import LabelKey
from benchmarks.route_ranking import WHOLE_ROUTE, tells
from portal.accounts.models import Site, User
from portal.accounts.selectors import visible_sites
from portal.intake.models import Submission
from portal.plain_views import view_of
from portal.standings.models import ProtectedValue, Standing
from portal.standings.reports import ReportView, accepted, report_of


@dataclass(frozen=True, slots=True)
class StepStandingView:
    """One site in one cell, in `unit`; everything from `estimate` on is None where standings have
    not been computed yet.
    """

    step: str
    product: str
    variant: str
    metric: str
    unit: str
    value: float  # the protected best, as released
    typical: float | None  # the protected typical value, as released; None over the whole route
    estimate: float | None  # where the true value lies given all participants
    interval: tuple[float, float] | None  # 95 %, of the true value
    rank_interval: tuple[int, int] | None  # 1 is the least energy
    band: int | None  # quarter 1 to 4, None where it cannot be told from another
    of: int | None
    years: int  # that the value covers, the last of them the period's
    score: tuple[int, int] | None = (
        # 95 %, percentile among all firms of the kind, 100 the least energy; None of few sites
        None
    )


@dataclass(frozen=True, slots=True)
class ProtectedValueView:
    """What the site itself released, as the portal holds it."""

    step: str
    product: str
    variant: str
    metric: str
    unit: str
    best: float
    typical: float
    count_class: int
    years: int
    months: int | None  # in which five valid batches began, where that is not all of its time


@dataclass(frozen=True, slots=True)
class StandView:
    """A site's standing in one period."""

    report: ReportView
    computed_at: (
        datetime | None
    )  # None: standings have not been computed since the submission was accepted
    steps: tuple[StepStandingView, ...]
    route: StepStandingView | None = (
        # by the site's own sum of ratio x step best; None where a step lacks, or too few firms have
        # all
        None
    )


def where_we_stand(user: User, site: str, period: str) -> StandView | None:
    """The standing of an own (or regulated) site; None where there is none or it is not theirs to
    see.
    """
    report = report_of(user, site, period)
    return None if report is None else standing_of(report)


class NewestReport(NamedTuple):
    """The newest accepted report of a site, with its standing over the whole route."""

    period: str
    route: StepStandingView | None


def newest_of(sites: Collection[Site]) -> Mapping[int, NewestReport]:
    """By the sites' rows; for a caller who let the reader in."""
    newest = {row.site_id: row for row in reversed(accepted(Q(site__in=sites)))}
    placed = {
        row.submission_id: _route(row)
        for row in Standing.objects.filter(
            step=WHOLE_ROUTE, submission__in=[row.pk for row in newest.values()]
        )
    }
    return {site: NewestReport(row.period, placed.get(row.pk)) for site, row in newest.items()}


def standing_of(report: ReportView) -> StandView:
    """The same for a report that the person was given (`portal.standings.reports`)."""
    placed = {
        LabelKey.of(row): row
        for row in Standing.objects.filter(period=report.period_id, submission=report.id)
    }
    values = ProtectedValue.objects.filter(submission=report.id).order_by("pk")
    steps = tuple(_step(value, placed.get(LabelKey.of(value))) for value in values)
    route = next((_route(row) for row in placed.values() if row.step == WHOLE_ROUTE), None)
    return StandView(
        report, max((row.computed_at for row in placed.values()), default=None), steps, route
    )


def _route(row: Standing) -> StepStandingView:
    """Without rank and score where they would say nothing (`route_ranking.tells`)."""
    ranks = (row.rank_low, row.rank_high)
    told = tells(ranks, row.of)
    return view_of(
        StepStandingView,
        row,
        typical=None,
        interval=(row.low, row.high),
        rank_interval=ranks if told else None,
        band=row.band if told else None,
        score=_score(row) if told else None,
        years=1,
    )


def _step(value: ProtectedValue, standing: Standing | None) -> StepStandingView:
    return view_of(
        StepStandingView,
        value,
        value=value.best,
        estimate=standing.estimate if standing else None,
        interval=(standing.low, standing.high) if standing else None,
        rank_interval=(standing.rank_low, standing.rank_high) if standing else None,
        band=standing.band if standing else None,
        of=standing.of if standing else None,
        score=_score(standing),
    )


def _score(standing: Standing | None) -> tuple[int, int] | None:
    if standing is None or standing.score_low is None or standing.score_high is None:
        return None
    return standing.score_low, standing.score_high


def released_values(user: User, digest: str) -> tuple[ProtectedValueView, ...]:
    """The protected values of one submission the person may see."""
    return _values(
        ProtectedValue.objects.filter(
            submission__digest=digest, submission__site__in=visible_sites(user)
        )
    )


def values_of(submission: Submission) -> tuple[ProtectedValueView, ...]:
    """The same, for selectors of the apps above, which bring their own permission."""
    return _values(ProtectedValue.objects.filter(submission=submission))


def _values(rows: QuerySet[ProtectedValue]) -> tuple[ProtectedValueView, ...]:
    return tuple(view_of(ProtectedValueView, row) for row in rows.order_by("pk"))
