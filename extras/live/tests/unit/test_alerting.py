"""Alerts in the batch: the chosen rate is kept where chance is all there is, waste is found, and a
short history vouches for nothing.
"""

from __future__ import annotations

import numpy as np
import pytest

from extras.live.running.excess_alarms import (
    LOOKS,
    STEPS,
    ExcessHistory,
    Limits,
    UsualCourse,
    alarms,
    course_of,
    foreseen,
)

WEEKS, A_WEEK = 40.0, 100


def _line(seed: int, batches: int, waste: float = 0.0) -> ExcessHistory:
    """Batches whose excess shows itself by and by; none runs longer than usual."""
    chance = np.random.default_rng(seed)
    ended = chance.normal(waste, 1.0, batches)
    looks = np.arange(1, LOOKS + 1) / STEPS
    tells = np.clip(looks, 0, 1)
    noise = np.sqrt(1 - np.minimum(tells, 0.999) ** 2) * chance.normal(size=(batches, LOOKS))
    expected = np.where(looks <= 1, tells * (tells * ended[:, None] + noise), np.nan)
    return ExcessHistory(expected, ended)


def test_chance_alone_raises_no_more_than_chosen() -> None:
    rates = []
    for seed in range(10):
        limits = Limits.of([_line(seed, round(WEEKS * A_WEEK))], WEEKS, 1.0)
        rates.append(
            sum(alarm.new for alarm in alarms(_line(100 + seed, round(WEEKS * A_WEEK)), limits))
            / WEEKS
        )
    assert 0.3 < np.mean(rates) <= 1.0


def test_a_limit_that_keeps_another_rate_would_fail_that() -> None:
    """The control: thresholds for five a week raise more than one."""
    limits = Limits.of([_line(1, round(WEEKS * A_WEEK))], WEEKS, 5.0)
    assert sum(alarm.new for alarm in alarms(_line(2, round(WEEKS * A_WEEK)), limits)) / WEEKS > 1.5


def test_waste_that_lasts_is_found_by_the_sum_and_great_waste_at_once() -> None:
    limits = Limits.of([_line(1, 4000)], WEEKS, 1.0)
    small = alarms(_line(3, 100, waste=1.5), limits)
    assert small[0].batch < 15
    assert {alarm.by for alarm in small} >= {"sum"}
    assert alarms(_line(4, 1, waste=8.0), limits)[0].by == "one"
    assert alarms(_line(4, 1, waste=8.0), limits)[0].look < STEPS - 1  # before its end


def _at_another_pace(power: float) -> ExcessHistory:
    """One batch that takes what others take, at so much of their power."""
    looks = np.arange(1, LOOKS + 1) / STEPS
    return ExcessHistory(
        np.where(looks * power <= 1, 10 * looks * (power - 1), np.nan)[None, :], np.zeros(1)
    )


def _beside(line: ExcessHistory, other: ExcessHistory) -> ExcessHistory:
    return ExcessHistory(
        np.concatenate([line.expected, other.expected]), np.concatenate([line.ended, other.ended])
    )


def test_a_slow_batch_silences_nothing_and_a_fast_one_counts_as_a_false_alarm() -> None:
    """Three weeks vouch for no false alarm: a batch of history that would have been one raises the
    threshold above itself.
    """
    without, waste = _line(1, 300), _line(4, 5, waste=6.0)
    limits, slow, fast = (
        Limits.of([line], 3.0, 1.0)
        for line in (
            without,
            _beside(without, _at_another_pace(0.6)),
            _beside(without, _at_another_pace(2.0)),
        )
    )
    assert slow == limits
    assert {alarm.batch for alarm in alarms(waste, slow)} == set(range(5))
    assert fast.single is not None
    assert not alarms(_at_another_pace(2.0), fast)
    assert alarms(_at_another_pace(2.0), limits)


@pytest.mark.parametrize(("weeks", "vouched"), [(1.9, False), (2.0, True)])
def test_a_history_too_short_for_the_rate_has_no_threshold(weeks: float, vouched: bool) -> None:
    limits = Limits.of([_line(1, 100)], weeks, 1.0)
    assert (limits.single is not None) is vouched
    assert bool(alarms(_line(4, 5, waste=9.0), limits)) is vouched


def test_the_label_of_what_runs_is_a_tonne_as_that_of_what_ended() -> None:
    """Energies alike and outputs that scatter: the lowest tenth a tonne are the large ones."""
    chance = np.random.default_rng(3)
    tonnes, energy = chance.normal(100, 5, 400), chance.normal(6_000, 30, 400)
    courses = energy[:, None] * np.linspace(0, 1, LOOKS)
    usual = UsualCourse.of(courses, energy / tonnes, tonnes, np.full(400, 3_600.0))
    assert usual is not None
    assert usual.label[-1] / usual.output == pytest.approx(usual.label_end, rel=1e-6)
    assert usual.typical[-1] / usual.output - usual.label_end > 4


def test_a_batch_that_is_held_rises_above_those_that_ended() -> None:
    chance = np.random.default_rng(5)
    time_s = np.arange(0, 3601.0, 60)
    courses, per_t = [], []
    for _ in range(40):
        power = chance.normal(10.0, 0.1)
        courses.append(course_of(time_s, power * time_s, 3600.0, 3600.0))
        per_t.append(power * 3600 / 100)
    usual = UsualCourse.of(
        np.array(courses), np.array(per_t), np.full(40, 100.0), np.full(40, 3600.0)
    )
    assert usual is not None
    longer = np.arange(0, 5401.0, 60)
    excess = usual.expected(course_of(longer, 10.0 * longer, 5400.0, 3600.0, now_s=5400.0))
    assert np.nanmax(excess[: STEPS - 1]) < 2
    assert excess[STEPS + 5] > 10
    assert np.isnan(excess[STEPS + 15])  # not reached yet


def test_only_what_chance_does_not_do_is_foreseen() -> None:
    chance = np.random.default_rng(6)
    ended = chance.normal(size=300)
    after_stop = np.arange(300) % 20 == 0
    assert foreseen(ended, after_stop) is None
    assert foreseen(ended + 2.0 * after_stop, after_stop) == pytest.approx(2.0, abs=0.6)
    assert foreseen(ended + 2.0, np.zeros(300, bool)) is None
