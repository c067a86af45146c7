"""Whether Redis is set up as it has to be: a system check of `manage.py check` and `migrate`, and
of each start.

Counts of failed sign-ins and messages to the worker must not be dropped when it is full
(https://redis.io/docs/latest/develop/reference/eviction/); rendered pages take at most their share
of its memory (`portal.redis_store`), which needs a limit.
"""

from __future__ import annotations

from typing import Any

import redis
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, register

TAG = "stores"
KEEPS = "noeviction"
WAIT_S = 2


@register(TAG)
def check_stores(*_apps: Any, **_options: Any) -> list[CheckMessage]:
    """Nothing of a server that is away: `/readyz` says so."""
    url: str = settings.CELERY_BROKER_URL
    if not url.startswith(("redis://", "rediss://", "unix://")):
        return []
    try:
        with redis.Redis.from_url(
            url, socket_timeout=WAIT_S, socket_connect_timeout=WAIT_S
        ) as client:
            info: dict[str, Any] = client.info()
    except redis.RedisError:
        return []
    if info["maxmemory"] and info["maxmemory_policy"] == KEEPS:
        return []
    return [
        checks.Warning(
            "Redis grows without a limit, or drops what it should keep when it is full (maxmemory "
            f"{info['maxmemory']}, maxmemory-policy {info['maxmemory_policy']}).",
            hint="Start it as deploy/redis.conf does: with maxmemory and maxmemory-policy "
            "noeviction.",
            id="steplabel.W001",
        )
    ]
