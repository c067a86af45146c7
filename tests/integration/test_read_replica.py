"""Public pages from a streaming replica: who reads what where, and what happens while it is late,
away and back.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings
from pytest_django.plugin import DjangoDbBlocker

from portal import read_replica
from portal.read_replica import ALIAS, AS_OF_HEADER, trouble, watch
from tests.integration.conftest import keys_of
from tests.integration.portal_cast import PASSWORD, Cast
from tests.integration.test_page_cache import VERSION, build_scene, publish
from tests.servers import free_port
from tests.servers.postgres import Cluster

NEXT = VERSION.replace("/v1/", "/v2/")
LIST = "/api/v1/benchmarks/"


@pytest.fixture(scope="module")
def published(
    key_folder: Path, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Cast]:
    """Committed, for a replica knows of nothing else; gone with the module."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no replicas: python -m tests starts PostgreSQL")
    with django_db_blocker.unblock(), keys_of(key_folder):
        try:
            yield build_scene()
        finally:
            for database in ("default", "vault"):
                call_command("flush", database=database, interactive=False, verbosity=0)


@pytest.fixture(scope="module")
def replica(published: Cast) -> Iterator[Cluster]:
    """Of the tests' own server."""
    of = connection.settings_dict
    with tempfile.TemporaryDirectory(prefix="steplabel-replica-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)  # the server's own user has to reach its files
        cluster = Cluster(Path(folder)).follow(int(of["PORT"])).start()
        connections.databases[ALIAS] = {**deepcopy(of), "PORT": cluster.port}
        watch.forget()
        try:
            yield cluster
        finally:
            connections[ALIAS].close()
            del connections[ALIAS], connections.databases[ALIAS]
            cluster.kill()


@pytest.fixture(autouse=True)
def _rendered_each_time(settings: Settings) -> None:
    """So that each page asks a database."""
    settings.CACHES = {
        **settings.CACHES,
        "pages": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
    }


def order(cluster: Cluster, statement: str) -> None:
    with psycopg.connect(
        f"host=127.0.0.1 port={cluster.port} user=postgres dbname=postgres", autocommit=True
    ) as superuser:
        superuser.execute(statement)


def asked(what: Callable[[], object]) -> tuple[int, int]:
    """How many questions the primary and the replica were asked."""
    with (
        CaptureQueriesContext(connection) as of_primary,
        CaptureQueriesContext(connections[ALIAS]) as of_replica,
    ):
        what()
    return len(of_primary), len(of_replica)


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)
        watch.forget()


def is_current() -> bool:
    return watch.behind_s() == 0.0


def shown(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


@pytest.mark.django_db(databases=["default", "vault"])
def test_without_a_replica_the_primary_answers_and_nothing_is_told(client: Client) -> None:
    assert trouble() == ""
    assert shown(client, LIST) == "[]"


def test_the_primary_is_no_replica(published: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that names the primary twice is told, and not read from as if there were two."""
    monkeypatch.setitem(connections.databases, ALIAS, deepcopy(connection.settings_dict))
    watch.forget()
    assert trouble() == "read-replica-away"
    del connections[ALIAS]


@pytest.mark.long
def test_public_pages_are_read_from_it_and_those_of_people_are_not(
    replica: Cluster, published: Cast
) -> None:
    until(is_current, "the replica has everything")
    for address in ("/", VERSION, f"{VERSION}benchmark.csv", "/feed.atom", LIST):
        of_primary, of_replica = asked(lambda: shown(Client(), address))  # noqa: B023 - called at once
        assert (of_primary, of_replica > 0) == (0, True), address
    for address in (
        "/api/v1/log/head/",
        "/verify/",
    ):  # the log is compared with what was shown before: always the newest
        assert asked(lambda: shown(Client(), address))[1] == 0, address  # noqa: B023 - called at once
    person = Client()
    assert person.login(email=published.approver.email, password=PASSWORD)
    of_primary, of_replica = asked(lambda: shown(person, "/"))
    assert (of_primary > 0, of_replica) == (True, 0)
    assert "read-replica" not in Client().get("/readyz").content.decode()


@pytest.mark.long
def test_while_the_primary_is_away_the_replica_answers_and_says_as_of_when(
    replica: Cluster, published: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    until(is_current, "the replica has everything")
    assert AS_OF_HEADER not in Client().get("/").headers
    as_asked = read_replica._asked
    with monkeypatch.context() as away:
        away.setitem(connection.settings_dict, "PORT", free_port())
        connection.close()
        watch.forget()
        for address in ("/", VERSION, f"{VERSION}benchmark.csv", LIST):
            answer = Client().get(address)
            assert answer.status_code == 200, address
            assert datetime.fromisoformat(answer[AS_OF_HEADER]) <= datetime.now(UTC), address
        assert "does not answer just now. This page shows what was known at" in shown(
            Client(), VERSION
        )
        assert Client().get("/verify/").status_code == 503, "what is not read from the replica"
        assert Client().get(NEXT.replace("/v2/", "/v9/")).status_code == 503, (
            "what it lacks may have come since"
        )
        reader = Client()
        reader.cookies[settings.SESSION_COOKIE_NAME] = "somebody's"
        assert reader.get(VERSION).status_code == 503, "who is signed in"
        assert Client().get("/readyz").json()["wrong"] == ["database-away"]
        during: list[bool] = []

        def looks(alias: str, question: str) -> object:
            during.append(watch.alone_as_of is not None)
            return as_asked(alias, question)

        with away.context() as looking:
            looking.setattr(read_replica, "_asked", looks)
            watch.forget()
            assert Client().get("/").status_code == 200
        assert during == [True, True], "who reads while another looks again is answered, too"
    connection.close()
    until(is_current, "the primary is back")
    assert "This page shows what was known" not in shown(Client(), VERSION)


@pytest.mark.long
def test_late_or_away_the_primary_answers_and_the_fault_is_told_by_name(
    replica: Cluster, published: Cast, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REPLICA_LATE_S = 3_600.0  # however long a busy machine takes to publish
    until(is_current, "the replica has everything")
    order(replica, "SELECT pg_wal_replay_pause()")
    publish(published, "A second version.")
    assert "/v2/" not in shown(Client(), LIST), (
        "read from the replica, which has it in some seconds"
    )
    assert "v2" in shown(Client(), NEXT), (
        "a version that the replica does not have yet is asked of the primary"
    )
    settings.REPLICA_LATE_S = 0.0
    watch.forget()
    assert "/v2/" in shown(Client(), LIST), "too far behind to be read from"
    assert trouble() == "read-replica-late"
    assert '"read-replica-late"' in Client().get("/readyz").content.decode()
    metric = next(
        line
        for line in shown(Client(), "/metrics").splitlines()
        if line.startswith("steplabel_read_replica_behind_seconds ")
    )
    assert float(metric.split()[1]) > 0
    settings.REPLICA_LATE_S = 10.0
    order(replica, "SELECT pg_wal_replay_resume()")
    until(is_current, "the replica has caught up")
    assert asked(lambda: shown(Client(), LIST))[0] == 0

    replica.kill()
    assert "/v2/" in shown(Client(), LIST), (
        "it ended between two looks, and a reader notices nothing"
    )
    assert "The replica did not answer" in caplog.text
    assert trouble() == "read-replica-away"
    assert '"read-replica-away"' in Client().get("/readyz").content.decode()
    replica.start()
    connections[
        ALIAS
    ].close()  # as a request begins with, where it is not the tests' client that asks
    until(is_current, "the replica is back")
    assert trouble() == ""
    assert asked(lambda: shown(Client(), LIST))[0] == 0
