"""From the plant's files to batches with energy, and from those to the local label.

`read` looks at everything and computes no label; `label` adds the label. What is outside the period is marked and
counted, never dropped silently.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

from benchmarks import packs
from benchmarks.errors import InputError, Place
from benchmarks.labels import RELATIVE_UNCERTAINTY, ExclusionReason, SiteLabel, label_site
from benchmarks.measurements import Batch, CarrierEnergy, Finding, Period, Severity
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack
from reporting_agent import sources
from reporting_agent.config import Site
from reporting_agent.config.agreement import refuse_impossible_heat
from reporting_agent.config.events import Event
from reporting_agent.console import say
from reporting_agent.metering import MeterRecord
from reporting_agent.pipeline import (
    batch_names,
    conditions,
    constants,
    conversions,
    declared,
    energy_by_batch,
    faults,
    fuels_in_the_log,
    heat_content,
    joint,
    material_flow,
    metered,
    over_the_fence,
    own_gas,
    own_metering,
    proposals,
    provisos,
    runs,
    scattered,
    units,
    usual_heat,
    whole_files,
)
from reporting_agent.pipeline import batches as batch_rows
from reporting_agent.pipeline import outward as outgoing
from reporting_agent.pipeline.following import MomentsOf, sinks_of
from reporting_agent.pipeline.inputs import Inputs
from reporting_agent.pipeline.outward import Outward
from reporting_agent.pipeline.proposals import Proposal
from reporting_agent.pipeline.rejections import by_step, rejections, told_unreadable
from reporting_agent.pipeline.sitewide import Sitewide
from reporting_agent.sources import Rejected
from reporting_agent.sources.extract import Extract
from reporting_agent.sources.reading_log import Undeclared

if TYPE_CHECKING:  # not where a small firm's one file runs: what it digests with is not in there
    from reporting_agent.sources.day_digests import DayDigests

PLACES_KEPT = 20


@dataclass(frozen=True, slots=True)
class PlantData:
    """What the plant's files hold: batches with energy (some excluded, with the reason), findings, unreadable rows."""

    pack: Pack
    batches: list[Batch]
    findings: list[Finding]
    rejected: list[Rejected]
    meters: tuple[MeterRecord, ...] = ()  # every declared meter that has readings, counted or not
    unit_assumed: bool = False  # the site says that nothing proves the unit of its energy
    left_out: tuple[runs.LeftOut, ...] | None = None  # of a log: energy in no run, over the period; None where there is no log
    outward: Outward | None = None  # the same batches as they are judged on their way out, where that was asked for
    proposals: tuple[Proposal, ...] = ()  # what to declare, so that it acts on the way out as well
    unread: Mapping[str, int] = field(default_factory=dict)  # by step, rows of the batches file that could not be read
    undeclared: Mapping[str, Undeclared] = field(default_factory=dict)  # meters of the readings that site.toml does not name
    nameless: Mapping[str, Sequence[CarrierEnergy]] = field(default_factory=dict)  # by step, energy that names none of its batches
    uncounted: Mapping[str, Sequence[CarrierEnergy]] = field(default_factory=dict)  # by step, fuel that the log names and no energy holds
    corrected: tuple[Rejected, ...] = ()  # rows read as a person corrected them; they stay in rejected.csv for the next run


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

    def to_json(self) -> dict[str, Any]:
        """The content of label.json; every step says which limits the pack lacks, and where the unit of its energy is an assumption."""
        payload = self.site_label.to_json()
        for step in payload["steps"]:
            step["editions_not_held"] = list(self.not_held(step["step"]))
        if self.data.unit_assumed:
            for step in payload["steps"]:
                step["unit_assumed"] = True
        return payload


