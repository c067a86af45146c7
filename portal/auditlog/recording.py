"""Adding to the audit record, one event or many, inside the transaction of what is recorded.

Called inside the transaction of what it records: either both are there or neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import TextChoices

from portal.auditlog.models import Event
from portal.statements import insert

AT_ONCE = 1_000


def record(at: datetime, actor: str, action: TextChoices, subject: str, detail: str = "") -> None:
    """Note that `actor` did `action` to `subject`."""
    record_each(at, action, [(actor, subject, detail)])


def record_each(at: datetime, action: TextChoices, done: Iterable[tuple[str, str, str]]) -> None:
    """As `record`, of many: who, to which subject, details."""
    rows = [
        Event(at=at, actor=actor, action=action, subject=subject, detail=detail[:1000])
        for actor, subject, detail in done
    ]
    for first in range(0, len(rows), AT_ONCE):
        insert(rows[first : first + AT_ONCE])
