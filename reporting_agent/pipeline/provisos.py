"""What a label rests on that no reading shows, each with its size: told beside the label, its grade and the accounts that it enters."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import packs
from benchmarks.conversion import Basis
from benchmarks.labels import StepLabel, needs, turnover, yields
from benchmarks.routes import Pack, Words
from reporting_agent.config import Site
from reporting_agent.pipeline import (
    beside_the_meters,
    bought_ready,
    conversions,
    declared,
    heat_content,
    humidity,
    neighbours,
    over_the_fence,
    own_gas,
    scattered,
    stretches,
    takers,
    uncounted_meters,
    usual_heat,
)
from reporting_agent.pipeline.sitewide import Sitewide


def of(label: StepLabel, site: Site, pack: Pack, whole: Sitewide) -> Iterator[Words]:
    """What the site declares of the step, what its runs report little of, and the heating values that nothing shows to be usual."""
    period = whole.period
    yield from declared.told(label, site, pack, whole)
    setting, on = site.steps.get(label.step), (period.start + (period.end - period.start) / 2).date()
    unreported = frozenset[str]() if setting is None else frozenset(setting.unreported)
    yield from over_the_fence.told(label, pack)
    yield from conversions.told(label, whole, pack)
    yield from takers.untaken(label, whole)
    yield from humidity.told(label, whole)
    yield from heat_content.told(label, whole.analysed_twice, site.heating_values)
    yield from beside_the_meters.told(label, whole, pack)
    yield from uncounted_meters.told(label, whole, pack)
    yield from usual_heat.told(label, site, pack)
    yield from own_gas.told(label, pack)
    yield from scattered.told(label, pack.step(label.step))
    yield from needs.told(label, pack.step(label.step), packs.factors(pack), Basis(pack.standard_basis), on, unreported)
    yield from neighbours.told(label, pack.step(label.step).label_rule)
    yield from stretches.told(label, pack.step(label.step).label_rule)
    yield from bought_ready.told(label, pack.step(label.step), site.static)
    yield from yields.told(label, pack.step(label.step), packs.factors(pack))
    yield from turnover.told(label, pack.step(label.step))
