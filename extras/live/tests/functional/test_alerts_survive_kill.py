"""Alerts that no server took are sent after the agent was killed: by webhook, mail and MQTT, each
once, and none that was delivered.
"""

from __future__ import annotations

import json
import signal
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from extras.live.control_room import unsent
from extras.live.control_room.notifying import Notifier
from extras.live.control_room.unsent import Notification, UnsentMessages
from extras.live.running.meter_total import HOUR_US
from extras.live.running.plant import Alert
from extras.live.sources.settings import Alerts
from extras.live.spool.writer import now_us
from extras.live.watching import SiteWatch
from fixtures.simulator.furnaces import Furnaces
from reporting_agent.config import load_site
from tests.servers import free_port
from tests.servers.mosquitto import Broker

IN_TIME_S = 60
BATCHES = ("H1", "H2")


def raises_two_and_goes_on(site: Path) -> None:
    """The agent of a test, in a process of its own."""
    watch = SiteWatch(load_site(site), lambda sentence: print(sentence, flush=True))
    due = list(BATCHES if "raise" in sys.argv else ())

    def each_round(watch: SiteWatch) -> None:
        while due:
            watch.room._raise(Alert(due.pop(0), "eaf", "eaf-1", now_us(), 1200.0, 9.8, "held"))

    watch.run(threading.Event(), each_round)


if __name__ == "__main__":
    raises_two_and_goes_on(Path(sys.argv[1]))


