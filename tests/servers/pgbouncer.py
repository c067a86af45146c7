"""PgBouncer with `deploy/pgbouncer/pgbouncer.ini`: this machine's, else Debian's package; ports and
passwords are the tests' own.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests.servers import debian, free_port, unprivileged

SAMPLE = Path(__file__).parents[2] / "deploy" / "pgbouncer" / "pgbouncer.ini"


@contextmanager
def serve(*urls: str) -> Iterator[list[str]]:
    """In front of these databases; yields their addresses through it. Each transaction gets another
    server than the one before.
    """
    program, _ = debian.program("pgbouncer", "pgbouncer")
    port, users = free_port(), {str(urlsplit(url).username) for url in urls}
    with tempfile.TemporaryDirectory(prefix="steplabel-pgbouncer-") as name:
        folder = Path(name)
        databases = "".join(
            f"{urlsplit(url).path[1:]} = host={urlsplit(url).hostname} port={urlsplit(url).port}\n"
            for url in urls
        )
        rest = (
            SAMPLE.read_text("utf-8")
            .split("[pgbouncer]\n")[1]
            .replace("listen_port = 6432", f"listen_port = {port}")
        )
        rest = rest.replace("/etc/pgbouncer", name).replace(
            "auth_type = scram-sha-256", "auth_type = trust"
        )
        (folder / "userlist.txt").write_text("".join(f'"{user}" ""\n' for user in users), "ascii")
        (folder / "pgbouncer.ini").write_text(
            f"[databases]\n{databases}[pgbouncer]\n{rest}server_round_robin = 1\nunix_socket_dir "
            "=\n",
            "utf-8",
        )
        folder.chmod(0o755)
        if unprivileged():
            shutil.chown(folder, "nobody", "nogroup")
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [program, folder / "pgbouncer.ini"], stdout=log, stderr=log, **unprivileged()
            )
        through = [_at(url, port) for url in urls]
        try:
            _wait_for(through[0], folder / "log")
            yield through
        finally:
            process.terminate()
            process.wait(30)


def _at(url: str, port: int) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.username}@127.0.0.1:{port}").geturl()


def _wait_for(url: str, log: Path) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise AssertionError(log.read_text("utf-8")) from error
            time.sleep(0.1)
        else:
            return
