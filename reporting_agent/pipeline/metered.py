"""Energy that meters measured: each meter's readings cut along the batches it counts for, with its
uncertainty, and faults that only the batches show.

Asked once a meter, after metering. What is found is told with its rows; a batch is named under the
code where the fault makes its energy wrong by more than the label rule lets seconds be missing.
Nothing is moved: the remedy says which key of site.toml puts it right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.measurements import Batch, CarrierEnergy, DataFinding, Metric, Period, Severity
from benchmarks.phrases import Phrase, in_number
from benchmarks.quantities import mj_in, ratio
from benchmarks.routes import Pack
from reporting_agent.config import Meter, SiteSettings
from reporting_agent.config.events import DeclaredEvent
from reporting_agent.config.meters import Allocation
from reporting_agent.config.tree import MeterTree
from reporting_agent.metering import (
    MeterRecord,
    clock,
    cut_readings,
    moments,
    standstills,
    unit_check,
)
from reporting_agent.metering.curve import Course
from reporting_agent.metering.edges import of_runs
from reporting_agent.metering.moments import EVER, Windows
from reporting_agent.metering.record import in_its_time, record_of
from reporting_agent.metering.shared_meters import Sink, share_out
from reporting_agent.metering.standstills import MeterContext, Suspicion
from reporting_agent.metering.steam_gas_and_virtual import CountedCourse, work_out
from reporting_agent.metering.tally import PLACES_KEPT
from reporting_agent.metering.uncertainty import WindowUncertainty, doubt, together
from reporting_agent.pipeline import meter_accounts
from reporting_agent.pipeline.following import (
    FollowedMeters,
    MomentsOf,
    Opener,
    follow,
    refuse_unknown_steps,
    served,
)
from reporting_agent.pipeline.outward import own_metering
from reporting_agent.pipeline.outward.own_metering import OutgoingBatches
from reporting_agent.pipeline.units import over_time, to_kwh
from reporting_agent.sources import RejectedRow
from reporting_agent.sources.reading_log import ReadingLog, UndeclaredMeter
from reporting_agent.sources.rejected_rows import Corrections, TotalRow

if TYPE_CHECKING:
    from reporting_agent.sources.reading_log import DayDigests


_RULES = {
    "output": Phrase("output"),
    "hours": Phrase("hours in operation"),
    "rated-power": Phrase("rated power"),
    "shares": Phrase("declared shares"),
    "power": Phrase("declared power"),
}


def of_period(
    followed: FollowedMeters, name: str, batches: Sequence[Batch]
) -> tuple[list[int], Windows]:
    """The batches of this period that a meter counts for, and their windows."""
    indices = followed.chosen[name]
    own = np.fromiter(
        (batches[index].excluded is None for index in indices), np.bool_, len(indices)
    )
    windows = followed.occupied[name].windows
    mine = [index for index, counts in zip(indices, own.tolist(), strict=True) if counts]
    return mine, Windows(windows.start_us[own], windows.end_us[own])


def entries(
    meter: Meter,
    tree: MeterTree,
    worked: Mapping[str, CountedCourse],
    batches: Sequence[Batch],
    own: Sequence[int],
    windows: Windows,
    sinks: Sequence[Sink],
    zone: tzinfo,
) -> Iterator[tuple[int, CarrierEnergy]]:
    """The meter's energy in each of its own batches, by their indices; `windows` are theirs.

    Also with nothing known: one of two meters that failed must show as missing, not as little
    energy.
    """
    counted = worked[meter.id]
    uncertainty = doubts(meter, tree, worked, windows, zone)
    measured = counted.course.over(windows)
    energy, completeness = measured.energy, measured.completeness
    whole, common = (
        (np.full(len(own), np.nan), np.full(len(own), np.nan))
        if uncertainty is None
        else uncertainty.relative(energy)
    )
    if meter.allocation is not None:
        shared = share_out(
            meter.allocation, sinks, served(batches, own, sinks), counted.course.curve
        )
        energy, completeness = shared.energy, shared.completeness
    lhv_mj_per_unit = meter.own_lhv(mj_in(counted.unit))
    columns = (own, energy.tolist(), completeness.tolist(), whole.tolist(), common.tolist())
    for index, amount, share, relative, systematic in zip(*columns, strict=True):
        stated = relative == relative
        yield (
            index,
            CarrierEnergy(
                carrier=meter.carrier,
                quantity=amount,
                unit=counted.unit,
                direction=meter.direction,
                lhv_mj_per_unit=lhv_mj_per_unit,
                completeness=share,
                relative_uncertainty=relative if stated else None,
                relative_systematic=systematic if stated else None,
                allocated=meter.allocation is not None,
            ),
        )


def doubts(
    meter: Meter,
    tree: MeterTree,
    worked: Mapping[str, CountedCourse],
    windows: Windows,
    zone: tzinfo,
) -> WindowUncertainty | None:
    """The uncertainty of a meter's energy over these windows; of a virtual meter that of its parts,
    each in its time; None where a class is not declared."""
    scaled = []
    for name, times in tree.parts(meter).items():
        part = worked[name]
        measured = part.course.over(windows)
        uncertainty = doubt(
            tree.by_id[name],
            part.course.facts,
            windows,
            measured.energy,
            measured.completeness,
            part.per_reading,
            part.state_doubt,
        )
        if uncertainty is None:
            return None
        begins_us, ends_us = in_its_time(tree.by_id[name], EVER, zone) if meter.computed else EVER
        serves = (windows.start_us >= begins_us) & (windows.start_us < ends_us)
        scale = np.where(serves, abs(times) * ratio(part.unit, worked[meter.id].unit), 0.0)
        scaled.append(WindowUncertainty(uncertainty.systematic * scale, uncertainty.own * scale))
    return scaled[0] if len(scaled) == 1 else together(scaled)


def allocated(meter: Meter, rule: Allocation, sinks: Sequence[Sink], batches: int) -> DataFinding:
    """Told once for every shared meter: its part of a batch is a rule's, not a meter's."""
    sentence = Phrase(
        "Meter %(meter)s (%(carrier)s) serves %(sinks)s together; its energy is divided by "
        "%(rule)s. Each batch gets a share by this "
        "rule, not a measured amount.",
        meter=meter.id,
        carrier=meter.carrier,
        sinks=", ".join(sink.id for sink in sinks),
        rule=_RULES[rule.by],
    )
    return DataFinding("carrier-allocated", Severity.NOTICE, sentence, batches)


ENERGY_UNITS = frozenset({"Wh", "kWh", "MWh", "GWh", "kJ", "MJ", "GJ", "TJ"})


@dataclass(frozen=True, slots=True)
class Suspicions:
    """Findings, and by index in the list of batches the codes for which its energy is wrong."""

    findings: list[DataFinding] = field(default_factory=list)
    of_batch: dict[int, set[str]] = field(default_factory=dict)
    events: list[DeclaredEvent] = field(default_factory=list)  # to be declared


def look(
    courses: Mapping[str, Course],
    windows: Mapping[str, Windows],
    chosen: Mapping[str, Sequence[int]],
    counted: set[str],
    batches: Sequence[Batch],
    site: SiteSettings,
    pack: Pack,
    in_skipped_hours: AbstractSet[str] = frozenset(),
) -> Suspicions:
    """Every meter with readings against its batches, `chosen` in the order of `windows`. Only
    counted ones make energies wrong.

    Args:
        in_skipped_hours: meters with stamps in an hour that the plant's clock skips in spring.
    """
    suspicions = Suspicions()
    for meter in site.meters:
        course, indices = courses.get(meter.id), chosen.get(meter.id, ())
        if course is None or not len(indices):
            continue
        least = max(
            pack.step(name).label_rule.least_completeness
            for name in {batches[index].step for index in indices}
        )
        beside = replace(
            _beside(meter, courses, windows, indices, batches, pack, site),
            in_skipped_hour=meter.id in in_skipped_hours,
        )
        suspicion = compare(meter, course, windows[meter.id], least, site.zone, beside)
        for finding in suspicion.findings:
            struck = suspicion.batches.get(
                finding.code if finding.code != unit_check.CHANGE else unit_check.LABEL
            )
            rows = (
                []
                if struck is None
                else [
                    batches[indices[at]].place
                    for at in np.flatnonzero(struck)[:PLACES_KEPT].tolist()
                ]
            )
            places = tuple(place for place in rows if place is not None)
            suspicions.findings.append(
                finding if finding.places else replace(finding, places=places)
            )
        if meter.id in counted:
            suspicions.events.extend(suspicion.events)
            for code, struck in suspicion.batches.items():
                for at in np.flatnonzero(struck).tolist():
                    suspicions.of_batch.setdefault(indices[at], set()).add(code)
    return suspicions


def compare(
    meter: Meter,
    course: Course,
    windows: Windows,
    least_completeness: float,
    zone: tzinfo,
    beside: MeterContext,
) -> Suspicion:
    """Hold one meter's course against the batches it counts for, which stand in order of start."""
    if not len(windows.start_us):
        return Suspicion()
    suspicions = (
        clock.suspect(meter, course, windows, least_completeness, zone, beside.in_skipped_hour),
        unit_check.suspect(meter, course, windows, zone, beside),
        standstills.suspect(meter, course, windows, least_completeness, zone),
    )
    return Suspicion(
        tuple(finding for suspicion in suspicions for finding in suspicion.findings),
        {code: flags for suspicion in suspicions for code, flags in suspicion.batches.items()},
        tuple(event for suspicion in suspicions for event in suspicion.events),
    )


