"""Baselines of meters whose habits and accidents are known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from benchmarks import packs
from benchmarks.labels import SiteLabel
from benchmarks.measurements import Batch, Direction, Period
from fixtures.simulator import mill
from reporting_agent import pipeline
from reporting_agent.analysis.baselines.baseline import Baseline, baselines
from reporting_agent.analysis.baselines.control import control, events
from reporting_agent.analysis.baselines.model import fit_baseline
from reporting_agent.config import Meter, load_site
from reporting_agent.metering.record import MeterFacts, MeterRecord
from reporting_agent.pipeline import LabelResult, PlantData
from tests.unit.drivers.simulated import YEAR, Floats, remembering, site

HOUR_US = 3_600_000_000
NEW_YEAR = datetime(2023, 1, 1, tzinfo=UTC)  # a Sunday
HOURS = 365 * 24


def record(
    energy: Floats,
    hour_known: Floats | None = None,
    carrier: str = "electricity",
    unit: str = "kWh",
) -> MeterRecord:
    start = int(NEW_YEAR.timestamp()) * 1_000_000
    edges = start + HOUR_US * np.arange(len(energy) + 1, dtype=np.int64)
    meter = Meter.model_validate(
        {"id": "main", "step": "eaf", "carrier": carrier, "reading": "register", "unit": unit}
    )
    total = float(energy.sum())
    return MeterRecord(
        meter=meter,
        unit=unit,
        counted=True,
        start_us=int(edges[0]),
        end_us=int(edges[-1]),
        total=total,
        in_batches=0.0,
        outside=total,
        unplaced=0.0,
        began_before=0.0,
        runs_on=0.0,
        known_s=3600.0 * len(energy),
        missing_s=0.0,
        stretches=(),
        hour_us=edges[:-1],
        hour_energy=energy,
        hour_known=np.ones(len(energy)) if hour_known is None else hour_known,
        facts=MeterFacts(len(energy), None, None, None, None, None, None, 0.0),
    )


def baseline(meter: MeterRecord, batches: list[Batch] | None = None, **tables: object) -> Baseline:
    label = SiteLabel("steel", "1", YEAR, ())
    data = PlantData(packs.load("steel", None), batches or [], [], [], (meter,))
    (fit,) = baselines(site(**tables), LabelResult(label, data))
    return fit


def weeks(rng: np.random.Generator, rho: float = 0.3, spread: float = 3.0) -> Floats:
    """100 kW from six to eighteen on weekdays, 20 kW else; the level of a day remembers the day
    before.
    """
    clock, day = np.arange(HOURS) % 24, np.arange(HOURS) // 24
    working = (clock >= 6) & (clock < 18) & (((day + 6) % 7) < 5)
    level = np.repeat(spread * remembering(rng, 365, rho), 24)
    hours: Floats = np.where(working, 100.0, 20.0) + np.where(working, level, 0.1 * level)
    return hours


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_base_load_at_night_and_on_weekends_is_told_in_power_energy_and_money(
    rng: np.random.Generator,
) -> None:
    prices = {
        "currency": "CNY",
        "prices": [{"carrier": "electricity", "unit": "kWh", "price": 0.6}],
    }
    load = baseline(record(weeks(rng)), tariff=prices).base_load
    assert load is not None
    assert load.night == pytest.approx(20, abs=0.2)
    assert load.weekend == pytest.approx(20, abs=0.2)
    assert load.base == pytest.approx(20, abs=1)
    assert load.rate_unit == "kW"
    assert load.per_year == pytest.approx(load.base * 8760)
    assert load.money_per_year == pytest.approx(load.per_year * 0.6)
    assert load.outside_use == pytest.approx(20 * (260 * 5 + 105 * 24), rel=0.01)
    assert "The load that is never switched off" in load.sentence.en
    assert "CNY" in load.sentence.said_in("zh")


def test_what_is_given_back_has_no_load_that_is_never_switched_off(
    rng: np.random.Generator,
) -> None:
    """The lowest hours of a generator were told as energy and money that its base load costs."""
    generator = record(weeks(rng))
    given_back = replace(
        generator, meter=generator.meter.model_copy(update={"direction": Direction.RECOVERED})
    )
    assert baseline(given_back).base_load is None
    assert baseline(given_back).chart is not None


def test_kinds_of_day_are_found_and_a_holiday_is_one_of_its_own(rng: np.random.Generator) -> None:
    energy = weeks(rng)
    holiday = (date(2023, 5, 1) - NEW_YEAR.date()).days
    energy[24 * holiday : 24 * holiday + 24] = 20.0
    fit = baseline(record(energy), tariff={"currency": "CNY", "holidays": ["2023-05-01"]})
    assert [(kind.words.en, kind.days) for kind in fit.day_types] == [
        ("Sat, Sun, holiday", 106),
        ("Mon–Fri", 259),
    ]
    assert fit.explained is not None
    assert fit.explained > 0.9
    assert fit.anomalies == ()


def test_a_plant_that_runs_through_is_not_told_that_its_nights_are_idle(
    rng: np.random.Generator,
) -> None:
    load = baseline(record(500 + 10 * remembering(rng, HOURS, 0.9))).base_load
    assert load is not None
    assert load.sentence.en.startswith("It runs day and night")


def test_a_shift_of_three_weeks_and_a_single_day_are_found_with_date_size_and_money(
    rng: np.random.Generator,
) -> None:
    energy = weeks(rng)
    leak, accident = (
        (date(2023, 8, 7) - NEW_YEAR.date()).days,
        (date(2023, 3, 15) - NEW_YEAR.date()).days,
    )
    energy[24 * leak : 24 * (leak + 21)] += 5.0  # 5 kW day and night: a compressed-air leak
    energy[24 * accident : 24 * accident + 24] += 15.0
    prices = {
        "currency": "CNY",
        "prices": [{"carrier": "electricity", "unit": "kWh", "price": 0.6}],
    }
    fit = baseline(record(energy), tariff=prices)
    shift, day = fit.anomalies
    assert abs((shift.first - date(2023, 8, 7)).days) <= 1
    assert abs((shift.last - date(2023, 8, 27)).days) <= 2
    assert shift.energy == pytest.approx(5 * 24 * 21, rel=0.15)
    assert shift.money == pytest.approx(shift.energy * 0.6)
    assert (day.first, day.last, day.signal) == (date(2023, 3, 15), date(2023, 3, 15), "single")
    assert day.energy == pytest.approx(360, rel=0.25)
    assert "more than the baseline expects" in shift.sentence.en
    assert "比基准多" in shift.sentence.said_in("zh")


def test_what_production_explains_is_no_anomaly(rng: np.random.Generator) -> None:
    tonnes = 100 + 30 * remembering(rng, 365, 0.8)
    energy = np.repeat(20 + 2 * tonnes / 24 + 0.3 * remembering(rng, 365, 0.3), 24)
    energy[24 * 200 : 24 * 214] += 3.0
    batches = [
        Batch(
            f"B{day}",
            "eaf",
            "liquid-steel",
            "",
            at := NEW_YEAR + timedelta(days=day),
            at + timedelta(hours=20),
            float(tonnes[day]),
        )
        for day in range(365)
    ]
    fit = baseline(record(energy), batches)
    assert "for each unit of output" in fit.model.en
    assert fit.explained is not None
    assert fit.explained > 0.9
    (event,) = fit.anomalies
    assert abs((event.first - date(2023, 7, 20)).days) <= 1
    assert event.energy == pytest.approx(3 * 24 * 14, rel=0.1)


def test_rows_that_stand_twice_in_the_log_are_made_once(rng: np.random.Generator) -> None:
    tonnes = 100 + 30 * remembering(rng, 365, 0.8)
    energy = np.repeat(20 + 2 * tonnes / 24 + 0.3 * remembering(rng, 365, 0.3), 24)
    batches = [
        Batch(
            f"B{day}",
            "eaf",
            "liquid-steel",
            "",
            at := NEW_YEAR + timedelta(days=day),
            at + timedelta(hours=20),
            float(tonnes[day]),
        )
        for day in range(365)
    ]
    again = [replace(batch, excluded="duplicate") for batch in batches[100:200]]
    assert (
        baseline(record(energy), [*batches, *again]).explained
        == baseline(record(energy), batches).explained
    )


def test_runs_over_midnight_have_made_their_output_on_both_days(rng: np.random.Generator) -> None:
    """Campaigns of 40 hours and stops of 56: booked on the day that they end, output and energy
    would have nothing in common.
    """
    batches, energy = [], 2 + 0.2 * remembering(rng, HOURS, 0.5)
    for number, first in enumerate(range(16, HOURS - 40, 96)):
        at, tonnes = NEW_YEAR + timedelta(hours=first), float(rng.uniform(80, 120))
        batches.append(
            Batch(f"B{number}", "eaf", "liquid-steel", "", at, at + timedelta(hours=40), tonnes)
        )
        energy[first : first + 40] += tonnes / 40 * (30 + rng.normal(0, 0.3))
    fit = baseline(record(energy), batches)
    assert fit.explained is not None
    assert fit.explained > 0.99
    assert len(fit.anomalies) <= 1


def test_one_reading_a_day_tells_nothing_of_the_night(rng: np.random.Generator) -> None:
    daily = np.repeat(weeks(rng).reshape(365, 24).mean(axis=1), 24)
    meter = record(daily)
    assert baseline(meter).base_load is not None  # whoever looks at the hours alone
    read_daily = replace(meter, facts=replace(meter.facts, usual_step_s=86_400.0))
    fit = baseline(read_daily)
    assert fit.base_load is None
    assert fit.chart is not None
    assert fit.why is not None
    assert "read every 24 hours" in fit.why.en
    assert "每 24 小时" in fit.why.said_in("zh")


@pytest.mark.timeout(300)
def test_a_clean_year_of_three_mills_raises_no_alarm(tmp_path: Path) -> None:
    """They stop for a week twice a year and grind three cements of unlike energy a tonne: no
    anomaly, of the meter above them neither.
    """
    year = mill.live(7)
    site_of = load_site(mill.write(year, tmp_path))
    result = pipeline.label(site_of, Period.parse("2025", site_of.zone))
    by_meter = {fit.meter: fit for fit in baselines(site_of, result)}
    for line in mill.LINES:
        assert by_meter[line.name].anomalies == ()
        assert (by_meter[line.name].explained or 0.0) > 0.8
    assert by_meter[mill.MAIN].anomalies == ()
    assert "for each unit of output of mill-2, portland" in by_meter[mill.MAIN].model.en
    assert "每单位产量（mill-2, portland）" in by_meter[mill.MAIN].model.said_in("zh")


def test_the_level_in_words_is_what_a_day_takes_besides_its_output(
    rng: np.random.Generator,
) -> None:
    """Not the usual day, to which the output's energy would be added once more."""
    batches, energy = [], np.full(HOURS, 10.0)
    for day in range(0, 365, 2):
        at, tonnes = NEW_YEAR + timedelta(days=day, hours=6), float(rng.uniform(80, 120))
        batches.append(
            Batch(f"B{day}", "eaf", "liquid-steel", "", at, at + timedelta(hours=12), tonnes)
        )
        energy[24 * day + 6 : 24 * day + 18] += tonnes / 12 * 30 + rng.normal(0, 0.5)
    assert (
        "240 kWh) plus 30.0 kWh for each unit of output"
        in baseline(record(energy), batches).model.en
    )


