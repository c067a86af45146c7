"""A step of a meter whose line's load moves more than the step does: seen once what was made is
taken out, and not before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from reporting_agent.changes import levels, smallest_change
from reporting_agent.changes.change import ChangeCause, ChangeKind
from reporting_agent.changes.lines import LEAST_OF_RATE, Daily, MeterLine, daily, jumps
from reporting_agent.changes.telling import to_declare

DAYS = np.arange(739_000, 739_364, dtype=np.int64)
FIXED = 0.45  # of a kiln's load at full push
SINCE = 151
OF_THE_LINE = {
    "meter": "gas",
    "step": "firing",
    "batches": (),
    "idle": Daily(np.zeros(0, np.int64), np.zeros(0)),
}


def kiln(seed: int, factor: float = 1.0, *, season: float = 0.0) -> MeterLine:
    """A kiln by the day: pushed at 80 to 100 %, its energy 2.5 % around that for days on end;
    `factor` is shown from June on.
    """
    chance = np.random.default_rng(seed)
    push = chance.choice([1.0, 0.9, 0.8], p=[0.8, 0.1, 0.1], size=len(DAYS)) * chance.normal(
        1, 0.015, len(DAYS)
    )
    lasting = np.zeros(len(DAYS) + 50)
    for day in range(1, len(lasting)):
        lasting[day] = 0.6 * lasting[day - 1] + chance.normal(0, 0.02)
    wave = season * np.cos(2 * np.pi * np.arange(len(DAYS)) / 365)
    power = np.log(FIXED + (1 - FIXED) * push) + lasting[50:] + wave
    power[SINCE:] += np.log(factor)
    rate = np.log(push)
    return cast(
        "MeterLine",
        SimpleNamespace(
            day=DAYS, power=power, rate=rate, per_output=power - rate, conditions=(), **OF_THE_LINE
        ),
    )


@pytest.mark.parametrize("seed", range(10))
def test_a_tenth_of_a_kilns_gas_hides_in_its_load_and_is_seen_without_it(seed: int) -> None:
    line = kiln(seed, 0.9)
    steps = smallest_change.steps(smallest_change.of_line(line))
    assert [abs(step.day - DAYS[SINCE]) <= 12 for step in steps] == [True]
    assert abs(steps[0].by - np.log(0.9)) < 3 * steps[0].error


def test_what_is_seen_without_the_load_is_asked_about() -> None:
    changes = levels.of_lines([kiln(4, 0.93)], {})
    assert [
        change.kind in {ChangeKind.LEVEL, ChangeKind.PROCESS} and change.meters
        for change in changes
    ] == [("gas",)]
    assert levels.of_lines([kiln(4)], {}) == []


@pytest.mark.slow
def test_as_it_stands_energy_per_output_shows_hardly_any_of_them() -> None:
    shown = sum(bool(jumps(daily(DAYS, kiln(seed, 0.93).per_output))) for seed in range(40))
    freed_shown = sum(
        bool(smallest_change.steps(smallest_change.of_line(kiln(seed, 0.93)))) for seed in range(40)
    )
    assert shown < 10
    assert freed_shown > 34


@pytest.mark.slow
@pytest.mark.parametrize("season", [0.0, 0.05])
def test_a_year_that_only_drifts_has_no_step(season: float) -> None:
    assert (
        sum(
            bool(smallest_change.steps(smallest_change.of_line(kiln(seed, season=season))))
            for seed in range(100)
        )
        == 0
    )


def test_half_of_the_steps_are_seen_from_the_size_on_that_is_told() -> None:
    least = smallest_change.freed_told_from(smallest_change.of_line(kiln(1)))
    assert least is not None
    assert 0.03 < least < 0.055
    assert (
        sum(
            bool(smallest_change.steps(smallest_change.of_line(kiln(seed, 0.95))))
            for seed in range(40)
        )
        > 20
    )


def test_half_a_year_tells_no_season_from_a_level() -> None:
    line = kiln(1, 0.9)
    half = Daily(DAYS[:180], (line.power - line.rate)[:180])
    assert smallest_change.steps(half) == []
    assert smallest_change.freed_told_from(half) is None


def test_a_load_that_never_differs_has_no_step() -> None:
    line = kiln(1)
    flat = np.zeros(len(DAYS))
    level = cast(
        "MeterLine",
        SimpleNamespace(
            day=DAYS, power=flat, rate=flat, per_output=flat, conditions=(), **OF_THE_LINE
        ),
    )
    assert smallest_change.steps(smallest_change.of_line(level)) == []
    assert smallest_change.steps(smallest_change.of_line(line)) == []


def by_the_day(
    sizes: list[tuple[int, float]],
    scatter: float,
    rests: Sequence[int] = (),
    *,
    of_the_meter: bool = True,
) -> MeterLine:
    """A line whose power comes to these sizes on these days, with pauses on some days whose power
    moves alike, if the meter moves it.
    """
    power, level = np.random.default_rng(3).normal(0, scatter, len(DAYS)), np.zeros(len(DAYS))
    for since, size in sizes:
        level[since:] += np.log(size)
    idle = np.array(rests, dtype=np.int64)
    shown = level[idle] if of_the_meter else np.zeros(len(idle))
    own = {
        **OF_THE_LINE,
        "idle": Daily(DAYS[idle], shown + np.random.default_rng(4).normal(-3, 0.05, len(idle))),
    }
    power = power + level
    return cast(
        "MeterLine",
        SimpleNamespace(
            day=DAYS, power=power, rate=np.zeros(len(DAYS)), per_output=power, conditions=(), **own
        ),
    )


def test_a_factor_that_stands_alone_and_is_known_closely_is_the_meters_first() -> None:
    (change,) = levels.of_lines([by_the_day([(SINCE, 0.5)], 0.03)], {})
    assert (change.kind, change.causes[0], change.causes[-1]) == (
        ChangeKind.LEVEL,
        ChangeCause.TRANSFORMER,
        ChangeCause.PROCESS,
    )
    assert 'kind = "ratio"' in to_declare(change, date(2024, 1, 1))


@pytest.mark.parametrize(
    ("sizes", "scatter"), [([(SINCE, 2.4)], 0.3), ([(90, 0.6), (180, 1.4), (270, 0.5)], 0.03)]
)
def test_without_a_pause_what_is_known_roughly_or_comes_and_goes_is_the_loads_first(
    sizes: list[tuple[int, float]], scatter: float
) -> None:
    """A brewery's cooling from June to August was asked about as a phase lost, with a factor to
    paste that halved the label.
    """
    changes = levels.of_lines([by_the_day(sizes, scatter)], {})
    assert len(changes) == len(sizes)
    for change in changes:
        assert (change.kind, change.causes[0]) == (ChangeKind.LEVEL, ChangeCause.PROCESS)
        assert 'kind = "process"' in to_declare(change, date(2024, 1, 1))


STRAY = {"none": (), "one before the first run": (0,), "a few": (3, 40, 300, 350)}
COOLING = [(150, 2.4), (250, 1 / 2.4)]


@pytest.mark.parametrize("rests", STRAY.values(), ids=STRAY)
@pytest.mark.parametrize("sizes", [[(SINCE, 2.4)], COOLING])
def test_a_stray_pause_tells_nothing_of_the_meter(
    sizes: list[tuple[int, float]], rests: Sequence[int]
) -> None:
    """One quarter hour before the first batch made current transformers the first cause, and 45.0
    kWh a day 23.1 once pasted.
    """
    changes = levels.of_lines([by_the_day(sizes, 0.3, rests)], {})
    assert changes == levels.of_lines([by_the_day(sizes, 0.3)], {})
    assert {change.causes[0] for change in changes} == {ChangeCause.PROCESS}


def test_pauses_that_moved_alike_tell_the_meter_first() -> None:
    (change,) = levels.of_lines([by_the_day([(SINCE, 2.0)], 0.3, range(6, len(DAYS), 7))], {})
    assert (change.kind, change.causes[0]) == (ChangeKind.LEVEL, ChangeCause.TRANSFORMER)
    assert 'kind = "ratio"' in to_declare(change, date(2024, 1, 1))


def test_pauses_that_did_not_move_tell_the_load_first() -> None:
    (change,) = levels.of_lines(
        [by_the_day([(SINCE, 2.0)], 0.3, range(6, len(DAYS), 7), of_the_meter=False)], {}
    )
    assert (change.kind, change.causes[0]) == (ChangeKind.PROCESS, ChangeCause.PROCESS)


@pytest.mark.parametrize(
    ("sizes", "until"), [([(100, 0.5)], None), ([(100, 0.5), (300, 2.0)], 300)]
)
def test_a_change_does_not_end_on_a_day_on_which_only_the_pauses_turn(
    sizes: list[tuple[int, float]], until: int | None
) -> None:
    """A lost half of the transformers was told to end when lamps were hung in the hall, and the
    lines to paste put right that part only.
    """
    line = by_the_day(sizes, 0.01, range(len(DAYS)))
    line.idle.value[200:] += np.log(1.5)
    (change,) = levels.of_lines([line], {})
    assert (change.kind, change.first) == (ChangeKind.LEVEL, date.fromordinal(int(DAYS[100])))
    assert change.until == (None if until is None else date.fromordinal(int(DAYS[until])))


def half_a_year(seed: int, by: float = 0.0, *, season: float = 0.0) -> Daily:
    """Tonnes an hour of 199 days, 1.7 % of scatter by day; `by` is added from two thirds on."""
    day = np.arange(199)
    value = np.random.default_rng(seed).normal(0, 0.017, len(day)) + season * np.cos(
        2 * np.pi * day / 365
    )
    value[123:] += by
    return Daily(739_000 + day, value)


def test_long_tons_in_two_fifths_of_half_a_year_are_seen_in_the_whole_record_and_not_in_weeks_of_it() -> (
    None
):
    by = float(np.log(1.016))
    records = [half_a_year(seed, by) for seed in range(40)]
    assert sum(bool(jumps(record, LEAST_OF_RATE)) for record in records) < 4
    by_record = [smallest_change.steps(record, LEAST_OF_RATE, 0, whole=True) for record in records]
    assert (
        sum(len(steps) == 1 and abs(steps[0].by - by) < 3 * steps[0].error for steps in by_record)
        >= 12
    )


@pytest.mark.slow
@pytest.mark.parametrize("season", [0.0, 0.04])
def test_half_a_year_that_only_scatters_has_no_step_of_output(season: float) -> None:
    assert (
        sum(
            bool(
                smallest_change.steps(
                    half_a_year(seed, season=season), LEAST_OF_RATE, 0, whole=True
                )
            )
            for seed in range(200)
        )
        <= 3
    )  # 8 % of season within half a year
