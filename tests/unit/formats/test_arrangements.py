"""Tables that say what is wanted in another arrangement: what is asked, what is read, and what
stays unread where it is in doubt.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from benchmarks.errors import InputError
from reporting_agent.config import Profile
from reporting_agent.door.columns import counter_pair
from reporting_agent.door.look import look_at
from reporting_agent.sources import read_table
from reporting_agent.sources.wanted import BATCHES, ENERGY, LOG
from tests.unit.formats.proposed import proposed

BERLIN = ZoneInfo("Europe/Berlin")
KNOWN = {"columns": {"batch_id": "Batch", "output_quantity": "t"}, "constants": {"step": "eaf"}}


def written(folder: Path, *lines: str) -> Path:
    path = folder / "table.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def asked(path: Path, answers: dict[str, str]) -> dict[str, Any]:
    lines = (f"{json.dumps(key)} = {json.dumps(value)}\n" for key, value in answers.items())
    return proposed(path, "".join(lines))[1]


BLOCKS = (
    "Date,Batch,Start,End,t",
    "2025-03-03,A1,06:00,07:00,10",
    ",A2,22:30,23:50,11",
    ",A3,02:00,03:00,12",
    "2025-03-04,A4,09:00,10:00,13",
    ",A5,23:30,00:40,14",
)


def test_a_date_holds_for_its_block_and_what_begins_earlier_than_the_row_above_is_not_read(
    tmp_path: Path,
) -> None:
    """03:00 below 22:30 is of the next day or a mistake: nothing in the file tells which."""
    profile = KNOWN | {
        "parts": {"start": ["Date", "Start"], "end": ["Date", "End"]},
        "fill_down": ["start", "end"],
    }
    table = read_table(written(tmp_path, *BLOCKS), Profile.model_validate(profile), BATCHES, BERLIN)
    assert table.columns["batch_id"] == ["A1", "A2", "A4", "A5"]
    assert [f"{end:%d %H:%M}" for end in table.columns["end"]] == [
        "03 07:00",
        "03 23:50",
        "04 10:00",
        "05 00:40",
    ]
    assert ["before the row above" in rejection.found for rejection in table.rejected] == [True]


def test_blank_dates_are_asked_about_and_repeated_by_nobody_else(tmp_path: Path) -> None:
    path = written(tmp_path, *BLOCKS)
    open_keys = {question["key"] for question in asked(path, {})["questions"]}
    assert "batches.fill_down" in open_keys
    assert "fill_down" not in asked(path, {"batches.fill_down": "no"})["toml"]
    assert 'fill_down = ["start", "end"]' in asked(path, {"batches.fill_down": "yes"})["toml"]


def test_a_day_lasts_as_long_as_the_calendar_says(tmp_path: Path) -> None:
    rows = ["2025-03-29,10", "2025-03-30,11", "2025-10-26,12"]
    declared = {
        "columns": {"batch_id": "Date", "start": "Date", "output_quantity": "t"},
        "constants": {"step": "eaf", "duration_s": 86400.0},
    }
    table = read_table(
        written(tmp_path, "Date,t", *rows),
        Profile.model_validate(declared | {"days": True}),
        BATCHES,
        BERLIN,
    )
    lengths = [
        (end - start).total_seconds() / 3600
        for start, end in zip(table.columns["start"], table.columns["end"], strict=True)
    ]
    assert lengths == [24, 23, 25]


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        ("Africa/Cairo", "2025-04-24", "2025-04-25 01:00"),
        ("Europe/Berlin", "2025-03-29 02:30", "2025-03-30 03:30"),
    ],
)
def test_a_day_that_ends_in_an_hour_that_the_clock_skipped_ends_with_it(
    zone: str, start: str, end: str, tmp_path: Path
) -> None:
    declared = {
        "columns": {"batch_id": "No", "start": "Date", "output_quantity": "t"},
        "constants": {"step": "eaf", "duration_s": 86400.0},
    }
    table = read_table(
        written(tmp_path, "No,Date,t", f"1,{start},10"),
        Profile.model_validate(declared),
        BATCHES,
        ZoneInfo(zone),
    )
    assert [
        f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" for moment in table.columns["end"]
    ] == [end]
    assert (table.columns["end"][0] - table.columns["start"][0]).total_seconds() == 86_400


def test_a_duration_is_of_hours_across_a_change_of_the_clock(tmp_path: Path) -> None:
    profile = Profile.model_validate(
        KNOWN
        | {
            "columns": KNOWN["columns"] | {"start": "Start", "duration_s": "Took"},
            "scale": {"duration_s": 60},
        }
    )
    table = read_table(
        written(tmp_path, "Batch,Start,Took,t", "A1,2025-03-30 00:30,6:20,10"),
        profile,
        BATCHES,
        BERLIN,
    )
    assert f"{table.columns['end'][0].astimezone(BERLIN):%H:%M %z}" == "07:50 +0200"


def test_a_day_that_the_month_does_not_have_is_told(tmp_path: Path) -> None:
    declared = {
        "columns": {"batch_id": "Day", "start": "Day", "output_quantity": "t"},
        "constants": {"step": "eaf"},
        "month": {"Day": "2025-02"},
    }
    table = read_table(
        written(tmp_path, "Day,t", "28,10", "29,11", "1,12"),
        Profile.model_validate(declared),
        BATCHES,
        BERLIN,
    )
    assert [f"{start:%Y-%m-%d}" for start in table.columns["start"]] == ["2025-02-28", "2025-02-01"]
    assert [rejection.place.row for rejection in table.rejected] == [3]


def test_what_no_clock_or_calendar_holds_is_a_row_set_aside(tmp_path: Path) -> None:
    """A date as a count in a column of durations, a meter's number in one of days."""
    declared = {
        "columns": {"batch_id": "No", "start": "Day", "duration_s": "Took", "output_quantity": "t"},
        "constants": {"step": "eaf"},
    }
    rows = [
        "1,2025-02-03 06:00,3600,10",
        "2,2025-02-03 07:00,1462000000000,10",
        "3,2025-02-03 08:00,9e99,10",
        "4,2025-02-03 09:00,60,10",
    ]
    table = read_table(
        written(tmp_path, "No,Day,Took,t", *rows), Profile.model_validate(declared), BATCHES, BERLIN
    )
    assert table.columns["batch_id"] == ["1", "4"]
    assert [(bad.place.row, bad.place.column, bad.wanted) for bad in table.rejected] == [
        (row, "Took", "a duration in seconds, below 200 years") for row in (3, 4)
    ]
    days = Profile.model_validate(declared | {"month": {"Day": "2025-02"}})
    table = read_table(
        written(tmp_path, "No,Day,Took,t", "1,3,3600,10", "2,99999999999999999999,3600,10"),
        days,
        BATCHES,
        BERLIN,
    )
    assert [bad.place.row for bad in table.rejected] == [3]