def test_a_check_meter_raises_no_second_alarm(rng: np.random.Generator) -> None:
    meter = record(weeks(rng))
    check = replace(
        meter,
        meter=meter.meter.model_copy(update={"id": "logger", "role": "check", "checks": "main"}),
    )
    data = PlantData(packs.load("steel", None), [], [], [], (meter, check))
    assert [
        fit.meter for fit in baselines(site(), LabelResult(SiteLabel("steel", "1", YEAR, ()), data))
    ] == ["main"]


def test_a_day_of_25_hours_is_expected_to_take_more() -> None:
    lengths = np.ones(365)
    lengths[298] = 25 / 24
    energy = 240 * lengths + np.random.default_rng(1).normal(0, 0.5, 365)
    model = fit_baseline(energy, np.arange(365) % 7, lengths, [], {})
    assert model is not None
    assert model.expected[298] == pytest.approx(250, abs=0.5)


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6, 0.8])
def test_clean_years_raise_a_false_alarm_once_in_several_years(rho: float) -> None:
    alarms = 0
    for seed in range(60):
        residual = remembering(np.random.default_rng(seed), 365, rho)
        alarms += len(events(residual, control(residual)))
    assert (
        alarms <= 15
    )  # 0.12 a year were measured over 300 years; 15 of 60 would be chance once in a hundred


