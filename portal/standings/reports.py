"""Accepted reports with the peer group's period that each counts in: for the owner and the regulator of the site, nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q

from portal.accounts.models import User
from portal.accounts.selectors import seen_by
from portal.catalogue.models import ReportingPeriod
from portal.intake.models import State, Submission


@dataclass(frozen=True, slots=True)
class ReportView:
    """The accepted report of a site for one period."""

    id: int  # the submission's row
    period_id: int  # of the peer group's period
    site: str
    site_name: str
    site_name_zh: str
    organisation: int  # the firm's row
    pack: str
    pack_version: str
    route: str
    place: str  # path of the jurisdiction that the peer group is of
    period: str
    start: datetime


@dataclass(frozen=True, slots=True)
class ChosenView:
    """All that a person may ask for, one of it, and what else the same site reported."""

    offered: tuple[tuple[str, str], ...]  # (site, period), newest first
    chosen: tuple[str, str] | None
    report: ReportView | None  # None: nothing was accepted, or the site is in no peer group with such a period
    of_its_site: tuple[ReportView, ...]  # oldest period first


def chosen_report(user: User, asked: Callable[[tuple[str, str]], bool]) -> ChosenView:
    """The report of the (site, period) that is asked for, else the newest. One look at whose sites they are."""
    rows = _rows(seen_by(user, "site__"))
    pairs = {(row.site, row.period): row for row in rows}
    chosen = next((pair for pair in pairs if asked(pair)), next(iter(pairs), None))
    if chosen is None:
        return ChosenView((), None, None, ())
    reports = _placed([row for row in rows if row.site == chosen[0]])
    report = next((one for one in reports if one.period == chosen[1]), None)
    return ChosenView(tuple(pairs), chosen, report, reports)


def report_of(user: User, site: str, period: str) -> ReportView | None:
    """The accepted report of a site that the person may see."""
    return next(iter(_placed(_rows(seen_by(user, "site__") & Q(site__slug=site, period=period)))), None)


class _Row(NamedTuple):
    """What is told of a submission, as columns: a model of each costs more than the question."""

    id: int
    site_id: int
    site: str
    site_name: str
    site_name_zh: str
    organisation: int
    period: str
    pack_version: str  # empty for one of before it was kept


# What is the same of every question is said once: saying it takes Django longer than PostgreSQL takes to answer.
_ACCEPTED = (
    Submission.objects.filter(state=State.ACCEPTED)
    .order_by("-period", "site__slug")
    .values_list("pk", "site_id", "site__slug", "site__name", "site__name_zh", "site__organisation_id", "period", "pack_version")
)
_PERIODS = ReportingPeriod.objects.order_by("-pk").values_list(
    *("name", "pk", "start", "peer_group__pack", "peer_group__pack_version", "peer_group__route", "peer_group__scope__path")
)


def _rows(wanted: Q) -> list[_Row]:
    return [_Row(*row) for row in _ACCEPTED.filter(wanted)]


def _placed(rows: Iterable[_Row]) -> tuple[ReportView, ...]:
    """The reports of one site, each with its period. Where a site is in several peer groups, the oldest group's period counts."""
    by_period = {row.period: row for row in rows}
    site = next((row.site_id for row in by_period.values()), None)
    if site is None:
        return ()
    found = {}
    for name, period_id, start, pack, version, route, place in _PERIODS.filter(name__in=by_period, peer_group__members__site=site):
        row = by_period[name]
        if row.pack_version not in ("", version):  # another version of the pack took reports of this period, too
            continue
        found[name] = ReportView(
            row.id, period_id, row.site, row.site_name, row.site_name_zh, row.organisation, pack, version, route, place, name, start
        )
    return tuple(sorted(found.values(), key=lambda one: one.start))
