"""The embedded broker never shows half a message: a worker that read one would end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from threading import Thread

import pytest
from kombu.connection import Connection

from portal.broker import Channel


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Channel]:
    folders = {
        "data_folder_in": tmp_path / "in",
        "data_folder_out": tmp_path / "in",
        "processed_folder": tmp_path / "done",
    }
    for folder in folders.values():
        folder.mkdir(exist_ok=True)
    options = {name: str(folder) for name, folder in folders.items()} | {
        "control_folder": str(tmp_path / "control")
    }
    with Connection(
        "filesystem://localhost", transport="portal.broker:Transport", transport_options=options
    ) as connection:
        yield connection.default_channel


def test_a_message_appears_only_when_it_is_whole(
    channel: Channel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names_before: list[list[str]] = []
    replace = Path.replace

    def watched(self: Path, target: Path) -> Path:
        names_before.append([file.name for file in (tmp_path / "in").glob("*.msg")])
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    channel._put("celery", {"task": "sweep"})
    assert names_before == [[]]
    assert channel._get("celery") == {"task": "sweep"}
    with pytest.raises(Empty):
        channel._get("celery")


def test_a_reader_at_work_while_messages_come_reads_every_one(channel: Channel) -> None:
    read: list[int] = []

    def reader() -> None:
        while len(read) < 300:
            try:
                read.append(channel._get("celery")["number"])
            except Empty:
                continue

    thread = Thread(target=reader)
    thread.start()
    for number in range(300):
        channel._put("celery", {"number": number})
    thread.join(30)
    assert sorted(read) == list(range(300))


def test_a_table_of_queues_is_whole_from_its_first_moment_and_keeps_what_stands_in_it(
    channel: Channel,
) -> None:
    channel._queue_bind("celery", "celery", "", "celery")
    channel._queue_bind("celery", "other", "", "other")
    channel._queue_bind("celery", "celery", "", "celery")
    assert sorted(entry.queue for entry in channel.get_table("celery")) == ["celery", "other"]
    assert [file.name for file in channel.control_folder.iterdir()] == ["celery.exchange"]
