"""A site of a fleet uses one processor, and on a worker of Dask does not pay for its memory again
and again.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from benchmarks.measurements import Period
from extras.fleet import freed_memory
from extras.fleet.fleet_settings import load_fleet
from extras.fleet.one_site import do
from extras.fleet.site_tasks import Task
from fixtures import fleet
from fixtures.simulator.melt_shop import YEAR
from reporting_agent import pipeline
from reporting_agent.config import load_site
from reporting_agent.processors import on_one_processor, processors

FAULTS_OF_ARRAYS = """
import contextlib, resource, sys
import numpy as np
from extras.fleet import freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(100):
        np.ones(1 << 18)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

with freed_memory.keep_freed_memory() if sys.argv[1] == "kept" else contextlib.nullcontext():
    inside = faults()
print(inside, faults())
"""
"""Page faults of a hundred arrays of 2 MiB, each freed before the next."""

PAGES = 100 * (1 << 18) * 8 // 4096


def faults_of_arrays(how: str, environment: dict[str, str]) -> tuple[int, int]:
    """While freed memory is kept, or not, and afterwards, in a process of its own."""
    command = [sys.executable, "-c", FAULTS_OF_ARRAYS, how]
    counts = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=True
    ).stdout.split()
    return int(counts[0]), int(counts[1])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Dask sets this for glibc alone")
def test_on_a_worker_of_dask_memory_that_is_freed_is_kept_until_the_site_is_done() -> None:
    as_nanny_starts = {"MALLOC_TRIM_THRESHOLD_": "65536"}
    inside, after = faults_of_arrays("kept", as_nanny_starts)
    assert inside < PAGES / 20
    assert after > PAGES / 2  # the worker is left as the firm started it
    without, _ = faults_of_arrays("not kept", as_nanny_starts)
    assert without > PAGES / 2


def test_a_worker_of_another_system_does_its_sites_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Dask sets the variable there too, and Windows opens no library without a name."""
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "65536")
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: bytes(name))  # a TypeError, as there
    with freed_memory.keep_freed_memory():
        pass


def test_a_site_starts_no_threads_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    started: list[str] = []
    start = threading.Thread.start

    def noted(thread: threading.Thread) -> None:
        started.append(thread.name)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", noted)
    (file,) = load_fleet(fleet.write(tmp_path, sites=1, readings=20_000, distinct=1)).files()
    assert do(Task(str(file), {}, YEAR, "en", str(tmp_path / "out"))).refused is None
    assert not started
    site = load_site(Path(file))
    pipeline.label(site, Period.parse(YEAR, site.zone), outward=True)
    assert started  # by itself the same site is followed on both


def test_all_processors_are_back_when_a_site_is_done_or_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)

    def fail() -> None:
        with on_one_processor():
            assert processors() == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert processors() == 3
