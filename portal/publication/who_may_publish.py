"""Whether a person may publish a version now: never who drafted it, nor after a newer one, nor
while the gate holds it.
"""

from __future__ import annotations

from benchmarks.disclosure import GateResult
from portal.accounts.models import User
from portal.accounts.selectors import may_decide_for
from portal.publication.models import Publication, ScheduledRelease, VersionStatus
from portal.publication.rows import shown_beside


def obstacle(row: Publication, user: User, gate: GateResult) -> str:
    """Why this person may not publish this version now, as a code; empty when nothing stands in the
    way.
    """
    if not may_decide_for(user, row.period.peer_group.scope):
        return "not-regulator"
    waiting = row.releases.filter(state=ScheduledRelease.State.WAITING).exists()
    own, overtaken = row.drafted_by_id == user.pk, is_overtaken(row)
    return obstacle_by_state(
        row.status, waiting=waiting, overtaken=overtaken, own=own, hold=gate.hold, shown=gate.shown
    )


def is_overtaken(row: Publication) -> bool:
    """Whether the public has seen a newer version at its address, withdrawn or not: published now,
    this would be announced as new.
    """
    return shown_beside(row.period).filter(version__gt=row.version).exists()


def obstacle_by_state(
    status: str, *, waiting: bool, overtaken: bool, own: bool, hold: bool, shown: int
) -> str:
    """The same of who may decide about it."""
    if status != VersionStatus.DRAFT:
        return "not-a-draft"
    if overtaken:
        return "newer-published"
    if waiting:
        return "is-scheduled"
    if own:
        return "own-draft"
    if hold:
        return "gate-holds"
    return "" if shown else "nothing-shown"
