"""Which worker of a Dask cluster does which site: none that is of another release, and another
where one died or is not heard of.

One site a worker at a time, given to it by its address.

Dask would give sites to any worker. Here each is asked first whether it is of this release,
whenever it joins; those that are not are left out. What a worker was doing that died, or that is
not heard of, goes to another: a site is done twice rather than waited for, since each worker would
write the same bytes.
"""

from __future__ import annotations

import queue
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from benchmarks import shelf
from benchmarks.errors import InputError, SteplabelError
from benchmarks.phrases import Phrase
from extras.fleet import freed_memory, same_release
from extras.fleet.carried_shelf import CarriedShelf
from extras.fleet.one_site import do
from extras.fleet.processes import died, failed
from extras.fleet.site_tasks import SiteTaskOutcome, Task, refused
from reporting_agent.console import LANGUAGE, say

if TYPE_CHECKING:
    from distributed import Client, Future

WITHOUT_WORKERS_S = 120
"""How long the sites wait for a worker before the run is given up; what is done is kept."""

SILENT_S = 60
"""A worker tells the scheduler every few seconds that it is there. Dask itself waits five to ten
minutes (worker-ttl).
"""

LOOK_EVERY_S = 2
RESULT_S = 30  # an outcome is a few kB; its worker may die before it is fetched
DEATHS = 3  # workers that die of a site before it is given up

_one_at_a_time = Lock()
"""A worker does one site at a time, of two runs too: what two sites would share has never been held
against one by one.
"""


@dataclass(slots=True)
class _Worker:
    """A worker that the cluster has, and the site that it does. `right`: it has answered that it is
    of this release.
    """

    shelf: Future[
        CarriedShelf
    ]  # what a site needs beside its task: sent once, and lost with the worker
    last_seen: float  # by the scheduler's clock
    heard_at: float  # when that last changed, by ours
    right: bool = False
    silent: bool = False
    task: Task | None = None
    future: Future[SiteTaskOutcome] | None = None


