"""The two stores of Django's on one Redis: counts, which have to stay until they end, and rendered
pages, which may go at any time.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from redis import ConnectionPool

WAIT_S = 2.0
"""A page that is not had from the cache within this time is rendered; what is not counted by then,
each process counts by itself.
"""


class SharedPool:
    """One pool of connections a server and process. Django would give every thread its own, and of
    those a web process has hundreds.
    """

    @staticmethod
    @cache
    def from_url(url: str, **options: Any) -> ConnectionPool:
        return ConnectionPool.from_url(url, **options)


def redis_caches(url: str) -> dict[str, Any]:
    """By the server's address; their keys begin differently, and neither as the queue's."""
    waits = {"socket_timeout": WAIT_S, "socket_connect_timeout": WAIT_S}
    shared = {"LOCATION": url, "OPTIONS": {"pool_class": SharedPool, **waits}}
    return {
        "default": {"BACKEND": "portal.redis_store.CountStore", **shared},
        "pages": {"BACKEND": "portal.redis_store.PageStore", "KEY_PREFIX": "pages", **shared},
    }
