"""Workers of a real Dask cluster that may not do sites, or do not get on with them: of another
release, early and late, and frozen.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from extras.fleet import workers
from extras.fleet.tests.unit.test_fleet import reads_by
from reporting_agent.cli import main
from reporting_agent.software import VERSION
from tests.servers.dask import ROOT, Dask
from tests.unit.report.conftest import heats_site

pytestmark = pytest.mark.slow


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A tree of the agent with another version number."""
    tree = tmp_path / "older"
    for package in ("benchmarks", "reporting_agent"):
        shutil.copytree(
            ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    software = tree / "reporting_agent" / "software.py"
    software.write_text(software.read_text("utf-8").replace(f'"{VERSION}"', '"0.0.9"'), "utf-8")
    return tree


@contextmanager
def cluster(folder: Path, right: int) -> Iterator[Dask]:
    folder.mkdir()
    started = Dask(folder, right)
    try:
        with started.client() as client:
            client.wait_for_workers(right, timeout=60) if right else None
        yield started
    finally:
        started.stop()


def held_group(folder: Path, sites: int) -> Path:
    """Sites that tell which process does them, in `held`, and are done once `go` is there."""
    lines = ['[fleet]\nname = "Example Group"\n']
    for number in range(sites):
        works = folder / f"works-{number}"
        works.mkdir()
        heats_site(works, heats=60, name=f"W{number}", site_id=f"works-{number}")
        reads_by(works / "site.toml", "Held", beside_files=True)
        lines.append(f'[[sites]]\nfile = "works-{number}/site.toml"\n')
    file = folder / "fleet.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def label(file: Path, dask: Dask, meanwhile: Callable[[], None]) -> int:
    """Exit status of a run during which something happens to the cluster."""
    other = Thread(target=meanwhile)
    other.start()
    ended = main(
        [
            "fleet",
            "--config",
            str(file),
            "label",
            "--period",
            "2016",
            "--out",
            str(file.parent / "out"),
            *dask.reached_by(),
        ]
    )
    other.join()
    return ended


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def let_go(folder: Path) -> None:
    for works in folder.glob("works-*"):
        (works / "go").touch()


def codes(folder: Path) -> list[str | None]:
    sites = json.loads((folder / "out" / "group.json").read_text(encoding="utf-8"))["sites"]
    return [site["refused"] and site["refused"]["code"] for site in sites]


@pytest.mark.long
def test_a_worker_of_another_release_that_joins_late_is_named_once_and_takes_no_site(
    older: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = held_group(tmp_path, 6)
    with cluster(tmp_path / "dask", right=1) as dask:
        heard: list[str] = []
        monkeypatch.setattr(workers, "say", heard.append)

        def joins() -> None:
            until(lambda: list(tmp_path.glob("works-*/held")))
            dask.worker(older, "--no-nanny")
            with dask.client() as client:
                client.wait_for_workers(2, timeout=60)
            time.sleep(3 * workers.LOOK_EVERY_S)
            let_go(tmp_path)

        assert label(file, dask, joins) == 0
        assert codes(tmp_path) == [None] * 6
        (left_out,) = heard
        assert "0.0.9" in left_out
        assert "worker tcp://127.0.0.1:" in left_out
        assert "fleet-worker-differs" not in capsys.readouterr().err


def test_a_run_is_refused_at_once_where_every_worker_is_of_another_release(
    older: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = held_group(tmp_path, 1)
    with cluster(tmp_path / "dask", right=0) as dask:
        dask.worker(older, "--no-nanny")
        assert label(file, dask, lambda: None) == 1
    refusal = capsys.readouterr().err
    assert "steplabel-agent/0.0.9" in refusal
    assert "worker tcp://127.0.0.1:" in refusal
    assert refusal.count("fleet-worker-differs") == 1
    assert not list(tmp_path.glob("out/*/outcome.json"))


@pytest.mark.long
def test_the_site_of_a_frozen_worker_is_told_and_goes_to_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, frozen = held_group(tmp_path, 3), []
    heard: list[str] = []
    monkeypatch.setattr(workers, "say", heard.append)
    monkeypatch.setattr(workers, "SILENT_S", 15)  # a worker on a busy machine may be late
    with cluster(tmp_path / "dask", right=2) as dask:

        def freezes() -> None:
            worker_file = tmp_path / "works-0" / "held"
            until(lambda: worker_file.exists() and worker_file.read_text())
            frozen.append(int(worker_file.read_text()))
            os.kill(frozen[0], signal.SIGSTOP)
            let_go(tmp_path)

        began = time.monotonic()
        assert label(file, dask, freezes) == 0
        assert time.monotonic() - began < 100  # Dask itself waits for five minutes at least
        os.kill(frozen[0], signal.SIGCONT)
    assert codes(tmp_path) == [None] * 3
    (notice,) = [line for line in heard if "works-0/site.toml" in line]
    assert "tcp://127.0.0.1:" in notice


@pytest.mark.long
def test_a_run_ends_with_a_refusal_where_the_scheduler_is_gone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = held_group(tmp_path, 1)
    with cluster(tmp_path / "dask", right=1) as dask:

        def dies() -> None:
            until(lambda: list(tmp_path.glob("works-*/held")))
            dask.processes[0].kill()

        assert label(file, dask, dies) == 1
        let_go(tmp_path)
    assert "dask-lost" in capsys.readouterr().err


def test_the_profiler_of_dask_rests_while_a_site_is_done_and_runs_again_after(
    tmp_path: Path,
) -> None:
    file = held_group(tmp_path, 1)
    with cluster(tmp_path / "dask", right=1) as dask, dask.client() as client:

        def runs() -> bool:
            return all(
                client.run(
                    lambda dask_worker: dask_worker.periodic_callbacks["profile"].is_running()
                ).values()
            )

        assert runs()

        def profiler_rests() -> None:
            until(lambda: list(tmp_path.glob("works-*/held")))
            until(lambda: not runs())
            let_go(tmp_path)

        assert label(file, dask, profiler_rests) == 0
        until(runs)
