"""The plant beside itself (`pack = "own"`): a method made from what site.toml says of its own
steps.

The value that a quarter of at least ten valid runs reach (p25). A run below a fifth of its
product's median or above five times it is a wrong reading or unit. Nothing of it can be released.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from statistics import median
from typing import TYPE_CHECKING

from benchmarks import packs
from benchmarks.conversion import MJ_PER, Basis
from benchmarks.declared import FigureSource, Words, worded
from benchmarks.errors import InputError
from benchmarks.measurements import Batch, DataFinding, Metric, ProductStatus, Severity
from benchmarks.phrases import in_number
from benchmarks.policies import CompositionRule, DisclosurePolicy, ReleasePolicy
from benchmarks.routes import Boundary, LabelRule, MetricRule, Pack, Route, RouteStep, Step, Variant

if TYPE_CHECKING:
    from reporting_agent.config import SiteSettings
    from reporting_agent.config.site import OwnStep

OWN = "own"
QUANTILE = Fraction(1, 4)
FEWEST_RUNS = 10
FAR = "far-from-median"
TIMES_THE_MEDIAN = 5.0
LONGEST_S = 32 * 86_400
LEAST_COMPLETENESS = 0.99  # what is missing is missing in the value: 1 % at most
PLACES_KEPT = 20

_SOURCE = FigureSource(
    text="The plant's own settings", kind="engineering-assumption", verified=False
)
_NAMED = worded("The plant beside itself")


def own_pack(site: SiteSettings) -> Pack:
    """A pack whose steps are those of `[own_steps]`."""
    steps = tuple(_step(name, own) for name, own in site.own_steps.items())
    route = Route(
        id=OWN,
        words=_NAMED,
        product=OWN,
        product_words=_NAMED,
        steps=tuple(RouteStep(step=step.id, ratio=Fraction(1), source=_SOURCE) for step in steps),
    )
    return Pack(
        id=OWN,
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
        steps=steps,
    )


def _step(name: str, own: OwnStep) -> Step:
    words = Words.of(own.name or name)
    metrics = []
    thermal = sorted({*own.carriers, *own.optional} - {"electricity"})
    if "electricity" in {*own.carriers, *own.optional}:
        metrics.append(_metric(Metric.ELECTRICITY, f"kWh/{own.output_unit}"))
    if thermal:
        unit = own.unit if len(metrics) == 0 else "kgce"
        metrics.append(_metric(Metric.TOTAL, f"{unit}/{own.output_unit}"))
    return Step(
        id=name,
        words=words,
        product="",
        product_words=words,
        output_unit=own.output_unit,
        run_kind="shift",
        boundary=Boundary(
            id="as-metered",
            words=worded("The carriers that the plant's files hold"),
            carriers=own.carriers,
            counted=own.optional,
            credited=own.credited,
        ),
        variants=(Variant(id="", words=words),),
        label_rule=LabelRule(
            quantile=QUANTILE,
            fewest_batches=FEWEST_RUNS,
            least_completeness=LEAST_COMPLETENESS,
            longest_gap_s=own.longest_gap_s,
            shortest_s=0,
            longest_s=LONGEST_S,
        ),
        metrics=tuple(metrics) or (_metric(Metric.ELECTRICITY, f"kWh/{own.output_unit}"),),
    )


def _metric(metric: Metric, unit: str) -> MetricRule:
    """No bound of one run is known beforehand: `marked` compares the runs with each other."""
    return MetricRule(
        metric=metric,
        unit=unit,
        floor=-1e12,
        ceiling=1e12,
        typical=1.0,
        spread=0.1,
        grid_lower=Fraction(0),
        grid_upper=Fraction(1),
        grid_width=Fraction(1, 100),
        grid_source=_SOURCE,
        released=False,
    )


def marked(batches: Sequence[Batch], pack: Pack) -> tuple[list[Batch], list[DataFinding]]:
    """The batches of an own pack with those excluded that lie far from the median of their step
    and product.

    A batch without a value, or one that is excluded already, is no evidence and stays as it is.
    """
    if pack.id != OWN:
        return list(batches), []
    factors = packs.factors(pack)
    values: dict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)
    for index, batch in enumerate(batches):
        counts = batch.excluded is None and batch.status is ProductStatus.GOOD
        if not counts or batch.output <= 0 or not batch.energy:
            continue
        used = [energy for energy in batch.energy if energy.quantity]
        try:
            mj = sum(
                factors.kgce(energy, Basis.CALORIFIC, batch.start.date()) * MJ_PER["kgce"]
                for energy in used
            )
        except InputError:
            continue  # a fuel without heating value: the label itself says which
        values[batch.step, batch.product].append((index, mj / batch.output))
    marked_batches, far = list(batches), list[Batch]()
    for members in values.values():
        positive = [value for _, value in members if value > 0]
        middle = median(positive) if positive else 0.0
        for index, value in members:
            if not middle / TIMES_THE_MEDIAN <= value <= middle * TIMES_THE_MEDIAN:
                marked_batches[index] = replace(batches[index], excluded=FAR)
                far.append(batches[index])
    if not far:
        return marked_batches, []
    sentence = in_number(
        len(far),
        "%(count)s run uses less than a fifth, or more than five times, of what its product's "
        "runs use per unit: its reading or its unit is wrong; excluded.",
        "%(count)s runs use less than a fifth, or more than five times, of what their product's "
        "runs use per unit: their readings or units are wrong; excluded.",
        count=f"{len(far):,}",
    )
    places = tuple(batch.place for batch in far[:PLACES_KEPT] if batch.place is not None)
    return marked_batches, [DataFinding(FAR, Severity.EXCLUSION, sentence, len(far), places)]