def _beside(
    meter: Meter,
    courses: Mapping[str, Course],
    windows: Mapping[str, Windows],
    indices: Sequence[int],
    batches: Sequence[Batch],
    pack: Pack,
    site: SiteSettings,
) -> MeterContext:
    """The outputs of its batches, what they can take where it alone tells, and the meter that a
    check meter stands beside.
    """
    output = np.array([batches[index].output for index in indices])
    own = _unit_of(meter)
    main = site.tree.by_id.get(meter.checked or "")
    if (
        main is not None
        and main.id in courses
        and np.array_equal(windows[main.id].start_us, windows[meter.id].start_us)
    ):
        other = _unit_of(main)
        if own == other or {own, other} <= ENERGY_UNITS:
            return MeterContext(
                output,
                course=courses[main.id],
                own_per_other=1.0 if own == other else to_kwh(other) / to_kwh(own),
            )
    steps = {batches[index].step for index in indices}
    like = [
        peer
        for peer in site.meters
        if (peer.carrier, peer.step) == (meter.carrier, meter.step)
        and peer.role not in {"check", "state"}
    ]
    alone = sum(peer.equipment in {"", meter.equipment} for peer in like) == 1
    if (
        meter.carrier != "electricity"
        or len(steps) > 1
        or not alone
        or meter.allocation is not None
    ):
        return MeterContext(output)
    rule = next(
        (
            candidate
            for candidate in pack.step(next(iter(steps))).metrics
            if candidate.metric is Metric.ELECTRICITY
        ),
        None,
    )
    if rule is None or rule.floor <= 0 or own not in ENERGY_UNITS:
        return MeterContext(output)
    kwh = to_kwh(own)
    return MeterContext(output, (rule.floor / kwh, rule.ceiling / kwh))


