"""The sites of a fleet as tasks on a Dask cluster that the firm has: https://distributed.dask.org.

A site goes to a worker by its path; the worker reads its files where they lie and writes the results to a folder that workers share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks.errors import InputError
from benchmarks.phrases import Phrase
from reporting_agent.console import say
from reporting_agent.fleet.site_tasks import Outcome, Task
from reporting_agent.fleet.workers import Assignment

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

    def run(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """Outcomes as they come.

        Raises:
            InputError: `dask-missing`, `dask-tls-incomplete`, `dask-unreachable`, and those of `Assignment.outcomes`.
        """
        with self._client() as client:
            yield from Assignment(client, tasks).outcomes()

    def _client(self) -> Client:
        try:
            from distributed import Client
            from distributed.security import Security
        except ImportError as missing:
            raise InputError(
                "dask-missing",
                "Dask is not installed here.",
                "Install the agent's extra: pip install 'steplabel-agent[dask]'; or leave out --dask.",
                found=str(missing.name),
                wanted="dask.distributed",
            ) from missing
        files = (self.tls_ca_file, self.tls_cert, self.tls_key)
        if any(files) and not all(files):
            raise InputError(
                "dask-tls-incomplete",
                "A cluster with TLS needs three files.",
                "Give --tls-ca-file, --tls-cert and --tls-key, as the cluster's own workers have them.",
                wanted="--tls-ca-file, --tls-cert and --tls-key",
            )
        if not any(files) and urlsplit(self.address).hostname not in {"127.0.0.1", "localhost", "::1"}:
            say(Phrase("This cluster has no TLS: anybody on its network can read what the sites send it, and run code on its workers."))
        security = Security(
            **{f"tls_{name}": str(file) for name, file in zip(("ca_file", "client_cert", "client_key"), files, strict=True) if file},
            require_encryption=any(files),
        )
        try:
            return Client(self.address, security=security, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as wrong:
            raise InputError(
                "dask-unreachable",
                "The Dask cluster could not be reached.",
                "Check the address that its scheduler gives (tcp://HOST:8786, with TLS tls://HOST:8786), and the TLS files.",
                found=f"{self.address}: {wrong}",
                wanted="a running scheduler",
            ) from wrong
