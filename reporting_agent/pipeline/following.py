"""Which steps and batches each meter counts for, its longest gap, its energy at all moments asked
about; and its readings on their way there, in lanes that share no meter.

A meter's readings must come in the order of its files. Parquet tells in its statistics which meter
a row group holds; where every file holds one meter only, files of different meters are lanes of
their own. All other files make one lane.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import InputError, Place
from benchmarks.labels import ExclusionReason
from benchmarks.measurements import Batch, Period
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack
from reporting_agent.config import Meter, Profile, SiteSettings
from reporting_agent.console import progress
from reporting_agent.metering import Course, MeterQuery, Windows, courses, moments
from reporting_agent.metering.declared import DeclaredReadings
from reporting_agent.metering.moments import to_us
from reporting_agent.metering.record import OccupiedWindows
from reporting_agent.metering.segments import Readings
from reporting_agent.metering.shared_meters import ServedBatches, Sink
from reporting_agent.metering.steam_gas_and_virtual import state_unit
from reporting_agent.metering.stream import Block, Read
from reporting_agent.pipeline.own_pack import OWN
from reporting_agent.pipeline.units import over_time
from reporting_agent.processors import processors
from reporting_agent.sources import ReadingBlock, stream_readings
from reporting_agent.sources.blocks import only_value
from reporting_agent.sources.meter_readings import gathered
from reporting_agent.sources.reading_log import ReadingLog
from reporting_agent.sources.sheets import format_of

if TYPE_CHECKING:
    from reporting_agent.sources.reading_log import DayDigests


Opener = Callable[[frozenset[str], ReadingLog], Iterator[ReadingBlock]]
"""Opens the readings of some meters from the beginning."""


@dataclass(slots=True)
class Lanes:
    """What the engine follows, and what was met on the way."""

    reads: list[Read]
    _logs: list[ReadingLog] = field(default_factory=list)
    _openers: list[Opener] = field(default_factory=list)
    _days: DayDigests | None = None

    @classmethod
    def of(
        cls,
        readings: Sequence[Path] | Opener,
        site: SiteSettings,
        declared: DeclaredReadings,
        log: ReadingLog,
        days: DayDigests | None,
    ) -> Lanes:
        """Lanes of files, or one of a provider's source.

        Args:
            declared: the site's events, put to the readings on their way.
            days: takes the readings that pass, where their days are to be digested.
        """
        if callable(readings):
            return cls(
                [_read(readings, log, days, declared, shows_progress=True)], [log], [readings], days
            )
        profile = site.mapping.readings
        groups = [list(readings)] if declared.swaps else lanes_of(readings, profile)
        read_ahead = len(groups) < processors()
        logs, openers = (
            [_empty(log) for _ in groups],
            [_opener(group, site, read_ahead) for group in groups],
        )
        reads = [
            _read(opened, own, days, declared, shows_progress=not index)
            for index, (opened, own) in enumerate(zip(openers, logs, strict=True))
        ]
        return cls(reads, logs, openers, days)

    def finish(self, log: ReadingLog) -> None:
        """After all readings have passed: read the meters again whose days did not come in order,
        and add what all lanes met to one log.
        """
        if self._days is not None and (late := self._days.late):
            for opened, own in zip(self._openers, self._logs, strict=True):
                self._days.take_whole(opened(late, read_again(own)))
        for own in self._logs:
            if own is not log:
                log.take_in(own)


def lanes_of(paths: Sequence[Path], profile: Profile) -> list[list[Path]]:
    """Files that must be read one after the other."""
    if len(paths) < 2:
        return [list(paths)]
    column = (
        None if "meter_id" in profile.constants else profile.columns.get("meter_id", "meter_id")
    )
    by_meter: dict[str, list[Path]] = {}
    empty: list[Path] = []
    apart = column is not None
    for path in paths:
        if not path.is_file() or format_of(path) != "parquet":
            apart = False
            continue
        rows, meters = _parquet(path, column)
        if not rows:
            empty.append(path)
        elif len(meters) == 1 and None not in meters:
            by_meter.setdefault(str(meters.pop()), []).append(path)
        else:
            apart = False
    if not apart or len(by_meter) < 2:
        return [list(paths)]
    first, *others = by_meter.values()
    return [[*empty, *first], *others]


def _parquet(path: Path, column: str | None) -> tuple[int, set[str | None]]:
    """Rows of a file and the meters of its row groups, None where the statistics do not tell; a
    file that is none has no rows.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_metadata(path)
    except (pa.ArrowException, OSError):
        return 0, {None}  # what is wrong with it is told when it is read
    return metadata.num_rows, {
        only_value(metadata, group, column) for group in range(metadata.num_row_groups)
    }