def read(
    site: Site,
    period: Period | None = None,
    extract: Extract | None = None,
    *,
    days: DayDigests | None = None,
    closely: MomentsOf | None = None,
    outward: bool = False,
    pack: Pack | None = None,
) -> PlantData:
    """Read all inputs of the site. With a period, batches that start outside it are marked and not metered.

    With an extract, its rows and readings are read in place of what the site's files and sources hold.

    Args:
        days: takes the readings as their source gives them, where their days are to be digested.
        closely: at which moments besides, from the windows of its batches, a meter's record tells its energy.
        outward: judge the batches a second time, each by itself, as they are judged on their way out.
        pack: by which to read in place of the site's: what gaps, bounds and heating values leave out is the pack's to say.

    Raises:
        InputError: a file, the profile or the pack cannot be used; names file, row, column, found and wanted.
    """
    pack = pack_of(site, pack)
    inputs = Inputs(site, extract)
    if inputs.given("log"):
        return _read_log(site, inputs, pack, period, outward=outward)
    table = inputs.tables(sources.BATCHES)
    rejected = [bad for one in table for bad in one.rejected]
    made: list[Batch] = []
    beside: list[fuels_in_the_log.Of] = []
    for one in table:
        some, refused = batch_rows.batches_of(one, pack)
        beside += fuels_in_the_log.of_batches(one, some, yearly=site.site.batch_ids == "restart-yearly")
        made += some
        rejected += one.in_their_own_columns(refused)
    unread = by_step(table, period)
    unread_ids = frozenset(str(row.get("batch_id")) for one in table for row in one.unread)
    own_ids: Mapping[batch_names.Key, str] = {}
    if site.site.batch_ids == "restart-yearly":
        made = batch_names.in_their_years(made)
        own_ids = batch_names.by_own_id(made) if inputs.given("energy") else {}
    made = declared.rows(made, site)
    going = outgoing.rows(made, site) if outward else []
    together = joint.merged(made, site)
    made = together.batches
    alike = outward and len(going) == len(made) and all(row is other for row, other in zip(going, made, strict=True))
    made = _mark_period(made, period)
    going = made if alike else _mark_period(going, period)
    findings: list[Finding] = [*together.findings]
    blank: frozenset[energy_by_batch.Key] = frozenset()
    nameless: dict[str, list[CarrierEnergy]] = {}
    metered_steps: dict[str, set[str]] = {}
    suspected: dict[int, set[str]] = {}
    meters: tuple[MeterRecord, ...] = ()
    undeclared: Mapping[str, Undeclared] = {}
    own_energy: Mapping[int, Sequence[CarrierEnergy]] = {}
    out: own_metering.Outgoing | None = None
    events: Sequence[Event] = ()
    if inputs.given("energy"):
        for one in inputs.tables(sources.ENERGY):
            joined = energy_by_batch.join(made, one, packs.factors(pack), own_ids, unread_ids)
            made, blank = joined.batches, blank | joined.blank
            beside += fuels_in_the_log.of_energy(one, own_ids)
            rejected += [*one.rejected, *one.in_their_own_columns(joined.rejected)]
            findings += joined.findings
            for step, energies in joined.nameless.items():
                nameless.setdefault(step, []).extend(energies)
            if outward:
                going = made if alike else energy_by_batch.join(going, one, packs.factors(pack), own_ids).batches
        made, going = declared.energies(made, site), declared.energies(going, site)
    off_scale = units.off_scales(made)  # of what the plant gave per batch: before the meters add theirs
    if inputs.given("readings"):
        for meter in metered.counted_meters(site, pack):
            for sink in sinks_of(meter, site):
                metered_steps.setdefault(sink.step, set()).add(sink.equipment)
        made, going = declared.metered(made, site, pack), declared.metered(going, site, pack)
        going = outgoing.outside_repeated_hours(going, site, metered_steps) if outward else going
        out = own_metering.outgoing(going, site, pack) if outward else None
        measured = metered.measure(made, site, pack, inputs.readings(), period, inputs.corrections, days, closely, out)
        own_energy, events = measured.own, measured.events
        made, meters, suspected = measured.batches, measured.meters, measured.suspected
        undeclared = measured.undeclared
        rejected += measured.rejected
        findings += measured.findings
        inputs.totals += measured.totals
    settled = heat_content.settle(made, site, pack)
    findings += settled.findings
    with_usual_heat, of_heat = usual_heat.left_out(settled.batches, site, pack)
    of_purchases, not_bought = over_the_fence.left_out(with_usual_heat, site, pack)
    with_own_gas, of_gas = own_gas.left_out(of_purchases, pack)
    uncounted = fuels_in_the_log.uncounted(with_own_gas, beside, site, pack)
    findings += [*of_heat, *not_bought, *of_gas, *uncounted.findings]
    made, found = faults.examine(
        with_own_gas, site, pack, metered_steps=metered_steps, blank=blank | uncounted.keys, suspected=suspected, off_scale=off_scale
    )
    made, divided = joint.split(made, together.parts, site)
    findings += [*divided, *material_flow.examine(made, pack), *conditions.examine(made, pack)]
    judged, proposed = None, []
    if outward:
        out = out or own_metering.outgoing(going, site, pack)
        whole = [*whole_files.decided(inputs.files()), *whole_files.doubted(inputs.in_doubt())]
        judged = outgoing.judge(out, own_energy, site, pack, metered_steps=metered_steps, blank=blank, beside=beside, whole=whole)
        proposed = proposals.propose(out, settled.batches, events, off_scale, site)
    return PlantData(
        pack,
        made,
        [*_outside(made), *found, *findings, *rejections(rejected), *inputs.findings(), *material_flow.unused_factors(site, pack)],
        rejected,
        meters,
        undeclared=undeclared,
        outward=judged,
        proposals=tuple(proposed),
        corrected=inputs.corrected,
        unread=unread,
        nameless=nameless,
        uncounted=uncounted.amounts,
    )


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
        told = Phrase(
            "labelling %(batches)s batches by pack %(pack)s %(version)s",
            batches=f"{len(data.batches):,}",
            pack=pack.id,
            version=pack.version,
        )
        say(told)

    def made_of(batches: Sequence[Batch]) -> SiteLabel:
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
    made, of_lots = made_of(batches), scattered.of_one_lot(batches)
    if of_lots is not None:
        made = scattered.held_by_lot(made, made_of(of_lots))
        batches = of_lots if any(one.code == scattered.HEATING_VALUE for one in made.findings) else batches
    if found := scattered.of(made, pack):
        made = scattered.held(made, made_of(scattered.at_mean(batches, found)), found)
    whole = Sitewide.of(site, pack, period, batches, data.meters)
    made = energy_by_batch.held(told_unreadable(made, data.unread), data.nameless)
    made = conversions.held(energy_by_batch.held(made, data.uncounted, fuels_in_the_log.CODE, fuels_in_the_log.HELD), whole, pack)
    method = {**made.method, "constants_digest": constants.digest()}
    steps = tuple(replace(one, provisos=tuple(provisos.of(one, site, pack, whole))) for one in made.steps)
    return replace(made, steps=steps, method=method)


