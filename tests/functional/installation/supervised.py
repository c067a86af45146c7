"""A process as its unit in deploy/systemd starts it. systemd is not here: what the unit asks of it
is done by the unit's own lines.

ExecStart, Restart, RestartSec, KillMode; a unit that asks for something else is an error.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[3]


class Supervised:
    """One process of a unit, started again whenever it ends.

    Args:
        unit: its file in deploy/systemd.
        instance: what stands after @ in its name.
    """

    def __init__(
        self, unit: str, environment: dict[str, str], log: Path, instance: str = ""
    ) -> None:
        self._unit = (ROOT / "deploy" / "systemd" / unit).read_text("utf-8")
        command = (
            self._of_unit("ExecStart")
            .replace("/opt/steplabel/.venv/bin", str(Path(sys.executable).parent))
            .replace("%i", instance)
        )
        self._command, self.environment, self.log = shlex.split(command), environment, log
        assert (self._of_unit("Restart"), self._of_unit("KillMode")) == ("always", "mixed")
        self._ended, self.starts = threading.Event(), 0
        self.process = self._start()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _of_unit(self, key: str) -> str:
        setting = re.search(rf"^{key}=(.*)$", self._unit, re.MULTILINE)
        assert setting is not None, key
        return setting[1]

    def _start(self) -> subprocess.Popen[bytes]:
        self.starts += 1
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self._command,
                env=self.environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _watch(self) -> None:
        while True:
            self.process.wait()
            with suppress(ProcessLookupError):  # what the unit's processes left, as KillMode=mixed
                os.killpg(self.process.pid, signal.SIGKILL)
            if self._ended.wait(float(self._of_unit("RestartSec"))):
                return
            self.process = self._start()

    def processes(self) -> list[int]:
        """Numbers of the parent and of its workers."""
        children = (
            Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
            .read_text("ascii")
            .split()
        )
        return [self.process.pid, *map(int, children)]

    def kill(self, which: int = 0) -> None:
        """`kill -9` of the parent (0) or the last of its workers (-1)."""
        with suppress(ProcessLookupError, FileNotFoundError):
            os.kill(self.processes()[which], signal.SIGKILL)

    def end(self) -> None:
        self._ended.set()
        self.process.terminate()
        self._thread.join(60)
