"""Who took part, counted: one line for every peer group and period that a regulator may look into.
Counts only, never a value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from benchmarks.phrases import Name
from portal.accounts.models import Jurisdiction, Membership, Role, Site, User
from portal.accounts.selectors import jurisdictions_of, regulated_sites, within
from portal.catalogue.deadlines import due_dates
from portal.catalogue.models import PeerGroupMember, Reminder, ReportingPeriod
from portal.intake.models import IN_THE_VAULT, Submission, counting_by
from portal.intake.participation import ReportingState, taking_of, unanswered_commitments

REMINDER_PAUSE = timedelta(days=1)
"""A site is not reminded again before this: a form sent twice reminds once, and nobody is
pestered.
"""


@dataclass(frozen=True, slots=True)
class RegionView:
    """A jurisdiction that the filter offers."""

    path: str
    name: Name


@dataclass(frozen=True, slots=True)
class TurnoutView:
    """One peer group and period, counted over the sites that the reader may see and the filter
    leaves.
    """

    peer_group: int
    pack: str
    pack_version: str
    route: str
    scope: Name
    period: str
    due: datetime
    closed_at: datetime | None
    sites: int
    obliged: int  # sites on the list of the obliged
    obliged_reported: int
    firms: int
    firms_reported: int
    states: Mapping[ReportingState, int]  # sites
    committed: int  # sites that committed to their data and have sent no report yet
    arrived_late: int  # obliged sites whose first report came after the due date
    to_remind: int  # late ones that somebody acts for and that were not reminded within the day
    without_contact: int  # late ones that nobody acts for: a reminder would reach nobody


class _Member(NamedTuple):
    """A site of a peer group."""

    site: int
    firm: int | None
    obliged: bool
    reached: bool  # somebody acts for its enterprise
    reminded: int | None  # the period that it was last reminded of within the day


class _Sent(NamedTuple):
    """A report that one site sent for one period."""

    state: str
    received: datetime
    made_by: str  # version of the pack


def regions_of(user: User) -> tuple[RegionView, ...]:
    """The jurisdictions within those that the person regulates, each after the one it lies in."""
    jurisdictions = jurisdictions_of(user)
    rows = Jurisdiction.objects.filter(within(jurisdictions, "path")).order_by("path")
    return tuple(RegionView(row.path, row.name) for row in rows)


def turnout(
    user: User, now: datetime, *, pack: str = "", region: str = "", size: str = ""
) -> tuple[TurnoutView, ...]:
    """Every period of every peer group with sites in the person's jurisdiction, those due last
    first.

    `pack`, `region` (the path of a jurisdiction) and `size` (a declared class) narrow what is
    counted.
    """
    sites = _sites(user, region, size)
    members: dict[int, list[_Member]] = {}
    people = Membership.objects.filter(
        organisation=OuterRef("site__organisation"), role=Role.ENTERPRISE, user__is_active=True
    )
    recent = Reminder.objects.filter(site=OuterRef("site"), sent_at__gt=now - REMINDER_PAUSE)
    rows = PeerGroupMember.objects.filter(site__in=sites).values_list(
        "peer_group_id",
        "site_id",
        "site__organisation__controlling_firm_id",
        "obliged",
        Exists(people),
        Subquery(recent.order_by("-pk").values("period")[:1]),
    )
    for group, *member in rows:
        members.setdefault(group, []).append(_Member(*member))
    periods = (
        ReportingPeriod.objects.filter(peer_group__in=members)
        .select_related("peer_group__scope")
        .order_by("-due", "pk")
    )
    if pack:
        periods = periods.filter(peer_group__pack=pack)
    names = {period.name for period in periods}
    sent = _sent(sites.filter(pack=pack) if pack else sites, names)
    committed = set(
        unanswered_commitments()
        .filter(site__in=sites, period__in=names)
        .values_list("site_id", "period")
    )
    later = due_dates([period.pk for period in periods])
    return tuple(
        _counted(period, members[period.peer_group_id], sent, committed, later, now)
        for period in periods
    )


def _sites(user: User, region: str, size: str) -> QuerySet[Site]:
    sites = regulated_sites(user)
    if region:
        sites = sites.filter(
            Q(jurisdiction__path=region) | Q(jurisdiction__path__startswith=f"{region}/")
        )
    return sites.filter(size_class=size) if size else sites


def _sent(sites: QuerySet[Site], periods: Iterable[str]) -> dict[tuple[int, str], list[_Sent]]:
    """The reports of each site and period by revision."""
    sent: dict[tuple[int, str], list[_Sent]] = {}
    rows = Submission.objects.filter(site__in=sites, period__in=periods).order_by("revision")
    for site, period, state, received, version in rows.values_list(
        "site_id", "period", "state", "received_at", "pack_version"
    ):
        sent.setdefault((site, period), []).append(_Sent(state, received, version))
    return sent


def _counted(
    period: ReportingPeriod,
    members: Iterable[_Member],
    sent: Mapping[tuple[int, str], Sequence[_Sent]],
    committed: set[tuple[int, str]],
    later: Mapping[tuple[int, int], datetime],
    now: datetime,
) -> TurnoutView:
    states: Counter[ReportingState] = Counter()
    firms, reported = set(), set()
    sites = obliged = obliged_reported = only_committed = late = to_remind = without_contact = 0
    versions = counting_by(period.peer_group.pack_version)
    for site, firm, obliged_now, reached, reminded in members:
        is_obliged = period.obliges(site, now=obliged_now)
        reports = [
            report for report in sent.get((site, period.name), ()) if report.made_by in versions
        ]
        in_vault = [report for report in reports if report.state in IN_THE_VAULT]
        counting = next(reversed(in_vault or reports), None)  # an accepted one, else the last
        due = later.get((period.pk, site), period.due)
        taking = taking_of(counting.state if counting else None, due, now, obliged=is_obliged)
        states[taking] += 1
        sites += 1
        firms.add(firm)
        obliged += is_obliged
        only_committed += counting is None and (site, period.name) in committed
        late += is_obliged and bool(reports) and reports[0].received > due
        if taking is ReportingState.LATE:
            without_contact += not reached
            to_remind += reached and reminded != period.pk
        if taking is ReportingState.REPORTED:
            reported.add(firm)
            obliged_reported += is_obliged
    group = period.peer_group
    return TurnoutView(
        peer_group=group.pk,
        pack=group.pack,
        pack_version=group.pack_version,
        route=group.route,
        scope=group.scope.name,
        period=period.name,
        due=period.due,
        closed_at=period.closed_at,
        sites=sites,
        obliged=obliged,
        obliged_reported=obliged_reported,
        firms=len(firms),
        firms_reported=len(reported),
        states=states,
        committed=only_committed,
        arrived_late=late,
        to_remind=to_remind,
        without_contact=without_contact,
    )
