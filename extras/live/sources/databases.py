"""Databases that are read and never written: PostgreSQL by psycopg, SQLite, and any other by its
ODBC driver.

Each query is one transaction that may only read, so that it sees one state of the table, and its
rows come a few thousand at a time.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from extras.live.sources.clients import client_of

ROWS_AT_ONCE = 5_000
PATIENCE_S = 10
_SINCE = re.compile(r"(?<![:\w]):since\b")
# a network that is gone is noticed by TCP after half a minute, and not after the hours that are
# usual
_OPTIONS: dict[str, Any] = {
    "application_name": "steplabel",
    "connect_timeout": PATIENCE_S,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}

Part = tuple[Sequence[str], Sequence[Sequence[Any]]]
"""Names of the columns, and some rows."""


class NoMoment(str):
    """A time of a database that no calendar here holds, as its server writes it: `infinity`, before
    year 1 or after 9999.
    """

    __slots__ = ()


class Database(Protocol):
    """One database, connected when it is asked, and again after a failure."""

    failures: tuple[type[Exception], ...]

    def rows(self, query: str, since: Any) -> Iterator[Part]:
        """What the query gives, `:since` being a value; at least one part."""

    def close(self) -> None:
        """Leave; it is connected again when it is asked."""


def opened(url: str, password: str | None, folder: Path) -> Database:
    """The database that a URL names, not yet connected.

    Raises:
        InputError: its client is not installed.
    """
    kind, _, rest = url.partition(":")
    if kind == "sqlite":
        return Sqlite(folder / rest)
    if kind == "odbc":
        return Odbc(rest, password)
    return Postgres(url, password)


class Sqlite:
    """A file; the path counts from the folder of site.toml."""

    failures: tuple[type[Exception], ...] = (sqlite3.Error,)

    def __init__(self, path: Path) -> None:
        self._address = f"file:{quote(str(path))}?mode=ro"

    def rows(self, query: str, since: Any) -> Iterator[Part]:
        with closing(sqlite3.connect(self._address, uri=True, timeout=PATIENCE_S)) as connection:
            connection.text_factory = partial(
                str, encoding="utf-8", errors="backslashreplace"
            )  # one damaged text stops no query
            cursor = connection.execute(query, {"since": since})
            yield from _parts(cursor)

    def close(self) -> None:
        """Nothing stays open."""


class Postgres:
    """By psycopg."""

    def __init__(self, url: str, password: str | None) -> None:
        with client_of("PostgreSQL", "psycopg", "source.sql.url"):
            import psycopg
        self.failures: tuple[type[Exception], ...] = (psycopg.Error,)
        self._url, self._password = url, password
        self._connection: psycopg.Connection[Any] | None = None

    def rows(self, query: str, since: Any) -> Iterator[Part]:
        import psycopg

        asked = _SINCE.sub("%(since)s", query.replace("%", "%%"))
        try:
            connection = self._connected()
            with connection.transaction(), connection.cursor(name="steplabel") as cursor:
                cursor.execute(asked.encode(), {"since": since})
                yield from _parts(cursor)
        except psycopg.Error:
            self.close()
            raise

    def _connected(self) -> Any:
        import psycopg

        if self._connection is None:
            more: dict[str, Any] = {} if self._password is None else {"password": self._password}
            self._connection = psycopg.connect(self._url, autocommit=True, **_OPTIONS, **more)
            self._connection.read_only = True
            _admit_every_time(self._connection)
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Odbc:
    """By pyodbc and the driver that the connection string names."""

    def __init__(self, string: str, password: str | None) -> None:
        with client_of("ODBC", "pyodbc", "source.sql.url", "live[odbc]"):
            import pyodbc
        self.failures: tuple[type[Exception], ...] = (pyodbc.Error,)
        self._string = (
            string
            if password is None
            else f"{string.rstrip(';')};PWD={{{password.replace('}', '}}')}}}"
        )

    def rows(self, query: str, since: Any) -> Iterator[Part]:
        import pyodbc

        with closing(pyodbc.connect(self._string, timeout=PATIENCE_S, readonly=True)) as connection:
            asked, count = _SINCE.subn("?", query)
            yield from _parts(connection.execute(asked, [since] * count))

    def close(self) -> None:
        """Nothing stays open."""


def _admit_every_time(connection: Any) -> None:
    """Hand on a time that Python cannot hold as its text, so that one such row does not end every
    read of its table.
    """
    import psycopg
    from psycopg.types import datetime as times

    def admitting(loader: Any) -> Any:
        class Admitting(loader):  # type: ignore[misc]  # of psycopg, by kind
            def load(self, data: Any) -> Any:
                try:
                    return super().load(data)
                except psycopg.DataError:
                    return NoMoment(bytes(data).decode())

        return Admitting

    for kind, loader in (
        ("timestamptz", times.TimestamptzLoader),
        ("timestamp", times.TimestampLoader),
        ("date", times.DateLoader),
    ):
        connection.adapters.register_loader(kind, admitting(loader))


def _parts(cursor: Any) -> Iterator[Part]:
    names = [column[0] for column in cursor.description or ()]
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        yield names, rows
    yield names, ()
