"""The kernel against an integration done second by second, for every kind of meter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting_agent.metering.curve import until
from reporting_agent.metering.segments import (
    HOUR_US,
    MICROSECONDS,
    Segments,
    interval_segments,
    rate_segments,
    register_segments,
)

SECOND = MICROSECONDS


def micro(*seconds: float) -> np.ndarray:
    return np.array([round(second * SECOND) for second in seconds], dtype=np.int64)


def energy_between(
    segments: Segments, start_us: np.ndarray, end_us: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Energy and known seconds of each half-open window [start, end): E(end) - E(start), E summed
    over what has passed of every segment.
    """

    def passed(moments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        each = [until(segments, np.full(len(segments), moment)) for moment in moments]
        return np.array([energy.sum() for _, energy in each]), np.array(
            [known_us.sum() for known_us, _ in each]
        )

    (energy_a, known_a), (energy_b, known_b) = passed(start_us), passed(end_us)
    return energy_b - energy_a, (known_b - known_a) / MICROSECONDS


def by_the_second(segments: Segments, first_s: int, last_s: int) -> tuple[float, int]:
    """Power at the middle of every second, straight from the definition of a segment."""
    energy, seconds_known = 0.0, 0
    for second in range(first_s, last_s):
        for start, end, whole, bend in zip(
            segments.start_us, segments.end_us, segments.energy, segments.bend, strict=True
        ):
            if start <= second * SECOND < end:
                length_s = (end - start) / SECOND
                share = (second + 0.5 - start / SECOND) / length_s
                energy += (whole + bend * (2 * share - 1)) / length_s
                seconds_known += 1
    return energy, seconds_known


readings = st.lists(st.tuples(st.integers(1, 40), st.floats(0, 500)), min_size=2, max_size=25)


@settings(max_examples=60, deadline=None)
@given(
    steps=readings,
    kind=st.sampled_from(["register", "rate", "interval"]),
    start=st.integers(0, 400),
    length=st.integers(1, 400),
)
def test_every_kind_agrees_with_an_integration_by_the_second(
    steps: list[tuple[int, float]], kind: str, start: int, length: int
) -> None:
    time_us = np.cumsum([step for step, _ in steps]) * SECOND
    value = np.array([amount for _, amount in steps])
    segments = {
        "register": lambda: register_segments(time_us, np.cumsum(value)),
        "rate": lambda: rate_segments(time_us, value),
        "interval": lambda: interval_segments(time_us, value, stamp="end", length_us=None),
    }[kind]()
    energy, known_s = energy_between(segments, micro(start), micro(start + length))
    wanted, seconds_known = by_the_second(segments, start, start + length)
    assert energy[0] == pytest.approx(wanted, rel=1e-9, abs=1e-9)
    assert known_s[0] == pytest.approx(seconds_known)


def test_a_register_is_interpolated_at_both_edges() -> None:
    segments = register_segments(micro(0, 600, 1200), np.array([100.0, 160.0, 190.0]))
    energy, known_s = energy_between(segments, micro(300), micro(900))
    assert energy[0] == pytest.approx(30 + 15)
    assert known_s[0] == 600


def test_a_rate_in_a_straight_line_gives_the_area_of_the_trapezoid() -> None:
    segments = rate_segments(micro(0, 3600), np.array([0.0, 100.0]))
    energy, _ = energy_between(segments, micro(0, 1800), micro(1800, 3600))
    assert energy == pytest.approx([12.5, 37.5])


def test_an_interval_is_split_by_overlap() -> None:
    segments = interval_segments(
        micro(0, 900, 1800), np.array([7.0, 90.0, 30.0]), stamp="end", length_us=None
    )
    energy, _ = energy_between(segments, micro(0, 600), micro(900, 1200))
    assert energy == pytest.approx([90.0, 30.0 + 10.0])


def test_a_declared_interval_length_leaves_missing_time_unknown() -> None:
    segments = interval_segments(
        micro(0, 900, 2700), np.array([1.0, 90.0, 30.0]), stamp="end", length_us=900 * SECOND
    )
    energy, known_s = energy_between(segments, micro(0), micro(2700))
    assert energy[0] == pytest.approx(120.0)
    assert known_s[0] == 1800


def test_an_interval_stamped_at_its_start_counts_forward() -> None:
    segments = interval_segments(
        micro(0, 900, 1800), np.array([90.0, 30.0, 5.0]), stamp="start", length_us=None
    )
    energy, _ = energy_between(segments, micro(0), micro(900))
    assert energy[0] == pytest.approx(90.0)


@settings(max_examples=50, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 100_000), min_size=2, max_size=30, unique=True),
    values=st.lists(st.floats(0, 1e6), min_size=3, max_size=50),
)
def test_windows_that_touch_share_out_the_whole_and_nothing_twice(
    cuts: list[int], values: list[float]
) -> None:
    time_us = np.arange(len(values), dtype=np.int64) * 1700 * SECOND
    segments = rate_segments(time_us, np.array(values))
    edges = np.array(sorted(cuts), dtype=np.int64) * SECOND
    parts, _ = energy_between(segments, edges[:-1], edges[1:])
    whole, _ = energy_between(segments, edges[:1], edges[-1:])
    assert parts.sum() == pytest.approx(whole[0], rel=1e-9, abs=1e-6)


def test_outside_all_segments_nothing_is_known() -> None:
    segments = register_segments(micro(0, 600), np.array([0.0, 10.0]))
    energy, known_s = energy_between(segments, micro(-600, 600, 700), micro(0, 900, 800))
    assert energy.tolist() == [0.0, 0.0, 0.0]
    assert known_s.tolist() == [0.0, 0.0, 0.0]


def test_an_hour_is_an_hour() -> None:
    assert HOUR_US == 3_600_000_000
