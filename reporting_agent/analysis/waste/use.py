"""What the energy of a meter was for: product, idling, changeover, warm holding, start-up, scrap
(`purpose` of batches), or what no batch took (rules).

    total = value-adding + every other use + unplaced

to the last digit, on the grid of 2^-20. Where batches of one meter overlap, each use is reduced in
proportion. Meters of the same batches and carrier stand together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np

from benchmarks.declared import Words, worded
from benchmarks.labels import ExclusionReason
from benchmarks.labels.columns import Flags, Floats, Integers
from benchmarks.labels.waste import GRID
from benchmarks.measurements import Batch, Direction
from benchmarks.phrases import Phrase, Value
from benchmarks.quantities import converts, ratio
from reporting_agent.analysis.figures import plain
from reporting_agent.analysis.waste.evidence import Use, of_state, purpose
from reporting_agent.config import SiteSettings
from reporting_agent.metering import MeterRecord, PauseStretch
from reporting_agent.metering.moments import to_us
from reporting_agent.metering.shared_meters import Sink
from reporting_agent.pipeline import LabelResult
from reporting_agent.pipeline.following import sinks_of
from reporting_agent.pipeline.runs import EnergyOutsideRuns

_OF_RUN = 0.5
_STANDBY_OF_IDLE = 0.6
_WARM_TIMES_IDLE = 2.0
_WARM_S = 900.0
_LONG_S = 7200.0
_LONG_TIMES_USUAL = 5.0
_USUAL_TIMES_MEDIAN = 3.0
_LEAST_KNOWN = 0.5  # of a stretch's seconds, for its power to be taken


@dataclass(frozen=True, slots=True, eq=False)
class BetweenBatches:
    """The stretches between batches by use, in the meter's unit; and the levels they were told by,
    in its unit per hour.
    """

    parts: Mapping[Use, float]
    run_level: float | None
    idle_level: float | None
    usual_pause_s: float | None

    def rule(self, unit: str) -> Words | None:
        """The levels in words; None where nothing was told by them."""
        if self.run_level is None or self.usual_pause_s is None:
            return None
        rate = "kW" if unit == "kWh" else f"{unit}/h"
        level: dict[str, Value] = {
            "run": plain(self.run_level),
            "rate": rate,
            "pause": plain(self.usual_pause_s / 60, 3),
        }
        return Words.of(
            Phrase(
                "Between batches: run level %(run)s %(rate)s, no idle level, usual pause "
                "%(pause)s min.",
                **level,
            )
            if self.idle_level is None
            else Phrase(
                "Between batches: run level %(run)s %(rate)s, idle level %(idle)s %(rate)s, usual "
                "pause %(pause)s min.",
                idle=plain(self.idle_level),
                **level,
            )
        )


def standing(
    record: MeterRecord,
    batches: Mapping[str, Batch],
    faulty: Sequence[Batch],
    run_level: float | None,
    one_line: bool,
) -> BetweenBatches:
    """Classify the stretches of one meter.

    Args:
        batches: those the meter counts for, by id.
        faulty: excluded batches of the same equipment whose interval the meter could not use.
        run_level: median power of its batches, in the meter's unit per hour; None where there are
            none.
        one_line: whether the meter serves one equipment alone, so that products follow one another.
    """
    stretches = record.stretches
    keys = {name: (batch.product, batch.variant) for name, batch in batches.items()}
    before = [keys.get(stretch.before) for stretch in stretches]
    after = [keys.get(stretch.after) for stretch in stretches]
    between = np.array(
        [
            first is not None and second is not None
            for first, second in zip(before, after, strict=True)
        ],
        dtype=bool,
    )
    changed = np.array(
        [one_line and _differ(first, second) for first, second in zip(before, after, strict=True)],
        dtype=bool,
    )
    length_s = np.array(
        [(stretch.end_us - stretch.start_us) / 1e6 for stretch in stretches], dtype=float
    )
    usual_s = float(np.median(length_s[between])) if between.any() else None
    whole = _Pieces.whole(stretches)
    idle = _idle_level(whole.power, length_s, between & ~changed, usual_s, run_level)
    long = length_s > max(_LONG_S, _LONG_TIMES_USUAL * (usual_s or 0.0))
    pieces = whole.cut(record, length_s > _LONG_S)
    at = pieces.stretch
    use = _uses(pieces, changed[at], long[at], idle, run_level, _begins_in(stretches, faulty)[at])
    parts: dict[Use, float] = {}
    for served, amount in zip(use, pieces.energy.tolist(), strict=True):
        parts[served] = parts.get(served, 0.0) + amount
    return BetweenBatches(parts, run_level, idle, usual_s)


@dataclass(frozen=True, slots=True, eq=False)
class _Pieces:
    """Stretches, or what they were cut into; `stretch` is the index of each piece's stretch."""

    stretch: Integers
    energy: Floats
    length_s: Floats
    known_s: Floats

    @classmethod
    def whole(cls, stretches: Sequence[PauseStretch]) -> _Pieces:
        length_s = np.array(
            [(stretch.end_us - stretch.start_us) / 1e6 for stretch in stretches], dtype=float
        )
        completeness = np.array([stretch.completeness for stretch in stretches], dtype=float)
        energy = np.array([stretch.energy for stretch in stretches], dtype=float)
        return cls(np.arange(len(stretches)), energy, length_s, length_s * completeness)

    @property
    def power(self) -> Floats:
        """In the meter's unit per hour; NaN where too little is known."""
        power = np.full(len(self.energy), np.nan)
        np.divide(
            self.energy * 3600,
            self.known_s,
            out=power,
            where=self.known_s >= _LEAST_KNOWN * np.maximum(self.length_s, 1.0),
        )
        return power

    def cut(self, record: MeterRecord, at: Flags) -> _Pieces:
        """The stretches marked, cut into their whole clock hours and one piece for both ends;
        energies add up exactly.
        """
        begins = record.hour_us
        ends = np.append(begins[1:], record.end_us)
        index = np.flatnonzero(at)
        first = np.searchsorted(
            begins,
            np.array(
                [record.stretches[number].start_us for number in index.tolist()], dtype=np.int64
            ),
        )
        last = np.searchsorted(
            ends,
            np.array(
                [record.stretches[number].end_us for number in index.tolist()], dtype=np.int64
            ),
            side="right",
        )
        count = np.maximum(last - first, 0)
        whole = np.repeat(
            np.arange(len(index)), count
        )  # of each whole hour, the position of its stretch in `index`
        hour = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + first[whole]
        lengths = (ends - begins)[hour] / 1e6
        columns = []
        for own, of_hour in (
            (self.energy, record.hour_energy[hour]),
            (self.length_s, lengths),
            (self.known_s, record.hour_known[hour] * lengths),
        ):
            both_ends = own[index] - np.bincount(whole, of_hour, minlength=len(index))
            columns.append(np.concatenate((own[~at], of_hour, both_ends)))
        return _Pieces(np.concatenate((self.stretch[~at], index[whole], index)), *columns)


