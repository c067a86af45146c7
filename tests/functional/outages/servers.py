"""PostgreSQL servers of one's own that may be stopped, cut off, filled up and promoted, and a Redis
server that may go away.

A server has an address of its own (127.0.x.y), so that all of a trial listen on one port as
different machines do. With root it may lie in a network namespace, which a cable leads to that can
be cut, and on a small disk that can be filled.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests.servers import postgres, redis, unprivileged

DISK_MB = 400
ROOT_IS_HERE = os.geteuid() == 0


@dataclass
class Cluster:
    """One PostgreSQL server: where its programs, files and address are."""

    programs: Path
    data: Path
    address: str
    port: int
    namespace: str = ""  # where it runs, or nothing
    disk: Path | None = None  # a small one of its own, which `data` lies on
    wal: Path | None = None  # where its changes are written first, which is not on the small disk

    @property
    def beside(self) -> Path:
        return (self.disk or self.data).parent

    @property
    def log(self) -> Path:
        return self.beside / f"{self.data.name}.log"

    def make(self) -> None:
        """Files of a new server."""
        wal = () if self.wal is None else ("--waldir", str(self.wal))
        self.run(
            "initdb",
            "--pgdata",
            str(self.data),
            *wal,
            "--username",
            "postgres",
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
        )
        with (self.data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 0.0.0.0/0 trust\nhost replication all 0.0.0.0/0 trust\n")
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write("max_connections = 100\nmax_wal_size = 256MB\nshared_buffers = 64MB\n")

    def run(self, *command: str) -> None:
        """One of its programs, as its user, where it lives."""
        program, *arguments = command
        process = subprocess.run(
            [*self._where(), self.programs / program, *arguments],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **self._who(),
        )
        assert process.returncode == 0, process.stderr + process.stdout

    def _where(self) -> list[str]:
        """Only root enters a namespace; there it becomes the server's user."""
        if not self.namespace:
            return []
        return [
            "ip",
            "netns",
            "exec",
            self.namespace,
            "setpriv",
            "--reuid=nobody",
            "--regid=nogroup",
            "--clear-groups",
        ]

    def _who(self) -> dict[str, Any]:
        return {} if self.namespace else unprivileged()

    def start_command(self) -> list[str]:
        options = f"-c listen_addresses={self.address} -p {self.port} -c unix_socket_directories="
        pg_ctl = str(self.programs / "pg_ctl")
        return [
            pg_ctl,
            "--pgdata",
            str(self.data),
            "--wait",
            "--log",
            str(self.log),
            "--options",
            options,
            "start",
        ]

    def start(self) -> None:
        """The server stays: it gets no pipe of ours."""
        quiet = subprocess.DEVNULL
        process = subprocess.run(
            [*self._where(), *self.start_command()],
            cwd="/",
            stdout=quiet,
            stderr=quiet,
            check=False,
            **self._who(),
        )
        assert process.returncode == 0, self.log.read_text("utf-8", "replace")[-3000:]

    def stop(self, mode: str = "fast") -> None:
        self.run("pg_ctl", "--pgdata", str(self.data), "--wait", "--mode", mode, "stop")

    def end(self) -> None:
        with suppress(AssertionError):
            self.stop("immediate")

    def connect(
        self, database: str = "postgres", user: str = "postgres"
    ) -> psycopg.Connection[tuple[object, ...]]:
        where = f"host={self.address} port={self.port} user={user} dbname={database}"
        return psycopg.connect(where, autocommit=True, connect_timeout=5)

    def url(self, user: str, database: str) -> str:
        return f"postgres://{user}@{self.address}:{self.port}/{database}"

    @contextmanager
    def full(self) -> Iterator[None]:
        """Its disk holds a file that leaves no byte."""
        assert self.disk is not None
        filler = self.disk / "filler"
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(65536))
        try:
            yield
        finally:
            filler.unlink()

    @contextmanager
    def cut_off(self) -> Iterator[None]:
        """The cable to its namespace leads nowhere: what is sent is lost, and nobody is told."""
        assert self.namespace
        cable = f"{self.namespace}b"
        subprocess.run(["ip", "-n", self.namespace, "link", "set", cable, "down"], check=True)
        try:
            yield
        finally:
            subprocess.run(["ip", "-n", self.namespace, "link", "set", cable, "up"], check=True)


def programs(folder: Path) -> Path:
    return postgres._programs(folder)[0]


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of `DISK_MB` in memory; needs root."""
    folder.mkdir()
    subprocess.run(
        [
            "mount",
            "-t",
            "tmpfs",
            "-o",
            f"size={DISK_MB}m,mode=0755,uid=nobody,gid=nogroup",
            "none",
            folder,
        ],
        check=True,
    )
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def namespace() -> Iterator[tuple[str, str]]:
    """A network namespace with a cable to this machine's: its name, and the address in it; needs
    root.
    """
    name = f"sl{token_hex(4)}"
    net = f"10.213.{int(name[2:6], 16) % 256}"
    commands = (
        f"ip netns add {name}",
        f"ip link add {name}a type veth peer name {name}b netns {name}",
        f"ip addr add {net}.1/30 dev {name}a",
        f"ip link set {name}a up",
        f"ip -n {name} addr add {net}.2/30 dev {name}b",
        f"ip -n {name} link set {name}b up",
        f"ip -n {name} link set lo up",
    )
    try:
        for command in commands:
            subprocess.run(command.split(), check=True)
        yield name, f"{net}.2"
    finally:
        subprocess.run(["ip", "link", "del", f"{name}a"], check=False, stderr=subprocess.DEVNULL)
        subprocess.run(["ip", "netns", "del", name], check=False)


@contextmanager
def folder_for_servers() -> Iterator[Path]:
    """Which the servers' user may enter; gone afterwards."""
    folder = Path(f"/tmp/steplabel-outages-{token_hex(4)}")  # noqa: S108  # the user nobody gets to no other place
    folder.mkdir(mode=0o755)
    if ROOT_IS_HERE:
        shutil.chown(folder, "nobody", "nogroup")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class RestartableRedis:
    """One Redis server on a port that stays its own."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._stack = folder, ExitStack()
        self.url = self._stack.enter_context(redis.started(folder))
        self.port = urlsplit(self.url).port

    @contextmanager
    def away(self) -> Iterator[None]:
        self._stack.close()
        try:
            yield
        finally:
            self._stack = ExitStack()
            self._stack.enter_context(redis.started(self._folder, port=self.port))

    def end(self) -> None:
        self._stack.close()


def until(holds: Callable[[], bool], seconds: float, what: str) -> float:
    """Ask four times a second; the seconds it took. An AssertionError where it took longer."""
    start = time.monotonic()
    while not holds():
        assert time.monotonic() - start < seconds, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.25)
    return time.monotonic() - start
