"""How much of a period a label tells of, and that no grade of a year is given on a part of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from benchmarks.conversion import FactorTable
from benchmarks.declared import Words
from benchmarks.labels.columns import StepColumns
from benchmarks.labels.coverage import Coverage, Span, coverage
from benchmarks.labels.step import label_step
from benchmarks.measurements import Batch, OperatingState, Period, ProductStatus
from benchmarks.routes import MetricRule, Step, Variant
from tests.unit.core_label.test_label_of_a_step import limit_of

START = datetime(2016, 1, 1, tzinfo=UTC)
Heats = Callable[..., list[Batch]]


@pytest.fixture
def heats(a_heat: Callable[..., Batch]) -> Heats:
    def of(*days: float) -> list[Batch]:
        """One heat of 400 kWh/t and an hour on each day of the year, counted from 0."""
        starts = (START + timedelta(days=day) for day in days)
        return [
            a_heat(n, 400, start=start, end=start + timedelta(hours=1))
            for n, start in enumerate(starts)
        ]

    return of


@pytest.fixture
def covered(a_step: Callable[..., Step], year: Period) -> Callable[..., Coverage]:
    def of(
        batches: list[Batch], *stopped: Span, valid: Callable[[int], bool] = lambda row: True
    ) -> Coverage:
        columns = StepColumns.of(batches, a_step())
        flags = columns.output > 0
        flags[[row for row in range(len(batches)) if not valid(row)]] = False
        return coverage(columns, flags, year, stopped)

    return of


def test_days_and_the_longest_silence_are_counted(
    heats: Heats, covered: Callable[..., Coverage]
) -> None:
    coverage = covered(heats(0, 0.5, 1, 20, 364))
    assert (coverage.days, coverage.with_batches) == (366, 4)
    assert coverage.silence == (START + timedelta(days=20, hours=1), START + timedelta(days=364))
    assert not coverage.is_whole


def test_a_silence_at_either_end_counts(heats: Heats, covered: Callable[..., Coverage]) -> None:
    assert covered(heats(40, *range(60, 366, 20))).silence == (START, START + timedelta(days=40))
    assert covered(heats(*range(0, 330, 20))).silence[1] == datetime(2017, 1, 1, tzinfo=UTC)
    assert covered([]).silence == (START, datetime(2017, 1, 1, tzinfo=UTC))


def test_only_valid_batches_speak(heats: Heats, covered: Callable[..., Coverage]) -> None:
    every = heats(*range(0, 366, 5))
    assert covered(every).is_whole
    assert not covered(every, valid=lambda row: row > 20).is_whole


def test_a_declared_stop_is_no_silence(heats: Heats, covered: Callable[..., Coverage]) -> None:
    campaign = heats(*range(0, 100, 5))
    assert not covered(campaign).is_whole
    assert covered(campaign, (START + timedelta(days=96), START + timedelta(days=400))).is_whole
    assert covered(campaign, (START + timedelta(days=120), START + timedelta(days=400))).silence[
        0
    ] == START + timedelta(days=95, hours=1)


def test_a_run_across_the_edges_counts_inside_only(
    a_heat: Callable[..., Batch], covered: Callable[..., Coverage]
) -> None:
    kiln = a_heat(0, 400, start=START + timedelta(days=350), end=START + timedelta(days=380))
    assert covered([kiln]).with_batches == 16
    day = a_heat(1, 400, start=START, end=START + timedelta(days=1))
    assert covered([day]).with_batches == 1


def test_a_day_is_one_of_the_calendar_where_clocks_change(
    a_heat: Callable[..., Batch], a_step: Callable[..., Step]
) -> None:
    """A run a day in Berlin and in Sydney, from midnight to midnight, without one day of summer
    time.
    """
    for zone, lost in (
        ("Europe/Berlin", date(2016, 7, 9)),
        ("Australia/Sydney", date(2016, 11, 9)),
    ):
        period = Period.parse("2016", ZoneInfo(zone))
        starts = [period.start + timedelta(days=day) for day in range(366)]
        remaining = [start for start in starts if start.date() != lost]
        runs = [
            a_heat(
                n, 400, start=start.astimezone(UTC), end=(start + timedelta(days=1)).astimezone(UTC)
            )
            for n, start in enumerate(remaining)
        ]
        columns = StepColumns.of(runs, a_step())
        extent = coverage(columns, columns.output > 0, period, ())
        assert (extent.days, extent.with_batches) == (366, 365)


def test_no_grade_of_a_year_from_sixty_days(
    a_step: Callable[..., Step],
    a_metric: Callable[..., MetricRule],
    heats: Heats,
    factors: FactorTable,
    year: Period,
) -> None:
    step = a_step(limits=[limit_of(a_metric().grid_source)])
    part, whole = (
        label_step(
            batches, step, step.metrics[0], product="", variant="", factors=factors, period=year
        ).grade
        for batches in (heats(*range(60)), heats(*range(366)))
    )
    assert (part.best_met, part.reason) == (None, "period-not-covered")
    assert part.why is not None
    assert "60 of 366 days, and none from 2016-03-01 to 2016-12-31" in part.why.en
    assert "366 天中有 60 天" in part.why.said_in("zh")
    assert whole.best_met == 2


@pytest.mark.parametrize(
    ("days", "stopped", "graded"),
    [
        ([day for day in range(366) if day % 7 == 3], False, False),  # a day a week
        (
            [day for day in range(366) if day % 7 not in (1, 2)],
            False,
            True,
        ),  # the plant rests on two
        ([day for day in range(366) if not 100 <= day < 130], False, True),  # a repair
        ([day for day in range(366) if not (100 <= day < 130 or 300 <= day < 330)], False, False),
        (
            [day for day in range(366) if not (100 <= day < 130 or 300 <= day < 330)],
            True,
            True,
        ),  # one of the two is declared
    ],
)
def test_no_grade_of_a_year_of_which_the_log_lacks_days(
    days: list[int],
    stopped: bool,
    graded: bool,
    a_step: Callable[..., Step],
    a_metric: Callable[..., MetricRule],
    heats: Heats,
    factors: FactorTable,
    year: Period,
) -> None:
    step = a_step(limits=[limit_of(a_metric().grid_source)])
    stood = [(START + timedelta(days=300), START + timedelta(days=330))] if stopped else []
    grade = label_step(
        heats(*days),
        step,
        step.metrics[0],
        product="",
        variant="",
        factors=factors,
        period=year,
        stopped=stood,
    ).grade
    assert (grade.best_met, grade.reason) == (
        (2, None) if graded else (None, "production-left-out")
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"state": OperatingState.START_UP},
        {"status": ProductStatus.TEST},
        {"status": ProductStatus.SCRAP},
        {"variant": "unheard-of"},
        {"energy": ()},
        {"excluded": "energy-partly-unknown"},
        {"excluded": "declared-unusable"},
        {"output": 0.0},
    ],
)
@pytest.mark.parametrize("every", [2, 40])
def test_no_grade_on_the_better_part_of_a_year(
    changed: dict[str, Any],
    every: int,
    a_step: Callable[..., Step],
    a_metric: Callable[..., MetricRule],
    a_heat: Callable[..., Batch],
    factors: FactorTable,
    year: Period,
) -> None:
    """Of heats of 350 and 500 kWh/t in turn the second are called something else: the others alone
    would be graded.
    """
    step = a_step(
        limits=[limit_of(a_metric().grid_source)],
        variants=[Variant(id="any", words=Words(en="any", zh="any"))],
    )
    starts = (START + timedelta(days=day) for day in range(366))
    batches = [
        a_heat(n, 500 if n % every == 0 else 350, start=start, end=start + timedelta(hours=1))
        for n, start in enumerate(starts)
    ]
    batches = [
        replace(batch, **changed) if n % every == 0 else batch for n, batch in enumerate(batches)
    ]
    grade = label_step(
        batches, step, step.metrics[0], product="", variant="any", factors=factors, period=year
    ).grade
    assert grade.reason == ("production-left-out" if every == 2 else None)


def test_a_month_is_told_of_from_five_valid_batches_that_began_in_it(
    heats: Heats, covered: Callable[..., Coverage]
) -> None:
    january, february = [heat / 10 for heat in range(5)], [31 + heat / 10 for heat in range(4)]
    coverage = covered(heats(*january, *february, 40.5))
    assert (coverage.months, coverage.months_told, coverage.lacks_months) == (12, 2, True)
    assert covered(heats(*january, *february)).months_told == 1
    assert covered(heats(*january), valid=lambda row: row > 0).months_told == 0
    whole = covered(heats(*(month * 30.5 + 2 + heat for month in range(12) for heat in range(5))))
    assert (whole.months_told, whole.lacks_months) == (12, False)
