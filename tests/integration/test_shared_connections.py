"""The web's pool of connections on a PostgreSQL of its own that goes away: back within seconds,
however long it was gone.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from psycopg_pool import ConnectionPool, PoolTimeout

from portal.settings.shared_connections import ASKED_AGAIN_S, shared_connections
from tests.servers import postgres

pytestmark = pytest.mark.postgres

AWAY_S = 8.0  # by then the pool, left to itself, asks next after 7 s more
MOST = 4


def answers(pool: ConnectionPool[psycopg.Connection[tuple[object, ...]]]) -> bool:
    with pool.connection() as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def test_a_server_that_was_away_is_used_again_as_soon_as_it_answers() -> None:
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="steplabel-pool-", ignore_cleanup_errors=True)
            )
        )
        folder.chmod(0o755)  # the server's user is not ours
        server = postgres.Cluster(folder).make().start()
        stack.callback(lambda: server.stop())
        address = f"host=127.0.0.1 port={server.port} user=postgres dbname=postgres"
        pool = stack.enter_context(
            ConnectionPool(
                address,
                check=ConnectionPool.check_connection,
                **shared_connections(MOST, wait_s=0.5),
            )
        )
        connections = [
            pool.getconn() for _ in range(MOST)
        ]  # as many as there may be: all of them die
        for connection in connections:
            pool.putconn(connection)
        server.kill()
        (server.data / "postmaster.pid").unlink()
        until = time.monotonic() + AWAY_S
        while time.monotonic() < until:
            with pytest.raises(PoolTimeout):
                answers(pool)
        server.start()
        begun = time.monotonic()
        while time.monotonic() - begun < AWAY_S:
            try:
                assert answers(pool)
                break
            except PoolTimeout:
                continue
        assert time.monotonic() - begun < 3 * ASKED_AGAIN_S
