"""A disk without room: nothing half-written stays, the remedy is to free space, no site is computed
for it, and what is done is counted.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from benchmarks.errors import InputError
from extras.fleet.one_site import do
from extras.fleet.tests.unit.test_fleet import fleet, group_of, tasks_of
from reporting_agent import pipeline
from reporting_agent.report import writing


def fill(monkeypatch: pytest.MonkeyPatch, folder: Path, but: int = 0) -> None:
    """From now on only `but` bytes of a file fit on the disk that this folder is on; a file that is
    larger stays cut off.
    """
    whole = Path.write_bytes

    def write_bytes(path: Path, content: bytes) -> int:
        if not path.is_relative_to(folder) or len(content) <= but:
            return whole(path, content)
        whole(path, content[:but])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(Path, "write_bytes", write_bytes)


def test_a_file_that_did_not_fit_is_removed_and_the_one_before_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing.write_text(tmp_path / "label.json", "of before")
    fill(monkeypatch, tmp_path, but=3)
    with pytest.raises(InputError) as full:
        writing.write_text(tmp_path / "label.json", "longer than the room")
    assert full.value.code == "output-not-writable"
    assert "Free space" in full.value.remedy
    assert [(path.name, path.read_text(encoding="utf-8")) for path in tmp_path.iterdir()] == [
        ("label.json", "of before")
    ]


def test_a_folder_that_may_not_be_written_to_is_not_called_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(path: Path, _content: bytes) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "write_bytes", forbidden)
    with pytest.raises(InputError) as refused:
        writing.write_text(tmp_path / "label.json", "text")
    assert "Free space" not in refused.value.remedy


@pytest.mark.parametrize(
    "megabytes", [0, 2]
)  # the latter for the files of 10,000 batches and no more
def test_no_site_is_computed_for_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, megabytes: int
) -> None:
    (task, _) = tasks_of(group_of(tmp_path, 1, heats=40), tmp_path / "out")
    fill(monkeypatch, tmp_path / "out", but=megabytes << 20)
    monkeypatch.setattr(pipeline, "label", lambda *_args, **_more: pytest.fail("computed"))
    full = do(task)
    assert full.refused is not None
    assert full.refused["code"] == "output-not-writable"
    assert list(Path(task.out).iterdir()) == []


def test_a_full_disk_is_told_before_the_first_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = group_of(tmp_path, 1, heats=40)
    fill(monkeypatch, tmp_path / "out")
    monkeypatch.setattr("extras.fleet.processes.in_processes", lambda *_: pytest.fail("began"))
    assert fleet(file, tmp_path / "out") == 1
    assert "Free space there" in capsys.readouterr().err


def test_where_the_page_of_all_does_not_fit_the_last_line_counts_the_sites_that_are_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = group_of(tmp_path, 2), tmp_path / "out"

    def full(path: Path, *_: object) -> None:
        raise writing.cannot_write(path, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))

    monkeypatch.setattr(
        writing, "write_json", full
    )  # of this process; the sites are done in others
    assert fleet(file, out) == 1
    last = capsys.readouterr().err.rstrip().splitlines()[-1]
    assert "Free space there" in last
    assert "Sites labelled: 2 of 3; the page of all is missing." in last
