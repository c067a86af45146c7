"""The last stage: from batches with energy to the site's exact label, and what is told beside each
step's.

Here alone it is decided what holds at home and what for a release. A release (`label_of`) leaves
out and withholds whatever could better a label falsely; the plant's own label (`own_label`) takes
all that physics and arithmetic allow, and says beside it what it took.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks import packs
from benchmarks.labels import RELATIVE_UNCERTAINTY, SiteLabel, label_site
from benchmarks.measurements import Batch, DataFinding, Period
from benchmarks.privacy.stability import Path
from benchmarks.routes import Pack
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import (
    account_of_site,
    constants,
    conversions,
    declared,
    energy_by_batch,
    feed_in_the_log,
    fuels_in_the_log,
    materials_in_the_log,
    provisos,
    scattered,
)
from reporting_agent.pipeline.assumptions import assumptions
from reporting_agent.pipeline.plant_data import PlantData
from reporting_agent.pipeline.provisos import moved_energy, outside_runs, stated
from reporting_agent.pipeline.rejections import told_unreadable
from reporting_agent.pipeline.site_balance import site_balance
from reporting_agent.pipeline.sitewide import SiteTotals
from reporting_agent.pipeline.stages import read


@dataclass(frozen=True, slots=True)
class LabelResult:
    """The exact label of the site and the data it was made from. Confidential.

    `released` is the same by the rules of a release, where this one is the plant's own; None where
    this one goes by those rules itself.
    """

    site_label: SiteLabel
    data: PlantData
    released: LabelResult | None = None

    @property
    def strict(self) -> LabelResult:
        """By the rules of a release."""
        return self.released or self

    @property
    def findings(self) -> list[DataFinding]:
        """Everything found, in the data and while labelling."""
        return [*self.data.findings, *self.site_label.findings]

    def not_held(self, step: str) -> tuple[str, ...]:
        """Editions for the step that were in force in the period and whose values the pack does not
        hold.
        """
        return self.data.pack.editions_not_held((step,), *self.site_label.period.first_and_last)

    def sitewide(self, site: SiteSettings) -> SiteTotals:
        """What the site's steps took and gave back over the label's period."""
        return SiteTotals.of(
            site, self.data.pack, self.site_label.period, self.data.batches, self.data.meters
        )

    def to_json(self) -> dict[str, Any]:
        """The content of label.json; every step says which limits the pack lacks, and where the
        unit of its energy is an assumption.
        """
        payload = self.site_label.to_json()
        for step in payload["steps"]:
            step["editions_not_held"] = list(self.not_held(step["step"]))
        if self.data.unit_assumed:
            for step in payload["steps"]:
                step["unit_assumed"] = True
        return payload


def label(
    site: SiteSettings, period: Period, *, outward: bool = False, pack: Pack | None = None
) -> LabelResult:
    """The site's exact label over the period, by its pack's rules or those of another one;
    `outward` as `read` takes it.
    """
    data = read(site, period, outward=outward, pack=pack)
    return LabelResult(label_of(site, data, period), data)


def own_label(
    site: SiteSettings, period: Period, *, outward: bool = False, pack: Pack | None = None
) -> LabelResult:
    """The plant's own label over the period, with the one that a release would go by beside it."""
    data = read(site, period, outward=outward, pack=pack)
    label, _, _ = _computed(site, data, period, at_home=False)
    released = LabelResult(label, data)
    own = data if data.at_home is None else replace(data, batches=data.at_home, at_home=None)
    return LabelResult(label_of(site, own, period, at_home=True), own, released)


def label_of(
    site: SiteSettings, data: PlantData, period: Period, *, at_home: bool = False
) -> SiteLabel:
    """The site's exact label over a period of data that were read for it, or for a longer one."""
    pack = data.pack
    rules = _Rules(site, pack, period, at_home=at_home)
    site_label, batches, whole = _computed(site, data, period, at_home=at_home)
    return _with_what_is_told(
        site_label,
        batches,
        replace(whole, labels=site_label.steps, unmapped=data.unmapped),
        data,
        rules,
    )


def _computed(
    site: SiteSettings, data: PlantData, period: Period, *, at_home: bool
) -> tuple[SiteLabel, Sequence[Batch], SiteTotals]:
    """The label, the batches whose energy stands in it, and what the site took and gave back."""
    rules = _Rules(site, data.pack, period, at_home=at_home)
    site_label, batches = _by_nothing_bettered(data.batches, rules)
    whole = SiteTotals.of(site, data.pack, period, batches, data.meters, data.left_out)
    if at_home:
        return told_unreadable(site_label, data.unread), batches, whole
    return _withheld(site_label, data, whole), batches, whole


