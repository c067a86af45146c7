"""Meters that begin where another one of the same place ended: without `from` and `until` every batch needs the energy of both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import combinations

from benchmarks.measurements import Finding, Severity
from benchmarks.phrases import Phrase
from reporting_agent.metering import MeterRecord

CODE = "meter-succeeded"  # of the finding below
OVERLAP_S = 86_400.0  # for so long both may show readings on the day of the change
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def look(records: Sequence[MeterRecord], zone: tzinfo) -> Iterator[Finding]:
    """Each pair of counted meters of one place, of which the second begins where the first ends."""
    own = [one for one in records if one.counted and one.meter.since is None and one.meter.until is None and one.facts.readings]
    for one, other in combinations(sorted(own, key=lambda record: record.facts.first_us or 0), 2):
        ends_us, begins_us = one.facts.last_us, other.facts.first_us
        if ends_us is None or begins_us is None or _place(one) != _place(other) or begins_us < ends_us - OVERLAP_S * 1e6:
            continue
        yield Finding(
            "meter-succeeded",
            Severity.WARNING,
            Phrase(
                "Meter %(second)s begins on %(day)s, where meter %(first)s ends (%(ends)s), and both count for the same batches: each then "
                "lacks the energy of one of them, and none is used. If the second took the place of the first, write until = %(day)s in "
                "the [[meters]] table of %(first)s and from = %(day)s in that of %(second)s.",
                first=one.meter.id, second=other.meter.id, ends=_day(ends_us, zone).isoformat(), day=_day(begins_us, zone).isoformat(),
            ),
            1,
        )  # fmt: skip


def _place(record: MeterRecord) -> tuple[object, ...]:
    meter = record.meter
    return meter.step, meter.equipment, meter.carrier, meter.direction, meter.allocation, meter.parent


def _day(moment_us: int, zone: tzinfo) -> date:
    return (_EPOCH + timedelta(microseconds=moment_us)).astimezone(zone).date()
