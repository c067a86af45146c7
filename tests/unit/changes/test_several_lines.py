"""What two lines show on one day is one cause: a factor that they share, or their meters exchanged;
no change of two processes.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from reporting_agent.changes import levels, swaps
from reporting_agent.changes.change import Change, ChangeCause, ChangeKind
from reporting_agent.changes.lines import MeterLine
from reporting_agent.changes.telling import to_declare

MAY = date(2025, 5, 1)
BEGINS = datetime(2025, 1, 1, tzinfo=UTC)
HOUR_US = 3_600_000_000


def moved(meter: str, kind: ChangeKind, size: float, error: float, first: date = MAY) -> Change:
    meters = () if kind is ChangeKind.OUTPUT else (meter,)
    return Change(
        kind,
        "melting",
        meters,
        (f"line-{meter}",),
        first,
        None,
        size,
        1.96 * error * size,
        (ChangeCause.PROCESS, ChangeCause.TRANSFORMER),
    )


def line(meter: str, factor: float) -> MeterLine:
    """Its runs' power by day: `factor` from May on."""
    day = np.arange(BEGINS.toordinal(), BEGINS.toordinal() + 364)
    power = np.where(day >= MAY.toordinal(), np.log(factor), 0.0) + np.random.default_rng(1).normal(
        0, 0.02, len(day)
    )
    return cast("MeterLine", SimpleNamespace(meter=meter, day=day, power=power))


def test_one_factor_of_energy_on_two_lines_at_their_usual_power_is_the_output_of_both() -> None:
    changes = [
        moved("1", ChangeKind.PROCESS, 0.9055, 0.004),
        moved("2", ChangeKind.OUTPUT, 1.1445, 0.023, MAY + timedelta(days=2)),
    ]
    (change,) = levels.of_steps(changes, [line("1", 1.0), line("2", 1.0)])
    assert (change.kind, change.meters, change.equipment, change.first) == (
        ChangeKind.OUTPUT,
        (),
        ("line-1", "line-2"),
        MAY,
    )
    assert change.size == pytest.approx(1.1023, rel=0.006)
    assert (change.causes[0], change.causes[-1]) == (ChangeCause.UNIT, ChangeCause.PROCESS)


def test_one_factor_of_power_on_two_lines_is_of_both_meters() -> None:
    changes = [
        moved("1", ChangeKind.PROCESS, 0.9, 0.005),
        moved("2", ChangeKind.PROCESS, 0.905, 0.005),
    ]
    combined = levels.of_steps(changes, [line("1", 0.9), line("2", 0.9)])
    assert [(change.kind, change.meters) for change in combined] == [
        (ChangeKind.LEVEL, ("1",)),
        (ChangeKind.LEVEL, ("2",)),
    ]
    assert all(change.causes[0] is ChangeCause.TRANSFORMER for change in combined)


@pytest.mark.parametrize(
    "other",
    [
        moved("2", ChangeKind.PROCESS, 0.8, 0.005),
        moved("2", ChangeKind.PROCESS, 1.1, 0.005),
        moved("2", ChangeKind.PROCESS, 0.9, 0.005, MAY + timedelta(days=20)),
    ],
)
def test_other_factors_and_other_days_stay_what_they_are(other: Change) -> None:
    changes = [moved("1", ChangeKind.PROCESS, 0.9, 0.005), other]
    assert levels.of_steps(changes, [line("1", 0.9), line("2", 0.9)]) == changes


def furnaces(seed: int, exchanged: range, second: str = "register") -> list[MeterLine]:
    """Two furnaces that melt in the same shifts at their own times; on the exchanged days each
    meter shows the other's load.
    """
    chance = np.random.default_rng(seed)
    minutes = 364 * 1440
    spans, loads = [], []
    for _ in range(2):
        load, starts, ends = np.full(minutes, 2.0), [], []
        for day in range(364):
            at = day * 1440 + 360 + int(chance.integers(0, 30))
            while at + 110 < day * 1440 + 1320:
                until = at + int(chance.integers(72, 112))
                load[at:until] = 35 + chance.normal(0, 1)
                starts.append(at)
                ends.append(until)
                at = until + int(chance.integers(14, 40))
        spans.append((starts, ends))
        loads.append(load)
    swapped = np.isin(np.arange(minutes) // 1440, list(exchanged))
    shown = [np.where(swapped, loads[1], loads[0]), np.where(swapped, loads[0], loads[1])]
    first = round(BEGINS.timestamp()) * 1_000_000
    hour_us = first + np.arange(minutes // 60, dtype=np.int64) * HOUR_US
    lines: list[Any] = []
    for number, ((starts, ends), load) in enumerate(zip(spans, shown, strict=True)):
        start_us, end_us = (
            first + np.array(times, np.int64) * 60_000_000 for times in (starts, ends)
        )
        record = SimpleNamespace(
            meter=SimpleNamespace(
                id=f"m{number}",
                carrier="electricity",
                reading=("register", second)[number],
                unit="kWh",
            ),
            hour_us=hour_us,
            hour_energy=load.reshape(-1, 60).mean(axis=1),
            hour_known=np.ones(len(hour_us)),
        )
        runs = SimpleNamespace(start_us=start_us, end_us=end_us)
        lines.append(
            SimpleNamespace(
                meter=f"m{number}",
                step="melting",
                record=record,
                runs=runs,
                batches=(SimpleNamespace(equipment=f"f{number}"),),
            )
        )
    return [cast("MeterLine", line) for line in lines]


@pytest.mark.parametrize("seed", range(3))
def test_meters_exchanged_for_three_weeks_between_furnaces_that_run_alike_are_told_to_the_day(
    seed: int,
) -> None:
    (change,) = swaps.of_lines(furnaces(seed, range(124, 145)), UTC)
    assert (change.kind, change.meters, change.first, change.until) == (
        ChangeKind.SWAP,
        ("m0", "m1"),
        date(2025, 5, 5),
        date(2025, 5, 26),
    )
    assert 'kind = "swap"' in to_declare(change, MAY)


def test_what_is_read_in_unlike_ways_is_not_proposed_to_be_put_back_by_the_readings() -> None:
    """A register's values are none of a meter of intervals: site.toml would be refused."""
    (change,) = swaps.of_lines(furnaces(1, range(124, 145), "interval"), UTC)
    assert to_declare(change, MAY).count('kind = "unusable"') == 2


@pytest.mark.parametrize("seed", range(5))
def test_furnaces_that_run_alike_are_not_taken_for_exchanged(seed: int) -> None:
    assert swaps.of_lines(furnaces(seed, range(0)), UTC) == []
