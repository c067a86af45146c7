"""The reports that an enterprise's own sites owe: obliged and not accepted yet, or refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from benchmarks.phrases import Name
from portal.accounts.models import Site, User
from portal.accounts.selectors import own_sites
from portal.catalogue.deadlines import due_dates
from portal.catalogue.models import PeerGroupMember, ReportingPeriod
from portal.intake.models import IN_THE_VAULT, Submission, counting_by
from portal.intake.participation import ReportingState, taking_of


@dataclass(frozen=True, slots=True)
class OwedView:
    site: str
    site_name: Name
    pack: str
    pack_version: str
    route: str
    period: str
    due: datetime
    taking: ReportingState  # late, missing or unusable
    group: int
    digest: str  # of the report that was refused; empty where none came


def owed(user: User, now: datetime) -> tuple[OwedView, ...]:
    """Those of the person's own sites (`owed_of`)."""
    return owed_of(own_sites(user), now)


def owed_of(
    sites: QuerySet[Site] | Collection[Site],
    now: datetime,
    memberships: Iterable[PeerGroupMember] | None = None,
) -> tuple[OwedView, ...]:
    """Of periods that still take reports, those due first on top. What a site need not report is
    owed once a report of it was refused.

    `memberships`: their memberships with site and peer group, where the caller has read them.
    """
    members = (
        PeerGroupMember.objects.filter(site__in=sites).select_related("site", "peer_group")
        if memberships is None
        else memberships
    )
    by_group: dict[int, list[PeerGroupMember]] = {}
    for member in members:
        if member.site.retired_at is not None:
            continue
        by_group.setdefault(member.peer_group_id, []).append(member)
    periods = list(ReportingPeriod.objects.filter(peer_group__in=by_group, closed_at=None))
    sent: dict[tuple[int, str], list[tuple[str, str, str]]] = {}
    rows = Submission.objects.filter(
        site__in=sites, period__in={period.name for period in periods}
    ).order_by("revision")
    for site, name, state, digest, version in rows.values_list(
        "site_id", "period", "state", "digest", "pack_version"
    ):
        sent.setdefault((site, name), []).append((state, digest, version))
    later = due_dates([period.pk for period in periods])
    duties = []
    for period in periods:
        for member in by_group[period.peer_group_id]:
            state, digest = _counting(
                sent.get((member.site_id, period.name), ()), member.peer_group.pack_version
            )
            due = later.get((period.pk, member.site_id), period.due)
            taking = taking_of(state or None, due, now, obliged=member.obliged)
            if taking in (ReportingState.LATE, ReportingState.UNUSABLE) or (
                taking is ReportingState.MISSING and member.obliged
            ):
                plant, group = member.site, member.peer_group
                duties.append(
                    OwedView(
                        *(
                            plant.slug,
                            plant.name,
                            group.pack,
                            group.pack_version,
                            group.route,
                            period.name,
                        ),
                        due=due,
                        taking=taking,
                        group=group.pk,
                        digest=digest,
                    )
                )
    return tuple(sorted(duties, key=lambda duty: (duty.due, duty.site)))


def _counting(reports: Iterable[tuple[str, str, str]], version: str) -> tuple[str, str]:
    """State and digest of the report that counts by that version of the pack: an accepted one, else
    the last; empty where none came.
    """
    counting = ("", "")
    for state, digest, made_by in reports:
        if made_by in counting_by(version) and (
            counting[0] not in IN_THE_VAULT or state in IN_THE_VAULT
        ):
            counting = (state, digest)
    return counting
