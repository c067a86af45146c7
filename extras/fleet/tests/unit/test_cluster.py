"""A fleet on a real Dask cluster of two workers with TLS: the same bytes as one by one, also where
the sites and their results lie in object storage; a worker that is killed, going on."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from benchmarks.errors import InputError
from extras.fleet import cluster
from extras.fleet.fleet_settings import load_fleet
from extras.fleet.tests.unit.test_fleet import group_of, kills_what_reads_it
from reporting_agent.cli import main
from tests.servers import s3
from tests.servers.dask import Dask, certificates
from tests.servers.s3 import ObjectStorage

HEATS = 60
FILES = ("label.json", "batches.parquet", "rejected.csv")


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStorage]:
    """Object storage that this process and the workers find in their environment."""
    with (
        s3.serving(tmp_path_factory.mktemp("s3")) as started,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in started.environment.items():
            environment.setenv(name, value)
        environment.setenv("STEPLABEL_OBJECTS", str(tmp_path_factory.mktemp("objects")))
        yield started


@pytest.fixture(scope="module")
def dask(storage: ObjectStorage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    started = Dask(tmp_path_factory.mktemp("dask"), tls=True)
    yield started
    started.stop()


def fleet(file: Path | str, out: Path | str, dask: Dask) -> int:
    return main(
        [
            "fleet",
            "--config",
            str(file),
            "label",
            "--period",
            "2016",
            "--out",
            str(out),
            *dask.reached_by(),
        ]
    )


def sites_of(out: Path) -> list[dict[str, Any]]:
    sites: list[dict[str, Any]] = json.loads((out / "group.json").read_text(encoding="utf-8"))[
        "sites"
    ]
    return sites


def require_same_bytes(file: Path, out: Path, folder: Path, number: int) -> None:
    """Of a site of the fleet, and of `label` on it alone."""
    alone = folder / f"alone-{number}"
    assert (
        main(
            [
                "label",
                "--site",
                str(file.parent / f"works-{number}" / "site.toml"),
                "--period",
                "2016",
                "--out",
                str(alone),
            ]
        )
        == 0
    )
    for name in FILES:
        assert (out / f"{number + 1:03}-works-{number}" / name).read_bytes() == (
            alone / name
        ).read_bytes(), name


@pytest.mark.slow
def test_sites_on_a_cluster_have_the_bytes_of_one_by_one_and_are_not_done_again(
    dask: Dask, tmp_path: Path
) -> None:
    file, out = group_of(tmp_path, 2, HEATS), tmp_path / "out"
    assert fleet(file, out, dask) == 1  # one site has no log
    for number in range(2):
        require_same_bytes(file, out, tmp_path, number)
    assert fleet(file, out, dask) == 1
    assert [site["kept"] for site in sites_of(out)] == [True, True, False]
    assert sites_of(out)[2]["refused"]["code"] == "file-missing"


# which worker is at work is asked from outside: where all cores are busy the site may be done
# before the answer
@pytest.mark.long
@pytest.mark.slow
def test_a_worker_that_is_killed_while_it_labels_loses_no_site(dask: Dask, tmp_path: Path) -> None:
    file, out = group_of(tmp_path, 2, HEATS), tmp_path / "out"
    killed: list[tuple[int, bool]] = []
    with dask.client() as client:
        client.wait_for_workers(len(dask.workers), 60)
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
    assert [site["refused"] is None for site in sites_of(out)] == [True, True, False]
    for number in range(2):
        require_same_bytes(file, out, tmp_path, number)


@pytest.mark.slow
def test_the_site_of_a_worker_that_died_is_repeated_with_the_same_bytes(
    dask: Dask, tmp_path: Path
) -> None:
    file, out = group_of(tmp_path, 2, 120), tmp_path / "out"
    kills_what_reads_it(tmp_path / "works-0" / "site.toml", once=True)
    assert fleet(file, out, dask) == 1  # one site has no log
    assert (tmp_path / "works-0" / "died").exists()
    assert [site["refused"] is None for site in sites_of(out)] == [True, True, False]
    for number in range(2):
        require_same_bytes(file, out, tmp_path, number)


@pytest.mark.slow
def test_sites_and_results_in_object_storage_have_the_bytes_of_those_on_the_disk(
    dask: Dask, storage: ObjectStorage, tmp_path: Path
) -> None:
    file, destination = group_of(tmp_path, 2, 120), "s3://plant/results"
    for path in tmp_path.glob("*/*"):
        storage.put(f"plant/{path.relative_to(tmp_path).as_posix()}", path.read_bytes())
    text = file.read_text("utf-8")
    storage.put("plant/fleet.toml", text.encode())
    file.write_text(re.sub('file = "', 'file = "s3://plant/', text), "utf-8")
    for declared, is_kept in ((file, False), ("s3://plant/fleet.toml", True)):
        assert fleet(declared, destination, dask) == 1
        sites = json.loads(storage.get("plant/results/group.json"))["sites"]
        assert [site["kept"] for site in sites] == [is_kept, is_kept, False]
        assert sites[2]["refused"]["code"] == "file-missing"
    for number in range(2):
        alone = tmp_path / f"alone-{number}"
        assert (
            main(
                [
                    "label",
                    "--site",
                    str(tmp_path / f"works-{number}" / "site.toml"),
                    "--period",
                    "2016",
                    "--out",
                    str(alone),
                ]
            )
            == 0
        )
        for name in FILES:
            assert (
                storage.get(f"plant/results/{number + 1:03}-works-{number}/{name}")
                == (alone / name).read_bytes()
            ), name


@pytest.mark.slow
def test_what_is_relative_in_a_fleet_file_of_object_storage_is_beside_it(
    storage: ObjectStorage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sites = (
        '[[sites]]\nfile = "a/site.toml"\nstatus = "stand/a.json"\n[[sites]]\nfile = '
        '"../b/site.toml"\nstatus = "stand/none.json"\n'
    )
    storage.put(
        "plant/group/fleet.toml",
        f'[fleet]\nname = "Group"\nreads = ["more", "/data"]\n{sites}'.encode(),
    )
    assert main(["status", "--state", str(tmp_path), "--out", str(tmp_path / "a.json")]) == 0
    storage.put("plant/group/stand/a.json", (tmp_path / "a.json").read_bytes())
    read = load_fleet("s3://plant/group/fleet.toml")
    assert (read.files(), read.reads()) == (
        ("s3://plant/group/a/site.toml", "s3://plant/b/site.toml"),
        ("s3://plant/group/more", "/data"),
    )
    capsys.readouterr()
    assert main(["fleet", "--config", "s3://plant/group/fleet.toml", "status", "--csv"]) == 0
    assert "not-enrolled\nb,,,,,,,not-read\n" in capsys.readouterr().out
    with pytest.raises(InputError) as refused:
        load_fleet("s3://plant/none.toml")
    assert refused.value.code == "fleet-unreadable"


@pytest.mark.slow
def test_who_has_a_certificate_of_another_authority_does_not_reach_the_cluster(
    dask: Dask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_S", 2)
    own = certificates(tmp_path)
    strange = [word for name, file in own.items() for word in (f"--tls-{name}", str(file))]
    file = group_of(tmp_path, 1, 120)
    for options in (strange, [*strange[2:], "--tls-ca-file", str(dask.certificates["ca-file"])]):
        asked = [
            "fleet",
            "--config",
            str(file),
            "label",
            "--period",
            "2016",
            "--out",
            str(tmp_path / "out"),
            "--dask",
            dask.address,
        ]
        assert main([*asked, *options]) == 1
        refusal = capsys.readouterr().err
        assert "dask-unreachable" in refusal
        assert any(word in refusal for word in ("TLS certificate", "SSL")), (
            refusal
        )  # whichever side notices first


@pytest.mark.slow
def test_a_site_that_kills_workers_again_and_again_is_named_and_stops_no_other(
    dask: Dask, tmp_path: Path
) -> None:
    file, out = group_of(tmp_path, 2, 120), tmp_path / "out"
    kills_what_reads_it(tmp_path / "works-0" / "site.toml")
    assert fleet(file, out, dask) == 1
    assert [site["refused"] and site["refused"]["code"] for site in sites_of(out)] == [
        "fleet-process-died",
        None,
        "file-missing",
    ]
