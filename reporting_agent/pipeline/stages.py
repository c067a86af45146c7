"""The stages from the plant's files and its pack to batches with energy, each a function from one
named value to the next.

    read_rows ▶ with_given_energy ▶ with_metered_energy ▶ with_heat ▶ examined ▶ PlantData
    from_log ▶ with_heat ▶ PlantData          (of a production log that knows no batches)

What is outside the period is marked and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from benchmarks import packs
from benchmarks.errors import InputError, Place
from benchmarks.labels import ExclusionReason
from benchmarks.labels.validity import RELEASE_ONLY
from benchmarks.measurements import Batch, CarrierEnergy, DataFinding, Period, Severity
from benchmarks.packs.published_names import impostures
from benchmarks.phrases import Phrase, in_number
from benchmarks.routes import Pack
from reporting_agent import sources
from reporting_agent.config import SiteSettings
from reporting_agent.config.agreement import refuse_impossible_heat
from reporting_agent.pipeline import (
    batch_names,
    conditions,
    declared,
    energy_by_batch,
    examining,
    fuels_in_the_log,
    heating_values,
    joint,
    material_flow,
    materials_in_the_log,
    metered,
    over_the_fence,
    own_gas,
    own_pack,
    proposals,
    runs,
    units,
    unusual_heating_values,
    whole_files,
)
from reporting_agent.pipeline import batches as batch_rows
from reporting_agent.pipeline.following import MomentsOf, sinks_of
from reporting_agent.pipeline.inputs import Inputs
from reporting_agent.pipeline.outward import judging, own_metering
from reporting_agent.pipeline.plant_data import PlantData
from reporting_agent.pipeline.rejections import by_step, rejections
from reporting_agent.sources import RejectedRow
from reporting_agent.sources.reading_log import Extract

if TYPE_CHECKING:  # not where a small firm's one file runs: what it digests with is not in there
    from reporting_agent.sources.reading_log import DayDigests

PLACES_KEPT = 20


@dataclass(frozen=True, slots=True)
class BothWays:
    """Batches as the plant's own label takes them, and as each is judged by itself on its way out
    (`pipeline.outward`).

    Both are the same list while no row differs, and where nobody asked for what goes out.
    """

    own: list[Batch]
    out: list[Batch]

    def each(self, change: Callable[[list[Batch]], list[Batch]]) -> BothWays:
        """Both, changed alike."""
        own = change(self.own)
        return BothWays(own, own if self.out is self.own else change(self.out))


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be read, by which pack and for which period; the rest as `read` takes it."""

    site: SiteSettings
    pack: Pack
    inputs: Inputs
    period: Period | None
    outward: bool
    days: DayDigests | None = None
    closely: MomentsOf | None = None


@dataclass(frozen=True, slots=True)
class LoggedBatches:
    """The rows of the batches files as batches, before any energy."""

    batches: BothWays
    together: joint.JointRuns  # rows of one run, which count as one batch until its energy is known
    own_ids: Mapping[
        batch_names.Key, str
    ]  # where ids begin anew each year, the batch that a row of energy names
    beside: Sequence[fuels_in_the_log.Of]
    unmapped: Mapping[batch_names.Key, Mapping[str, float]]
    rejected: Sequence[RejectedRow]
    unread: Mapping[str, int]
    unread_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class BatchesWithGivenEnergy:
    """Batches with the energy that the plant gives per batch."""

    batches: BothWays
    off_scale: Mapping[int, float]  # by index, by how much a batch's own energy looks out of scale
    beside: Sequence[fuels_in_the_log.Of]
    blank: frozenset[energy_by_batch.Key] = frozenset()
    nameless: Mapping[str, Sequence[CarrierEnergy]] = field(default_factory=dict)
    rejected: Sequence[RejectedRow] = ()
    findings: Sequence[DataFinding] = ()


