"""Redis as production has it: how it has to be set up, what pages leave to counts and messages, and
what goes on while it is away.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.core.cache import caches
from django.test import Client
from pytest_django.fixtures import Settings
from redis import Redis, RedisError

from portal import redis_store
from portal.accounts.models import User
from portal.celery import app, nudge
from portal.rate_counts import count
from portal.redis_store import CountStore
from portal.settings.redis_caches import redis_caches
from portal.stores import check_stores
from tests.integration.portal_cast import PASSWORD
from tests.servers import free_port
from tests.servers.redis import started

pytestmark = pytest.mark.redis

LIMITED = ("--maxmemory", "8mb", "--maxmemory-policy")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with started(tmp_path_factory.mktemp("redis"), *LIMITED, "noeviction") as url:
        yield url


@pytest.fixture(autouse=True)
def asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_store, "_away_until", 0.0)
    redis_store._own.clear()


def findings(settings: Settings, url: str) -> list[str]:
    settings.CELERY_BROKER_URL = url
    return [str(finding.id).removeprefix("steplabel.") for finding in check_stores()]


def test_a_server_that_is_limited_and_keeps_is_as_it_should_be(
    server: str, settings: Settings
) -> None:
    assert findings(settings, server) == []


@pytest.mark.parametrize("options", [(*LIMITED, "allkeys-lru"), ()], ids=["evicts", "endless"])
def test_a_server_that_drops_counts_or_grows_for_ever_is_told(
    tmp_path: Path, settings: Settings, options: tuple[str, ...]
) -> None:
    with started(tmp_path, *options) as url:
        assert findings(settings, url) == ["W001"]
    assert findings(settings, url) == [], "away: readyz says so"


def test_pages_that_fill_their_share_leave_the_rest_to_counts_and_messages(
    server: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CACHES = redis_caches(server)
    page = "x" * 100_000

    def fill() -> int:
        """How many of the pages the store kept."""
        for number in range(100):
            caches["pages"].set(f"page-{number}", page, 60)
        return sum(caches["pages"].get(f"page-{number}") is not None for number in range(100))

    with Redis.from_url(server) as client:
        client.flushall()
        assert 10 < fill() < 60
        assert client.info("memory")["used_memory"] < 0.6 * 8 * 2**20
        assert count(60, "still counted") == 1
        assert client.lpush("celery", "still taken") == 1
        client.flushall()
        # where they may take it all, nothing else is kept
        monkeypatch.setattr(redis_store, "PAGES_SHARE", 2.0)
        with pytest.raises(RedisError, match="maxmemory"):
            fill()
        client.flushall()


@pytest.mark.django_db(databases=["default", "vault"])
def test_what_people_and_programs_do_goes_on_while_the_server_is_away(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Started and stopped in earnest: pages, the API, signing in with the limits of this process,
    the codes of a second factor, a nudge of the worker.
    """
    port, stack = free_port(), ExitStack()
    url = f"redis://127.0.0.1:{port}/0"
    settings.CACHES = redis_caches(url)
    settings.PAGE_RATES = {"read": (3, 60), "send": (60, 60)}
    monkeypatch.setattr(app.conf, "broker_write_url", url)
    User.objects.create_user("reader@example.org", PASSWORD)

    def reads(address: str) -> list[int]:
        return [Client().get("/about/", REMOTE_ADDR=address).status_code for _ in range(4)]

    with stack:
        stack.enter_context(started(tmp_path, *LIMITED, "noeviction", port=port))
        assert reads("192.0.2.1") == [200, 200, 200, 429]
        assert [count(60, "both") for _ in range(2)] == [1, 2]
    monkeypatch.setattr(redis_store, "ASKED_AGAIN_S", 0.5)
    start = time.monotonic()
    assert reads("192.0.2.2") == [200, 200, 200, 429], "by this process's own counts"
    assert Client().get("/api/v1/benchmarks/").status_code == 200
    guess = {"username": "reader@example.org", "password": "guessed wrong"}
    tries = [
        Client().post("/sign-in/", guess, REMOTE_ADDR="192.0.2.3").status_code for _ in range(6)
    ]
    assert tries == [400] * 5 + [429]
    signed_in = Client().post("/sign-in/", {**guess, "password": PASSWORD}, REMOTE_ADDR="192.0.2.4")
    assert signed_in.status_code == 302
    assert caches["default"].add("code-of-a-second-factor", "y", 30)
    assert not caches["default"].add("code-of-a-second-factor", "y", 30), "it is good once"
    nudge("portal.opening.tasks.sweep")
    assert time.monotonic() - start < 20
    with started(tmp_path, *LIMITED, "noeviction", port=port):
        time.sleep(0.6)
        assert count(60, "both") == 1, "what was counted on the server went with it"
        with Redis.from_url(url) as client:
            assert client.keys("*count:*")


def test_a_count_begins_its_window_once_and_ends_with_it(server: str, settings: Settings) -> None:
    """In one command, by one client for all commands of the process: what is counted again does not
    stay longer.
    """
    settings.CACHES = redis_caches(server)
    store = caches["default"]
    assert isinstance(store, CountStore)
    with Redis.from_url(server) as client:
        assert count(100, "window") == 1
        before = client.info("commandstats")["cmdstat_evalsha"]["calls"]
        key = client.keys("*count:*")[0]
        client.expire(key, 50)
        assert [count(100, "window"), count(100, "window")] == [2, 3]
        assert 0 < client.ttl(key) <= 50
        assert client.info("commandstats")["cmdstat_evalsha"]["calls"] == before + 2
        client.delete(key)
        assert count(1, "window") == 1
        assert client.pttl(key) <= 1_000
        assert store._cache.get_client() is store._cache.get_client(write=True)
        time.sleep(1.1)
        assert count(1, "window") == 1
