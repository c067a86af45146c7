"""Reading where a site stands: for its owner and for the regulator of its jurisdiction, nobody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from portal.accounts.models import Site, User
from portal.accounts.selectors import visible_sites
from portal.catalogue.models import ReportingPeriod
from portal.intake.models import State, Submission
from portal.standings.models import ProtectedValue, Standing


@dataclass(frozen=True, slots=True)
class StepStandingView:
    """One site in one cell, in `unit`; everything from `estimate` on is None where standings have not been computed yet."""

    step: str
    product: str
    variant: str
    metric: str
    unit: str
    value: float  # the protected best, as released
    typical: float  # the protected typical value, as released
    estimate: float | None  # where the true value lies given all participants
    interval: tuple[float, float] | None  # 95 %, of the true value
    rank_interval: tuple[int, int] | None  # 1 is the least energy
    band: int | None  # quarter 1 to 4, None where it cannot be told from another
    of: int | None
    years: int  # that the value covers, the last of them the period's


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


@dataclass(frozen=True, slots=True)
class StandView:
    """A site's standing in one period."""

    site: str
    site_name: str
    site_name_zh: str
    organisation: int  # the firm's row
    pack: str
    pack_version: str
    route: str
    place: str  # path of the jurisdiction that the peer group is of
    period: str
    submission: str  # digest
    revision: int
    received_at: datetime
    computed_at: datetime | None  # None: standings have not been computed since the submission was accepted
    steps: tuple[StepStandingView, ...]


def periods_with_standing(user: User) -> tuple[tuple[str, str], ...]:
    """(site, period) pairs the person may ask `where_we_stand` for, newest first."""
    return tuple(_accepted(visible_sites(user)).values_list("site__slug", "period"))


def where_we_stand(user: User, site: str, period: str) -> StandView | None:
    """The standing of an own (or regulated) site; None where there is none or it is not theirs to see."""
    return _stand(_accepted(visible_sites(user)).filter(site__slug=site, period=period))


@dataclass(frozen=True, slots=True)
class ChosenView:
    """All that a person may ask for, and one of it."""

    offered: tuple[tuple[str, str], ...]
    chosen: tuple[str, str] | None
    stand: StandView | None


def chosen_stand(user: User, asked: Callable[[tuple[str, str]], bool]) -> ChosenView:
    """Both of the above for one look at whose sites they are: the pair that is asked for, else the newest."""
    rows = _accepted(visible_sites(user))
    pairs = {(site, period): pk for site, period, pk in rows.values_list("site__slug", "period", "pk")}
    chosen = next((pair for pair in pairs if asked(pair)), next(iter(pairs), None))
    stand = _stand(Submission.objects.filter(pk=pairs[chosen])) if chosen else None
    return ChosenView(tuple(pairs), chosen, stand)


def _accepted(sites: QuerySet[Site]) -> QuerySet[Submission]:
    return Submission.objects.filter(site__in=sites, state=State.ACCEPTED).order_by("-period", "site__slug")


def _stand(rows: QuerySet[Submission]) -> StandView | None:
    row = rows.select_related("site").defer("envelope", "receipt").first()
    if row is None:
        return None
    periods = ReportingPeriod.objects.filter(name=row.period, peer_group__members__site=row.site_id)
    asked = periods.select_related("peer_group__scope").order_by("pk").first()
    if asked is None:
        return None
    standings = {_cell(standing): standing for standing in Standing.objects.filter(period=asked, submission=row)}
    steps = tuple(_step(value, standings.get(_cell(value))) for value in row.protected_values.order_by("pk"))
    return StandView(
        site=row.site.slug,
        site_name=row.site.name,
        site_name_zh=row.site.name_zh,
        organisation=row.site.organisation_id,
        pack=asked.peer_group.pack,
        pack_version=asked.peer_group.pack_version,
        route=asked.peer_group.route,
        place=asked.peer_group.scope.path,
        period=row.period,
        submission=row.digest,
        revision=row.revision,
        received_at=row.received_at,
        computed_at=max((standing.computed_at for standing in standings.values()), default=None),
        steps=steps,
    )


def released_values(user: User, digest: str) -> tuple[ProtectedValueView, ...]:
    """The protected values of one submission the person may see."""
    return _values(ProtectedValue.objects.filter(submission__digest=digest, submission__site__in=visible_sites(user)))


def values_of(submission: Submission) -> tuple[ProtectedValueView, ...]:
    """The same, for selectors of the apps above, which bring their own permission."""
    return _values(ProtectedValue.objects.filter(submission=submission))


def _values(rows: QuerySet[ProtectedValue]) -> tuple[ProtectedValueView, ...]:
    views = []
    for row in rows.order_by("pk"):
        label = row.released()
        best, typical = float(label.best_value), float(label.typical_value)
        views.append(
            ProtectedValueView(row.step, row.product, row.variant, row.metric, row.unit, best, typical, row.count_class, row.years)
        )
    return tuple(views)


def _cell(row: ProtectedValue | Standing) -> tuple[str, str, str, str]:
    return row.step, row.product, row.variant, row.metric


def _step(value: ProtectedValue, standing: Standing | None) -> StepStandingView:
    label = value.released()
    return StepStandingView(
        step=value.step,
        product=value.product,
        variant=value.variant,
        metric=value.metric,
        unit=value.unit,
        value=float(label.best_value),
        typical=float(label.typical_value),
        estimate=standing.estimate if standing else None,
        interval=(standing.low, standing.high) if standing else None,
        rank_interval=(standing.rank_low, standing.rank_high) if standing else None,
        band=standing.band if standing else None,
        of=standing.of if standing else None,
        years=value.years,
    )
