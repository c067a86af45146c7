"""Providers' sources whose process is killed as it connects, as by a machine that runs out of
memory, or waits to be let go.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from zoneinfo import ZoneInfo


class Dying:
    """Named by `[inputs] source = "extras.fleet.tests.unit.dying_source:Dying"`."""

    def connect(self, _options: dict[str, object], _folder: Path, _zone: ZoneInfo) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class Faulty:
    """A source with a fault that nobody foresaw."""

    def connect(self, _options: dict[str, object], _folder: Path, _zone: ZoneInfo) -> None:
        raise ZeroDivisionError("of the source")


class FilesOnly:
    """Gives nothing: the site's files stand for themselves."""

    def gives(self) -> frozenset[str]:
        return frozenset()

    def units(self) -> dict[str, str]:
        return {}


class DyingOnce(FilesOnly):
    """Kills its process the first time."""

    def connect(self, _options: dict[str, object], folder: Path, _zone: ZoneInfo) -> DyingOnce:
        try:
            (folder / "died").touch(exist_ok=False)
        except FileExistsError:
            return self
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


class Held(FilesOnly):
    """Says in `held` which process does the site, and waits for `go`."""

    def connect(self, _options: dict[str, object], folder: Path, _zone: ZoneInfo) -> Held:
        (folder / "held").write_text(str(os.getpid()))
        while not (folder / "go").exists():
            time.sleep(0.05)
        return self
