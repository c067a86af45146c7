"""Whether the PostgreSQL server answers, and what may be wrong where it does: no room, or a replica
without which nothing is committed.

SQLite has none of it.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from threading import Lock
from time import monotonic

import psycopg.errors
from django.db import OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from portal.problems import SERVER_AWAY

SPILL = (
    "SELECT 1 FROM (SELECT repeat(md5(n::text), 32) FROM generate_series(1, 2048) AS n ORDER BY 1 "
    "OFFSET 2048) AS sorted"
)
"""A sort of 2 MB that does not fit into the memory it is given: it is written to the disk of the
database, and leaves nothing behind.
"""


ANSWERS_WITHIN_S = 2
"""Whoever restarts processes, balances load or scrapes gives up on an answer after 3 to 10 s."""
_lookers = ThreadPoolExecutor(1, "look-at-database")
_look: Future[bool] | None = None
_look_lock = Lock()

ROOM_IS_KNOWN_S = 15.0
_vault_has_room_until = 0.0


def answers() -> bool:
    """Whether the default database answers within `ANSWERS_WITHIN_S`. Whoever asks meanwhile waits
    for the same look.

    A thread of its own looks, on a connection of its own: those that the threads share may all be
    waiting, for up to 10 s.
    """
    global _look
    with _look_lock:
        if _look is None or _look.done():
            _look = _lookers.submit(_answers)
        look = _look
    try:
        return look.result(ANSWERS_WITHIN_S)
    except TimeoutError:
        return False


def _answers() -> bool:
    own = _connection_of_its_own()
    if own.vendor == "postgresql":
        own.settings_dict["OPTIONS"] |= {
            "connect_timeout": ANSWERS_WITHIN_S,
            "tcp_user_timeout": 1000 * ANSWERS_WITHIN_S,
        }
    try:
        with closing(own), own.cursor() as cursor:
            cursor.execute("SELECT 1")
    except SERVER_AWAY:
        return False
    return True


def has_room(alias: str) -> bool:
    """Whether the disk of that database still takes 2 MB. Raises what Django raises where the
    server is away.
    """
    if connections[alias].vendor != "postgresql":
        return True
    try:
        with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '64kB'")
            cursor.execute(SPILL)
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.DiskFull):
            return False
        raise
    return True


def trouble_of_vault() -> str:
    """`vault-away`, `vault-full`, or nothing: asked by the worker, for nobody else reaches it. Room
    that it had counts for a moment.
    """
    global _vault_has_room_until  # one a process
    try:
        if monotonic() < _vault_has_room_until:
            with connections["vault"].cursor() as cursor:
                cursor.execute("SELECT 1")
        elif not has_room("vault"):
            return "vault-full"
        else:
            _vault_has_room_until = monotonic() + ROOM_IS_KNOWN_S
    except SERVER_AWAY:
        _vault_has_room_until = 0.0
        return "vault-away"
    return ""


def waits_for_replica() -> bool:
    """Whether every commit of the default database waits for a replica that is not there.

    Asked on a connection of its own: those that the threads share may all be waiting.
    """
    if connections["default"].vendor != "postgresql":
        return False
    own = _connection_of_its_own()
    try:
        with closing(own):
            return _lacks_replica(own)
    except SERVER_AWAY:
        return False


def _connection_of_its_own() -> BaseDatabaseWrapper:
    own = connections["default"].copy()
    own.settings_dict["OPTIONS"].pop("pool", None)
    return own


def _lacks_replica(connection: BaseDatabaseWrapper) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('synchronous_standby_names') <> '' AND NOT EXISTS (SELECT "
            "FROM pg_stat_replication)"
        )
        lacks: bool = cursor.fetchone()[0]
    return lacks