@dataclass(frozen=True, slots=True)
class MeteredBothWays:
    """Batches with the energy that meters counted as well."""

    own: metered.MeteredBatches
    out: own_metering.OutgoingBatches | None  # None where nobody asked
    steps: Mapping[str, set[str]]  # by step, the equipment that meters count for


@dataclass(frozen=True, slots=True)
class SettledBatches:
    """Batches with the heat of their fuels, some left out by what their heat, their purchases or
    their gas show.
    """

    batches: list[Batch]
    with_heat: Sequence[Batch]  # before any was left out
    uncounted: fuels_in_the_log.UncountedFuels
    findings: Sequence[DataFinding]


def read(
    site: SiteSettings,
    period: Period | None = None,
    extract: Extract | None = None,
    *,
    days: DayDigests | None = None,
    closely: MomentsOf | None = None,
    outward: bool = False,
    pack: Pack | None = None,
) -> PlantData:
    """Read all inputs of the site. With a period, batches that start outside it are marked and not
    metered.

    With an extract, its rows and readings are read in place of what the site's files and sources
    hold.

    Args:
        days: takes the readings as their source gives them, where their days are to be digested.
        closely: at which moments besides, from the windows of its batches, a meter's record tells
            its energy.
        outward: judge the batches a second time, each by itself, as they are judged on their way
            out.
        pack: by which to read in place of the site's: what gaps, bounds and heating values leave
            out is the pack's to say.

    Raises:
        InputError: a file, the profile or the pack cannot be used; names file, row, column, found
            and wanted.
    """
    request = Request(
        site, pack_of(site, pack), Inputs(site, extract), period, outward, days, closely
    )
    if request.inputs.has("log"):
        return from_log(request)
    if not request.inputs.has("batches"):
        return of_meters_alone(request)
    logged = read_rows(request)
    given_energy = with_given_energy(logged, request)
    measured = with_metered_energy(given_energy, request)
    settled = with_heat(measured.own.batches, given_energy.beside, request, measured.own.too_seldom)
    return examined(logged, given_energy, measured, settled, request)


def read_rows(request: Request) -> LoggedBatches:
    """The rows of the batches files as batches; rows of one run are one batch of the plant's
    own.
    """
    site, period = request.site, request.period
    tables = request.inputs.tables(sources.BATCHES)
    rejected = [bad for table in tables for bad in table.rejected]
    rows: list[Batch] = []
    beside: list[fuels_in_the_log.Of] = []
    masses: dict[batch_names.Key, dict[str, float]] = {}
    yearly = site.site.batch_ids == "restart-yearly"
    for table in tables:
        read_here, refused = batch_rows.batches_of(table, request.pack)
        beside += fuels_in_the_log.of_batches(table, read_here, yearly=yearly)
        masses |= materials_in_the_log.unmapped(table, read_here, yearly=yearly)
        rows += read_here
        rejected += table.in_their_own_columns(refused)
    own_ids: Mapping[batch_names.Key, str] = {}
    if yearly:
        rows = batch_names.in_their_years(rows)
        own_ids = batch_names.by_own_id(rows) if request.inputs.has("energy") else {}
    rows = declared.rows(rows, site)
    by_time = site.inputs.energy is None and not request.inputs.has(
        "energy"
    )  # an extract need hold no row of the site's file
    together = joint.merged(rows, by_time=by_time)
    own, out = (
        together.batches,
        judging.rows(rows, by_time=by_time) if request.outward else together.batches,
    )
    if len(out) == len(own) and all(row is other for row, other in zip(out, own, strict=True)):
        out = own
    return LoggedBatches(
        batches=BothWays(own, out).each(lambda batches: _mark_period(batches, period)),
        together=together,
        own_ids=own_ids,
        beside=beside,
        unmapped=masses,
        rejected=rejected,
        unread=by_step(tables, period),
        unread_ids=frozenset(str(row.get("batch_id")) for table in tables for row in table.unread),
    )


