"""Peer groups, by pack, route and scope: made, taken up for another version of the pack, and joined
by a new site.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from benchmarks import packs
from benchmarks.errors import InputError
from benchmarks.phrases import Phrase
from portal.accounts.deciding import require_regulator_of_scope
from portal.accounts.models import Jurisdiction, Site, User
from portal.accounts.selectors import may_decide_for
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.catalogue.models import ExtensionRequest, PeerGroup, PeerGroupMember, ReportingPeriod


def make_peer_group(
    pack_id: str,
    scope: Jurisdiction,
    sites: Iterable[Site],
    route: str | None = None,
    version: str | None = None,
    voluntary: Iterable[Site] = (),
) -> PeerGroup:
    """A peer group of a pack's route (default: its main one) with these sites obliged, and others
    by their own will.

    Asking again adds the sites that are new, and settles anew which of those named are obliged. A
    retired site is passed over: it joins nothing, and what it was in the group it stays.

    Raises:
        InputError: an unknown pack, version or route, or a site of another pack.
    """
    pack = packs.load(pack_id, version)
    routes = [declared.id for declared in pack.routes]
    if route is not None and route not in routes:
        raise InputError(
            "route-unknown",
            Phrase("The pack %(pack)s has no route %(route)s.", pack=pack_id, route=repr(route)),
            "Name one of its routes.",
            found=route,
            wanted=", ".join(routes),
        )
    members = {**dict.fromkeys(sites, True), **dict.fromkeys(voluntary, False)}
    if strange := next((site for site in members if site.pack != pack_id), None):
        raise InputError(
            "site-of-other-pack",
            Phrase(
                "Site %(site)s reports with the pack %(pack)s.",
                site=strange.slug,
                pack=strange.pack,
            ),
            "Compare sites of one pack only.",
            wanted=pack_id,
        )
    with transaction.atomic():
        group, _ = PeerGroup.objects.get_or_create(
            pack=pack.id, pack_version=pack.version, route=route or routes[0], scope=scope
        )
        obliged_by_site = dict(group.members.values_list("site", "obliged"))
        PeerGroupMember.objects.bulk_create(
            [
                PeerGroupMember(peer_group=group, site=site, obliged=obliged)
                for site, obliged in members.items()
                if site.retired_at is None and obliged_by_site.get(site.pk) is not obliged
            ],
            batch_size=1_000,
            update_conflicts=True,
            unique_fields=["peer_group", "site"],
            update_fields=["obliged"],
        )
    return group


def take_up(user: User, group: PeerGroup, version: str, now: datetime) -> PeerGroup:
    """The peer group of another version of its pack: the same route, scope and policy, and the
    members that are neither retired nor gone to another place. Asked again, the same.

    Raises:
        RefusedError: `not-regulator` (403).
        InputError: `pack-version-unknown`, `route-unknown`.
    """
    require_regulator_of_scope(user, group.scope)
    existing_group = PeerGroup.objects.filter(
        pack=group.pack, pack_version=version, route=group.route, scope=group.scope
    ).first()
    if existing_group is not None:
        return existing_group
    members = list(group.members.filter(left_at=None).select_related("site"))
    with transaction.atomic():
        obliged = [member.site for member in members if member.obliged]
        successor = make_peer_group(
            group.pack,
            group.scope,
            obliged,
            group.route,
            version,
            [peer.site for peer in members if not peer.obliged],
        )
        for member in successor.members.all():
            member.cohort = next(
                (peer.cohort for peer in members if peer.site_id == member.site_id), member.cohort
            )
            member.save(update_fields=["cohort"])
        successor.attested_only, successor.adverse_leaves = (
            group.attested_only,
            group.adverse_leaves,
        )
        successor.save(update_fields=["attested_only", "adverse_leaves"])
        record(
            now, user.email, Action.PACK_TAKEN_UP, f"pack {group.pack}/{version}", str(successor)
        )
    return successor


def join_all(site: Site, by: User, *, obliged: bool) -> None:
    """A new site takes part in each group of its pack whose scope covers it and which takes its
    reports now or next (`_taking`).

    Whom a group obliges is for its own regulators to say: in a wider group than the approver's the
    site is there by its own will.
    """
    PeerGroupMember.objects.bulk_create(
        [
            PeerGroupMember(
                peer_group=group, site=site, obliged=obliged and may_decide_for(by, group.scope)
            )
            for group in _taking(site.pack)
            if group.scope.covers(site.jurisdiction)
        ]
    )


def end_elsewhere(sites: Collection[int]) -> tuple[PeerGroupMember, ...]:
    """Sites, by their numbers, that lie in another place now, or report with another pack, owe
    nothing to groups of before.

    A membership ends, with what was asked for there; it goes on by the site's own will where a
    period of the group is closed, for what is published of that may count the site (`counted`); not
    so in a group of another pack, for which it never reported. Gives the memberships that changed.
    To be called in a transaction.
    """
    rows = PeerGroupMember.objects.filter(site__in=sites).select_related(
        "peer_group__scope", "site__jurisdiction"
    )
    outside = [
        row
        for row in rows
        if row.peer_group.pack != row.site.pack
        or not row.peer_group.scope.covers(row.site.jurisdiction)
    ]
    periods = ReportingPeriod.objects.filter(
        peer_group__in={row.peer_group_id for row in outside}
    ).exclude(closed_at=None)
    closed = set(periods.values_list("peer_group", flat=True))
    for row in outside:
        ExtensionRequest.objects.filter(
            site=row.site, period__peer_group=row.peer_group, granted=None
        ).delete()
    stays = {
        row.pk
        for row in outside
        if row.peer_group_id in closed and row.peer_group.pack == row.site.pack
    }
    ending = [row for row in outside if row.pk not in stays]
    leaving = [
        row
        for row in outside
        if row.pk in stays and (row.left_at is None or row.obliged or row.cohort)
    ]
    PeerGroupMember.objects.filter(pk__in=[row.pk for row in ending]).delete()
    staying = PeerGroupMember.objects.filter(pk__in=stays)
    staying.update(obliged=False, cohort="", left_at=Coalesce("left_at", Now()))
    PeerGroupMember.objects.filter(site__in=sites).exclude(
        pk__in=[row.pk for row in outside]
    ).update(left_at=None)  # it came back
    return (*ending, *leaving)


def counted(period: ReportingPeriod) -> QuerySet[PeerGroupMember]:
    """The members whose reports of the period count: not those that left for another place before
    it closed.
    """
    counting = (
        Q(left_at=None)
        if period.closed_at is None
        else Q(left_at=None) | Q(left_at__gte=period.closed_at)
    )
    return PeerGroupMember.objects.filter(counting, peer_group=period.peer_group)


def _taking(pack: str) -> list[PeerGroup]:
    """Groups with a period open, or none yet: who opens their first period finds everybody in it.
    Of a route and scope that has none of these, the group of the newest period: the next one opens
    there, or in a group that takes up its members.
    """
    groups = PeerGroup.objects.filter(pack=pack).select_related("scope")
    taking = list(groups.filter(periods__closed_at=None).distinct())
    with_a_group = {(group.route, group.scope_id) for group in taking}
    ended = groups.annotate(newest=Max("periods__start")).order_by("newest")
    between = {
        (group.route, group.scope_id): group
        for group in ended
        if (group.route, group.scope_id) not in with_a_group
    }
    return [*taking, *between.values()]
