"""The day as unit of privacy: less epsilon a record, days in the ledger, and no release where
nobody could use it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from benchmarks.conversion import FactorTable
from benchmarks.errors import PolicyRefusal
from benchmarks.labels import StepLabel, label_step
from benchmarks.measurements import Batch, Period
from benchmarks.policies import ReleasePolicy
from benchmarks.privacy.accounting import add_up, check, day_account
from benchmarks.privacy.charges import draw_epsilons, epsilon_of_a_record
from benchmarks.privacy.mechanism import exact_law, scores
from benchmarks.privacy.randomness import KeyedStream
from benchmarks.privacy.units import most_together, within_bound
from benchmarks.release import counted, debits, refusal, release
from benchmarks.routes import Step
from tests.statistical import exact_law as pairs

CAP = Fraction(2)


@pytest.fixture
def days(a_policy: ReleasePolicy) -> ReleasePolicy:
    return a_policy.model_copy(update={"unit": "day"})


@pytest.fixture
def step_of(a_step: Callable[..., Step]) -> Callable[..., Step]:
    def of(most_records_a_day: int | None, quantile: str = "0.2") -> Step:
        step = a_step(quantile=quantile)
        return step.model_copy(
            update={
                "label_rule": step.label_rule.model_copy(
                    update={"most_records_a_day": most_records_a_day}
                )
            }
        )

    return of


@pytest.fixture
def label_of(a_heat: Callable[..., Batch], factors: FactorTable) -> Callable[..., StepLabel]:
    """`a_day` runs on each of so many days."""

    def of(step: Step, number_of_days: int, a_day: int) -> StepLabel:
        values = np.random.default_rng(1).normal(400, 22, number_of_days * a_day).clip(300, 500)
        first = datetime(2014, 1, 1, 6, tzinfo=UTC)
        runs = [
            a_heat(
                i,
                float(value),
                start=first + timedelta(days=i // a_day, hours=2 * (i % a_day)),
                end=None,
            )
            for i, value in enumerate(values)
        ]
        period = Period.parse("2014-01-01/2017-01-01", UTC)
        return label_step(
            runs,
            step,
            step.metrics[0],
            product="molten-steel",
            variant="all",
            factors=factors,
            period=period,
        )

    return of


def stream_for(name: str) -> KeyedStream:
    return KeyedStream(bytes(32), challenge=b"c", data_root=b"r", name=name)


@pytest.mark.parametrize(("together", "share"), [(1, 1), (2, 2), (3, 4), (4, 4), (5, 8), (29, 32)])
def test_epsilon_of_a_record_stays_dyadic_and_covers_the_day(together: int, share: int) -> None:
    assert epsilon_of_a_record(Fraction(3, 4), together) == Fraction(3, 4) / share
    assert epsilon_of_a_record(Fraction(3, 4), together) * together <= Fraction(3, 4)


def test_a_whole_day_costs_no_more_than_epsilon_and_would_at_the_epsilon_of_a_record() -> None:
    """Every day of up to two records exchanged for every other, on every small input."""
    assert (
        pairs.worst_loss(epsilon_of_a_record(Fraction(1), 2), 4, 3, pairs.day_changed)[1]
        <= 1 + 1e-9
    )
    assert pairs.worst_loss(Fraction(1), 4, 3, pairs.day_changed)[1] > 1.3


def test_a_release_states_the_epsilon_of_a_record_and_debits_that_of_the_day(
    step_of: Callable[..., Step], label_of: Callable[..., StepLabel], days: ReleasePolicy
) -> None:
    step = step_of(2)
    label = label_of(step, 400, 2)
    released = release(label, step, step.metrics[0], days, stream_for)
    assert (
        (released.best.epsilon, released.typical.epsilon)
        == draw_epsilons(step, days)
        == (Fraction(3, 8), Fraction(1, 8))
    )
    spent = debits(label, days, "r1")
    assert len(spent) == 400  # one a day, not one a record
    assert (spent[0].batch_id, spent[0].epsilon, spent[0].year) == (
        "day 2014-01-01",
        Fraction(1),
        2014,
    )
    assert (spent[-1].batch_id, spent[-1].year) == ("day 2015-02-04", 2015)


def test_the_cap_holds_for_a_day_whatever_records_it_held(
    step_of: Callable[..., Step], label_of: Callable[..., StepLabel], days: ReleasePolicy
) -> None:
    step = step_of(2)
    label = label_of(step, 60, 2)
    twice = debits(label, days, "r1") + debits(label, days, "r2")
    check({}, twice, CAP)
    renamed = replace(
        label,
        values=tuple(value._replace(batch_id=f"other {value.batch_id}") for value in label.values),
    )
    with pytest.raises(PolicyRefusal, match="day 2014-01-01") as refused:
        check(add_up(twice), debits(renamed, days, "r3"), CAP)
    assert refused.value.code == "budget-exhausted"


def test_a_day_counts_as_many_records_as_the_pack_lets_it(
    step_of: Callable[..., Step], label_of: Callable[..., StepLabel], days: ReleasePolicy
) -> None:
    step = step_of(2)
    label = label_of(step, 100, 5)
    records = counted(label, step, days)
    assert len(records) == 200
    assert [record.batch_id for record in records[:4]] == ["H0", "H1", "H5", "H6"]


def test_which_records_count_is_decided_by_their_own_day_alone(
    step_of: Callable[..., Step], label_of: Callable[..., StepLabel]
) -> None:
    values = label_of(step_of(2), 30, 5).values
    without_a_day = [value for value in values if value.start.day != 3]
    bounded = within_bound(values, 2)
    assert [value for value in bounded if value.start.day != 3] == within_bound(without_a_day, 2)


def test_a_day_of_many_records_is_refused_with_the_number_that_would_do(
    step_of: Callable[..., Step], label_of: Callable[..., StepLabel], days: ReleasePolicy
) -> None:
    step = step_of(29)
    error = refusal(label_of(step, 100, 5), step, step.metrics[0], days)
    assert error is not None
    assert error.code == "day-not-affordable"
    assert "29 records" in error.sentence
    assert "5,000 batches would do" in error.sentence
    assert "no class would do" in str(
        refusal(label_of(step_of(29, "0.05"), 100, 5), step_of(29, "0.05"), step.metrics[0], days)
    )


def test_a_day_of_one_record_costs_what_a_record_does(
    step_of: Callable[..., Step],
    label_of: Callable[..., StepLabel],
    days: ReleasePolicy,
    a_policy: ReleasePolicy,
) -> None:
    step = step_of(1)
    label = label_of(step, 300, 1)
    by_day, by_record = (
        release(label, step, step.metrics[0], policy, stream_for) for policy in (days, a_policy)
    )
    assert by_day == by_record
    assert (
        refusal(label_of(step, 60, 1), step, step.metrics[0], days) is None
    )  # small, in wide bands, as with records


def test_days_cannot_be_protected_where_the_pack_says_not_how_many_records_make_one(
    step_of: Callable[..., Step], label_of: Callable[..., StepLabel], days: ReleasePolicy
) -> None:
    step = step_of(None)
    error = refusal(label_of(step, 300, 1), step, step.metrics[0], days)
    assert error is not None
    assert error.code == "day-without-bound"
    with pytest.raises(PolicyRefusal):
        most_together(step, days)


def test_the_noise_of_a_day_is_that_of_scores_with_its_sensitivity() -> None:
    """epsilon / m on scores of sensitivity 1 a record is permute-and-flip at epsilon with
    sensitivity m.
    """
    values: list[Any] = scores([3, 1, 7, 7, 2], 10, 2)
    assert exact_law(values, Fraction(1, 4)) == pytest.approx(
        exact_law([value / 4 for value in values], Fraction(1))
    )


def test_the_account_of_a_day_is_named_by_its_date() -> None:
    assert day_account(datetime(2016, 2, 29, tzinfo=UTC).date()) == "day 2016-02-29"
