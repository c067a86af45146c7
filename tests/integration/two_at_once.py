"""Two people at one thing at one moment, each on a connection of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

import pytest
from django.db import connection, transaction


def do_second_meanwhile(
    first: Callable[[], object],
    second: Callable[[], object],
    *,
    then: Callable[[], object] = lambda: None,
    waits_s: float = 1,
) -> Future[object]:
    """Ask for the second while the first is done and not yet committed: it waits, until the first
    has done `then` as well and commits.

    Returns:
        How the second ended, an exception included; the first has ended without one.
    """
    begun, asked = threading.Event(), threading.Event()

    def do_first() -> None:
        with closing(connection), transaction.atomic():
            first()
            begun.set()
            assert asked.wait(20)
            then()

    def do_second() -> object:
        with closing(connection):
            return second()

    with ThreadPoolExecutor(2) as pool:
        done = pool.submit(do_first)
        assert begun.wait(20)
        waiting = pool.submit(do_second)
        with pytest.raises(TimeoutError):
            waiting.result(waits_s)
        asked.set()
        done.result(20)
        waiting.exception(20)
    return waiting
