"""Inputs on a real server that speaks S3: the same labels as from files, fetched once and again
where an object changed.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.errors import InputError, Place
from reporting_agent.cli import main
from reporting_agent.sources import object_storage
from tests.servers import free_port, s3
from tests.servers.s3 import ObjectStorage
from tests.unit.report.conftest import heats_site

PLACE = Place("site.toml", column="inputs")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStorage]:
    with s3.serving(tmp_path_factory.mktemp("s3")) as started:
        yield started


@pytest.fixture
def bucket(server: ObjectStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStorage:
    """A bucket called `plant`, and an environment that says where it is."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("STEPLABEL_OBJECTS", str(tmp_path / "objects"))
    return server


def names(pattern: str) -> list[str]:
    return [
        path.relative_to(object_storage.copies()).as_posix()
        for path in object_storage.fetched(pattern, PLACE)
    ]


def test_a_site_whose_inputs_are_objects_has_the_bytes_of_one_whose_inputs_are_files(
    bucket: ObjectStorage, tmp_path: Path
) -> None:
    site = heats_site(tmp_path, heats=60)
    assert (
        main(["label", "--site", str(site), "--period", "2016", "--out", str(tmp_path / "files")])
        == 0
    )
    text = site.read_text(encoding="utf-8")
    for name in ("batches", "energy"):
        bucket.put(f"plant/2016/{name}.csv", (tmp_path / f"{name}.csv").read_bytes())
        (tmp_path / f"{name}.csv").unlink()
        text = text.replace(f'"{name}.csv"', f'"s3://plant/2016/{name}*.csv"')
    site.write_text(text, encoding="utf-8")
    assert (
        main(
            [
                "label",
                "--site",
                str(site),
                "--period",
                "2016",
                "--out",
                str(tmp_path / "objects-out"),
            ]
        )
        == 0
    )
    for name in ("label.json", "batches.parquet", "rejected.csv"):
        assert (tmp_path / "objects-out" / name).read_bytes() == (
            tmp_path / "files" / name
        ).read_bytes(), name


def test_a_pattern_names_objects_as_it_names_files(bucket: ObjectStorage) -> None:
    for name in (
        "r/2016/a.csv",
        "r/2016/b.csv",
        "r/2017/a.csv",
        "r/2016/deep/a.csv",
        "r/2016/a.txt",
        "r/2016/._a.csv",
    ):
        bucket.put(f"plant/{name}", b"x")
    assert names("s3://plant/r/2016/*.csv") == ["plant/r/2016/a.csv", "plant/r/2016/b.csv"]
    assert names("s3://plant/r/*/a.csv") == ["plant/r/2016/a.csv", "plant/r/2017/a.csv"]
    assert names("s3://plant/r/2017/a.csv") == ["plant/r/2017/a.csv"]


def test_an_object_is_fetched_once_and_again_where_it_changed(bucket: ObjectStorage) -> None:
    bucket.put("plant/one.csv", b"first")
    (copy,) = object_storage.fetched("s3://plant/one.csv", PLACE)
    inode = copy.stat().st_ino
    assert object_storage.fetched("s3://plant/one.csv", PLACE) == [copy]
    assert copy.stat().st_ino == inode
    time.sleep(1.1)  # the server keeps whole seconds
    bucket.put("plant/one.csv", b"later")  # of the same size
    assert object_storage.fetched("s3://plant/one.csv", PLACE)[0].read_bytes() == b"later"
    assert [path.name for path in copy.parent.iterdir()] == ["one.csv"]


def test_what_is_not_there_or_not_reached_says_what_to_do(
    bucket: ObjectStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pattern, code in (
        ("s3://plant/none.csv", "file-missing"),
        ("s3://plant/none/*.csv", "file-missing"),
        ("s3://none/a.csv", "file-missing"),
    ):
        with pytest.raises(InputError) as refused:
            object_storage.fetched(pattern, PLACE)
        assert (refused.value.code, refused.value.wanted) == (code, pattern)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(InputError) as refused:
        object_storage.fetched("s3://plant/none.csv", PLACE)
    assert refused.value.code == "object-storage-unreachable"


def test_a_copy_for_which_there_is_no_room_says_so_and_leaves_nothing(
    bucket: ObjectStorage,
) -> None:
    """A limit of the size of files is what a full disk is to a single copy."""
    bucket.put("plant/large.csv", b"x" * 3_000_000)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, limits[1]))
    try:
        with pytest.raises(InputError, match="STEPLABEL_OBJECTS") as refused:
            object_storage.fetched("s3://plant/large.csv", PLACE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert refused.value.code == "output-not-writable"
    assert not [path for path in object_storage.copies().rglob("*") if path.is_file()]
    assert names("s3://plant/large.csv") == ["plant/large.csv"]


def test_what_is_put_is_there_and_a_bucket_that_is_not_is_refused_before_the_work(
    bucket: ObjectStorage, tmp_path: Path
) -> None:
    (tmp_path / "label.json").write_text("{}", "utf-8")
    object_storage.put(tmp_path / "label.json", "s3://plant/out/label.json")
    assert object_storage.text("s3://plant/out/label.json") == "{}"
    assert object_storage.text("s3://plant/out/none.json") is None
    object_storage.require_bucket("s3://plant/out")
    with pytest.raises(InputError) as refused:
        object_storage.require_bucket("s3://none/out")
    assert refused.value.code == "output-not-writable"
    with pytest.raises(InputError) as refused:
        object_storage.put(tmp_path / "label.json", "s3://none/x")
    assert refused.value.code == "output-not-writable"
