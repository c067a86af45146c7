"""The two stores of Django's on Redis: counts, which have to stay until they end, and rendered
pages, which may go at any time.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from redis import ConnectionPool

WAIT_S = 2.0
"""A page that is not had from the cache within this time is rendered; what is not counted by then,
is not.
"""


class SharedPool:
    """One pool of connections a server and process. Django would give every thread its own, and of
    those a web process has hundreds.
    """

    @staticmethod
    @cache
    def from_url(url: str, **options: Any) -> ConnectionPool:
        return ConnectionPool.from_url(url, **options)


def redis_caches(counts: str, pages: str) -> dict[str, Any]:
    """By the addresses of their servers; told apart by a prefix where somebody gives both one
    database.
    """
    backend = "portal.redis_store.RedisStore"
    shared = {"pool_class": SharedPool}
    waits = {"socket_timeout": WAIT_S, "socket_connect_timeout": WAIT_S}
    return {
        "default": {"BACKEND": backend, "LOCATION": counts, "OPTIONS": shared | waits},
        "pages": {
            "BACKEND": backend,
            "LOCATION": pages,
            "KEY_PREFIX": "pages",
            "OPTIONS": shared | waits,
        },
    }