class Agent:
    """That process; it dies by SIGKILL."""

    def __init__(self, site: Path, *more: str) -> None:
        self.log = site.parent / f"{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "extras.live.tests.functional.test_alerts_survive_kill",
                    str(site),
                    *more,
                ],
                stdout=log,
                stderr=log,
                cwd=Path(__file__).parents[4],
            )

    def says(self, *words: str) -> None:
        until(lambda: all(word in self.log.read_text("utf-8") for word in words))

    def kill(self) -> None:
        self._process.kill()
        assert self._process.wait(IN_TIME_S) == -signal.SIGKILL


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + IN_TIME_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Servers:
    """A webhook and a mail server on ports that are known before they listen; what came lies in
    `posts` and `mails`.
    """

    def __init__(self) -> None:
        self.http_port, self.smtp_port = free_port(), free_port()
        self.posts, self.mails = list[dict[str, Any]](), list[Message]()
        self._running: list[socketserver.BaseServer] = []

    def start(self) -> None:
        posts, mails = self.posts, self.mails

        class Hook(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
                pass

        class Post(socketserver.StreamRequestHandler):
            """RFC 5321, as much as one client says."""

            def handle(self) -> None:
                self.wfile.write(b"220 post\r\n")
                while line := self.rfile.readline():
                    word = line.split()[0].upper() if line.split() else b""
                    if word == b"DATA":
                        self.wfile.write(b"354 go on\r\n")
                        content = b"".join(iter(self.rfile.readline, b".\r\n"))
                        mails.append(message_from_bytes(content))
                    self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 done\r\n")

        class Mail(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True

        self._running = [
            ThreadingHTTPServer(("127.0.0.1", self.http_port), Hook),
            Mail(("127.0.0.1", self.smtp_port), Post),
        ]
        for server in self._running:
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        for server in self._running:
            server.shutdown()
            server.server_close()


@pytest.fixture
def servers() -> Iterator[Servers]:
    receivers = Servers()
    yield receivers
    receivers.stop()


def settings_for(servers: Servers) -> str:
    return (
        f'[source.alerts]\nwebhook = "http://127.0.0.1:{servers.http_port}/hook"\ntopic = '
        '"works/alerts"\n[source.alerts.mail]\n'
        f'server = "127.0.0.1"\nport = {servers.smtp_port}\nsender = '
        '"steplabel@works.example"\nto = ["shift@works.example"]\n'
    )


@pytest.mark.mosquitto
def test_what_no_server_took_is_sent_once_after_a_kill_and_not_again(
    tmp_path: Path, servers: Servers
) -> None:
    import paho.mqtt.client as paho
    from paho.mqtt.enums import CallbackAPIVersion

    broker = Broker(tmp_path / "broker")
    site = Furnaces(heats=1).behind(tmp_path, broker.port)
    text = site.read_text("utf-8")
    site.write_text(text + settings_for(servers), "utf-8")
    agent = Agent(site, "raise")
    agent.says("cannot be sent by webhook", "cannot be sent by mail", "cannot be sent by mqtt")
    agent.kill()

    servers.start()
    broker.start()
    published: list[dict[str, Any]] = []
    reader = paho.Client(CallbackAPIVersion.VERSION2)
    reader.on_message = lambda client, data, message: published.append(json.loads(message.payload))
    reader.connect("127.0.0.1", broker.port)
    reader.subscribe("works/alerts", 1)
    reader.loop_start()
    try:
        agent = Agent(site)
        until(lambda: len(servers.posts) == len(servers.mails) == len(published) == 2)
        agent.says("is connected")
        until(lambda: json.loads((site.parent / "spool" / "unsent.json").read_text("utf-8")) == [])
        agent.kill()
        assert [post["batch"] for post in servers.posts] == list(BATCHES)
        assert published == servers.posts
        assert "batch H1 is wasting energy" in published[0]["text"]
        assert [mail["Message-ID"] for mail in servers.mails] == [
            f"<{post['id']}@works.example>" for post in servers.posts
        ]

        agent = Agent(site)  # and what was delivered is not sent again
        agent.says("is connected")
        time.sleep(2)
        agent.kill()
        assert (len(servers.posts), len(servers.mails), len(published)) == (2, 2, 2)
    finally:
        reader.loop_stop()
        reader.disconnect()
        broker.kill()


def test_each_way_by_itself_is_remembered(tmp_path: Path, servers: Servers) -> None:
    """Killed where one server took it and the other did not."""
    sentences: list[str] = []
    alerts = Alerts.model_validate(
        {"webhook": f"http://127.0.0.1:{servers.http_port}/", "mail": mail_of(servers)}
    )
    servers.start()
    only_mail = Alerts.model_validate(
        {"webhook": f"http://127.0.0.1:{free_port()}/", "mail": mail_of(servers)}
    )
    teller = Notifier(tmp_path, sentences.append, None)
    teller.use(only_mail, tmp_path)
    teller.tell(Notification("s waste eaf/H1", "subject", "text", {}))
    until(lambda: len(servers.mails) == 1 and len(sentences) == 1)
    teller.stop()
    teller = Notifier(tmp_path, sentences.append, None)
    teller.use(alerts, tmp_path)
    until(lambda: len(servers.posts) == 1)
    time.sleep(1)
    teller.stop()
    assert (len(servers.posts), len(servers.mails)) == (1, 1)


def mail_of(servers: Servers) -> dict[str, object]:
    return {
        "server": "127.0.0.1",
        "port": servers.smtp_port,
        "sender": "a@works.example",
        "to": ["b@works.example"],
    }


def test_what_is_too_old_or_has_no_way_any_more_is_not_sent_and_said(
    tmp_path: Path, servers: Servers
) -> None:
    sentences: list[str] = []
    waiting = UnsentMessages(tmp_path, sentences.append)
    waiting.add(
        Notification("old", "s", "A long ago", {}),
        ["webhook"],
        now_us() - (unsent.OLDEST_H + 1) * HOUR_US,
    )
    waiting.add(Notification("gone", "s", "By mail", {}), ["mail", "webhook"], now_us())
    servers.start()
    teller = Notifier(tmp_path, sentences.append, None)
    teller.use(
        Alerts.model_validate({"webhook": f"http://127.0.0.1:{servers.http_port}/"}), tmp_path
    )
    until(lambda: len(servers.posts) == 1)
    teller.stop()
    assert [post["text"] for post in servers.posts] == ["By mail"]
    assert [str(sentence) for sentence in sentences] == [
        "Not sent by webhook, because it has waited more than 24 hours: A long ago",
        "Not sent by mail, because site.toml no longer names it: By mail",
    ]


def test_a_disk_that_takes_nothing_is_said_and_alerts_are_sent_all_the_same(
    tmp_path: Path, servers: Servers
) -> None:
    sentences: list[str] = []
    servers.start()
    teller = Notifier(tmp_path / "gone", sentences.append, None)
    teller.use(
        Alerts.model_validate({"webhook": f"http://127.0.0.1:{servers.http_port}/"}), tmp_path
    )
    for name in BATCHES:
        teller.tell(Notification(name, "s", name, {}))
    until(lambda: len(servers.posts) == 2)
    teller.stop()
    assert [str(sentence).partition(" (")[0] for sentence in sentences] == [
        "Which alerts were sent cannot be saved"
    ]
