"""A window metered by itself: by hand, whatever stands elsewhere, and in whatever blocks the
readings come.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting_agent.config import Meter
from reporting_agent.metering import MeterQuery, Windows, courses
from reporting_agent.metering.own_window import OwnWindows
from reporting_agent.metering.segments import STEPS_PER_UNIT, Readings
from tests.unit.metering.records import FAULTS, SECOND, record

MINUTE = 60 * SECOND
Rows = Sequence[tuple[float, float]]


def meter(reading: str, **keys: Any) -> Meter:
    return Meter(
        id="m",
        step="eaf",
        carrier="electricity",
        reading=reading,
        unit="kW" if reading == "rate" else "kWh",
        **keys,
    )


def readings(rows: Rows) -> Readings:
    """Readings of (minute, value)."""
    minutes, values = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return Readings(np.rint(minutes * MINUTE).astype(np.int64), values, np.arange(2, 2 + len(rows)))


def metered(
    of: Meter, windows: list[tuple[float, float]], *blocks: Readings, gap_min: float = 60
) -> tuple[list[float], list[float]]:
    """Energy and completeness of windows given in minutes."""
    edges = np.rint(np.array(windows) * MINUTE).astype(np.int64)
    own = OwnWindows(of, Windows(edges[:, 0], edges[:, 1]), gap_min * 60)
    for block in blocks:
        own.take(block)
    own.close()
    if own.late:
        for block in blocks:
            own.take_again(block)
        own.close()
    energies = own.energies()
    return energies.energy.tolist(), energies.completeness.tolist()


@pytest.mark.parametrize(
    ("of", "rows", "energy", "completeness"),
    [
        (
            meter("register"),
            [(0, 100), (10, 110), (20, 130)],
            10 + 20 + 20,
            1.0,
        ),  # the last stretch goes on from 20 to 30
        (
            meter("register"),
            [(5, 100), (15, 110), (25, 130)],
            5 + 10 + 20 + 10,
            1.0,
        ),  # and the first back from 5 to 0
        (meter("register"), [(5, 100)], 0, 0.0),  # one reading tells no energy
        (
            meter("register"),
            [(0, 100), (10, 50), (20, 60)],
            10 + 10,
            2 / 3,
        ),  # it fell: unknown in between
        (meter("register", rollover=1000.0), [(0, 990), (10, 0), (20, 10)], 10 + 10 + 10, 1.0),
        (
            meter("register"),
            [(0, 100), (10, 5), (20, 120)],
            20 + 10,
            1.0,
        ),  # leaves the line of its neighbours
        (meter("register"), [(0, 100), (10, float("nan")), (20, 120)], 20 + 10, 1.0),
        (
            meter("register"),
            [(0, 100), (10, 110), (10, 500), (20, 120)],
            10 + 10 + 10,
            1.0,
        ),  # of one stamp the first counts
        (
            meter("register"),
            [(0, 100), (10, 110), (25, 5e12)],
            10,
            1 / 3,
        ),  # no meter counts this, and it goes on over no edge
        (meter("rate"), [(0, 60), (10, 120), (20, 60)], 15 + 15 + 10, 1.0),
        (
            meter("rate", range=(0.0, 200.0)),
            [(0, 60), (10, 9e9), (20, 60)],
            20 + 10,
            1.0,
        ),  # outside the range is no reading
        (
            meter("rate", range=(0.0, 200.0)),
            [(0, 60), (10, 200), (20, 60)],
            10,
            1 / 3,
        ),  # at its end it tells nothing on either side
        (meter("interval"), [(10, 7), (20, 8), (30, 9)], 24, 1.0),
        (
            meter("interval"),
            [(5, 10), (15, 20), (25, 20)],
            5 + 20 + 20 + 10,
            1.0,
        ),  # the first is cut at the edge
        (
            meter("interval", interval_s=300.0),
            [(10, 7), (20, 8), (30, 9)],
            24,
            0.5,
        ),  # five minutes each, and nothing in between
        (meter("interval", stamp="start"), [(0, 7), (10, 8), (20, 9)], 24, 1.0),
    ],
)
def test_a_window_by_hand(of: Meter, rows: Rows, energy: float, completeness: float) -> None:
    energies, share = metered(of, [(0, 30)], readings(rows))
    assert energies == [pytest.approx(energy, abs=1e-5)]
    assert share == [pytest.approx(completeness)]


def test_no_stretch_longer_than_the_longest_gap_is_known() -> None:
    rows = [(0, 0.0), (10, 10.0), (60, 60.0), (70, 70.0)]
    assert metered(meter("register"), [(0, 120)], readings(rows), gap_min=49) == (
        [20.0],
        [20 / 120],
    )  # twice 50 minutes
    assert metered(meter("register"), [(0, 120)], readings(rows), gap_min=50) == ([120.0], [1.0])


def test_a_reading_at_the_edge_is_of_one_window() -> None:
    """Of a register that of the window that begins there; of an interval that ends there, of the
    one that ends.
    """
    rows = [(0, 0.0), (10, 10.0), (20, 40.0), (30, 80.0)]
    moved = [(0, 0.0), (10, 10.0), (20, 1000.0), (30, 80.0)]
    windows = [(0.0, 20.0), (20.0, 40.0)]
    assert (
        metered(meter("register"), windows, readings(rows))[0][0]
        == metered(meter("register"), windows, readings(moved))[0][0]
    )
    assert (
        metered(meter("interval"), windows, readings(rows))[0][1]
        == metered(meter("interval"), windows, readings(moved))[0][1]
    )
    assert (
        metered(meter("interval"), windows, readings(rows))[0][0]
        != metered(meter("interval"), windows, readings(moved))[0][0]
    )


@settings(max_examples=100, deadline=None)
@given(
    reading=st.sampled_from(["register", "rate", "interval"]),
    fault=st.sampled_from(
        [fault for fault in FAULTS if fault not in {"flat", "leap", "back"}]
    ),  # those need the whole record
    at=st.integers(5, 190),
    seed=st.integers(0, 10_000),
    factor=st.sampled_from([1.0, 1e-3]),
)
def test_between_readings_a_window_and_the_curve_know_the_same(
    reading: str, fault: str, at: int, seed: int, factor: float
) -> None:
    """Loads of the rate go up to the end of its range."""
    of = meter(
        reading,
        range=(0.0, 90.0 if reading == "rate" else 6000.0),
        rollover=10_000.0 if reading == "register" else None,
    )
    data = record(reading, fault, at, seed, 200, even=True)
    first, last = np.sort(data.time_us)[[2, -3]]
    end = (
        last if reading == "interval" else last + 1
    )  # so that the reading at its end is the window's
    own = OwnWindows(of, Windows(np.array([first]), np.array([end])), 300.0, factor)
    own.take(data)
    own.close()
    curve = courses(
        [MeterQuery(of, np.array([first, last]), 300.0, factor)], [lambda _: [("m", data, "")]]
    )["m"].curve
    energy, known_s = curve.over(np.array([first]), np.array([last]))
    assert own.energies().energy == pytest.approx(
        energy, abs=len(data) / STEPS_PER_UNIT
    )  # each piece is rounded by itself
    assert own.energies().completeness * (end - first) == pytest.approx(known_s * 1e6, abs=2)


@settings(max_examples=150, deadline=None)
@given(
    reading=st.sampled_from(["register", "rate", "interval"]),
    fault=st.sampled_from(FAULTS),
    others=st.sampled_from(FAULTS),
    seed=st.integers(0, 10_000),
    cut=st.integers(1, 199),
)
def test_what_stands_elsewhere_and_in_which_blocks_it_comes_changes_nothing(
    reading: str, fault: str, others: str, seed: int, cut: int
) -> None:
    of = meter(reading, range=(0.0, 6000.0)) if reading == "rate" else meter(reading)
    whole = record(reading, fault, 60, seed, 200, even=True)
    beside = record(reading, others, 150, seed + 1, 200, even=True)
    windows = [(10.0, 55.0), (55.0, 110.0), (115.0, 190.0)]
    late = 1 if reading == "interval" else 0
    mine = (whole.time_us - late >= 55 * MINUTE) & (whole.time_us - late < 110 * MINUTE)
    theirs = (beside.time_us - late < 55 * MINUTE) | (beside.time_us - late >= 110 * MINUTE)
    changed = whole.at(mine).then(beside.at(theirs))
    energy, shares = metered(of, windows, whole)
    assert metered(of, windows, whole.at(slice(None, cut)), whole.at(slice(cut, None))) == (
        energy,
        shares,
    )
    other_energy, other_known = metered(
        of, windows, changed.at(slice(None, cut)), changed.at(slice(cut, None))
    )
    assert (other_energy[1], other_known[1]) == (energy[1], shares[1])
