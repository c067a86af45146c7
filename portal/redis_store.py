"""Django's cache on Redis, with one client a process, and a count in one exchange.

Django makes a client for every command, which costs more than the command, and asks whether a key
exists before it adds to it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import ConnectionPool, Redis
from redis.commands.core import Script


class RedisStore(RedisCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _Client

    def counted(self, key: str, seconds: int) -> int:
        """How often this was asked within its window, this time included. The first time alone sets
        when the window ends.
        """
        name = self.make_and_validate_key(key)
        times: int = _counting(self._cache.get_client(name, write=True))(
            keys=[name], args=[seconds]
        )
        return times


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
