"""The real servers the tests need: PostgreSQL, Redis, Chromium, mosquitto. Found where the machine
has them, started where not.

Each module offers `serve(directory)`, a context manager that yields a `Server` and, on leaving,
stops only what it started.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Server:
    """A server the tests may use: the environment that names it, and how we came by it (shown to
    the developer).
    """

    environment: dict[str, str]
    how: str


@contextmanager
def all_servers() -> Iterator[list[Server]]:
    """Every server, in a directory of their own that vanishes with them."""
    from tests.servers import chromium, mosquitto, postgres, redis

    # not under the checkout: an unprivileged database user must be able to reach it, and /root is
    # closed to it
    directory = Path(tempfile.mkdtemp(prefix="steplabel-servers-"))
    directory.chmod(0o755)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        yield [
            stack.enter_context(kind.serve(directory))
            for kind in (postgres, redis, chromium, mosquitto)
        ]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def unprivileged() -> dict[str, Any]:
    """Arguments for subprocess that drop root, which PostgreSQL refuses to run as; nothing for an
    ordinary user.
    """
    return {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}
