"""How often something was done within a window: sign-ins that failed, requests of an address.
Counts end by themselves.

They live in the store `default`, apart from cached pages: a reader who fills the one does not push
out the other. While that store is away each process counts by itself, so that the limits hold, for
each process, and nothing stops because it cannot be counted.
"""

from __future__ import annotations

import hashlib
import logging
import time

import redis
from django.core.cache import BaseCache, caches
from django.core.cache.backends.locmem import LocMemCache

from portal.redis_store import RedisStore

ASKED_AGAIN_S = 5.0
"""So long a store that did not answer is left alone: each asking may wait for its timeout."""

log = logging.getLogger(__name__)

_own = LocMemCache("rate-counts", {"OPTIONS": {"MAX_ENTRIES": 100_000}})
_away_until = 0.0  # by the clock of `time.monotonic`


def count(seconds: int, *what: str) -> int:
    """How often `what` was counted in its window, this time included. The first time alone sets
    when the window ends.
    """
    key = _key(what)
    if _asked():
        try:
            return _counted(caches["default"], key, seconds)
        except redis.RedisError as error:
            _leave_alone(error)
    return _counted(_own, key, seconds)


def take_back(*what: str) -> None:
    """Count `what` once less, where its window has not ended."""
    key = _key(what)
    if _asked():
        try:
            return _taken_back(caches["default"], key)
        except redis.RedisError as error:
            _leave_alone(error)
    return _taken_back(_own, key)


def _counted(store: BaseCache, key: str, seconds: int) -> int:
    if isinstance(store, RedisStore):
        return store.counted(key, seconds)
    while True:
        try:
            times = store.incr(key)
        except ValueError:  # not counted yet, or the window has ended
            if store.add(key, 1, seconds):
                return 1
        else:
            # it ended between the look and the counting: what is there now has no end
            if times <= 1:
                store.touch(key, seconds)
            return times


def _taken_back(store: BaseCache, key: str) -> None:
    try:
        store.decr(key)
    except ValueError:
        return


def _asked() -> bool:
    return time.monotonic() >= _away_until


def _leave_alone(error: redis.RedisError) -> None:
    global _away_until
    _away_until = time.monotonic() + ASKED_AGAIN_S
    log.warning("The store of counts does not answer (%s): each process counts by itself.", error)


def _key(what: tuple[str, ...]) -> str:
    """Names no person: a digest, also because addresses may hold what a cache's key may not."""
    return "count:" + hashlib.sha256("\0".join(what).encode()).hexdigest()[:32]
