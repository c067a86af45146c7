"""A first day with a backlog, through growing files: in whatever order rows and readings come,
`watch` knows what a restarted one knows.
"""

from __future__ import annotations

import csv
import re
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from extras.live.control_room.notifying import Notifier
from extras.live.control_room.room import Room
from extras.live.reloading import settings_of
from extras.live.running import history, reopening
from extras.live.running.plant import Plant
from extras.live.watching import SiteWatch
from fixtures.simulator.furnaces import Furnaces, Sent
from reporting_agent.config import load_site

# of each furnace: enough for a usual course, and more than is held of a meter beside open batches
HEATS = 40
GATHERED_S = 1.0
IN_TIME_S = 120.0
SOURCES = """
[[source.files]]
path = "readings/*.csv"
every_s = 0.1
[source.files.readings]
columns = { meter = "meter", time = "at", value = "value" }

[[source.files]]
path = "batches/*.csv"
every_s = 0.1
[source.files.batches]

[source.alerts]
false_alarms_a_week = 40.0
"""
Part = Callable[["Backlog"], None]


class Backlog:
    """The files of a plant, written part after part."""

    def __init__(self, folder: Path) -> None:
        self.furnaces = Furnaces(heats=HEATS, every_s=60)
        self.live = self.furnaces.fed_by(folder / "plant", SOURCES)
        self.sent = self.furnaces.readings()
        for name in ("readings", "batches"):
            (self.live.parent / name).mkdir()

    def rows(self) -> None:
        self._write(
            "batches/a.csv",
            [
                list(self.furnaces.batches()[0]),
                *(list(row.values()) for row in self.furnaces.batches()),
            ],
        )

    def readings(self, name: str, sent: Sequence[Sent]) -> None:
        lines = [
            [reading.meter, reading.stamp.isoformat(), repr(reading.value)] for reading in sent
        ]
        self._write(f"readings/{name}.csv", [["meter", "at", "value"], *lines])

    def all_readings(self) -> None:
        self.readings("a", self.sent)

    def electricity(self) -> None:
        self.readings(
            "a", [reading for reading in self.sent if reading.meter.endswith("electricity")]
        )

    def gas(self) -> None:
        self.readings("b", [reading for reading in self.sent if reading.meter.endswith("gas")])

    def newer_half(self) -> None:
        self.readings("a", self.sent[len(self.sent) // 2 :])

    def older_half(self) -> None:
        self.readings("b", self.sent[: len(self.sent) // 2])

    def _write(self, name: str, lines: Sequence[Sequence[str]]) -> None:
        path = self.live.parent / name
        with path.with_suffix(".tmp").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(lines)
        path.with_suffix(".tmp").rename(path)


ORDERS: dict[str, tuple[Part, ...]] = {
    "rows, then readings": (Backlog.rows, Backlog.all_readings),
    "readings, then rows": (Backlog.all_readings, Backlog.rows),
    "rows, then one meter after another": (Backlog.rows, Backlog.electricity, Backlog.gas),
    "rows, then the newer half, then the older": (
        Backlog.rows,
        Backlog.newer_half,
        Backlog.older_half,
    ),
}
SHORT = ("readings, then rows", "rows, then the newer half, then the older")


def watched(backlog: Backlog, parts: Sequence[Part]) -> tuple[Plant, list[str]]:
    """What `watch` knows some seconds after the last part was read, and its sentences."""
    sentences: list[str] = []
    watch, stop, waiting = (
        SiteWatch(load_site(backlog.live), sentences.append),
        threading.Event(),
        list(parts),
    )
    begun_s, last_change = time.monotonic(), (-1, time.monotonic())

    def each_round(running: SiteWatch) -> None:
        nonlocal last_change
        now_s = time.monotonic()
        waits = (
            running.room.plant.unlearned
            or running.room.reopening.gathers
            or running.room.plant.awaited.settling
        )
        busy = -2 if waits else running.stored
        if busy != last_change[0]:
            last_change = busy, now_s
        if busy >= 0 and now_s - last_change[1] > 2 * GATHERED_S:
            if waiting:
                waiting.pop(0)(backlog)
                last_change = -1, now_s
            else:
                stop.set()
        assert now_s - begun_s < IN_TIME_S

    watch.run(stop, each_round)
    assert watch.stored == len(backlog.sent)
    return watch.room.plant, sentences


def restarted(backlog: Backlog) -> Plant:
    site = load_site(backlog.live)
    settings = settings_of(site)
    room = Room(
        site,
        settings,
        lambda sentence: None,
        Notifier(settings.folder, lambda sentence: None, None),
    )
    room.start()
    room.stop()
    return room.plant


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reopening, "GATHERED_S", GATHERED_S)
    monkeypatch.setattr(history, "QUIET_S", GATHERED_S)


@pytest.mark.parametrize(
    "order",
    [pytest.param(order, marks=() if order in SHORT else pytest.mark.long) for order in ORDERS],
)
def test_after_a_backlog_watch_knows_what_a_restarted_one_knows(tmp_path: Path, order: str) -> None:
    backlog = Backlog(tmp_path)
    plant, sentences = watched(backlog, ORDERS[order])
    again = restarted(backlog)
    energies = {batch.id: batch.kgce for batch in again.log.batches.values()}
    assert len(energies) == 2 * HEATS
    assert None not in energies.values()
    assert {batch.id: batch.kgce for batch in plant.log.batches.values()} == pytest.approx(
        energies, rel=1e-9
    )
    assert again.history.limits.single is not None
    assert plant.history.weeks == pytest.approx(again.history.weeks)
    assert (plant.history.limits.single, plant.history.limits.sum) == pytest.approx(
        (again.history.limits.single, again.history.limits.sum)
    )
    assert plant.history.before == pytest.approx(again.history.before)
    assert plant.history.usual.keys() == again.history.usual.keys()
    for kind, usual in again.history.usual.items():
        assert plant.history.usual[kind].label == pytest.approx(usual.label)
        assert plant.history.usual[kind].label_end == pytest.approx(usual.label_end)
    assert [
        sentence for sentence in sentences if re.search("ended|wasting", sentence)
    ] == []  # it is history
