"""Energy that meters measured: each meter's readings cut along the batches it counts for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measurements import Batch, CarrierEnergy, DataFinding, Period, Severity
from benchmarks.phrases import in_number
from benchmarks.routes import Pack
from reporting_agent.config import Meter, SiteSettings
from reporting_agent.config.events import DeclaredEvent
from reporting_agent.metering import MeterRecord, cut_readings, moments
from reporting_agent.metering.edges import of_runs
from reporting_agent.metering.record import record_of
from reporting_agent.metering.steam_gas_and_virtual import work_out
from reporting_agent.pipeline import meter_successions, suspicions
from reporting_agent.pipeline.entries import allocated, entries, of_period
from reporting_agent.pipeline.following import MomentsOf, follow, refuse_unknown_steps
from reporting_agent.pipeline.lanes import Opener
from reporting_agent.pipeline.outward import own_metering
from reporting_agent.pipeline.outward.own_metering import OutgoingBatches
from reporting_agent.sources import RejectedRow
from reporting_agent.sources.meter_readings import ReadingLog
from reporting_agent.sources.reading_log import UndeclaredMeter
from reporting_agent.sources.rejected_rows import Corrections, TotalRow

if TYPE_CHECKING:
    from reporting_agent.sources.reading_log import DayDigests


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
            if meter.allocation is not None:
                findings.append(allocated(meter, meter.allocation, sinks, len(own)))
    for meter in site.meters:
        if meter.role == "state":
            findings.extend(followed.courses[meter.id].findings)
    own_windows = {name: occupation.windows for name, occupation in followed.occupied.items()}
    suspected = suspicions.look(
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
    findings.extend(meter_successions.look(records, site.zone))
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
    )


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
