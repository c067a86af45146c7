"""On a worker, memory that a site frees is kept for what the site asks for next, and given back
when the site is done.

glibc learns which blocks are freed only to be asked for again, and keeps those. A process in which
MALLOC_TRIM_THRESHOLD_ is set never learns (mallopt(3)), and Dask's nanny sets it for each worker:
every array of readings then came from the kernel as new pages, 1.6 million of them and 3 of 14
seconds of a processor for a site of 50 million readings.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

M_TRIM_THRESHOLD = -1  # of malloc.h
M_MMAP_THRESHOLD = -3

_TRIM = "MALLOC_TRIM_THRESHOLD_"
_MMAP = "MALLOC_MMAP_THRESHOLD_"

KEPT_BYTES = 512 << 20
BLOCK_BYTES = 32 << 20
"""Larger blocks always come from the kernel: the most that glibc would learn by itself
(DEFAULT_MMAP_THRESHOLD_MAX).
"""

GLIBC_MMAP_BYTES = 128 << 10


@contextmanager
def keep_freed_memory() -> Iterator[None]:
    """For as long as the block lasts; afterwards as the worker was started. Does nothing where
    glibc learns, or is not the C library.
    """
    started_with = os.environ.get(_TRIM, "")
    libc = (
        ctypes.CDLL(None) if sys.platform == "linux" and started_with.isdecimal() else None
    )  # elsewhere it may not even open
    if libc is None or not hasattr(libc, "mallopt") or not hasattr(libc, "malloc_trim"):
        yield
        return
    libc.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
    libc.mallopt(M_MMAP_THRESHOLD, BLOCK_BYTES)
    try:
        yield
    finally:
        libc.mallopt(M_TRIM_THRESHOLD, int(started_with))
        libc.mallopt(M_MMAP_THRESHOLD, int(os.environ.get(_MMAP) or GLIBC_MMAP_BYTES))
        libc.malloc_trim(0)
