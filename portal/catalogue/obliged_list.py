"""Who is obliged to report in a peer group: what a list would change, applied or undone; or one
site by hand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from benchmarks.phrases import Phrase
from portal.accounts.deciding import require_regulator_of_scope
from portal.accounts.models import User
from portal.auditlog.models import Action
from portal.auditlog.recording import record, record_each
from portal.catalogue.models import ObligedChange, PeerGroup, PeerGroupMember
from portal.catalogue.obliged_rows import ObligedSite, eligible
from portal.catalogue.selectors import sites_of
from portal.problems import RefusedError

MOST_BYTES = 2 * 1024 * 1024
State = ObligedChange.State


@dataclass(frozen=True, slots=True)
class ObligedChanges:
    """What applying would do, by site."""

    added: tuple[str, ...]  # obliged, and no members before
    obliged: tuple[str, ...]  # members by their own will before
    released: tuple[str, ...]  # obliged before: from now on by their own will
    cohorts: tuple[tuple[str, str, str], ...]  # site, cohort before, cohort after
    unchanged: int


def listed_now(group: PeerGroup) -> tuple[PeerGroupMember, ...]:
    """Who is obliged as things stand, with site, firm and jurisdiction, by the site's id."""
    rows = PeerGroupMember.objects.filter(peer_group=group, obliged=True).select_related(
        "site__organisation", "site__jurisdiction"
    )
    return tuple(rows.order_by("site__slug"))


def lists_of(group: int) -> QuerySet[ObligedChange]:
    """Every list of the group, applied or not, with who proposed it, newest first."""
    return ObligedChange.objects.filter(peer_group=group).select_related("by").order_by("-pk")


def list_of(group: int, change: int) -> ObligedChange | None:
    """One of them, with group and scope; None for one of another group."""
    return (
        ObligedChange.objects.select_related("peer_group__scope")
        .filter(pk=change, peer_group=group)
        .first()
    )


def last_applied(group: int) -> ObligedChange | None:
    """The list that was applied last and still holds: the only one that can be undone."""
    return (
        ObligedChange.objects.filter(peer_group=group, state=State.APPLIED)
        .order_by("-applied_at", "-pk")
        .first()
    )


def difference(change: ObligedChange) -> ObligedChanges:
    """What a list would change as things stand now; of one that was applied, what it changed."""
    decided = change.state != State.PROPOSED
    return _difference(
        _before(change) if decided else _members(change.peer_group), entries_of(change)
    )


def _difference(now: Mapping[str, ObligedSite], entries: Iterable[ObligedSite]) -> ObligedChanges:
    added, obliged, released, cohorts, unchanged = [], [], [], [], 0
    for entry in entries:
        present_entry = now.get(entry.site)
        if present_entry is None:
            added.append(entry.site)
        elif entry.obliged and not present_entry.obliged:
            obliged.append(entry.site)
        elif present_entry.obliged and not entry.obliged:
            released.append(entry.site)
        elif present_entry.cohort == entry.cohort:
            unchanged += 1
        if (present_entry.cohort if present_entry else "") != entry.cohort:
            cohorts.append(
                (entry.site, present_entry.cohort if present_entry else "", entry.cohort)
            )
    return ObligedChanges(tuple(added), tuple(obliged), tuple(released), tuple(cohorts), unchanged)


def propose(
    group: PeerGroup, listed: Sequence[ObligedSite], by: User, now: datetime
) -> ObligedChange:
    """Keep a whole list to be looked at: who is not on it when it is applied is obliged no longer.
    Changes nothing yet.

    Raises:
        RefusedError: `not-regulator` (403).
    """
    require_regulator_of_scope(by, group.scope)
    return ObligedChange.objects.create(peer_group=group, entries=_stored(listed), by=by, at=now)


def held_now(group: PeerGroup) -> str:
    """A digest of who is obliged as things stand: who applies a list says by it what its difference
    was read against.
    """
    stands = sorted(
        (member.site, member.obliged, member.cohort) for member in _members(group).values()
    )
    return hashlib.sha256(json.dumps(stands).encode()).hexdigest()


def apply(change: ObligedChange, read_against: str, by: User, now: datetime) -> ObligedChange:
    """Make it so, and keep what was, to undo it. `read_against` is `held_now` as it was when the
    difference was read.

    Raises:
        RefusedError: `not-regulator` (403), `list-decided` (409), `list-changed-meanwhile` (409).
    """
    with transaction.atomic():
        row = _locked(change)
        require_regulator_of_scope(by, row.peer_group.scope)
        if row.state != State.PROPOSED:
            raise RefusedError(
                409,
                "list-decided",
                "This list was applied or undone already.",
                "Upload it again to apply it again.",
            )
        if read_against != held_now(row.peer_group):
            raise RefusedError(
                409,
                "list-changed-meanwhile",
                "The list of the obliged has changed since you read what this list would change.",
                "Read what it would change now, then apply it.",
            )
        return _applied(row, entries_of(row), by, now)


def _applied(
    row: ObligedChange, entries: Sequence[ObligedSite], by: User, now: datetime
) -> ObligedChange:
    members = _members(row.peer_group)
    row.entries, row.before = (
        _stored(entries),
        {entry.site: _plain(members.get(entry.site)) for entry in entries},
    )
    _write(row, entries, Action.OBLIGED_CHANGED, by, now)
    row.state, row.applied_at = State.APPLIED, now
    row.save(update_fields=["entries", "before", "state", "applied_at"])
    record(
        now,
        by.email,
        Action.OBLIGED_CHANGED,
        f"peer group {row.peer_group}"[:254],
        f"list {row.pk}: {len(entries)} sites",
    )
    return row


