"""The sites of a fleet in processes of this machine. A site that fails takes no other with it; what
is done is not done again.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from benchmarks import shelf
from benchmarks.errors import InputError
from extras.fleet.one_site import do
from extras.fleet.site_tasks import SiteTaskOutcome, Task, refused
from extras.fleet.unchanged_sites import earlier_outcome

LONGEST_TRACE = 4_000  # characters


def in_processes(tasks: Sequence[Task], processes: int) -> Iterator[SiteTaskOutcome]:
    """Outcomes as they come; a process that dies (memory, a signal) is told as the refusal of its
    site, and the others go on.
    """
    waiting = []
    for task in tasks:
        outcome = earlier_outcome(task)
        if outcome is None:
            waiting.append(task)
        else:
            yield outcome
    if not waiting:
        return
    broken = []
    with _pool(min(processes, len(waiting))) as pool:
        running: dict[Future[SiteTaskOutcome], Task] = {
            pool.submit(do, task): task for task in waiting
        }
        for done in as_completed(running):
            if isinstance(why := done.exception(), BrokenProcessPool):
                broken.append(running[done])
            else:
                yield done.result() if why is None else refused(running[done], failed(why))
    for task in (
        broken
    ):  # a pool that breaks takes all with it: each alone, so that the next death names its site
        with _pool(1) as alone:
            last = alone.submit(do, task)
            if isinstance(why := last.exception(), BrokenProcessPool):
                yield refused(task, died())
            else:
                yield last.result() if why is None else refused(task, failed(why))


def died() -> InputError:
    return InputError(
        "fleet-process-died",
        "The process for this site ended before it was done.",
        "Run the command for this site alone and watch its memory use.",
    )


def failed(why: BaseException) -> InputError:
    """A fault of ours at one site, with where it arose."""
    return InputError(
        "fleet-site-failed",
        "This site met a fault in Steplabel itself.",
        "Report it with the text found; the other sites are done.",
        found="".join(traceback.format_exception(why)).strip()[-LONGEST_TRACE:],
    )


def _pool(processes: int) -> ProcessPoolExecutor:
    """Processes that look for approved packs where this one does."""
    return ProcessPoolExecutor(
        processes,
        mp_context=get_context("spawn"),
        initializer=shelf.use,
        initargs=(shelf.approved(),),
    )