def _opener(paths: Sequence[Path], site: SiteSettings, read_ahead: bool) -> Opener:
    return lambda meters, log: stream_readings(
        paths, site.mapping.readings, meters, site.zone, log, read_ahead=read_ahead
    )


def _empty(log: ReadingLog) -> ReadingLog:
    """A log of the same corrections in which nothing has been met."""
    return replace(
        log, rejected=[], rejected_count=0, rows=0, unknown_meters={}, totals=[], understood=set()
    )


def read_again(log: ReadingLog) -> ReadingLog:
    """For the same files once more: what is met a second time was counted already."""
    return replace(_empty(log), understood=set(log.understood))


def _read(
    opened: Opener,
    log: ReadingLog,
    days: DayDigests | None,
    declared: DeclaredReadings,
    *,
    shows_progress: bool,
) -> Read:
    passes = count(1)  # the engine asks for all meters once, and then again for some

    def read(names: frozenset[str]) -> Iterator[Block]:
        is_first, wanted = next(passes) == 1, declared.to_read(names)
        blocks = opened(wanted, log if is_first else read_again(log))
        blocks = gathered(_digested(blocks, days) if is_first and days is not None else blocks)
        for block in (
            progress(blocks, None, Phrase("reading meters, blocks")) if shows_progress else blocks
        ):
            readings = Readings(block.time_us, block.value, block.row)
            for meter, own in declared.put_to(block.meter, readings, names):
                yield meter, own, block.file

    return read


def _digested(blocks: Iterable[ReadingBlock], days: DayDigests) -> Iterator[ReadingBlock]:
    for block in blocks:
        days.take(block)
        yield block


Integers = NDArray[np.int64]


def sinks_of(meter: Meter, site: SiteSettings) -> tuple[Sink, ...]:
    """The steps or equipments that a meter counts for: its own, or those it is allocated among;
    none where it counts for none.
    """
    if meter.allocation is None:
        return (Sink(meter.step, meter.step, meter.equipment),) if meter.step else ()
    equipment = {machine.id: machine for machine in site.equipment}
    sinks = []
    for name in meter.allocation.sinks:
        sink_machine = equipment.get(name)
        if sink_machine is None:
            sinks.append(Sink(name, name))
        else:
            sinks.append(
                Sink(
                    name, sink_machine.step or meter.step, name, sink_machine.rated_power_kw or 1.0
                )
            )
    return tuple(sinks)


def refuse_unknown_steps(site: SiteSettings, pack: Pack) -> None:
    """InputError `step-unknown` where a meter or a scale counts for a step that the pack does not
    have, or shares output in two units.
    """
    units = {step.id: step.output_unit for step in pack.steps}
    for scale in site.scales:
        if scale.step not in units:
            raise InputError(
                "step-unknown",
                Phrase(
                    "Scale %(scale_id)s names a step that the pack does not have.",
                    scale_id=scale.id,
                ),
                "Correct step under [[scales]].",
                place=Place(str(site.path), column=f"scales.{scale.id}.step"),
                found=repr(scale.step),
                wanted=", ".join(sorted(units)),
            )
    for meter in site.meters:
        sinks = sinks_of(meter, site)
        for sink in sinks:
            if sink.step not in units:
                raise InputError(
                    "step-unknown",
                    Phrase(
                        "Meter %(meter_id)s names a step that the pack does not have.",
                        meter_id=meter.id,
                    ),
                    "Correct step under [[meters]]; a meter of the whole site has none.",
                    place=Place(
                        str(site.path),
                        column=f"meters.{meter.id}.{'step' if meter.allocation is None else 'allocation'}",  # noqa: E501
                    ),
                    found=repr(sink.step),
                    wanted=", ".join(sorted(units)),
                )
        measured_in = {units[sink.step] for sink in sinks}
        if (
            meter.allocation is not None
            and meter.allocation.by == "output"
            and len(measured_in) > 1
        ):
            raise InputError(
                "meter-tree-invalid",
                Phrase(
                    "Meter %(meter_id)s is shared by output, and its steps count their output in "
                    "different units.",
                    meter_id=meter.id,
                ),
                "Share it by hours, by rated power or by declared shares.",
                place=Place(str(site.path), column=f"meters.{meter.id}.allocation.by"),
                found=", ".join(sorted(measured_in)),
                wanted=Phrase("one unit of output"),
            )