def with_given_energy(logged: LoggedBatches, request: Request) -> BatchesWithGivenEnergy:
    """With the rows of the energy files, joined by step and batch id."""
    site, inputs = request.site, request.inputs
    batches = logged.batches
    beside, rejected, findings = list(logged.beside), list[RejectedRow](), list[DataFinding]()
    blank: frozenset[energy_by_batch.Key] = frozenset()
    nameless: dict[str, list[CarrierEnergy]] = {}
    if inputs.has("energy"):
        factors = packs.factors(request.pack)
        # over all files: two may hold the same rows
        rows_counted, rows_counted_out = set[energy_by_batch.Row](), set[energy_by_batch.Row]()
        for table in inputs.tables(sources.ENERGY):
            joined = energy_by_batch.join(
                batches.own, table, factors, rows_counted, logged.own_ids, logged.unread_ids
            )
            out = joined.batches
            if batches.out is not batches.own:
                out = energy_by_batch.join(
                    batches.out, table, factors, rows_counted_out, logged.own_ids
                ).batches
            batches = BothWays(joined.batches, out)
            blank |= joined.blank
            beside += fuels_in_the_log.of_energy(table, logged.own_ids)
            rejected += [*table.rejected, *table.in_their_own_columns(joined.rejected)]
            findings += joined.findings
            for step, energies in joined.nameless.items():
                nameless.setdefault(step, []).extend(energies)
        batches = batches.each(lambda rows: declared.energies(rows, site))
    off_scale = units.off_scales(batches.own)  # before the meters add theirs
    return BatchesWithGivenEnergy(batches, off_scale, beside, blank, nameless, rejected, findings)


def with_metered_energy(given_energy: BatchesWithGivenEnergy, request: Request) -> MeteredBothWays:
    """With what the meters' readings give each batch; on its way out, the readings in its own
    window alone.
    """
    site, pack, inputs, batches = request.site, request.pack, request.inputs, given_energy.batches
    steps: dict[str, set[str]] = {}
    if not inputs.has("readings"):
        out = own_metering.outgoing(batches.out, site, pack) if request.outward else None
        return MeteredBothWays(metered.MeteredBatches(batches.own, (), [], []), out, steps)
    for meter in metered.counted_meters(site, pack):
        for sink in sinks_of(meter, site):
            steps.setdefault(sink.step, set()).add(sink.equipment)
    batches = batches.each(lambda rows: declared.metered(rows, site, pack))
    out = None
    if request.outward:
        out = own_metering.outgoing(
            judging.outside_repeated_hours(batches.out, site, steps), site, pack
        )
    own = metered.measure(
        batches.own,
        site,
        pack,
        inputs.readings(),
        request.period,
        inputs.corrections,
        request.days,
        request.closely,
        out,
    )
    inputs.totals += own.totals
    return MeteredBothWays(own, out, steps)


def with_heat(
    batches: Sequence[Batch],
    beside: Iterable[fuels_in_the_log.Of],
    request: Request,
    too_seldom: AbstractSet[int] = frozenset(),
) -> SettledBatches:
    """With the heating values of their fuels, without batches whose heat, purchases, gas or fuel
    cannot be so, or whose meters are read `too_seldom`; `beside` is what their rows hold in columns
    that nothing maps."""
    site, pack = request.site, request.pack
    settled = heating_values.settle(batches, site, pack)
    sound, of_heat = unusual_heating_values.left_out(settled.batches, site, pack)
    sound, not_bought = over_the_fence.left_out(sound, site, pack)
    sound, refuted = materials_in_the_log.left_out(sound, pack)
    sound, of_gas = own_gas.left_out(sound, pack)
    sound = [
        replace(batch, excluded=batch.excluded or ExclusionReason.ENERGY_INCOMPLETE.value)
        if index in too_seldom
        else batch
        for index, batch in enumerate(sound)
    ]
    uncounted = fuels_in_the_log.uncounted(sound, beside, site, pack)
    findings = [*settled.findings, *of_heat, *not_bought, *refuted, *of_gas, *uncounted.findings]
    return SettledBatches(sound, settled.batches, uncounted, findings)


