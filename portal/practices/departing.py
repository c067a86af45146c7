"""A firm that leaves: what it offered and nobody published goes with it, for there is nobody left
to withdraw it.
"""

from __future__ import annotations

from datetime import datetime

from portal.accounts.models import Organisation
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.notifications.models import Notice
from portal.practices.models import Entry, Revision
from portal.practices.reviewing import WAITING, subject_of


def forget_unpublished(firm: Organisation, because: str, by: str, now: datetime) -> None:
    """Every version that was never published, with all that was written of it; of those that waited
    the record says that they ended.

    By the table: the worker that does it reads no text of a practice. To be called in a
    transaction.
    """
    unpublished = (
        Entry.objects.select_for_update(of=("self",))
        .filter(organisation=firm, published_at=None)
        .order_by("pk")
    )
    entries = list(unpublished.only("pk", "practice", "version", "state"))
    for entry in entries:
        if entry.state in WAITING:
            record(now, by, Action.PRACTICE_WITHDRAWN, subject_of(entry), because)
    gone = [entry.pk for entry in entries]
    Notice.objects.filter(place="web:practice-entry", place_parts__entry__in=gone)._raw_delete(
        "default"
    )
    for rows in (Revision.objects.filter(entry__in=gone), Entry.objects.filter(pk__in=gone)):
        rows.order_by()._raw_delete("default")
