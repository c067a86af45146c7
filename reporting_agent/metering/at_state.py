"""What one unit of a gas or steam meter is in normal cubic metres or in heat, by its temperature and pressure.

A volume meter (turbine, vortex, ultrasonic) reads cubic metres as they flow. A differential-pressure meter (orifice, Venturi)
that computes with one fixed state, `computed_at`, reads too much or too little where the state differs: its flow of mass goes with the root
of the density (ISO 5167-1, 5.1), so its reading is multiplied by sqrt(density / density computed with).

What the meters of temperature and pressure may be wrong by goes into the result by its own formula, evaluated again with each
limit added (JCGM 100, 5.1.3), at the mean state.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from benchmarks import states
from benchmarks.quantities import ratio
from reporting_agent.config.agreement import ACTUAL_VOLUME, amount_unit
from reporting_agent.config.meters import Meter, Steam
from reporting_agent.config.tree import PRESSURE_UNITS, MeterTree

Floats = NDArray[np.float64]


def has_state(meter: Meter) -> bool:
    """Whether its energy depends on a temperature or a pressure."""
    given = (meter.temperature_c, meter.temperature_meter, meter.pressure_kpa, meter.pressure_meter)
    return meter.steam is not None or any(one is not None for one in given)


def final_unit(meter: Meter) -> str:
    return "Nm3" if meter.steam is None else "MJ"


def factor(meter: Meter, unit: str, temperature_k: Floats, pressure_kpa: Floats) -> Floats:
    """What one `unit` of the meter is in its final unit at each state; NaN where the state is not known or not as declared."""
    if meter.steam is not None:
        return _heat(meter, meter.steam, unit, temperature_k, pressure_kpa)
    normal = states.normal_volume(temperature_k, pressure_kpa)
    if meter.computed_at is None:
        return normal * ratio(unit, "m3")
    design = states.normal_volume(*_point(meter.computed_at.temperature_c, meter.computed_at.pressure_kpa))
    return np.sqrt(normal / design) * ratio(unit, "Nm3")


def doubt_of_state(meter: Meter, unit: str, temperature_k: float, pressure_kpa: float, tree: MeterTree) -> float:
    """Standard uncertainty of the factor, as a share, from the classes that the meters of temperature and pressure declare."""
    here = factor(meter, unit, np.array([temperature_k]), np.array([pressure_kpa]))[0]
    variance = 0.0
    for name, shift in ((meter.temperature_meter, (1.0, 0.0)), (meter.pressure_meter, (0.0, 1.0))):
        companion = None if name is None else tree.by_id[name]
        if companion is None or companion.accuracy_class is None or not np.isfinite(here) or here == 0:
            continue
        limit = _limit(companion, temperature_k, pressure_kpa)
        moved = factor(meter, unit, np.array([temperature_k + shift[0] * limit]), np.array([pressure_kpa + shift[1] * limit]))[0]
        if np.isfinite(moved):
            variance += (moved / here - 1) ** 2 / 3
    return sqrt(variance)


def _limit(companion: Meter, temperature_k: float, pressure_kpa: float) -> float:
    """Limit of error in K or kPa: of the range's end, or of the reading (degC, or the pressure that the meter itself reads)."""
    share = (companion.accuracy_class or 0.0) / 100
    scale = PRESSURE_UNITS.get(companion.unit, 1.0)
    if companion.accuracy_of == "range" and companion.range is not None:
        return share * companion.range[1] * scale
    if companion.unit in PRESSURE_UNITS:
        return share * abs(pressure_kpa - (companion.atmosphere_kpa if companion.pressure_is == "gauge" else 0.0))
    return share * abs(temperature_k - (0.0 if companion.unit == "K" else states.ZERO_CELSIUS_K))


def _heat(meter: Meter, steam: Steam, unit: str, temperature_k: Floats, pressure_kpa: Floats) -> Floats:
    """MJ per unit of steam, above the water it was made from."""
    enthalpy, density = _steam(meter, steam, temperature_k, pressure_kpa)
    returned = steam.condensate_returned
    water = (1 - returned) * states.water_enthalpy(steam.feed_water_c)
    if steam.condensate_c is not None:
        water += returned * states.water_enthalpy(steam.condensate_c)
    per_kg = (enthalpy - water) / 1e3
    if amount_unit(meter) in ACTUAL_VOLUME:
        return per_kg * density * ratio(unit, "m3")
    if meter.computed_at is not None:
        _, design = _steam(meter, steam, *_point(meter.computed_at.temperature_c, meter.computed_at.pressure_kpa))
        per_kg = per_kg * np.sqrt(density / design)
    return per_kg * ratio(unit, "kg")


def _steam(meter: Meter, steam: Steam, temperature_k: Floats, pressure_kpa: Floats) -> tuple[Floats, Floats]:
    if steam.state == "superheated":
        return states.superheated(temperature_k, pressure_kpa)
    if meter.pressure_meter is not None or meter.pressure_kpa is not None:
        return states.saturated("P", pressure_kpa, steam.dryness)
    return states.saturated("T", temperature_k, steam.dryness)


def _point(temperature_c: float, pressure_kpa: float) -> tuple[Floats, Floats]:
    return np.array([temperature_c + states.ZERO_CELSIUS_K]), np.array([pressure_kpa])
