"""The clients of protocols and databases, which may not be there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase


@contextmanager
def client_of(spoken: str, package: str, table: str, extra: str = "live") -> Iterator[None]:
    """Around the import of what speaks a protocol.

    Raises:
        InputError: `client-not-installed`.
    """
    try:
        yield
    except ImportError as missing:
        raise InputError(
            "client-not-installed",
            Phrase("%(protocol)s needs a client that is not installed.", protocol=spoken),
            Phrase(
                "In Steplabel's folder: pip install './extras/%(extra)s'.",
                extra=extra,
            ),
            place=Place("site.toml", column=table),
            found=str(missing),
            wanted=package,
        ) from missing
