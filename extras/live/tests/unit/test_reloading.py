"""site.toml read again while `watch` runs: refused whole, or applied to what changed alone."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from extras.live.control_room import shift_ends
from extras.live.control_room.room_view import RoomView
from extras.live.control_room.shifts import bounds
from extras.live.reloading import topics_left
from extras.live.sources.settings import LiveSettings
from extras.live.spool.writer import now_us
from extras.live.watching import SiteWatch
from fixtures.simulator.furnaces import Furnaces
from reporting_agent.config import load_site
from tests.servers import free_port

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
        self.watch = SiteWatch(
            load_site(folder / "site.toml"), lambda text: self.told.append(str(text))
        )
        self.watch.room.start()
        for source in self.watch.sources:
            source.start()

    def write(self, *names: str, more: str = "", meters: str = "") -> None:
        self.site = Furnaces().fed_by(
            self.folder, more + "".join(FILES.format(name=name) for name in names)
        )
        self.site.write_text(self.site.read_text("utf-8") + meters, "utf-8")

    def add(self, name: str, minute: int, at: str = "") -> None:
        file = self.folder / f"{name}.csv"
        if not file.exists():
            file.write_text("tag,at,value\n", "utf-8")
        with file.open("a", encoding="utf-8") as growing:
            growing.write(f"eaf-1-gas,{at or AT.format(minute)},{minute}\n")

    def rounds_until(self, count: int) -> None:
        for _ in range(200):
            self.watch.round()
            if self.watch.stored >= count:
                return
        raise AssertionError(f"{self.watch.stored} of {count}")

    def end(self) -> None:
        for source in self.watch.sources:
            source.stop()
        self.watch.spool.close()
        self.watch.room.stop()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    session = Running(tmp_path)
    yield session
    session.end()


def test_a_source_more_is_begun_and_the_others_are_not_touched(running: Running) -> None:
    running.add("one", 1)
    running.rounds_until(1)
    (first,) = running.watch.sources
    running.write("zero", "one")
    running.watch.reload()
    assert (
        running.told[-1]
        == "site.toml was read again and is in force. Sources that stay connected: 1; ended: 0; "
        "started: 1."
    )
    assert running.watch.sources[1] is first
    running.add("zero", 2)
    running.add("one", 3)
    running.rounds_until(3)


@pytest.mark.parametrize(
    "changed",
    ["[source.alerts]\nfalse_alarms_a_week = 0.5\n", '[runs]\nshift_starts = ["05:00"]\n'],
)
def test_a_reload_after_the_end_of_a_shift_does_not_lose_its_summary(
    running: Running, changed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = running.watch.site
    end, _ = bounds(site.runs.shift_starts, datetime.now(UTC), site.zone)
    for minute, stamp in enumerate((end - timedelta(minutes=1), end), start=1):
        running.add("one", minute, stamp.astimezone(UTC).isoformat())
        running.rounds_until(minute)
        monkeypatch.setattr(running.watch.room, "_shown_s", float("-inf"))
        running.watch.round()
    room = running.watch.room
    running.write("one", meters=changed)
    running.watch.reload()
    assert running.watch.room is not room
    assert [
        text for text in running.told if text.startswith("Shift of ")
    ] == []  # what comes late has its time
    monkeypatch.setattr(shift_ends, "WAITS_S", 0.0)
    running.watch.round()
    assert len([text for text in running.told if text.startswith("Shift of ")]) == 1


def test_a_source_that_changed_ends_and_the_one_in_its_place_goes_on_where_it_was(
    running: Running,
) -> None:
    running.add("one", 1)
    running.rounds_until(1)
    (first,) = running.watch.sources
    running.site.write_text(
        running.site.read_text("utf-8").replace("every_s = 0.05", "every_s = 0.06"), "utf-8"
    )
    running.watch.reload()
    assert running.told[-1].endswith("Sources that stay connected: 0; ended: 1; started: 1.")
    assert running.watch.sources != [first]
    running.add("one", 2)
    running.rounds_until(2)
    assert running.watch.repeated == 0


def test_after_a_reload_the_last_reading_of_each_meter_is_that_of_the_spool(
    running: Running,
) -> None:
    for minute in (1, 2):
        running.add("one", minute)
    running.rounds_until(2)
    running.write(
        "one",
        meters='\n[[meters]]\nid = "eaf-1-new"\nstep = "eaf"\ncarrier = "electricity"\nunit = '
        '"kWh"\nreading = "register"\n',
    )
    running.watch.reload()
    assert "is in force" in running.told[-1] + running.told[-2]
    wall_us = now_us()
    silent = dict(running.watch.room.plant.totals.silent(wall_us))
    assert silent["eaf-1-gas"] == round(datetime.fromisoformat(AT.format(2)).timestamp() * 1e6)
    assert silent["eaf-1-new"] == 0
    running.watch.round()
    assert running.watch.room.latest is not None
    states = {
        row["name"]: row["state"]
        for row in RoomView(running.watch.room.pages.words).of(running.watch.room.latest, "en")[
            "sources"
        ]
    }
    assert (states["eaf-1-gas"], states["eaf-1-new"]) == (
        "Silent since 2025-01-02 07:02",
        "Never received",
    )


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
def test_what_is_wrong_is_told_and_the_old_settings_stay(
    running: Running, change: tuple[str, str], why: str
) -> None:
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


@pytest.mark.parametrize(
    ("change", "where", "value", "wanted"),
    [
        (
            ("every_s = 0.05", 'every_s = "soon"'),
            "every_s in the first [[source.files]]",
            "'soon'",
            "a number",
        ),
        (
            ("[source.files.readings]", "[source.files.reading]"),
            "reading in the first [[source.files]]",
            "does not know",
            "docs/live.md",
        ),
        (
            ('path = "one.csv"', "path = 1"),
            "path in the first [[source.files]]",
            "1",
            "a text in quotation marks",
        ),
        (
            ('unit = "kWh"', "unit = 5"),
            "unit in the table [[meters]] of eaf-1-electricity",
            "5",
            "a text in quotation marks",
        ),
        (
            ('folder = "spool"', 'folder = "spool"\nwhen_full = "stop"'),
            "when_full in [source]",
            "'stop'",
            "'wait', 'drop-oldest'",
        ),
        (
            ('folder = "spool"', 'folder = "spool"\npage = { port = "high" }'),
            "port in [source.page]",
            "'high'",
            "a whole number",
        ),
        (
            (
                'folder = "spool"',
                'folder = "spool"\nreports = { every = "month", first = "2025-13" }',
            ),
            "[source.reports]",
            "fit",
            "2025-01",
        ),
    ],
)
def test_a_value_of_the_wrong_type_is_named_as_a_person_finds_it(
    running: Running, change: tuple[str, str], where: str, value: str, wanted: str
) -> None:
    running.site.write_text(running.site.read_text("utf-8").replace(*change, 1), "utf-8")
    running.watch.reload()
    refusal = running.told[-1]
    assert "the earlier settings remain in force" in refusal
    assert f"{running.site}, {where}:" in refusal
    for line, text in (("found:", value), ("needed:", wanted)):
        assert text in next(part for part in refusal.splitlines() if line in part)


def test_a_page_whose_address_is_taken_is_refused_before_anything_ends(running: Running) -> None:
    running.add("one", 1)
    running.rounds_until(1)
    before = list(running.watch.sources)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running.write("two", more=f"[source.page]\nport = {listener.getsockname()[1]}\n")
        running.watch.reload()
    assert "[page-address]" in running.told[-1]
    assert running.watch.sources == before
    running.add("one", 2)
    running.rounds_until(2)


def test_another_name_of_the_page_is_known_at_the_same_address(running: Running) -> None:
    port = free_port()
    for names in ("", 'names = ["wall.example"]\n'):
        running.write("one", more=f"[source.page]\nport = {port}\n{names}")
        running.watch.reload()
        assert "is in force" in running.told[-1]
    assert running.watch.room.server is not None
    assert "wall.example" in running.watch.room.server.names


def test_a_certificate_that_is_not_there_is_told(running: Running) -> None:
    broker = (
        '[[source.mqtt]]\nhost = "127.0.0.1"\nclient_id = "a"\nca_file = "ca.pem"\nreadings = [{ '
        'topic = "x", meter = "eaf-1-gas" }]\n'
    )
    running.write("one", more=broker)
    running.watch.reload()
    assert "[certificate-unreadable]" in running.told[-1]
    assert len(running.watch.sources) == 1


def test_a_meter_more_makes_a_new_room_that_knows_what_was(running: Running) -> None:
    running.add("one", 1)
    running.rounds_until(1)
    room = running.watch.room
    running.write(
        "one",
        meters='\n[[meters]]\nid = "eaf-3"\nstep = "eaf"\ncarrier = "electricity"\nreading = '
        '"register"\nunit = "kWh"\n',
    )
    running.watch.reload()
    assert "Sources that stay connected: 1" in running.told[-1]
    assert running.watch.room is not room
    assert "eaf-3" in running.watch.room.plant.totals.by_meter
    assert running.watch.room.plant.totals.by_meter["eaf-1-gas"].value.tolist() == [1.0]


def test_a_changed_file_is_read_where_site_toml_says_so_once_it_stands_still(
    running: Running,
) -> None:
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


def test_a_reload_tells_of_meters_whose_saved_readings_count_otherwise(running: Running) -> None:
    running.add("one", 1)
    running.rounds_until(1)
    declared = running.site.read_text("utf-8")
    section = next(part for part in declared.split("\n[[") if 'id = "eaf-1-gas"' in part)
    running.site.write_text(
        declared.replace(section, section.replace("lhv = 35.6", "lhv = 36.0")), "utf-8"
    )
    running.watch.reload()
    (changed,) = (
        text
        for text in running.told
        if text.startswith("Declared otherwise than before: eaf-1-gas.")
    )
    assert "run `label` again" in changed
    running.site.write_text(declared.replace(f"\n[[{section}", ""), "utf-8")
    running.watch.reload()
    (gone,) = (
        text for text in running.told if text.startswith("site.toml no longer declares eaf-1-gas.")
    )
    assert "count nowhere" in gone
    assert (
        len([text for text in running.told if "eaf-1-electricity" in text]) == 0
    )  # nothing of it is saved


def test_topics_that_nobody_reads_any_more_are_told() -> None:
    mapping = {"topic": "n/meters/+", "meter_level": 3, "fields": {"time": "t"}}
    before = LiveSettings(
        folder=Path("spool"), mqtt=({"host": "h", "client_id": "c", "readings": [mapping]},)
    )
    moved = LiveSettings(
        folder=Path("spool"),
        mqtt=({"host": "h", "client_id": "c", "readings": [mapping | {"topic": "n/metres/+"}]},),
    )
    faster = LiveSettings(
        folder=Path("spool"),
        mqtt=({"host": "h", "client_id": "c", "readings": [mapping | {"time": "ms"}]},),
    )
    (left,) = topics_left(before, moved)
    assert left.startswith("No longer read: n/meters/+ (h:1883).")
    assert list(topics_left(before, faster)) == []


def test_a_full_spool_stands_on_the_page_and_no_meter_is_called_silent_for_it(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    running.add("one", 1)
    running.rounds_until(1)
    running.watch.spool.bound(1, drop_oldest=False)
    running.add("one", 2)
    for _ in range(200):
        running.watch.round()
        if running.watch.intake.full is not None:
            break
    monkeypatch.setattr(running.watch.room, "_shown_s", float("-inf"))
    running.watch.round()
    rows = sources_shown(running)
    assert (
        "accepts no more data: it has reached most_gb of site.toml. Nothing is acknowledged"
        in rows["Spool"]
    )
    assert rows["Spool"].endswith("Free space on its disk, or raise most_gb in site.toml.")
    assert "eaf-1-electricity" not in rows  # nobody can tell what was refused
    running.watch.spool.bound(None, drop_oldest=False)
    running.rounds_until(2)
    monkeypatch.setattr(running.watch.room, "_shown_s", float("-inf"))
    running.watch.round()
    assert "Spool" not in sources_shown(running)
    assert sources_shown(running)["eaf-1-electricity"] == "Never received"
    assert [text for text in running.told if "The spool " in text][
        -1
    ] == "The spool accepts readings again."


def sources_shown(running: Running) -> dict[str, str]:
    assert running.watch.room.latest is not None
    return {
        row["name"]: row["state"]
        for row in RoomView(running.watch.room.pages.words).of(running.watch.room.latest, "en")[
            "sources"
        ]
    }


def test_a_segment_that_cannot_be_written_as_parquet_stands_on_the_page_with_what_it_needs(
    running: Running,
) -> None:
    running.add("one", 1)
    running.rounds_until(1)
    days = running.folder / "spool" / "days"
    days.rmdir()
    days.write_text("in the way", "utf-8")
    running.watch.spool.turn(now_us() + 86_400_000_000)
    deadline = time.monotonic() + 60
    while not running.watch.spool.compaction.trouble:
        assert time.monotonic() < deadline
        running.watch.round()
    running.watch.round()
    (notice,) = [str(state) for name, state, _ in running.watch.notices if name == "Spool"]
    assert "could not be written as Parquet (NotADirectoryError" in notice
    assert (
        "the agent tries again each minute. That needs 1 MB of free disk and about 500 MB of free "
        "memory" in notice
    )
    assert notice in running.told
    days.unlink()
    days.mkdir()
