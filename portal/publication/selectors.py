"""Reading publications: the public's versions, two held against each other, what came before, one
as CSV; regulators' lists of all.

Nothing here reads the draft label or the roster.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Max, Q

from portal.accounts.models import User
from portal.catalogue.models import PeerGroup
from portal.catalogue.selectors import PeerGroupView, group_of
from portal.publication.definition_changes import breaks_with_totals
from portal.publication.document import csv_of
from portal.publication.models import Publication, VersionStatus
from portal.publication.rows import (
    VersionColumns,
    VersionSeries,
    benchmark_view,
    follows,
    in_force,
    is_replaced,
    listed_view,
    public,
    read,
    version_view,
)
from portal.publication.shapes import BenchmarkView, ListedView, VersionView

_GROUP = ("pack", "scope__path", "route")
_ORDER = ("period__peer_group__pack", "-period__start", "period_id")


@dataclass(frozen=True, slots=True)
class VersionState:
    """A version as a list of periods tells it; `id` is for the review page. One that is published
    may have been replaced at its address.
    """

    id: int
    version: int
    status: str
    in_force: bool = False


def latest_published() -> tuple[ListedView, ...]:
    """The version now in force of every benchmark, by pack, newest period first."""
    return tuple(listed_view(row) for row in read(in_force().order_by(*_ORDER)))


def every_published() -> tuple[VersionColumns, ...]:
    """Every version that the public has seen, withdrawn ones too, in one order for good."""
    return read(
        public().order_by(
            *(f"period__peer_group__{name}" for name in _GROUP),
            "period__start",
            "period_id",
            "version",
        )
    )


def state_of_the_list() -> tuple[Hashable, ...]:
    """Changes whenever something is published or withdrawn."""
    withdrawn = Count("pk", filter=Q(status=VersionStatus.WITHDRAWN))
    state = public().aggregate(
        Count("pk"), Max("pk"), Max("published_at"), withdrawn=withdrawn, at=Max("withdrawn_at")
    )
    return tuple(state.values())


def series(pack: str, period: str, route: str, jurisdiction: str) -> VersionSeries:
    """Every version that the public has seen of one benchmark, newest first. `jurisdiction` is a
    path.
    """
    return VersionSeries(
        read(
            public()
            .filter(
                period__name=period,
                period__peer_group__pack=pack,
                period__peer_group__route=route,
                period__peer_group__scope__path=jurisdiction,
            )
            .order_by("-version")
        )
    )


def benchmark(
    pack: str, period: str, route: str, jurisdiction: str, version: int | None = None
) -> BenchmarkView | None:
    """One version; without `version` the one in force, else the last that was withdrawn."""
    editions = series(pack, period, route, jurisdiction)
    row = editions.row(version)
    return None if row is None else benchmark_view(row, editions.in_force)


def preceding(row: VersionColumns) -> VersionColumns | None:
    """What a series had before this version: the one before it, else that in force of the last
    period before, of the same length.
    """
    rows = public().filter(
        period__peer_group__pack=row.pack,
        period__peer_group__route=row.route,
        period__peer_group__scope__path=row.jurisdiction,
    )
    same = Q(period__name=row.period, version__lt=row.version)
    earlier = Q(period__end__lte=row.start, status=VersionStatus.PUBLISHED)
    latest_first = read(
        rows.filter(same | earlier).order_by("-period__start", "-period__end", "-version")
    )
    return next(
        (before for before in latest_first if before.period == row.period or follows(before, row)),
        None,
    )


def table_of(view: BenchmarkView, before: VersionColumns | None) -> str:
    """The version as CSV, with the breaks since what came before it (`preceding`)."""
    broken = None if before is None else breaks_with_totals(benchmark_view(before, None), view)
    return csv_of(
        {**view.document, "jurisdiction": view.jurisdiction, "status": view.status},
        view.label,
        broken,
    )


def drafts_of(user: User, peer_group: int, period: str) -> tuple[VersionView, ...]:
    """All versions of a group and period, drafts too, newest first; nothing for who is no regulator
    of it.
    """
    try:
        group = group_of(user, peer_group)
    except PeerGroup.DoesNotExist:
        return ()
    return every_version(group.pk, period)


def every_version(peer_group: int, period: str) -> tuple[VersionView, ...]:
    """The same for who was let in already: for pages whose selector has asked for the peer
    group.
    """
    rows = Publication.objects.filter(period__peer_group=peer_group, period__name=period).order_by(
        "-version"
    )
    return tuple(version_view(row) for row in read(rows))


def drafts_of_periods(
    groups: Sequence[PeerGroupView], periods: Collection[int]
) -> Mapping[int, tuple[VersionState, ...]]:
    """By period, all versions of these periods as far as they are of groups that a regulator was
    given; newest first.
    """
    period_ids = {period.id for group in groups for period in group.periods}.intersection(periods)
    rows = (
        Publication.objects.filter(period__in=period_ids)
        .annotate(replaced=is_replaced())
        .order_by("-version")
    )
    states: dict[int, tuple[VersionState, ...]] = {}
    for period, pk, version, status, replaced in rows.values_list(
        "period_id", "pk", "version", "status", "replaced"
    ):
        state = VersionState(
            pk, version, status, in_force=status == VersionStatus.PUBLISHED and not replaced
        )
        states[period] = (*states.get(period, ()), state)
    return states


def version_by_id(publication: int) -> Publication:
    """The row of a draft or version, for who has asked already whether the person may;
    `Publication.DoesNotExist` where there is none.
    """
    return Publication.objects.get(pk=publication)