def examined(
    logged: LoggedBatches,
    given_energy: BatchesWithGivenEnergy,
    measured: MeteredBothWays,
    settled: SettledBatches,
    request: Request,
) -> PlantData:
    """Each batch kept or excluded with its reason, on its way out as well where that was asked
    for.
    """
    site, pack, inputs, steps = request.site, request.pack, request.inputs, measured.steps
    batches, of_faults = examining.examine(
        settled.batches,
        site,
        pack,
        metered_steps=steps,
        blank=given_energy.blank | settled.uncounted.keys,
        suspected=measured.own.suspected,
        off_scale=given_energy.off_scale,
    )
    batches, divided = joint.split(batches, logged.together.parts, site)
    batches, far = own_pack.marked(batches, pack)
    at_home = _at_home(
        settled,
        request,
        metered_steps=steps,
        blank=given_energy.blank,
        suspected=measured.own.suspected,
        off_scale=given_energy.off_scale,
    )
    if at_home is not None:
        at_home = joint.split(at_home, logged.together.parts, site)[0]
    rejected = [*logged.rejected, *given_energy.rejected, *measured.own.rejected]
    findings = [
        *_outside(batches),
        *of_faults,
        *far,
        *logged.together.findings,
        *given_energy.findings,
        *measured.own.findings,
        *settled.findings,
        *divided,
        *material_flow.examine(batches, pack),
        *conditions.examine(batches, pack),
        *rejections(rejected),
        *inputs.findings(),
        *material_flow.unused_factors(site, pack),
    ]
    judged, proposed = None, []
    if measured.out is not None:
        whole = [
            *whole_files.decided(file for file in inputs.files() if file[0] != "readings"),
            *whole_files.doubted(inputs.in_doubt()),
        ]
        of_readings = whole_files.decided(file for file in inputs.files() if file[0] == "readings")
        judged = judging.judge(
            measured.out,
            measured.own.by_itself,
            site,
            pack,
            metered_steps=steps,
            blank=given_energy.blank,
            beside=given_energy.beside,
            whole=whole,
            of_readings=tuple(of_readings),
        )
        proposed = proposals.propose(
            measured.out, settled.with_heat, measured.own.events, given_energy.off_scale, site
        )
    return PlantData(
        pack,
        batches,
        findings,
        rejected,
        measured.own.meters,
        at_home=at_home,
        undeclared=measured.own.undeclared,
        outward=judged,
        proposals=tuple(proposed),
        corrected=inputs.corrected,
        unread=logged.unread,
        nameless=given_energy.nameless,
        uncounted=settled.uncounted,
        unmapped=logged.unmapped,
    )


def _at_home(settled: SettledBatches, request: Request, **examined: Any) -> list[Batch] | None:
    """The batches with those that only a release leaves out (`validity.RELEASE_ONLY`); None where
    there are none. `examined` as `examining.examine` takes it.
    """
    before = [
        replace(batch, excluded=None) if batch.excluded in RELEASE_ONLY else batch
        for batch in settled.with_heat
    ]
    same = not settled.uncounted.keys and all(
        one is other for one, other in zip(settled.batches, before, strict=True)
    )
    if same:
        return None
    at_home, _ = examining.examine(before, request.site, request.pack, **examined)
    return own_pack.marked(at_home, request.pack)[0]


def of_meters_alone(request: Request) -> PlantData:
    """What the meters of a site without batches counted; no label comes of it."""
    site, pack, inputs = request.site, request.pack, request.inputs
    own = metered.measure(
        [], site, pack, inputs.readings(), request.period, inputs.corrections, request.days
    )
    inputs.totals += own.totals
    findings = [*own.findings, *rejections(own.rejected), *inputs.findings()]
    return PlantData(
        pack,
        [],
        findings,
        own.rejected,
        own.meters,
        undeclared=own.undeclared,
        corrected=inputs.corrected,
    )


