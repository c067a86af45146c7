"""Which benchmarks are in force, by peer group and year; which authorities publish them; and the
drafts that wait for a person.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.phrases import Name
from portal.accounts.models import Jurisdiction, Organisation, Role, User
from portal.accounts.selectors import jurisdictions_of
from portal.catalogue.selectors import touch
from portal.publication.in_force import InForceView, in_force_of
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

    @property
    def id(self) -> str:
        return f"{self.pack}~{self.route}~{self.jurisdiction}"


@dataclass(frozen=True, slots=True)
class DraftWaiting:
    id: int
    pack: str
    pack_version: str
    route: str
    period: str
    version: int
    drafted_by: str


def groups_in_force(user: User | None = None) -> tuple[GroupInForce, ...]:
    """Those whose scope touches what the person regulates; all of them for the public. By pack,
    route and jurisdiction.
    """
    jurisdictions: tuple[Jurisdiction, ...] = () if user is None else jurisdictions_of(user)
    rows = [
        row
        for row in read(in_force().order_by("period__start", "period_id"))
        if user is None
        or any(touch(jurisdiction, row.jurisdiction) for jurisdiction in jurisdictions)
    ]
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


def years_of(groups: tuple[GroupInForce, ...]) -> tuple[tuple[InForceView, ...], ...]:
    """The newest years of each, oldest first; one question for all of them."""
    views = in_force_of([period for group in groups for period in group.periods[-MOST_YEARS:]])
    return tuple(
        tuple(views[period] for period in group.periods[-MOST_YEARS:] if period in views)
        for group in groups
    )


def authorities() -> tuple[Name, ...]:
    """Names of the regulators in whose jurisdiction something is in force."""
    scopes = in_force().values("period__peer_group__scope")
    rows = Organisation.objects.filter(kind=Role.REGULATOR, jurisdiction__in=scopes).order_by(
        "name"
    )
    return tuple(row.name for row in rows)


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
    return tuple(
        DraftWaiting(
            row.id,
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
