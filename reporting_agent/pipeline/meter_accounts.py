"""What each counted meter measured in the period, against what runs carry of it (the rest fell
outside any run); meters that begin where another of the same point ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import combinations
from math import fsum

from benchmarks.measurements import Batch, CarrierEnergy, DataFinding, Severity
from benchmarks.phrases import Phrase
from reporting_agent.config import Meter, SiteSettings
from reporting_agent.metering import MeterRecord
from reporting_agent.pipeline.following import sinks_of

CODE = "meter-succeeded"  # of the finding below
NEAR = timedelta(days=1)  # between one meter's end and the next one's beginning
OVERLAP_S = 86_400.0  # for so long both may show readings on the day of the change
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def look(records: Sequence[MeterRecord], zone: tzinfo) -> Iterator[DataFinding]:
    """Each pair of counted meters of one point, of which the second begins where the first ends."""
    own = [
        record
        for record in records
        if record.counted
        and record.meter.since is None
        and record.meter.until is None
        and record.facts.readings
    ]
    for earlier, other in combinations(
        sorted(own, key=lambda record: record.facts.first_us or 0), 2
    ):
        ends_us, begins_us = earlier.facts.last_us, other.facts.first_us
        if (
            ends_us is None
            or begins_us is None
            or _point(earlier) != _point(other)
            or begins_us < ends_us - OVERLAP_S * 1e6
        ):
            continue
        yield DataFinding(
            "meter-succeeded",
            Severity.WARNING,
            Phrase(
                "Meter %(second)s begins on %(day)s, where meter %(first)s ends (%(ends)s), and "
                "both count for the same batches. "
                "Each batch then lacks the energy of one of them, and none is used. If the second "
                "replaced the first, write until = "
                "%(day)s in the [[meters]] table of %(first)s and from = %(day)s in that of "
                "%(second)s.",
                first=earlier.meter.id,
                second=other.meter.id,
                ends=_day(ends_us, zone).isoformat(),
                day=_day(begins_us, zone).isoformat(),
            ),
            1,
        )


def takes_over(
    other: Meter, record: MeterRecord, meter: Meter, edge: date, site: SiteSettings, *, after: bool
) -> bool:
    """Whether another counted meter of the same point begins where this one ends, or ended where it
    begins.
    """
    alike = (other.step, other.carrier, other.direction) == (
        meter.step,
        meter.carrier,
        meter.direction,
    )
    if not record.counted or not alike or other.equipment not in {"", meter.equipment}:
        return False
    own = other.since if after else other.until
    reading_us = record.facts.first_us if after else record.facts.last_us
    if own is None and reading_us is not None:
        if (record.start_us >= reading_us) if after else (record.end_us <= reading_us):
            return False  # it was read all the time
        own = datetime.fromtimestamp(reading_us / 1e6, UTC).astimezone(site.zone).date()
    return own is not None and abs(own - edge) <= NEAR


def _point(record: MeterRecord) -> tuple[object, ...]:
    meter = record.meter
    return (
        meter.step,
        meter.equipment,
        meter.carrier,
        meter.direction,
        meter.allocation,
        meter.parent,
    )


def _day(moment_us: int, zone: tzinfo) -> date:
    return (_EPOCH + timedelta(microseconds=moment_us)).astimezone(zone).date()


@dataclass(frozen=True, slots=True)
class MeterAccount:
    """Of one meter, in its unit: what no run carries, below 0 where runs overlap; and by step, its
    runs' part and their output.

    `lines` are the steps and equipments that it counts for, "" for every equipment of a step, and
    `runs` all that these logged; `edges` are its `until` (True) and `from` (False) where no other
    meter stands for it beyond.
    """

    record: MeterRecord
    rest: float
    in_runs: Mapping[str, float]
    output: Mapping[str, float]
    lines: frozenset[tuple[str, str]]
    edges: tuple[tuple[date, bool], ...]
    runs: Sequence[Batch]

    def share(self, step: str) -> float:
        together = fsum(self.in_runs.values())
        return self.in_runs.get(step, 0.0) / together if together else 1.0

    def lacks(self, start: datetime, site: SiteSettings) -> bool:
        """Whether a run of its lines that begins then lies beyond its time, with no meter in its
        place.
        """
        day = start.astimezone(site.zone).date()
        return any(day >= edge if after else day < edge for edge, after in self.edges)

    def serves(self, step: str, equipment: str) -> bool:
        return (step, equipment) in self.lines or (step, "") in self.lines


def accounts(
    site: SiteSettings, batches: Sequence[Batch], records: Mapping[str, MeterRecord]
) -> dict[str, MeterAccount]:
    """By meter that counts and has readings; `batches` are those of the period."""
    lines: dict[tuple[str, str], list[Batch]] = {}
    for batch in batches:
        lines.setdefault((batch.step, batch.equipment), []).append(batch)
    by_meter = {}
    for meter in site.tree.counted:
        if meter.id in records:
            served = frozenset((sink.step, sink.equipment) for sink in sinks_of(meter, site))
            runs = [
                batch
                for line, own in lines.items()
                if line in served or (line[0], "") in served
                for batch in own
            ]
            by_meter[meter.id] = _account(
                records[meter.id], runs, served, tuple(_edges(meter, site, records)), site
            )
    return by_meter


def _account(
    record: MeterRecord,
    runs: Sequence[Batch],
    lines: frozenset[tuple[str, str]],
    edges: tuple[tuple[date, bool], ...],
    site: SiteSettings,
) -> MeterAccount:
    """Runs that were not metered, since their record is at fault, have what their time tells."""
    with_it, without = 0.0, 0.0
    parts, output = dict[str, float](), dict[str, float]()
    for batch in (run for run in runs if record.meter.counts_for(run.start, site.zone)):
        hours = 0.0 if batch.duration is None else max(batch.duration.total_seconds(), 0.0) / 3600
        own = [energy.quantity for energy in batch.energy if _of(record.meter, energy)]
        if own:
            with_it += hours
            parts[batch.step] = parts.get(batch.step, 0.0) + fsum(own)
            output[batch.step] = output.get(batch.step, 0.0) + batch.output
        else:
            without += hours
    together = fsum(parts.values())
    in_runs = {
        step: record.in_runs * part / together if together else 0.0 for step, part in parts.items()
    }
    carried = record.in_runs * (1 + without / with_it if with_it else 1.0)
    measured = (
        record.in_batches - record.began_before + record.runs_on + record.outside + record.unplaced
    )
    return MeterAccount(record, measured - carried, in_runs, output, lines, edges, runs)


def _of(meter: Meter, energy: CarrierEnergy) -> bool:
    shared = meter.allocation is not None
    return (energy.carrier, energy.direction, energy.of_shared_meter) == (
        meter.carrier,
        meter.direction,
        shared,
    )


def _edges(
    meter: Meter, site: SiteSettings, records: Mapping[str, MeterRecord]
) -> Iterator[tuple[date, bool]]:
    others = [other for name, other in records.items() if name != meter.id]
    for edge, after in ((meter.until, True), (meter.since, False)):
        if edge is not None and not any(
            takes_over(other.meter, other, meter, edge, site, after=after) for other in others
        ):
            yield edge, after
