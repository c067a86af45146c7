"""How many processors what runs here may use: all that this process may, or one, where others
beside it use the rest.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

_GIVEN: ContextVar[int | None] = ContextVar("processors", default=None)


def processors() -> int:
    """How many may be used here."""
    allowed = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return _GIVEN.get() or allowed


@contextmanager
def on_one_processor() -> Iterator[None]:
    """Nothing reads ahead, follows meters side by side or decodes in threads of its own, nor do the
    libraries.

    Threads of the linear algebra that wait for one another took 3.4 times as much of the processors
    (four sites of 100,000 readings, two processors that others used too).
    """
    mark = _GIVEN.set(1)
    try:
        with _pools().limit(limits=1):
            yield
    finally:
        _GIVEN.reset(mark)


@lru_cache(maxsize=1)
def _pools() -> ThreadpoolController:
    """Those of the libraries that have been loaded by now. To look for them takes 15 ms."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
