"""Notations of numbers, dates and texts: what is declared is read, and nothing that could mean
something else.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_agent.config import Profile
from reporting_agent.sources import cells
from reporting_agent.sources.arrow_columns import WallClock
from reporting_agent.sources.cells import UnreadableCell

ROME = ZoneInfo("Europe/Rome")
SHANGHAI = ZoneInfo("Asia/Shanghai")
GERMAN = Profile(decimal=",", thousands=".", date_order="dmy")


@pytest.mark.parametrize(
    ("cell", "profile", "wanted"),
    [
        ("１２３．５", Profile(), 123.5),
        ("－１２", Profile(), -12.0),
        ("\u00a048.5\u3000", Profile(), 48.5),
        ("1 234,5", Profile(decimal=",", thousands=" "), 1234.5),
        ("1\u202f234,5", Profile(decimal=",", thousands=" "), 1234.5),
        ("1'234.5", Profile(thousands="'"), 1234.5),
        ("1’234.5", Profile(thousands="'"), 1234.5),
        ("1.234.567", GERMAN, 1_234_567.0),
        ("-1.234,25", GERMAN, -1234.25),
        ("1234,25", GERMAN, 1234.25),
        ("1,5e3", Profile(decimal=","), 1500.0),
        (Decimal("122.5"), Profile(), 122.5),
    ],
)
def test_numbers_in_a_declared_notation(cell: str, profile: Profile, wanted: float) -> None:
    assert cells.number(cell, profile) == wanted


@pytest.mark.parametrize(
    ("cell", "profile", "message"),
    [
        ("12.34", GERMAN, "groups of three digits"),
        ("1.23.456", GERMAN, "groups of three digits"),
        ("1234.567", GERMAN, "groups of three digits"),
        ("1,23,456", Profile(thousands=","), "groups of three digits"),
        ("1.234.567", Profile(), "one decimal point"),
        ("1 234", Profile(), "without spaces"),
        ("12 kWh", Profile(), "without its unit"),
        ("12%", Profile(), "without its unit"),
        ("1e400", Profile(), "finite"),
        ("10⁵", Profile(), "a number"),
        ("½", Profile(), "a number"),
        (datetime(2016, 5, 14, tzinfo=UTC), Profile(), "a number"),
        (b"12", Profile(), "a number"),
    ],
)
def test_what_could_be_another_number_is_refused_with_what_would_help(
    cell: cells.Cell, profile: Profile, message: str
) -> None:
    with pytest.raises(UnreadableCell, match=message):
        cells.number(cell, profile)


@given(
    st.floats(min_value=-1e12, max_value=1e12),
    st.sampled_from([(".", ""), (",", ""), (".", ","), (",", "."), (",", " "), (".", "'")]),
)
def test_a_number_written_in_any_declared_notation_is_the_same_number(
    value: float, signs: tuple[str, str]
) -> None:
    decimal, thousands = signs
    text = f"{value:,.6f}" if thousands else f"{value:.6f}"
    written = text.replace(",", "T").replace(".", decimal).replace("T", thousands)
    assert cells.number(
        written, Profile.model_validate({"decimal": decimal, "thousands": thousands})
    ) == float(f"{value:.6f}")


@pytest.mark.parametrize(
    ("cell", "profile", "wanted"),
    [
        (42504.354166666664, Profile(excel_dates="1900"), datetime(2016, 5, 14, 8, 30)),  # noqa: DTZ001 - local
        ("42504.354166666664", Profile(excel_dates="1900"), datetime(2016, 5, 14, 8, 30)),  # noqa: DTZ001
        (
            "42504,354166666664",
            Profile(excel_dates="1900", decimal=","),
            datetime(2016, 5, 14, 8, 30),  # noqa: DTZ001
        ),
        (41042.354166666664, Profile(excel_dates="1904"), datetime(2016, 5, 14, 8, 30)),  # noqa: DTZ001
        ("２０１６－０５－１４　０８：３０", Profile(), datetime(2016, 5, 14, 8, 30)),  # noqa: DTZ001
        ("2016-05-14\u00a008:30", Profile(), datetime(2016, 5, 14, 8, 30)),  # noqa: DTZ001
        ("2016-05-14 24:00:00", Profile(), datetime(2016, 5, 15)),  # noqa: DTZ001
        ("31.12.2016 24:00", GERMAN, datetime(2017, 1, 1)),  # noqa: DTZ001
        ("31/12/2016 24:00", Profile(date_format="%d/%m/%Y %H:%M"), datetime(2017, 1, 1)),  # noqa: DTZ001
        ("31/12/2016 00:00", Profile(date_order="dmy", midnight="ends"), datetime(2017, 1, 1)),  # noqa: DTZ001
        ("31/12/2016 24:00", Profile(date_order="dmy", midnight="ends"), datetime(2017, 1, 1)),  # noqa: DTZ001
        (
            "31/12/2016 00:15",
            Profile(date_order="dmy", midnight="ends"),
            datetime(2016, 12, 31, 0, 15),  # noqa: DTZ001
        ),
        (date(2016, 5, 14), Profile(), datetime(2016, 5, 14)),  # noqa: DTZ001
    ],
)
def test_moments_in_a_declared_notation(
    cell: cells.Cell, profile: Profile, wanted: datetime
) -> None:
    assert cells.moment(cell, profile, SHANGHAI) == wanted.replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("cell", "profile", "message"),
    [
        ("42504.35", Profile(), "excel_dates"),
        (42504.35, Profile(), "excel_dates"),
        (60.5, Profile(excel_dates="1900"), "this century"),  # 29 February 1900, which never was
        ("0026-05-14", Profile(), "a year from 1980"),
        ("1970-01-01 00:00", Profile(), "a year from 1980"),
        (datetime(1899, 12, 31), Profile(), "a year from 1980"),  # noqa: DTZ001 - an empty cell formatted as a date
        ("2016-02-30 10:00", Profile(), "day is out of range"),
        ("2016-05-14 24:01", Profile(), "that exists"),
        (1_463_212_800, Profile(), "seconds since 1970"),
        (True, Profile(), "a date and time"),
    ],
)
def test_what_is_no_moment_of_a_plant_is_refused(
    cell: cells.Cell, profile: Profile, message: str
) -> None:
    with pytest.raises(UnreadableCell, match=message):
        cells.moment(cell, profile, SHANGHAI)


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("  H 1\u00a0", "H 1"),
        ("Ｈ１", "H1"),
        (12.0, "12"),
        ("-1", "-1"),
        ("+49", "+49"),
        ("5F0002", "5F0002"),
    ],
)
def test_texts_lose_only_the_spaces_around_them(cell: cells.Cell, wanted: str) -> None:
    assert cells.text(cell) == wanted


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "@SUM(A1)",
        "+cmd|' /C calc'!A0",
        "a\nb",
        "a\x00b",
        "x" * 1001,
        b"H1",
        ["H1"],
        {"id": "H1"},
    ],
)
def test_a_text_that_is_none_is_refused(cell: cells.Cell) -> None:
    with pytest.raises(UnreadableCell):
        cells.text(cell)


def autumn(minutes: int, zone: ZoneInfo = ROME) -> tuple[np.ndarray, np.ndarray]:
    """Local and UTC microseconds of stamps every so many minutes across the night in which the
    clock is put back.
    """
    moments = [
        datetime(2016, 10, 29, 20, tzinfo=UTC) + timedelta(minutes=minutes * step)
        for step in range(600 // minutes)
    ]
    local = [
        int(moment.astimezone(zone).replace(tzinfo=UTC).timestamp()) * 1_000_000
        for moment in moments
    ]
    return np.array(local, dtype=np.int64), np.array(
        [int(moment.timestamp()) * 1_000_000 for moment in moments], dtype=np.int64
    )


@pytest.mark.parametrize("minutes", [5, 15, 30, 60])
def test_the_hour_that_came_twice_is_told_apart_for_each_meter_by_itself(minutes: int) -> None:
    local, utc = autumn(minutes)
    clock = WallClock(ROME)
    for meter in ("m1", "m2"):  # one meter after the other in one file
        assert clock.utc(meter, local).tolist() == utc.tolist()


@given(st.lists(st.integers(1, 119), max_size=6))
def test_it_does_not_matter_where_a_block_of_readings_ends(cuts: list[int]) -> None:
    local, utc = autumn(5)
    clock = WallClock(ROME)
    blocks = np.split(local, sorted(set(cuts)))
    assert np.concatenate([clock.utc("m1", block) for block in blocks]).tolist() == utc.tolist()


def test_an_hour_that_never_was_is_found_and_no_other() -> None:
    local = np.array(
        [
            int(datetime(2016, 3, 27, hour, 30, tzinfo=UTC).timestamp()) * 1_000_000
            for hour in (1, 2, 3)
        ],
        dtype=np.int64,
    )
    assert WallClock(ROME).never(local) is not None
    assert WallClock(ROME).never(local)[1]  # type: ignore[index]
    assert WallClock(SHANGHAI).never(local) is None


def test_in_a_zone_without_summer_time_nothing_is_asked() -> None:
    local, _ = autumn(5, SHANGHAI)
    assert (local - WallClock(SHANGHAI).utc("m1", local)).tolist() == [8 * 3_600_000_000] * len(
        local
    )
