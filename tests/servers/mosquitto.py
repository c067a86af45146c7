"""mosquitto: `MOSQUITTO` if set, else this machine's, else Debian's package (`debian`).

Tests start brokers of their own, since they kill them: `Broker`.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers import Server, debian, free_port


@contextmanager
def serve(directory: Path) -> Iterator[Server]:
    del directory
    program, how = _found_or_fetched()
    yield Server({"MOSQUITTO": program}, f"mosquitto: {how}")


@dataclass
class Broker:
    """A broker that keeps its sessions on the disk, as docs/live.md sets one up; it may be killed
    and started again.

    It writes all it keeps after so many changes: at 1 a backlog of thousands leaves it at a few
    messages a second.
    """

    folder: Path
    program: str = field(default_factory=lambda: os.environ["MOSQUITTO"])
    port: int = field(default_factory=free_port)
    unread: str = ""  # a topic that nobody may subscribe to
    unwritten: str = ""  # one that nobody may publish to
    certified: Path | None = None  # a folder that `authority.write` filled: it speaks TLS alone
    autosaves: bool = True  # else it keeps sessions until it ends, and nothing slows it
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> Broker:
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = [
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            "persistence true",
            f"persistence_location {self.folder}/",
        ]
        if self.certified is not None:
            lines += [
                f"certfile {self.certified}/server.crt",
                f"keyfile {self.certified}/server.key",
            ]
        lines += ["autosave_on_changes true", "autosave_interval 50"] if self.autosaves else []
        lines += ["max_queued_messages 0", "max_inflight_messages 1000"]
        lines += ["user root"] if os.geteuid() == 0 else []
        lines += self._refusing() if self.unread or self.unwritten else []
        (self.folder / "mosquitto.conf").write_text("\n".join(lines) + "\n", "utf-8")
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.program, "-c", self.folder / "mosquitto.conf"], stdout=log, stderr=log
            )
        self._wait()
        return self

    def _refusing(self) -> list[str]:
        """A list of topics (`acl_file`) refuses no subscription, it keeps messages back in silence;
        this plugin says so.
        """
        refused = {"subscribeLiteral": self.unread, "publishClientSend": self.unwritten}
        rules = [
            {"acltype": kind, "topic": topic, "priority": 1, "allow": False}
            for kind, topic in refused.items()
            if topic
        ]
        allowed = dict.fromkeys(
            ("publishClientSend", "publishClientReceive", "subscribe", "unsubscribe"), True
        )
        security = {
            "defaultACLAccess": allowed,
            "roles": [{"rolename": "all", "acls": rules}],
            "groups": [{"groupname": "all", "roles": [{"rolename": "all"}]}],
            "anonymousGroup": "all",
        }
        file = self.folder / "security.json"
        file.write_text(json.dumps(security), "utf-8")
        folder = Path(self.program).resolve().parent
        files = [
            *folder.glob("usr/lib/*/mosquitto_*"),
            *folder.parent.glob("lib/*/mosquitto_*"),
        ]  # unpacked, installed
        plugin = next(file for file in files if file.name == "mosquitto_dynamic_security.so")
        return [f"plugin {plugin}", f"plugin_opt_config_file {file}"]

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(30)

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(30)

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return


def _found_or_fetched() -> tuple[str, str]:
    if program := os.environ.get("MOSQUITTO"):
        return program, f"found at MOSQUITTO ({program})"
    return debian.program("mosquitto", "mosquitto")
