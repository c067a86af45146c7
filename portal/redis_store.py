"""The stores of counts and of rendered pages: on Redis, and in this process where there is none.

Django makes a client of Redis for every command, which costs more than the command, and asks
whether a key exists before it adds to it: here a process has one client, and a count takes one
exchange.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import ConnectionPool, Redis, RedisError
from redis.commands.core import Script

P = ParamSpec("P")
T = TypeVar("T")

ASKED_AGAIN_S = 5.0
"""So long a server that did not answer is left alone: each asking may wait for its timeout."""
PAGES_SHARE = 0.5
"""Of the server's memory: pages that readers fill it with stop neither counts nor messages."""

log = logging.getLogger(__name__)

_away_until = 0.0  # by the clock of `time.monotonic`


class ProcessStore(LocMemCache):
    """Counts of this process alone."""

    def counted(self, key: str, seconds: int) -> int:
        """How often this was asked within its window, this time included. The first time alone sets
        when the window ends.
        """
        while True:
            try:
                times = self.incr(key)
            except ValueError:  # not counted yet, or the window has ended
                if self.add(key, 1, seconds):
                    return 1
            else:
                # it ended between the look and the counting: what is there now has no end
                if times <= 1:
                    self.touch(key, seconds)
                return times


_own = ProcessStore("while-redis-is-away", {"OPTIONS": {"MAX_ENTRIES": 100_000}})


def _or_own(method: Callable[P, T]) -> Callable[P, T]:
    """The method; while the server does not answer, the same of this process's own store."""

    @wraps(method)
    def asked(*args: P.args, **kwargs: P.kwargs) -> T:
        global _away_until
        if time.monotonic() >= _away_until:
            try:
                return method(*args, **kwargs)
            except RedisError as error:
                _away_until = time.monotonic() + ASKED_AGAIN_S
                log.warning("Redis does not answer (%s): each process counts by itself.", error)
        own: T = getattr(_own, method.__name__)(*args[1:], **kwargs)
        return own

    return asked


class RedisStore(RedisCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _Client


class CountStore(RedisStore):
    """While the server is away each process counts by itself: the limits hold for each of them, and
    nothing stops because it cannot be counted.
    """

    add = _or_own(RedisStore.add)
    get = _or_own(RedisStore.get)
    set = _or_own(RedisStore.set)
    touch = _or_own(RedisStore.touch)
    delete = _or_own(RedisStore.delete)
    incr = _or_own(RedisStore.incr)

    @_or_own
    def counted(self, key: str, seconds: int) -> int:
        """As `ProcessStore.counted`."""
        name = self.make_and_validate_key(key)
        times: int = _counting(self._cache.get_client(name, write=True))(
            keys=[name], args=[seconds]
        )
        return times


class PageStore(RedisStore):
    """Takes no page while the server is fuller than `PAGES_SHARE`."""

    def set(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> None:
        memory = self._cache.get_client(key, write=True).info("memory")
        if not memory["maxmemory"] or memory["used_memory"] < memory["maxmemory"] * PAGES_SHARE:
            super().set(key, value, *args, **kwargs)


class _Client(RedisCacheClient):
    def get_client(self, key: Any = None, *, write: bool = False) -> Redis:
        return _client(self._get_connection_pool(write))  # type: ignore[attr-defined] # Django's stubs leave it out


COUNTED = """
local times = redis.call('INCR', KEYS[1])
if times == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return times
"""


@cache
def _counting(client: Redis) -> Script:
    return client.register_script(COUNTED)


@cache
def _client(pool: ConnectionPool) -> Redis:
    return Redis(connection_pool=pool)
