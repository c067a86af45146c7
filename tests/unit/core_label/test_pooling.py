"""Pooling years: as few as make a label precise, no more than three, and none whose batches have
spent what they may.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from fractions import Fraction
from typing import Any

import pytest

from benchmarks.errors import PolicyRefusal
from benchmarks.measurements import Period
from benchmarks.policies import ReleasePolicy
from benchmarks.privacy.pooling import HeldYear, Pool, is_worth_it, pool, too_long
from benchmarks.routes import Step

ONE = Fraction(1)


@pytest.fixture
def pooled(a_step: Callable[..., Step], a_policy: ReleasePolicy) -> Callable[..., Pool]:
    step = a_step(quantile="0.1")  # eligible from the class of 340 on

    def pool_of(**held_years: tuple[int, Any]) -> Pool:
        years = {
            int(year.removeprefix("y")): HeldYear(batches, Fraction(spent))
            for year, (batches, spent) in held_years.items()
        }
        return pool(years, 2016, step, step.metrics[:1], a_policy)

    return pool_of


def test_one_year_stands_alone_where_it_is_precise_enough(pooled: Callable[..., Pool]) -> None:
    pool = pooled(y2016=(400, 0), y2015=(400, 0))
    assert (pool.period, pool.batches, pool.eligible) == ("2016", 400, True)


def test_as_many_years_as_make_the_label_eligible(pooled: Callable[..., Pool]) -> None:
    pool = pooled(y2016=(200, 0), y2015=(180, 1), y2014=(300, 0))
    assert (pool.period, pool.batches, pool.eligible) == ("2015-01-01/2017-01-01", 380, True)


def test_three_years_at_most_then_in_wide_bands(pooled: Callable[..., Pool]) -> None:
    pool = pooled(y2016=(60, 0), y2015=(60, 0), y2014=(60, 0), y2013=(1000, 0))
    assert (pool.period, pool.batches, pool.eligible) == ("2014-01-01/2017-01-01", 180, False)


def test_a_year_that_has_spent_its_budget_ends_the_window(pooled: Callable[..., Pool]) -> None:
    """Three windows rolling on year by year would spend 3 on the middle year, and the cap is 2."""
    pool = pooled(y2016=(60, 0), y2015=(60, 2), y2014=(900, 0))
    assert (pool.period, pool.eligible) == ("2016", False)
    with pytest.raises(PolicyRefusal) as refused:
        pooled(y2016=(60, 2), y2015=(60, 0))
    assert refused.value.code == "pool-not-affordable"


def test_below_fifty_in_all_years_nothing_is_released(pooled: Callable[..., Pool]) -> None:
    with pytest.raises(PolicyRefusal) as refused:
        pooled(y2016=(16, 0), y2015=(16, 0), y2014=(17, 0))
    assert refused.value.code == "too-few-batches"
    assert pooled(y2016=(17, 0), y2015=(16, 0), y2014=(17, 0)).batches == 50


def test_two_metrics_are_two_releases_and_a_year_that_made_one_can_afford_no_pool_of_both(
    a_step: Callable[..., Step], a_policy: ReleasePolicy
) -> None:
    step = a_step(quantile="0.1")
    held_years = {2016: HeldYear(200), 2015: HeldYear(200, Fraction(1))}
    both = pool(held_years, 2016, step, (step.metrics[0], step.metrics[0]), a_policy)
    assert (both.years, pool(held_years, 2016, step, step.metrics[:1], a_policy).years) == (1, 2)


def test_a_metric_of_two_cells_costs_a_batch_both_and_a_second_metric_that_the_cap_withholds_decides_nothing(
    a_step: Callable[..., Step], a_policy: ReleasePolicy
) -> None:
    step = a_step(quantile="0.1")
    rules = (
        step.metrics[0],
        step.metrics[0].model_copy(update={"spread": 66.0}),
    )  # the second is precise enough from more batches on
    held_years = {2016: HeldYear(200), 2015: HeldYear(180), 2014: HeldYear(300)}
    both, alone = (
        pool(held_years, 2016, step, rules, a_policy),
        pool(held_years, 2016, step, rules, a_policy, lambda _rule, _first: 2),
    )
    assert (both.years, both.spends) == (3, Fraction(2))
    assert (alone.years, alone.spends, alone.eligible) == (2, Fraction(2), True)
    spent = {**held_years, 2015: HeldYear(180, ONE)}
    assert pool(spent, 2016, step, rules[:1], a_policy).years == 2
    assert (
        pool(
            spent, 2016, step, rules[:1], a_policy, lambda _rule, first: 1 if first == 2016 else 2
        ).years
        == 1
    )


def test_a_pack_that_says_nothing_of_pooling_lets_nobody_pool(
    a_step: Callable[..., Step], a_policy: ReleasePolicy
) -> None:
    step = a_step(quantile="0.1")
    alone = a_policy.model_copy(
        update={"most_years": ReleasePolicy.model_fields["most_years"].default}
    )
    assert (
        pool({2016: HeldYear(60), 2015: HeldYear(900)}, 2016, step, step.metrics[:1], alone).years
        == 1
    )


@pytest.mark.parametrize(
    ("years", "eligible", "alone", "worth"),
    [
        (1, True, 400, False),
        (2, True, 200, True),
        (3, False, 200, False),
        (3, False, 49, True),
        (1, False, 60, False),
    ],
)
def test_earlier_years_are_spent_only_for_a_label_or_for_one_that_counts(
    a_step: Callable[..., Step],
    a_policy: ReleasePolicy,
    years: int,
    eligible: bool,
    alone: int,
    worth: bool,
) -> None:
    pool = Pool(2017 - years, 2016, 340 if eligible else 120, eligible)
    assert is_worth_it(pool, alone, a_step(), a_policy) is worth


@pytest.mark.parametrize(
    ("period", "refused"),
    [
        ("2016", False),
        ("2014-01-01/2017-01-01", False),
        ("2014-01-01/2017-01-02", True),
        ("2016-02-29/2019-02-28", False),
        ("2016-02-29/2019-03-02", True),
        ("2013-01-01/2017-01-01", True),
    ],
)
def test_no_report_covers_more_than_three_years(
    a_policy: ReleasePolicy, period: str, refused: bool
) -> None:
    assert (too_long(Period.parse(period, UTC), a_policy) is not None) is refused


@pytest.mark.parametrize(
    ("period", "years", "refused"),
    [
        ("2016", 3, False),
        ("2016", 4, True),
        ("2016-Q1", 2, True),
        ("2014-01-01/2017-01-01", 2, True),
    ],
)
def test_whole_years_are_pooled_and_no_more_than_the_policy_allows(
    a_policy: ReleasePolicy, period: str, years: int, refused: bool
) -> None:
    assert (too_long(Period.parse(period, UTC), a_policy, years) is not None) is refused
    assert (
        too_long(Period.parse(period, UTC), a_policy.model_copy(update={"most_years": 1}), years)
        is not None
    )
