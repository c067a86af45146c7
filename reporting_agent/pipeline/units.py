"""Units at the rim: output in its step's unit, a rate's unit over time, unknown ones refused; log
rows with energy in another unit, which shows in energy per output and in mean power alike.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import InputError, Place
from benchmarks.labels.columns import POWER_ON_S
from benchmarks.measurements import Batch
from benchmarks.phrases import Phrase
from benchmarks.quantities import ratio, spelled
from benchmarks.routes import Step
from reporting_agent.config import SiteSettings
from reporting_agent.metering.unit_factors import off_scale

Floats = NDArray[np.float64]

_SPELLED: dict[str, dict[str, float]] = tomllib.loads(
    (Path(__file__).parent / "units.toml").read_text(encoding="utf-8")
)
COUNTED = _SPELLED["counted"]
"""Units of counted goods, in items; a count and a mass are never turned into each other."""

_OVER_TIME = {"kW": ("kWh", 1.0), "MW": ("MWh", 1.0), "W": ("kWh", 1e-3), "GW": ("MWh", 1e3)}
_PER = _SPELLED["per"]  # hour


@lru_cache(maxsize=64)
def to_kwh(unit: str) -> float:
    """How many kWh one `unit` of electricity is; asked once a batch."""
    return ratio(unit, "kWh")


def refuse_unknown_units(site: SiteSettings) -> None:
    """InputError of the unit of a meter of electricity that cannot be read, with its key; of others
    their heat says it. `power-for-energy` where the energy of batches is mapped in a unit of power.
    """
    profile = site.mapping.energy
    mapped = {"constants.unit": str(profile.constants.get("unit", ""))}
    mapped |= {f"carriers.{name}.unit": column.unit for name, column in profile.carriers.items()}
    for key, unit in mapped.items():
        amount, _ = over_time(unit)
        if unit and amount != unit:
            raise InputError(
                "power-for-energy",
                Phrase(
                    "%(unit)s is a power, and a batch's energy is an amount: how long it was drawn "
                    "is not said.",
                    unit=unit,
                ),
                Phrase(
                    "Map a column of %(amount)s: the mean power times the hours of its row. Or "
                    'read the file as a log ([mapping.log], with [runs] energy = "rate"), of which '
                    "the agent multiplies power and time.",
                    amount=amount,
                ),
                place=Place(str(site.path), column=f"mapping.energy.{key}"),
                found=unit,
                wanted=amount,
            )
    for meter in site.tree.counted:
        if meter.carrier == "electricity":
            try:
                to_kwh(over_time(meter.unit)[0] if meter.reading == "rate" else meter.unit)
            except InputError as refused:
                if refused.code != "unit-unknown":
                    continue  # what it does not measure is told where its energy is asked for
                refused.place = Place(str(site.path), column=f"meters.{meter.id}.unit")
                raise


def to_output_unit(unit: str, step: Step) -> float:
    """How many of the step's output unit one `unit` is; InputError where the two do not measure the
    same.
    """
    return between(unit, step.output_unit)


@lru_cache(maxsize=64)
def between(unit: str, output_unit: str) -> float:
    """How many of a unit of output one of another is; InputError where the two do not measure the
    same.
    """
    if unit in COUNTED and output_unit in COUNTED:
        return COUNTED[unit] / COUNTED[output_unit]
    return ratio(unit, output_unit)


def over_time(rate_unit: str) -> tuple[str, float]:
    """The unit that a rate gives over time, and its factor per rate unit and hour: kW gives (kWh,
    1), Nm3/h (Nm3, 1).

    A unit that is none of these is taken as an amount already meant per hour.
    """
    if rate_unit in _OVER_TIME:
        return _OVER_TIME[rate_unit]
    amount, slash, time = rate_unit.rpartition("/")
    return (spelled(amount), _PER[time]) if slash and time in _PER else (rate_unit, 1.0)


def off_scales(batches: Sequence[Batch]) -> dict[int, float]:
    """By index of the batch, how many times that of its like an energy per output is; only batches
    off by a factor between units.

    Alike are energies of one carrier and direction, in one unit, at one step; of several meters'
    each by itself.
    """
    groups: dict[tuple[str, str, str, str, int], list[tuple[int, float]]] = defaultdict(list)
    for index, batch in enumerate(batches):
        if batch.excluded is not None or not batch.output > 0:
            continue
        count: dict[tuple[str, str], int] = defaultdict(int)
        for energy in batch.energy:
            key = (energy.carrier, energy.direction.value)
            groups[batch.step, *key, energy.unit, count[key]].append(
                (index, energy.quantity / batch.output)
            )
            count[key] += 1
    scales: dict[int, float] = {}
    for members in groups.values():
        length_s = np.array([_length_s(batches[index]) for index, _ in members])
        per_output = np.array([value for _, value in members])
        power = per_output * np.array([batches[index].output for index, _ in members]) / length_s
        own_power = np.abs(_from_the_rest(power)) < np.abs(_from_the_rest(per_output)) / 2
        factors = off_scale(
            np.where(own_power, np.nan, per_output)
        )  # such batches are in no other unit, and no evidence against one
        scales.update(
            (members[at][0], float(factors[at])) for at in np.flatnonzero(factors != 1.0).tolist()
        )
    return scales


def _from_the_rest(value: Floats) -> Floats:
    """How far each value lies from the median, on the logarithmic scale; NaN where it is unknown or
    0.
    """
    positive = value[np.isfinite(value) & (value > 0)]
    with np.errstate(divide="ignore", invalid="ignore"):
        away: Floats = np.log(value) - (np.log(np.median(positive)) if len(positive) else np.nan)
    return away


def _length_s(batch: Batch) -> float:
    """Power-on time where the log gives it, else from start to end; NaN where neither is known."""
    power_on_s = batch.variables.get(POWER_ON_S)
    if power_on_s is not None and power_on_s > 0:
        return power_on_s
    duration = batch.duration
    return (
        float("nan")
        if duration is None or duration.total_seconds() <= 0
        else duration.total_seconds()
    )
