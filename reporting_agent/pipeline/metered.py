"""Energy that meters measured: each meter's readings cut along the batches it counts for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks.errors import InputError, Place
from benchmarks.measurements import Batch, CarrierEnergy, Finding, Severity
from benchmarks.routes import Pack
from reporting_agent.config import Meter, Site
from reporting_agent.console import progress
from reporting_agent.metering import Windows, meter_energy
from reporting_agent.metering.cleaning import Readings
from reporting_agent.pipeline.units import over_time
from reporting_agent.sources import Rejected, stream_readings
from reporting_agent.sources.readings import ReadingLog

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Metered:
    """Batches with what their meters counted, and the rows of readings that could not be used."""

    batches: list[Batch]
    rejected: list[Rejected]
    findings: list[Finding]


def counted_meters(site: Site, pack: Pack) -> list[Meter]:
    """The meters whose energy enters a label: not check meters, and no sub-meter beside the meter it hangs on."""
    steps = {step.id for step in pack.steps}
    by_id = {meter.id: meter for meter in site.meters}
    for meter in site.meters:
        if meter.step not in steps:
            raise InputError(
                "step-unknown",
                f"Meter {meter.id} names a step that the pack does not have.",
                "Correct step under [[meters]].",
                place=Place(str(site.path), column=f"meters.{meter.id}.step"),
                found=repr(meter.step),
                wanted=", ".join(sorted(steps)),
            )
    counted = []
    for meter in site.meters:
        above = by_id.get(meter.parent or "")
        beside_parent = above is not None and (above.step, above.carrier, above.direction) == (meter.step, meter.carrier, meter.direction)
        if meter.role in {"main", "sub"} and not beside_parent:
            counted.append(meter)
    return counted


def measure(batches: Sequence[Batch], site: Site, pack: Pack, paths: Sequence[Path]) -> Metered:
    """Add each counted meter's energy to the batches of its step (and equipment) whose interval is sound."""
    meters = counted_meters(site, pack)
    chosen = _batches_of_each(meters, batches)
    windows = {name: _windows([batches[index] for index in indices]) for name, indices in chosen.items()}
    gaps = {meter.id: float(pack.step(meter.step).label_rule.longest_gap_s) for meter in meters}
    log = ReadingLog()

    def read(names: frozenset[str]) -> Iterator[tuple[str, Readings, str]]:
        blocks = stream_readings(paths, site.mapping.readings, names, site.zone, log)
        for block in progress(blocks, None, "reading meters, blocks"):
            yield block.meter, Readings(block.time_us, block.value, block.row), block.file

    found = meter_energy(meters, windows, gaps, read)
    energy: dict[int, list[CarrierEnergy]] = {}
    findings: list[Finding] = []
    for meter in meters:
        measured = found[meter.id]
        findings.extend(measured.findings)
        unit, factor = over_time(meter.unit) if meter.reading == "rate" else (meter.unit, 1.0)
        for index, amount, share in zip(chosen[meter.id], (measured.energy * factor).tolist(), measured.completeness.tolist(), strict=True):
            # also with nothing known: one of two meters that failed must show as missing, not as little energy
            energy.setdefault(index, []).append(CarrierEnergy(meter.carrier, amount, unit, meter.direction, meter.lhv, completeness=share))
    findings.extend(_strange(log, {meter.id for meter in site.meters}))
    joined = [replace(batch, energy=(*batch.energy, *energy[index])) if index in energy else batch for index, batch in enumerate(batches)]
    return Metered(joined, log.rejected, findings)


def _batches_of_each(meters: Sequence[Meter], batches: Sequence[Batch]) -> dict[str, list[int]]:
    """By meter id, the indices of the batches it counts for, in their order; every batch is looked at once."""
    chosen: dict[str, list[int]] = {meter.id: [] for meter in meters}
    counting: dict[tuple[str, str], list[list[int]]] = {}
    for index, batch in enumerate(batches):
        if batch.excluded is not None or batch.end is None or batch.end <= batch.start:
            continue
        key = (batch.step, batch.equipment)
        if key not in counting:
            counting[key] = [chosen[meter.id] for meter in meters if meter.step == batch.step and meter.equipment in {"", batch.equipment}]
        for indices in counting[key]:
            indices.append(index)
    return chosen


def _windows(batches: Sequence[Batch]) -> Windows:
    return Windows(
        np.array([(batch.start - _EPOCH) // _MICROSECOND for batch in batches], dtype=np.int64),
        np.array([(batch.end - _EPOCH) // _MICROSECOND for batch in batches if batch.end is not None], dtype=np.int64),
    )


def _strange(log: ReadingLog, declared: set[str]) -> Iterator[Finding]:
    for name, count in log.unknown_meters.items():
        if name not in declared:  # check and sub-meters are declared and deliberately not counted
            yield Finding(
                "meter-unknown",
                Severity.WARNING,
                f"{count:,} readings are of a meter {name!r} that site.toml does not declare; they count nowhere.",
                count,
                zh=f"{count:,} 个读数属于表计 {name!r}，site.toml 未申报该表；这些读数不计入任何标识。",
            )
