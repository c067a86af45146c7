"""Files that grow, are rotated, cut, replaced and half written: each reading is kept once, whenever
the agent is away.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.catalogue import in_language
from benchmarks.errors import InputError
from extras.live.control_room.alert_words import AlertWords
from extras.live.control_room.room_view import RoomView
from extras.live.sources import growing_files
from extras.live.sources.growing_files import FileSource
from extras.live.sources.settings import load
from extras.live.sources.source import BACKLOG, NOT_YET
from extras.live.sources.table_settings import GrowingFiles
from extras.live.spool.acknowledging import Intake
from extras.live.spool.kept_rows import kept_rows
from extras.live.spool.segments import frames
from extras.live.spool.writer import Spool
from extras.live.spool_source import SpoolKind
from extras.live.tests.unit.test_page import MOMENT
from fixtures.simulator.furnaces import Furnaces
from reporting_agent.config import load_site

BEGIN = datetime(2025, 1, 2, 6, tzinfo=UTC)
HEADER = "tag;at;kWh\n"
READINGS = {"columns": {"meter": "tag", "time": "at", "value": "kWh"}, "decimal": ","}


def lines(first: int, count: int) -> str:
    return "".join(
        f"m-1;{(BEGIN + timedelta(minutes=position)).isoformat()};{position},5\n"
        for position in range(first, first + count)
    )


class Plant:
    """An agent that is started and killed by hand: what it read and had not stored is lost with
    it.
    """

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.settings = GrowingFiles.model_validate(
            {"path": "out/*.csv", "delimiter": ";", "readings": READINGS, **settings}
        )
        (folder / "out").mkdir()
        self.file = folder / "out" / "meters.csv"
        self.begin()

    def begin(self) -> None:
        self.spool = Spool(self.folder / "spool")
        self.intake = Intake(self.spool)
        self.source = FileSource(self.settings, self.folder, self.intake)
        self.source.go_on_from(self.spool.positions)

    def write(self, text: str, mode: str = "a") -> None:
        with self.file.open(mode, encoding="utf-8", newline="") as file:
            file.write(text)

    def read(self) -> int:
        """One look at the files; how many readings were new."""
        self.source.poll()
        outcome = self.intake.step(0.0)
        return 0 if outcome is None else outcome.new

    def die(self) -> None:
        """Having read what there is, and stored nothing of it."""
        self.source.poll()
        self.spool.close()
        self.begin()

    def held(self) -> list[float]:
        source = SpoolKind().connect({"folder": "spool"}, self.folder, UTC)
        return sorted(
            value for block in source.readings(frozenset({"m-1"})) for value in block.value.tolist()
        )

    def unreadable(self) -> list[str]:
        rows = [
            row
            for path in (self.folder / "spool" / "segments").glob("*.log")
            for frame in frames(path)
            for row in frame.rows
        ]
        return [str(row["why"]) for row in rows if row["table"] == "unreadable"]


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    return Plant(tmp_path)


def rotated(plant: Plant) -> None:
    plant.file.rename(plant.file.with_suffix(".old"))  # the pattern does not name it any more
    plant.write(HEADER + lines(6, 4))


def renamed_within_the_pattern(plant: Plant) -> None:
    plant.file.rename(plant.folder / "out" / "meters-1.csv")
    plant.write(HEADER + lines(6, 4))


def copied_and_cut(plant: Plant) -> None:
    shutil.copy(plant.file, plant.folder / "out" / "meters-1.csv")
    plant.write(HEADER + lines(6, 4), "w")


def replaced_by_a_longer_one(plant: Plant) -> None:
    """As programs do that write all of a file anew, and rename it into place."""
    other = plant.folder / "other"
    other.write_text(HEADER + lines(0, 10), "utf-8")
    os.replace(other, plant.file)


def cut_and_grown_past_what_was_read(plant: Plant) -> None:
    plant.write(HEADER + lines(3, 60), "w")


@pytest.mark.parametrize("died", [False, True])
@pytest.mark.parametrize(
    ("happens", "count"),
    [
        (rotated, 10),
        (renamed_within_the_pattern, 10),
        (copied_and_cut, 10),
        (replaced_by_a_longer_one, 10),
        (cut_and_grown_past_what_was_read, 63),
    ],
)
def test_whatever_becomes_of_a_file_each_reading_is_kept_once(
    plant: Plant, happens: Callable[[Plant], None], count: int, died: bool
) -> None:
    plant.write(HEADER + lines(0, 3))
    assert plant.read() == 3
    plant.write(lines(3, 3))  # not read when it happens
    happens(plant)
    if died:
        plant.die()
    plant.read()
    assert plant.read() == 0
    assert plant.held() == [index + 0.5 for index in range(count)]
    assert plant.unreadable() == []


def test_a_position_that_is_stored_before_its_readings_loses_them(plant: Plant) -> None:
    """The control: by this the tests of deaths can fail."""
    plant.write(HEADER + lines(0, 3))
    plant.source.poll()
    (waiting,) = plant.intake._waiting(0.0)
    plant.spool.append((), waiting.rows)
    plant.spool.close()
    plant.begin()
    assert plant.read() == 0
    assert plant.held() == []


def test_a_half_written_line_waits_for_its_end(plant: Plant) -> None:
    whole = lines(0, 2)
    plant.write(HEADER + whole[:-4])
    assert plant.read() == 1
    plant.write(whole[-4:])
    assert plant.read() == 1
    assert plant.held() == [0.5, 1.5]


def test_a_last_line_without_an_end_counts_once_the_file_stood_still(tmp_path: Path) -> None:
    plant = Plant(tmp_path, complete_after_s=0.01)
    plant.write(HEADER + lines(0, 2).rstrip("\n"))
    assert plant.read() == 1
    time.sleep(0.02)
    assert plant.read() == 1


def test_a_header_half_written_waits_and_one_written_again_is_left_out(plant: Plant) -> None:
    plant.write(HEADER[:5])
    assert plant.read() == 0
    plant.write(HEADER[5:] + lines(0, 1) + HEADER + lines(1, 1))
    assert plant.read() == 2
    assert plant.unreadable() == []


def test_lines_that_cannot_be_read_are_kept_with_the_reason_and_the_others_come(
    plant: Plant,
) -> None:
    plant.write(
        HEADER
        + "m-1;yesterday;1\n;2025-01-02T06:00:00Z;1\nm-1;2025-01-02T06:00:00;1\nm-1;1\nm-1;2025-01-02T06:00:00Z;1.0x\n"
    )
    plant.write(lines(0, 1))
    with plant.file.open("ab") as file:
        file.write(b"m-1;\xff;1\n")
    assert plant.read() == 1
    assert [why.split(":")[0][:24] for why in plant.unreadable()] == [
        "'yesterday' is no time a",
        "no tag",
        "2025-01-02T06",
        "cells in the line",
        "'1.0x' is no number",
        "'utf-8' codec can't deco",
    ]


def test_a_file_without_a_needed_column_is_told_and_the_others_are_read(plant: Plant) -> None:
    (plant.folder / "out" / "a.csv").write_text("tag;when;kWh\nm-1;x;1\n", "utf-8")
    plant.write(HEADER + lines(0, 1))
    assert plant.read() == 1
    [word] = [word for word in plant.source.words() if word.about == "a.csv"]
    assert (
        "a.csv of out/*.csv cannot be read (no column at in the header tag, when, kWh). Its other "
        "files are read" in word.sentence
    )
    (plant.folder / "out" / "a.csv").unlink()
    assert plant.read() == 0
    assert [(word.about, word.state) for word in plant.source.words() if word.about] == [
        ("a.csv", "")
    ]


def test_a_file_is_gone_on_with_however_the_site_was_named(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant.write(HEADER + lines(0, 5))
    assert plant.read() == 5
    plant.spool.close()
    monkeypatch.chdir(plant.folder)
    plant.folder = Path()
    plant.begin()
    plant.source.poll()
    assert plant.intake.step(0.0) is None  # where a repeat would be dropped


def test_a_file_of_another_encoding_is_told_and_the_others_are_read(plant: Plant) -> None:
    (plant.folder / "out" / "a.csv").write_text(HEADER + lines(0, 1), "utf-16")
    plant.write(HEADER + lines(0, 1))
    assert plant.read() == 1
    plant.write(lines(1, 1))
    assert plant.read() == 1
    assert "the header is not in the encoding utf-8" in next(
        word.sentence for word in plant.source.words() if word.about == "a.csv"
    )


def test_what_a_shared_folder_keeps_beside_a_file_is_none_of_the_pattern(plant: Plant) -> None:
    """As `label` passes it over: told as a file that cannot be read, it kept reports waiting for
    good.
    """
    (plant.folder / "out" / "._meters.csv").write_bytes(
        b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        \xb0" + b"\x00" * 160 + b"\n"
    )
    plant.write(HEADER + lines(0, 4))
    assert plant.read() == 4
    assert [word.about for word in plant.source.words() if word.about] == plant.unreadable() == []


def test_a_file_whose_name_is_no_utf_8_is_read_and_gone_on_with(plant: Plant) -> None:
    """As an archive or a share of another encoding leaves it: 电表 in GBK."""
    plant.file = plant.folder / "out" / os.fsdecode(b"\xb5\xe7\xb1\xed.csv")
    plant.write(HEADER + "m-1;yesterday;1\n" + lines(0, 3))
    assert plant.read() == 3
    (row,) = [row for row in kept_rows(plant.spool.folder) if row["table"] == "unreadable"]
    assert row["topic"] == r"\xb5\xe7\xb1\xed.csv"
    plant.write(lines(3, 1))
    plant.spool.seal()
    plant.die()
    assert plant.read() == 1
    plant.source.poll()
    assert plant.intake.step(0.0) is None  # where what was read would be read again
    plant.write("a;b\n", "w")
    plant.source.poll()
    assert [word.about for word in plant.source.words() if word.about] == [r"\xb5\xe7\xb1\xed.csv"]


def test_a_wide_file_holds_a_meter_a_column(tmp_path: Path) -> None:
    plant = Plant(
        tmp_path,
        readings={
            "columns": {"time": "at"},
            "meters": {"E1": "m-1", "E2": "m-2"},
            "format": "%d.%m.%Y %H:%M",
            "offset": "+01:00",
        },
    )
    plant.write("at;E1;E2\n02.01.2025 07:00;1.5;\n")
    plant.source.poll()
    outcome = plant.intake.step(0.0)
    assert outcome is not None
    assert [
        (reading.meter, reading.time_us, str(reading.value)) for reading in outcome.readings
    ] == [
        ("m-1", round(BEGIN.timestamp() * 1e6), "1.5"),
        ("m-2", round(BEGIN.timestamp() * 1e6), "nan"),
    ]


def test_the_place_of_a_file_that_is_gone_is_forgotten_and_outlives_compaction_else(
    plant: Plant,
) -> None:
    plant.write(HEADER + lines(0, 3))
    plant.read()
    plant.spool.seal()
    plant.spool.close()
    plant.begin()
    assert plant.read() == 0
    assert len(plant.spool.positions) == 1
    plant.file.rename(plant.folder / "meters.csv")
    (plant.folder / "out" / "other.csv").write_text(HEADER, "utf-8")
    plant.read()
    assert [Path(name).name for name in plant.spool.positions] == ["other.csv"]


@pytest.mark.parametrize("path", ["*/x.csv", "**/x.csv", "out/[ab]/x.csv"])
def test_a_pattern_over_folders_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="a pattern of names in one folder"):
        GrowingFiles.model_validate({"path": path, "readings": READINGS})


def test_a_file_whose_backlog_is_being_read_is_not_called_without_data(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing_files, "BLOCK_BYTES", 128)
    plant.write(HEADER + lines(0, 400))
    assert plant.source.trouble() == NOT_YET
    plant.source.start()
    deadline = time.monotonic() + 20
    assert plant.intake.step(20.0) is not None
    assert plant.source.trouble() == BACKLOG
    shown = RoomView(AlertWords(load_site(Furnaces(heats=1).write(plant.folder)))).of(
        replace(MOMENT, sources=[("f", BACKLOG)]), "en"
    )
    assert [row["state"] for row in shown["sources"]] == ["Connected; what it holds is being read"]
    assert list(plant.source.words()) == []
    while plant.source.trouble() and time.monotonic() < deadline:
        plant.intake.step(0.1)
    assert plant.source.trouble() == ""
    plant.source.stop()
    assert len(plant.held()) == 400


def test_a_column_that_stands_twice_is_refused_where_it_is_read_and_else_passed_over(
    tmp_path: Path,
) -> None:
    """Delimiters at the end of each line make columns without a name; of two loads called kWh none
    is taken for the meter's.
    """
    plant = Plant(tmp_path)
    plant.write("tag;at;kWh;;\nm-1;2025-01-02T06:00:00Z;1,5;;\n")
    assert plant.read() == 1
    assert plant.unreadable() == []
    plant.write("tag;at;kWh;kWh\nm-1;2025-01-02T06:01:00Z;1,5;2,5\n", "w")
    plant.read()
    assert [word.state for word in plant.source.words()] == [
        "the column kWh stands twice: give each a name of its own"
    ]
    assert plant.held() == [1.5]


def test_readings_and_batches_of_one_file_are_each_read_to_their_own_place(tmp_path: Path) -> None:
    """Of lines that tell both, the table of readings is killed before its lines are stored; that of
    batches has stored them.
    """
    plant = Plant(tmp_path)
    plant.write(
        "tag;at;kWh;batch_id;step\n"
        + "".join(line.strip() + f";b{n};eaf\n" for n, line in enumerate(lines(0, 4).splitlines()))
    )
    batches = {
        "path": "out/*.csv",
        "delimiter": ";",
        "batches": {"columns": {"batch_id": "batch_id", "step": "step"}},
    }
    of_batches = FileSource(GrowingFiles.model_validate(batches), tmp_path, plant.intake)
    of_batches.go_on_from(plant.spool.positions)
    of_batches.poll()
    plant.intake.step(0.0)
    plant.die()
    assert plant.read() == 4
    assert len([row for row in kept_rows(tmp_path / "spool") if row["table"] == "batches"]) == 4


def test_a_table_of_batches_goes_on_from_the_place_that_an_earlier_agent_kept(
    tmp_path: Path,
) -> None:
    plant = Plant(tmp_path)
    plant.write(HEADER + lines(0, 4))
    plant.read()
    place = plant.spool.positions["file:out/meters.csv"]
    batches = {
        "path": "out/*.csv",
        "delimiter": ";",
        "batches": {"columns": {"batch_id": "tag"}, "constants": {"step": "eaf"}},
    }
    of_batches = FileSource(GrowingFiles.model_validate(batches), tmp_path, plant.intake)
    of_batches.go_on_from(plant.spool.positions)
    plant.write(lines(4, 1))
    of_batches.poll()
    plant.intake.step(0.0)
    assert len([row for row in kept_rows(tmp_path / "spool") if row["table"] == "batches"]) == 1
    assert plant.spool.positions["file:out/meters.csv"] == place


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ("out/*.csv", "out/*.csv", True),
        ("out/*.csv", "./out/meters.csv", True),
        ("out/m*.csv", "out/*.csv", True),
        ("out/a*.csv", "out/b*.csv", False),
        ("out/*.csv", "in/*.csv", False),
    ],
)
def test_two_tables_that_read_the_same_of_a_file_are_refused(
    first: str, second: str, shared: bool, tmp_path: Path
) -> None:
    files = [{"path": path, "readings": READINGS} for path in (first, second)]
    if not shared:
        assert len(load({"folder": "spool", "files": files}, tmp_path).files) == 2
        return
    with pytest.raises(InputError, match="files that another entry reads") as refused:
        load({"folder": "spool", "files": files}, tmp_path)
    assert refused.value.code == "source-option-invalid"


def test_a_file_that_the_patterns_of_two_entries_match_is_read_by_neither_and_told_by_both(
    tmp_path: Path,
) -> None:
    """`m*.csv` and `*1.csv` are apart until a file comes that is called m1.csv: after a restart
    each would lack lines of it.
    """
    (tmp_path / "out").mkdir()
    files = [
        {"path": path, "delimiter": ";", "readings": READINGS}
        for path in ("out/m*.csv", "out/*1.csv")
    ]
    batches = {
        "path": "out/m1*.csv",
        "delimiter": ";",
        "batches": {"columns": {"batch_id": "tag", "step": "at"}},
    }
    spool = Spool(tmp_path / "spool")
    intake = Intake(spool)
    settings = load({"folder": "spool", "files": [*files, batches]}, tmp_path)
    first, second, of_batches = (FileSource(entry, tmp_path, intake) for entry in settings.files)
    for name, place in (("m2.csv", 0), ("n1.csv", 1), ("m1.csv", 2)):
        (tmp_path / "out" / name).write_text(HEADER + lines(place, 1), "utf-8")
    for source in (first, second, of_batches):
        source.poll()
        intake.step(0.0)
    stored = SpoolKind().connect({"folder": "spool"}, tmp_path, UTC)
    assert sorted(
        value for block in stored.readings(frozenset({"m-1"})) for value in block.value.tolist()
    ) == [0.5, 1.5]
    assert len([row for row in kept_rows(tmp_path / "spool") if row["table"] == "batches"]) == 1
    for reader, pattern in ((first, "out/*1.csv"), (second, "out/m*.csv")):
        (word,) = reader.words()
        assert word.about == "m1.csv"
        assert pattern in in_language(word.sentence, "en")
        assert "narrow one of the two" in in_language(word.sentence, "en")
    assert list(of_batches.words()) == []
    spool.close()


def test_an_entry_is_another_once_an_entry_beside_it_may_read_its_files(tmp_path: Path) -> None:
    """So that `watch`, which goes on with entries that did not change, begins it anew."""
    first, second = ({"path": path, "readings": READINGS} for path in ("out/m*.csv", "out/*1.csv"))
    (alone,) = load({"folder": "spool", "files": [first]}, tmp_path).files
    assert alone != load({"folder": "spool", "files": [first, second]}, tmp_path).files[0]
    assert (
        alone
        == load(
            {"folder": "spool", "files": [first, {**second, "path": "in/*1.csv"}]}, tmp_path
        ).files[0]
    )


@pytest.mark.parametrize(
    ("path", "may"),
    [
        ("out/*1.csv", True),
        ("out/?7*", True),
        ("out/[lm]7*.[ct]*", True),
        ("out/zero*.csv", False),
        ("out/m*.txt", False),
    ],
)
def test_an_entry_that_can_match_no_file_of_another_is_none_beside_it(
    path: str, may: bool, tmp_path: Path
) -> None:
    files = [{"path": each, "readings": READINGS} for each in ("out/m*.csv", path)]
    first, second = load({"folder": "spool", "files": files}, tmp_path).files
    assert (first.beside, second.beside) == (
        ((path.removeprefix("out/"),), ("m*.csv",)) if may else ((), ())
    )
