"""The verified saving of every action and target with its interval, or the first reason why there
is none.

energy of a day = b . x + e on the baseline's days; saving = sum over the reporting days of (b . x -
energy). The terms x (what was made, of which kind, declared conditions, season) are fixed
beforehand. Errors are a first-order autoregression (Prais and Winsten 1954; bias by Kendall 1954);
that of the sum is the larger of this and of four-week means. (ISO 50015:2014, 5.3 and 8; ISO
50006:2023, 9; IPMVP option C.)

Reasons, in order: not done; too few days; nothing says what the energy makes; another season; other
products or far more a day; an unexplained change; the baseline drifts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from math import sqrt
from typing import Any

import numpy as np
from scipy.special import stdtrit

from benchmarks.errors import InputError
from benchmarks.labels import SiteLabel
from benchmarks.labels.columns import Flags, Floats, Integers
from benchmarks.measurements import CarrierEnergy, Period
from benchmarks.phrases import Phrase
from benchmarks.quantities import mj_in
from reporting_agent import pipeline
from reporting_agent.analysis.energy_costs.prices import Prices, amount_in, to_us
from reporting_agent.autoregression import fit, sum_factor
from reporting_agent.changes.change import Change, ChangeKind
from reporting_agent.changes.review import Review, review
from reporting_agent.config import SiteSettings
from reporting_agent.metering import MeterRecord
from reporting_agent.pipeline import LabelResult, PlantData
from reporting_agent.pipeline.heating_values import with_heating_value
from reporting_agent.savings import days as by_day
from reporting_agent.savings import telling
from reporting_agent.savings.actions import Actions, SavingAction, Target
from reporting_agent.savings.days import Days

CONFIDENCE = 0.95
BLOCK_DAYS = 28
SLOW_TERMS = 3  # level and season: what a fit takes out of the sums of blocks
# of one day with the next: beyond it a drift is no noise around a level, and nothing can be told
MOST_ALIKE = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """What the reporting days were expected to use by the baseline, what they used, and the
    difference.

    Energies in the unit of the days; `low` and `high` hold the true saving with 95 % confidence.
    """

    expected: float
    actual: float
    low: float
    high: float
    explained: float  # share of the variance of the baseline's days
    spread: float  # standard deviation of a baseline day around the model
    alike: float  # correlation of one day's error with the next day's
    of_day: Floats  # expected energy of each reporting day

    @property
    def saving(self) -> float:
        """Above 0 where less was used than expected."""
        return self.expected - self.actual


def forecast(
    day: Integers, energy: Floats, terms: Floats, later: Floats, later_terms: Floats
) -> Forecast | None:
    """Fit the baseline's days and forecast the later ones; None where the days are too few for the
    terms, or tell too little of their own.

    Args:
        day: number of each baseline day, rising; days may be missing.
        energy: of each baseline day.
        terms: a row a baseline day, a column a term.
        later, later_terms: the same of the reporting period.
    """
    scale = np.abs(terms).max(axis=0)
    used = scale > 0
    x, z = terms[:, used] / scale[used], later_terms[:, used] / scale[used]
    rank = int(np.linalg.matrix_rank(x))
    if len(energy) < 2 * rank + 10:
        return None
    fitted = fit(day, x, energy, rank)
    degrees_of_freedom = effective_days(len(energy), fitted.alike) - rank
    if fitted.alike >= MOST_ALIKE or degrees_of_freedom < 4:
        return None
    summed = z.sum(axis=0)
    of_model = float(summed @ fitted.covariance @ summed)
    of_days = fitted.variance * sum_factor(len(later), fitted.alike)
    residual = fitted.residual
    slow, freedom = block_variance(day, residual)
    of_slow = slow * (len(later) + float(summed @ np.linalg.pinv(x.T @ x) @ summed))
    reach = max(
        _quantile(degrees_of_freedom) * sqrt(of_model + of_days), _quantile(freedom) * sqrt(of_slow)
    )
    expected, actual = float(summed @ fitted.coefficients), float(later.sum())
    whole = float(np.var(energy))
    return Forecast(
        expected=expected,
        actual=actual,
        low=expected - actual - reach,
        high=expected - actual + reach,
        explained=max(0.0, 1 - float(np.var(residual)) / whole) if whole > 0 else 0.0,
        spread=float(np.sqrt(residual @ residual / (len(residual) - rank))),
        alike=fitted.alike,
        of_day=z @ fitted.coefficients,
    )


def effective_days(count: int, alike: float) -> float:
    """Independent days that tell as much of a mean as `count` days so alike."""
    return count * (1 - alike) / (1 + alike)


def block_variance(day: Integers, residual: Floats) -> tuple[float, int]:
    """Variance a day of sums over four weeks, and its degrees of freedom: what slow drifts add that
    neighbouring days do not show.
    """
    block = (day - day[0]) // BLOCK_DAYS
    sums, counts = np.bincount(block, weights=residual), np.bincount(block)
    whole = counts >= BLOCK_DAYS // 2
    freedom = int(whole.sum()) - SLOW_TERMS
    if freedom < 3:
        return 0.0, 3
    level = np.where(whole, sums / np.sqrt(np.maximum(counts, 1)), 0.0)
    own, beside = float(level @ level), float(level[1:] @ level[:-1])
    return (own + 2 * max(beside, 0.0)) / freedom, freedom


def _quantile(freedom: float) -> float:
    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))


FEWEST_BASELINE_DAYS = 60
FEWEST_REPORTING_DAYS = 14
A_YEAR_DAYS = 350  # known span from which a season can be told from a level
SAME_SEASON_DAYS = (
    10  # how far the calendar days of two periods may lie apart, to be the same part of the year
)
NEW_SHARE = 0.02  # of the reporting period's output, in kinds that the baseline did not make
BEYOND_SHARE = (
    0.1  # of the reporting days, beyond what 98 % of the baseline's days made by more than a tenth
)
FEWEST_OF_KIND = (
    10  # baseline days on which a product's variant was made, to have a coefficient of its own
)


@dataclass(frozen=True, slots=True, eq=False)
class VerifiedSaving:
    """One action or target, beside what the data say of it. `why` is given where no saving can be
    told, and only there.
    """

    of: SavingAction | Target
    baseline: Period
    reporting: Period
    unit: str
    baseline_days: int
    reporting_days: int
    forecast: Forecast | None
    why: Phrase | None
    day: tuple[date, ...] = ()  # the known days of the reporting period
    below: Floats | None = None  # expected less used on each of them
    money: float | None = (
        None  # of the saving, at what the meter's energy cost in the reporting period
    )
    currency: str = ""
    co2_kg: float | None = None
    co2_source: str = ""

    @property
    def share(self) -> tuple[float, float, float] | None:
        """Saving, low and high as shares of the expected energy."""
        prediction = self.forecast
        if prediction is None or prediction.expected <= 0:
            return None
        return (
            prediction.saving / prediction.expected,
            prediction.low / prediction.expected,
            prediction.high / prediction.expected,
        )

    @property
    def verdict(self) -> telling.SavingVerdict:
        """Whether there is a saving, and whether it is what was wanted."""
        return telling.verdict(self.share, self.of.wanted_pct)

    def to_json(self) -> dict[str, Any]:
        """As it stands in savings.json; energies in `unit`."""
        prediction = self.forecast
        return {
            "id": self.of.id,
            "meter": self.of.meter,
            "step": self.of.step,
            "state": self.of.state if isinstance(self.of, SavingAction) else None,
            "baseline": self.baseline.name,
            "reporting": self.reporting.name,
            "baseline_days": self.baseline_days,
            "reporting_days": self.reporting_days,
            "unit": self.unit,
            "expected": None if prediction is None else prediction.expected,
            "used": None if prediction is None else prediction.actual,
            "saving": None if prediction is None else prediction.saving,
            "low": None if prediction is None else prediction.low,
            "high": None if prediction is None else prediction.high,
            "confidence": 0.95,
            "wanted_pct": self.of.wanted_pct,
            "verdict": self.verdict.value,
            "money": self.money,
            "currency": self.currency or None,
            "co2_kg": self.co2_kg,
            "co2_source": self.co2_source or None,
            "why": None if self.why is None else str(self.why),
        }


def verified(
    site: SiteSettings, actions: Actions, today: date
) -> tuple[tuple[VerifiedSaving, ...], LabelResult]:
    """Every action and target in the order of the file, and the data over all their periods, empty
    where none has begun.
    """
    declared: tuple[SavingAction | Target, ...] = (*actions.actions, *actions.targets)
    compared = [(aim, *compared_periods(aim, site, today)) for aim in declared]
    spans = [
        period
        for _, baseline, reporting in compared
        for period in (baseline, reporting)
        if period is not None
    ]
    if not spans:
        return tuple(
            _untold(aim, site, today, telling.not_done(aim)) for aim, _, _ in compared
        ), _no_data(site, today)
    start, end = min(span.start for span in spans), max(span.end for span in spans)
    result = pipeline.label(
        site, Period(start, end, f"{start.date().isoformat()}/{end.date().isoformat()}")
    )
    reviewed = review(site, result.data)
    days_by_key: dict[tuple[str | None, str | None], Days | None] = {}
    results = []
    for action, baseline, reporting in compared:
        if baseline is None or reporting is None:
            results.append(_untold(action, site, today, telling.not_done(action)))
            continue
        key = (action.meter, action.step)
        if key not in days_by_key:
            days_by_key[key] = (
                by_day.of_meter(site, result, action.meter)
                if action.meter
                else by_day.of_step(site, result, str(action.step))
            )
        results.append(
            verified_action(site, result, reviewed, action, baseline, reporting, days_by_key[key])
        )
    return tuple(results), result


def _no_data(site: SiteSettings, today: date) -> LabelResult:
    pack, period = (
        pipeline.pack_of(site),
        Period.parse(f"{today}/{today + timedelta(days=1)}", site.zone),
    )
    return LabelResult(SiteLabel(pack.id, pack.version, period, ()), PlantData(pack, [], [], []))


def compared_periods(
    action: SavingAction | Target, site: SiteSettings, today: date
) -> tuple[Period | None, Period | None]:
    """Baseline and reporting period, before `today`; none where the action is not done, or its
    reporting period has not begun.
    """
    if isinstance(action, SavingAction) and action.state != "done":
        return None, None
    if action.baseline is not None and action.reporting is not None:
        baseline, reporting = (
            period_before(today, Period.parse(text, site.zone), site)
            for text in (action.baseline, action.reporting)
        )
        return (baseline, reporting) if reporting.start.date() < today else (None, None)
    assert isinstance(action, SavingAction)  # noqa: S101 - a target names both periods
    if action.day >= today:
        return None, None
    before = action.day - timedelta(days=365)
    return Period.parse(f"{before}/{action.day}", site.zone), Period.parse(
        f"{action.day}/{today}", site.zone
    )


def period_before(today: date, period: Period, site: SiteSettings) -> Period:
    """What of a period lies before a day, under its name."""
    return replace(period, end=min(period.end, datetime.combine(today, time(), site.zone)))


def _untold(
    action: SavingAction | Target, site: SiteSettings, today: date, why: Phrase
) -> VerifiedSaving:
    nothing = Period.parse(f"{today}/{today + timedelta(days=1)}", site.zone)
    empty = Period(nothing.start, nothing.start, "")
    return VerifiedSaving(action, empty, empty, "", 0, 0, None, why)


def verified_action(
    site: SiteSettings,
    result: LabelResult,
    reviewed: Review,
    action: SavingAction | Target,
    baseline: Period,
    reporting: Period,
    days: Days | None,
) -> VerifiedSaving:
    """What one action saved between its two periods, or why that cannot be told."""
    if days is None:
        return VerifiedSaving(action, baseline, reporting, "", 0, 0, None, telling.no_data(action))
    sound = (
        np.isfinite(days.energy)
        if action.meter
        else np.isfinite(days.energy) & (days.production > 0)
    )
    before = sound & days.between(baseline.start.date(), baseline.end.date())
    after = sound & days.between(reporting.start.date(), reporting.end.date())
    after &= np.isin(
        days.running, days.running[before]
    )  # what an idle day takes, a baseline without one does not know
    counts = (int(before.sum()), int(after.sum()))
    untold = VerifiedSaving(action, baseline, reporting, days.unit, *counts, None, None)
    why = why_not_told(action, days, before, after, baseline, reporting, reviewed)
    if why is not None:
        return replace(untold, why=why)
    terms = baseline_terms(
        days, before, season=not days.degrees and action.no_season is None and _whole_year(before)
    )
    prediction = forecast(
        np.flatnonzero(before), days.energy[before], terms[before], days.energy[after], terms[after]
    )
    if prediction is None:
        return replace(untold, why=telling.drifting())
    reporting_days = tuple(days.days[at] for at in np.flatnonzero(after).tolist())
    worth = _worth(site, result, action, prediction, reporting, reporting_days)
    return replace(
        untold,
        forecast=prediction,
        day=reporting_days,
        below=prediction.of_day - days.energy[after],
        **worth,
    )


def why_not_told(
    action: SavingAction | Target,
    days: Days,
    before: Flags,
    after: Flags,
    baseline: Period,
    reporting: Period,
    reviewed: Review,
) -> Phrase | None:
    """Why no saving can be told of these days; None where one can."""
    if before.sum() < FEWEST_BASELINE_DAYS or after.sum() < FEWEST_REPORTING_DAYS:
        return telling.few_days(
            int(before.sum()), FEWEST_BASELINE_DAYS, int(after.sum()), FEWEST_REPORTING_DAYS
        )
    by_itself = not days.feeds and action.no_output is not None
    if action.meter is not None and not by_itself and not days.production[before | after].any():
        return telling.no_output(action.meter)
    if (
        not days.degrees
        and action.no_season is None
        and not _whole_year(before)
        and not same_season(days, before, after)
    ):
        return telling.season(span_of_days(before))
    if unseen := unseen_products(days, before, after):
        return telling.new_kind(unseen)
    low, high = np.quantile(days.production[before], (0.01, 0.99))
    beyond = (days.production[after] < 0.9 * low) | (days.production[after] > 1.1 * high)
    if beyond.mean() > BEYOND_SHARE:
        return telling.beyond(float(low), float(high), days.output_unit, float(beyond.mean()))
    questions = [
        question
        for question in reviewed.open
        if concerns(question.change, action, days)
        and question.change.lies_in(baseline.start.date(), reporting.end.date())
    ]
    return telling.unanswered(questions[0].sentence) if questions else None


def concerns(change: Change, action: SavingAction | Target, days: Days) -> bool:
    """Whether a change moves what is compared: a meter that the energy is made from, energy a tonne
    of a line below it, or what its lines made. One that names no step is of every step."""
    if action.step is not None:
        return change.step in {"", action.step}
    if change.meters:
        named = days.meters | days.below if change.kind is ChangeKind.PROCESS else days.meters
        return not named.isdisjoint(change.meters)
    return any(
        change.step in {"", step}
        and (not change.equipment or not equipment or equipment in change.equipment)
        for step, equipment in days.lines
    )


def baseline_terms(days: Days, before: Flags, *, season: bool) -> Floats:
    """The columns of the baseline: level of a running and of an idle day, output by kind,
    conditions, and the time of the year.
    """
    running = days.running
    own = {
        kind: column
        for kind, column in days.output.items()
        if (column[before] > 0).sum() >= FEWEST_OF_KIND
    }
    rest = days.production - sum(own.values(), np.zeros(len(running)))
    columns = [
        running.astype(float),
        (~running).astype(float),
        *own.values(),
        rest,
        *days.conditions.values(),
        *days.degrees.values(),
    ]
    if season:
        turn = 2 * np.pi * np.array([day.timetuple().tm_yday for day in days.days]) / 365.25
        columns += [np.cos(turn), np.sin(turn)]
    return np.column_stack(columns)


def span_of_days(before: Flags) -> int:
    """Days from the first of these to the last, both included."""
    days = np.flatnonzero(before)
    return int(days[-1] - days[0] + 1)


def _whole_year(before: Flags) -> bool:
    return span_of_days(before) >= A_YEAR_DAYS


def same_season(days: Days, before: Flags, after: Flags) -> bool:
    """Whether every reporting day has a baseline day at about the same time of the year."""
    of_year = np.array([day.timetuple().tm_yday for day in days.days])
    apart = np.abs(of_year[after][:, None] - of_year[before][None, :])
    return bool((np.minimum(apart, 365 - apart).min(axis=1) <= SAME_SEASON_DAYS).all())


def unseen_products(days: Days, before: Flags, after: Flags) -> list[str]:
    """Products and variants that make up more of the reporting period than can be left open, and
    that the baseline hardly made.
    """
    whole = float(days.production[after].sum())
    hardly_made: Sequence[tuple[tuple[str, str], Floats]] = [
        (kind, column)
        for kind, column in days.output.items()
        if (column[before] > 0).sum() < FEWEST_OF_KIND
    ]
    return [
        " ".join(part for part in kind if part)
        for kind, column in hardly_made
        if column[after].sum() > NEW_SHARE * whole
    ]


def _worth(
    site: SiteSettings,
    result: LabelResult,
    action: SavingAction | Target,
    forecast: Forecast,
    reporting: Period,
    days: Sequence[date],
) -> dict[str, Any]:
    """Money and CO2 of what a meter saved, at the mean price and the mean factor of the reporting
    period; nothing for a step's kgce.
    """
    record = next(
        (
            meter
            for meter in result.data.meters
            if action.meter is not None and meter.meter.id == action.meter
        ),
        None,
    )
    if record is None:
        return {}
    prices, worth = Prices.of(site, reporting.start, reporting.end), dict[str, Any]()
    if (
        prices is not None
        and (price := _price_of_one(site, record, prices, reporting, days)) is not None
    ):
        worth |= {"money": forecast.saving * price, "currency": prices.currency}
    co2_kg, source = _co2_of_one(site, record, days)
    return (
        worth
        if co2_kg is None
        else {**worth, "co2_kg": forecast.saving * co2_kg, "co2_source": source}
    )


def _price_of_one(
    site: SiteSettings, record: MeterRecord, prices: Prices, reporting: Period, days: Sequence[date]
) -> float | None:
    """Mean price of one of the meter's units; of a fuel priced by its heat at the mean of its
    heating values of the days.
    """
    curve = prices.curve(record.meter.carrier)
    if curve is None:
        return None
    mean = prices.mean(
        record.meter.carrier, np.array([to_us(reporting.start)]), np.array([to_us(reporting.end)])
    )[0]
    price = float(
        mean
        * np.mean(
            [
                amount_in(energy, curve.unit, day, prices.factors)
                for day, energy in _one_a_day(site, record, days)
            ]
        )
    )
    return price if np.isfinite(price) else None


def _one_a_day(
    site: SiteSettings, record: MeterRecord, days: Sequence[date]
) -> Iterator[tuple[date, CarrierEnergy]]:
    """One of the meter's units on each day, with the heating value of that day."""
    meter = record.meter
    energy = CarrierEnergy(
        meter.carrier, 1.0, record.unit, lhv_mj_per_unit=meter.own_lhv(mj_in(record.unit))
    )
    return ((day, with_heating_value(energy, site.heating_values, meter.step, day)) for day in days)


def _co2_of_one(
    site: SiteSettings, record: MeterRecord, days: Sequence[date]
) -> tuple[float | None, str]:
    """Mean CO2 of one of the meter's units over days, by its heating value and the factor of each,
    in kg, and the editions of the factors.

    None where a factor is missing on a day, or is of another unit and no heating value is known.
    """
    factors = site.emissions.factors
    try:
        each = [factors.co2_kg(energy, day) for day, energy in _one_a_day(site, record, days)]
    except InputError:
        return None, ""
    in_force = [factors.carbon_in_force(record.meter.carrier, day) for day in days]
    return float(np.mean(each)), "; ".join(
        dict.fromkeys(factor.edition for factor in in_force if factor is not None)
    )
