"""The last stage: from batches with energy to the site's exact label, and what is told beside each step's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks import packs
from benchmarks.labels import RELATIVE_UNCERTAINTY, SiteLabel, label_site
from benchmarks.measurements import Batch, Finding, Period
from benchmarks.phrases import Phrase
from reporting_agent.config import Site
from reporting_agent.console import say
from reporting_agent.pipeline import (
    account_of_site,
    constants,
    conversions,
    copies,
    declared,
    energy_by_batch,
    feed_in_the_log,
    fuels_in_the_log,
    materials_in_the_log,
    provisos,
    scattered,
)
from reporting_agent.pipeline.plant_data import PlantData
from reporting_agent.pipeline.provisos import longer_period, older_pack, own_pack, set_apart
from reporting_agent.pipeline.rejections import told_unreadable
from reporting_agent.pipeline.site_balance import site_balance
from reporting_agent.pipeline.sitewide import Sitewide
from reporting_agent.pipeline.stages import read


@dataclass(frozen=True, slots=True)
class LabelResult:
    """The exact label of the site and the data it was made from. Confidential."""

    site_label: SiteLabel
    data: PlantData

    @property
    def findings(self) -> list[Finding]:
        """Everything found, in the data and while labelling."""
        return [*self.data.findings, *self.site_label.findings]

    def not_held(self, step: str) -> tuple[str, ...]:
        """Editions for the step that were in force in the period and whose values the pack does not hold."""
        return self.data.pack.editions_not_held((step,), *self.site_label.period.first_and_last)

    def sitewide(self, site: Site) -> Sitewide:
        """What the site's steps took and gave back over the label's period."""
        return Sitewide.of(site, self.data.pack, self.site_label.period, self.data.batches, self.data.meters)

    def to_json(self) -> dict[str, Any]:
        """The content of label.json; every step says which limits the pack lacks, and where the unit of its energy is an assumption."""
        payload = self.site_label.to_json()
        for step in payload["steps"]:
            step["editions_not_held"] = list(self.not_held(step["step"]))
        if self.data.unit_assumed:
            for step in payload["steps"]:
                step["unit_assumed"] = True
        return payload


def label(site: Site, period: Period, *, outward: bool = False) -> LabelResult:
    """The site's exact label over the period, by its pack's rules."""
    data = read(site, period, outward=outward)
    return LabelResult(label_of(site, data, period), data)


def label_of(site: Site, data: PlantData, period: Period, *, outward: bool = False) -> SiteLabel:
    """The site's exact label over a period of data that were read for it, or for a longer one.

    Args:
        outward: of the batches as they are judged on their way out: the label that a report is drawn from.
    """
    pack, going = data.pack, data.outward if outward else None
    if outward and going is None:
        raise ValueError("the batches were not judged for their way out: read(..., outward=True)")
    uncertainty = RELATIVE_UNCERTAINTY if site.site.uncertainty_pct is None else site.site.uncertainty_pct / 100
    if not outward:  # the same batches once more, for what would leave: told once
        message = Phrase(
            "labelling %(batches)s batches by pack %(pack)s %(version)s",
            batches=f"{len(data.batches):,}",
            pack=pack.id,
            version=pack.version,
        )
        say(message)

    def made_of(batches: Sequence[Batch], period: Period = period) -> SiteLabel:
        return label_site(
            batches,
            pack,
            packs.factors(pack),
            period,
            site=site.id,
            not_used={step: setting.unreported for step, setting in site.steps.items()},
            static_factors=site.static or None,
            relative_uncertainty=uncertainty,
            outside={step: setting.outside for step, setting in site.steps.items()},
            stopped=declared.stops(site, period),
            paths=None if going is None else going.paths,
        )

    if going is not None:
        return made_of(going.batches)
    batches = data.batches
    site_label, of_lots = made_of(batches), scattered.of_one_lot(batches)
    if of_lots is not None:
        site_label = scattered.held_by_lot(site_label, made_of(of_lots))
        batches = of_lots if any(finding.code == scattered.HEATING_VALUE for finding in site_label.findings) else batches
    if scatters := scattered.of(site_label, pack):
        site_label = scattered.by_the_mean(site_label, made_of(scattered.at_mean(batches, scatters)), scatters)
    if (counted_once := copies.once(batches)) is not None:
        site_label = copies.counted_once_where_better(site_label, made_of(counted_once))
    whole = Sitewide.of(site, pack, period, batches, data.meters, data.left_out)
    site_label = energy_by_batch.withheld(told_unreadable(site_label, data.unread), data.nameless)
    site_label = feed_in_the_log.withheld(materials_in_the_log.withheld(site_label, whole.batches, site, pack), whole.batches, pack)
    site_label = conversions.withheld(
        energy_by_batch.withheld(site_label, data.uncounted, fuels_in_the_log.CODE, fuels_in_the_log.HELD), whole, pack
    )
    method = {**site_label.method, "constants_digest": constants.digest()}
    whole, balance = replace(whole, labels=site_label.steps, unmapped=data.unmapped), site_balance(whole)
    beside = longer_period.around(batches, period)
    longer = None if beside is None else made_of(*beside)
    apart = set_apart.as_usual(batches)
    usual = None if apart is None else made_of(apart)
    steps = tuple(
        replace(
            step_label,
            provisos=(
                *provisos.of(step_label, site, pack, whole, longer, usual),
                *fuels_in_the_log.sentences(step_label, data.short, data.doubted),
            ),
            account=(
                *own_pack.sentences(step_label, pack),
                *older_pack.sentences(step_label, pack),
                *account_of_site.sentences(step_label, whole, pack, balance),
            ),
        )
        for step_label in site_label.steps
    )
    return replace(site_label, steps=steps, method=method)
