"""Readings below nothing of a meter that is said to count what flows in: they are subtracted, and nothing says that they are right.

A drive that brakes and a line that feeds back do show less than nothing; a logger that fails does too. A declared range settles it: what
lies outside is no reading, what lies inside is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, tzinfo

import numpy as np

from benchmarks.measurements import Direction
from reporting_agent.changes.change import Cause, Change, Kind
from reporting_agent.changes.lines import days_of
from reporting_agent.metering import MeterRecord

LEAST = 0.02  # of the highest: a sensor at rest may show a little less than nothing


def of_meters(records: Sequence[MeterRecord], zone: tzinfo) -> list[Change]:
    """One change a meter without a declared range whose lowest reading lies below nothing; `size` is that over its highest.

    Its days are those of which an hour comes out negative; none where the readings are lost in their hours, and then all are doubtful.
    """
    found = []
    for record in records:
        meter, low, high = record.meter, record.facts.lowest, record.facts.highest
        counts = meter.role in {"main", "sub"} and meter.direction is Direction.IMPORT and meter.range is None
        if counts and low is not None and high is not None and low < -LEAST * abs(high):
            days = tuple(date.fromordinal(day) for day in np.unique(days_of(record.hour_us[record.hour_energy < 0], zone)).tolist())
            equipment = (meter.equipment,) if meter.equipment else ()
            size = low / high if high else low
            causes = (Cause.READING, Cause.FED_BACK)
            found.append(Change(Kind.NEGATIVE, meter.step, (meter.id,), equipment, None, None, size, 0.0, causes, days))
    return found
