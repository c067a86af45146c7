"""Builders for batches, steps and labels, with small round numbers that can be followed by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from benchmarks.conversion import FactorTable
from benchmarks.declared import FigureSource, Words
from benchmarks.measurements import Batch, CarrierEnergy, Metric, Period
from benchmarks.policies import ReleasePolicy
from benchmarks.routes import Boundary, LabelRule, MetricRule, ReferenceCondition, Step, Variant

WORDS = Words(en="word", zh="词")
ASSUMED = FigureSource(text="a builder for tests", kind="engineering-assumption", verified=False)


@pytest.fixture(scope="session")
def factors() -> FactorTable:
    return FactorTable.load()


@pytest.fixture(scope="session")
def year() -> Period:
    return Period.parse("2016", UTC)


@pytest.fixture(scope="session")
def a_metric() -> Callable[..., MetricRule]:
    def build(metric: Metric = Metric.ELECTRICITY, **changes: Any) -> MetricRule:
        defaults: dict[str, Any] = {
            "metric": metric,
            "unit": {"total": "kgce/t", "electricity": "kWh/t", "thermal": "MJ/t"}[metric],
            "floor": 100.0,
            "ceiling": 900.0,
            "typical": 400.0,
            "spread": 22.0,
            "grid_lower": "250",
            "grid_upper": "650",
            "grid_width": "1",
            "grid_source": ASSUMED,
        }
        return MetricRule(**{**defaults, **changes})

    return build


@pytest.fixture(scope="session")
def a_step(a_metric: Callable[..., MetricRule]) -> Callable[..., Step]:
    def build(
        *,
        carriers: Sequence[str] = ("electricity",),
        credited: Sequence[str] = (),
        quantile: str = "0.05",
        fewest_batches: int = 3,
        variants: Sequence[Variant] = (Variant(id="all", words=WORDS),),
        conditions: Sequence[ReferenceCondition] = (),
        metrics: Sequence[MetricRule] | None = None,
        limits: Sequence[Any] = (),
    ) -> Step:
        return Step(
            id="eaf",
            words=WORDS,
            product="molten-steel",
            product_words=WORDS,
            run_kind="heat",
            boundary=Boundary(
                id="furnace", words=WORDS, carriers=tuple(carriers), credited=tuple(credited)
            ),
            variants=tuple(variants),
            label_rule=LabelRule(
                quantile=quantile,
                fewest_batches=fewest_batches,
                least_completeness=0.95,
                longest_gap_s=900,
                shortest_s=600,
                longest_s=10_800,
            ),
            metrics=tuple(metrics) if metrics is not None else (a_metric(),),
            reference_conditions=tuple(conditions),
            limits=tuple(limits),
        )

    return build


@pytest.fixture(scope="session")
def a_heat() -> Callable[..., Batch]:
    """A good heat of 100 t with the given kWh/t; numbered, one an hour from the first of
    January.
    """

    def build(number: int, kwh_per_t: float | None, **changes: Any) -> Batch:
        start = datetime(2016, 1, 1, tzinfo=UTC) + timedelta(hours=number)
        output = changes.get("output", 100.0)
        energy = (
            ()
            if kwh_per_t is None
            else (CarrierEnergy("electricity", kwh_per_t * max(output, 1.0), "kWh"),)
        )
        defaults: dict[str, Any] = {
            "batch_id": f"H{number}",
            "step": "eaf",
            "product": "",
            "variant": "",
            "start": start,
            "end": start + timedelta(minutes=50),
            "output": output,
            "energy": energy,
        }
        return Batch(**{**defaults, **changes})

    return build


@pytest.fixture(scope="session")
def a_policy() -> ReleasePolicy:
    return ReleasePolicy(
        epsilon_best=Fraction(3, 4),
        epsilon_typical=Fraction(1, 4),
        cap_per_year=Fraction(2),
        corrections_per_year=1,
        fewest_batches=50,
        count_classes=(50, 100, 200, 340, 500, 670, 1000, 2000, 5000),
        largest_expected_error=Fraction(1, 100),
        most_years=3,
    )
