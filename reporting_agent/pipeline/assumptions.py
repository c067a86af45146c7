"""What the plant's own label took without a record of it, each with its effect on the value.

A release would leave such batches out (`validity.RELEASE_ONLY`); at home the value is as measured,
or at the reference, and this stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import fsum

import numpy as np

from benchmarks import packs
from benchmarks.carriers import CARRIERS
from benchmarks.conversion import MJ_PER
from benchmarks.labels import MeasuredBatches, StepLabel
from benchmarks.labels.columns import counts
from benchmarks.labels.outside import LARGEST_SHARE
from benchmarks.labels.result import Assumption
from benchmarks.phrases import Phrase, in_number, significant
from benchmarks.routes import Pack, ReferenceCondition
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline.over_the_fence import is_bought


def assumptions(label: StepLabel, site: SiteSettings, pack: Pack) -> Iterator[Assumption]:
    """Of one of the plant's own labels: the best of few runs, variables at their reference,
    carriers counted as none or as bought, heating values by default."""
    made = label.made_from
    if made is None or not len(made.rows):
        return
    fewest = pack.step(label.step).label_rule.fewest_batches
    if label.best.value is not None and label.used < fewest:
        words = in_number(
            label.used,
            "This is %(used)s run alone; a label should rest on %(fewest)s.",
            "The best of %(used)s runs; a label should rest on %(fewest)s.",
            used=f"{label.used:,}",
            fewest=f"{fewest:,}",
        )
        yield Assumption("runs", float(label.used), None, words)
    for condition in pack.step(label.step).reference_conditions:
        yield from _at_reference(label, made, condition)
    for carrier in label.missing_carriers:
        words = Phrase(
            "%(carrier)s is reported of no run; it is taken as not used.",
            carrier=CARRIERS[carrier].words,
        )
        yield Assumption(carrier, 0.0, None, words)
    yield from _outside(label)
    boundary = pack.step(label.step).boundary
    for carrier in boundary.bought:
        energy = label.energy_by_carrier.get(carrier, 0.0)
        if energy > 0 and counts(carrier, label.metric) and not is_bought(carrier, site):
            size = 0.01 * energy / label.output
            words = Phrase(
                "%(carrier)s is taken as bought; each percent that boilers of the site would lose "
                "adds %(size)s %(unit)s.",
                carrier=CARRIERS[carrier].words,
                size=significant(size, 2),
                unit=label.unit,
            )
            yield Assumption(carrier, 0.0, size, words)
    yield from _by_default(label, made, pack)


def _at_reference(
    label: StepLabel, made: MeasuredBatches, condition: ReferenceCondition
) -> Iterator[Assumption]:
    slope = condition.slope.get(label.metric)
    if not slope:
        return
    values = made.columns.variable(condition.variable)[made.rows]
    least = -np.inf if condition.least is None else condition.least
    most = np.inf if condition.most is None else condition.most
    recorded = (values >= least) & (values <= most)
    missing = int((~recorded).sum())
    if not missing:
        return
    words = Phrase(
        "%(variable)s is taken as %(value)s %(unit)s, the reference, in %(runs)s of %(all)s runs; "
        "each %(unit)s more would change the label by %(effect)s %(of)s.",
        variable=condition.words or condition.variable,
        value=f"{condition.reference:g}",
        unit=condition.unit,
        runs=f"{missing:,}",
        all=f"{len(values):,}",
        effect=f"{-slope:+g}".replace("-", "−"),
        of=label.unit,
    )
    yield Assumption(condition.variable, condition.reference, -slope, words)


def _outside(label: StepLabel) -> Iterator[Assumption]:
    for use in label.outside:
        small = use.share is not None and use.share <= LARGEST_SHARE
        if use.is_inside or (use.reason is not None and small) or use.energy_kgce is None:
            continue
        size = use.energy_kgce * MJ_PER["kgce"] / MJ_PER[label.energy_unit] / label.output
        words = Phrase(
            "%(carrier)s lies outside what this label counts; with it the label would be "
            "%(size)s %(unit)s higher.",
            carrier=CARRIERS[use.carrier].words,
            size=significant(size, 2),
            unit=label.unit,
        )
        yield Assumption(use.carrier, 0.0, size, words)


def _by_default(label: StepLabel, made: MeasuredBatches, pack: Pack) -> Iterator[Assumption]:
    """Fuels whose heating value the pack wants measured, and that were taken by the default."""
    table, used = packs.factors(pack), set(made.rows.tolist())
    for carrier in pack.step(label.step).boundary.measured:
        unmeasured = {
            index
            for index, kind in enumerate(made.columns.kinds)
            if kind.carrier == carrier and kind.lhv_mj_per_unit is None
        }
        own = [
            quantity
            for row, index, quantity in zip(
                made.columns.entry_row.tolist(),
                made.columns.entry_kind.tolist(),
                made.columns.entry_quantity.tolist(),
                strict=True,
            )
            if index in unmeasured and row in used
        ]
        energy = label.energy_by_carrier.get(carrier, 0.0)
        if not own or not fsum(own) or not energy or not counts(carrier, label.metric):
            continue
        size = 0.01 * energy / label.output
        words = Phrase(
            "The heating value of %(carrier)s is a default of table %(table)s; each percent more "
            "adds %(size)s %(unit)s.",
            carrier=CARRIERS[carrier].words,
            table=table.version,
            size=significant(size, 2),
            unit=label.unit,
        )
        yield Assumption(f"lhv.{carrier}", 0.0, size, words)
