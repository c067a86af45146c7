"""In which public versions a report stands, for its owner; and whether other reports would enter a
draft now.

Whether who entered a draft would still enter: asked when it is let out, for what a draft shows is
never composed again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from benchmarks import packs
from benchmarks.composition import Roster, by_step, roster_of
from portal.days import scheme_day
from portal.intake.selectors import SubmissionView
from portal.publication.errata import composed, participants
from portal.publication.models import Publication
from portal.publication.rows import VersionColumns, public, read
from portal.standings.cohort import Cohort


@dataclass(frozen=True, slots=True)
class EnteredVersion:
    """A version that a report entered, with the parts of its address; `withdrawn_on` where it was
    taken back since.
    """

    pack: str
    jurisdiction: str
    route: str
    period: str
    version: int
    published_on: date
    withdrawn_on: date | None


def entered(reports: Sequence[SubmissionView]) -> Mapping[str, tuple[EnteredVersion, ...]]:
    """By digest, every public version that each of these reports entered, oldest first. Reports
    that entered none are not in it.

    The permission is the caller's: what is given here of a report tells that it took part.
    """
    asked = {report.digest for report in reports}
    of_these = public().filter(
        period__name__in={report.period for report in reports},
        period__peer_group__pack__in={report.pack for report in reports},
    )
    reported = dict(of_these.values_list("pk", "participants"))
    versions: dict[str, tuple[EnteredVersion, ...]] = {}
    for row in read(of_these.order_by("published_at", "pk")):
        for digest in asked.intersection(reported.get(row.id, ())):
            versions[digest] = (*versions.get(digest, ()), _version(row))
    return versions


def _version(row: VersionColumns) -> EnteredVersion:
    if row.published_at is None:
        raise ValueError(f"version {row.version} of {row.pack}, {row.period} was never published")
    withdrawn = scheme_day(row.withdrawn_at) if row.withdrawn_at else None
    return EnteredVersion(
        row.pack,
        row.jurisdiction,
        row.route,
        row.period,
        row.version,
        scheme_day(row.published_at),
        withdrawn,
    )


def is_outdated(row: Publication, present: Cohort) -> bool:
    """Whether other reports would enter now, or other steps of the same reports.

    A report stays while a step of it drops out where audits decide who enters and an attestation of
    that step alone has ended: its digest stands as before, and only who is behind each value tells.
    """
    if row.corrects is not None:
        corrections = row.corrected_firms
        if row.participants != participants(row.corrects, corrections, present):
            return True
        again = composed(row.corrects, corrections, present)
        return again.roster != Roster.from_json(row.roster)
    if list(present.digests) != row.participants:
        return True
    group = row.period.peer_group
    pack = packs.load(group.pack, group.pack_version)
    route = pack.route(group.route)
    return roster_of(pack, route, by_step(present.labels)) != Roster.from_json(row.roster)
