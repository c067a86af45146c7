"""What was made on each day, and how warm it was outside: the variables of a meter's baseline, from the batches it counts for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

import numpy as np

from benchmarks.labels.columns import Floats, Integers
from benchmarks.measurements import Batch
from reporting_agent.analysis.baseline_model import degree_days
from reporting_agent.analysis.days import LocalHours
from reporting_agent.metering.account import to_us

OUTDOOR = frozenset({"outdoor_c", "outdoor_temp_c", "ambient_c", "ambient_temp_c"})


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """All batches as columns, each from its start to its end (one without a sound end is of the moment that it began)."""

    start_us: Integers
    end_us: Integers
    output: Floats
    outdoor_c: Floats  # NaN where not recorded
    step: Integers
    equipment: Integers
    steps: dict[str, int]
    equipments: dict[str, int]
    zone: tzinfo

    @classmethod
    def of(cls, batches: Sequence[Batch], zone: tzinfo) -> Made:
        steps: dict[str, int] = {}
        equipments: dict[str, int] = {}
        start_us = np.array([to_us(batch.start) for batch in batches], dtype=np.int64)
        end_us = np.array([to_us(batch.end or batch.start) for batch in batches], dtype=np.int64)
        return cls(
            start_us=start_us,
            end_us=np.maximum(end_us, start_us + 1),
            output=np.array([max(batch.output_t, 0.0) for batch in batches], dtype=float),
            outdoor_c=np.array([_outdoor(batch) for batch in batches], dtype=float),
            step=np.array([steps.setdefault(batch.step, len(steps)) for batch in batches], dtype=np.int64),
            equipment=np.array([equipments.setdefault(batch.equipment, len(equipments)) for batch in batches], dtype=np.int64),
            steps=steps,
            equipments=equipments,
            zone=zone,
        )

    def variables(self, step: str, equipment: str, hours: LocalHours) -> dict[str, Floats]:
        """Of each of the days output, spread evenly over the time that made it, and heating and cooling degrees; only what is there."""
        own = self.step == self.steps.get(step, -1)
        if equipment:
            own &= self.equipment == self.equipments.get(equipment, -1)
        start_us, end_us, output, outdoor_c = self.start_us[own], self.end_us[own], self.output[own], self.outdoor_c[own]
        batch, day, part = _by_day(start_us, end_us, hours.midnights_us(self.zone))
        count = len(hours.days)
        made = np.bincount(day, weights=output[batch] * part, minlength=count).astype(float)
        found: dict[str, Floats] = {"production": made} if made.any() else {}
        warm = np.isfinite(outdoor_c[batch])
        if warm.any():
            recorded = np.bincount(day[warm], minlength=count)
            summed = np.bincount(day[warm], weights=outdoor_c[batch][warm], minlength=count)
            found |= degree_days(np.where(recorded > 0, summed / np.maximum(recorded, 1), np.nan))
        return found


def _by_day(start_us: Integers, end_us: Integers, midnights_us: Integers) -> tuple[Integers, Integers, Floats]:
    """The pieces into which midnights cut the batches: of which batch, on which day, what share of it; none outside the days."""
    first = np.maximum(np.searchsorted(midnights_us, start_us, side="right") - 1, 0)
    last = np.minimum(np.searchsorted(midnights_us, end_us, side="left"), len(midnights_us) - 1)
    pieces = np.maximum(last - first, 0)
    batch = np.repeat(np.arange(len(start_us)), pieces)
    day = first[batch] + np.arange(len(batch)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    inside = np.minimum(end_us[batch], midnights_us[day + 1]) - np.maximum(start_us[batch], midnights_us[day])
    return batch, day, inside / (end_us - start_us)[batch]


def _outdoor(batch: Batch) -> float:
    return next((value for name, value in batch.variables.items() if name in OUTDOOR), float("nan")) if batch.variables else float("nan")
