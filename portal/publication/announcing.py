"""Who is told of a version: those who decide about it, and whose reports entered it. Called in the
transaction of what happened.
"""

from __future__ import annotations

from datetime import datetime

from portal.accounts.audience import people_of_firms, regulators_of
from portal.intake.models import Submission
from portal.notifications.kinds import NoticeKind
from portal.notifications.telling import NoticeFacts, tell
from portal.publication.models import Publication


def waits(row: Publication, now: datetime) -> None:
    """A draft, to everybody who may let it out: all but who drafted it."""
    _tell_regulators(NoticeKind.DRAFT_WAITS, row, now, without=row.drafted_by_id)


def stopped(row: Publication, now: datetime) -> None:
    """A release that did not happen, to everybody who decides about the version."""
    _tell_regulators(NoticeKind.RELEASE_STOPPED, row, now)


def published(row: Publication, now: datetime) -> None:
    _tell_participants(NoticeKind.BENCHMARK_PUBLISHED, row, now)


def withdrawn(row: Publication, now: datetime) -> None:
    _tell_participants(NoticeKind.BENCHMARK_WITHDRAWN, row, now)


def _tell_regulators(
    kind: NoticeKind, row: Publication, now: datetime, without: int | None = None
) -> None:
    people = set(regulators_of(row.period.peer_group.scope)) - {without}
    tell(
        kind,
        [person for person in people if person is not None],
        "web:period",
        {"group": row.period.peer_group_id, "period": row.period.name, "tab": "draft"},
        _named(row),
        now,
    )


def _tell_participants(kind: NoticeKind, row: Publication, now: datetime) -> None:
    before = [] if row.corrects is None else row.corrects.participants
    firms = (
        Submission.objects.filter(digest__in={*row.participants, *before})
        .values_list("site__organisation", flat=True)
        .distinct()
    )
    group = row.period.peer_group
    parts: NoticeFacts = {
        "pack": group.pack,
        "place": group.scope.path,
        "route": group.route,
        "period": row.period.name,
        "version": row.version,
    }
    tell(kind, people_of_firms(set(firms)), "web:benchmark", parts, _named(row), now)


def _named(row: Publication) -> NoticeFacts:
    group = row.period.peer_group
    return {
        "pack": group.pack,
        "pack_version": group.pack_version,
        "route": group.route,
        "period": row.period.name,
        "version": row.version,
    }
