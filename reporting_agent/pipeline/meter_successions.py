"""Meters that begin where another one of the same point ended: without `from` and `until` every
batch needs the energy of both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import combinations

from benchmarks.measurements import DataFinding, Severity
from benchmarks.phrases import Phrase
from reporting_agent.config import Meter, SiteSettings
from reporting_agent.metering import MeterRecord

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
