"""A second wall behind the selectors: row-level security in PostgreSQL, set for each request,
opened where need be, checked for gaps.

`wall.sql` gives tables of sites' rows a policy of row-level security, which holds wherever
`steplabel.reader` is set. For every statement of a request this module sets it in the same message
and for that transaction alone: no round trip more, and nothing that a pooler could hand on to
another request. A selector that forgets its filter then finds nothing, where it would have found
everything.

    nobody              no site person:12           own sites and those regulated; those assigned or
    granted, with values where these were key:5:enterprise    the same for the organisation of an
    API key (empty)             all: worker, operator, migrations; and in a request what is
    `opened`, for devices, counts, links and versions

It guards against a mistake in our code, not against whoever carries out statements of their own as
the web's role: they can empty the setting, though they can take no policy down, for that role owns
no table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponseBase

from benchmarks.phrases import Phrase
from portal import extras

POLICIES = Path(__file__).with_name("wall.sql")
_OF_EXTRAS = {"wall.sql": "        -- of extras\n", "lent.sql": "    -- lent by extras\n"}
"""Where the book's statements have those of extras, by the files in which each has its own."""

SETTING = "steplabel.reader"
NOBODY = "nobody"
_OF_A_TRANSACTION = ("SAVEPOINT", "RELEASE", "ROLLBACK")
"""They read nothing, and after an error PostgreSQL takes nothing but the last."""

_STATE = f"SELECT set_config('{SETTING}', '%s', true);"


class _Wall:
    """Of one request."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.key = ""  # `5:enterprise` where an API key asks
        self.openings = 0
        self.stood = False  # a reader was stated once, maybe in a transaction that goes on

    @property
    def reader(self) -> str:
        """Made of numbers and of a role's name alone: it goes into a statement as it is."""
        if self.openings:
            return ""
        if self.key:
            return f"key:{self.key}"
        user: Any = getattr(
            self.request, "_cached_user", None
        )  # where Django puts who is signed in, once somebody asked for it
        return f"person:{user.pk:d}" if user is not None and user.is_authenticated else NOBODY

    def __call__(
        self,
        execute: Callable[..., Any],
        text: str,
        values: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        if not ((reader := self.reader) or self.stood) or text.startswith(_OF_A_TRANSACTION):
            return execute(text, values, many, context)
        self.stood = True
        stated, cursor = _STATE % reader, context["cursor"].cursor
        if many or getattr(
            cursor, "name", None
        ):  # a statement for each row, or a cursor on the server: these take no second one
            context["connection"].connection.execute(stated)
            return execute(text, values, many, context)
        result = execute(stated + text, values, many, context)
        cursor.nextset()
        return result


_standing: ContextVar[_Wall | None] = ContextVar("wall", default=None)


class WallMiddleware:
    """Last of all, so that what others ask of the database for themselves goes its usual way."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if connection.vendor != "postgresql":
            return self.get_response(request)
        wall = _Wall(request)
        token = _standing.set(wall)
        try:
            with connection.execute_wrapper(wall):
                return self.get_response(request)
        finally:
            _standing.reset(token)
            if (
                wall.stood and connection.in_atomic_block and not connection.needs_rollback
            ):  # of whoever called us, and goes on in it
                connection.connection.execute(_STATE % "")

    def process_view(self, _request: HttpRequest, view: Any, _args: Any, _parts: Any) -> None:
        """A device is known by its signature and asks for its own site; what it hands in is no row
        of a reader's.
        """
        if (wall := _standing.get()) is not None and getattr(
            getattr(view, "cls", None), "for_devices", False
        ):
            wall.openings += 1


def policies() -> str:
    """The statements that raise the wall, on the tables of extras too."""
    policies = POLICIES.read_text("utf-8")
    for name, place in _OF_EXTRAS.items():
        added = "".join(file.read_text("utf-8") for file in extras.files(name))
        policies = policies.replace(place, added)
    return policies


def asks_with_key(organisation: int, role: str) -> None:
    """From here on the request sees what this organisation may see in this role."""
    if (wall := _standing.get()) is not None:
        wall.key = f"{organisation:d}:{role}"


def gaps() -> list[Phrase]:
    """Where the wall does not hold the web's role, in words; empty where it does, and where the
    database is no PostgreSQL.
    """
    if connection.vendor != "postgresql":
        return []
    tables = re.findall(r"^        \('(\w+)'", policies(), re.MULTILINE)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = 'steplabel_web' AND (rolsuper OR "
            "rolbypassrls)"
        )
        passing = [
            Phrase("the role %(role)s is a superuser or has BYPASSRLS", role=role)
            for (role,) in cursor.fetchall()
        ]
        cursor.execute(
            "SELECT relname FROM pg_class JOIN pg_policy ON polrelid = pg_class.oid AND polname = "
            "'wall' "
            "WHERE relnamespace = 'public'::regnamespace AND relrowsecurity AND relforcerowsecurity"
        )
        walled = {name for (name,) in cursor.fetchall()}
    return passing + [
        Phrase("the table %(table)s has no policy that is in force", table=name)
        for name in tables
        if name not in walled
    ]


def owned_by_the_web() -> int:
    """How many tables the web's role owns: who owns a table may take down its policies, and the
    triggers that keep records from change.
    """
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_class JOIN pg_roles ON relowner = pg_roles.oid "
            "WHERE rolname = 'steplabel_web' AND relnamespace = 'public'::regnamespace AND "
            "relkind IN ('r', 'p')"
        )
        return int(cursor.fetchone()[0])


@contextmanager
def opened() -> Iterator[None]:
    """The wall is open to what is asked here. For counts, for links whose secret was shown, for
    devices: each such place says which.
    """
    if (wall := _standing.get()) is None:
        yield
        return
    wall.openings += 1
    try:
        yield
    finally:
        wall.openings -= 1