def _unit_of(meter: Meter) -> str:
    """Of its energy."""
    return over_time(meter.unit)[0] if meter.reading == "rate" else meter.unit


@dataclass(frozen=True, slots=True)
class MeteredBatches:
    """Batches with what their meters counted, the meters' own records, and the rows of readings
    that could not be used.
    """

    batches: list[Batch]
    meters: tuple[MeterRecord, ...]
    rejected: list[RejectedRow]
    findings: list[DataFinding]
    totals: list[TotalRow] = field(
        default_factory=list
    )  # rows of readings that sum others; they are no readings
    suspected: dict[int, set[str]] = field(
        default_factory=dict
    )  # by index of the batch, why its metered energy is wrong
    undeclared: dict[str, UndeclaredMeter] = field(
        default_factory=dict
    )  # meters of the readings that site.toml does not name
    events: list[DeclaredEvent] = field(
        default_factory=list
    )  # what was found of the meters, to be declared
    by_itself: dict[int, list[CarrierEnergy]] = field(
        default_factory=dict
    )  # by index of the row on its way out, its energy
    too_seldom: AbstractSet[int] = (
        frozenset()
    )  # by index, batches of meters that a report does not follow


def counted_meters(site: SiteSettings, pack: Pack) -> list[Meter]:
    """The meters whose energy enters a label: not check meters, and no meter beside one that it
    hangs on.
    """
    refuse_unknown_steps(site, pack)
    return list(site.tree.counted)


