"""What is wrong within runs, and from one to the next: a meter that stands still for parts of them,
tonnes that are booked a day late.
"""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from reporting_agent.changes import booking
from reporting_agent.changes.change import ChangeKind
from reporting_agent.changes.days import of_lines
from reporting_agent.changes.lines import MeterLine
from reporting_agent.changes.telling import to_declare
from tests.unit.changes.test_freed_of_output import DAYS, kiln

DAY_US = 86_400_000_000
RUNS = 800


def melts(seed: int, *, of_the_meter: bool) -> MeterLine:
    """Runs of which one in twelve holds half an hour of nothing: the meter's, or a stop of a line
    that then takes longer for its tonnes.
    """
    chance = np.random.default_rng(seed)
    silent = np.where(np.arange(RUNS) % 12 == 5, chance.uniform(0.2, 0.4, RUNS), 0.0)
    per_output = chance.normal(0, 0.03, RUNS) + (np.log1p(-silent) if of_the_meter else 0.0)
    start = np.arange(RUNS, dtype=np.int64) * DAY_US // 4
    runs = SimpleNamespace(
        silent=silent,
        start_us=start,
        end_us=start + DAY_US // 5,
        energy=np.ones(RUNS),
        known=np.ones(RUNS),
    )
    batches = tuple(
        SimpleNamespace(step="melting", batch_id=str(number), equipment="f1")
        for number in range(RUNS)
    )
    day = 739_000 + np.arange(RUNS) // 4
    return cast(
        "MeterLine",
        SimpleNamespace(
            meter="m",
            step="melting",
            chosen=np.arange(RUNS),
            day=day,
            power=np.zeros(RUNS),
            per_output=per_output,
            runs=runs,
            batches=batches,
        ),
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_meter_that_shows_nothing_for_parts_of_runs_is_asked_about_with_those_runs(
    seed: int,
) -> None:
    (change,) = of_lines([melts(seed, of_the_meter=True)], (), None)  # type: ignore[arg-type]
    assert change.kind is ChangeKind.PARTS
    assert {int(name) % 12 for _, name in change.batches} == {5}
    assert 'kind = "unusable"' in to_declare(change, change.days[0])


@pytest.mark.parametrize("seed", range(5))
def test_a_line_that_stood_for_as_long_is_not(seed: int) -> None:
    assert of_lines([melts(seed, of_the_meter=False)], (), None) == []  # type: ignore[arg-type]


def by_the_day(seed: int, late: int) -> MeterLine:
    """A kiln whose tonnes stand so many days late in the log."""
    line = kiln(seed)
    rate = np.roll(line.rate, late)
    start = (DAYS - DAYS[0]).astype(np.int64) * DAY_US
    runs = SimpleNamespace(start_us=start, end_us=start + DAY_US)
    batches = (SimpleNamespace(equipment="kiln"),)
    return cast(
        "MeterLine",
        SimpleNamespace(
            **{
                **vars(line),
                "rate": rate,
                "runs": runs,
                "chosen": np.arange(len(DAYS)),
                "batches": batches,
            }
        ),
    )


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("late", [-1, 1, 2])
def test_output_that_is_booked_days_late_is_told_with_what_puts_it_back(
    seed: int, late: int
) -> None:
    (change,) = booking.late_of_lines([by_the_day(seed, late)])
    assert (change.kind, change.size) == (ChangeKind.BOOKED, 86_400.0 * late)
    assert f'offset = "{-86_400 * late} s"' in to_declare(change, date(2025, 1, 1))


def test_output_that_stands_where_it_was_made_is_not() -> None:
    assert [booking.late_of_lines([by_the_day(seed, 0)]) for seed in range(100)] == [[]] * 100
