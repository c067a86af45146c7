"""How the power of a step's equipment ran within its batches, from the meters that count for them.

A batch is priced along the meters of its own step and equipment, of one carrier and of one
direction: what a turbine gives by day says nothing of the hours in which the mill took its energy.
A meter that names no equipment counts for all of its step, and it alone for a batch that names
none. Where no meter shows the hours, or two meters count what cannot be added (a volume and a
heat), there is no shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

import numpy as np

from benchmarks.errors import InputError
from benchmarks.labels.columns import Floats, Integers
from benchmarks.measurements import Direction
from benchmarks.quantities import ratio
from reporting_agent.config import Meter
from reporting_agent.metering.record import MeterRecord


@dataclass(frozen=True, slots=True, eq=False)
class LoadShape:
    """A level of power from each edge to the next, in any unit; only its shape counts."""

    edges_us: Integers  # one more than levels
    level: Floats


class LoadShapes:
    """The shapes of a site, each worked out once; equipment that the same meters count for shares
    one.
    """

    def __init__(self, records: Sequence[MeterRecord], zone: tzinfo) -> None:
        self._counted = [record for record in records if record.counted and len(record.hour_us)]
        self._zone = zone
        self._of_use: dict[tuple[str, str, str, Direction], LoadShape | None] = {}
        self._of_meters: dict[tuple[str, ...], LoadShape | None] = {(): None}

    def of(
        self, step: str, equipment: str, carrier: str, direction: Direction = Direction.IMPORT
    ) -> LoadShape | None:
        """The hours of the counted meters together, each in its own time."""
        use = (step, equipment, carrier, direction)
        if use not in self._of_use:
            own = [record for record in self._counted if _shows(record.meter, *use)]
            meters = tuple(record.meter.id for record in own)
            if meters not in self._of_meters:
                self._of_meters[meters] = _together(own, self._zone)
            self._of_use[use] = self._of_meters[meters]
        return self._of_use[use]


def _shows(meter: Meter, step: str, equipment: str, carrier: str, direction: Direction) -> bool:
    if (meter.carrier, meter.direction) != (carrier, direction) or meter.step not in {"", step}:
        return False
    if meter.allocation is not None:
        return equipment in meter.allocation.sinks or step in meter.allocation.sinks
    return bool(meter.step) and meter.equipment in {"", equipment}


def _together(records: Sequence[MeterRecord], zone: tzinfo) -> LoadShape | None:
    first = records[0]
    same = [record for record in records if np.array_equal(record.hour_us, first.hour_us)]
    edges = np.append(first.hour_us, first.end_us)
    hours = np.maximum(np.diff(edges) / 3.6e9, 1e-9)
    level = np.zeros(len(hours))
    for record in same:
        try:
            in_first_unit = ratio(record.unit, first.unit)
        except InputError:  # the hours of a part of the energy are not those of the whole
            return None
        level += (
            np.where(
                record.in_service(first.hour_us, zone), record.hour_energy * in_first_unit, 0.0
            )
            / hours
        )
    return LoadShape(edges, level)
