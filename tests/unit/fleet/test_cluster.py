"""A fleet on a real Dask cluster of two workers: the same bytes as one by one, a worker that is killed, another release, going on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from distributed import Client

from reporting_agent.cli import main
from reporting_agent.fleet.cluster import _on_worker
from reporting_agent.fleet.outcomes import Task
from reporting_agent.fleet.release import CarriedShelf, of_this_process
from reporting_agent.software import VERSION
from tests.unit.fleet.test_fleet import group_of, kills_what_reads_it

ROOT = Path(__file__).resolve().parents[3]
HEATS = 120
FILES = ("label.json", "batches.parquet", "rejected.csv")


class Dask:
    """A scheduler and two workers of one thread in processes of their own, as a firm starts them, with this tree on their path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self.address = self._scheduler()
        self.workers = [self.worker() for _ in range(2)]

    def _scheduler(self) -> str:
        file = self.folder / "scheduler.json"
        self._start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        until = time.monotonic() + 60
        while not file.exists() and time.monotonic() < until:
            time.sleep(0.05)
        address: str = json.loads(file.read_text())["address"]
        return address

    def worker(self, tree: Path = ROOT, *more: str) -> subprocess.Popen[bytes]:
        own = ("--nthreads", "1", "--no-dashboard", "--local-directory", str(self.folder), *more)
        return self._start("dask_worker", self.address, "--host", "127.0.0.1", *own, tree=tree)

    def _start(self, module: str, *arguments: str, tree: Path = ROOT) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments]
        environment = os.environ | {"PYTHONPATH": str(tree), "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
        with (self.folder / f"{module}-{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(command, cwd=tree, env=environment, stdout=log, stderr=log, start_new_session=True)
        self.processes.append(process)
        return process

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    cluster = Dask(tmp_path_factory.mktemp("dask"))
    yield cluster
    cluster.stop()


def fleet(file: Path, out: Path, dask: Dask) -> int:
    return main(["fleet", "--config", str(file), "label", "--period", "2016", "--out", str(out), "--dask", dask.address])


def told(out: Path) -> list[dict[str, Any]]:
    sites: list[dict[str, Any]] = json.loads((out / "group.json").read_text(encoding="utf-8"))["sites"]
    return sites


def require_same_bytes(file: Path, out: Path, folder: Path, number: int) -> None:
    """Of a site of the fleet, and of `label` on it alone."""
    alone = folder / f"alone-{number}"
    assert main(["label", "--site", str(file.parent / f"works-{number}" / "site.toml"), "--period", "2016", "--out", str(alone)]) == 0
    for name in FILES:
        assert (out / f"{number + 1:03}-works-{number}" / name).read_bytes() == (alone / name).read_bytes(), name


@pytest.mark.slow
def test_sites_on_a_cluster_have_the_bytes_of_one_by_one_and_are_not_done_again(dask: Dask, tmp_path: Path) -> None:
    file, out = group_of(tmp_path, 2, HEATS), tmp_path / "out"
    assert fleet(file, out, dask) == 1  # one site has no log
    for number in range(2):
        require_same_bytes(file, out, tmp_path, number)
    assert fleet(file, out, dask) == 1
    assert [one["kept"] for one in told(out)] == [True, True, False]
    assert told(out)[2]["refused"]["code"] == "file-missing"


@pytest.mark.slow
def test_a_worker_that_is_killed_while_it_labels_loses_no_site(dask: Dask, tmp_path: Path) -> None:
    file, out = group_of(tmp_path, 2, HEATS), tmp_path / "out"
    killed: list[tuple[int, bool]] = []
    with Client(dask.address, set_as_default=False) as client:
        pids = client.run(os.getpid)

        def kill_one_at_work() -> None:
            until = time.monotonic() + 60
            while time.monotonic() < until:
                for worker, keys in client.processing().items():
                    if any("on_worker" in key for key in keys):
                        done = len(list(out.glob("*/outcome.json")))
                        os.kill(pids[worker], signal.SIGKILL)
                        killed.append((pids[worker], done < 2))
                        return
                time.sleep(0.01)

        killer = Thread(target=kill_one_at_work)
        killer.start()
        assert fleet(file, out, dask) == 1
        killer.join()
        assert [at_work for _, at_work in killed] == [True]
        assert killed[0][0] not in client.run(os.getpid).values()
    assert [one["refused"] is None for one in told(out)] == [True, True, False]
    for number in range(2):
        require_same_bytes(file, out, tmp_path, number)


@pytest.mark.slow
def test_a_site_that_kills_workers_again_and_again_is_named_and_stops_no_other(dask: Dask, tmp_path: Path) -> None:
    file, out = group_of(tmp_path, 2, 40), tmp_path / "out"
    kills_what_reads_it(tmp_path / "works-0" / "site.toml")
    assert fleet(file, out, dask) == 1
    assert [one["refused"] and one["refused"]["code"] for one in told(out)] == ["fleet-process-died", None, "file-missing"]


@pytest.mark.slow
def test_a_worker_of_another_release_is_refused_before_and_while_it_works(
    dask: Dask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = group_of(tmp_path, 1, 40), tmp_path / "out"
    other = tmp_path / "other"
    for package in ("benchmarks", "reporting_agent"):
        shutil.copytree(ROOT / package, other / package, ignore=shutil.ignore_patterns("__pycache__"))
    software = other / "reporting_agent" / "software.py"
    software.write_text(software.read_text("utf-8").replace(f'"{VERSION}"', '"0.0.9"'), "utf-8")
    with Client(dask.address, set_as_default=False) as client:
        dask.worker(other, "--no-nanny", "--name", "older")
        client.wait_for_workers(3, timeout=60)
    assert fleet(file, out, dask) == 1
    refusal = capsys.readouterr().err
    assert "fleet-worker-differs" in refusal
    assert "steplabel-agent/0.0.9" in refusal
    assert not list(out.glob("*/outcome.json"))
    late = _on_worker(Task(file, {}, "2016", "en", out), {**of_this_process(), "numpy": "1.0"}, CarriedShelf({}, {}, ""))
    assert late.refused is not None
    assert late.refused["code"] == "fleet-worker-differs"