_A_DAY_S = 86_400.0
USUAL_STEPS = 4  # of a meter's readings: at home a longer time without one is a gap


def longest_gaps_s(site: SiteSettings, pack: Pack) -> dict[str, float]:
    """By meter, the gap that no energy is carried across: the strictest of the steps that it
    serves, itself or through other meters.

    A meter that serves none is only balanced: the most patient of the pack's rules. Of the plant
    beside itself a value that holds lasts a day at most: silence says that nothing changed.
    """
    patient = float(max(step.label_rule.longest_gap_s for step in pack.steps))
    strictest: dict[str, float] = {}
    for dependent in site.meters:
        for sink in sinks_of(dependent, site):
            gap_s = float(pack.step(sink.step).label_rule.longest_gap_s)
            for name in {dependent.id, *site.tree.needed_by(dependent)}:
                strictest[name] = min(gap_s, strictest.get(name, gap_s))
    return {
        meter.id: _A_DAY_S if meter.holds and pack.id == OWN else strictest.get(meter.id, patient)
        for meter in site.meters
    }


def served(
    batches: Sequence[Batch], indices: Sequence[int], sinks: Sequence[Sink]
) -> ServedBatches:
    """The batches of these indices as the sharing needs them."""
    by_equipment = {(sink.step, sink.equipment): position for position, sink in enumerate(sinks)}
    chosen = [batches[index] for index in indices]
    return ServedBatches(
        np.array([to_us(batch.start) for batch in chosen], dtype=np.int64),
        np.array([to_us(batch.end) for batch in chosen if batch.end is not None], dtype=np.int64),
        np.array([batch.output for batch in chosen], dtype=float),
        np.array(
            [
                by_equipment.get(
                    (batch.step, batch.equipment), by_equipment.get((batch.step, ""), 0)
                )
                for batch in chosen
            ],
            dtype=np.int64,
        ),
    )


MomentsOf = Callable[[Mapping[str, Windows]], Mapping[str, Integers]]
"""Further moments that are asked of each meter, from the windows of its batches."""


@dataclass(frozen=True, slots=True)
class FollowedMeters:
    """What the meters' readings told.

    `chosen` are the indices of the batches that each meter counts for, of this period and of
    others, in order of start; `occupied` the same as windows; `units` the unit of each meter's
    energy with its factor per unit of a rate and hour.
    """

    meters: list[Meter]  # that count energy, worked out or read
    sinks: dict[str, tuple[Sink, ...]]
    chosen: dict[str, list[int]]
    occupied: dict[str, OccupiedWindows]
    hours_us: Integers
    units: dict[str, tuple[str, float]]
    courses: dict[str, Course]
    demand_us: dict[
        str, Integers
    ]  # edges of the demand charge's intervals, of the meters that tell the site's power
    closely_us: Mapping[
        str, Integers
    ]  # what was asked of a meter besides, by somebody who looks closely
    coarse: Mapping[
        str, tuple[float, float]
    ]  # meters read more seldom than a report allows: their usual step and that gap, in seconds


def follow(
    batches: Sequence[Batch],
    site: SiteSettings,
    pack: Pack,
    readings: Sequence[Path] | Opener,
    period: Period | None,
    log: ReadingLog,
    days: DayDigests | None = None,
    closely: MomentsOf | None = None,
    own_windows: Mapping[str, Windows] = MappingProxyType({}),
) -> FollowedMeters:
    """Read every meter's readings once, and take its energy at all moments at which anything is
    read off (`moments`, `closely`).
    """
    tree = site.tree
    meters = [meter for meter in site.meters if meter.role != "state"]
    sinks = {meter.id: tuple(sinks_of(meter, site)) for meter in meters}
    chosen, occupied = occupied_by(meters, sinks, batches, site)
    units = units_of(site)
    minutes, tops = _demand(site)
    gaps_s = longest_gaps_s(site, pack)
    hours_us = moments.hours_of(period, site.zone)
    windows_of = {name: occupation.windows for name, occupation in occupied.items()}
    read_off = {name: moments.of_record(windows, hours_us) for name, windows in windows_of.items()}
    intervals_us = moments.intervals_of(hours_us, minutes)
    demand_us = dict.fromkeys(tops, intervals_us) if len(intervals_us) else {}
    closely_us = {} if closely is None else closely(windows_of)
    for further in (demand_us, closely_us):
        read_off |= {
            name: np.concatenate((read_off[name], edges)) for name, edges in further.items()
        }
    read_off |= {
        name: np.concatenate((edges, moments.of_comparisons(windows_of[name])))
        for name, edges in read_off.items()
        if name in units
    }
    asked_us = moments.of_readings(
        tree, read_off
    )  # of those that tell a meter's temperature and pressure, too
    declared = DeclaredReadings.of(site)
    resets_us = {name: declared.resets_of(name) for name in units}
    asked = [
        MeterQuery(
            tree.by_id[name],
            asked_us[name],
            gaps_s[name],
            factor,
            own_windows.get(name),
            resets_us[name],
        )
        for name, (_, factor) in units.items()
    ]
    lanes = Lanes.of(readings, site, declared, log, days)
    by_meter = courses(asked, lanes.reads, fast=True)
    # at home by their own step; in windows of their own, and what is looked at closely to be
    # handed on, as a report
    coarse = {} if pack.id == OWN or closely is not None else _coarse(by_meter, gaps_s)
    if coarse:
        patient = [
            replace(query, longest_gap_s=USUAL_STEPS * coarse[query.meter.id][0], own=None)
            for query in asked
            if query.meter.id in coarse
        ]
        by_meter |= {
            name: replace(course, own=by_meter[name].own)
            for name, course in courses(patient, lanes.reads, fast=True).items()
        }
    lanes.finish(log)
    return FollowedMeters(
        meters, sinks, chosen, occupied, hours_us, units, by_meter, demand_us, closely_us, coarse
    )


