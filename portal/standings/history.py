"""What a site reported period by period, for its owner and the regulator, with intervals where standings were computed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch

from portal.accounts.models import User
from portal.accounts.selectors import visible_sites
from portal.catalogue.models import ReportingPeriod
from portal.intake.models import State, Submission
from portal.standings.models import ProtectedValue, Standing

Cell = tuple[str, str, str, str]  # step, product, variant, metric


@dataclass(frozen=True, slots=True)
class ReportedValue:
    """The protected best in `unit`; `interval` (95 %, of the true value) is None before standings were computed."""

    value: float
    interval: tuple[float, float] | None
    unit: str
    boundary: str
    years: int


@dataclass(frozen=True, slots=True)
class ReportedPeriod:
    period: str
    start: datetime
    pack: str
    pack_version: str
    route: str
    id: int  # the period's row
    values: Mapping[Cell, ReportedValue]


def history(user: User, site: str, metrics: Collection[str]) -> tuple[ReportedPeriod, ...]:
    """Every period with an accepted report of that site, oldest first, with its values of these metrics.

    Nothing where the site is not theirs to see.
    """
    values_of_those = ProtectedValue.objects.filter(metric__in=metrics)
    rows = list(
        Submission.objects.filter(site__in=visible_sites(user), site__slug=site, state=State.ACCEPTED)
        .defer("envelope", "receipt")
        .prefetch_related(Prefetch("protected_values", values_of_those))
    )
    wanted = ReportingPeriod.objects.filter(name__in={row.period for row in rows}, peer_group__members__site__slug=site)
    periods = {one.name: one for one in wanted.select_related("peer_group").order_by("-pk")}  # the oldest group, as everywhere
    placed = Standing.objects.filter(submission__in=rows, metric__in=metrics)
    standings = {(one.submission_id, one.period_id, cell_of(one)): one for one in placed}
    found = []
    for row in rows:
        period = periods.get(row.period)
        if period is None:
            continue
        values = {
            cell_of(value): _reported(value, standings.get((row.pk, period.pk, cell_of(value)))) for value in row.protected_values.all()
        }
        group = period.peer_group
        found.append(ReportedPeriod(row.period, period.start, group.pack, group.pack_version, group.route, period.pk, values))
    return tuple(sorted(found, key=lambda one: one.start))


def cell_of(row: ProtectedValue | Standing) -> Cell:
    return row.step, row.product, row.variant, row.metric


def _reported(value: ProtectedValue, standing: Standing | None) -> ReportedValue:
    interval = (standing.low, standing.high) if standing else None
    return ReportedValue(float(value.released().best_value), interval, value.unit, value.boundary, value.years)