class WorkerAssignment:
    """The sites of one run, and the workers that do them."""

    def __init__(self, client: Client, tasks: Sequence[Task]) -> None:
        self._client = client
        self._waiting = deque(tasks)
        self._undone = {task.file for task in tasks}
        self._ours = same_release.of_this_process()
        self._carried = CarriedShelf.of(shelf.approved())
        self._workers: dict[str, _Worker] = {}
        self._left_out: dict[str, SteplabelError] = {}
        self._deaths: Counter[str] = Counter()
        self._ended: queue.Queue[tuple[str, Future[Any]]] = queue.Queue()
        self._served_at = time.monotonic()  # when a worker was last there that was heard of
        self._any_right = False

    def outcomes(self) -> Iterator[SiteTaskOutcome]:
        """As they come.

        Raises:
            InputError: `fleet-worker-differs` where no worker is of this release,
                `dask-without-workers`, `dask-lost`.
        """
        look_at = time.monotonic()
        while self._undone:
            if time.monotonic() >= look_at:
                yield from self._look()
                look_at = time.monotonic() + LOOK_EVERY_S
            self._give()
            with suppress(queue.Empty):
                yield from self._take(*self._ended.get(timeout=LOOK_EVERY_S))

    def _look(self) -> Iterator[SiteTaskOutcome]:
        """See which workers came, went and fell silent."""
        now, seen_at = time.monotonic(), self._seen_at()
        self._left_out = {
            address: why for address, why in self._left_out.items() if address in seen_at
        }
        for address in [address for address in self._workers if address not in seen_at]:
            yield from self._gone(self._workers.pop(address))
        for address, last_seen in seen_at.items():
            if (worker := self._workers.get(address)) is not None:
                self._hear(address, worker, last_seen, now)
            elif address not in self._left_out:
                asked = self._submit(address, _received, self._carried, self._ours, address)
                self._workers[address] = _Worker(asked, last_seen, now)
        if any(not worker.silent for worker in self._workers.values()):
            self._served_at = now
        elif now - self._served_at > WITHOUT_WORKERS_S:
            raise next(iter(self._left_out.values()), _without_workers())

    def _seen_at(self) -> dict[str, float]:
        """Workers that the scheduler knows, each with when it last heard of it."""
        try:
            workers = self._client.scheduler_info()["workers"]
        except (
            OSError,
            KeyError,
        ) as lost:  # KeyError: the client has tried in vain to reach it again, and has closed
            raise InputError(
                "dask-lost",
                "The scheduler of the Dask cluster no longer answers.",
                "Start the cluster again, then the same command: it continues with the sites that "
                "are not done.",
                wanted=Phrase("a running scheduler"),
            ) from lost
        return {address: worker["last_seen"] for address, worker in workers.items()}

    def _submit(self, address: str, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future = self._client.submit(work, *arguments, workers=[address], pure=False)
        future.add_done_callback(lambda ended: self._ended.put((address, ended)))
        return future

    def _gone(self, worker: _Worker) -> Iterator[SiteTaskOutcome]:
        if worker.future is not None:
            # else Dask keeps it for a worker that may come to the same address
            worker.future.cancel()
        if worker.task is not None and not worker.silent:
            yield from self._died(worker.task)

    def _hear(self, address: str, worker: _Worker, last_seen: float, now: float) -> None:
        if last_seen != worker.last_seen:
            worker.last_seen, worker.heard_at, worker.silent = last_seen, now, False
        elif not worker.silent and now - worker.heard_at > SILENT_S:
            worker.silent = True
            since = datetime.now(UTC).astimezone() - timedelta(seconds=now - worker.heard_at)
            say(_silent(address, worker.task, f"{since:%H:%M:%S}"))
            if worker.task is not None:
                self._waiting.appendleft(worker.task)

    def _give(self) -> None:
        """A site to each worker that has none."""
        for address, worker in self._workers.items():
            while (
                self._waiting and self._waiting[0].file not in self._undone
            ):  # a worker was silent, and did it all the same
                self._waiting.popleft()
            if self._waiting and worker.right and not worker.silent and worker.task is None:
                worker.task = self._waiting.popleft()
                worker.future = self._submit(address, _on_worker, worker.task, worker.shelf)

    def _take(self, address: str, ended: Future[Any]) -> Iterator[SiteTaskOutcome]:
        """What a worker answered, unless that was given up meanwhile."""
        worker = self._workers.get(address)
        if worker is None or ended.cancelled():
            return
        why = ended.exception()
        if ended is worker.shelf and why is None:
            worker.right = self._any_right = True
        elif ended is worker.shelf or isinstance(
            why, SteplabelError
        ):  # the latter of one that was started again at this address
            self._leave_out(address, why)
        elif ended is worker.future and worker.task is not None:
            task, worker.task = worker.task, None
            # the next before the outcome of this one is fetched, or the worker would wait for us
            self._give()
            yield from self._finished(task, ended, why)

    def _leave_out(self, address: str, why: BaseException) -> None:
        worker = self._workers.pop(address)
        if worker.task is not None:
            self._waiting.appendleft(worker.task)
        refusal = (
            why
            if isinstance(why, SteplabelError)
            else same_release.no_agent(self._ours, why, address)
        )
        self._left_out[address] = refusal
        if not self._workers and not self._any_right:
            raise refusal
        say(
            Phrase(
                "This worker gets no sites. %(refusal)s", refusal=refusal.in_words(LANGUAGE.get())
            )
        )

    def _finished(
        self, task: Task, ended: Future[SiteTaskOutcome], why: BaseException | None
    ) -> Iterator[SiteTaskOutcome]:
        from distributed.scheduler import KilledWorker

        if isinstance(why, KilledWorker):
            yield from self._died(task)
        elif why is not None:
            yield from self._done(refused(task, failed(why)))
        else:
            try:
                outcome = ended.result(timeout=RESULT_S)
            except (OSError, CancelledError):
                self._waiting.append(task)
            else:
                yield from self._done(outcome)

    def _died(self, task: Task) -> Iterator[SiteTaskOutcome]:
        """A worker died while it did this site, which therefore comes after all that wait."""
        self._deaths[task.file] += 1
        if self._deaths[task.file] < DEATHS:
            self._waiting.append(task)
        else:
            yield from self._done(refused(task, died()))

    def _done(self, outcome: SiteTaskOutcome) -> Iterator[SiteTaskOutcome]:
        if outcome.file in self._undone:
            self._undone.remove(outcome.file)
            yield outcome


def _silent(address: str, task: Task | None, since: str) -> Phrase:
    values = {"worker": address, "since": since}
    if task is None:
        return Phrase(
            "Worker %(worker)s has not been heard of since %(since)s. It gets no sites until it "
            "is.",
            **values,
        )
    return Phrase(
        "Worker %(worker)s has not been heard of since %(since)s. Its site %(site)s goes to "
        "another worker. Check whether the worker is "
        "stopped or its machine is cut off, and restart it.",
        **values,
        site=task.file,
    )


def _without_workers() -> InputError:
    return InputError(
        "dask-without-workers",
        Phrase(
            "The Dask cluster has had no worker for %(seconds)s seconds.", seconds=WITHOUT_WORKERS_S
        ),
        "Start workers and run the same command again: it continues with the sites that are not "
        "done.",
    )


def _received(carried: CarriedShelf, ours: Mapping[str, str], address: str) -> CarriedShelf:
    """Runs on each worker before its first site. Raises InputError `fleet-worker-differs`."""
    if (
        refusal := same_release.difference(ours, same_release.of_this_process(), address)
    ) is not None:
        raise refusal
    return carried


def _on_worker(task: Task, carried: CarriedShelf) -> SiteTaskOutcome:
    with _one_at_a_time, _unprofiled(), freed_memory.keep_freed_memory(), shelf.used(carried):
        return do(task)


@contextmanager
def _unprofiled() -> Iterator[None]:
    """Dask's profiler looks at what a worker does a hundred times a second, and a site waits for it
    each time. Off while a site is done.
    """
    from distributed import get_worker

    worker = get_worker()
    profiler = worker.periodic_callbacks.get("profile")
    if profiler is None or not profiler.is_running():
        yield
        return
    worker.loop.add_callback(profiler.stop)
    try:
        yield
    finally:
        worker.loop.add_callback(profiler.start)
