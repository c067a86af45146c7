"""`watch` as a process that dies, and what its spool must hold then."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from extras.live.tests.functional.agent_without_power import cut
from tests.servers.line import Line

IN_TIME_S = 180  # on a machine that others use


STARTED: list[subprocess.Popen[bytes]] = []


def end_all() -> None:
    """Those that a test which failed left."""
    for process in STARTED:
        process.kill()
        process.wait()
    STARTED.clear()


class Watched(Protocol):
    """A plant that `watch` is to read."""

    folder: Path
    live: Path

    def sent_of(self) -> dict[str, list[tuple[int, float]]]: ...
    def spooled(self) -> dict[str, list[tuple[int, float]]]: ...


class Killable(Protocol):
    """The server that it reads."""

    def kill(self) -> object: ...
    def start(self) -> object: ...


class Agent:
    """The process; `end` by SIGTERM or SIGKILL, with its power."""

    def __init__(
        self, plant: Watched, *more: str, environment: Mapping[str, str] | None = None
    ) -> None:
        self.plant, self.marks = plant, plant.folder / "synced"
        self._told = len(self._log())
        command = [
            sys.executable,
            "-m",
            "extras.live.tests.functional.agent_without_power",
            str(plant.live),
            str(self.marks),
            *more,
        ]
        with (plant.folder / "agent.log").open("ab") as log:
            whole = {**os.environ, **(environment or {})}
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=Path(__file__).parents[4], env=whole
            )
        STARTED.append(self.process)

    def _log(self) -> str:
        path = self.plant.folder / "agent.log"
        return path.read_text("utf-8") if path.exists() else ""

    def connected(self) -> None:
        """Wait until it is: one that dies before has received nothing."""
        self.says("is connected")

    def receives(self) -> None:
        """Wait until its spool grows."""
        segments = self.plant.live.parent / "spool" / "segments"
        before, deadline = _bytes(segments), time.monotonic() + IN_TIME_S
        while _bytes(segments) <= before:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def says(self, words: str) -> None:
        deadline = time.monotonic() + IN_TIME_S
        while words not in self._log()[self._told :]:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def died(self) -> None:
        """Wait for a death by its own hand."""
        assert self.process.wait(IN_TIME_S) == -signal.SIGKILL
        cut(self.marks, self.plant.live.parent / "spool" / "segments")

    def kill(self) -> None:
        self.process.kill()
        self.died()

    def end(self) -> None:
        self.process.terminate()
        assert self.process.wait(IN_TIME_S) == 0


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.log"))


def all_there(plant: Watched) -> bool:
    """Whether the spool holds what was sent; it waits for that, and no longer than it must."""
    wanted, previous, deadline = plant.sent_of(), -1, time.monotonic() + IN_TIME_S
    while time.monotonic() < deadline:
        spooled = plant.spooled()
        if spooled == wanted:
            return True
        if (count := sum(map(len, spooled.values()))) > previous:  # as long as more comes
            previous, deadline = count, time.monotonic() + IN_TIME_S
        time.sleep(1.0)  # counting takes the interpreter from the gateway's thread
    return False


def killed_at_random_instants(
    plant: Watched,
    grant: Callable[[float], None],
    deaths: int,
    ready: str,
    server: Killable | None = None,
    line: Line | None = None,
) -> Agent:
    """The agent that is left after so many deaths, every third of the server. Before each the
    network drops, where there is a line.

    What is sent is granted by halves: for an agent that is away or starts, and for one that is
    ready and dies.
    """
    chance = random.Random(7)  # noqa: S311 - instants of death
    agent = Agent(plant)
    try:
        for death in range(deaths):
            grant((death + 0.5) / deaths)
            agent.says(ready)
            grant((death + 1) / deaths)
            if line is not None:
                time.sleep(chance.uniform(0.0, 1.0))
                line.drop()
            time.sleep(chance.uniform(0.0, 1.0))
            if server is not None and death % 3 == 2:
                server.kill()
                server.start()
            else:
                agent.kill()
                agent = Agent(plant)
    finally:
        grant(1.0)
    return agent
