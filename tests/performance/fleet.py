"""A fleet on one and two Dask workers beside the ideal: the same sites one after another in one process, divided by the workers.

Both sides are warm, do a site on one processor, and their files are held to the same bytes. One by one and on workers by turns, so that a
noisy minute strikes both. Seconds of the processor stand beside, for a machine that others use. Twenty-four sites, since a worker is handed
one ahead: of few sites the last decides.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
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
FILES = ("label.json", "batches.parquet", "rejected.csv")


def measure(long: bool = False, size: tuple[int, int, int] | None = None) -> Iterator[Measurement]:
    """At each size on one worker and on two; with `long` at 200 sites as well, and at sites of 50 million readings. A size that is given
    (sites, readings of each, distinct) is measured alone, once."""
    for sites, readings, distinct in [size] if size else (*SIZES, *(LONG_SIZES if long else ())):
        with tempfile.TemporaryDirectory(prefix="steplabel-fleet-") as name:
            file = simulated.write(Path(name) / "sites", sites, readings, distinct)
            for workers in (1, 2):
                yield _beside_the_ideal(Path(name), file, workers, readings, 1 if long or size else RUNS)


def _beside_the_ideal(folder: Path, file: Path, workers: int, readings: int, runs: int) -> Measurement:
    clusters = folder / f"cluster-{workers}"
    clusters.mkdir()
    dask = Dask(clusters, workers)
    seconds: dict[str, list[float]] = {"workers": [], "one by one": []}
    used: dict[str, list[float]] = {"workers": [], "one by one": []}
    try:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            _warm(alone, dask, folder, file, workers)
            for turn in range(runs):
                outs = {side: folder / f"{workers}-{turn}-{side.replace(' ', '-')}" for side in seconds}
                tasks = tasks_of(file, outs["one by one"])
                start = time.perf_counter()
                taken_s = [alone.submit(_timed, task).result() for task in tasks]
                seconds["one by one"].append(time.perf_counter() - start)
                used["one by one"].append(sum(taken_s))
                tasks, before_s = tasks_of(file, outs["workers"]), _processor_s(dask)
                start = time.perf_counter()
                outcomes = list(Cluster(dask.address).run(tasks))
                seconds["workers"].append(time.perf_counter() - start)
                used["workers"].append(_processor_s(dask) - before_s)
                _require_all(outcomes, len(tasks))
                if digests(outs["workers"]) != digests(outs["one by one"]):
                    raise AssertionError("the files of the cluster are not those of one by one")
        peak_mb = max(_of_workers(dask, peak_rss_mb))
    finally:
        dask.stop()
    ours_s, ideal_s = median(seconds["workers"]), median(seconds["one by one"]) / workers
    alone_s = median(used["one by one"])
    return {
        "name": f"fleet, {workers} worker{'s' * (workers > 1)}",
        "ours_s": ours_s,
        "reference": f"one by one / {workers}",
        "reference_s": ideal_s,
        "ratio": ours_s / ideal_s,
        "peak_rss_mb": round(peak_mb, 1),
        "size": f"{len(tasks)} sites of {readings / 1e6:g} M readings, {alone_s / len(tasks):.2f} s of a processor a site,"
        f" on workers x {median(used['workers']) / alone_s:.2f}",
    }


def tasks_of(file: Path, out: Path) -> list[Task]:
    return [Task(path, {}, YEAR, "en", f"{out}/{name_of(path)}") for path in load_fleet(file).files()]


def digests(out: Path) -> dict[str, str]:
    """Of every file that must be the same to the byte."""
    found = [path for name in FILES for path in out.glob(f"*/{name}")]
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def _warm(alone: ProcessPoolExecutor, dask: Dask, folder: Path, file: Path, workers: int) -> None:
    """Imports and the files of the system, on both sides."""
    sites = tasks_of(file, folder / f"{workers}-warm")
    alone.submit(_timed, sites[0]).result()
    list(Cluster(dask.address).run(tasks_of(file, folder / f"{workers}-warm-workers")[: 2 * workers]))


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
