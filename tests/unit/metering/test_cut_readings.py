"""A run's energy where a reading lies across its start or end: as it was drawn, not by the share of
time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from reporting_agent.config import Meter
from reporting_agent.metering import Course, MeterQuery, Windows, courses, cut_readings
from reporting_agent.metering.moments import beside_edges
from reporting_agent.metering.segments import Readings

MINUTE_US = 60_000_000
IDLE_KW, RUNNING_KW = 120.0, 2_000.0


@dataclass(frozen=True)
class Line:
    """Power by the minute, and the minutes at which runs begin and end."""

    power_kw: NDArray[np.float64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]

    @property
    def windows(self) -> Windows:
        return Windows(self.start * MINUTE_US, self.end * MINUTE_US)

    @property
    def counted_kwh(self) -> NDArray[np.float64]:
        """At each full minute."""
        return np.concatenate(([0.0], np.cumsum(self.power_kw) / 60))

    @property
    def true_kwh(self) -> NDArray[np.float64]:
        return self.counted_kwh[self.end] - self.counted_kwh[self.start]


def melts(runs: int, shortest_pause: int, longest_pause: int) -> Line:
    """A furnace that is slow to rise and early to fall, and keeps warm in between."""
    chance = np.random.default_rng(1)
    length, pause = (
        chance.integers(72, 112, runs),
        chance.integers(shortest_pause, longest_pause, runs),
    )
    start = 300 + np.cumsum(np.concatenate(([0], (length + pause)[:-1])))
    power = np.full(int(start[-1] + length[-1]) + 300, IDLE_KW)
    for first, minutes in zip(start.tolist(), length.tolist(), strict=True):
        shape = np.ones(minutes)
        shape[:6], shape[-8:] = 0.5, 0.6
        power[first : first + minutes] = RUNNING_KW * shape * chance.normal(1, 0.02)
    return Line(power, start, start + length)


def read(line: Line, kind: str, every: int, missing: slice = slice(0)) -> Course:
    """What a meter of the line tells that is read every so many minutes."""
    at = np.arange(0, len(line.power_kw), every)
    value = {
        "register": line.counted_kwh[at],
        "interval": np.diff(line.counted_kwh[at], prepend=0.0),
        "rate": line.power_kw[at],
    }[kind]
    keep = np.delete(np.arange(len(at)), missing)
    readings = Readings(at[keep] * MINUTE_US, value[keep].round(3), keep + 2)
    windows = line.windows
    moments = np.concatenate(
        (windows.start_us, windows.end_us, beside_edges(windows), [0, int(at[-1]) * MINUTE_US])
    )
    meter = Meter(
        id="m",
        step="s",
        carrier="electricity",
        reading=kind,
        unit="kWh" if kind != "rate" else "kW",
        interval_s=every * 60,
    )

    def lane(names: frozenset[str]) -> Iterable[tuple[str, Readings, str]]:
        return [("m", readings, "m.csv")]

    return courses([MeterQuery(meter, moments, 7_200.0)], [lane], fast=True)["m"]


def bias(course: Course, line: Line) -> float:
    return float(np.mean(course.over(line.windows).energy / line.true_kwh - 1))


@pytest.mark.parametrize(
    ("kind", "every", "lost"),
    [
        ("register", 5, -0.008),
        ("interval", 10, -0.015),
        ("interval", 15, -0.025),
        ("rate", 5, -0.004),
    ],
)
def test_runs_beside_long_pauses_lose_nothing_to_them(kind: str, every: int, lost: float) -> None:
    line = melts(120, 60, 240)
    course = read(line, kind, every)
    assert bias(course, line) < lost  # divided by time
    assert (
        abs(bias(cut_readings.divided(course, line.windows, sampled=kind == "rate"), line)) < 0.002
    )


def test_the_power_of_short_pauses_is_told_from_many_of_different_lengths() -> None:
    line = melts(400, 14, 40)
    course = read(line, "interval", 15)
    assert bias(course, line) < -0.03
    assert abs(bias(cut_readings.divided(course, line.windows, sampled=False), line)) < 0.002


def test_beside_a_few_short_pauses_the_runs_go_on_as_they_were() -> None:
    line = melts(20, 14, 40)
    course = read(line, "interval", 15)
    assert 0 < bias(cut_readings.divided(course, line.windows, sampled=False), line) < 0.02


@pytest.mark.parametrize("every", [5, 15])
def test_runs_and_pauses_still_come_to_the_meter(every: int) -> None:
    line = melts(100, 14, 240)
    course = read(line, "register", every)
    again, last = (
        cut_readings.divided(course, line.windows, sampled=False),
        int(course.curve.moments_us[-1]),
    )
    pauses = Windows(
        np.concatenate(([0], line.windows.end_us)), np.concatenate((line.windows.start_us, [last]))
    )
    whole = course.curve.over(np.array([0]), np.array([last]))[0].sum()
    assert again.over(line.windows).energy.sum() + again.over(pauses).energy.sum() == whole
    assert (np.diff(again.curve.steps) >= 0).all()
    assert (
        course.over(line.windows).energy.sum() != again.over(line.windows).energy.sum()
    )  # the first stays as it was


def test_an_edge_upon_a_reading_stays_as_it_is() -> None:
    line = melts(100, 60, 240)
    course = read(line, "register", 1)
    again = cut_readings.divided(course, line.windows, sampled=False)
    assert np.array_equal(again.curve.steps, course.curve.steps)


def test_beside_time_that_nobody_read_an_edge_stays_as_it_is() -> None:
    line = melts(3, 60, 61)
    middle = int(line.start[1])
    course = read(line, "register", 5, missing=slice(middle // 5 - 40, middle // 5))
    again = cut_readings.divided(course, line.windows, sampled=False)
    assert again.over(line.windows).energy[1] == pytest.approx(
        course.over(line.windows).energy[1], rel=0.02
    )
    assert (np.diff(again.curve.steps) >= 0).all()


def test_no_runs_ask_for_nothing() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert not len(beside_edges(Windows(none, none)))
