"""What monitors and load balancers ask of a web process while its database is away: they give up on
an answer after a few seconds.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from urllib.parse import urlsplit

import httpx
import pytest

from tests.functional.installation.conftest import BEHIND_TLS, Installation
from tests.servers import free_port

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.xdist_group("installation")]

START_S = 120
WITHIN_S = 4.0  # 2 s, beside other tests; with the shared connections' own wait it is 10 s


class Cable:
    """Between a process and its database: plugged in, cut so that nothing comes through, or pulled
    so that it is refused.
    """

    def __init__(self, host: str, port: int) -> None:
        self._server, self.port, self._ends = (host, port), free_port(), list[socket.socket]()
        self._uncut = threading.Event()
        self.plug_in()

    def plug_in(self) -> None:
        self._uncut.set()
        self._door = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._take, args=(self._door,), daemon=True).start()

    def cut(self) -> None:
        self._uncut.clear()

    def pull(self) -> None:
        self._uncut.set()
        for end in (self._door, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def _take(self, door: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _address = door.accept()
                far = socket.create_connection(self._server)
                self._ends += (near, far)
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError), closing(sink), closing(source):
            while data := source.recv(65536):
                self._uncut.wait()
                sink.sendall(data)


@contextmanager
def web_behind_cable(installation: Installation) -> Iterator[tuple[httpx.Client, Cable]]:
    parts = urlsplit(installation.default_url)
    assert parts.hostname is not None
    assert parts.port is not None
    cable, port = Cable(parts.hostname, parts.port), free_port()
    by_cable = parts._replace(netloc=f"{parts.username}@127.0.0.1:{cable.port}").geturl()
    client = httpx.Client(
        base_url=f"http://127.0.0.1:{port}", headers=BEHIND_TLS, trust_env=False, timeout=30
    )
    with installation.running("web", PORT=str(port), DATABASE_URL=by_cable), client:
        try:
            until_healthy(client)
            yield client, cable
        finally:
            cable.pull()


def until_healthy(client: httpx.Client) -> None:
    deadline = time.monotonic() + START_S
    while True:
        with suppress(httpx.TransportError):
            if client.get("/healthz").status_code == 200:
                return
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_probes_answer_in_seconds_while_the_database_is_away(installation: Installation) -> None:
    with web_behind_cable(installation) as (client, cable):
        for trouble in (cable.pull, cable.cut):
            until_healthy(client)
            trouble()
            answers = {
                address: asked(client, address)
                for address in ("/livez", "/healthz", "/readyz", "/metrics")
            }
            assert {address: answer.status_code for address, (answer, _) in answers.items()} == {
                "/livez": 200,
                "/healthz": 503,
                "/readyz": 503,
                "/metrics": 200,
            }
            assert answers["/readyz"][0].json()["wrong"] == ["database-away"]
            assert 'steplabel_wrong{name="database-away"} 1.0' in answers["/metrics"][0].text
            assert max(seconds for _, seconds in answers.values()) < WITHIN_S, answers
            if trouble == cable.pull:
                cable.plug_in()


def test_prometheus_scrapes_by_the_address_of_the_process(installation: Installation) -> None:
    with httpx.Client(base_url=installation.address, trust_env=False, timeout=30) as prometheus:
        statuses = {
            address: prometheus.get(address).status_code
            for address in ("/livez", "/healthz", "/metrics", "/status/")
        }
    assert statuses == {"/livez": 200, "/healthz": 200, "/metrics": 200, "/status/": 400}


def asked(client: httpx.Client, address: str) -> tuple[httpx.Response, float]:
    start = time.monotonic()
    answer = client.get(address)
    return answer, time.monotonic() - start
