"""A real Dask cluster on this machine, as a firm starts one, with TLS where it has certificates."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from distributed import Client
from distributed.security import Security

from tests.servers import authority

ROOT = Path(__file__).resolve().parents[2]


class Dask:
    """A scheduler and workers of one thread in processes of their own, as a firm starts them, with
    this tree on their path.
    """

    def __init__(self, folder: Path, workers: int = 2, *, tls: bool = False) -> None:
        self.folder = folder
        self.certificates = certificates(folder) if tls else {}
        self.processes: list[subprocess.Popen[bytes]] = []
        self.address = self._scheduler()
        self.workers = [self.worker() for _ in range(workers)]

    def _scheduler(self) -> str:
        file = self.folder / "scheduler.json"
        self._start(
            "dask_scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--no-dashboard",
            "--scheduler-file",
            str(file),
            *self._tls(),
        )
        until = time.monotonic() + 120
        while (
            not (file.exists() and file.stat().st_size) and time.monotonic() < until
        ):  # it is there before it is written
            time.sleep(0.05)
        address: str = json.loads(file.read_text())["address"]
        return address

    def worker(self, tree: Path = ROOT, *more: str) -> subprocess.Popen[bytes]:
        own = (
            "--nthreads",
            "1",
            "--no-dashboard",
            "--local-directory",
            str(self.folder),
            *self._tls(),
            *more,
        )
        return self._start("dask_worker", self.address, "--host", "127.0.0.1", *own, tree=tree)

    def _tls(self) -> list[str]:
        """The options of Dask's programs, and of `steplabel-agent fleet`."""
        return [
            word
            for name, file in self.certificates.items()
            for word in (f"--tls-{name}", str(file))
        ]

    def reached_by(self) -> list[str]:
        """The options by which `steplabel-agent fleet` reaches it."""
        return ["--dask", self.address, *self._tls()]

    def client(self) -> Client:
        named = {"ca-file": "tls_ca_file", "cert": "tls_client_cert", "key": "tls_client_key"}
        security = Security(**{named[name]: str(file) for name, file in self.certificates.items()})
        return Client(self.address, security=security, set_as_default=False)

    def _start(self, module: str, *arguments: str, tree: Path = ROOT) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments]
        environment = os.environ | {"PYTHONPATH": str(tree)}
        with (self.folder / f"{module}-{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=tree, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        self.processes.append(process)
        return process

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def certificates(folder: Path) -> dict[str, Path]:
    """An authority made for the occasion, and a certificate with its key for all who belong to the
    cluster.
    """
    authority.write(folder, "steplabel-fleet")
    return {
        "ca-file": folder / "ca.pem",
        "cert": folder / "server.crt",
        "key": folder / "server.key",
    }
