"""Web processes as deploy/systemd starts them behind nginx as deploy/nginx sets it up: killed again
and again, slow senders, many askers.

systemd is not here: `Supervised` does what the unit asks of it.
"""

from __future__ import annotations

import socket
import ssl
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import httpx
import pytest

from tests.functional.installation.conftest import HOST, Installation
from tests.functional.installation.supervised import Supervised
from tests.servers import free_port, nginx

pytestmark = [
    pytest.mark.long,
    pytest.mark.postgres,
    pytest.mark.redis,
    pytest.mark.xdist_group("installation"),
]

KILLS = 10
BACK_S = 10.0
ASKERS = 140
REQUESTS_EACH = 5  # 700 in all: more than one network may send in the minutes that they take
FACTOR = "0.1"
SLOW_SENDERS = 700


class Web(Supervised):
    """One web process on a port of its own."""

    def __init__(self, installation: Installation) -> None:
        self.port = free_port()
        environment = {
            **installation.environment("web"),
            "STEPLABEL_RATE_FACTOR": FACTOR,
        }
        super().__init__(
            "steplabel-web@.service",
            environment,
            installation.folder / f"web-{self.port}.log",
            str(self.port),
        )


@pytest.fixture(scope="module")
def behind_nginx(installation: Installation) -> Iterator[tuple[str, list[Web]]]:
    with _served(installation) as served:
        yield served


@pytest.fixture(scope="module")
def undefended(installation: Installation) -> Iterator[str]:
    """The same, with a proxy that says its own address for who asks, and that passes bodies on as
    they drip in.
    """
    with _served(installation, asker="$server_addr", reads_whole="off") as (address, _web):
        yield address


@contextmanager
def _served(
    installation: Installation, asker: str = "$remote_addr", reads_whole: str = "on"
) -> Iterator[tuple[str, list[Web]]]:
    """Two web processes and nginx in front; with other values than the sample's, a defence is
    off.
    """
    with ExitStack() as stack:
        web = [Web(installation) for _ in range(2)]
        for server in web:
            stack.callback(server.end)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="steplabel-nginx-")))
        text = nginx.CONFIGURATION.read_text("utf-8").replace(
            "proxy_request_buffering on", f"proxy_request_buffering {reads_whole}"
        )
        text = text.replace("X-Forwarded-For $remote_addr", f"X-Forwarded-For {asker}")
        address = stack.enter_context(
            nginx.serve(folder, *(process.port for process in web), text=text)
        )
        for server in web:
            wait_for(f"http://127.0.0.1:{server.port}")
        yield address, web


def client(source: str = "127.0.0.1") -> httpx.Client:
    """Over TLS, from an address of this machine's own."""
    transport = httpx.HTTPTransport(verify=False, local_address=source)
    return httpx.Client(transport=transport, headers={"Host": HOST}, timeout=30)


def wait_for(address: str) -> float:
    """Seconds until `/healthz` says 200."""
    start = time.monotonic()
    with client() as asking:
        while True:
            with suppress(httpx.TransportError):
                if asking.get(f"{address}/healthz").status_code == 200:
                    return time.monotonic() - start
            assert time.monotonic() - start < 120
            time.sleep(0.05)


def test_killed_again_and_again_the_web_is_back_in_seconds(
    behind_nginx: tuple[str, list[Web]], record_property: Callable[[str, object], None]
) -> None:
    """Alone, twice in three seconds (of which granian by itself dies for good), and both at once,
    by turns; parent and worker by turns.
    """
    address, web = behind_nginx
    alone: list[float] = []
    both: list[float] = []
    statuses: Counter[int] = Counter()
    for number in range(KILLS):
        killed = web if number % 3 == 2 else web[number % 2 :][:1]
        with asked_all_the_time(address) as availability:
            for _ in range(2 if number % 3 == 1 else 1):
                for server in killed:
                    server.kill(-1 if number % 2 else 0)
                time.sleep(3)
            for server in web:
                wait_for(f"http://127.0.0.1:{server.port}")
        (both if len(killed) > 1 else alone).append(availability.longest_s)
        statuses += availability.statuses
    summary = (
        f"longest without an answer {max(alone):.1f} s with one killed, {max(both):.1f} s with "
        f"both, {dict(statuses)}"
    )
    record_property("killed", summary)
    print(summary)
    assert sum(process.starts for process in web) > KILLS
    assert max(alone) <= max(1.0, max(both) / 2), "the other answers"
    assert max(both) <= BACK_S
    assert set(statuses) <= {200, 503}, "while both are down nginx says so itself"