def from_log(request: Request) -> PlantData:
    """The runs that a production log without batches is cut into, each kept or excluded with its
    reason.

    Its files are one log: a run may go on from one to the next.
    """
    site, pack, inputs, period = request.site, request.pack, request.inputs, request.period
    tables = inputs.tables(sources.LOG)
    cut = runs.cut(tables, site, pack)
    out, beside_out = judging.cut(tables, site, pack) if request.outward else (cut.batches, [])
    rejected: list[RejectedRow] = []
    for table in tables:
        own_rows = [refused for refused in cut.rejected if refused.place.file == table.file]
        rejected += [*table.rejected, *table.in_their_own_columns(own_rows)]
    batches = BothWays(cut.batches, out).each(
        lambda rows: _mark_period(declared.energies(declared.rows(rows, site), site), period)
    )
    settled = with_heat(batches.own, cut.beside, request)
    own, of_faults = examining.examine(
        settled.batches, site, pack, metered_steps={}, blank=settled.uncounted.keys
    )
    own, far = own_pack.marked(own, pack)
    spans = (
        site.runs.row_covers == "span"
    )  # else more power-on time than the run is long is that of a row across its midnight
    return PlantData(
        pack,
        own,
        [
            *_outside(own),
            *(fault for fault in of_faults if spans or fault.code != "power-on-beyond-interval"),
            *far,
            *cut.findings,
            *settled.findings,
            *rejections(rejected),
            *inputs.findings(),
            *material_flow.unused_factors(site, pack),
        ],
        rejected,
        at_home=_at_home(settled, request, metered_steps={}, blank=frozenset()),
        unit_assumed=site.runs.unit_assumed,
        left_out=tuple(stray for stray in cut.left_out if period is None or stray.start in period),
        outward=judging.of_runs(
            batches.out, site, pack, beside_out, whole_files.decided(inputs.files())
        )
        if request.outward
        else None,
        corrected=inputs.corrected,
        uncounted=settled.uncounted,
    )


def pack_of(site: SiteSettings, pack: Pack | None = None) -> Pack:
    """The pack that site.toml names, or this one, which fits the site; a refusal names the key."""
    try:
        pack = pack or _named(site)
    except InputError as refused:
        refused.place = refused.place or Place(str(site.path), column="site.pack")
        raise
    material_flow.refuse_unknown_steps(site, pack)
    material_flow.refuse_unused_essentials(site, pack)
    over_the_fence.refuse_conversions_within(site, pack)
    refuse_impossible_heat(site, packs.factors(pack))
    units.refuse_unknown_units(site)
    return pack


def _named(site: SiteSettings) -> Pack:
    if site.pack == own_pack.OWN:
        return own_pack.own_pack(site)
    pack = packs.load(site.pack, site.pack_version, site.folder)
    for imposture in impostures(pack):
        raise InputError(
            "pack-name-taken",
            Phrase(
                "The pack %(path)s calls itself %(name)s, but the published pack of that id and "
                "version has different content.",
                path=site.pack,
                name=imposture.found,
            ),
            (
                "Give your pack an id or a version of its own, or name the published one by its "
                "id: readers of its labels would take it "
                "for the published pack."
            ),
        )
    return pack


def _mark_period(batches: Sequence[Batch], period: Period | None) -> list[Batch]:
    if period is None:
        return list(batches)
    in_utc = period.in_utc
    return [
        batch
        if batch.start in in_utc
        else replace(batch, excluded=ExclusionReason.OUTSIDE_PERIOD.value)
        for batch in batches
    ]


def _outside(batches: Sequence[Batch]) -> list[DataFinding]:
    outside = [batch for batch in batches if batch.excluded == ExclusionReason.OUTSIDE_PERIOD]
    if not outside:
        return []
    places = tuple(batch.place for batch in outside[:PLACES_KEPT] if batch.place is not None)
    count = len(outside)
    sentence = in_number(
        count,
        "%(count)s batch starts outside the period.",
        "%(count)s batches start outside the period.",
        count=f"{count:,}",
    )
    return [DataFinding("outside-period", Severity.EXCLUSION, sentence, count, places)]
