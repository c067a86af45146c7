"""A real Dask cluster on this machine, as a firm starts one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Dask:
    """A scheduler and workers of one thread in processes of their own, as a firm starts them, with this tree on their path."""

    def __init__(self, folder: Path, workers: int = 2) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self.address = self._scheduler()
        self.workers = [self.worker() for _ in range(workers)]

    def _scheduler(self) -> str:
        file = self.folder / "scheduler.json"
        self._start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        until = time.monotonic() + 60
        while not file.exists() and time.monotonic() < until:
            time.sleep(0.05)
        address: str = json.loads(file.read_text())["address"]
        return address

    def worker(self, tree: Path = ROOT, *more: str) -> subprocess.Popen[bytes]:
        own = ("--nthreads", "1", "--no-dashboard", "--local-directory", str(self.folder), *more)
        return self._start("dask_worker", self.address, "--host", "127.0.0.1", *own, tree=tree)

    def _start(self, module: str, *arguments: str, tree: Path = ROOT) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments]
        environment = os.environ | {"PYTHONPATH": str(tree), "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}  # of 3, for fewer starts
        with (self.folder / f"{module}-{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(command, cwd=tree, env=environment, stdout=log, stderr=log, start_new_session=True)
        self.processes.append(process)
        return process

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
