"""Moments over several columns, several rows a batch, AM and PM, and units of which the door and the
label never think otherwise.
"""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from benchmarks.errors import InputError
from benchmarks.quantities import TWO_MEANINGS, ratio
from reporting_agent import door
from reporting_agent.config import Profile
from reporting_agent.door.vocabulary import VOCABULARY
from reporting_agent.pipeline.units import COUNTED
from reporting_agent.sources import BATCHES, ENERGY, Table, read_table, stream_readings
from reporting_agent.sources.reading_log import ReadingLog
from reporting_agent.sources.wanted import Template

ZONE = ZoneInfo("Europe/Berlin")


def read(folder: Path, text: str, wanted: Template = BATCHES, **profile: Any) -> Table:
    (folder / "t.csv").write_text(text, encoding="utf-8")
    constants = {"step": "eaf"} | profile.pop("constants", {})
    return read_table(
        folder / "t.csv", Profile.model_validate({"constants": constants, **profile}), wanted, ZONE
    )


def stamps(table: Table, column: str) -> list[str]:
    return [f"{moment:%m-%d %H:%M}" for moment in table.columns[column]]


def test_date_and_clock_make_a_moment_and_an_end_before_its_start_is_of_the_next_day(
    tmp_path: Path,
) -> None:
    text = "batch_id,Date,From,To,output_quantity\nH1,31.12.2024,22:10,23:05,100\nH2,31.12.2024,23:30,00:20,101\n"
    table = read(
        tmp_path, text, parts={"start": ("Date", "From"), "end": ("Date", "To")}, date_order="dmy"
    )
    assert stamps(table, "start") == ["12-31 22:10", "12-31 23:30"]
    assert stamps(table, "end") == ["12-31 23:05", "01-01 00:20"]


@pytest.mark.parametrize("end", ["00:00", "24:00"])
def test_a_midnight_that_ends_its_date_is_one_day_later_and_not_two(
    end: str, tmp_path: Path
) -> None:
    text = f"batch_id,Date,From,To,output_quantity\nH1,2025-03-01,22:00,{end},100\nH2,2025-03-02,06:00,14:00,101\n"
    table = read(
        tmp_path, text, parts={"start": ("Date", "From"), "end": ("Date", "To")}, midnight="ends"
    )
    assert stamps(table, "start") == ["03-01 22:00", "03-02 06:00"]
    assert stamps(table, "end") == ["03-02 00:00", "03-02 14:00"]


@pytest.mark.parametrize("clock", ["00:00", "24:00"])
def test_a_reading_at_the_midnight_that_ends_its_date_is_one_day_later_and_not_two(
    clock: str, tmp_path: Path
) -> None:
    (tmp_path / "m.csv").write_text(
        f"Y,M,D,Clock,m1\n2025,3,1,23:45,7\n2025,3,1,{clock},8\n", encoding="utf-8"
    )
    profile = Profile.model_validate(
        {"parts": {"timestamp": ["Y", "M", "D", "Clock"]}, "wide": True, "midnight": "ends"}
    )
    (block,) = stream_readings(
        [tmp_path / "m.csv"], profile, frozenset({"m1"}), ZoneInfo("UTC"), ReadingLog()
    )
    assert [
        datetime.fromtimestamp(at / 1e6, UTC).strftime("%d %H:%M") for at in block.time_us.tolist()
    ] == ["01 23:45", "02 00:00"]


def test_year_month_and_day_make_a_moment_and_a_day_that_never_was_is_rejected(
    tmp_path: Path,
) -> None:
    text = "batch_id,Y,M,D,Clock,output_quantity\nH1,2025,2,28,6:30,100\nH2,2025,2,29,6:30,101\nH3,2025,3,1,6.45,102\n"
    table = read(tmp_path, text, parts={"start": ("Y", "M", "D", "Clock")})
    assert stamps(table, "start") == ["02-28 06:30", "03-01 06:45"]
    assert [rejection.place.row for rejection in table.rejected] == [3]


def test_am_and_pm_are_what_they_say(tmp_path: Path) -> None:
    times = ("12:05 AM", "6:05 am", "12:05 PM", "6:05 p.m.", "13:05 PM")
    text = "batch_id,start,output_quantity\n" + "".join(
        f"H{n},2025-05-14 {time},100\n" for n, time in enumerate(times)
    )
    table = read(tmp_path, text)
    assert stamps(table, "start") == ["05-14 00:05", "05-14 06:05", "05-14 12:05", "05-14 18:05"]
    assert "hours from 1 to 12" in table.rejected[0].wanted


PASSES = """batch_id,start,end,output_quantity,quantity
H1,2025-05-14 08:00,2025-05-14 08:20,120,30
H1,2025-05-14 08:20,2025-05-14 08:50,120,30
H2,2025-05-14 09:00,2025-05-14 09:40,118,55
H3,2025-05-14 10:00,2025-05-14 10:40,121,50
H3,2025-05-14 10:40,2025-05-14 10:55,121,broken
"""