def _differ(first: tuple[str, str] | None, second: tuple[str, str] | None) -> bool:
    """Whether the product or the variant changed; a blank says nothing."""
    return (
        first is not None
        and second is not None
        and any(name and other and name != other for name, other in zip(first, second, strict=True))
    )


def _idle_level(
    power: Floats, length_s: Floats, same: Flags, usual_s: float | None, run_level: float | None
) -> float | None:
    if usual_s is None or run_level is None:
        return None
    usual = same & (length_s <= _USUAL_TIMES_MEDIAN * usual_s) & (power < _OF_RUN * run_level)
    return float(np.median(power[usual])) if usual.any() else None


def _uses(
    pieces: _Pieces,
    changed: Flags,
    long: Flags,
    idle: float | None,
    run_level: float | None,
    faulty: Flags,
) -> list[Use]:
    if run_level is None:
        return [Use.OUTSIDE] * len(changed)
    power = pieces.power
    low = power < _STANDBY_OF_IDLE * (idle if idle is not None else _OF_RUN * run_level)
    none = np.zeros(len(power), dtype=bool)
    warm = (
        (power >= _WARM_TIMES_IDLE * idle) & (pieces.length_s >= _WARM_S)
        if idle is not None and idle > 0
        else none
    )
    running = power >= _OF_RUN * run_level
    codes = np.select([running & faulty, running, long & low, changed, warm], range(5), default=5)
    order = (Use.EXCLUDED, Use.OUTSIDE, Use.STANDBY, Use.CHANGEOVER, Use.WARM_HOLDING, Use.IDLING)
    return [order[code] for code in codes.tolist()]


