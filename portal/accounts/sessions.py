"""Where a person is signed in, and ending it. Django keeps a session under its key; allauth notes
whose it is and from where.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction

from portal.accounts.models import User
from portal.auditlog.models import Action
from portal.auditlog.recording import record


@dataclass(frozen=True, slots=True)
class SessionView:
    id: int
    signed_in: datetime
    address: str
    program: str  # what the browser says of itself
    here: bool


def sessions_of(user: User, this_key: str | None, now: datetime) -> tuple[SessionView, ...]:
    """The person's sessions that have not ended, newest first."""
    rows = list(UserSession.objects.filter(user=user).order_by("-created_at"))
    alive = set(
        Session.objects.filter(
            session_key__in=[row.session_key for row in rows], expire_date__gt=now
        ).values_list("session_key", flat=True)
    )
    return tuple(
        SessionView(row.pk, row.created_at, row.ip, row.user_agent, row.session_key == this_key)
        for row in rows
        if row.session_key in alive
    )


def end(user: User, now: datetime, *, only: int | None = None, but: str | None = None) -> int:
    """End the person's sessions: all of them, `only` the one of that id, or all `but` the one of
    that key. How many ended.
    """
    rows = UserSession.objects.filter(user=user)
    if only is not None:
        rows = rows.filter(pk=only)
    if but is not None:
        rows = rows.exclude(session_key=but)
    with transaction.atomic():
        keys = list(rows.values_list("session_key", flat=True))
        Session.objects.filter(session_key__in=keys).delete()
        rows.delete()
        if keys:
            record(
                now, user.email, Action.SESSIONS_ENDED, f"person {user.email}", f"{len(keys)} ended"
            )
    return len(keys)
