"""Whether a person may publish a version now: never who drafted it, nor while the gate holds it."""

from __future__ import annotations

from benchmarks.disclosure import GateResult
from portal.accounts.models import User
from portal.accounts.selectors import may_decide_for
from portal.publication.models import Publication, ScheduledRelease, VersionStatus


def obstacle(row: Publication, user: User, gate: GateResult) -> str:
    """Why this person may not publish this version now, as a code; empty when nothing stands in the way."""
    if not may_decide_for(user, row.period.peer_group.scope):
        return "not-regulator"
    waiting = row.releases.filter(state=ScheduledRelease.State.WAITING).exists()
    return obstacle_by_state(row.status, waiting=waiting, own=row.drafted_by_id == user.pk, hold=gate.hold, shown=gate.shown)


def obstacle_by_state(status: str, *, waiting: bool, own: bool, hold: bool, shown: int) -> str:
    """The same of who may decide about it."""
    if status != VersionStatus.DRAFT:
        return "not-a-draft"
    if waiting:
        return "is-scheduled"
    if own:
        return "own-draft"
    if hold:
        return "gate-holds"
    return "" if shown else "nothing-shown"
