"""The system check of the stores, on real Redis servers: who shares one with whom, who evicts, who
grows without a limit.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.core.cache import caches
from pytest_django.fixtures import Settings
from redis import Redis

from portal.rate_counts import count
from portal.redis_store import RedisStore
from portal.settings.redis_caches import redis_caches
from portal.stores import check_stores
from tests.servers.redis import started

pytestmark = pytest.mark.redis


@dataclass(frozen=True)
class Servers:
    evicting: str
    keeping: str
    endless: str  # no limit: it evicts nothing


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("redis")
    evicting = ("--maxmemory", "8mb", "--maxmemory-policy", "allkeys-lru")
    keeping = ("--maxmemory", "8mb", "--maxmemory-policy", "noeviction")
    with (
        started(folder, *evicting) as first,
        started(folder, *keeping) as second,
        started(folder) as third,
    ):
        yield Servers(first, second, third)


def findings(settings: Settings, pages: str, limits: str, broker: str) -> list[str]:
    settings.CACHES = redis_caches(counts=limits, pages=pages)
    settings.CELERY_BROKER_URL = broker
    return [str(finding.id).removeprefix("steplabel.") for finding in check_stores()]


def test_a_cache_that_evicts_beside_stores_that_keep_is_as_it_should_be(
    servers: Servers, settings: Settings
) -> None:
    assert findings(settings, servers.evicting, servers.keeping, servers.keeping) == []


def test_one_server_for_all_is_told_under_whatever_name_it_goes(
    servers: Servers, settings: Settings
) -> None:
    other_name = servers.keeping.replace("127.0.0.1", "localhost").replace("/0", "/3")
    assert findings(settings, servers.keeping, other_name, servers.endless) == ["W001"]
    assert findings(settings, servers.evicting, servers.evicting, servers.evicting) == [
        "W001",
        "W003",
        "W003",
    ]


@pytest.mark.parametrize("pages", ["keeping", "endless"])
def test_a_cache_that_fills_up_or_grows_for_ever_is_told(
    servers: Servers, settings: Settings, pages: str
) -> None:
    others = servers.endless if pages == "keeping" else servers.keeping
    assert findings(settings, getattr(servers, pages), others, others) == ["W002"]


def test_servers_that_are_away_are_told_apart_by_their_addresses(settings: Settings) -> None:
    here, other = "redis://127.0.0.1:1/0", "redis://127.0.0.1:2/0"
    assert findings(settings, here, other, other) == []
    assert findings(settings, here, here.replace("/0", "/1"), other) == ["W001"]


def test_a_count_begins_its_window_once_and_ends_with_it(
    servers: Servers, settings: Settings
) -> None:
    """In one command, by one client for all commands of the process: what is counted again does not
    stay longer.
    """
    settings.CACHES = redis_caches(counts=servers.keeping, pages=servers.evicting)
    store = caches["default"]
    assert isinstance(store, RedisStore)
    with Redis.from_url(servers.keeping) as server:
        assert count(100, "window") == 1
        before = server.info("commandstats")["cmdstat_evalsha"]["calls"]
        key = server.keys("*count:*")[0]
        server.expire(key, 50)
        assert [count(100, "window"), count(100, "window")] == [2, 3]
        assert 0 < server.ttl(key) <= 50
        assert server.info("commandstats")["cmdstat_evalsha"]["calls"] == before + 2
        server.delete(key)
        assert count(1, "window") == 1
        assert server.pttl(key) <= 1_000
        assert store._cache.get_client() is store._cache.get_client(write=True)
        time.sleep(1.1)
        assert count(1, "window") == 1