def _begins_in(stretches: Sequence[PauseStretch], faulty: Sequence[Batch]) -> Flags:
    starts = np.sort(np.array([to_us(batch.start) for batch in faulty], dtype=np.int64))
    begin = np.array([stretch.start_us for stretch in stretches], dtype=np.int64)
    end = np.array([stretch.end_us for stretch in stretches], dtype=np.int64)
    begun: Flags = np.searchsorted(starts, end) > np.searchsorted(starts, begin)
    return begun


_OVERLAP = worded(
    "Batches overlap: together they use more than the meter counted while they ran, so each use "
    "is reduced in proportion."
)

_Line = tuple[str, str]
"""Step and equipment."""


@dataclass(frozen=True, slots=True)
class StepUse:
    """The energy of one meter (or, where a plant gives energy per batch, of one step and carrier)
    by use.

    `parts` add up to `total` exactly, which is what the meter counted. `missing_s` are seconds of
    which the meter told nothing, `unknown` batches that no energy came with: both hold energy that
    nobody counted, so they stand beside the sum and not in it.
    """

    step: str
    carrier: str
    # empty where energy came per batch; ids joined by " + " where several count for the same
    # batches
    meter: str
    equipment: str
    unit: str
    total: float
    parts: Mapping[Use, float]
    missing_s: float
    share: float | None  # value-adding / total
    rules: tuple[Words, ...]  # the levels and thresholds that were used
    unknown: int = 0

    def to_json(self) -> dict[str, Any]:
        """As label.json holds it under `value_adding.meters`."""
        return {
            "meter": self.meter,
            "carrier": self.carrier,
            "unit": self.unit,
            "total": self.total,
            "parts": {str(use): energy for use, energy in self.parts.items()},
            "missing_s": self.missing_s,
            "share": self.share,
        }


def uses(site: SiteSettings, result: LabelResult) -> tuple[StepUse, ...]:
    """One entry a counted meter of energy taken in, then one a step and carrier whose energy came
    per batch.
    """
    counted = [
        record
        for record in result.data.meters
        if record.counted and record.meter.direction is Direction.IMPORT
    ]
    covers = {id(record): sinks_of(record.meter, site) for record in counted}
    batches = result.data.batches
    by_line: dict[_Line, list[int]] = {}
    for index, batch in enumerate(batches):
        by_line.setdefault((batch.step, batch.equipment), []).append(index)
    of_meters = [
        _of_meters(group, [covers[id(record)] for record in group], batches, by_line)
        for group in _grouped(counted, covers)
    ]
    metered = {
        (sink.step, sink.equipment, record.meter.carrier)
        for record in counted
        for sink in covers[id(record)]
    }
    return (
        *of_meters,
        *_of_batches(
            batches,
            result.data.left_out or (),
            metered,
            {step.id for step in result.data.pack.steps},
        ),
    )


def _grouped(
    records: Sequence[MeterRecord], covers: Mapping[int, tuple[Sink, ...]]
) -> Iterator[list[MeterRecord]]:
    """Meters of one carrier that count for the same batches; a shared meter's part of a batch is
    told with the shared meter.
    """
    groups: list[list[MeterRecord]] = []
    for record in records:
        beside = next(
            (group for group in groups if any(_meet(record, member, covers) for member in group)),
            None,
        )
        if beside is None:
            groups.append([record])
        else:
            beside.append(record)
    yield from groups


def _meet(record: MeterRecord, other: MeterRecord, covers: Mapping[int, tuple[Sink, ...]]) -> bool:
    alike = record.meter.carrier == other.meter.carrier and (record.meter.allocation is None) is (
        other.meter.allocation is None
    )
    alike = alike and converts(record.unit, other.unit)
    return alike and any(
        mine.step == theirs.step
        and (mine.equipment == theirs.equipment or "" in (mine.equipment, theirs.equipment))
        for mine in covers[id(record)]
        for theirs in covers[id(other)]
    )


