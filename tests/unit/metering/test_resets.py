"""A meter that is declared to have begun anew: no energy is taken across that moment, by either
road, in a window by itself or in a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from reporting_agent.config import Meter
from reporting_agent.config.events import DeclaredEvent
from reporting_agent.metering import Course, MeterQuery, Windows, courses
from reporting_agent.metering.declared import DeclaredReadings
from reporting_agent.metering.moments import to_us
from reporting_agent.metering.own_window import OwnWindows
from reporting_agent.metering.segments import Readings
from reporting_agent.metering.stream import FIRST_READINGS

HOUR = 3_600_000_000
AT = 2 * FIRST_READINGS + 100  # the reading before the reset: long after the fast road was taken
HOURS = 4 * FIRST_READINGS
LOADS = np.random.default_rng(1).uniform(9, 11, HOURS)
MOMENTS = np.arange(HOURS, dtype=np.int64) * HOUR


def meter(reading: str, **keys: Any) -> Meter:
    return Meter(
        id="m",
        step="s",
        carrier="electricity",
        reading=reading,
        unit="kW" if reading == "rate" else "kWh",
        **keys,
    )


def course(
    of: Meter, resets_us: Sequence[float], fast: bool, without: Sequence[int] = ()
) -> Course:
    """Of a meter that is read every hour and counts about 10 an hour, in blocks; the energy of each
    hour.
    """
    hours = np.delete(np.arange(HOURS), np.array(without, dtype=np.int64))
    value = (1000 + np.cumsum(LOADS) if of.reading == "register" else LOADS)[hours]
    rows = Readings(hours * HOUR, value, np.arange(2, 2 + len(hours)))

    def read(names: frozenset[str]) -> Iterable[tuple[str, Readings, str]]:
        for start in range(0, len(hours), 700):
            yield of.id, rows.at(slice(start, start + 700)), "readings.csv"

    asked = MeterQuery(of, MOMENTS, 7200.0, resets_us=np.array(resets_us, dtype=np.int64))
    return courses([asked], [read], fast=fast)[of.id]


def unknown(course: Course) -> list[int]:
    """The hours of which nothing is known; of all others everything is."""
    energy, known_s = course.curve.over(MOMENTS[:-1], MOMENTS[1:])
    assert ((energy > 8) == (known_s == 3600)).all()
    assert ((energy == 0) == (known_s == 0)).all()
    hours: list[int] = np.flatnonzero(known_s == 0).tolist()
    return hours


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("reading", ["register", "rate", "interval"])
@pytest.mark.parametrize("minutes", [1, 20, 59])
def test_the_hour_in_which_a_meter_began_anew_is_unknown_on_both_roads(
    reading: str, minutes: int, fast: bool
) -> None:
    of = meter(reading)
    assert unknown(course(of, [], fast)) == []
    assert unknown(course(of, [AT * HOUR + minutes * HOUR / 60], fast)) == [AT]


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize(
    ("reading", "hours"), [("register", [AT - 1]), ("rate", [AT - 1]), ("interval", [])]
)
def test_a_reading_at_that_very_moment_is_of_the_new_beginning(
    reading: str, hours: list[int], fast: bool
) -> None:
    """So what lies before it is unknown; of an interval that ends there nothing is."""
    assert unknown(course(meter(reading), [AT * HOUR], fast)) == hours


@pytest.mark.parametrize("fast", [False, True])
def test_the_edge_of_a_block_hides_no_reset(fast: bool) -> None:
    edges = [700 * block - 1 for block in (1, 2)]
    assert unknown(course(meter("register"), [edge * HOUR + 1 for edge in edges], fast)) == edges


@pytest.mark.parametrize("fast", [False, True])
def test_the_moment_is_by_the_meters_own_clock(fast: bool) -> None:
    """A clock that is half an hour ahead shows 20 past the hour at 10 to it."""
    of = meter("register", clock_offset_s=1800)
    energy, known_s = course(of, [AT * HOUR + HOUR // 3], fast).curve.over(
        np.array([(AT - 1) * HOUR]), np.array([(AT + 1) * HOUR])
    )
    assert (energy.tolist(), known_s.tolist()) == (
        [pytest.approx(LOADS[[AT, AT + 2]].sum() / 2, abs=1e-5)],
        [3600.0],
    )


def test_what_a_register_counted_across_a_gap_with_a_reset_in_it_is_not_even_known_in_all() -> None:
    of, missing, counted = meter("register"), range(AT, AT + 5), LOADS[AT : AT + 6].sum()
    ends = np.array([0]), np.array([(HOURS - 1) * HOUR])
    assert course(of, [], fast=True, without=missing).curve.unplaced(*ends).tolist() == [
        pytest.approx(counted, abs=1e-5)
    ]
    assert course(of, [(AT + 2) * HOUR], fast=True, without=missing).curve.unplaced(
        *ends
    ).tolist() == [0.0]


@pytest.mark.parametrize(
    ("of", "reset_min", "energy", "completeness"),
    [
        (
            meter("register"),
            14.0,
            10,
            1 / 3,
        ),  # between two readings: nor does what is not known go on to the end
        (meter("register"), 20.0, 10, 1 / 3),  # with the second of them
        (meter("rate"), 14.0, 10 + 10, 2 / 3),
        (meter("interval"), 14.0, 10 + 10, 2 / 3),
        (meter("interval"), 20.0, 30, 1.0),  # an interval ends, another begins
        (meter("register"), 0.0, 30, 1.0),  # with the window
        (meter("register"), 30.0, 30, 1.0),  # with its end
        (
            meter("register"),
            26.0,
            20,
            2 / 3,
        ),  # after the last reading: what it counted does not go on
    ],
)
def test_a_window_by_itself_takes_nothing_across_it_either(
    of: Meter, reset_min: float, energy: float, completeness: float
) -> None:
    minutes = (
        np.array([10.0, 20.0, 30.0]) if of.reading == "interval" else np.array([0.0, 10.0, 20.0])
    )
    values = {"register": 100 + minutes, "rate": np.full(3, 60.0), "interval": np.full(3, 10.0)}[
        of.reading
    ]
    us = np.rint(np.array([0.0, 30.0, reset_min]) * HOUR / 60).astype(np.int64)
    own = OwnWindows(of, Windows(us[:1], us[1:2]), 3600.0, resets_us=us[2:])
    own.take(Readings(np.rint(minutes * HOUR / 60).astype(np.int64), values, np.arange(3)))
    own.close()
    assert own.energies().energy.tolist() == [pytest.approx(energy, abs=1e-5)]
    assert own.energies().completeness.tolist() == [pytest.approx(completeness)]


def test_a_reset_is_declared_by_the_stamps_of_the_source_and_by_no_other_event() -> None:
    zone = ZoneInfo("Asia/Shanghai")

    def event(kind: str, start: str, **keys: object) -> DeclaredEvent:
        return DeclaredEvent.model_validate(
            {"meter": "m", "from": start, "kind": kind, "reason": "Work order 17.", **keys}
        )

    events = [
        event("reset", "2025-03-02T09:20:00"),
        event("reset", "2025-03-01T09:20:00"),
        event("rounding", "2025-03-03"),
        event(
            "clock", "2025-03-02", until="2025-03-03", offset="7 min"
        ),  # puts the readings of the second day right
    ]
    moments = [datetime(2025, 3, 1, 9, 20, tzinfo=zone), datetime(2025, 3, 2, 9, 27, tzinfo=zone)]
    resets = DeclaredReadings(events, zone)
    assert resets.resets_of("m").tolist() == [to_us(moment.astimezone(UTC)) for moment in moments]
    assert resets.resets_of("n").tolist() == []
