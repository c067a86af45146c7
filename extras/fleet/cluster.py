"""The sites of a fleet as tasks on a Dask cluster that the firm has: https://distributed.dask.org.

A site goes to a worker by its path; the worker reads its files where they lie and writes the
results to a folder that workers share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from extras.fleet import certificates
from extras.fleet.site_tasks import SiteTaskOutcome, Task
from extras.fleet.workers import WorkerAssignment
from reporting_agent.console import say

if TYPE_CHECKING:
    from distributed import Client

CONNECT_S = 30


@dataclass(frozen=True, slots=True)
class Cluster:
    """How the cluster is reached. `tls`: files in PEM, all three or none."""

    address: str
    tls_ca_file: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None

    def run(self, tasks: Sequence[Task]) -> Iterator[SiteTaskOutcome]:
        """Outcomes as they come.

        Raises:
            InputError: `dask-missing`, `dask-address`, `dask-without-tls`, `dask-tls-incomplete`,
                `dask-tls-file`, `dask-tls-expired`, `dask-unreachable`, and those of
                `Assignment.outcomes`.
        """
        with self._client() as client:
            yield from WorkerAssignment(client, tasks).outcomes()

    def _client(self) -> Client:
        try:
            from distributed import Client
            from distributed.security import Security
        except ImportError as missing:
            raise InputError(
                "dask-missing",
                "Dask is not installed here.",
                "In Steplabel's folder: pip install './extras/fleet[dask]'; or leave out --dask.",
                found=str(missing.name),
                wanted="dask.distributed",
            ) from missing
        files = self._files()
        if not files and urlsplit(self.address).hostname not in {"127.0.0.1", "localhost", "::1"}:
            say(
                Phrase(
                    "This cluster has no TLS: anybody on its network can read what the sites send "
                    "it, and run code on its workers."
                )
            )
        security = Security(
            **{
                f"tls_{name}": str(file)
                for name, file in zip(("ca_file", "client_cert", "client_key"), files, strict=False)
            },
            require_encryption=bool(files),
        )
        try:
            return Client(self.address, security=security, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as wrong:
            raise InputError(
                "dask-unreachable",
                "The Dask cluster could not be reached.",
                "Check the address that its scheduler gives (tcp://HOST:8786, with TLS "
                "tls://HOST:8786), and the TLS files.",
                found=f"{self.address}: {wrong}",
                wanted=Phrase("a running scheduler"),
            ) from wrong

    def _files(self) -> tuple[Path, ...]:
        """All three files of TLS, or none. Refuses at once what goes with no address: Dask tries
        for a minute, and ends with a fault.
        """
        scheme, _, host = self.address.partition("://")
        if scheme not in {"tcp", "tls"} or not host:
            raise InputError(
                "dask-address",
                "This is not the address of a Dask scheduler.",
                "Give the address that the scheduler prints when it starts: tcp://HOST:8786, with "
                "TLS tls://HOST:8786.",
                place=Place("--dask"),
                found=self.address,
                wanted="tcp://HOST:PORT, tls://HOST:PORT",
            )
        files = [
            file for file in (self.tls_ca_file, self.tls_cert, self.tls_key) if file is not None
        ]
        if scheme == "tcp" and files:
            raise InputError(
                "dask-without-tls",
                "Files for TLS were given, but this address is without TLS.",
                "Give tls://HOST:8786 if the cluster has TLS; otherwise leave out --tls-ca-file, "
                "--tls-cert and --tls-key.",
                place=Place("--dask"),
                found=self.address,
                wanted="tls://HOST:PORT",
            )
        if scheme == "tcp":
            return ()
        if self.tls_ca_file is None or self.tls_cert is None or self.tls_key is None:
            raise InputError(
                "dask-tls-incomplete",
                "A cluster with TLS needs three files.",
                "Give --tls-ca-file, --tls-cert and --tls-key, as the cluster's own workers have "
                "them.",
                place=Place("--dask"),
                found=", ".join([self.address, *map(str, files)]),
                wanted=Phrase("--tls-ca-file, --tls-cert and --tls-key"),
            )
        certificates.require_usable(
            self.tls_ca_file, self.tls_cert, self.tls_key, datetime.now(UTC)
        )
        return self.tls_ca_file, self.tls_cert, self.tls_key