def _of_meters(
    records: Sequence[MeterRecord],
    sinks: Sequence[tuple[Sink, ...]],
    batches: Sequence[Batch],
    by_line: Mapping[_Line, Sequence[int]],
) -> StepUse:
    first = records[0]
    unit, carrier = first.unit, first.meter.carrier
    scale = [
        1.0 if meter_record.unit == unit else ratio(meter_record.unit, unit)
        for meter_record in records
    ]
    served = dict.fromkeys(
        (sink.step, sink.equipment) for own in sinks for sink in own
    )  # in their order: the first names a shared meter
    lines = [line for line in by_line if line in served or (line[0], "") in served]
    own = [batches[index] for index in sorted(chain.from_iterable(by_line[line] for line in lines))]
    shared = first.meter.allocation is not None
    of_batch = [(batch, _counted_in(batch, carrier, unit, shared)) for batch in own]
    inside = [
        (batch, energy, purpose(batch))
        for batch, energy in of_batch
        if energy is not None and batch.excluded != ExclusionReason.OUTSIDE_PERIOD
    ]
    by_id = {batch.batch_id: batch for batch in own}
    in_batches = sum(
        _scaled(meter_record.in_batches, by)
        for meter_record, by in zip(records, scale, strict=True)
    )
    parts, overlap = _inside(inside, own, records, scale, in_batches)
    rules = [_OVERLAP] if overlap else []
    run_level = _run_level(inside)
    faulty = [
        batch
        for batch, energy in of_batch
        if energy is None and batch.excluded not in {None, ExclusionReason.OUTSIDE_PERIOD}
    ]
    for record, by in zip(records, scale, strict=True):
        share = None if run_level is None else run_level / by / len(records)
        between = standing(
            record,
            by_id,
            faulty,
            share,
            len(served) == 1 and "" not in {equipment for _, equipment in served},
        )
        for use, energy in between.parts.items():
            parts[use] = parts.get(use, 0.0) + _scaled(energy, by)
        if record.unplaced:
            parts[Use.UNPLACED] = parts.get(Use.UNPLACED, 0.0) + _scaled(record.unplaced, by)
        if (rule := between.rule(record.unit)) is not None:
            rules.append(rule)
    total = sum(
        _scaled(meter_record.total, by) for meter_record, by in zip(records, scale, strict=True)
    )
    return _use(
        first.meter.step or next(iter(served))[0],
        carrier,
        " + ".join(meter_record.meter.id for meter_record in records),
        first.meter.equipment,
        unit,
        _closing(parts, total),
        total,
        sum(meter_record.missing_s for meter_record in records),
        rules,
    )


def _inside(
    inside: Sequence[tuple[Batch, float, Use]],
    own: Sequence[Batch],
    records: Sequence[MeterRecord],
    scale: Sequence[float],
    in_batches: float,
) -> tuple[dict[Use, float], bool]:
    """The energy of batches by use, cut at the period's edges as the meters' is; and whether it had
    to be reduced.
    """
    parts: dict[Use, float] = {}

    def add(use: Use, energy: float) -> None:
        parts[use] = parts.get(use, 0.0) + energy

    for batch, energy, use in inside:
        rejected = energy_of_reject(batch, use, energy)
        add(use, energy - rejected)
        add(Use.REJECT, rejected)
    for record, by in zip(records, scale, strict=True):
        if record.began_before:
            early = [
                batch
                for batch in own
                if to_us(batch.start) < record.start_us and _runs_beyond(batch, record.start_us)
            ]
            add(purpose(early[-1]) if early else Use.VALUE_ADDING, _scaled(record.began_before, by))
        if record.runs_on:
            late = [batch for batch, _, _ in inside if _runs_beyond(batch, record.end_us)]
            add(purpose(late[-1]) if late else Use.VALUE_ADDING, -_scaled(record.runs_on, by))
    accounted = sum(parts.values())
    if accounted > in_batches * (1 + 1e-6) and accounted > 0:
        return {
            use: _on_grid(energy * in_batches / accounted) for use, energy in parts.items()
        }, True
    if in_batches - accounted > 0:
        add(
            Use.EXCLUDED, in_batches - accounted
        )  # batches whose windows the meter knows and whose record was refused afterwards
    return parts, False


def _runs_beyond(batch: Batch, moment_us: int) -> bool:
    return batch.end is not None and to_us(batch.end) > moment_us


def energy_of_reject(batch: Batch, use: Use, energy: float) -> float:
    """What of a batch's energy went into output that was rejected, by its share; nothing of use
    that adds no value.
    """
    if use is not Use.VALUE_ADDING or not batch.reject > 0:
        return 0.0
    return _on_grid(energy * batch.reject / (batch.output + batch.reject))


