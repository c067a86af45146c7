"""What may be wrong with a PostgreSQL server that answers: no room, or a replica without which nothing is committed. SQLite has neither."""

from __future__ import annotations

from contextlib import closing
from time import monotonic

import psycopg.errors
from django.db import OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from portal.problems import SERVER_AWAY

SPILL = "SELECT 1 FROM (SELECT repeat(md5(n::text), 32) FROM generate_series(1, 2048) AS n ORDER BY 1 OFFSET 2048) AS sorted"
"""A sort of 2 MB that does not fit into the memory it is given: it is written to the disk of the database, and leaves nothing behind."""


ROOM_IS_KNOWN_S = 15.0
_vault_has_room_until = 0.0


def has_room(alias: str) -> bool:
    """Whether the disk of that database still takes 2 MB. Raises what Django raises where the server is away."""
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
    """`vault-away`, `vault-full`, or nothing: asked by the worker, for nobody else reaches it. Room that it had counts for a moment."""
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
    own = connections["default"].copy()
    own.settings_dict["OPTIONS"].pop("pool", None)
    try:
        with closing(own):
            return _lacks_replica(own)
    except SERVER_AWAY:
        return False


def _lacks_replica(connection: BaseDatabaseWrapper) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('synchronous_standby_names') <> '' AND NOT EXISTS (SELECT FROM pg_stat_replication)")
        lacks: bool = cursor.fetchone()[0]
    return lacks
