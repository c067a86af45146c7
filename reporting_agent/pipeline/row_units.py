"""Rows of a production log whose energy is in another unit than the rest: MWh under a header of kWh, for some of the batches.

A wrong unit shows in the energy per output and in the mean power alike. A batch that was broken off, or ran on half its charge, has an
energy per output far off the rest and the power of the rest: its unit is right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.labels.columns import POWER_ON_S
from benchmarks.measurements import Batch
from reporting_agent.metering.scale import off_scale

Floats = NDArray[np.float64]


def off_scales(batches: Sequence[Batch]) -> dict[int, float]:
    """By place of the batch, how many times that of its like an energy per output is; only batches off by a factor between units.

    Alike are energies of one carrier and direction, in one unit, at one step; of several meters' each by itself.
    """
    groups: dict[tuple[str, str, str, str, int], list[tuple[int, float]]] = defaultdict(list)
    for index, batch in enumerate(batches):
        if batch.excluded is not None or not batch.output_t > 0:
            continue
        count: dict[tuple[str, str], int] = defaultdict(int)
        for energy in batch.energy:
            key = (energy.carrier, energy.direction.value)
            groups[batch.step, *key, energy.unit, count[key]].append((index, energy.quantity / batch.output_t))
            count[key] += 1
    found: dict[int, float] = {}
    for members in groups.values():
        length_s = np.array([_length_s(batches[index]) for index, _ in members])
        per_output = np.array([value for _, value in members])
        power = per_output * np.array([batches[index].output_t for index, _ in members]) / length_s
        own_power = np.abs(_from_the_rest(power)) < np.abs(_from_the_rest(per_output)) / 2
        factors = off_scale(np.where(own_power, np.nan, per_output))  # such batches are in no other unit, and no evidence against one
        found.update((members[at][0], float(factors[at])) for at in np.flatnonzero(factors != 1.0).tolist())
    return found


def _from_the_rest(value: Floats) -> Floats:
    """How far each value lies from the median, on the logarithmic scale; NaN where it is unknown or 0."""
    told = value[np.isfinite(value) & (value > 0)]
    with np.errstate(divide="ignore", invalid="ignore"):
        away: Floats = np.log(value) - (np.log(np.median(told)) if len(told) else np.nan)
    return away


def _length_s(batch: Batch) -> float:
    """Power-on time where the log gives it, else from start to end; NaN where neither is known."""
    power_on_s = batch.variables.get(POWER_ON_S)
    if power_on_s is not None and power_on_s > 0:
        return power_on_s
    duration = batch.duration
    return float("nan") if duration is None or duration.total_seconds() <= 0 else duration.total_seconds()
