"""A meter's energy baseline (ISO 50006), its base load at night and on weekends, and the days that
stand out (docs/drivers.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import numpy as np

from benchmarks.declared import Words, worded
from benchmarks.errors import InputError
from benchmarks.labels.columns import Flags, Floats, Integers
from benchmarks.measurements import Direction
from benchmarks.phrases import Phrase, in_number, listed, significant
from benchmarks.quantities import ratio
from reporting_agent.analysis.baselines.control import FEWEST_DAYS as FEWEST_CHARTED
from reporting_agent.analysis.baselines.control import ControlSignal, control, events
from reporting_agent.analysis.baselines.model import (
    FEWEST_DAYS,
    HOLIDAY,
    HOUR_US,
    LEAST_KNOWN,
    LocalHours,
    Model,
    day_energy,
    fit_baseline,
    in_own_time,
)
from reporting_agent.analysis.baselines.production import PRODUCTION, ProductionColumns
from reporting_agent.analysis.energy_costs.prices import Prices
from reporting_agent.analysis.figures import shown
from reporting_agent.config import SiteSettings
from reporting_agent.metering.record import MeterRecord
from reporting_agent.pipeline import LabelResult

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


THIRDS = 3
_ON_A_DAY = Phrase(
    "On %(first)s the meter counted %(energy)s %(unit)s %(side)s the baseline expects "
    "(%(share)s)%(money)s."
)
_OVER_DAYS = Phrase(
    "From %(first)s to %(last)s the meter counted %(energy)s %(unit)s %(side)s the baseline "
    "expects (%(share)s)%(money)s."
)
_TERMS = {
    PRODUCTION: Phrase("unit of output"),
    "heating": Phrase("degree below 15 °C outdoors"),
    "cooling": Phrase("degree above 22 °C outdoors"),
}

__all__ = ["Anomaly", "BaseLoad", "Baseline", "Chart", "DayType", "baselines"]


class DayType(NamedTuple):
    """Days that run alike, found by their weekday (and holiday) and by their level."""

    words: Words
    days: int
    per_day: float  # median, in the meter's unit


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Days in a row that the baseline does not explain. `energy` above (or below, negative)
    expectation.
    """

    first: date
    last: date  # included
    energy: float
    unit: str
    money: float | None
    currency: str | None
    signal: str  # "ewma" a drift or shift, "single" one day alone
    sentence: Words


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """The residual control chart, a point a day: residual, its EWMA and the limits; NaN where the
    day is not known.

    EWMA and limits are made in standard deviations of each day's kind, and stand here in the energy
    that this is on a usual day.
    """

    days: tuple[date, ...]
    actual: Floats
    expected: Floats
    ewma: Floats
    limit: Floats  # symmetric: +- limit
    # of the residuals: its slope is the energy a day above or below the baseline; an unknown day
    # adds nothing
    cusum: Floats
    flagged: Flags


@dataclass(frozen=True, slots=True)
class Baseline:
    """One meter's base load, baseline model, chart and anomalies; `why` says what the data cannot
    tell.
    """

    meter: str
    step: str
    carrier: str
    unit: str
    days: int  # known well enough
    base_load: BaseLoad | None
    day_types: tuple[DayType, ...]
    model: Words  # the baseline in words, with its variables and coefficients
    explained: float | None  # share of the variance of days
    chart: Chart | None
    anomalies: tuple[Anomaly, ...]
    why: Words | None


def baselines(site: SiteSettings, result: LabelResult) -> tuple[Baseline, ...]:
    """One entry a meter with readings, but those that only check another; empty where the plant
    gives energy per batch.
    """
    records = [
        meter_record
        for meter_record in result.data.meters
        if meter_record.meter.role not in {"state", "check"}
        and len(meter_record.hour_us) > HOURS_A_DAY
    ]
    if not records:
        return ()
    prices = Prices.of(
        site,
        _moment(min(meter_record.start_us for meter_record in records)),
        _moment(max(meter_record.end_us for meter_record in records)),
    )
    calendars: dict[tuple[int, int, int], LocalHours] = {}
    production = ProductionColumns.of(result.data.batches, site.zone)
    fitted = []
    for record in records:
        key = (int(record.hour_us[0]), int(record.hour_us[-1]), len(record.hour_us))
        if key not in calendars:
            calendars[key] = LocalHours.of(record.hour_us, site.zone)
        fitted.append(_baseline(record, calendars[key], site, production, prices))
    return tuple(fitted)


