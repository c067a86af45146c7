"""Declared events acting on readings: each reading by its own stamp, whatever stands beside it, on
the road to either label.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from reporting_agent.config.events import DeclaredEvent
from reporting_agent.metering.declared import DeclaredReadings
from reporting_agent.metering.moments import to_us
from reporting_agent.metering.segments import Readings

ZONE = ZoneInfo("Asia/Shanghai")
HOUR = 3_600_000_000
BEGIN = to_us(datetime(2025, 3, 1, tzinfo=ZONE).astimezone(UTC))
FROM, UNTIL = "2025-03-01T02:00:00", "2025-03-01T04:00:00"
BOTH = frozenset({"a", "b"})


def event(
    kind: str,
    meter: str = "a",
    start: str = "2025-03-01T02:00:00",
    until: str | None = "2025-03-01T04:00:00",
    **keys: object,
) -> DeclaredEvent:
    return DeclaredEvent.model_validate(
        {
            "meter": meter,
            "from": start,
            "until": until,
            "kind": kind,
            "reason": "Work order 17.",
            **keys,
        }
    )


def put(
    events: list[DeclaredEvent], meter: str = "a", asked: frozenset[str] = BOTH
) -> dict[str, tuple[list[float], list[float]]]:
    """What hourly readings 0, 1, 2, ... of a meter are declared to be: by owner, hours and
    values.
    """
    rows = Readings(BEGIN + np.arange(6) * HOUR, np.arange(6.0), np.arange(2, 8))
    by_owner = DeclaredReadings(events, ZONE).put_to(meter, rows, asked)
    return {
        name: (((readings.time_us - BEGIN) / HOUR).tolist(), readings.value.tolist())
        for name, readings in by_owner
    }


HOURS = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


@pytest.mark.parametrize("kind", ["ratio", "unit"])
def test_values_are_multiplied_from_the_first_moment_until_the_last(kind: str) -> None:
    assert put([event(kind, factor=2.0)]) == {"a": (HOURS, [0, 1, 4, 6, 4, 5])}
    assert put([event(kind, until=None, factor=2.0)]) == {"a": (HOURS, [0, 1, 4, 6, 8, 10])}


@pytest.mark.parametrize(
    "declared", [event("ratio", factor=2.0), event("swap", **{"with": "b"})], ids=["ratio", "swap"]
)
def test_an_interval_that_ends_as_an_event_begins_lies_before_it(declared: DeclaredEvent) -> None:
    """From two until four the hours that end at three and at four are of the event."""
    rows = Readings(BEGIN + np.arange(6) * HOUR, np.full(6, 10.0), np.arange(2, 8))
    act = DeclaredReadings([declared], ZONE, intervals=frozenset({"a"}))
    unchanged = [
        (readings.time_us - BEGIN)[readings.value == 10] // HOUR
        for name, readings in act.put_to("a", rows, BOTH)
        if name == "a"
    ]
    assert [hours.tolist() for hours in unchanged] == [[0, 1, 2, 5]]


def test_nines_that_a_logger_writes_for_a_fault_stay_what_they_are() -> None:
    rows = Readings(
        BEGIN + np.arange(3) * HOUR, np.array([500.0, -999.999, 99999.0]), np.arange(2, 5)
    )
    ((_, readings),) = DeclaredReadings(
        [event("ratio", start="2025-03-01", factor=2.0)], ZONE
    ).put_to("a", rows, BOTH)
    assert readings.value.tolist() == [1000.0, -999.999, 99999.0]


def test_a_clock_is_put_right_by_the_stamp_as_it_was_written() -> None:
    assert put([event("clock", offset="90 min")]) == {
        "a": ([0.0, 1.0, 3.5, 4.5, 4.0, 5.0], [0, 1, 2, 3, 4, 5])
    }
    twice = [
        event("clock", offset="90 min"),
        event("ratio", start="2025-03-01T03:00:00", factor=10.0),
    ]
    assert put(twice) == {
        "a": ([0.0, 1.0, 3.5, 4.5, 4.0, 5.0], [0, 1, 2, 30, 4, 5])
    }  # the stamp written, not the one put right


def test_swapped_channels_give_each_reading_to_the_other_meter() -> None:
    swapped = [event("swap", **{"with": "b"})]
    assert put(swapped) == {"a": ([0.0, 1.0, 4.0, 5.0], [0, 1, 4, 5]), "b": ([2.0, 3.0], [2, 3])}
    assert put(swapped, "b") == {
        "b": ([0.0, 1.0, 4.0, 5.0], [0, 1, 4, 5]),
        "a": ([2.0, 3.0], [2, 3]),
    }
    assert put(swapped, "b", asked=frozenset({"a"})) == {"a": ([2.0, 3.0], [2, 3])}
    assert DeclaredReadings(swapped, ZONE).to_read(frozenset({"a"})) == BOTH


def test_what_is_declared_of_a_meter_acts_on_the_readings_that_are_declared_to_be_its_own() -> None:
    both = [event("swap", **{"with": "b"}), event("ratio", "b", factor=10.0)]
    assert put(both)["b"] == ([2.0, 3.0], [20, 30])
    assert put(both, "b")["a"] == ([2.0, 3.0], [2, 3])


def test_events_that_change_no_reading_change_none() -> None:
    idle = [
        event("unusable"),
        event("reset"),
        event("rounding"),
        event("process"),
        event("ratio", "b", factor=2.0),
    ]
    assert put(idle) == {"a": (HOURS, HOURS)}


def test_each_reading_is_changed_by_itself() -> None:
    events = [
        event("swap", **{"with": "b"}),
        event("ratio", "b", factor=10.0),
        event("clock", "a", offset="7 min", start="2025-03-01"),
    ]
    rows = Readings(BEGIN + np.arange(6) * HOUR, np.arange(6.0), np.arange(2, 8))
    act = DeclaredReadings(events, ZONE)
    whole = {
        (name, int(row)): (int(at), value)
        for name, readings in act.put_to("a", rows, BOTH)
        for at, value, row in _rows(readings)
    }
    single = {
        (name, int(row)): (int(at), value)
        for index in range(6)
        for name, readings in act.put_to("a", rows.at(slice(index, index + 1)), BOTH)
        for at, value, row in _rows(readings)
    }
    assert whole == single


def _rows(readings: Readings) -> list[tuple[int, float, int]]:
    return list(
        zip(
            readings.time_us.tolist(),
            readings.value.tolist(),
            np.asarray(readings.row[np.arange(len(readings))]).tolist(),
            strict=True,
        )
    )