def test_a_meter_known_for_too_few_days_says_so(rng: np.random.Generator) -> None:
    hour_known = np.ones(HOURS)
    hour_known[24 * 20 :] = 0.0
    fit = baseline(record(weeks(rng) * hour_known, hour_known))
    assert fit.days == 20
    assert fit.chart is None
    assert fit.why is not None
    assert "Only 20 days" in fit.why.en


def test_water_and_gas_have_a_base_load_in_their_own_unit(rng: np.random.Generator) -> None:
    fit = baseline(record(weeks(rng), carrier="water", unit="t"))
    assert fit.base_load is not None
    assert (fit.base_load.rate_unit, fit.base_load.unit, fit.base_load.money_per_year) == (
        "t/h",
        "t",
        None,
    )


def test_a_meter_that_never_moves_is_not_charted() -> None:
    fit = baseline(record(np.full(HOURS, 10.0)))
    assert fit.chart is None
    assert fit.why is not None


def test_what_a_meter_shows_outside_its_own_time_is_neither_base_load_nor_anomaly(
    rng: np.random.Generator,
) -> None:
    """From September on another stands in its place, and it shows 300 kW of something else, by day
    and night.
    """
    energy = weeks(rng)
    energy[24 * 243 :] = 300.0
    moved = record(energy)
    fit = baseline(replace(moved, meter=moved.meter.model_copy(update={"until": date(2023, 9, 1)})))
    assert fit.days == 243
    assert not [anomaly for anomaly in fit.anomalies if anomaly.last >= date(2023, 9, 1)]
    assert fit.base_load is not None
    assert fit.base_load.night == pytest.approx(20, abs=0.2)
    assert fit.base_load.outside_use < 20 * 24 * 243
