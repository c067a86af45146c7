"""A plant's server as a process of its own, so that it can be killed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.servers import free_port

STARTS_IN_S = 900  # on a machine that others use; one that ended is noticed at once


class Server:
    """A module of `fixtures` that serves on a port of this machine, or on `device`; it says
    "serving" once it does.
    """

    def __init__(self, module: str, folder: Path, *more: str, device: str | None = None) -> None:
        self.folder, self.port = folder, free_port()
        address = ("--port", str(self.port)) if device is None else ("--device", device)
        self._command = [sys.executable, "-m", module, str(folder), *address, *more]
        folder.mkdir()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Server:
        log = self.folder / "server.log"
        log.write_text("")
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                self._command, stdout=file, stderr=file, cwd=Path(__file__).parents[4]
            )
        deadline = time.monotonic() + STARTS_IN_S
        while "serving" not in log.read_text():
            assert self._process.poll() is None, f"the server ended: {log.read_text()}"
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        return self

    def play(self, share: float = 1.0) -> None:
        """Let it tell what its plant measures, up to this share."""
        beside = self.folder / "play.new"
        beside.write_text(f"{share}")
        beside.rename(self.folder / "play")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
