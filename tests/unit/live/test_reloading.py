"""site.toml read again while `watch` runs: refused whole, or applied to what changed alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.simulator.furnaces import Furnaces
from reporting_agent.config import load_site
from reporting_agent.live.watching import Watch

FILES = """[[source.files]]
path = "{name}.csv"
every_s = 0.05
[source.files.readings]
columns = {{ meter = "tag", time = "at", value = "value" }}

"""
AT = "2025-01-02T06:{:02}:00Z"


class Running:
    """A watch whose rounds are called by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.told = folder, list[str]()
        self.write("one")
        self.watch = Watch(load_site(folder / "site.toml"), lambda text: self.told.append(str(text)))
        self.watch.room.start()
        for source in self.watch.sources:
            source.start()

    def write(self, *names: str, more: str = "", meters: str = "") -> None:
        self.site = Furnaces().fed_by(self.folder, more + "".join(FILES.format(name=name) for name in names))
        self.site.write_text(self.site.read_text("utf-8") + meters, "utf-8")

    def add(self, name: str, minute: int) -> None:
        file = self.folder / f"{name}.csv"
        if not file.exists():
            file.write_text("tag,at,value\n", "utf-8")
        with file.open("a", encoding="utf-8") as growing:
            growing.write(f"eaf-1-gas,{AT.format(minute)},{minute}\n")

    def rounds_until(self, kept: int) -> None:
        for _ in range(200):
            self.watch.round()
            if self.watch.kept >= kept:
                return
        raise AssertionError(f"{self.watch.kept} of {kept}")

    def end(self) -> None:
        for source in self.watch.sources:
            source.stop()
        self.watch.spool.close()
        self.watch.room.stop()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    made = Running(tmp_path)
    yield made
    made.end()


def test_a_source_more_is_begun_and_the_others_are_not_touched(running: Running) -> None:
    running.add("one", 1)
    running.rounds_until(1)
    (first,) = running.watch.sources
    running.write("zero", "one")
    running.watch.reload()
    assert running.told[-1] == "site.toml was read again and is in force: 1 sources stay connected, 0 ended, 1 started."
    assert running.watch.sources[1] is first
    running.add("zero", 2)
    running.add("one", 3)
    running.rounds_until(3)


def test_a_source_that_changed_ends_and_the_one_in_its_place_goes_on_where_it_was(running: Running) -> None:
    running.add("one", 1)
    running.rounds_until(1)
    (first,) = running.watch.sources
    running.site.write_text(running.site.read_text("utf-8").replace("every_s = 0.05", "every_s = 0.06"), "utf-8")
    running.watch.reload()
    assert running.told[-1].endswith("0 sources stay connected, 1 ended, 1 started.")
    assert running.watch.sources != [first]
    running.add("one", 2)
    running.rounds_until(2)
    assert running.watch.repeated == 0


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("every_s = 0.05", "every_s = -1"), "source-option-invalid"),
        (("[[source.files]]", "[[source.files"), "site-not-toml"),
        (('folder = "spool"', 'folder = "elsewhere"'), "spool-moved"),
        (('pack = "steel"', 'pack = "stool"'), "pack"),
        (('source = "spool"', 'source = "example"'), "source-not-live"),
    ],
)
def test_what_is_wrong_is_told_and_the_old_settings_stay(running: Running, change: tuple[str, str], why: str) -> None:
    running.add("one", 1)
    running.rounds_until(1)
    before = list(running.watch.sources)
    running.site.write_text(running.site.read_text("utf-8").replace(*change), "utf-8")
    running.watch.reload()
    assert "was read again and refused; the earlier settings remain in force" in running.told[-1]
    assert why in running.told[-1]
    assert running.watch.sources == before
    running.add("one", 2)
    running.rounds_until(2)


def test_a_meter_more_makes_a_new_room_that_knows_what_was(running: Running) -> None:
    running.add("one", 1)
    running.rounds_until(1)
    room = running.watch.room
    running.write("one", meters='\n[[meters]]\nid = "eaf-3"\nstep = "eaf"\ncarrier = "electricity"\nreading = "register"\nunit = "kWh"\n')
    running.watch.reload()
    assert "1 sources stay connected" in running.told[-1]
    assert running.watch.room is not room
    assert "eaf-3" in running.watch.room.plant.totals.by_meter
    assert running.watch.room.plant.totals.by_meter["eaf-1-gas"].value.tolist() == [1.0]


def test_a_changed_file_is_read_where_site_toml_says_so_once_it_stands_still(running: Running) -> None:
    text = running.site.read_text("utf-8")
    running.site.write_text(text + "\n# changed\n", "utf-8")
    assert not running.watch.reloading.is_due(by_change=False)
    assert running.watch.reloading.is_due(by_change=True)  # it stood as it was a second ago
    running.site.write_text(text, "utf-8")
    os.utime(running.site, ns=(1, 1))
    assert not running.watch.reloading.is_due(by_change=True)  # it may still be written
    assert running.watch.reloading.is_due(by_change=True)
    assert not running.watch.reloading.is_due(by_change=True)
    running.watch.reloading.asked.set()
    assert running.watch.reloading.is_due(by_change=False)
