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

OUTDOOR = frozenset({"outdoor_c", "outdoor_temp_c", "ambient_c", "ambient_temp_c"})


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """All batches as columns, each on the local day that it ended (of one without a sound end, began)."""

    ordinal: Integers  # proleptic day number, as `date.toordinal`
    output: Floats
    outdoor_c: Floats  # NaN where not recorded
    step: Integers
    equipment: Integers
    steps: dict[str, int]
    equipments: dict[str, int]

    @classmethod
    def of(cls, batches: Sequence[Batch], zone: tzinfo) -> Made:
        steps: dict[str, int] = {}
        equipments: dict[str, int] = {}
        ended = [batch.start if batch.end is None or batch.end < batch.start else batch.end for batch in batches]
        return cls(
            ordinal=np.array([moment.astimezone(zone).toordinal() for moment in ended], dtype=np.int64),
            output=np.array([max(batch.output_t, 0.0) for batch in batches], dtype=float),
            outdoor_c=np.array([_outdoor(batch) for batch in batches], dtype=float),
            step=np.array([steps.setdefault(batch.step, len(steps)) for batch in batches], dtype=np.int64),
            equipment=np.array([equipments.setdefault(batch.equipment, len(equipments)) for batch in batches], dtype=np.int64),
            steps=steps,
            equipments=equipments,
        )

    def variables(self, step: str, equipment: str, hours: LocalHours) -> dict[str, Floats]:
        """Output, and heating and cooling degrees, of each of the hours' days; only what is there."""
        first, count = hours.days[0].toordinal(), len(hours.days)
        own = (self.step == self.steps.get(step, -1)) & (self.ordinal >= first) & (self.ordinal < first + count)
        if equipment:
            own &= self.equipment == self.equipments.get(equipment, -1)
        day = self.ordinal[own] - first
        output = np.bincount(day, weights=self.output[own], minlength=count).astype(float)
        found: dict[str, Floats] = {"production": output} if output.any() else {}
        warm = np.isfinite(self.outdoor_c[own])
        if warm.any():
            recorded = np.bincount(day[warm], minlength=count)
            summed = np.bincount(day[warm], weights=self.outdoor_c[own][warm], minlength=count)
            found |= degree_days(np.where(recorded > 0, summed / np.maximum(recorded, 1), np.nan))
        return found


def _outdoor(batch: Batch) -> float:
    return next((value for name, value in batch.variables.items() if name in OUTDOOR), float("nan")) if batch.variables else float("nan")
