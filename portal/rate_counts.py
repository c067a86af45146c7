"""How often something was done within a window: sign-ins that failed, requests of an address.
Counts end by themselves.

They live in the store `default`, apart from cached pages: a reader who fills the one does not push
out the other.
"""

from __future__ import annotations

import hashlib

from django.core.cache import cache, caches

from portal.redis_store import RedisStore


def count(seconds: int, *what: str) -> int:
    """How often `what` was counted in its window, this time included. The first time alone sets
    when the window ends.
    """
    key = _key(what)
    if isinstance(store := caches["default"], RedisStore):
        return store.counted(key, seconds)
    while True:
        try:
            times = cache.incr(key)
        except ValueError:  # not counted yet, or the window has ended
            if cache.add(key, 1, seconds):
                return 1
        else:
            if (
                times <= 1
            ):  # it ended between the look and the counting: what is there now has no end
                cache.touch(key, seconds)
            return times


def take_back(*what: str) -> None:
    """Count `what` once less, where its window has not ended."""
    try:
        cache.decr(_key(what))
    except ValueError:
        return


def _key(what: tuple[str, ...]) -> str:
    """Names no person: a digest, also because addresses may hold what a cache's key may not."""
    return "count:" + hashlib.sha256("\0".join(what).encode()).hexdigest()[:32]
