"""The demo's own processes: granian serving the portal, a Celery worker opening reports. Both end
with the demo.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

START_S = 60
STOP_S = 15


def free_address() -> str:
    """Of a web server on a port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@contextmanager
def web_server(var: Path, address: str | None = None) -> Iterator[str]:
    """Serve the portal at that address, or at a free one; yields it once it answers."""
    address = address or free_address()
    port = address.rpartition(":")[2]
    command = [
        "granian",
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        port,
        "--workers",
        "1",
        "portal.wsgi:application",
    ]
    with _running(command, "web", address, var / "web.log") as process:
        _wait_until_it_answers(address, process, var / "web.log")
        yield address


@contextmanager
def worker(var: Path, address: str) -> Iterator[None]:
    """A Celery worker of one process, whose mails lead to that address; SIGTERM lets it finish what
    it holds.
    """
    command = [
        "celery",
        "-A",
        "portal.celery",
        "worker",
        "--pool",
        "solo",
        "--loglevel",
        "WARNING",
        "--without-gossip",
        "--without-mingle",
    ]
    with _running(command, "worker", address, var / "worker.log"):
        yield


@contextmanager
def _running(
    command: list[str], role: str, address: str, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """One process of the portal; links that it writes begin with the address."""
    program = [sys.executable, "-m", *command]
    with log.open("wb") as output:
        # a session of its own: Ctrl-C is ours to handle, and what the process starts ends with it
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
            program,
            stdout=output,
            stderr=output,
            env={**os.environ, "STEPLABEL_ROLE": role, "STEPLABEL_URL": address},
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_until_it_answers(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if (
                httpx.get(f"{address}/api/v1/directory/", timeout=5, trust_env=False).status_code
                == httpx.codes.OK
            ):
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError(
        "The web server did not start. Its last "
        f"words:\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}"
    )
