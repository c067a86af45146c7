"""A fleet on a real Dask cluster of two workers: the same bytes as one by one, a worker that is killed, another release, going on."""

from __future__ import annotations

import json
import os
import shutil
import signal
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
from tests.servers.dask import ROOT, Dask
from tests.unit.fleet.test_fleet import group_of, kills_what_reads_it

HEATS = 60
FILES = ("label.json", "batches.parquet", "rejected.csv")


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


@pytest.mark.long  # which worker is at work is asked from outside: where all cores are busy the site may be done before the answer
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
