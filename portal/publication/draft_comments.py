"""What those who decide about a draft say to each other: kept with the version, never changed,
never public.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from portal.accounts.deciding import require_regulator_of_scope
from portal.accounts.models import User
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.publication.models import DraftComment, Publication
from portal.publication.refusals import refusal
from portal.whole_text import whole_text


def comment(publication: Publication, by: User, text: str, now: datetime) -> DraftComment:
    """Add to the thread of a version. The same words of the same person in a row, as of a form sent
    twice, stand once.

    Raises:
        RefusedError: `not-regulator` (403), `comment-empty`, `text-too-long` (409).
    """
    with transaction.atomic():
        row = Publication.objects.select_for_update().get(pk=publication.pk)
        require_regulator_of_scope(by, row.period.peer_group.scope)
        trimmed = whole_text(text, 2_000)
        if not trimmed:
            raise refusal("comment-empty")
        last: DraftComment | None = row.comments.last()
        if last is not None and (last.author_id, last.text) == (by.pk, trimmed):
            return last
        posted = DraftComment.objects.create(publication=row, author=by, at=now, text=trimmed)
        record(now, by.email, Action.PUBLICATION_COMMENTED, row.audit_subject)
    return posted
