"""A fleet on one and two Dask workers beside the ideal: the same sites one after another in one process, divided by the workers.

Both sides are warm, do a site on one processor, and their files are held to the same bytes. One by one and on workers by turns, so that a
noisy minute strikes both; where a size is given, one by one and one worker at the same time, each on a processor of its own, since two
hundred large sites take most of an hour each way. Seconds of the processor stand beside, for a machine that others use. Twenty-four sites,
since of few the last decides.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from distributed import Client

from fixtures import fleet as simulated
from fixtures.simulator.melt_shop import YEAR
from reporting_agent.fleet.cluster import Cluster
from reporting_agent.fleet.declared import load_fleet
from reporting_agent.fleet.one_site import do
from reporting_agent.fleet.site_tasks import Outcome, Task, name_of
from tests.performance.apart import peak_rss_mb
from tests.performance.measurement import Measurement
from tests.servers.dask import Dask

SIZES = ((24, 100_000, 4),)  # sites, readings of each, distinct
LONG_SIZES = ((200, 100_000, 8), (4, 50_000_000, 2))
RUNS = 3
WORKERS = (1, 2)
FILES = ("label.json", "batches.parquet", "rejected.csv")


def measure(long: bool = False, size: tuple[int, int, int] | None = None) -> Iterator[Measurement]:
    """At each size on one worker and on two; with `long` at 200 sites as well, and at sites of 50 million readings. A size that is given
    (sites, readings of each, distinct) is measured alone, once, one by one beside one worker."""
    for sites, readings, distinct in [size] if size else (*SIZES, *(LONG_SIZES if long else ())):
        with tempfile.TemporaryDirectory(prefix="steplabel-fleet-") as name:
            file = simulated.write(Path(name) / "sites", sites, readings, distinct)
            yield from _beside_the_ideal(Path(name), file, readings, 1 if long or size else RUNS, by_turns=not size)


@dataclass(frozen=True, slots=True)
class _Run:
    """All sites done once: seconds by the clock, seconds of the processors, and the largest memory of a process (MB)."""

    took_s: float
    used_s: float
    peak_mb: float = 0.0


def _beside_the_ideal(folder: Path, file: Path, readings: int, runs: int, *, by_turns: bool) -> Iterator[Measurement]:
    """Each turn one by one, then on one worker and on two: a cluster that waits takes a little from the others."""
    alone: list[_Run] = []
    clusters: dict[int, list[_Run]] = {workers: [] for workers in WORKERS}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process, ThreadPoolExecutor(1) as beside:
        process.submit(_timed, tasks_of(file, folder / "warm")[0]).result()  # imports, and the files of the system
        for turn in range(runs):
            out = folder / f"{turn}-one-by-one"
            one_by_one = beside.submit(_one_by_one, process, tasks_of(file, out))
            if by_turns:
                wait([one_by_one])
            for workers, done in clusters.items():
                on_cluster = folder / f"{turn}-{workers}"
                done.append(_on_workers(file, on_cluster, workers))
                wait([one_by_one])
                if digests(on_cluster) != digests(out):
                    raise AssertionError("the files of the cluster are not those of one by one")
            alone.append(one_by_one.result())
    sites = len(load_fleet(file).files())
    alone_s = median(run.used_s for run in alone)
    for workers, done in clusters.items():
        ours_s, ideal_s = median(run.took_s for run in done), median(run.took_s for run in alone) / workers
        yield {
            "name": f"fleet, {workers} worker{'s' * (workers > 1)}",
            "ours_s": ours_s,
            "reference": f"one by one / {workers}",
            "reference_s": ideal_s,
            "ratio": ours_s / ideal_s,
            "peak_rss_mb": round(max(run.peak_mb for run in done), 1),
            "size": f"{sites} sites of {readings / 1e6:g} M readings, {alone_s / sites:.2f} s of a processor a site,"
            f" on workers x {median(run.used_s for run in done) / alone_s:.2f}",
        }


def _one_by_one(process: ProcessPoolExecutor, tasks: list[Task]) -> _Run:
    start = time.perf_counter()
    used_s = sum(process.submit(_timed, task).result() for task in tasks)
    return _Run(time.perf_counter() - start, used_s)


def _on_workers(file: Path, out: Path, workers: int) -> _Run:
    own = out.with_name(f"{out.name}-cluster")
    own.mkdir()
    dask = Dask(own, workers)
    try:
        list(Cluster(dask.address).run(tasks_of(file, own / "warm")[: 2 * workers]))
        tasks, before_s, start = tasks_of(file, out), _processor_s(dask), time.perf_counter()
        outcomes = list(Cluster(dask.address).run(tasks))
        took_s, used_s = time.perf_counter() - start, _processor_s(dask) - before_s
        _require_all(outcomes, len(tasks))
        return _Run(took_s, used_s, max(_of_workers(dask, peak_rss_mb)))
    finally:
        dask.stop()


def tasks_of(file: Path, out: Path) -> list[Task]:
    return [Task(path, {}, YEAR, "en", f"{out}/{name_of(path)}") for path in load_fleet(file).files()]


def digests(out: Path) -> dict[str, str]:
    """Of every file that must be the same to the byte."""
    found = [path for name in FILES for path in out.glob(f"*/{name}")]
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def _timed(task: Task) -> float:
    """Seconds of the processor that the site took."""
    before = time.process_time()
    _require_all([do(task)], 1)
    return time.process_time() - before


def _require_all(outcomes: list[Outcome], count: int) -> None:
    if (done := sum(one.refused is None and not one.kept for one in outcomes)) != count:
        raise AssertionError(f"{done} of {count} sites were done")


def _processor_s(dask: Dask) -> float:
    return sum(_of_workers(dask, time.process_time))


def _of_workers(dask: Dask, asked: Callable[[], float]) -> list[float]:
    with Client(dask.address, set_as_default=False) as client:
        return list(client.run(asked).values())
