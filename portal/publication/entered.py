"""Whether who entered a draft would still enter: asked when it is let out, for what a draft shows is never composed again."""

from __future__ import annotations

from benchmarks import packs
from benchmarks.composition import Roster, by_step, roster_of
from portal.publication.models import Publication
from portal.standings.cohort import Cohort


def is_outdated(row: Publication, present: Cohort) -> bool:
    """Whether other reports would enter now, or other steps of the same reports.

    A report stays while a step of it drops out where audits decide who enters and an attestation of that step alone has ended: its digest
    stands as before, and only who is behind each value tells.
    """
    if list(present.digests) != row.participants:
        return True
    group = row.period.peer_group
    pack = packs.load(group.pack, group.pack_version)
    route = next(declared for declared in pack.routes if declared.id == group.route)
    return roster_of(pack, route, by_step(present.participants)) != Roster.from_json(row.roster)
