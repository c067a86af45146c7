"""The second wall behind the selectors: PostgreSQL gives a page the rows of its reader alone, also where a selector forgets a filter.

It stands around reading as somebody: pages for a role (`web.access.for_role`) and answers to API keys (`schema.StrictView`), where
nothing is sent in. Before their first statement that names a walled table, the session acts as `PAGES_ROLE` and says who reads, in one
statement; one more ends it. Code in there that reads across firms says so (`opened`). Open pages, the door and acts stand before it.
It stops a forgotten filter, not a smuggled statement, which could say `RESET ROLE` as well. portal/wall.sql has tables and policies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from django.db.backends.signals import connection_created

SQL = settings.BASE_DIR / "portal" / "wall.sql"
WALLED = tuple(re.findall(r"^ +\('(\w+)', '", SQL.read_text("utf-8"), re.MULTILINE))

_NAMES_WALLED = re.compile(rf"\b({'|'.join(WALLED)})\b")
_READER: ContextVar[Callable[[], str] | None] = ContextVar("who reads", default=None)


@contextmanager
def behind(asking: Callable[[], Any]) -> Iterator[None]:
    """What is read in here is read by the person, or the holder of an API key, that `asking` gives once it is needed."""
    with _reading(lambda: _reader(asking())):
        yield


@contextmanager
def opened() -> Iterator[None]:
    """Behind the wall, code that reads across firms: what it gives out is no firm's rows, or is asked for by a secret."""
    with _reading(lambda: "all"):
        yield


def _reader(user: Any) -> str:
    if not user.is_authenticated:
        return "nobody"
    return f"acting {user.acting_as.organisation} {user.acting_as.role}" if user.acting_as else f"person {user.pk}"


@contextmanager
def _reading(reader: Callable[[], str]) -> Iterator[None]:
    token = _READER.set(reader)
    try:
        yield
    finally:
        _READER.reset(token)
        connection: Any = connections["default"]
        if getattr(connection, "wall_told", None) is not None and connection.connection is not None:
            connection.wall_told = None
            try:
                _tell(connection, "none", "")
            except psycopg.Error:
                if not connection.in_atomic_block:  # in one, what was said is undone with it
                    connection.connection.close()


def _watch(connection: Any, **_named: Any) -> None:
    connection.wall_told = None
    if connection.alias == "default" and connection.vendor == "postgresql" and _say_who_reads not in connection.execute_wrappers:
        connection.execute_wrappers.append(_say_who_reads)


def _say_who_reads(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    asks = _READER.get()
    if settings.PAGES_ROLE and asks is not None and _NAMES_WALLED.search(str(sql)):
        connection, reader = context["connection"], asks()
        # what is said in a transaction is undone with it
        if connection.wall_told is None or connection.wall_told != (reader, connection.atomic_blocks[: len(connection.wall_told[1])]):
            _tell(connection, settings.PAGES_ROLE, reader)
            connection.wall_told = (reader, list(connection.atomic_blocks))
    return execute(sql, params, many, context)


def _tell(connection: Any, role: str, reader: str) -> None:
    with connection.connection.cursor() as cursor:
        cursor.execute("SELECT set_config('role', %s, false), set_config('steplabel.reader', %s, false)", [role, reader])


connection_created.connect(_watch, dispatch_uid="the wall")
