"""Stamps that end intervals, at the two changes of the clock: the moment of the change is one of
them.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np

from reporting_agent.sources.arrow_columns import WallClock

NEW_YORK = ZoneInfo("America/New_York")
MINUTE_US = 60_000_000


def wall(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[us]").astype(np.int64)


def test_intervals_that_end_with_the_change_in_spring_are_no_skipped_hour() -> None:
    local = wall("2022-03-13T01:45", "2022-03-13T02:00", "2022-03-13T03:15", "2022-03-13T03:30")
    clock = WallClock(NEW_YORK)
    assert clock.never(local) is None
    assert (np.diff(clock.utc("m", local)) == 15 * MINUTE_US).all()


def test_a_stamp_inside_the_skipped_hour_never_was() -> None:
    local = wall("2022-03-13T01:45", "2022-03-13T02:00", "2022-03-13T02:15")
    never = WallClock(NEW_YORK).never(local)
    assert never is not None
    assert never.tolist() == [False, False, True]


def test_hours_stamped_on_either_side_are_of_a_clock_that_was_not_moved() -> None:
    local = wall("2022-03-13T01:00", "2022-03-13T02:00", "2022-03-13T03:00", "2022-03-13T04:00")
    never = WallClock(NEW_YORK).never(local)
    assert never is not None
    assert never.tolist() == [False, True, False, False]
    assert (
        WallClock(NEW_YORK).never(wall("2022-03-13T01:00", "2022-03-13T02:00", "2022-03-13T04:00"))
        is None
    )


def test_hours_that_end_with_the_change_in_autumn_come_twice() -> None:
    local = wall(
        "2022-11-06T00:00",
        "2022-11-06T01:00",
        "2022-11-06T02:00",
        "2022-11-06T02:00",
        "2022-11-06T03:00",
    )
    assert (np.diff(WallClock(NEW_YORK).utc("m", local)) == 60 * MINUTE_US).all()


def test_quarters_that_end_with_the_change_in_autumn_come_twice() -> None:
    hour = ("01:15", "01:30", "01:45", "02:00")
    local = wall(*(f"2021-11-07T{time}" for time in ("01:00", *hour, *hour, "02:15")))
    assert (np.diff(WallClock(NEW_YORK).utc("m", local)) == 15 * MINUTE_US).all()


def test_half_hours_that_end_with_the_change_in_autumn_come_twice() -> None:
    """Between the two at half past lies the one that ends with the change, by the clock until then:
    half an hour back and not a whole.
    """
    local = wall(
        *(
            f"2022-11-06T{time}"
            for time in ("00:30", "01:00", "01:30", "02:00", "01:30", "02:00", "02:30")
        )
    )
    assert (np.diff(WallClock(NEW_YORK).utc("m", local)) == 30 * MINUTE_US).all()
