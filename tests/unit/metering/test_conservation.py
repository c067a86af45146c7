"""Batches, pauses and what no rule may place make up the meter, to the last digit kept; nothing
that changes no reading changes an energy.

Energies are whole multiples of 2^-20 of the unit, so every comparison here is of equal numbers, not
of near ones.
"""

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.measurements import Period
from reporting_agent.config import Meter
from reporting_agent.metering import Course, MeterQuery, MeterRecord, Windows, courses
from reporting_agent.metering.moments import hours_of, intervals_of, of_record
from reporting_agent.metering.record import OccupiedWindows, record_of
from reporting_agent.metering.segments import Readings
from tests.unit.metering.records import FAULTS, record

STEP_S = 60
COUNT = 300
DAY = Period(
    datetime(1970, 1, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, 5, 30, tzinfo=UTC), "a morning"
)

kinds = st.sampled_from(["register", "rate", "interval"])
faults = st.sampled_from(FAULTS)
edges = st.lists(st.integers(0, COUNT * STEP_S * 10), min_size=2, max_size=24, unique=True).map(
    lambda tenths: sorted(t * 100_000 for t in tenths)
)


def meter_of(kind: str) -> Meter:
    rollover = 10_000.0 if kind == "register" else None
    return Meter(
        id="m",
        step="s",
        carrier="electricity",
        reading=kind,
        unit="kWh",
        range=(0.0, 6000.0),
        rollover=rollover,
    )


def follow(meter: Meter, blocks: Sequence[Readings], moments_us: Iterable[int]) -> Course:
    def read(names: frozenset[str]) -> Iterable[tuple[str, Readings, str]]:
        return ((meter.id, block, f"{index}.csv") for index, block in enumerate(blocks))

    return courses(
        [MeterQuery(meter, np.array(sorted(moments_us), dtype=np.int64), 300.0)], [read], fast=True
    )[meter.id]


def windows(starts: Sequence[int], ends: Sequence[int]) -> Windows:
    return Windows(np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64))


def recorded(meter: Meter, course: Course, batches: Windows, period: Period | None) -> MeterRecord:
    order = np.argsort(batches.start_us, kind="stable")
    placed = Windows(batches.start_us[order], batches.end_us[order])
    occupied = OccupiedWindows(placed, [f"b{place}" for place in order.tolist()])
    return record_of(meter, "kWh", True, course, occupied, hours_of(period, UTC), UTC)


@settings(max_examples=120, deadline=None)
@given(
    kind=kinds,
    fault=faults,
    at=st.integers(5, 280),
    seed=st.integers(0, 99),
    cuts=edges,
    whole=st.booleans(),
)
def test_batches_pauses_and_what_is_unplaced_are_the_meter(
    kind: str, fault: str, at: int, seed: int, cuts: list[int], whole: bool
) -> None:
    meter, data = meter_of(kind), record(kind, fault, at, seed, COUNT, even=True)
    batches = windows(cuts[:-1:2], cuts[1::2])
    period = None if whole else DAY
    course = follow(meter, [data], of_record(batches, hours_of(period, UTC)).tolist())
    meter_record = recorded(meter, course, batches, period)
    assert (
        meter_record.total == meter_record.in_batches + meter_record.outside + meter_record.unplaced
    )
    assert meter_record.outside == sum(stretch.energy for stretch in meter_record.stretches)
    energies = course.over(batches).energy
    starts_us, first_us, last_us = batches.start_us, meter_record.start_us, meter_record.end_us
    own = (
        energies.sum() if whole else energies[(starts_us >= first_us) & (starts_us < last_us)].sum()
    )
    assert own == meter_record.in_batches - meter_record.began_before + meter_record.runs_on
    if not whole:
        assert meter_record.hour_energy.sum() == meter_record.total - meter_record.unplaced
        assert meter_record.known_s + meter_record.missing_s == (last_us - first_us) / 1e6
    for energy in (
        *energies.tolist(),
        meter_record.total,
        meter_record.outside,
        meter_record.in_batches,
        meter_record.unplaced,
    ):
        assert Fraction(energy) * 2**20 == int(Fraction(energy) * 2**20)