def _counted_in(batch: Batch, carrier: str, unit: str, shared: bool) -> float | None:
    """What the meters counted in the batch, on the grid; None where its interval was of no use to
    them.
    """
    own = [
        energy
        for energy in batch.energy
        if energy.carrier == carrier
        and energy.direction is Direction.IMPORT
        and energy.of_shared_meter is shared
        and converts(energy.unit, unit)
    ]
    return (
        sum(
            _on_grid(
                energy.quantity
                if energy.unit == unit
                else energy.quantity * ratio(energy.unit, unit)
            )
            for energy in own
        )
        if own
        else None
    )


def _run_level(inside: Sequence[tuple[Batch, float, Use]]) -> float | None:
    """Median power of the batches that made product, per hour."""
    runs = [(energy, batch.duration) for batch, energy, use in inside if use is Use.VALUE_ADDING]
    lengths = [
        (energy, duration.total_seconds()) for energy, duration in runs if duration is not None
    ]
    levels = [energy * 3600 / seconds for energy, seconds in lengths if seconds > 0]
    return float(np.median(levels)) if levels else None


def _scaled(energy: float, by: float) -> float:
    return energy if by == 1.0 else _on_grid(energy * by)


def _on_grid(energy: float) -> float:
    return round(energy * GRID) / GRID


def _closing(parts: dict[Use, float], total: float) -> dict[Use, float]:
    """Parts in the order of `Use`; what rounding left (units of the grid) goes to the largest."""
    largest = max(parts, key=lambda use: abs(parts[use]), default=Use.UNPLACED)
    parts[largest] = parts.get(largest, 0.0) + (total - sum(parts.values()))
    return {use: parts[use] for use in Use if parts.get(use)}


def _of_batches(
    batches: Sequence[Batch],
    left_out: Sequence[EnergyOutsideRuns],
    metered: set[tuple[str, str, str]],
    steps: set[str],
) -> Iterator[StepUse]:
    """Energy that came per batch: there is no meter to close with, and of what lies between only a
    log's rows `left_out` tell.

    `metered` are step, equipment ("" for all of the step) and carrier of every meter: beside a line
    with a meter there may be one without.
    """
    sums: dict[tuple[str, str, str], dict[Use, float]] = {}
    without: dict[str, list[Batch]] = {}
    for batch in batches:
        if batch.step not in steps or batch.excluded in {
            ExclusionReason.OUTSIDE_PERIOD,
            "duplicate",
        }:
            continue  # a row written twice has the energy of its id, which the first has already
        if batch.excluded == ExclusionReason.ENERGY_UNKNOWN:
            without.setdefault(batch.step, []).append(batch)
        use = purpose(batch)
        for entry in batch.energy:
            if entry.direction is not Direction.IMPORT or _has_meter(batch, entry.carrier, metered):
                continue
            energy = round(entry.quantity * GRID) / GRID
            rejected = energy_of_reject(batch, use, energy) if batch.reject else 0.0
            parts = sums.setdefault((batch.step, entry.carrier, entry.unit), {})
            parts[use] = parts.get(use, 0.0) + energy - rejected
            if rejected:
                parts[Use.REJECT] = parts.get(Use.REJECT, 0.0) + rejected
    for omission in left_out:
        parts = sums.setdefault((omission.step, omission.carrier, omission.unit), {})
        parts[of_state(omission.state)] = parts.get(of_state(omission.state), 0.0) + _on_grid(
            omission.energy
        )
    for (step, carrier, unit), parts in sums.items():
        total = sum(parts.values())
        unknown = sum(
            all(entry.carrier != carrier for entry in batch.energy)
            for batch in without.get(step, ())
        )
        step_use = _use(
            step,
            carrier,
            "",
            "",
            unit,
            {use: parts[use] for use in Use if parts.get(use)},
            total,
            0.0,
            [],
        )
        yield replace(step_use, unknown=unknown)


def _has_meter(batch: Batch, carrier: str, metered: set[tuple[str, str, str]]) -> bool:
    return (batch.step, batch.equipment, carrier) in metered or (batch.step, "", carrier) in metered


def _use(
    step: str,
    carrier: str,
    meter: str,
    equipment: str,
    unit: str,
    parts: Mapping[Use, float],
    total: float,
    missing_s: float,
    rules: list[Words],
) -> StepUse:
    share = parts.get(Use.VALUE_ADDING, 0.0) / total if total > 0 else None
    return StepUse(
        step, carrier, meter, equipment, unit, total, parts, missing_s, share, tuple(rules)
    )
