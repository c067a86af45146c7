"""Logs of which each end is the next start: asked about where the meter sees pauses, and not where
runs follow one another.
"""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from reporting_agent.changes import booking
from reporting_agent.changes.change import Change, ChangeKind
from reporting_agent.changes.lines import MeterLine
from reporting_agent.changes.telling import sentence, to_declare
from reporting_agent.metering import edges
from reporting_agent.metering.curve import Curve
from reporting_agent.metering.moments import slices_of
from reporting_agent.metering.segments import Segments

MINUTE_US = 60_000_000
DAY = 1440
RUNS = 200
IDLE = 0.08  # of the power at work
Minutes = NDArray[np.int64]


def line(start: Minutes, end: Minutes, at_work: NDArray[np.bool_], every: int = 1) -> MeterLine:
    """One line by its meter, read every so many minutes: at work or idle in each minute, with 5 %
    of scatter.
    """
    power = np.where(at_work, 1.0, IDLE) * np.random.default_rng(1).normal(1.0, 0.05, len(at_work))
    energy = power[: len(power) // every * every].reshape(-1, every).sum(axis=1)
    edge_us = np.arange(len(energy) + 1, dtype=np.int64) * every * MINUTE_US
    start_us, end_us = start * MINUTE_US, end * MINUTE_US
    curve = Curve(np.concatenate((start_us, end_us, slices_of(start_us, end_us))))
    curve.add(Segments(edge_us[:-1], edge_us[1:], energy, np.zeros(len(energy))))
    curve.finish()
    runs = SimpleNamespace(
        start_us=start_us,
        end_us=end_us,
        energy=curve.over(start_us, end_us)[0],
        rests=edges.rests_seen(curve, start_us, end_us),
    )
    batches = tuple(
        SimpleNamespace(equipment="mill-1", product="cement", variant="") for _ in start
    )
    record = SimpleNamespace(facts=SimpleNamespace(usual_step_s=60.0 * every))
    stand_in = SimpleNamespace(
        meter="m",
        step="grinding",
        chosen=np.arange(len(start)),
        runs=runs,
        batches=batches,
        record=record,
    )
    return cast("MeterLine", stand_in)


def at_work(start: Minutes, end: Minutes, until: int) -> NDArray[np.bool_]:
    changed = np.zeros(until + 1, dtype=np.int64)
    np.add.at(changed, start, 1)
    np.add.at(changed, end, -1)
    return np.cumsum(changed)[:until] > 0


def campaign(seed: int, usual_pause: int, *, waits: float) -> tuple[Minutes, Minutes]:
    """Runs of four to nine hours; every pause is the usual one, and with the chance `waits` up to
    four hours longer.
    """
    chance = np.random.default_rng(seed)
    length, pause = chance.integers(240, 540, RUNS), np.full(RUNS, usual_pause)
    pause += np.where(chance.random(RUNS) < waits, chance.integers(30, 240, RUNS), 0)
    start = np.concatenate(([0], np.cumsum(length + pause)[:-1])).astype(np.int64)
    return start, start + length


def asked(start: Minutes, end: Minutes, worked: NDArray[np.bool_], every: int = 1) -> list[Change]:
    return booking.pauses_of_lines([line(start, end, worked, every)])


@pytest.mark.parametrize("every", [1, 15])
@pytest.mark.parametrize(("usual", "waits"), [(0, 0.9), (20, 0.3), (20, 0.9)])
def test_pauses_that_the_next_start_takes_in_are_asked_about_with_what_they_drew(
    usual: int, waits: float, every: int
) -> None:
    start, end = campaign(1, usual, waits=waits)
    worked = at_work(start, end, int(end[-1]) + 60)
    joined = np.append(start[1:], end[-1])
    (change,) = asked(start, joined, worked, every)
    idle = IDLE * float((joined - end).sum())
    assert (change.kind, change.equipment, change.first, change.until) == (
        ChangeKind.PAUSES,
        ("mill-1",),
        None,
        None,
    )
    assert change.size == pytest.approx(idle / (idle + float((end - start).sum())), rel=0.25)
    assert "each end in the log is the next start" in str(sentence(change))
    assert 'kind = "unusable"' in to_declare(change, date(2025, 1, 1))


def test_a_log_with_its_own_ends_is_not_looked_at() -> None:
    start, end = campaign(1, 20, waits=0.9)
    assert not len(slices_of(start * MINUTE_US, end * MINUTE_US))
    assert asked(start, end, at_work(start, end, int(end[-1]) + 60)) == []


@pytest.mark.parametrize("every", [1, 15])
def test_heats_that_all_end_in_the_same_rest_are_not(every: int) -> None:
    start = np.arange(RUNS, dtype=np.int64) * 50 + np.random.default_rng(2).integers(0, 3, RUNS)
    worked = at_work(start, start + 42, int(start[-1]) + 60)
    assert asked(start, np.append(start[1:], start[-1] + 50), worked, every) == []


def test_runs_without_a_pause_are_not() -> None:
    start, _ = campaign(3, 0, waits=0.0)
    end = np.append(start[1:], start[-1] + 300)
    assert asked(start, end, at_work(start, end, int(end[-1]) + 60)) == []


def test_days_as_runs_are_not_wherever_the_line_rests() -> None:
    chance = np.random.default_rng(4)
    start = np.arange(RUNS, dtype=np.int64) * DAY
    worked = at_work(start, start + chance.integers(600, 1300, RUNS), RUNS * DAY)
    assert asked(start, start + DAY, worked) == []


def test_shifts_round_the_clock_are_not_where_stops_fall_as_they_come() -> None:
    chance = np.random.default_rng(5)
    start = np.arange(3 * RUNS, dtype=np.int64) * 480
    worked = np.ones(3 * RUNS * 480, dtype=bool)
    for stop in np.sort(chance.integers(0, len(worked), 120)).tolist():
        worked[stop : stop + int(chance.integers(60, 400))] = False
    assert asked(start, start + 480, worked) == []
