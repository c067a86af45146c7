"""One cell as written becomes a typed value by the profile's conventions, or is refused."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from reporting_agent.config import Profile
from reporting_agent.sources import cells
from reporting_agent.sources.arrow_columns import WallClock
from reporting_agent.sources.cells import UnreadableCell

PLAIN = Profile()
ROME = ZoneInfo("Europe/Rome")
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("cell", "profile", "wanted"),
    [
        ("48.625", PLAIN, 48.625),
        ("−12.5", PLAIN, -12.5),
        ("1e3", PLAIN, 1000.0),
        (7, PLAIN, 7.0),
        ("48,625", Profile(decimal=","), 48.625),
        ("1.234,5", Profile(decimal=",", thousands="."), 1234.5),
        ("1,234.5", Profile(thousands=","), 1234.5),
        ("1\u00a0234,5", Profile(decimal=",", thousands=" "), 1234.5),
    ],
)
def test_numbers_are_read_in_the_declared_notation(
    cell: str | float, profile: Profile, wanted: float
) -> None:
    assert cells.number(cell, profile) == wanted


@pytest.mark.parametrize(
    "cell", ["48,625", "1.2.3", "twelve", "1_000", "nan", "inf", "12 kWh", "", True]
)
def test_what_is_not_declared_is_not_guessed(cell: str | bool) -> None:
    with pytest.raises(UnreadableCell):
        cells.number(cell, PLAIN)


def test_a_decimal_comma_is_named_in_the_message() -> None:
    with pytest.raises(UnreadableCell, match="decimal = ','"):
        cells.number("48,625", PLAIN)


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("43: 10", 2590),
        ("43:10", 2590),
        ("1:02:03", 3723),
        ("2010", 2010),
        (timedelta(minutes=3), 180),
        (time(0, 4, 5), 245),
        ("0:30,5", 30.5),
    ],
)
def test_durations_are_seconds_or_minutes_and_seconds(cell: object, wanted: float) -> None:
    assert cells.seconds(cell, PLAIN) == wanted  # type: ignore[arg-type]


def test_a_duration_of_seventy_seconds_past_the_minute_is_refused() -> None:
    with pytest.raises(UnreadableCell):
        cells.seconds("43:70", PLAIN)


@pytest.mark.parametrize(
    ("text", "profile"),
    [
        ("2016-05-14T08:30:00", PLAIN),
        ("2016-05-14 08:30", PLAIN),
        ("2016/5/14 8:30:00", PLAIN),
        ("2016年5月14日 08:30", PLAIN),
        ("2016-05-14T00:30:00Z", PLAIN),
        ("2016-05-14T01:30:00+01:00", PLAIN),
        ("14/05/2016 08:30", Profile(date_order="dmy")),
        ("14.05.2016 08:30", Profile(date_order="dmy")),
        ("05/14/2016 08:30:00", Profile(date_order="mdy")),
        ("14-May-2016 08h30", Profile(date_format="%d-%b-%Y %Hh%M")),
    ],
)
def test_one_moment_in_many_notations(text: str, profile: Profile) -> None:
    wanted = datetime(2016, 5, 14, 0, 30, tzinfo=UTC)
    moment = cells.moment(text, profile, SHANGHAI)
    assert moment == wanted
    assert moment.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize(
    "text", ["14/05/2016 08:30", "2016-13-01", "2016-02-30 10:00", "yesterday", "42504.35", "0"]
)
def test_a_date_in_another_order_is_refused_not_guessed(text: str) -> None:
    with pytest.raises(UnreadableCell):
        cells.moment(text, PLAIN, SHANGHAI)


def test_twenty_four_hours_is_the_midnight_after() -> None:
    assert cells.moment("2018-01-31 24:00", PLAIN, SHANGHAI) == cells.moment(
        "2018-02-01 00:00", PLAIN, SHANGHAI
    )


@pytest.mark.parametrize(
    ("text", "profile"),
    [
        ("9999-12-31 24:00:00", PLAIN),
        ("9999-12-31", Profile(midnight="ends")),
        ("31.12.9999 24:00", Profile(date_format="%d.%m.%Y %H:%M")),
        (datetime(9999, 12, 31), Profile(midnight="ends")),  # noqa: DTZ001 - a cell of a workbook has no zone
    ],
)
def test_a_day_that_stands_for_never_is_refused_at_its_end_too(
    text: str | datetime, profile: Profile
) -> None:
    with pytest.raises(UnreadableCell, match="a year from 1980 to 2199"):
        cells.moment(text, profile, SHANGHAI)


def test_a_local_time_that_the_clock_skipped_is_refused() -> None:
    with pytest.raises(UnreadableCell, match="put forward"):
        cells.moment("2016-03-27 02:30", PLAIN, ROME)


def test_seconds_between_local_times_are_true_seconds_across_a_change_of_the_clock() -> None:
    before, after = (
        cells.moment(text, PLAIN, ROME) for text in ("2016-03-27 01:00", "2016-03-27 04:00")
    )
    assert after - before == timedelta(hours=2)


def test_many_local_stamps_become_utc_as_one_by_one() -> None:
    moments = [
        datetime(2016, 10, 29, 12, tzinfo=UTC) + timedelta(minutes=15 * step) for step in range(200)
    ]
    local = [moment.astimezone(ROME).replace(tzinfo=UTC) for moment in moments]
    local_us = np.array([int(moment.timestamp()) * 1_000_000 for moment in local], dtype=np.int64)
    utc_us = WallClock(ROME).utc(
        "m", local_us
    )  # the hour that came twice is told apart by the step back
    assert utc_us.tolist() == [int(moment.timestamp()) * 1_000_000 for moment in moments]


@pytest.mark.parametrize("cell", ["", " ", "-", "N/A", "null", None, float("nan"), "#N/A"])
def test_blank_is_not_a_value(cell: str | float | None) -> None:
    assert cells.is_blank(cell)


@pytest.mark.parametrize("cell", ["0", 0, 0.0, "-999.999", "x"])
def test_a_zero_and_a_sentinel_are_values(cell: str | float) -> None:
    assert not cells.is_blank(cell)
    assert cells.is_blank(cell, (str(cell),))
