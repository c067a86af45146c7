"""TLS to a real PostgreSQL and to Redis, as production asks for it: a server whose certificate
another authority signed is refused.
"""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import psycopg
import pytest
import redis

from portal.opening import backups
from portal.settings.in_transit import require_checked_database, require_checked_redis
from tests.servers import authority, free_port, postgres, unprivileged
from tests.servers import redis as redis_server

pytestmark = [pytest.mark.postgres, pytest.mark.redis]

NAME = "localhost"  # what the certificate is for; 127.0.0.1 is not in it


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """`ca.pem` signed `server.crt`; `other.pem` is another authority's."""
    with tempfile.TemporaryDirectory(prefix="steplabel-tls-", ignore_cleanup_errors=True) as name:
        path = Path(name)
        path.chmod(0o755)
        authority.write(path, NAME)
        yield path


@pytest.fixture(scope="module")
def database(folder: Path) -> Iterator[int]:
    """The port of a PostgreSQL that takes TLS."""
    with postgres.started(folder) as (programs, _origin, port):
        linked = subprocess.run(
            ["ldd", programs / "postgres"], capture_output=True, text=True, check=True
        ).stdout
        if "libssl" not in linked:
            pytest.skip(
                "This PostgreSQL was built without TLS (the wheel's is): install Debian's "
                "postgresql."
            )
        for file in ("server.crt", "server.key"):
            shutil.copy(folder / file, folder / "postgres" / file)
            if unprivileged():
                shutil.chown(folder / "postgres" / file, "nobody", "nogroup")
            (folder / "postgres" / file).chmod(0o600)
        with psycopg.connect(
            host=str(folder / "postgres"),
            port=port,
            user="postgres",
            dbname="postgres",
            autocommit=True,
        ) as superuser:
            superuser.execute("ALTER SYSTEM SET ssl = on")
            superuser.execute("SELECT pg_reload_conf()")
        yield port


def _ask(port: int, host: str, authority: Path) -> object:
    """As production would: its check of the address, then a connection with what the address says.
    Whether that is under TLS.
    """
    url = f"postgres://postgres@{host}:{port}/postgres?sslmode=verify-full&sslrootcert={authority}"
    parsed: dict[str, Any] = {**dj_database_url.parse(url)}
    require_checked_database("DATABASE_URL", parsed)
    with psycopg.connect(
        host=host,
        port=port,
        user="postgres",
        dbname="postgres",
        connect_timeout=10,
        **parsed["OPTIONS"],
    ) as connection:
        row = connection.execute(
            "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        ).fetchone()
        return row and row[0]


def test_the_database_is_asked_under_tls_and_has_to_prove_its_name(
    database: int, folder: Path
) -> None:
    assert _ask(database, NAME, folder / "ca.pem") is True
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        _ask(database, NAME, folder / "other.pem")
    with pytest.raises(psycopg.OperationalError, match="does not match host name"):
        _ask(database, "127.0.0.1", folder / "ca.pem")


def test_the_programs_of_a_backup_ask_the_database_under_the_same_check(
    database: int, folder: Path
) -> None:
    def dump(host: str, authority: str) -> str:
        """What it ends in; empty if it ended well."""
        url = f"postgres://postgres@{host}:{database}/postgres?sslmode=verify-full&sslrootcert={folder / authority}"
        command, environment = (
            ["pg_dump", "--schema-only"],
            backups._environment({**dj_database_url.parse(url)}),
        )
        ended = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )
        return ended.stderr if ended.returncode else ""

    assert dump(NAME, "ca.pem") == ""
    assert "certificate verify failed" in dump(NAME, "other.pem")
    assert "does not match host name" in dump("127.0.0.1", "ca.pem")


@pytest.fixture
def before_redis(folder: Path, tmp_path: Path) -> Iterator[int]:
    """The port of a TLS end before a real Redis: the wheel's was built without TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    with (
        redis_server.started(tmp_path) as url,
        closing(socket.create_server(("127.0.0.1", port := free_port()))) as door,
    ):
        Thread(target=_pass_on, args=(door, context, urlsplit(url).port), daemon=True).start()
        yield port


def _pass_on(door: socket.socket, context: ssl.SSLContext, port: int) -> None:
    with suppress(OSError):  # the door is closed at the end
        while True:
            plain = door.accept()[0]
            with suppress(OSError):  # who does not take our certificate ends the handshake
                outer, inner = (
                    context.wrap_socket(plain, server_side=True),
                    socket.create_connection(("127.0.0.1", port)),
                )
                for source, other in ((outer, inner), (inner, outer)):
                    Thread(target=_copy, args=(source, other), daemon=True).start()


def _copy(source: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            other.sendall(chunk)


def test_redis_is_asked_under_tls_and_has_to_prove_its_name(
    before_redis: int, folder: Path
) -> None:
    def ask(host: str, authority: str) -> bool:
        url = f"rediss://{host}:{before_redis}/0?ssl_ca_certs={folder / authority}"
        with redis.Redis.from_url(
            require_checked_redis("REDIS_URL", url), socket_timeout=10
        ) as client:
            return bool(client.ping())

    assert ask(NAME, "ca.pem")
    with pytest.raises(redis.ConnectionError, match="certificate verify failed"):
        ask(NAME, "other.pem")
    with pytest.raises(redis.ConnectionError, match="IP address mismatch"):
        ask("127.0.0.1", "ca.pem")


def test_celerys_client_checks_the_same(before_redis: int, folder: Path) -> None:
    from kombu.connection import Connection
    from kombu.exceptions import OperationalError

    def ask(authority: str) -> None:
        url = f"rediss://{NAME}:{before_redis}/0?ssl_ca_certs={folder / authority}"
        with Connection(require_checked_redis("REDIS_URL", url), connect_timeout=10) as broker:
            broker.ensure_connection(max_retries=1, timeout=10)

    ask("ca.pem")
    with pytest.raises(OperationalError, match="certificate verify failed"):
        ask("other.pem")
