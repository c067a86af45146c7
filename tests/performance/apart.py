"""Each side in a child process of its own, called in turn: the memory of one is not the memory of
the other.

Linux counts a process's peak from its own `exec` on (`VmHWM`); `ru_maxrss` would hand the parent's
down to it.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

from reporting_agent.cli import MEMORY_KEPT_MS
from tests.performance.measurement import Measurement

if sys.platform == "linux":  # as the agent sets it for itself; the children inherit it
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "jemalloc")
    os.environ.setdefault("JE_ARROW_MALLOC_CONF", f"dirty_decay_ms:{MEMORY_KEPT_MS}")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

Action = Callable[[], Any]
"""What a side does, picklable; what it gives back is small and shows that the work was done."""


class Side:
    """One side, warm and waiting in its process."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.seconds: list[float] = []
        self.processor_s: list[float] = []
        self.answer: Any = None
        self.run()  # the warm-up: imports, file cache
        self.seconds.clear()
        self.processor_s.clear()

    def run(self) -> None:
        self._connection.send("run")
        seconds, processor_s, self.answer = self._connection.recv()
        self.seconds.append(seconds)
        self.processor_s.append(processor_s)

    def peak_rss_mb(self) -> float:
        self._connection.send("peak")
        peak: float = self._connection.recv()
        return peak


def compare_apart(
    name: str,
    size: str,
    ours: Action,
    reference_name: str,
    reference: Action,
    agree: Callable[[Any, Any], bool],
    runs: int = 5,
    readings: int | None = None,
) -> Measurement:
    """Time both alternately, each in its own process.

    Args:
        agree: whether the two last answers fit together; a side that is quick because it did less
            is an error.
        readings: how many ours passes in a run, to tell how many a second and core (seconds of the
            processor).
    """
    with _child(ours) as own, _child(reference) as other:
        for _ in range(runs):
            own.run()
            other.run()
        if not agree(own.answer, other.answer):
            raise AssertionError(
                f"{name}: the two sides do not agree: {own.answer} and {other.answer}"
            )
        ours_s, reference_s = median(own.seconds), median(other.seconds)
        rate = f" {readings / median(own.processor_s):,.0f} a second and core," if readings else ""
        return {
            "name": name,
            "ours_s": ours_s,
            "reference": reference_name,
            "reference_s": reference_s,
            "ratio": ours_s / reference_s,
            "peak_rss_mb": round(own.peak_rss_mb(), 1),
            "size": f"{size},{rate} processor time x "
            f"{median(own.processor_s) / median(other.processor_s):.2f},"
            f" spread {_spread(own.seconds):.0%} and {_spread(other.seconds):.0%}",
        }


def _spread(seconds: list[float]) -> float:
    """How far the slowest run lies above the quickest."""
    return max(seconds) / min(seconds) - 1


@contextmanager
def _child(action: Action) -> Iterator[Side]:
    context = multiprocessing.get_context("spawn")
    here, remote = context.Pipe()
    process = context.Process(target=_serve, args=(remote, action), daemon=True)
    process.start()
    remote.close()
    try:
        yield Side(here)
    finally:
        here.close()
        process.join()


def _serve(connection: Connection, action: Action) -> None:
    while True:
        try:
            asked = connection.recv()
        except EOFError:
            return
        if asked == "peak":
            connection.send(peak_rss_mb())
            continue
        start, processor_start_s = time.perf_counter(), _processor_s()
        answer = action()
        connection.send((time.perf_counter() - start, _processor_s() - processor_start_s, answer))


def _processor_s() -> float:
    """Seconds of the processor, in all threads and ended child processes: of a busy machine,
    steadier than the clock.
    """
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def peak_rss_mb() -> float:
    """The most memory that this process ever held, in MB."""
    status = Path("/proc/self/status")
    if status.exists():
        peak = next(
            line
            for line in status.read_text(encoding="ascii").splitlines()
            if line.startswith("VmHWM:")
        )
        return int(peak.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