def measure(
    batches: Sequence[Batch],
    site: SiteSettings,
    pack: Pack,
    readings: Sequence[Path] | Opener,
    period: Period | None = None,
    corrections: Corrections | None = None,
    days: DayDigests | None = None,
    closely: MomentsOf | None = None,
    outward: OutgoingBatches | None = None,
) -> MeteredBatches:
    """Add each counted meter's energy to the batches of its step (and equipment) whose interval is
    sound.

    `readings` are files, or what a provider's source gives; `corrections` are rows of the files
    that a person mended; `days` takes the readings on their way, where their days are to be
    digested; `closely` says at which further moments a record tells its meter's energy.

    `outward` are rows on their way out, to be metered each by itself while the readings pass.

    Meters that count for nothing (checks, mains of the site, subs below a counted one) are read as
    well, and have a record; batches carry nothing of them.
    """
    counted = {meter.id for meter in counted_meters(site, pack)}
    tree = site.tree
    log = ReadingLog(corrections=corrections or Corrections())
    apart = {} if outward is None else outward.windows
    followed = follow(batches, site, pack, readings, period, log, days, closely, apart)
    energy: dict[int, list[CarrierEnergy]] = {}
    findings: list[DataFinding] = []
    records: list[MeterRecord] = []
    too_seldom = set[int]()
    worked = work_out(tree, followed.courses, followed.units, site.zone)
    worked = cut_readings.all_divided(
        worked, {name: followed.occupied[name].windows for name in counted}, tree
    )
    for meter in followed.meters:
        name, result = meter.id, worked[meter.id]
        course = result.course
        findings.extend(course.findings)
        if course.facts.readings:
            of_reading = result.per_reading, result.state_doubt
            edges = followed.demand_us.get(name), followed.closely_us.get(name)
            occupied = followed.occupied[name]
            record = record_of(
                meter,
                result.unit,
                name in counted,
                course,
                occupied,
                followed.hours_us,
                site.zone,
                *of_reading,
                *edges,
            )
            windows = occupied.windows
            raw = (
                None if meter.computed else followed.courses.get(name)
            )  # a load rises when it rises, at any state of the gas
            bins_us = moments.quarters_of(windows.start_us, windows.end_us)
            runs = (
                None
                if raw is None
                else of_runs(raw.curve, windows.start_us, windows.end_us, occupied.ids, bins_us)
            )
            records.append(
                replace(
                    record,
                    runs=runs,
                    vapour_if_saturated=result.vapour_if_saturated,
                    mean_state=result.mean_state,
                )
            )
        if name in counted:
            own, windows = of_period(followed, name, batches)
            sinks = followed.sinks[name]
            in_runs = 0.0
            for index, entry in entries(
                meter, tree, worked, batches, own, windows, sinks, site.zone
            ):
                energy.setdefault(index, []).append(entry)
                in_runs += entry.quantity
            if course.facts.readings:
                records[-1] = replace(records[-1], in_runs=in_runs)
            coarse = [
                followed.coarse[part] for part in tree.needed_by(meter) & followed.coarse.keys()
            ]
            if coarse and (outward is None or name not in outward.powers):
                too_seldom.update(own)
                findings.extend(_too_seldom(meter, max(coarse), [batches[at].step for at in own]))
            if meter.allocation is not None:
                findings.append(allocated(meter, meter.allocation, sinks, len(own)))
    for meter in site.meters:
        if meter.role == "state":
            findings.extend(followed.courses[meter.id].findings)
    own_windows = {name: occupation.windows for name, occupation in followed.occupied.items()}
    suspected = look(
        followed.courses,
        own_windows,
        followed.chosen,
        counted,
        batches,
        site,
        pack,
        log.in_skipped_hours,
    )
    findings.extend(suspected.findings)
    findings.extend(meter_accounts.look(records, site.zone))
    declared = {
        meter.id for meter in site.meters
    }  # check and sub-meters are declared and deliberately not counted
    undeclared = {
        name: undeclared_meter
        for name, undeclared_meter in log.unknown_meters.items()
        if name not in declared
    }
    findings.extend(_strange(undeclared))
    joined = [
        batch.with_energy(energy[index]) if index in energy else batch
        for index, batch in enumerate(batches)
    ]
    by_themselves = (
        {}
        if outward is None
        else own_metering.entries(outward, followed.courses, followed.units, site)
    )
    return MeteredBatches(
        joined,
        tuple(records),
        log.rejected,
        findings,
        log.totals,
        suspected.of_batch,
        undeclared,
        suspected.events,
        by_themselves,
        too_seldom,
    )


def _too_seldom(
    meter: Meter, coarse: tuple[float, float], steps: Sequence[str]
) -> Iterator[DataFinding]:
    """For each step of its batches: what lies between its readings is spread evenly at home."""
    usual_s, longest_s = coarse
    for step, count in Counter(steps).items():
        sentence = Phrase(
            "Meter %(meter)s of step %(step)s is read every %(usual)s s. Between two readings its "
            "energy is spread evenly; a report takes none across more than %(longest)s s, so none "
            "of these batches.",
            meter=meter.id,
            step=step,
            usual=f"{usual_s:g}",
            longest=f"{longest_s:g}",
        )
        yield DataFinding("readings-too-seldom", Severity.NOTICE, sentence, count)


def _strange(undeclared: Mapping[str, UndeclaredMeter]) -> Iterator[DataFinding]:
    for name, undeclared_meter in undeclared.items():
        yield DataFinding(
            "meter-unknown",
            Severity.WARNING,
            in_number(
                undeclared_meter.readings,
                "%(count)s reading is of a meter %(name)s that site.toml does not declare; it is "
                "not counted.",
                "%(count)s readings are of a meter %(name)s that site.toml does not declare; they "
                "are not counted.",
                count=f"{undeclared_meter.readings:,}",
                name=f"{name!r}",
            ),
            undeclared_meter.readings,
        )