def test_rows_of_a_log_are_not_put_together(tmp_path: Path) -> None:
    path = written(tmp_path, "timestamp,equipment,output_quantity", "2025-02-03 06:00,line-1,10")
    with pytest.raises(InputError, match="Remove rows from"):
        read_table(
            path,
            Profile.model_validate(
                {"rows": {"output_quantity": "sum"}, "constants": {"step": "eaf"}}
            ),
            LOG,
            BERLIN,
        )


def test_a_month_is_asked_for_with_the_title(tmp_path: Path) -> None:
    rows = [f"{day},{20 + day},{9000 + day}" for day in range(1, 29)]
    path = written(tmp_path, "February 2025,,", "Day,Output (t),Electricity (kWh)", *rows)
    (question,) = asked(path, {})["questions"]
    assert question["key"] == "month"
    assert "February 2025" in question["ask"]
    with pytest.raises(InputError) as refused:
        read_table(
            path,
            Profile.model_validate({"month": {"Nothing": "2025-02"}, "header_row": 2}),
            BATCHES,
            BERLIN,
        )
    assert refused.value.code == "column-missing"


def test_two_columns_that_grow_alike_are_no_counter(tmp_path: Path) -> None:
    counter = [f"A{n},{1000 + 60 * n},{1050 + 60 * n}" for n in range(20)]
    alike = [f"A{n},{1000 + 60 * n},{9000 + 70 * n}" for n in range(20)]
    header = "Batch,from (kWh),to (kWh)"
    assert counter_pair(look_at(written(tmp_path, header, *counter))) == (2, 1)
    assert counter_pair(look_at(written(tmp_path, header, *alike))) is None


def test_a_difference_of_a_counter_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    profile = {"columns": {"batch_id": "Batch"}, "differences": {"quantity": ["to", "from"]}}
    declared = Profile.model_validate(
        profile | {"constants": {"step": "eaf", "carrier": "electricity", "unit": "kWh"}}
    )
    rows = ("A1,100.1,150.3", "A2,150.3,", "A3,160,fault", "A4,161,163")
    table = read_table(written(tmp_path, "Batch,from,to", *rows), declared, ENERGY, BERLIN)
    assert table.columns["quantity"] == [50.2, None, 2.0]
    assert [rejection.place.row for rejection in table.rejected] == [4]


POWER = (
    "Schmelze,Beginn,Ende,Gewicht [t],{}",
    *(
        f"S{day},2025-05-{day} 06:00,2025-05-{day} 07:30,12{day - 20}.5,3{day}.5"
        for day in range(20, 29)
    ),
)


@pytest.mark.parametrize("header", ["Strom [kW]", "Leistung (MW)", "Power kW"])
def test_a_power_beside_each_batch_is_asked_about_and_no_amount(
    header: str, tmp_path: Path
) -> None:
    path = written(tmp_path, POWER[0].format(header), *POWER[1:])
    (question,) = [
        candidate
        for candidate in asked(path, {})["questions"]
        if candidate["key"] == "batches.power"
    ]
    assert header in question["ask"]
    answer = asked(path, {"batches.power": "left out", "timezone": "UTC", "step": "eaf"})
    assert answer["questions"] == []
    assert [proposal["input"] for proposal in answer["proposals"]] == ["batches"]
    assert header in answer["proposals"][0]["not_used"]


def test_a_power_beside_energy_is_not(tmp_path: Path) -> None:
    path = written(
        tmp_path, POWER[0].format("Strom [kW],Strom [kWh]"), *(f"{row},500.5" for row in POWER[1:])
    )
    assert "batches.power" not in {question["key"] for question in asked(path, {})["questions"]}