def test_passes_of_a_batch_become_one_row_and_equal_amounts_of_two_passes_are_both_counted(
    tmp_path: Path,
) -> None:
    batches = read(tmp_path, PASSES, rows={"output_quantity": "first"})
    assert batches.columns["batch_id"] == ["H1", "H2", "H3"]
    assert batches.columns["output_quantity"] == [120, 118, 121]
    assert (stamps(batches, "start")[0], stamps(batches, "end")[0]) == (
        "05-14 08:00",
        "05-14 08:50",
    )
    energy = read(
        tmp_path,
        PASSES,
        ENERGY,
        rows={"quantity": "sum"},
        constants={"carrier": "electricity", "unit": "kWh"},
    )
    assert dict(zip(energy.columns["batch_id"], energy.columns["quantity"], strict=True)) == {
        "H1": 60,
        "H2": 55,
    }, "H3 is not whole"


def test_every_unit_that_map_writes_the_label_reads() -> None:
    units = tomllib.loads((Path(door.__file__).parent / "words.toml").read_text(encoding="utf-8"))[
        "units"
    ]
    for kind, own in (("mass", "t"), ("energy", "kWh"), ("volume", "m3"), ("count", "items")):
        for word in units[kind]:
            unit = VOCABULARY.unit_in(word, alone=True)
            if word in TWO_MEANINGS:
                assert unit is None
                assert VOCABULARY.unclear_unit_in(f"Weight ({word})") == word
            else:
                assert unit in COUNTED or _code(str(unit), own) in {"", "unit-mismatch"}, (
                    f"{word} is written as {unit}"
                )


def _code(unit: str, own: str) -> str:
    try:
        return "" if ratio(unit, own) > 0 else "nought"
    except InputError as wrong:
        return wrong.code


def test_a_ton_is_asked_about_and_the_answer_is_what_the_label_reads(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "Heat No,Start,Weight (ton)\nH1,2025-05-14 08:00,100\nH2,2025-05-14 09:00,101\n",
        encoding="utf-8",
    )
    (asked,) = door.settled(
        tmp_path / "t.csv", "batches", {"timezone": "UTC", "step": "eaf"}, None, door.nobody
    )
    assert [(question.key, question.choices) for question in asked.questions] == [
        ("batches.output_unit", ("t", "short_ton", "long_ton"))
    ]
    for choice in asked.questions[0].choices:
        assert ratio(choice, "kg") > 900


@pytest.mark.parametrize("encoding", ["cp1251", "gb18030"])
def test_the_words_of_the_header_tell_the_encoding(encoding: str, tmp_path: Path) -> None:
    words = {"cp1251": "\u041f\u043b\u0430\u0432\u043a\u0430", "gb18030": "\u7089\u53f7"}[encoding]
    (tmp_path / "t.csv").write_bytes(
        f"{words},Start,Weight (t)\nH1,2025-05-14 08:00,100\nH2,2025-05-14 09:00,101\n".encode(
            encoding
        )
    )
    (suggestion,) = door.settled(
        tmp_path / "t.csv", "batches", {"timezone": "UTC", "step": "eaf"}, None, door.nobody
    )
    assert suggestion.keys["encoding"] == encoding
    assert suggestion.keys["columns"] == {
        "batch_id": words,
        "start": "Start",
        "output_quantity": "Weight (t)",
    }


@pytest.mark.parametrize("kind", ["clock", "calendar"])
def test_stamps_of_readings_are_put_together_and_a_bad_one_comes_back_in_its_own_cells(
    kind: str, tmp_path: Path
) -> None:
    rows = {
        "clock": [
            "Datum;Uhr;m1",
            "14.05.2016;06.00;1000,5",
            "14.05.2016;25.00;1,0",
            "14.05.2016;06.15;1010,5",
        ],
        "calendar": [
            "Y;M;D;Uhr;m1",
            "2016;5;14;06:00;1000,5",
            "2016;13;14;06:00;1,0",
            "2016;5;14;06:15;1010,5",
        ],
    }[kind]
    parts = rows[0].split(";")[:-1]
    (tmp_path / "m.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    declared = {"parts": {"timestamp": parts}, "decimal": ",", "wide": True} | (
        {"date_format": "%d.%m.%Y %H.%M"} if kind == "clock" else {}
    )
    log = ReadingLog()
    (block,) = stream_readings(
        [tmp_path / "m.csv"],
        Profile.model_validate(declared),
        frozenset({"m1"}),
        ZoneInfo("UTC"),
        log,
    )
    assert [
        datetime.fromtimestamp(at / 1e6, UTC).strftime("%d %H:%M") for at in block.time_us.tolist()
    ] == ["14 06:00", "14 06:15"]
    assert block.value.tolist() == [1000.5, 1010.5]
    (bad,) = log.rejected
    assert (bad.place.row, bad.header) == (3, (*parts, "m1"))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("08/05/25 06:24:00", "05-08 06:24"),
        ("08/05/25 00:24:00", "05-08 00:24"),
        ("08/05/25 24:00:00", "05-09 00:00"),
    ],
)
def test_the_end_of_a_day_is_not_found_among_minutes(
    written: str, meant: str, tmp_path: Path
) -> None:
    table = read(
        tmp_path,
        f"batch_id,start,output_quantity\nH1,{written},100\n",
        date_format="%d/%m/%y %H:%M:%S",
    )
    assert stamps(table, "start") == [meant]
