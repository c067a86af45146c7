"""Rows of a file in any order: the same curve, or what could not be told is flagged and nothing is
lost.
"""

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting_agent.config import Meter
from reporting_agent.metering import Course, MeterQuery, cleaning, courses, order
from reporting_agent.metering.segments import Readings
from tests.unit.metering.records import FAULTS, SECOND, record

COUNT = 300
AMBIGUOUS = ("back", "twice")

kinds = st.sampled_from(["register", "rate", "interval"])
ways = st.sampled_from(
    ["at random", "days apart", "neighbours", "newest first", "two halves", "some late"]
)


def follow(kind: str, data: Readings, block: int = COUNT + 1) -> Course:
    rollover = 10_000.0 if kind == "register" else None
    meter = Meter(
        id="m",
        step="s",
        carrier="electricity",
        reading=kind,
        unit="kWh",
        range=(0.0, 6000.0),
        rollover=rollover,
    )

    def read(names: frozenset[str]) -> Iterable[tuple[str, Readings, str]]:
        for first in range(0, len(data), block):
            yield "m", data.at(slice(first, first + block)), "readings.csv"

    moments_us = np.arange(0, COUNT * 100, 97, dtype=np.int64) * SECOND
    return courses([MeterQuery(meter, moments_us, 300.0)], [read], fast=True)["m"]


def disordered(count: int, way: str, seed: int) -> np.ndarray:
    chance = np.random.default_rng(seed)
    rows = np.arange(count)
    if way == "at random":
        return chance.permutation(rows)
    if way == "days apart":
        pieces = np.array_split(rows, 8)
        return np.concatenate([pieces[at] for at in chance.permutation(8)])
    if way == "neighbours":
        return np.argsort(rows + chance.uniform(0, 4, count))
    if way == "newest first":
        return rows[::-1]
    if way == "two halves":
        half = count // 2
        return np.concatenate((rows[half:], rows[:half]))
    late = np.unique(chance.integers(10, count - 10, 5))
    return np.concatenate((np.delete(rows, late), chance.permutation(late)))


def codes(course: Course) -> set[str]:
    return {finding.code for finding in course.findings}


def assert_alike(course: Course, other: Course) -> None:
    np.testing.assert_array_equal(course.curve.steps, other.curve.steps)
    assert codes(course) - {"reading-disordered"} == codes(other) - {"reading-disordered"}
    assert course.facts == other.facts


@settings(max_examples=300, deadline=None)
@given(
    kind=kinds,
    fault=st.sampled_from([fault for fault in FAULTS if fault not in AMBIGUOUS]),
    at=st.integers(5, 270),
    seed=st.integers(0, 99),
    even=st.booleans(),
    way=ways,
    block=st.sampled_from([30, 150, COUNT + 1]),
)
def test_rows_in_any_order_give_the_same_curve(
    kind: str, fault: str, at: int, seed: int, even: bool, way: str, block: int
) -> None:
    data = record(kind, fault, at, seed, COUNT, even)
    assert_alike(follow(kind, data.at(disordered(len(data), way, seed)), block), follow(kind, data))


@settings(max_examples=100, deadline=None)
@given(kind=kinds, at=st.integers(5, 270), seed=st.integers(0, 99))
def test_rows_written_twice_count_once_in_any_order(kind: str, at: int, seed: int) -> None:
    data = record(kind, "twice", at, seed, COUNT, even=True)
    assert_alike(
        follow(kind, data.at(disordered(len(data), "at random", seed))), follow(kind, data)
    )


@settings(max_examples=100, deadline=None)
@given(kind=kinds, at=st.integers(5, 270), seed=st.integers(0, 99))
def test_a_clock_put_back_is_flagged_in_a_file_that_is_not_sorted_and_no_time_is_lost(
    kind: str, at: int, seed: int
) -> None:
    data = record(kind, "back", at, seed, COUNT, even=True)
    shuffled = follow(kind, data.at(disordered(len(data), "at random", seed)))
    assert {"reading-conflict", "reading-disordered"} <= codes(shuffled)
    assert "clock-jump" not in codes(shuffled)
    counts = {finding.code: finding.count for finding in shuffled.findings}
    assert counts["reading-conflict"] + counts.get("reading-duplicate", 0) == len(data) - len(
        np.unique(data.time_us)
    )


def test_without_the_rule_for_files_that_are_not_sorted_readings_are_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    half = COUNT // 2
    data = record("register", "none", 0, 1, COUNT, even=True)
    data.time_us[half:] -= half * 60 * SECOND  # all time twice
    first, second = disordered(half - 1, "at random", 1), half + disordered(half, "at random", 2)
    shuffled = data.at(np.concatenate((first, [half - 1], second)))
    assert "clock-jump" not in codes(follow("register", shuffled))
    monkeypatch.setattr(order, "FEWEST_STEPS_BACK", COUNT)
    assert "clock-jump" in codes(follow("register", shuffled))


def test_the_time_between_readings_is_that_of_their_order_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = record("register", "none", 0, 1, COUNT, even=True)
    shuffled = data.at(disordered(COUNT, "at random", 1))
    monkeypatch.setattr(order, "FEWEST_STEPS_BACK", COUNT)
    assert codes(follow("register", shuffled)) == {"reading-disordered"}
    between = order.Spacing.of(
        np.abs(np.diff(shuffled.time_us)).cumsum()
    )  # as they stand in the file
    monkeypatch.setattr(order.Spacing, "of", lambda rising_us: between)
    assert "clock-jump" in codes(follow("register", shuffled))


def leaping(first: str) -> Readings:
    """A logger whose clock is set ahead (or back) and put right a hundred readings later."""
    time_us = np.arange(COUNT, dtype=np.int64) * 60 * SECOND
    time_us[140:240] += (3600 if first == "ahead" else -1800) * SECOND
    return Readings(
        time_us,
        np.round(np.random.default_rng(3).uniform(20, 60, COUNT), 1),
        np.arange(2, COUNT + 2),
    )


ACROSS = 170  # readings in a block, so that the leap is in one and what undoes it in the next


@pytest.mark.parametrize("block", [50, 150, ACROSS, 200, COUNT + 1])
@pytest.mark.parametrize("first", ["ahead", "back"])
def test_a_clock_that_leaps_in_one_block_and_back_in_another_is_told_as_in_one(
    first: str, block: int
) -> None:
    """Which of its readings are wrong is a matter of the whole record."""
    course = follow("interval", leaping(first), block)
    assert_alike(course, follow("interval", leaping(first)))
    assert next(finding for finding in course.findings if finding.code == "clock-jump").count == 100


def test_told_by_one_block_alone_the_wrong_readings_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the look at the whole record off."""
    honest = cleaning.in_order
    monkeypatch.setattr(cleaning, "in_order", lambda *of: (honest(*of)[0], False))
    course = follow("interval", leaping("ahead"), ACROSS)
    assert next(finding for finding in course.findings if finding.code == "clock-jump").count != 100
