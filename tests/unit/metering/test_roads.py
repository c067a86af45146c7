"""The fast road and the careful one: the same energies, facts and findings to the last bit."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reporting_agent.config import Meter
from reporting_agent.metering import Course, MeterQuery, courses
from reporting_agent.metering.segments import Readings
from reporting_agent.metering.stream import FIRST_READINGS
from tests.unit.metering.records import FAULTS, record


def followed(
    meter: Meter, data: Readings, moments_us: np.ndarray, fast: bool, block: int, factor: float
) -> Course:
    def read(names: frozenset[str]) -> Iterable[tuple[str, Readings, str]]:
        for start in range(0, len(data), block):
            yield meter.id, data.at(slice(start, start + block)), "readings.csv"

    return courses([MeterQuery(meter, moments_us, 300.0, factor)], [read], fast=fast)[meter.id]


@settings(max_examples=150, deadline=None)
# a standstill that begins with the last reading of a block: the pair over the edge was not counted
@example(
    kind="interval",
    fault="flat",
    at=247,
    seed=585,
    even=True,
    block=248,
    limited=True,
    stamp="start",
    interval_s=None,
    factor=1.0,
    offset_s=0.0,
)
@given(
    kind=st.sampled_from(["register", "rate", "interval"]),
    fault=st.sampled_from(FAULTS),
    at=st.integers(5, 380),
    seed=st.integers(0, 1000),
    even=st.booleans(),
    block=st.integers(17, 450),
    limited=st.booleans(),
    stamp=st.sampled_from(["end", "start"]),
    interval_s=st.sampled_from([None, 60.0]),
    factor=st.sampled_from([1.0, 1e-3]),
    offset_s=st.sampled_from([0.0, 37.5]),
)
def test_both_roads_tell_the_same(
    kind: str,
    fault: str,
    at: int,
    seed: int,
    even: bool,
    block: int,
    limited: bool,
    stamp: str,
    interval_s: float | None,
    factor: float,
    offset_s: float,
) -> None:
    meter = Meter(
        id="m",
        step="s",
        carrier="electricity",
        reading=kind,
        unit="kWh",
        range=(0.0, 6000.0) if limited else None,
        rollover=10_000.0 if kind == "register" else None,
        stamp=stamp if kind == "interval" else "end",
        interval_s=interval_s if kind == "interval" else None,
        clock_offset_s=offset_s,
    )
    data = record(kind, fault, at, seed, 400, even)
    chance = np.random.default_rng(seed)
    first, last = int(data.time_us.min()), int(data.time_us.max())
    moments = np.concatenate((chance.integers(first - 10**8, last + 10**8, 60), data.time_us[::37]))
    careful = followed(meter, data, moments, False, block, factor)
    fast = followed(meter, data, moments, True, block, factor)
    assert fast.curve.steps.tolist() == careful.curve.steps.tolist()
    assert fast.curve.known_us.tolist() == careful.curve.known_us.tolist()
    assert fast.curve.unplaced_steps.tolist() == careful.curve.unplaced_steps.tolist()
    assert fast.facts == careful.facts
    assert [replace(finding, places=()) for finding in fast.findings] == [
        replace(finding, places=()) for finding in careful.findings
    ]


def test_a_sound_record_takes_the_fast_road(monkeypatch: pytest.MonkeyPatch) -> None:
    from reporting_agent.metering.stream import MeterStream

    laid_out = []
    careful = MeterStream.feed

    def feed(self: MeterStream, readings: Readings, file: str) -> object:
        laid_out.append(len(readings))
        return careful(self, readings, file)

    monkeypatch.setattr(MeterStream, "feed", feed)
    meter = Meter(
        id="m", step="s", carrier="electricity", reading="register", unit="kWh", range=(0.0, 6000.0)
    )
    data = record("register", "none", 0, 1, 5 * FIRST_READINGS, even=True)
    followed(meter, data, data.time_us[:2], True, 3 * FIRST_READINGS, 1.0)
    assert laid_out == [FIRST_READINGS]  # where the record begins; all others pass
