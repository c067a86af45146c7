"""Public pages and the public API read from a replica of the default database; how far it is behind
is watched, its trouble named.

Only views that say so (`from_replica`), and only for who is not signed in: what somebody has just
changed they must find. Every process looks each few seconds how far the replica has come; one that
is away or too far behind is not read from until it is neither, and a view that it could not answer,
or that found nothing there, asks the primary. While the primary is away the replica answers alone,
and page and header say as of when.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import wraps
from threading import Lock
from time import monotonic
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponseBase

from portal.problems import SERVER_AWAY
from portal.routers import VAULT_APPS

ALIAS = "replica"
LOOKED_EVERY_S = 5.0
WRITTEN = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"
REPLAYED = "SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')"
AS_OF = "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_xact_replay_timestamp() END"
AS_OF_HEADER = "X-Steplabel-As-Of"

Answer = TypeVar("Answer")

log = logging.getLogger(__name__)

_reading: ContextVar[bool] = ContextVar("whether models are read from the replica", default=False)


def is_named() -> bool:
    return ALIAS in connections


class ReplicaRouter:
    """Reads from the replica while a view of `from_replica` runs; writes and migrates nothing
    there.
    """

    def db_for_read(self, model: type[Model], **_hints: Any) -> str | None:
        return ALIAS if _reading.get() and model._meta.app_label not in VAULT_APPS else None

    def allow_migrate(self, db: str, _app_label: str, **_hints: Any) -> bool | None:
        return False if db == ALIAS else None


def from_replica(view: Callable[..., Answer]) -> Callable[..., Answer]:
    """A view that anybody may see, of rows that others have published: of the replica where that
    can be used, else of the primary.

    What the replica refuses (it ended, or cancelled the query to catch up) or does not have yet is
    asked of the primary.
    """

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **parts: Any) -> Answer:
        if (
            not is_named()
            or settings.SESSION_COOKIE_NAME in request.COOKIES
            or not (watch.is_current() or watch.alone_as_of)
        ):
            return view(request, *args, **parts)
        try:
            with _from_replica():
                return _dated(watch.alone_as_of, request, lambda: view(request, *args, **parts))
        except Http404:
            return view(request, *args, **parts)
        except (DatabaseError, InterfaceError) as error:
            log.warning(
                "The replica did not answer a page (%s): the primary is asked.",
                type(error).__name__,
            )
            watch.forget()
            return view(request, *args, **parts)

    return shown


def _dated(as_of: datetime | None, request: HttpRequest, view: Callable[[], Answer]) -> Answer:
    """The answer, which says as of when it is where the primary is away: a page by its template,
    everything by a header.
    """
    if as_of is None:
        return view()
    request.as_of = as_of  # type: ignore[attr-defined] # read by web/base.html
    answer = view()
    if isinstance(answer, HttpResponseBase):
        answer[AS_OF_HEADER] = as_of.astimezone(UTC).isoformat(timespec="seconds")
    return answer


@contextmanager
def _from_replica() -> Iterator[None]:
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


class ReplicaLag:
    """How far the replica is behind, in seconds: since when the primary has written what the
    replica has yet to replay.

    By positions in the write-ahead log, which both servers number alike, and not by the replica's
    own word: one that is cut off from the primary thinks that it has replayed everything.
    """

    def __init__(self) -> None:
        self._looking = Lock()
        self._look_at = 0.0
        # when the primary had written how far; the first is replayed, and of before the first look
        # nobody knows
        self._written: deque[tuple[float, int]] = deque([(-math.inf, 0)])
        self._behind_s: float | None = None
        self.alone_as_of: datetime | None = None
        """While the primary is away: when the last change was made that the replica has; what came
        since, if anything, it lacks.
        """

    def is_current(self) -> bool:
        """Whether it can be read from."""
        behind_s = self.behind_s()
        return behind_s is not None and behind_s <= settings.REPLICA_LATE_S

    def behind_s(self) -> float | None:
        """None while it is away, or is no replica. Looked anew by one thread at a time; the others
        go by what was found before.
        """
        if monotonic() >= self._look_at and self._looking.acquire(blocking=False):
            try:
                self._behind_s = self._look()
                self._look_at = monotonic() + LOOKED_EVERY_S
            finally:
                self._looking.release()
        return self._behind_s

    def forget(self) -> None:
        """Look before the next page: it did not answer."""
        self._look_at, self._behind_s = 0.0, None

    def _look(self) -> float | None:
        try:
            written, now = _asked("default", WRITTEN), monotonic()
        except SERVER_AWAY:
            self.alone_as_of = (
                _as_of()
            )  # not before: while one thread looks, the others go on by what was found
            return None
        self.alone_as_of = None
        try:
            replayed = _asked(ALIAS, REPLAYED)
        except SERVER_AWAY:
            return None
        if written is None or replayed is None:
            return None
        self._written.append((now, int(written)))
        while len(self._written) > 1 and self._written[1][1] <= int(replayed):
            self._written.popleft()
        return now - self._written[0][0]


def _as_of() -> datetime | None:
    try:
        as_of: datetime | None = _asked(ALIAS, AS_OF)
    except SERVER_AWAY:
        return None
    return as_of


def _asked(alias: str, question: str) -> Any:
    """On a connection of its own: those of the pool may all be waiting for a server that does not
    answer.
    """
    own = connections[alias].copy()
    own.settings_dict["OPTIONS"].pop("pool", None)
    with closing(own), own.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


watch = ReplicaLag()


def trouble() -> str:
    """`read-replica-away`, `read-replica-late`, or nothing."""
    if not is_named():
        return ""
    behind_s = watch.behind_s()
    if behind_s is None:
        return "read-replica-away"
    return "read-replica-late" if behind_s > settings.REPLICA_LATE_S else ""
