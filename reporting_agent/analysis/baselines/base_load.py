"""A meter's base load at night and on weekends, whether it is read too seldom to tell, and what its
energy cost on average.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.declared import Words, worded
from benchmarks.errors import InputError
from benchmarks.labels.columns import Integers
from benchmarks.measurements import Direction
from benchmarks.phrases import Phrase
from benchmarks.quantities import ratio
from reporting_agent.analysis.baselines.model import LocalHours, in_own_time
from reporting_agent.analysis.energy_costs.prices import Prices
from reporting_agent.analysis.figures import shown
from reporting_agent.metering.record import MeterRecord

HOURS_A_DAY, HOURS_A_YEAR = 24, 8760
HOUR_S = 3600.0
NIGHT_ENDS = 5  # o'clock, from midnight
WORK = (8, 18)  # hours of a working day that nights are compared with
SATURDAY = 5
WHOLE = 0.999
THROUGH = 0.8  # nights above this share of working hours: the plant does not stop at night

_IDLE = Phrase(
    "The usual load (median) is %(night)s %(rate)s at night (00:00–05:00), %(weekend)s %(rate)s "
    "on weekends, %(day)s %(rate)s in working "
    "hours. The load that is never switched off, %(base)s %(rate)s, adds up to %(per_year)s "
    "%(unit)s a year%(money)s."
)
_THROUGH = Phrase(
    "It runs day and night: the usual load (median) is %(night)s %(rate)s at night, %(day)s "
    "%(rate)s in working hours. The lowest hours, "
    "%(base)s %(rate)s, would add up to %(per_year)s %(unit)s a year%(money)s. The meter alone "
    "cannot show how much of that makes product."
)


@dataclass(frozen=True, slots=True)
class BaseLoad:
    """What the meter shows when least is done, `unit` per hour; `per_year` if it ran so all year;
    `idle` at nights and weekends.
    """

    night: float | None  # median rate of 00:00-05:00 local on working days
    weekend: (
        float | None
    )  # median rate of days of the lowest day type that are weekends or holidays
    base: float  # 5 % quantile of the hours: what never goes off
    rate_unit: str  # kW, or the meter's unit per hour
    per_year: float  # base x 8,760 h, in `unit`
    outside_use: float  # energy of the period used at night and on weekends above zero, in `unit`
    unit: str
    money_per_year: float | None
    currency: str | None
    sentence: Words


def base_load(
    record: MeterRecord, hours: LocalHours, weekday: Integers, prices: Prices | None
) -> BaseLoad | None:
    if too_seldom(record) or record.meter.direction is not Direction.IMPORT:
        return None  # what is given back day and night costs nothing
    whole = (record.hour_known > WHOLE) & in_own_time(record, hours)[hours.day]
    if whole.sum() < 7 * HOURS_A_DAY:
        return None
    rate, kind, clock = record.hour_energy[whole], weekday[hours.day[whole]], hours.clock[whole]
    resting = kind >= SATURDAY
    night = (clock < NIGHT_ENDS) & ~resting
    working = (clock >= WORK[0]) & (clock < WORK[1]) & ~resting
    base = float(np.quantile(rate, 0.05))
    at_night, at_weekend, at_work = (
        float(np.median(rate[part])) if part.any() else None for part in (night, resting, working)
    )
    per_year = base * HOURS_A_YEAR
    price = mean_price(prices, record, record.start_us, record.end_us)
    money = None if price is None else per_year * price
    rate_unit = _rate_unit(record.unit)
    through = at_night is not None and at_work is not None and at_night > THROUGH * at_work
    return BaseLoad(
        night=at_night,
        weekend=at_weekend,
        base=base,
        rate_unit=rate_unit,
        per_year=per_year,
        outside_use=float(np.maximum(rate[night | resting], 0.0).sum()),
        unit=record.unit,
        money_per_year=money,
        currency=None if money is None or prices is None else prices.currency,
        sentence=worded(
            _THROUGH if through else _IDLE,
            night=_or_dash(at_night),
            weekend=_or_dash(at_weekend),
            day=_or_dash(at_work),
            base=shown(base),
            rate=rate_unit,
            per_year=shown(per_year),
            unit=record.unit,
            money="" if money is None or prices is None else priced_at(money, prices.currency),
        ),
    )


def priced_at(money: float, currency: str) -> Phrase:
    """How a sentence on an amount goes on with what it costs."""
    return Phrase(", %(money)s %(currency)s", money=shown(money), currency=currency)


def too_seldom(record: MeterRecord) -> bool:
    """Whether its readings lie further apart than an hour: what flowed at night and what by day are
    then one figure.
    """
    return (record.facts.usual_step_s or 0.0) > HOUR_S


def mean_price(
    prices: Prices | None, record: MeterRecord, start_us: int, end_us: int
) -> float | None:
    """What one unit of the meter cost on average between two moments; None without a price or a
    unit it is given in.
    """
    curve = None if prices is None else prices.curve(record.meter.carrier)
    if prices is None or curve is None:
        return None
    try:
        per_unit = ratio(record.unit, curve.unit)
    # a fuel metered by volume and priced by its heat: the batches' cost has its heat content, a
    # meter has not
    except InputError:
        return None
    mean = float(prices.mean(record.meter.carrier, np.array([start_us]), np.array([end_us]))[0])
    return mean * per_unit if np.isfinite(mean) else None


def _rate_unit(unit: str) -> str:
    return f"{unit[:-1]}" if unit.endswith("Wh") else f"{unit}/h"


def _or_dash(value: float | None) -> str:
    return "–" if value is None else shown(value)
