"""What a label rests on that no reading shows, each with its size: told beside the label, its grade
and the accounts that it enters.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import packs
from benchmarks.conversion import Basis
from benchmarks.declared import Words
from benchmarks.labels import SiteLabel, StepLabel, needs, turnover, yields
from benchmarks.routes import Pack
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import (
    conversions,
    declared,
    feed_in_the_log,
    heating_values,
    materials_in_the_log,
    over_the_fence,
    own_gas,
    scattered,
    unusual_heating_values,
)
from reporting_agent.pipeline.provisos import (
    behind_the_step,
    beside_the_meters,
    between_steps,
    bought_ready,
    constant_states,
    default_heat,
    far_apart,
    gas_of_no_maker,
    held_heat,
    humidity,
    little_heat,
    longer_period,
    neighbours,
    output_of_another,
    outside_runs,
    own_power,
    products_apart,
    set_apart,
    shares_in_the_log,
    stated_limits,
    stretches,
    takers,
    unadmitted,
    uncounted_meters,
)
from reporting_agent.pipeline.sitewide import SiteTotals


def of(
    label: StepLabel,
    site: SiteSettings,
    pack: Pack,
    whole: SiteTotals,
    longer: SiteLabel | None = None,
    usual: SiteLabel | None = None,
) -> Iterator[Words]:
    """What the site declares of the step, what its runs report little of, and the heating values
    that nothing shows to be usual.

    Args:
        longer: labels of the time around the period as well.
        usual: labels with tests and the like as usual runs.
    """
    period = whole.period
    yield from declared.sentences(label, site, pack, whole)
    setting, on = (
        site.steps.get(label.step),
        (period.start + (period.end - period.start) / 2).date(),
    )
    unreported = frozenset[str]() if setting is None else frozenset(setting.unreported)
    yield from over_the_fence.sentences(label, site, pack)
    yield from conversions.sentences(label, whole, pack)
    yield from takers.untaken(label, whole)
    yield from takers.unserved(label, whole, pack)
    yield from unadmitted.sentences(label, whole, pack)
    yield from unadmitted.driven_besides(label, pack.step(label.step))
    yield from humidity.sentences(label, whole)
    yield from constant_states.sentences(label, whole)
    yield from heating_values.sentences(label, whole.analysed_twice, site.heating_values)
    yield from beside_the_meters.sentences(label, whole, pack)
    yield from uncounted_meters.sentences(label, whole, pack)
    yield from between_steps.sentences(label, whole, pack)
    yield from outside_runs.sentences(label, whole, pack)
    yield from unusual_heating_values.sentences(label, site, pack)
    yield from default_heat.sentences(label, whole, pack)
    yield from own_gas.sentences(label, pack)
    yield from gas_of_no_maker.sentences(label, whole, pack)
    yield from scattered.sentences(label, pack.step(label.step))
    yield from needs.sentences(
        label,
        pack.step(label.step),
        packs.factors(pack),
        Basis(pack.standard_basis),
        on,
        unreported,
    )
    of_days = [
        *neighbours.sentences(label, pack.step(label.step)),
        *stretches.sentences(label, pack.step(label.step).label_rule),
    ]
    yield from of_days or far_apart.sentences(label, pack.step(label.step))
    yield from little_heat.sentences(label, whole, pack)
    yield from products_apart.sentences(label, pack.step(label.step), whole)
    if longer is not None:
        yield from longer_period.sentences(label, longer)
    if usual is not None:
        yield from set_apart.sentences(label, usual)
    yield from bought_ready.sentences(label, pack.step(label.step), site.static)
    yield from materials_in_the_log.sentences(
        label, whole.as_logged, site, pack, {name for of in whole.unmapped.values() for name in of}
    )
    yield from behind_the_step.sentences(label, whole.batches, site.static, pack)
    yield from held_heat.sentences(label, whole.batches, site.static, pack)
    yield from own_power.sentences(label, site, pack)
    yield from shares_in_the_log.sentences(label, whole.batches, site.static, pack)
    yield from output_of_another.sentences(label, whole.batches, pack)
    yield from feed_in_the_log.sentences(label, whole.batches, pack)
    yield from yields.sentences(label, pack.step(label.step), packs.factors(pack))
    yield from stated_limits.sentences(label, pack.step(label.step), site.static, period)
    yield from turnover.sentences(label, pack.step(label.step))
