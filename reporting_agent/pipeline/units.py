"""Units at the rim: a plant's output in its step's unit, and what a rate meter's unit becomes when added up over time."""

from __future__ import annotations

from functools import lru_cache

from benchmarks.errors import InputError
from benchmarks.quantities import ratio, spelled
from benchmarks.routes import Step

COUNTED = {"items": 1.0, "item": 1.0, "pieces": 1.0, "pcs": 1.0, "件": 1.0, "个": 1.0, "1000 items": 1000.0, "千件": 1000.0}
"""Units of counted goods, in items; a count and a mass are never turned into each other."""

_OVER_TIME = {"kW": ("kWh", 1.0), "MW": ("MWh", 1.0), "W": ("kWh", 1e-3), "GW": ("MWh", 1e3)}
_PER = {"h": 1.0, "s": 3600.0, "min": 60.0, "d": 1 / 24, "小时": 1.0}


@lru_cache(maxsize=64)
def to_kwh(unit: str) -> float:
    """How many kWh one `unit` of electricity is; asked once a batch."""
    return ratio(unit, "kWh")


@lru_cache(maxsize=64)
def mj_in(unit: str) -> float | None:
    """How many MJ one `unit` is; None where it is no unit of energy."""
    try:
        return ratio(unit, "MJ")
    except InputError:
        return None


def to_output_unit(unit: str, step: Step) -> float:
    """How many of the step's output unit one `unit` is; InputError where the two do not measure the same."""
    return _between(unit, step.output_unit)


@lru_cache(maxsize=64)
def _between(unit: str, output_unit: str) -> float:
    if unit in COUNTED and output_unit in COUNTED:
        return COUNTED[unit] / COUNTED[output_unit]
    return ratio(unit, output_unit)


def over_time(rate_unit: str) -> tuple[str, float]:
    """The unit that a rate gives over time, and its factor per rate unit and hour: kW gives (kWh, 1), Nm3/h (Nm3, 1).

    A unit that is none of these is taken as an amount already meant per hour.
    """
    if rate_unit in _OVER_TIME:
        return _OVER_TIME[rate_unit]
    amount, slash, time = rate_unit.rpartition("/")
    return (spelled(amount), _PER[time]) if slash and time in _PER else (rate_unit, 1.0)
