"""A provider's source whose process is killed as it connects, as by a machine that runs out of memory."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from zoneinfo import ZoneInfo


class Dying:
    """Named by `[inputs] source = "tests.unit.fleet.dying_source:Dying"`."""

    def connect(self, _options: dict[str, object], _folder: Path, _zone: ZoneInfo) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class Faulty:
    """A source with a fault that nobody foresaw."""

    def connect(self, _options: dict[str, object], _folder: Path, _zone: ZoneInfo) -> None:
        raise ZeroDivisionError("of the source")


class DyingOnce:
    """The same at the first time; later it gives nothing, and the site's files stand for themselves."""

    def connect(self, _options: dict[str, object], folder: Path, _zone: ZoneInfo) -> DyingOnce:
        try:
            (folder / "died").touch(exist_ok=False)
        except FileExistsError:
            return self
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    def gives(self) -> frozenset[str]:
        return frozenset()

    def units(self) -> dict[str, str]:
        return {}