def _read_log(site: Site, inputs: Inputs, pack: Pack, period: Period | None, *, outward: bool) -> PlantData:
    rejected: list[Rejected] = []
    made: list[Batch] = []
    findings: list[Finding] = []
    left_out: list[runs.LeftOut] = []
    going: list[Batch] = []
    beside: list[fuels_in_the_log.Of] = []
    beside_going: list[fuels_in_the_log.Of] = []
    for one in inputs.tables(sources.LOG):
        cut = runs.cut(one, site, pack)
        rejected += [*one.rejected, *one.in_their_own_columns(cut.rejected)]
        made += cut.batches
        beside += cut.beside
        if outward:
            own, own_beside = outgoing.cut(one, site, pack)
            going, beside_going = going + own, beside_going + own_beside
        left_out += [one for one in cut.left_out if period is None or one.start in period]
        findings += cut.findings
    made, going = (_mark_period(declared.energies(declared.rows(cut_runs, site), site), period) for cut_runs in (made, going))
    uncounted = fuels_in_the_log.uncounted(made, beside, site, pack)
    made, found = faults.examine(made, site, pack, metered_steps={}, blank=uncounted.keys)
    return PlantData(
        pack,
        made,
        [
            *_outside(made),
            *found,
            *findings,
            *uncounted.findings,
            *rejections(rejected),
            *inputs.findings(),
            *material_flow.unused_factors(site, pack),
        ],
        rejected,
        unit_assumed=site.runs.unit_assumed,
        left_out=tuple(left_out),
        outward=outgoing.of_runs(going, site, pack, beside_going, whole_files.decided(inputs.files())) if outward else None,
        corrected=inputs.corrected,
    )


def pack_of(site: Site, pack: Pack | None = None) -> Pack:
    """The pack that site.toml names, or this one, which fits the site; a refusal names the key."""
    try:
        pack = pack or packs.load(site.pack, site.pack_version, site.folder)
    except InputError as refused:
        refused.place = refused.place or Place(str(site.path), column="site.pack")
        raise
    material_flow.refuse_unknown_steps(site, pack)
    material_flow.refuse_unused_essentials(site, pack)
    over_the_fence.refuse_conversions_within(site, pack)
    refuse_impossible_heat(site, packs.factors(pack))
    return pack


def _mark_period(batches: Sequence[Batch], period: Period | None) -> list[Batch]:
    if period is None:
        return list(batches)
    first, end = period.start.astimezone(UTC), period.end.astimezone(UTC)  # as most batches are: two zones are slow to compare
    return [batch if first <= batch.start < end else replace(batch, excluded=ExclusionReason.OUTSIDE_PERIOD.value) for batch in batches]


def _outside(batches: Sequence[Batch]) -> list[Finding]:
    outside = [batch for batch in batches if batch.excluded == ExclusionReason.OUTSIDE_PERIOD]
    if not outside:
        return []
    places = tuple(batch.place for batch in outside[:PLACES_KEPT] if batch.place is not None)
    count = len(outside)
    sentence = Phrase("%(count)s batches start outside the period.", count=f"{count:,}")
    return [Finding("outside-period", Severity.EXCLUSION, sentence, count, places)]
