"""Batches metered through an hour that a meter's clock shows twice, left out on their way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.labels import ExclusionReason
from benchmarks.measurements import Batch
from reporting_agent.config import SiteSettings
from reporting_agent.metering.declared import HOUR_US, put_right, summers
from reporting_agent.metering.moments import to_us


def outside_repeated_hours(
    batches: Sequence[Batch], site: SiteSettings, metered_steps: Mapping[str, AbstractSet[str]]
) -> list[Batch]:
    """Without batches metered through an hour that a meter's clock shows twice: there a reading's
    hour is told by those beside it.
    """
    own = site.mapping.readings.timezone
    zone = ZoneInfo(own) if own else site.zone
    years = {batch.start.year for batch in batches}
    hours = {year: _repeated_on_any_meter(site, zone, year) for year in years}
    return [
        replace(batch, excluded=ExclusionReason.REPEATED_HOUR.value)
        if batch.excluded is None
        and {"", batch.equipment} & metered_steps.get(batch.step, frozenset())
        and _is_in(batch, hours[batch.start.year])
        else batch
        for batch in batches
    ]


def _is_in(batch: Batch, hours: AbstractSet[tuple[int, int]]) -> bool:
    if not hours or batch.end is None:
        return False
    start_us, end_us = to_us(batch.start), to_us(batch.end)
    return any(start_us < until_us and end_us > from_us for from_us, until_us in hours)


def _repeated_on_any_meter(site: SiteSettings, zone: ZoneInfo, year: int) -> set[tuple[int, int]]:
    """When the clocks of the site's meters show an hour twice, in right time: a clock declared to
    be off shows it that much off.
    """
    shown = np.array(_repeated_hours(zone, year), dtype=np.int64).reshape(-1, 2)
    hours: set[tuple[int, int]] = set()
    for meter in site.meters:
        declared = {
            event.shift // timedelta(microseconds=1)
            for event in site.events
            if event.kind == "clock" and event.meter == meter.id
        }
        for shift_us in {0, *declared}:
            hours |= {
                (first, last) for first, last in (put_right(shown, meter) + shift_us).tolist()
            }
    return hours


@lru_cache(maxsize=64)
def _repeated_hours(zone: ZoneInfo, year: int) -> tuple[tuple[int, int], ...]:
    """The hours that come twice in the years around this one, with the hour before, in UTC
    microseconds.
    """
    first_us, last_us = (to_us(datetime(edge, 1, 1, tzinfo=UTC)) for edge in (year - 1, year + 2))
    ends = (until_us for _, until_us in summers(zone, first_us, last_us) if until_us < last_us)
    return tuple((end_us - HOUR_US, end_us + HOUR_US) for end_us in ends)
