"""The firm's own method pack: one step a product, made from its own runs. It compares the firm with
itself and nobody else.

The rule is that of small series: the value a quarter of the valid runs reach (p25), from at least
ten valid runs, so that one odd run, or two, cannot make the label. What is physically possible
nobody declared; runs below a fifth or above five times their product's own median are taken for
wrong readings. Nothing of it can be released: no portal knows this pack.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from statistics import median
from typing import get_args

from benchmarks.conversion import Basis, FactorTable
from benchmarks.declared import FigureSource, Words, worded
from benchmarks.errors import InputError
from benchmarks.measurements import Batch, Metric, ProductStatus
from benchmarks.policies import CompositionRule, DisclosurePolicy, ReleasePolicy
from benchmarks.routes import Boundary, LabelRule, MetricRule, Pack, Route, RouteStep, Step, Variant

QUANTILE = Fraction(1, 4)
FEWEST_RUNS = 10
BELOW_MEDIAN = (
    5.0  # times: a run further from its product's median is a wrong reading or a wrong unit
)
SHORTEST_S = 60
LONGEST_S = 32 * 86_400

_OWN = FigureSource(
    text="Made from the firm's own runs", kind="engineering-assumption", verified=False
)
_NAMED = worded("The firm's own runs")


def method(batches: Sequence[Batch], factors: FactorTable) -> Pack:
    """A pack whose steps are the products of these runs, in the order of their first run."""
    grouped: dict[str, list[Batch]] = {}
    for batch in batches:
        grouped.setdefault(batch.step, []).append(batch)
    steps = [_step(cell, runs, factors) for cell, runs in grouped.items()]
    route = Route(
        id="own",
        words=_NAMED,
        product="own",
        product_words=_NAMED,
        steps=tuple(RouteStep(step=step.id, ratio=Fraction(1), source=_OWN) for step in steps),
    )
    return Pack(
        id="own-runs",
        version="1",
        words=_NAMED,
        standard_basis="calorific",
        effective_from=date(2000, 1, 1),
        policy=ReleasePolicy(
            epsilon_best=Fraction(0),
            epsilon_typical=Fraction(0),
            cap_per_year=Fraction(0),
            corrections_per_year=0,
            fewest_batches=FEWEST_RUNS,
            count_classes=(),
            largest_expected_error=Fraction(0),
        ),
        composition=(CompositionRule(firms_from=8, rule="trimmed-best-five", words=_NAMED),),
        disclosure=DisclosurePolicy(
            fewest_firms=8,
            largest_weight=Fraction(1, 4),
            p_percent=Fraction(1, 10),
            least_changed_participants=3,
            largest_share_of_change=Fraction(3, 5),
            lag_days=90,
            reason=_NAMED,
        ),
        routes=(route,),
        steps=tuple(steps),
    )


def _step(cell: str, runs: Sequence[Batch], factors: FactorTable) -> Step:
    name, product, unit = cell.split("\x1f")
    shown = " · ".join(part for part in (name, product) if part) or "production"
    carriers = tuple(dict.fromkeys(energy.carrier for run in runs for energy in run.energy))
    metrics = []
    if "electricity" in carriers:
        metrics.append(_metric(Metric.ELECTRICITY, f"kWh/{unit}", runs, factors))
    if set(carriers) - {"electricity"}:
        metrics.insert(0, _metric(Metric.TOTAL, f"kgce/{unit}", runs, factors))
    return Step(
        id=cell,
        words=Words.of(shown),
        product=product,
        product_words=Words.of(product or shown),
        output_unit=_output_unit(unit),
        run_kind="shift",
        boundary=Boundary(
            id="as-metered", words=worded("The carriers in the workbook"), carriers=carriers
        ),
        variants=(Variant(id="", words=Words.of(shown)),),
        label_rule=LabelRule(
            quantile=QUANTILE,
            fewest_batches=FEWEST_RUNS,
            least_completeness=0.0,
            longest_gap_s=LONGEST_S,
            shortest_s=SHORTEST_S,
            longest_s=LONGEST_S,
        ),
        metrics=tuple(metrics) or (_metric(Metric.ELECTRICITY, f"kWh/{unit}", runs, factors),),
    )


def _output_unit(unit: str) -> str:
    if unit not in get_args(Step.model_fields["output_unit"].annotation):
        raise ValueError(f"a step's output unit cannot be {unit!r}")
    return unit


def _metric(metric: Metric, unit: str, runs: Sequence[Batch], factors: FactorTable) -> MetricRule:
    values = [value for run in runs if (value := _value(run, metric, factors)) is not None]
    middle = median(values) if values else 1.0
    return MetricRule(
        metric=metric,
        unit=unit,
        floor=middle / BELOW_MEDIAN,
        ceiling=middle * BELOW_MEDIAN,
        typical=middle,
        spread=middle / 10,
        grid_lower=Fraction(0),
        grid_upper=Fraction(1),
        grid_width=Fraction(1, 100),
        grid_source=_OWN,
        released=False,
    )


def _value(run: Batch, metric: Metric, factors: FactorTable) -> float | None:
    """Energy per unit of one good run, for the median; None where it cannot be formed."""
    if run.status is not ProductStatus.GOOD or run.output <= 0 or not run.energy:
        return None
    day = run.start.date()
    used = [
        energy for energy in run.energy if energy.quantity
    ]  # of what was not used, no heating value is needed
    try:
        if metric is Metric.ELECTRICITY:
            total = sum(factors.kwh(energy, day) for energy in used)
        else:
            total = sum(factors.kgce(energy, Basis.CALORIFIC, day) for energy in used)
    except InputError:
        return None  # a fuel without heating value: the label itself says which
    return total / run.output if total > 0 else None
