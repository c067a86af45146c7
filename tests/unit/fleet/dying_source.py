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
