"""Whether pages, counts and broker can stand in one another's way: a system check of `manage.py
check` and `migrate`, and of each start.

The page cache is filled by whoever reads; it belongs on a Redis server of its own that drops what
was not asked for lately (https://redis.io/docs/latest/develop/reference/eviction/). Counts of
failed sign-ins and messages to the worker must not be dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, register

TAG = "stores"
DROPS_ANY_KEY = "allkeys-"
KEEPS = "noeviction"
WAIT_S = 2


@register(TAG)
def check_stores(*_apps: Any, **_options: Any) -> list[CheckMessage]:
    return list(
        _findings(
            _store("pages"),
            {"limits": _store("default"), "broker": _redis(settings.CELERY_BROKER_URL)},
        )
    )


def _findings(pages: _Server | None, servers: dict[str, _Server | None]) -> Iterator[CheckMessage]:
    if pages is None:
        return
    shared = [
        name for name, server in servers.items() if server is not None and server.id == pages.id
    ]
    if shared:
        yield checks.Warning(
            f"The page cache shares its Redis server with {' and '.join(shared)}: what fills one "
            "stops the other, or drops what it counts.",
            hint="Give the cache a server of its own, with maxmemory and maxmemory-policy "
            "allkeys-lru, and name it in STEPLABEL_CACHE_URL.",
            id="steplabel.W001",
        )
    elif pages.policy and (pages.maxmemory == 0 or not pages.policy.startswith(DROPS_ANY_KEY)):
        yield checks.Warning(
            "The page cache's Redis server grows without a limit, or takes nothing more once it "
            f"is full ({pages.how}).",
            hint="Start it with maxmemory and maxmemory-policy allkeys-lru.",
            id="steplabel.W002",
        )
    for name, server in servers.items():
        if server is not None and server.policy not in ("", KEEPS):
            yield checks.Warning(
                f"The Redis server of the {name} drops what it should keep when it is full "
                f"({server.how}).",
                hint="Start it with maxmemory-policy noeviction.",
                id="steplabel.W003",
            )


class _Server:
    """One Redis server: `id` is the same for all addresses of it. One that does not answer is known
    by its address alone.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.id, self.policy, self.maxmemory = (
            f"{parts.hostname}:{parts.port or 6379}{parts.path if not parts.hostname else ''}",
            "",
            0,
        )
        try:
            with redis.Redis.from_url(
                url, socket_timeout=WAIT_S, socket_connect_timeout=WAIT_S
            ) as client:
                info: dict[str, Any] = client.info()
        except redis.RedisError:
            return
        self.id, self.policy, self.maxmemory = (
            str(info["run_id"]),
            str(info["maxmemory_policy"]),
            int(info["maxmemory"]),
        )

    @property
    def how(self) -> str:
        return f"maxmemory {self.maxmemory}, maxmemory-policy {self.policy}"


def _store(alias: str) -> _Server | None:
    address: str | Sequence[str] = settings.CACHES.get(alias, {}).get("LOCATION", "")
    return _redis(address if isinstance(address, str) else address[0])


def _redis(url: str) -> _Server | None:
    return _Server(url) if url.startswith(("redis://", "rediss://", "unix://")) else None
