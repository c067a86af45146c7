"""What those who decide about a draft say to each other: kept with the version, never changed, never public.

A draft that is not wanted: put away with a reason. It keeps its number, stays readable for those who decide, and never goes out.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from portal.accounts.models import User
from portal.accounts.selectors import may_decide_for
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.publication.models import DraftComment, Publication, ScheduledRelease, Status
from portal.publication.publishing import refusal, subject_of


def comment(publication: Publication, by: User, text: str, now: datetime) -> DraftComment:
    """Add to the thread of a version. The same words of the same person in a row, as of a form sent twice, stand once.

    Raises:
        RefusedError: `not-regulator` (403), `comment-empty` (409).
    """
    with transaction.atomic():
        row = Publication.objects.select_for_update().get(pk=publication.pk)
        if not may_decide_for(by, row.period.peer_group.scope):
            raise refusal("not-regulator")
        trimmed = text.strip()[:2000]
        if not trimmed:
            raise refusal("comment-empty")
        last: DraftComment | None = row.comments.last()
        if last is not None and (last.author_id, last.text) == (by.pk, trimmed):
            return last
        posted = DraftComment.objects.create(publication=row, author=by, at=now, text=trimmed)
        record(now, by.email, Action.PUBLICATION_COMMENTED, subject_of(row))
    return posted


def discard(publication: Publication, by: User, reason: str, now: datetime) -> Publication:
    """Whoever may decide about a draft may discard it, who drafted it too: nothing becomes public by it.

    Raises:
        RefusedError: `not-regulator` (403), `not-a-draft`, `is-scheduled`, `discard-unexplained` (409).
    """
    with transaction.atomic():
        row = Publication.objects.select_for_update().get(pk=publication.pk)
        if not may_decide_for(by, row.period.peer_group.scope):
            raise refusal("not-regulator")
        if row.status != Status.DRAFT:
            raise refusal("not-a-draft")
        if row.releases.filter(state=ScheduledRelease.State.WAITING).exists():
            raise refusal("is-scheduled")
        if not reason.strip():
            raise refusal("discard-unexplained")
        row.status, row.discarded_by, row.discarded_at, row.discard_reason = Status.DISCARDED, by, now, reason.strip()[:1000]
        row.save(update_fields=["status", "discarded_by", "discarded_at", "discard_reason"])
        record(now, by.email, Action.PUBLICATION_DISCARDED, subject_of(row), row.discard_reason)
    return row
