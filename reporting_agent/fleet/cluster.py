"""The sites of a fleet as tasks on a Dask cluster that the firm has: https://distributed.dask.org.

A site goes to a worker by its path; the worker reads its files where they lie and writes the results to a folder that workers share. Dask
repeats the sites of a worker that dies. Sites that were there when workers died too often are repeated once more, one at a time: the next
deaths name the site that kills, and the others get their labels.
"""

from __future__ import annotations

import queue
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from benchmarks import shelf
from benchmarks.errors import InputError, SteplabelError
from benchmarks.phrases import Phrase
from reporting_agent.console import say
from reporting_agent.fleet import release
from reporting_agent.fleet.one_site import do
from reporting_agent.fleet.processes import died, failed
from reporting_agent.fleet.release import CarriedShelf
from reporting_agent.fleet.site_tasks import Outcome, Task, refused

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_S = 30
WITHOUT_WORKERS_S = 120
"""How long the sites wait for a worker before the run is given up; what is done is kept."""

_one_at_a_time = Lock()
"""A worker of several threads does one site at a time: what two of them would share has never been held against one by one."""


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
            InputError: `dask-missing`, `dask-tls-incomplete`, `dask-unreachable`, `fleet-worker-differs`, `dask-without-workers`.
        """
        with self._client() as client:
            ours = release.of_this_process()
            try:
                client.wait_for_workers(1, timeout=WITHOUT_WORKERS_S)
            except TimeoutError as none_came:
                raise _without_workers() from none_came
            for worker, theirs in sorted(client.run(release.of_this_process, on_error="return").items()):
                release.require_same(ours, theirs, worker)
            carried = CarriedShelf.of(shelf.approved())
            again: list[Task] = []
            for task, outcome in _as_they_come(client, tasks, ours, carried):
                if outcome is None:
                    again.append(task)
                else:
                    yield outcome
            for task in again:
                for _, outcome in _as_they_come(client, [task], ours, carried):
                    yield refused(task, died()) if outcome is None else outcome

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


def _as_they_come(
    client: Client, tasks: Sequence[Task], ours: Mapping[str, str], carried: CarriedShelf
) -> Iterator[tuple[Task, Outcome | None]]:
    """Each task with its outcome; None where workers died of it, or beside it, as often as the cluster allows."""
    from distributed.scheduler import KilledWorker

    done: queue.Queue[Future[Any]] = queue.Queue()
    shared = client.submit(_given, carried, pure=False)  # sent once; no scattered data, for those are lost with their worker
    running = {future.key: (future, task) for task in tasks for future in [client.submit(_on_worker, task, ours, shared, pure=False)]}
    for future, _ in running.values():
        future.add_done_callback(done.put)
    while running:
        future, task = running.pop(_next(client, done).key)
        why = future.exception()
        if isinstance(why, KilledWorker):
            yield task, None
        elif isinstance(why, SteplabelError):
            raise why
        else:
            yield task, future.result() if why is None else refused(task, failed(why))


def _next(client: Client, done: queue.Queue[Future[Any]]) -> Future[Any]:
    while True:
        try:
            return done.get(timeout=WITHOUT_WORKERS_S)
        except queue.Empty:
            if not client.scheduler_info()["workers"]:
                raise _without_workers() from None


def _without_workers() -> InputError:
    return InputError(
        "dask-without-workers",
        Phrase("The Dask cluster has had no worker for %(seconds)s seconds.", seconds=WITHOUT_WORKERS_S),
        "Start workers and run the same command again: it continues with the sites that are not done.",
    )


def _on_worker(task: Task, ours: Mapping[str, str], carried: CarriedShelf) -> Outcome:
    """Runs on a worker, which may have come after the others were asked for their release."""
    try:
        release.require_same(ours, release.of_this_process(), "here")
    except SteplabelError as other:
        return refused(task, other)
    with _one_at_a_time, shelf.used(carried):
        return do(task)


def _given(carried: CarriedShelf) -> CarriedShelf:
    return carried