@dataclass
class Seen:
    statuses: Counter[int] = field(default_factory=Counter)
    longest_s: float = 0.0  # between two answers of 200


@contextmanager
def asked_all_the_time(address: str) -> Iterator[Seen]:
    """Ten times a second, until the block ends and once more after."""
    availability, over = Seen(), threading.Event()

    def ask() -> None:
        last, ends = time.monotonic(), False
        with client() as asking:
            while not ends:
                ends = over.is_set()
                status = asking.get(f"{address}/healthz").status_code
                availability.statuses[status] += 1
                if status == 200:
                    availability.longest_s, last = (
                        max(availability.longest_s, time.monotonic() - last),
                        time.monotonic(),
                    )
                time.sleep(0.1)

    with (
        ThreadPoolExecutor(1) as pool
    ):  # whose result raises what asking ended by: a thread alone would say nothing, and see no gap
        asking = pool.submit(ask)
        try:
            yield availability
        finally:
            over.set()
        asking.result()


def test_each_of_many_networks_is_counted_by_itself(
    behind_nginx: tuple[str, list[Web]], undefended: str
) -> None:
    assert refused(behind_nginx[0]) == 0
    assert refused(undefended) > 0, "counted as one they are over their rate"


def refused(address: str) -> int:
    """How many of the askers, each from an address of its own, are told to come later; none is
    believed what it says of itself.
    """
    statuses: Counter[int] = Counter()
    for number in range(ASKERS):
        with client(f"127.0.1.{number + 1}") as asking:
            answers = [
                asking.get(
                    f"{address}/api/v1/benchmarks/", headers={"X-Forwarded-For": "203.0.113.9"}
                )
                for _ in range(REQUESTS_EACH)
            ]
        statuses[max(answer.status_code for answer in answers)] += 1
    print(dict(statuses))
    assert set(statuses) <= {200, 429}, statuses
    return statuses[429]


def test_slow_senders_stop_nobody(behind_nginx: tuple[str, list[Web]], undefended: str) -> None:
    address = behind_nginx[0]
    before = percentile_99(address)
    with slow_senders(address, SLOW_SENDERS):
        during = percentile_99(address)
    print(
        f"p99 {before * 1000:.0f} ms before, {during * 1000:.0f} ms beside {SLOW_SENDERS} slow "
        "senders"
    )
    assert during <= max(2 * before, 0.5)
    with (
        slow_senders(undefended, SLOW_SENDERS),
        client("127.0.3.1") as asking,
        pytest.raises(httpx.TimeoutException),
    ):
        asking.get(f"{undefended}/healthz", timeout=3)


@contextmanager
def slow_senders(address: str, number: int) -> Iterator[None]:
    """So many connections, each of which has sent the head of a POST and the first byte of its
    body.
    """
    port = httpx.URL(address).port
    assert port is not None
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    head = (
        f"POST /api/v1/submissions/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: "
        "application/cbor\r\nContent-Length: 200000\r\n\r\nx"
    )
    with ExitStack() as stack:
        for index in range(number):
            raw = socket.create_connection(
                ("127.0.0.1", port), 20, source_address=(f"127.0.2.{index % 250 + 1}", 0)
            )
            stack.enter_context(context.wrap_socket(raw)).sendall(head.encode("ascii"))
        yield


def percentile_99(address: str) -> float:
    """Seconds, of 200 requests."""
    seconds = []
    with client("127.0.3.1") as asking:
        for _ in range(200):
            start = time.monotonic()
            assert asking.get(f"{address}/healthz").status_code == 200
            seconds.append(time.monotonic() - start)
    return quantiles(seconds, n=100)[-1]
