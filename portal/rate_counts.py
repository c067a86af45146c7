"""How often something was done within a window: sign-ins that failed, requests of an address.
Counts end by themselves.

They live in the store `default`. While Redis is away each process counts by itself
(`portal.redis_store`).
"""

from __future__ import annotations

import hashlib
from typing import cast

from django.core.cache import caches

from portal.redis_store import CountStore, ProcessStore


def count(seconds: int, *what: str) -> int:
    """How often `what` was counted in its window, this time included. The first time alone sets
    when the window ends.
    """
    return cast(CountStore | ProcessStore, caches["default"]).counted(_key(what), seconds)


def take_back(*what: str) -> None:
    """Count `what` once less, where its window has not ended."""
    try:
        caches["default"].decr(_key(what))
    except ValueError:
        return


def _key(what: tuple[str, ...]) -> str:
    """Names no person: a digest, also because addresses may hold what a cache's key may not."""
    return "count:" + hashlib.sha256("\0".join(what).encode()).hexdigest()[:32]
