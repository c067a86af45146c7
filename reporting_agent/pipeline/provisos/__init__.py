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
    beside_the_meters,
    between_steps,
    log_against_pack,
    meters,
    moved_energy,
    outside_runs,
    stated,
    takers,
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
    yield from takers.uncredited_energy_caveats(label, whole, pack)
    yield from takers.driven_besides(label, pack.step(label.step))
    yield from meters.humidity_caveats(label, whole)
    yield from meters.state_caveats(label, whole)
    yield from heating_values.sentences(label, whole.analysed_twice, site.heating_values)
    yield from beside_the_meters.sentences(label, whole, pack)
    yield from meters.uncounted_meter_caveats(label, whole, pack)
    yield from between_steps.between_steps_caveats(label, whole, pack)
    yield from outside_runs.outside_runs_caveats(label, whole, pack)
    yield from unusual_heating_values.sentences(label, site, pack)
    yield from log_against_pack.default_heat_caveats(label, whole, pack)
    yield from own_gas.sentences(label, pack)
    yield from takers.unexplained_gas_caveats(label, whole, pack)
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
        *moved_energy.alternating_days_caveats(label, pack.step(label.step)),
        *moved_energy.level_shift_caveats(label, pack.step(label.step).label_rule),
    ]
    yield from of_days or moved_energy.excess_scatter_caveats(label, pack.step(label.step))
    yield from between_steps.little_heat_caveats(label, whole, pack)
    yield from moved_energy.product_transfer_caveats(label, pack.step(label.step), whole)
    if longer is not None:
        yield from moved_energy.longer_period_caveats(label, longer)
    if usual is not None:
        yield from outside_runs.set_apart_caveats(label, usual)
    yield from stated.purchased_intermediate_caveats(label, pack.step(label.step), site.static)
    yield from materials_in_the_log.sentences(
        label, whole.as_logged, site, pack, {name for of in whole.unmapped.values() for name in of}
    )
    yield from between_steps.behind_step_caveats(label, whole.batches, site.static, pack)
    yield from log_against_pack.held_heat_caveats(label, whole.batches, site.static, pack)
    yield from stated.own_power_caveats(label, site, pack)
    yield from log_against_pack.share_caveats(label, whole.batches, site.static, pack)
    yield from log_against_pack.counted_output_caveats(label, whole.batches, pack)
    yield from feed_in_the_log.sentences(label, whole.batches, pack)
    yield from yields.sentences(label, pack.step(label.step), packs.factors(pack))
    yield from stated.stated_limit_caveats(label, pack.step(label.step), site.static, period)
    yield from turnover.sentences(label, pack.step(label.step))
