"""What meters counted in whole local days, how surely, how far another hour of reading moves it (a
day's use at either end), and which replaced another.

The uncertainty of a meter is that of its accuracy class (rectangular: 2 / sqrt(3) of the limit),
else the site's declared one; several meters are added as if each erred alone. A meter counts in its
own time (`from` and `until`), also where it is read before or after. One that begins after another
has ended takes its place: of the two one tells an hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import fsum, hypot, sqrt

import numpy as np
from numpy.typing import NDArray

from benchmarks.audit.records import microseconds
from benchmarks.labels import RELATIVE_UNCERTAINTY
from benchmarks.quantities import ratio
from reporting_agent.config import SiteSettings
from reporting_agent.metering import MeterRecord

_EXPANDED = 2 / sqrt(3)  # of a class's limit
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class MeteredQuantity:
    """What meters counted, in the unit of the document, with the relative expanded uncertainty;
    `known` of the seconds.

    `less` and `more` are what it could be moved by where a person read the meters at some hour of a
    day at its ends, before or after the midnight that the document's days stand for: at most one
    day's use each way.
    """

    quantity: float
    uncertainty: float
    known: float
    less: float
    more: float


def us_of(day: date, site: SiteSettings) -> int:
    return microseconds(datetime.combine(day, time.min, site.zone))


def counted(
    records: Sequence[MeterRecord],
    from_day: date,
    to_day: date,
    unit: str,
    site: SiteSettings,
    heating_value: float | None = None,
) -> MeteredQuantity:
    """Of meters that count something else than `unit`, by the heating value: `unit` per unit of
    theirs. Raises InputError `unit-mismatch` where there is none."""

    def of(record: MeterRecord, first: date, last: date) -> float:
        factor = heating_value or ratio(record.unit, unit)
        return fsum(record.hour_energy[_inside(record, first, last, site)].tolist()) * factor

    def together(first: date, last: date) -> float:
        return fsum(of(record, first, last) for record in records)

    def beyond(day: date, within: date) -> float:
        """A day's use beyond an end; where the time that was read ends there too, that of the day
        within.
        """
        is_read = any(_inside(record, day, day + _DAY, site).any() for record in records)
        first = day if is_read else within
        return together(first, first + _DAY)

    each = [of(record, from_day, to_day) for record in records]
    total = fsum(each)
    errors = [
        abs(energy) * _uncertainty(record, site)
        for energy, record in zip(each, records, strict=True)
    ]
    return MeteredQuantity(
        total,
        hypot(*errors) / abs(total) if total else 1.0,
        min(_known_share(line, from_day, to_day, site) for line in in_turn(records, site)),
        max(together(from_day, from_day + _DAY), together(to_day - _DAY, to_day)),
        max(beyond(from_day - _DAY, from_day), beyond(to_day, to_day - _DAY)),
    )


def in_turn(records: Iterable[MeterRecord], site: SiteSettings) -> list[list[MeterRecord]]:
    """The meters by points: one that begins after another has ended stands where that stood."""
    points: list[list[MeterRecord]] = []
    for record in sorted(
        records, key=lambda meter: (first_and_last_hour(meter, site) or (0, 0))[0]
    ):
        point = next((point for point in points if takes_over(record, point[-1], site)), None)
        if point is None:
            points.append([record])
        else:
            point.append(record)
    return points


def takes_over(later: MeterRecord, earlier: MeterRecord, site: SiteSettings) -> bool:
    """Whether one meter begins where another of the same energy has ended."""
    begins, ended = first_and_last_hour(later, site), first_and_last_hour(earlier, site)
    return (
        begins is not None
        and ended is not None
        and begins[0] >= ended[1]
        and _serves(later) == _serves(earlier)
    )


def first_and_last_hour(record: MeterRecord, site: SiteSettings) -> tuple[int, int] | None:
    """The first and the last hour of its own time of which it tells something: a table of all
    meters has blank cells where one is not there, and one that was replaced may be read on beside
    the new one."""
    hours = record.hour_us[(record.hour_known > 0) & record.in_service(record.hour_us, site.zone)]
    return (int(hours[0]), int(hours[-1])) if len(hours) else None


def _serves(record: MeterRecord) -> tuple[str, str, str, str]:
    return (
        record.meter.carrier,
        record.meter.step,
        record.meter.equipment,
        record.meter.direction.value,
    )


def _known_share(
    point: Sequence[MeterRecord], from_day: date, to_day: date, site: SiteSettings
) -> float:
    known_hours = np.sum(
        [
            np.where(_inside(record, from_day, to_day, site), record.hour_known, 0.0)
            for record in point
        ],
        axis=0,
    )
    of_days = _between(point[0], from_day, to_day, site)
    return float(np.minimum(known_hours[of_days], 1.0).mean()) if of_days.any() else 0.0


def _inside(record: MeterRecord, first: date, last: date, site: SiteSettings) -> NDArray[np.bool_]:
    """Which hours are of these days and of the meter's own time."""
    return _between(record, first, last, site) & record.in_service(record.hour_us, site.zone)


def _between(record: MeterRecord, first: date, last: date, site: SiteSettings) -> NDArray[np.bool_]:
    within: NDArray[np.bool_] = (record.hour_us >= us_of(first, site)) & (
        record.hour_us < us_of(last, site)
    )
    return within


def _uncertainty(record: MeterRecord, site: SiteSettings) -> float:
    limit = record.meter.accuracy_class
    if limit is not None and record.meter.accuracy_of == "reading":
        return _EXPANDED * limit / 100
    return (
        RELATIVE_UNCERTAINTY
        if site.site.uncertainty_pct is None
        else site.site.uncertainty_pct / 100
    )
