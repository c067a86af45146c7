"""A fleet on one and two Dask workers beside the ideal: the same sites one after another in one
process, divided by the workers.

Both sides are warm, do a site on one processor, and their files are held to the same bytes. One by
one and on workers by turns, so that a noisy minute strikes both; where a size is given, one by one
and one worker at the same time, each on a processor of its own, since two hundred large sites take
most of an hour each way, and in parts of forty sites, since a machine is not as quick all that
time. Seconds of the processor stand beside, for a machine that others use. Twenty-four sites, since
of few the last decides.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from distributed import Client

from extras.fleet.cluster import Cluster
from extras.fleet.fleet_settings import load_fleet
from extras.fleet.one_site import do
from extras.fleet.site_tasks import SiteTaskOutcome, Task, name_of
from fixtures import fleet as simulated
from fixtures.simulator.melt_shop import YEAR
from tests.performance.apart import peak_rss_mb
from tests.performance.measurement import Measurement
from tests.servers.dask import Dask

SIZES = ((24, 100_000, 4),)  # sites, readings of each, distinct
LONG_SIZES = ((200, 100_000, 8), (4, 50_000_000, 2))
RUNS = 3
SITES_A_PART = 40
WORKERS = (1, 2)
FILES = ("label.json", "batches.parquet", "rejected.csv")


def measure(long: bool = False, size: tuple[int, int, int] | None = None) -> Iterator[Measurement]:
    """At each size on one worker and on two; with `long` at 200 sites as well, and at sites of 50
    million readings. A size that is given (sites, readings of each, distinct) is measured alone,
    once, one by one beside one worker."""
    for sites, readings, distinct in [size] if size else (*SIZES, *(LONG_SIZES if long else ())):
        with tempfile.TemporaryDirectory(prefix="steplabel-fleet-") as name:
            file = simulated.write(Path(name) / "sites", sites, readings, distinct)
            yield from _beside_the_ideal(
                Path(name), file, readings, 1 if long or size else RUNS, by_turns=not size
            )


@dataclass(frozen=True, slots=True)
class _Run:
    """All sites done once: seconds by the clock, seconds of the processors, and the largest memory
    of a process (MB).
    """

    took_s: float = 0.0
    used_s: float = 0.0
    peak_mb: float = 0.0

    def then(self, part: _Run) -> _Run:
        return _Run(
            self.took_s + part.took_s, self.used_s + part.used_s, max(self.peak_mb, part.peak_mb)
        )


def _beside_the_ideal(
    folder: Path, file: Path, readings: int, runs: int, *, by_turns: bool
) -> Iterator[Measurement]:
    """Each turn one by one, then on one worker and on two: a cluster that waits takes a little from
    the others.
    """
    files = load_fleet(file).files()
    alone: list[_Run] = []
    clusters: dict[int, list[_Run]] = {workers: [] for workers in WORKERS}
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process,
        ThreadPoolExecutor(1) as beside,
    ):
        process.submit(
            _timed, tasks_of(files[:1], folder / "warm")[0]
        ).result()  # imports, and the files of the system
        for turn in range(runs):
            out = folder / f"{turn}-one-by-one"
            on_clusters = {workers: folder / f"{turn}-{workers}" for workers in WORKERS}
            one_by_one, by_workers = _Run(), dict.fromkeys(WORKERS, _Run())
            for part in [files] if by_turns else _parts(files):
                running = beside.submit(_one_by_one, process, tasks_of(part, out))
                if by_turns:
                    wait([running])
                for workers, on_cluster in on_clusters.items():
                    by_workers[workers] = by_workers[workers].then(
                        _on_workers(part, on_cluster, workers)
                    )
                    wait([running])
                one_by_one = one_by_one.then(running.result())
            alone.append(one_by_one)
            for workers, on_cluster in on_clusters.items():
                clusters[workers].append(by_workers[workers])
                if digests(on_cluster) != digests(out):
                    raise AssertionError("the files of the cluster are not those of one by one")
    sites = len(files)
    alone_s = median(run.used_s for run in alone)
    for workers, done in clusters.items():
        ours_s, ideal_s = (
            median(run.took_s for run in done),
            median(run.took_s for run in alone) / workers,
        )
        yield {
            "name": f"fleet, {workers} worker{'s' * (workers > 1)}",
            "ours_s": ours_s,
            "reference": f"one by one / {workers}",
            "reference_s": ideal_s,
            "ratio": ours_s / ideal_s,
            "peak_rss_mb": round(max(run.peak_mb for run in done), 1),
            "size": f"{sites} sites of {readings / 1e6:g} M readings, {alone_s / sites:.2f} s of "
            "a processor a site,"
            f" on workers x {median(run.used_s for run in done) / alone_s:.2f}",
        }


def _parts(files: Sequence[str]) -> list[Sequence[str]]:
    return [files[first : first + SITES_A_PART] for first in range(0, len(files), SITES_A_PART)]


def _one_by_one(process: ProcessPoolExecutor, tasks: list[Task]) -> _Run:
    start = time.perf_counter()
    used_s = sum(process.submit(_timed, task).result() for task in tasks)
    return _Run(time.perf_counter() - start, used_s)


def _on_workers(files: Sequence[str], out: Path, workers: int) -> _Run:
    own = Path(tempfile.mkdtemp(prefix=f"{out.name}-cluster-", dir=out.parent))
    dask = Dask(own, workers)
    try:
        list(Cluster(dask.address).run(tasks_of(files[: 2 * workers], own / "warm")))
        tasks, before_s, start = tasks_of(files, out), _processor_s(dask), time.perf_counter()
        outcomes = list(Cluster(dask.address).run(tasks))
        took_s, used_s = time.perf_counter() - start, _processor_s(dask) - before_s
        _require_all(outcomes, len(tasks))
        return _Run(took_s, used_s, max(_of_workers(dask, peak_rss_mb)))
    finally:
        dask.stop()


def tasks_of(files: Sequence[str], out: Path) -> list[Task]:
    return [Task(path, {}, YEAR, "en", f"{out}/{name_of(path)}") for path in files]


def digests(out: Path) -> dict[str, str]:
    """Of every file that must be the same to the byte."""
    paths = [path for name in FILES for path in out.glob(f"*/{name}")]
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths
    }


def _timed(task: Task) -> float:
    """Seconds of the processor that the site took."""
    before = time.process_time()
    _require_all([do(task)], 1)
    return time.process_time() - before


def _require_all(outcomes: list[SiteTaskOutcome], count: int) -> None:
    """Every site has its files. One that Dask gave out again, since a worker that stood still was
    taken for lost, says that they were there already: what it wrote the first time is held to the
    same bytes as the others', and the seconds of both stand in the figure."""
    refusals = [
        f"{outcome.file}: {outcome.refusal}" for outcome in outcomes if outcome.refused is not None
    ]
    if refusals or len(outcomes) != count:
        raise AssertionError(
            f"{len(outcomes) - len(refusals)} of {count} sites were done. {'; '.join(refusals)}"
        )


def _processor_s(dask: Dask) -> float:
    return sum(_of_workers(dask, time.process_time))


def _of_workers(dask: Dask, asked: Callable[[], float]) -> list[float]:
    with Client(dask.address, set_as_default=False) as client:
        return list(client.run(asked).values())
