"""The health check of a container: by an answer of its own web process, and without Django, which
would cost half a second each time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from tests.servers import free_port


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A web process that gives one answer, to whoever names the portal; its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(
                status
                if (self.path, self.headers["Host"]) == ("/healthz", "portal.example")
                else 400
            )
            self.end_headers()
            self.wfile.write(b"database away")

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def check(port: int, module: str = "portal.health_check") -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PORT": str(port),
        "STEPLABEL_HOSTS": "portal.example,other.example",
    }
    return subprocess.run(
        [sys.executable, "-m", module], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("module", ["portal.health_check", "portal.health"])
def test_it_ends_as_the_web_answers(module: str) -> None:
    with answering(200) as port:
        assert check(port, module).returncode == 0
    with answering(503) as port:
        ran = check(port, module)
    assert (ran.returncode, ran.stderr.strip()) == (1, "503 database away")


def test_no_answer_is_a_fault_in_a_sentence() -> None:
    ran = check(free_port())
    assert ran.returncode == 1
    assert ran.stderr.startswith("no answer: ")
    assert "Traceback" not in ran.stderr


def test_it_imports_no_framework() -> None:
    program = "import sys, portal.health_check; sys.exit('django' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