def _baseline(
    record: MeterRecord,
    hours: LocalHours,
    site: SiteSettings,
    production: ProductionColumns,
    prices: Prices | None,
) -> Baseline:
    holidays = frozenset() if site.tariff is None else frozenset(site.tariff.holidays)
    weekday = np.array(
        [
            HOLIDAY if day in holidays else code
            for day, code in zip(hours.days, hours.weekday.tolist(), strict=True)
        ]
    )
    energy = day_energy(record, hours)
    finite = np.isfinite(energy)
    outputs, degrees = production.variables(record.meter, site.tree, hours)
    model = fit_baseline(energy, weekday, hours.lengths(site.zone), outputs, degrees)
    chart: Chart | None = None
    anomalies: tuple[Anomaly, ...] = ()
    if model is not None:
        residual = energy - model.expected
        if (
            np.isfinite(residual).sum() >= FEWEST_CHARTED
            and np.ptp(residual[np.isfinite(residual)]) > 0
        ):
            drawn = control(residual, _alike(model))
            chart = Chart(
                days=hours.days,
                actual=energy,
                expected=model.expected,
                ewma=drawn.ewma * drawn.usual,
                limit=drawn.limit * drawn.usual,
                cusum=np.cumsum(np.where(np.isfinite(residual), residual, 0.0)),
                flagged=drawn.drifting | drawn.single,
            )
            anomalies = tuple(
                _anomaly(event, record, hours, model, prices) for event in events(residual, drawn)
            )
    why = None
    if too_seldom(record):
        why = worded(
            "The meter is read every %(hours)s hours, so use at night, on weekends or in its "
            "lowest hours cannot be distinguished from the "
            "rest of that time.",
            hours=significant((record.facts.usual_step_s or 0.0) / 3600, 3),
        )
    elif int(finite.sum()) < FEWEST_CHARTED:
        why = Words.of(
            in_number(
                int(finite.sum()),
                "Only %(days)s day has data for at least %(least)s of its hours. A baseline needs "
                "%(wanted)s days, a "
                "control chart %(chart)s.",
                "Only %(days)s days have data for at least %(least)s of their hours. A baseline "
                "needs %(wanted)s days, "
                "a control chart %(chart)s.",
                days=int(finite.sum()),
                least=f"{100 * LEAST_KNOWN:.0f} %",
                wanted=FEWEST_DAYS,
                chart=FEWEST_CHARTED,
            )
        )
    elif chart is None:
        why = worded("The meter's days do not differ at all: there is nothing to chart.")
    return Baseline(
        meter=record.meter.id,
        step=record.meter.step,
        carrier=record.meter.carrier,
        unit=record.unit,
        days=int(finite.sum()),
        base_load=base_load(record, hours, weekday, prices),
        day_types=() if model is None else _day_types(energy, model),
        model=Words(en="") if model is None else _model_words(model, record.unit),
        explained=None if model is None else model.explained,
        chart=chart,
        anomalies=tuple(sorted(anomalies, key=lambda anomaly: -abs(anomaly.energy))),
        why=why,
    )


def _alike(model: Model) -> Integers:
    """Days that scatter alike: of one kind, and of one third of what a full day takes. A day that
    makes little errs by little.
    """
    full = float(np.nanquantile(model.expected, 0.95))
    share = np.nan_to_num(model.expected / full if full > 0 else np.zeros(len(model.expected)))
    return model.kind * THIRDS + np.clip(share * THIRDS, 0, THIRDS - 1).astype(np.int64)


def _anomaly(
    event: ControlSignal,
    record: MeterRecord,
    hours: LocalHours,
    model: Model,
    prices: Prices | None,
) -> Anomaly:
    first, last = hours.days[event.first], hours.days[event.last]
    inside = (hours.day >= event.first) & (hours.day <= event.last)
    price = mean_price(
        prices, record, int(record.hour_us[inside][0]), int(record.hour_us[inside][-1]) + HOUR_US
    )
    money = None if price is None else event.energy * price
    expected = float(np.nansum(np.abs(model.expected[event.first : event.last + 1])))
    currency = None if prices is None or money is None else prices.currency
    return Anomaly(
        first=first,
        last=last,
        energy=event.energy,
        unit=record.unit,
        money=money,
        currency=currency,
        signal=event.signal,
        sentence=worded(
            _ON_A_DAY if first == last else _OVER_DAYS,
            first=first.isoformat(),
            last=last.isoformat(),
            energy=shown(abs(event.energy)),
            unit=record.unit,
            side=Phrase("more than") if event.energy > 0 else Phrase("less than"),
            share=f"{100 * event.energy / expected:+.0f} %".replace("-", "−")
            if expected > 0
            else "–",
            money="" if money is None or currency is None else priced_at(abs(money), currency),
        ),
    )


def _day_types(energy: Floats, model: Model) -> tuple[DayType, ...]:
    finite = np.isfinite(energy)
    return tuple(
        DayType(
            words,
            int((finite & (model.kind == code)).sum()),
            float(np.median(energy[finite & (model.kind == code)])),
        )
        for code, words in enumerate(model.kinds)
        if (finite & (model.kind == code)).any()
    )


def _model_words(model: Model, unit: str) -> Words:
    kinds = [
        Phrase("%(days)s: %(level)s %(unit)s", days=words, level=shown(level), unit=unit)
        for words, level in zip(model.kinds, model.levels, strict=True)
    ]
    terms: Phrase | str = ""
    for name, coefficient in model.coefficients.items():
        terms = Phrase(
            "%(terms)s plus %(coefficient)s %(unit)s for each %(of)s",
            terms=terms,
            coefficient=shown(coefficient),
            unit=unit,
            of=_term(name),
        )
    return worded(
        "The expected energy of a day is that of its kind (%(kinds)s)%(terms)s. This explains "
        "%(explained)s of the variance between days.",
        kinds=listed(kinds),
        terms=terms,
        explained=f"{100 * model.explained:.0f} %",
    )


def _term(name: str) -> Phrase:
    if name in _TERMS:
        return _TERMS[name]
    return (
        Phrase("unit of output of %(of)s", of=name)
        if name
        else Phrase("unit of output of the rest")
    )


def _moment(us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
