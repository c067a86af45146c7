"""From the exact label to the released one: what leaves, what is refused, what is spent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from benchmarks.conversion import FactorTable
from benchmarks.errors import PolicyRefusal
from benchmarks.labels import StepLabel, label_step
from benchmarks.measurements import Batch, Metric, Period
from benchmarks.policies import ReleasePolicy
from benchmarks.privacy.randomness import KeyedStream
from benchmarks.release import count_class, debits, refusal, release, release_id, with_grid_points
from benchmarks.released import ReleasedLabel
from benchmarks.routes import Step
from benchmarks.wire import schema


def stream_for(name: str) -> KeyedStream:
    return KeyedStream(bytes(32), challenge=b"c", data_root=b"r", name=name)


@pytest.fixture
def label_of(
    a_step: Callable[..., Step], a_heat: Callable[..., Batch], factors: FactorTable, year: Period
) -> Callable[..., StepLabel]:
    def of(count: int, **changes: Any) -> StepLabel:
        values = np.random.default_rng(1).normal(400, 22, count).clip(200, 800)
        step = a_step()
        heats = [a_heat(i % 8000, float(value), batch_id=f"H{i}") for i, value in enumerate(values)]
        return replace(
            label_step(
                heats,
                step,
                step.metrics[0],
                product="molten-steel",
                variant="all",
                factors=factors,
                period=year,
            ),
            **changes,
        )

    return of


@pytest.fixture
def a_release(
    a_step: Callable[..., Step], a_policy: ReleasePolicy
) -> Callable[[StepLabel], ReleasedLabel]:
    step = a_step()
    return lambda label: release(label, step, step.metrics[0], a_policy, stream_for)


def test_a_release_stays_near_the_exact_values(
    label_of: Callable[..., StepLabel], a_release: Callable[[StepLabel], ReleasedLabel]
) -> None:
    exact = label_of(2000)
    released = a_release(exact)
    assert float(released.best_value) == pytest.approx(exact.exact_quantile(Fraction(1, 20)), abs=4)
    assert float(released.typical_value) == pytest.approx(
        exact.exact_quantile(Fraction(1, 2)), abs=4
    )
    assert released.epsilon == 1
    assert released.count_class == 2000


def test_the_number_of_batches_leaves_as_a_class_only(
    label_of: Callable[..., StepLabel], a_release: Callable[[StepLabel], ReleasedLabel]
) -> None:
    released = a_release(label_of(731))
    assert released.count_class == 670
    assert "731" not in repr(released)


def test_a_retry_gives_the_same_release(
    label_of: Callable[..., StepLabel], a_release: Callable[[StepLabel], ReleasedLabel]
) -> None:
    assert a_release(label_of(300)) == a_release(label_of(300))


def test_every_draw_has_a_stream_of_its_own(
    label_of: Callable[..., StepLabel], a_step: Callable[..., Step], a_policy: ReleasePolicy
) -> None:
    asked: list[str] = []

    def noting(name: str) -> KeyedStream:
        asked.append(name)
        return stream_for(name)

    release(label_of(60), a_step(), a_step().metrics[0], a_policy, noting)
    assert asked == [
        "eaf/molten-steel/all/electricity/best",
        "eaf/molten-steel/all/electricity/typical",
    ]


@pytest.mark.parametrize(
    ("count", "changes", "code"),
    [
        (49, {}, "too-few-batches"),
        (60, {"product": "billets"}, "product-outside-pack"),
        (60, {"variant": "unheard-of"}, "product-outside-pack"),
        (60, {"boundary": "with-casting"}, "label-not-of-step"),
        (60, {"metric": Metric.TOTAL}, "label-not-of-step"),
    ],
)
def test_refused_by_policy(
    label_of: Callable[..., StepLabel],
    a_release: Callable[[StepLabel], ReleasedLabel],
    count: int,
    changes: dict[str, Any],
    code: str,
) -> None:
    with pytest.raises(PolicyRefusal) as refused:
        a_release(label_of(count, **changes))
    assert refused.value.code == code


def test_fifty_batches_are_enough(
    label_of: Callable[..., StepLabel], a_release: Callable[[StepLabel], ReleasedLabel]
) -> None:
    assert a_release(label_of(50)).count_class == 50


def test_a_metric_that_the_pack_keeps_on_site_is_not_released(
    label_of: Callable[..., StepLabel],
    a_step: Callable[..., Step],
    a_metric: Callable[..., Any],
    a_policy: ReleasePolicy,
) -> None:
    metric = a_metric(released=False)
    error = refusal(label_of(60), a_step(), metric, a_policy)
    assert error is not None
    assert error.code == "metric-not-released"


def test_every_used_batch_is_debited_in_its_own_year(
    a_step: Callable[..., Step],
    a_heat: Callable[..., Batch],
    factors: FactorTable,
    a_policy: ReleasePolicy,
) -> None:
    heats = [
        a_heat(i, 400, start=datetime(2015 + i % 2, 6, 1 + i, tzinfo=UTC), end=None)
        for i in range(6)
    ]
    heats.append(a_heat(9, None))
    step = a_step()
    both_years = Period.parse("2015-01-01/2017-01-01", UTC)
    label = label_step(
        heats,
        step,
        step.metrics[0],
        product="molten-steel",
        variant="all",
        factors=factors,
        period=both_years,
    )
    entries = debits(label, a_policy, "r1")
    assert [(debit.batch_id, debit.year) for debit in entries] == [
        (f"H{i}", 2015 + i % 2) for i in range(6)
    ]
    assert {(debit.epsilon, debit.correction) for debit in entries} == {(Fraction(1), False)}
    assert {debit.correction for debit in debits(label, a_policy, "r1", correction=True)} == {True}


@pytest.mark.parametrize(
    ("batches", "edge"), [(50, 50), (99, 50), (100, 100), (669, 500), (670, 670), (10**6, 5000)]
)
def test_count_class_is_the_lower_edge(a_policy: ReleasePolicy, batches: int, edge: int) -> None:
    assert count_class(batches, a_policy) == edge


def test_count_class_below_the_smallest_is_refused(a_policy: ReleasePolicy) -> None:
    with pytest.raises(PolicyRefusal, match="fewer than the smallest count class has"):
        count_class(49, a_policy)


def test_release_ids_differ_wherever_a_release_differs() -> None:
    base = ("works-2", "2016", 0, "eaf", "molten-steel", "all", Metric.TOTAL)
    others = [("works-3", *base[1:]), (*base[:2], 1, *base[3:]), (*base[:6], Metric.ELECTRICITY)]
    assert len({release_id(*key) for key in (base, *others)}) == 4


def test_a_label_without_a_month_of_five_batches_is_told_as_one_of_a_single_month_and_not_of_all(
    label_of: Callable[..., StepLabel], a_step: Callable[..., Step], a_policy: ReleasePolicy
) -> None:
    """Four a month over two years: left out of the wire, the number would say that the label tells
    of every month.
    """
    exact = label_of(96)
    sparse = replace(exact, coverage=replace(exact.coverage, months=24, months_told=0))
    leaving = with_grid_points(sparse, a_step(), a_step().metrics[0], a_policy, 10, 20, years=2)
    assert leaving.months == 1
    assert schema.read_label(schema.label_to_wire(leaving), "label") == leaving
