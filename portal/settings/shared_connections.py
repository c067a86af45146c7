"""The few database connections that the threads of a web process share, and how soon they are back
when their server is.

Left to itself the pool asks for a lost server after 1, 2, 4, 8 … 128 s: one that was away for 20 s
was found again up to 11 s late.
"""

from __future__ import annotations

from typing import Any

from psycopg_pool import ConnectionPool

ASKED_AGAIN_S = 1.0


def shared_connections(most: int, wait_s: float) -> dict[str, Any]:
    """Options of the pool: at most so many, and how long a request waits for one (seconds)."""
    return {
        "min_size": 1,
        "max_size": most,
        "timeout": wait_s,
        "reconnect_timeout": ASKED_AGAIN_S,
        "reconnect_failed": _ask_again,
    }


def _ask_again(pool: ConnectionPool[Any]) -> None:
    """An attempt was given up: begin the next, where no other is under way."""
    pool.resize(pool.min_size, pool.max_size)