def outgoing_label(site: SiteSettings, data: PlantData, period: Period) -> SiteLabel:
    """The same of the batches as they are judged on their way out, which a report is drawn from;
    nothing is told beside it.
    """
    return _Rules(site, data.pack, period, data.outgoing.paths).label(data.outgoing.batches)


@dataclass(frozen=True, slots=True)
class _Rules:
    """By what batches become a label: the pack, the site's settings and the period; `paths` where
    they are on their way out, `at_home` where the label is the plant's own.
    """

    site: SiteSettings
    pack: Pack
    period: Period
    paths: Mapping[str, Path] | None = None
    at_home: bool = False

    def label(self, batches: Sequence[Batch], period: Period | None = None) -> SiteLabel:
        """Over the period of the rules, or over another one."""
        period = period or self.period
        settings = self.site.steps.items()
        uncertainty_pct = self.site.site.uncertainty_pct
        return label_site(
            batches,
            self.pack,
            packs.factors(self.pack),
            period,
            site=self.site.id,
            not_used={step: setting.unreported for step, setting in settings},
            static_factors=self.site.static or None,
            relative_uncertainty=RELATIVE_UNCERTAINTY
            if uncertainty_pct is None
            else uncertainty_pct / 100,
            outside={step: setting.outside for step, setting in settings},
            stopped=declared.stops(self.site, period),
            paths=self.paths,
            at_home=self.at_home,
        )


def _by_nothing_bettered(
    batches: Sequence[Batch], rules: _Rules
) -> tuple[SiteLabel, Sequence[Batch]]:
    """The label that no scattered value and no copied run makes better than it is, and the batches
    whose energy stands in it.

    In this order: heating values are held by their lots first, since a step's energies are made of
    them; variables that scatter are then held at their means; and copies are counted once in the
    end, of the batches with the values that they had before that.
    """
    site_label, of_lots = rules.label(batches), scattered.of_one_lot(batches)
    if of_lots is not None:
        site_label = scattered.held_by_lot(site_label, rules.label(of_lots))
        batches = (
            of_lots
            if any(finding.code == scattered.HEATING_VALUE for finding in site_label.findings)
            else batches
        )
    if scatters := scattered.of(site_label, rules.pack):
        site_label = scattered.by_the_mean(
            site_label, rules.label(scattered.at_mean(batches, scatters)), scatters
        )
    if (counted_once := scattered.once(batches)) is not None:
        site_label = scattered.where_better(site_label, rules.label(counted_once))
    return site_label, batches


def _withheld(site_label: SiteLabel, data: PlantData, whole: SiteTotals) -> SiteLabel:
    """Without the value of steps of which energy, materials, feed or a conversion cannot be so.

    Energy and materials are told whatever was told before them; feed and conversions only where
    there is a value left.
    """
    site_label = told_unreadable(site_label, data.unread)
    site_label = energy_by_batch.withheld(site_label, data.nameless)
    site_label = materials_in_the_log.withheld(site_label, whole.batches, whole.site, data.pack)
    site_label = feed_in_the_log.withheld(site_label, whole.batches, data.pack)
    site_label = energy_by_batch.withheld(
        site_label, data.uncounted.amounts, fuels_in_the_log.CODE, fuels_in_the_log.HELD
    )
    return conversions.withheld(site_label, whole, data.pack)


def _with_what_is_told(
    site_label: SiteLabel,
    batches: Sequence[Batch],
    whole: SiteTotals,
    data: PlantData,
    rules: _Rules,
) -> SiteLabel:
    """With what is told beside each step: on what its value hangs, and how the site's account comes
    out.
    """
    site, pack, balance = rules.site, rules.pack, site_balance(whole)
    beside, apart = moved_energy.around(batches, rules.period), outside_runs.as_usual(batches)
    longer = None if beside is None else rules.label(*beside)
    usual = None if apart is None else rules.label(apart)
    steps = tuple(
        replace(
            step_label,
            assumed=tuple(assumptions(step_label, site, pack)) if rules.at_home else (),
            provisos=(
                *provisos.of(step_label, site, pack, whole, longer, usual),
                *fuels_in_the_log.sentences(
                    step_label, data.uncounted.short, data.uncounted.doubted
                ),
            ),
            account=(
                *stated.own_pack_caveats(step_label, pack),
                *account_of_site.sentences(step_label, whole, pack, balance),
            ),
        )
        for step_label in site_label.steps
    )
    return replace(
        site_label,
        steps=steps,
        method={**site_label.method, "constants_digest": constants.digest()},
    )
