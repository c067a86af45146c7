"""Which benchmarks are in force, by peer group and year; which authority publishes them; and the
drafts that wait for a person.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.phrases import Name
from portal.accounts.models import Organisation, Role, User
from portal.accounts.selectors import jurisdictions_of
from portal.publication.models import Publication, ScheduledRelease, VersionStatus
from portal.publication.rows import VersionColumns, in_force, is_behind_the_public, read

MOST_YEARS = 5


@dataclass(frozen=True, slots=True)
class GroupInForce:
    """One benchmark and the periods that have a version in force, oldest first."""

    pack: str
    pack_version: str  # of the newest
    route: str
    jurisdiction: str
    scope: Name
    periods: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DraftWaiting:
    peer_group: int
    pack: str
    pack_version: str
    route: str
    period: str
    version: int
    drafted_by: str


def groups_in_force() -> tuple[GroupInForce, ...]:
    """By pack, route and jurisdiction."""
    rows = read(in_force().order_by("period__start", "period_id"))
    groups: dict[tuple[str, str, str], list[VersionColumns]] = {}
    for row in rows:
        groups.setdefault((row.pack, row.route, row.jurisdiction), []).append(row)
    return tuple(
        GroupInForce(
            pack,
            of[-1].pack_version,
            route,
            jurisdiction,
            of[-1].scope,
            tuple(row.period_id for row in of),
        )
        for (pack, route, jurisdiction), of in sorted(groups.items())
    )


def publisher_of(jurisdiction: str) -> tuple[Name, ...]:
    """Names of the authorities that publish for a jurisdiction (its path): its own regulators, else
    those of the nearest one above.
    """
    parts = jurisdiction.split("/")
    paths = ["/".join(parts[:depth]) for depth in range(len(parts), 0, -1)]
    rows = (
        Organisation.objects.filter(kind=Role.REGULATOR, jurisdiction__path__in=paths)
        .select_related("jurisdiction")
        .order_by("name")
    )
    by_path: dict[str, list[Name]] = {}
    for row in rows:
        by_path.setdefault(row.jurisdiction.path if row.jurisdiction else "", []).append(row.name)
    return next((tuple(by_path[path]) for path in paths if path in by_path), ())


def drafts_waiting(user: User) -> tuple[DraftWaiting, ...]:
    """Drafts of others that the person may decide about and nobody has approved for a set time,
    oldest first; none that a newer version has overtaken, for it can only be discarded.
    """
    scheduled = ScheduledRelease.objects.filter(state=ScheduledRelease.State.WAITING).values(
        "publication"
    )
    drafts = Publication.objects.filter(~is_behind_the_public(), status=VersionStatus.DRAFT)
    rows = drafts.exclude(pk__in=scheduled).exclude(drafted_by=user.pk).order_by("drafted_at")
    jurisdictions = jurisdictions_of(user)
    groups = dict(rows.values_list("pk", "period__peer_group"))
    return tuple(
        DraftWaiting(
            groups[row.id],
            row.pack,
            row.pack_version,
            row.route,
            row.period,
            row.version,
            row.drafter or row.drafter_email,
        )
        for row in read(rows)
        if any(jurisdiction.covers_path(row.jurisdiction) for jurisdiction in jurisdictions)
    )
