"""Who is told of a proposal: who decides about it, who may comment, and who took part. Called in
the transaction of its cause.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from portal.accounts.audience import people_concerned_with, regulators_of_nations
from portal.governance.models import Comment, Proposal
from portal.notifications.kinds import NoticeKind
from portal.notifications.telling import tell


def proposed(row: Proposal, now: datetime) -> None:
    """To the regulators who may approve it, and to everybody else who may comment on it."""
    deciding = set(regulators_of_nations())
    _tell(NoticeKind.PACK_WAITS, row, deciding, now, row.proposed_by_id)
    _tell(
        NoticeKind.PACK_PROPOSED,
        row,
        set(people_concerned_with(row.pack)) - deciding,
        now,
        row.proposed_by_id,
    )


def commented(row: Proposal, comment: Comment, now: datetime) -> None:
    """A comment to who proposed it, an answer to who asked."""
    asked = row.proposed_by_id if comment.answers is None else comment.answers.author_id
    _tell(NoticeKind.PACK_COMMENTED, row, {asked}, now, comment.author_id)


def decided(row: Proposal, by: int, now: datetime) -> None:
    """How it ended, to who proposed it, commented on it or approved it."""
    took_part = {
        row.proposed_by_id,
        *row.comments.values_list("author", flat=True),
        *row.approvals.values_list("by", flat=True),
    }
    _tell(NoticeKind.PACK_DECIDED, row, took_part, now, by)


def _tell(
    kind: NoticeKind, row: Proposal, people: Iterable[int], now: datetime, without: int
) -> None:
    """Whoever did it is not told."""
    tell(
        kind,
        set(people) - {without},
        "web:proposal",
        {"proposal": row.pk},
        {"proposal": f"{row.pack} {row.version}"},
        now,
    )
