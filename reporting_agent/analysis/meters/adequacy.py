"""How far each meter may be wrong in a batch and in the whole period of its step.

*Adequate*: a batch's error is small beside the label, its own part beside the way from label to
typical batch. *For the year only*: the sum is sure enough. *Not adequate*: not even the sum.
*Undeclared*: no class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from benchmarks.carriers import CARRIERS
from benchmarks.labels import ExclusionReason
from benchmarks.measurements import Batch, DataFinding, Severity
from benchmarks.phrases import Phrase, listed
from benchmarks.quantities import ratio
from reporting_agent.analysis.figures import shown
from reporting_agent.analysis.meters.adequacy_rules import (
    FEWEST_COVERED,
    AdequacyVerdict,
    Aspect,
    Issue,
    Measuring,
    MeterLoad,
    covered,
    issues,
    worst,
)
from reporting_agent.config import Meter, SiteSettings
from reporting_agent.metering import MeterRecord, Windows
from reporting_agent.metering.moments import to_us
from reporting_agent.metering.segments import HOUR_US
from reporting_agent.metering.uncertainty import WindowUncertainty, doubt, together
from reporting_agent.pipeline import LabelResult
from reporting_agent.pipeline.following import sinks_of

Floats = NDArray[np.float64]

__all__ = ["Adequacy", "AdequacyVerdict", "Aspect", "Issue", "MeterLoad", "adequacy", "findings"]

_LOW_HOUR = 0.05
_RUNS = 0.02  # an hour below this share of the mean is no load


@dataclass(frozen=True, slots=True)
class Adequacy:
    """One meter of one step. Uncertainties are expanded (k = 2), as shares of the carrier's own
    energy; None where no class is declared.

    `share` is the part of the label's energy that this carrier is. `words` says the verdict with
    every reason and change.
    """

    step: str
    carrier: str
    meter: str
    verdict: AdequacyVerdict
    issues: tuple[Issue, ...]  # worst first
    load: MeterLoad | None
    load_unit: str
    range_used: float | None  # mean load / upper end of the range
    share: float
    of_batch: float | None
    own: float | None
    of_period: float | None
    words: Phrase


def adequacy(site: SiteSettings, result: LabelResult) -> tuple[Adequacy, ...]:
    """Every counted meter with readings, by step in the pack's order."""
    records = {record.meter.id: record for record in result.data.meters}
    windows = _windows_of_each(result.data.batches)
    judgements = []
    for step in result.data.pack.steps:
        for meter in site.tree.counted:
            equipment = {sink.equipment for sink in sinks_of(meter, site) if sink.step == step.id}
            own = [
                spans
                for (of_step, name), spans in windows.items()
                if of_step == step.id and (name in equipment or "" in equipment)
            ]
            if meter.id in records and own:
                joined = Windows(
                    np.concatenate([spans.start_us for spans in own]),
                    np.concatenate([spans.end_us for spans in own]),
                )
                judgements.append(_judge(site, result, records, meter, step.id, joined))
    return tuple(judgements)


def findings(judgements: Sequence[Adequacy]) -> list[DataFinding]:
    """Meters that do not suffice."""
    return [
        DataFinding("meter-inadequate", Severity.WARNING, judgement.words, len(judgement.issues))
        for judgement in judgements
        if judgement.verdict in {AdequacyVerdict.YEAR_ONLY, AdequacyVerdict.INADEQUATE}
    ]


def _windows_of_each(batches: Sequence[Batch]) -> dict[tuple[str, str], Windows]:
    """The batches of each step and equipment, as windows: also those that no energy is known of,
    for that may be the meter's fault.
    """
    gathered: dict[tuple[str, str], tuple[list[int], list[int]]] = {}
    for batch in batches:
        if (
            batch.excluded != ExclusionReason.OUTSIDE_PERIOD
            and batch.end is not None
            and batch.end > batch.start
        ):
            starts, ends = gathered.setdefault((batch.step, batch.equipment), ([], []))
            starts.append(to_us(batch.start))
            ends.append(to_us(batch.end))
    return {
        key: Windows(np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64))
        for key, (starts, ends) in gathered.items()
    }


def _judge(
    site: SiteSettings,
    result: LabelResult,
    records: Mapping[str, MeterRecord],
    meter: Meter,
    step: str,
    windows: Windows,
) -> Adequacy:
    record = records[meter.id]
    load = _load(record)
    length_h = (windows.end_us - windows.start_us) / HOUR_US
    energy = length_h * (0.0 if load is None else load.mean * record.per_reading)
    error = None if load is None else _doubt(site, records, record, windows, length_h)
    relative, common = (None, None) if error is None else error.relative(energy)
    share, spread = _in_label(result, step, meter.carrier)
    measuring = Measuring(
        meter=meter,
        record=record,
        load=load,
        share=share,
        of_batch=None if relative is None else float(np.median(relative)),
        own=None
        if relative is None or common is None
        else float(np.median(np.sqrt(np.maximum(relative**2 - common**2, 0.0)))),
        of_period=_of_period(site, records, record),
        spread=spread,
        batch_energy=float(np.median(np.abs(energy))),
        batch_s=float(np.median(windows.end_us - windows.start_us)) / 1e6,
        longest_gap_s=float(result.data.pack.step(step).label_rule.longest_gap_s),
        ends=datetime.fromtimestamp(record.end_us / 1e6, UTC).date(),
    )
    faults = issues(measuring)
    verdict = worst(faults)
    return Adequacy(
        step=step,
        carrier=meter.carrier,
        meter=meter.id,
        verdict=verdict,
        issues=faults,
        load=load,
        load_unit=measuring.unit,
        range_used=None if load is None or meter.range is None else load.mean / meter.range[1],
        share=share,
        of_batch=measuring.of_batch,
        own=measuring.own,
        of_period=measuring.of_period,
        words=_words(measuring, verdict, faults, step),
    )


