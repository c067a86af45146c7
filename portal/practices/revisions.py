"""What an entry said when somebody read it, and who wrote it; a decision is refused where the entry
has changed since.

A decision on an entry brings along `as_read` of the page on which it was taken, as a list of the
obliged does: what has changed since is told, and nothing is decided.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from portal.accounts.models import User
from portal.practices.models import Entry, EntryState, Revision
from portal.problems import RefusedError


def as_read(*entries: Entry) -> str:
    """A digest of what these entries say and how they stand."""
    return _digest([(entry.pk, entry.state, entry.content) for entry in entries])


def require_as_read(read_against: str, *entries: Entry) -> None:
    """Raises RefusedError `practice-changed` (409): an entry says something else, or stands
    otherwise, than whoever decides has read.
    """
    if read_against != as_read(*sorted(entries, key=lambda entry: entry.pk)):
        raise changed()


def changed() -> RefusedError:
    return RefusedError(
        409,
        "practice-changed",
        "This has changed since you opened the page: nothing was saved or decided.",
        "Read what it says now, then decide.",
    )


def write(entry: Entry, by: User, now: datetime) -> None:
    """Keep what the entry says now, with who wrote it. In the transaction that saves it."""
    Revision.objects.create(entry=entry, content=entry.content, written_by=by, written_at=now)


def wrote_in(entry: Entry, user: User) -> bool:
    """Whether any of it was saved by this person since a version of it was last published: offered,
    edited or imported.
    """
    return user.pk == entry.reviewed_by_id or entry.revisions.filter(written_by=user).exists()


def text_read(entry: Entry, read_against: str) -> Mapping[str, str] | None:
    """What the entry said as it was read; None where that was never saved here."""
    contents = [entry.content, *entry.revisions.values_list("content", flat=True)]
    return next(
        (
            content
            for content in contents
            for state in EntryState
            if _digest([(entry.pk, state, content)]) == read_against
        ),
        None,
    )


def texts_of(entry: Entry) -> list[tuple[Mapping[str, str], datetime]]:
    """What it said each time that it was saved, the oldest first; before these the version that it
    replaces.
    """
    before = (
        Entry.objects.filter(practice=entry.practice, version__lt=entry.version)
        .exclude(published_at=None)
        .order_by("-version")
    )
    replaced = list(before.values_list("content", "written_at")[:1])
    return [*replaced, *entry.revisions.values_list("content", "written_at")]


def _digest(read: list[tuple[int, str, Mapping[str, str]]]) -> str:
    return hashlib.sha256(
        json.dumps(
            [(pk, str(state), content) for pk, state, content in read], sort_keys=True
        ).encode()
    ).hexdigest()