def undo(change: ObligedChange, by: User, now: datetime) -> None:
    """Back to what was before the last list. Sites that it added stay, by their own will: who takes
    part is never thrown out.

    Raises:
        RefusedError: `not-regulator` (403), `list-not-last` (409).
    """
    with transaction.atomic():
        row = _locked(change)
        require_regulator_of_scope(by, row.peer_group.scope)
        last = last_applied(row.peer_group_id)
        if last is None or last.pk != row.pk:
            raise RefusedError(
                409,
                "list-not-last",
                "Only the last list that was applied can be undone.",
                "Undo the later ones first.",
            )
        listed, before = {entry.site: _plain(entry) for entry in entries_of(row)}, row.before or {}
        # what the list left as it was may have been settled otherwise since, by the register file
        changed = [
            ObligedSite(site, *(was or (False, "")))
            for site, was in before.items()
            if was != listed[site]
        ]
        _write(row, changed, Action.OBLIGED_UNDONE, by, now)
        row.state = State.UNDONE
        row.save(update_fields=["state"])
        record(
            now,
            by.email,
            Action.OBLIGED_UNDONE,
            f"peer group {row.peer_group}"[:254],
            f"list {row.pk}",
        )


def amend(group: PeerGroup, entry: ObligedSite, by: User, now: datetime) -> ObligedChange:
    """One site by hand, at once, and to be undone like a list.

    Raises:
        RefusedError: `not-regulator` (403), `site-not-eligible` (409).
    """
    require_regulator_of_scope(by, group.scope)
    if entry.site not in eligible(group):
        raise RefusedError(
            409,
            "site-not-eligible",
            Phrase(
                "The site %(site)s does not belong to this pack in this scope.", site=entry.site
            ),
            "Choose a site that does.",
        )
    with transaction.atomic():
        PeerGroup.objects.select_for_update().get(pk=group.pk)
        row = ObligedChange(peer_group=group, entries=[], by=by, at=now)
        row.save()
        return _applied(row, [entry], by, now)


def entries_of(change: ObligedChange) -> tuple[ObligedSite, ...]:
    """What each site is to be: by a list not yet applied, whoever is obliged now and not on it is
    released.
    """
    entries = tuple(ObligedSite(*entry) for entry in change.entries)
    if change.state != State.PROPOSED:
        return entries
    listed = {entry.site: entry for entry in entries if entry.obliged}
    members = sorted(_members(change.peer_group).items())
    return (
        *listed.values(),
        *(
            ObligedSite(site, False)
            for site, member in members
            if member.obliged and site not in listed
        ),
    )


def _members(group: PeerGroup) -> Mapping[str, ObligedSite]:
    rows = PeerGroupMember.objects.filter(peer_group=group).values_list(
        "site__slug", "obliged", "cohort"
    )
    return {site: ObligedSite(site, obliged, cohort) for site, obliged, cohort in rows}


def _before(change: ObligedChange) -> Mapping[str, ObligedSite]:
    return {
        site: ObligedSite(site, *was)
        for site, was in (change.before or {}).items()
        if was is not None
    }


def _stored(entries: Iterable[ObligedSite]) -> list[list[str | bool]]:
    return [[entry.site, entry.obliged, entry.cohort] for entry in entries]


def _plain(member: ObligedSite | None) -> list[bool | str] | None:
    return None if member is None else [member.obliged, member.cohort]


def _write(
    change: ObligedChange, entries: Sequence[ObligedSite], action: Action, by: User, now: datetime
) -> None:
    """Put members down as they are to be, and on the record of each site for which something
    changes.

    A site that retired, left with its firm or moved to another place since the list was made is not
    brought back into the group.
    """
    group, before = change.peer_group, _members(change.peer_group)
    members = PeerGroupMember.objects.filter(peer_group=group).values("site")
    present = sites_of(group).filter(
        Q(retired_at=None) | Q(pk__in=members), slug__in=[entry.site for entry in entries]
    )
    sites = dict(present.values_list("slug", "pk"))
    changed = [
        entry for entry in entries if entry.site in sites and before.get(entry.site) != entry
    ]
    PeerGroupMember.objects.bulk_create(
        [
            PeerGroupMember(
                peer_group=group,
                site_id=sites[entry.site],
                obliged=entry.obliged,
                cohort=entry.cohort,
            )
            for entry in changed
        ],
        update_conflicts=True,
        unique_fields=["peer_group", "site"],
        update_fields=["obliged", "cohort"],
    )
    record_each(
        now,
        action,
        [
            (by.email, f"site {entry.site}", f"{group}, list {change.pk}: {_in_record(entry)}")
            for entry in changed
        ],
    )


def _in_record(entry: ObligedSite) -> str:
    duty = "obliged" if entry.obliged else "by its own will"
    return f"{duty}, {entry.cohort}" if entry.cohort else duty


def _locked(change: ObligedChange) -> ObligedChange:
    # the peer group is the lock for its lists
    PeerGroup.objects.select_for_update().get(pk=change.peer_group_id)
    return ObligedChange.objects.select_related("peer_group__scope").get(pk=change.pk)