def _load(record: MeterRecord) -> MeterLoad | None:
    """In the unit of the range: mean while batches ran (always, of a meter that serves none),
    lowest hour in twenty, highest seen.
    """
    if not record.per_reading or not record.known_s:
        return None
    outside_s = sum(
        (stretch.end_us - stretch.start_us) / 1e6 * stretch.completeness
        for stretch in record.stretches
    )
    hours = (record.known_s - outside_s) / 3600
    energy = record.in_batches
    if hours <= 0 and not record.in_batches:
        hours, energy = record.known_s / 3600, record.total - record.unplaced
    if hours <= 0:
        return None
    well_known = record.hour_known > 0.9
    hourly = record.hour_energy[well_known] / record.hour_known[well_known] / record.per_reading
    mean = energy / record.per_reading / hours
    under_load = hourly[hourly > _RUNS * mean]
    lowest = float(np.quantile(under_load, _LOW_HOUR)) if len(under_load) else None
    highest = (
        record.facts.highest
        if record.facts.highest is not None
        else (float(hourly.max()) if len(hourly) else None)
    )
    return MeterLoad(mean, lowest, highest)


def _doubt(
    site: SiteSettings,
    records: Mapping[str, MeterRecord],
    record: MeterRecord,
    windows: Windows,
    length_h: Floats,
) -> WindowUncertainty | None:
    """What each batch's energy may be wrong by, at the mean load of its meter (of a virtual meter:
    of its parts).
    """
    tree, parts = site.tree, []
    for name, times in tree.parts(record.meter).items():
        part = records.get(name)
        load = None if part is None else _load(part)
        if part is None or load is None:
            return None
        energy = length_h * load.mean * part.per_reading
        error = doubt(
            tree.by_id[name],
            part.facts,
            windows,
            energy,
            np.ones(len(length_h)),
            part.per_reading,
            part.state_doubt,
        )
        if error is None:
            return None
        scale = abs(times) * ratio(part.unit, record.unit)
        parts.append(WindowUncertainty(error.systematic * scale, error.own * scale))
    return parts[0] if len(parts) == 1 else together(parts)


def _of_period(
    site: SiteSettings, records: Mapping[str, MeterRecord], record: MeterRecord
) -> float | None:
    """Expanded uncertainty of the period's sum, missing time included, as a share of it; None where
    too much of the time is missing.
    """
    if covered(record) < FEWEST_COVERED:
        return None
    tree, parts = site.tree, []
    for name, times in tree.parts(record.meter).items():
        part = records.get(name)
        if part is None or not covered(part):
            return None
        length_us = round(1e6 * (part.known_s + part.missing_s))  # of its own time
        whole = Windows(np.array([part.start_us]), np.array([part.start_us + length_us]))
        coverage = np.array([covered(part)])
        error = doubt(
            tree.by_id[name],
            part.facts,
            whole,
            np.array([part.total]),
            coverage,
            part.per_reading,
            part.state_doubt,
        )
        if error is None:
            return None
        scale = abs(times) * ratio(part.unit, record.unit)
        parts.append(WindowUncertainty(error.systematic * scale, error.own * scale))
    return float(together(parts).relative(np.array([record.total]))[0][0])


def _in_label(result: LabelResult, step: str, carrier: str) -> tuple[float, float | None]:
    """The largest part that the carrier is of any of the step's labels, and the way from that label
    to its typical batch, as a share.
    """
    best: tuple[float, float | None] = (0.0, None)
    for label in result.site_label.steps:
        whole = sum(abs(value) for value in label.energy_by_carrier.values())
        if label.step != step or carrier not in label.energy_by_carrier or not whole:
            continue
        share = abs(label.energy_by_carrier[carrier]) / whole
        spread = None
        if label.best.value is not None and label.typical:
            spread = abs(label.typical - label.best.value) / abs(label.typical)
        if share > best[0]:
            best = share, spread
    return best if best[0] else (1.0, None)


def _words(
    measuring: Measuring, verdict: AdequacyVerdict, faults: tuple[Issue, ...], step: str
) -> Phrase:
    carrier = CARRIERS[measuring.meter.carrier].words
    head = Phrase(
        "Step %(step)s, %(carrier)s, meter %(meter)s: %(verdict)s",
        step=step,
        carrier=carrier,
        meter=measuring.meter.id,
        verdict=verdict.words,
    )
    if measuring.of_batch is not None:
        error = f"{measuring.of_batch:.1%}"
        head = (
            Phrase("%(meter)s (a batch's energy ±%(error)s)", meter=head, error=error)
            if measuring.load is None
            else Phrase(
                "%(meter)s (a batch's energy ±%(error)s at %(load)s %(unit)s)",
                meter=head,
                error=error,
                load=shown(measuring.load.mean),
                unit=measuring.unit,
            )
        )
    issues = [
        Phrase("%(found)s: %(change)s", found=issue.found, change=issue.change) for issue in faults
    ]
    return Phrase("%(told)s.", told=listed([head, *issues]))