@settings(max_examples=60, deadline=None)
@given(at=st.integers(5, 280), seed=st.integers(0, 99))
def test_a_register_counts_its_last_value_less_its_first_whatever_was_missing_between(
    at: int, seed: int
) -> None:
    meter, data = meter_of("register"), record("register", "gap", at, seed, COUNT, even=True)
    meter_record = recorded(
        meter, follow(meter, [data], [-(1 << 61), 1 << 61]), windows([], []), None
    )
    counted = Fraction(float(data.value[-1])) - Fraction(float(data.value[0]))
    assert abs(Fraction(meter_record.total) - counted) <= Fraction(
        1, 2**20
    )  # two roundings to the grid
    assert meter_record.unplaced > 0
    assert meter_record.missing_s == 13 * STEP_S


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    kind=kinds,
    fault=faults,
    at=st.integers(5, 280),
    seed=st.integers(0, 99),
    cuts=edges,
    block=st.integers(20, 400),
)
def test_splitting_and_merging_batches_leaves_every_sum_identical(
    kind: str, fault: str, at: int, seed: int, cuts: list[int], block: int
) -> None:
    meter, data = meter_of(kind), record(kind, fault, at, seed, COUNT, even=True)
    coarse = follow(meter, [data], (cuts[0], cuts[-1]))
    fine = follow(meter, [data], cuts)
    merged = coarse.over(windows(cuts[:1], cuts[-1:])).energy
    assert fine.over(windows(cuts[:-1], cuts[1:])).energy.sum() == merged[0]
    assert fine.over(windows(cuts[:1], cuts[-1:])).energy[0] == merged[0]


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    kind=kinds,
    seed=st.integers(0, 99),
    cuts=edges,
    sizes=st.lists(st.integers(1, 90), min_size=1, max_size=20),
    order=st.randoms(),
)
def test_order_of_rows_batches_and_files_and_the_size_of_blocks_change_nothing(
    kind: str, seed: int, cuts: list[int], sizes: list[int], order: random.Random
) -> None:
    meter, data = meter_of(kind), record(kind, "none", 0, seed, COUNT, even=True)
    pairs = list(pairwise(cuts))
    plainly = (
        follow(meter, [data], cuts)
        .over(windows(*map(list, zip(*pairs, strict=True))))
        .energy.tolist()
    )
    wanted = dict(zip(pairs, plainly, strict=True))

    bounds = [0, *np.cumsum(sizes).tolist()]
    blocks = [
        data.at(slice(first, last))
        for first, last in zip(bounds, [*bounds[1:], COUNT], strict=True)
        if first < min(last, COUNT)
    ]
    order.shuffle(pairs)
    cut = (
        follow(meter, blocks, cuts)
        .over(windows(*map(list, zip(*pairs, strict=True))))
        .energy.tolist()
    )
    assert dict(zip(pairs, cut, strict=True)) == wanted

    order.shuffle(blocks)  # files in another order: the meter is read again as a whole, and sorted
    shuffled = (
        follow(meter, blocks, cuts)
        .over(windows(*map(list, zip(*pairs, strict=True))))
        .energy.tolist()
    )
    assert dict(zip(pairs, shuffled, strict=True)) == wanted


@settings(max_examples=30, deadline=None)
@given(start_s=st.integers(0, 600), length_s=st.integers(1, 4000), seed=st.integers(0, 99))
def test_edges_are_half_open_and_interpolated_at_both_ends(
    start_s: int, length_s: int, seed: int
) -> None:
    meter, data = meter_of("register"), record("register", "none", 0, seed, COUNT, even=True)
    first_us = int(data.time_us[0])
    begins, ends = first_us + start_s * 1_000_000, first_us + (start_s + length_s) * 1_000_000
    energy = follow(meter, [data], (begins, ends)).over(windows([begins], [ends])).energy[0]
    seconds = (data.time_us - first_us) / 1e6
    wanted = np.interp(start_s + length_s, seconds, data.value) - np.interp(
        start_s, seconds, data.value
    )
    assert abs(energy - wanted) < 3 / 2**20


def test_local_hours_tile_a_period_over_both_changes_of_the_clock_and_in_odd_zones() -> None:
    from zoneinfo import ZoneInfo

    for zone, hours in (
        ("Europe/Berlin", 8760),
        ("Asia/Kolkata", 8760),
        ("Australia/Lord_Howe", 8760),
    ):
        period = Period.parse("2021", ZoneInfo(zone))
        boundaries = hours_of(period, ZoneInfo(zone))
        lengths = np.diff(boundaries) / 3.6e9
        assert boundaries[0] == int(period.start.timestamp()) * 1_000_000
        assert boundaries[-1] == int(period.end.timestamp()) * 1_000_000
        assert lengths.sum() == hours
        locals_ = [
            (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(at))).astimezone(
                ZoneInfo(zone)
            )
            for at in boundaries[1:-1]
        ]
        assert all(local.minute == local.second == 0 for local in locals_)
        assert lengths.max() <= 1.5  # a clock put back by half an hour
        quarters = intervals_of(boundaries, 15)
        assert set(boundaries.tolist()) <= set(quarters.tolist())
        assert set((np.diff(quarters) / 9e8).tolist()) - {1.0} <= {
            2.0,
            6.0,
        }  # what is no whole hour is not cut
