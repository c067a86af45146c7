"""Was a batch left out? On a drawn day, what a meter counted outside every committed batch, held against production and against idling.

Assumptions. A line that stands takes a small part of the power of one that produces: in the simulated works a tenth, at the most a fifth
of it, while what hides a batch takes nearly all. A stretch outside the batches is *like production* where its mean power is at least
half that of the day's batches, for at least half as long as a batch takes. It is *explained* where a committed batch that is excluded
begins or ends in it or at its edge: batches whose times the log has wrong (18 seconds for a heat, no end, an end before the start) leave
their own energy outside.

Drawbacks. Half of a long stretch may hide one batch where idling is as dear as production, or a line that never stands; shared meters
and those of media tell nothing here. What this finds needs an explanation on site, and what it does not find may still be there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from statistics import median

from benchmarks.audit.evidence import Unaccounted
from benchmarks.audit.records import MeterDay, microseconds
from benchmarks.measurements import Batch
from reporting_agent.metering import MeterRecord, Stretch
from reporting_agent.openings.recomputing import Key, Recomputed, key_of

LIKE_PRODUCTION = 0.5
"""Of the median power, and of the median duration, of the batches around."""
NEAR_US = 60_000_000
_KNOWN = 0.5  # of a stretch's seconds; where less is known, nothing is said
_HOUR_US = 3_600_000_000
_FEWEST = 3  # batches from which a median is taken


def unaccounted(days: Iterable[MeterDay], batches: Collection[Batch], made: Recomputed) -> tuple[Unaccounted, ...] | None:
    """What is not accounted for on the drawn days; None where no such day is of a meter that counts for one step alone.

    Args:
        batches: those that were opened: all that ran on a drawn day or the days beside it.
    """
    meters = {meter.meter.id: meter for meter in made.meters if meter.counted and meter.meter.step and meter.meter.allocation is None}
    asked = [(day, meters[day.meter]) for day in days if day.meter in meters]
    if not asked:
        return None
    committed = {key_of(batch) for batch in batches}
    found: dict[tuple[str, int], Unaccounted] = {}
    for day, meter in asked:
        mine = [batch for batch in batches if _counts(meter, batch.step, batch.equipment)]
        stretches = [*_like_production(day, meter, mine), *_rows_without_record(day, meter, made, committed)]
        found |= {(one.meter, one.start_us): one for one in stretches}
    return tuple(found[key] for key in sorted(found))


def _counts(meter: MeterRecord, step: str, equipment: str) -> bool:
    return step == meter.meter.step and meter.meter.equipment in ("", equipment)


def _like_production(day: MeterDay, meter: MeterRecord, batches: Sequence[Batch]) -> list[Unaccounted]:
    usual = _usual(meter, batches)
    if usual is None:
        return []
    power, hours = usual
    wrong_times = [us for batch in batches if batch.excluded is not None for us in _edges(batch)]
    found = []
    for one in meter.stretches:
        known_h = (one.end_us - one.start_us) / _HOUR_US * one.completeness
        touches = one.start_us < day.end_us and one.end_us > day.start_us
        is_long = one.completeness >= _KNOWN and known_h >= LIKE_PRODUCTION * hours
        if touches and is_long and one.energy >= LIKE_PRODUCTION * power * known_h and not _explained(one, wrong_times):
            found.append(Unaccounted(day.meter, one.start_us, one.end_us, one.energy, meter.unit))
    return found


def _usual(meter: MeterRecord, batches: Sequence[Batch]) -> tuple[float, float] | None:
    """Median power and duration of the used batches, in the meter's unit an hour and hours; None where they are too few."""
    powers, durations = [], []
    for batch in batches:
        energy = [one.quantity for one in batch.energy if one.carrier == meter.meter.carrier and one.direction == meter.meter.direction]
        hours = 0.0 if batch.duration is None else batch.duration.total_seconds() / 3600
        if batch.excluded is None and hours > 0 and energy and sum(energy) > 0:
            powers.append(sum(energy) / hours)
            durations.append(hours)
    return (median(powers), median(durations)) if len(powers) >= _FEWEST else None


def _edges(batch: Batch) -> list[int]:
    return [microseconds(moment) for moment in (batch.start, batch.end) if moment is not None]


def _explained(stretch: Stretch, wrong_times: Iterable[int]) -> bool:
    return any(stretch.start_us - NEAR_US <= us <= stretch.end_us + NEAR_US for us in wrong_times)


def _rows_without_record(day: MeterDay, meter: MeterRecord, made: Recomputed, committed: Collection[Key]) -> list[Unaccounted]:
    """Batches in the plant's own rows that ran on the day and of which no record was opened."""
    found = []
    for batch in made.batches:
        if key_of(batch) in committed or not _counts(meter, batch.step, batch.equipment):
            continue
        first, *rest = _edges(batch)
        last = rest[0] if rest else first
        if first < day.end_us and last >= day.start_us:
            energy = sum(one.quantity for one in batch.energy if one.carrier == meter.meter.carrier)
            found.append(Unaccounted(day.meter, first, last, energy, meter.unit))
    return found
