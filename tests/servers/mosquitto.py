"""mosquitto: `MOSQUITTO` if set, else this machine's, else Debian's package, unpacked into a cache of the user's and not installed.

Tests start brokers of their own, since they kill them: `Broker`.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers import Server, free_port


@contextmanager
def serve(directory: Path) -> Iterator[Server]:
    del directory
    program, how = _found_or_fetched()
    yield Server({"MOSQUITTO": program}, f"mosquitto: {how}")


@dataclass
class Broker:
    """A broker that keeps its sessions on the disk, as docs/live.md sets one up; it may be killed and started again.

    It writes all it keeps after so many changes: at 1 a backlog of thousands leaves it at a few messages a second.
    """

    folder: Path
    program: str = field(default_factory=lambda: os.environ["MOSQUITTO"])
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> Broker:
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = [f"listener {self.port} 127.0.0.1", "allow_anonymous true", "persistence true", f"persistence_location {self.folder}/"]
        lines += ["autosave_on_changes true", "autosave_interval 50", "max_queued_messages 0"]
        lines += ["user root"] if os.geteuid() == 0 else []
        (self.folder / "mosquitto.conf").write_text("\n".join(lines) + "\n", "utf-8")
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen([self.program, "-c", self.folder / "mosquitto.conf"], stdout=log, stderr=log)
        self._wait()
        return self

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
    if found := shutil.which("mosquitto", path=os.defpath + ":/usr/sbin:/usr/local/sbin"):
        return found, f"found {found}"
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "steplabel" / "mosquitto"
    if not (folder / "launch").exists():
        _unpack(folder)
    return str(folder / "launch"), f"Debian's package, in {folder}"


def _unpack(folder: Path) -> None:
    """The package and the libraries that the machine lacks: nothing is installed, and no service begins."""
    archives = folder / "archives"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    apt = ["apt-get", "-q", "-y", "-o", f"Dir::Cache::archives={archives}", "-o", "Debug::NoLocking=1"]
    fetch = [*apt, "--no-install-recommends", "--download-only", "install", "mosquitto"]
    if subprocess.run(fetch, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        subprocess.run([*apt, "update"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(fetch, check=True, stdout=subprocess.DEVNULL)
    for package in sorted(archives.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
    libraries = ":".join(str(path) for path in sorted(folder.glob("*/lib/*-linux-gnu")) + sorted(folder.glob("lib/*-linux-gnu")))
    program = next(folder.rglob("sbin/mosquitto"))
    (folder / "launch").write_text(f'#!/bin/sh\nLD_LIBRARY_PATH="{libraries}" exec "{program}" "$@"\n', "utf-8")
    (folder / "launch").chmod(0o755)