def _coarse(
    by_meter: Mapping[str, Course], gaps_s: Mapping[str, float]
) -> dict[str, tuple[float, float]]:
    """Meters whose readings usually lie further apart than the rule lets a gap be."""
    return {
        name: (step_s, gaps_s[name])
        for name, course in by_meter.items()
        if (step_s := course.facts.usual_step_s) is not None and step_s > gaps_s[name]
    }


def units_of(site: SiteSettings) -> dict[str, tuple[str, float]]:
    """By meter with readings, the unit that its course is in, and how many of it a unit of the
    readings makes (in an hour, of a rate).
    """
    return {
        meter.id: state_unit(meter)
        if meter.role == "state"
        else over_time(meter.unit)
        if meter.reading == "rate"
        else (meter.unit, 1.0)
        for meter in site.meters
        if not meter.computed
    }


def _demand(site: SiteSettings) -> tuple[int, list[str]]:
    """Minutes of the demand charge's intervals, and the electricity meters on top of the tree: none
    where it takes hours.
    """
    minutes = (
        min((charge.minutes for charge in site.tariff.demand), default=60)
        if site.tariff is not None
        else 60
    )
    top = [
        meter.id
        for meter in site.meters
        if meter.carrier == "electricity"
        and meter.role in {"main", "check"}
        and meter.parent is None
    ]
    return minutes, top if minutes != 60 else []


def occupied_by(
    meters: Sequence[Meter],
    sinks: Mapping[str, Sequence[Sink]],
    batches: Sequence[Batch],
    site: SiteSettings,
) -> tuple[dict[str, list[int]], dict[str, OccupiedWindows]]:
    """By meter id, the indices and the windows of the batches it counts for, of other periods too,
    in order of start.
    """
    chosen: dict[str, list[tuple[int, str, int, int]]] = {
        name: [] for name in sinks
    }  # start, id, end, index
    counting: dict[tuple[str, str], list[list[tuple[int, str, int, int]]]] = {}
    for index, batch in enumerate(batches):
        if (
            batch.excluded not in {None, ExclusionReason.OUTSIDE_PERIOD}
            or batch.end is None
            or batch.end <= batch.start
        ):
            continue
        key = (batch.step, batch.equipment)
        if key not in counting:
            counting[key] = [
                chosen[name]
                for name, serves in sinks.items()
                if any(
                    sink.step == batch.step and sink.equipment in {"", batch.equipment}
                    for sink in serves
                )
            ]
        if counting[key]:
            window = (to_us(batch.start), batch.batch_id, to_us(batch.end), index)
            for windows in counting[key]:
                windows.append(window)
    indices: dict[str, list[int]] = {}
    occupied: dict[str, OccupiedWindows] = {}
    for meter in meters:
        if meter.since is not None or meter.until is not None:
            windows = chosen[meter.id]
            chosen[meter.id] = [
                span for span in windows if meter.counts_for(batches[span[3]].start, site.zone)
            ]
    for name, windows in chosen.items():
        windows.sort()
        starts, ids, ends, mine = zip(*windows, strict=True) if windows else ((), (), (), ())
        indices[name] = list(mine)
        occupied[name] = OccupiedWindows(
            Windows(np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64)), ids
        )
    return indices, occupied
