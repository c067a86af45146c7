"""Prices of stretches, the month's peak and the cheapest hours, each piece by itself on figures
that can be worked out by hand.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from benchmarks.labels.columns import Floats, Integers
from benchmarks.measurements import Direction
from reporting_agent.analysis.baselines.baseline import base_load, mean_price, too_seldom
from reporting_agent.analysis.baselines.model import LocalHours
from reporting_agent.analysis.energy_costs.amounts import Amount, added, amount_of, plus
from reporting_agent.analysis.energy_costs.cost_notes import ShiftedCosts, shifted
from reporting_agent.analysis.energy_costs.demand_charge import (
    BatchPower,
    DemandPeak,
    PowerCurve,
    charged_months,
    part_of_peaks,
    peaks,
    site_power,
    unsound,
)
from reporting_agent.analysis.energy_costs.prices import (
    LoadShape,
    LoadShapes,
    PriceCurve,
    Prices,
    integrals,
    to_us,
)
from reporting_agent.config import Meter
from reporting_agent.metering.record import Intervals, MeterRecord
from tests.unit.drivers.simulated import site
from tests.unit.drivers.test_tariffs import FLAT, MONDAY, TIME_OF_USE, metered

HOUR_US = 3_600_000_000


def runs(
    start_h: list[float], end_h: list[float], machine: list[int] | None = None, kwh: float = 100.0
) -> BatchPower:
    """Batches by their hours after Monday 00:00."""
    start, end = (
        to_us(MONDAY) + (np.array(hours) * HOUR_US).astype(np.int64) for hours in (start_h, end_h)
    )
    return BatchPower(
        start, end, np.array(machine or [0] * len(start_h)), np.full(len(start_h), kwh)
    )


def other(
    record: MeterRecord, *, unit: str = "kWh", counted: bool = True, **keys: str
) -> MeterRecord:
    """The same record as another meter's."""
    meter = Meter.model_validate(
        {
            "id": "other",
            "step": "eaf",
            "carrier": "electricity",
            "reading": "register",
            "unit": unit,
        }
        | keys,
    )
    return replace(record, meter=meter, unit=unit, counted=counted)


def tariff(**keys: object) -> Prices:
    prices = Prices.of(
        site(tariff={"currency": "CNY", "prices": [FLAT], **keys}),
        MONDAY,
        MONDAY + timedelta(days=60),
    )
    assert prices is not None
    return prices


def curve(price: list[float]) -> PriceCurve:
    """A price each hour from Monday 00:00 on, per kWh."""
    edges = to_us(MONDAY) + np.arange(len(price) + 1, dtype=np.int64) * HOUR_US
    return PriceCurve(edges, np.array(price), np.zeros(len(price), dtype=np.int64), ("",), "kWh")


def at_hours(*hours: float) -> Integers:
    moments: Integers = to_us(MONDAY) + (np.array(hours) * HOUR_US).astype(np.int64)
    return moments


@pytest.mark.parametrize(("wrong", "tells"), [(1, True), (2, False)])
def test_one_batch_in_a_hundred_may_have_unsound_times_and_no_more(wrong: int, tells: bool) -> None:
    """A hundred batches of an hour, one right behind the other, of which one or two end as they
    begin: 1 % and 2 %.
    """
    end = [hour + 1.0 for hour in range(100)]
    for place in (50, 60)[:wrong]:
        end[place] = float(place)
    batches = runs([float(hour) for hour in range(100)], end)
    assert unsound(batches) == wrong / 100
    assert (site_power([], batches, 15, UTC) is not None) is tells


def test_a_batch_that_begins_as_the_one_before_ends_does_not_overlap_it() -> None:
    assert unsound(runs([0, 1, 2], [1, 2, 3])) == 0
    assert unsound(runs([0, 0.5, 2], [1, 2, 3])) == 1 / 3, "the second begins half an hour early"
    assert unsound(runs([0, 0.5, 2], [1, 2, 3], [0, 1, 0])) == 0, "it ran on another equipment"


def test_batches_have_the_power_that_their_energy_has_over_their_time() -> None:
    """100 kWh in half an hour are 200 kW, and in the quarter hour in which two run, 400 kW."""
    power = site_power([], runs([0, 0.25], [0.5, 0.75], [0, 1]), 15, UTC)
    assert power is not None
    assert power.power_kw.tolist() == pytest.approx([200, 400, 200])
    assert (power.metered, power.told_min) == (False, 15.0)


def test_what_a_works_feeds_back_is_taken_off_its_power() -> None:
    """1,000 kW come in, 300 kW go out."""
    comes_in, goes_out = (metered(np.full(96, level), 15, step_s=60.0) for level in (1000.0, 300.0))
    power = site_power([comes_in, other(goes_out, direction="export")], runs([], []), 15, UTC)
    assert power is not None
    assert power.power_kw.tolist() == pytest.approx([700.0] * 96)


def test_a_meter_in_megawatt_hours_is_told_in_kilowatts() -> None:
    """2 MWh an hour are 2,000 kW."""
    record = other(metered(np.full(96, 2.0), 15, step_s=60.0), unit="MWh")
    power = site_power([record], runs([], []), 15, UTC)
    assert power is not None
    assert power.power_kw.tolist() == pytest.approx([2000.0] * 96)


def test_a_quarter_hour_that_is_half_known_has_no_power() -> None:
    record = metered(np.full(96, 1000.0), 15, step_s=60.0)
    assert record.demand is not None
    known_s = record.demand.known_s.copy()
    known_s[10] = 450.0
    demand = Intervals(record.demand.edges_us, record.demand.energy, known_s)
    power = site_power([replace(record, demand=demand)], runs([], []), 15, UTC)
    assert power is not None
    assert np.flatnonzero(power.power_kw == 0).tolist() == [10]


def quarter_hours(first: datetime, power_kw: Floats) -> PowerCurve:
    edges = to_us(first) + np.arange(len(power_kw) + 1, dtype=np.int64) * (HOUR_US // 4)
    return PowerCurve(
        edges, power_kw, metered=False, told_min=15.0, unknown=np.zeros(len(power_kw), dtype=bool)
    )


def test_the_last_quarter_hour_of_a_month_is_the_months() -> None:
    """Of 31 May 23:30 to 1 June 00:30: 100, 900 | 200, 100 kW."""
    power = quarter_hours(
        datetime(2023, 5, 31, 23, 30, tzinfo=UTC), np.array([100.0, 900.0, 200.0, 100.0])
    )
    prices = tariff(demand=[{"price": 40.0}])
    monthly = peaks({15: power}, [*charged_months(prices, datetime(2023, 7, 1, tzinfo=UTC))])
    assert [(peak.month, peak.power_kw, peak.cost) for peak in monthly] == [
        (date(2023, 5, 1), 900.0, 36_000.0),
        (date(2023, 6, 1), 200.0, 8_000.0),
    ]
    assert monthly[0].kwh == pytest.approx(900 / 4)


def test_a_charge_of_june_alone_asks_nothing_of_may() -> None:
    power = quarter_hours(
        datetime(2023, 5, 31, 23, 30, tzinfo=UTC), np.array([100.0, 900.0, 200.0, 100.0])
    )
    prices = tariff(demand=[{"price": 40.0, "months": [6]}])
    monthly = peaks({15: power}, [*charged_months(prices, datetime(2023, 7, 1, tzinfo=UTC))])
    assert [(peak.month, peak.cost) for peak in monthly] == [(date(2023, 6, 1), 8_000.0)]


def test_batches_that_took_more_than_the_peak_held_share_its_cost_and_no_more() -> None:
    """Batches of 300 and 100 kWh in an hour in which 200 kWh were counted: three quarters and one
    of 80 CNY.
    """
    batches = replace(runs([0, 0], [1, 1], [0, 1]), kwh=np.array([300.0, 100.0]))
    peak = DemandPeak(date(2023, 5, 1), to_us(MONDAY), to_us(MONDAY) + HOUR_US, 200.0, 200.0, 80.0)
    assert part_of_peaks([peak], batches).tolist() == pytest.approx([60.0, 20.0])
    more = replace(peak, kwh=800.0)
    assert part_of_peaks([more], batches).tolist() == pytest.approx([30.0, 10.0]), (
        "half of the energy there was of no batch"
    )


def test_a_batch_bears_of_a_peak_what_it_drew_within_it() -> None:
    """Of four hours, one lies in the peak: a quarter of 400 kWh, half of the 200 kWh there."""
    batches = replace(runs([0], [4]), kwh=np.array([400.0]))
    peak = DemandPeak(
        date(2023, 5, 1),
        to_us(MONDAY) + 2 * HOUR_US,
        to_us(MONDAY) + 3 * HOUR_US,
        200.0,
        200.0,
        80.0,
    )
    assert part_of_peaks([peak], batches).tolist() == pytest.approx([40.0])


def moved(
    prices: PriceCurve, load: LoadShape | None, start_h: float, end_h: float, kwh: float
) -> ShiftedCosts:
    batches = runs([start_h], [end_h], kwh=kwh)
    return shifted(tariff(), prices, load, batches.start_us, batches.end_us, batches.kwh)


def test_a_day_that_drew_its_energy_at_its_cheapest_is_not_made_dearer() -> None:
    """All 400 kWh in six hours at 0.25; ten hours at the day's cheapest would be eight at 0.25 and
    two at 0.5: 120 and not 100.
    """
    prices = Prices.of(
        site(tariff={"currency": "CNY", "prices": [TIME_OF_USE]}),
        MONDAY,
        MONDAY + timedelta(days=2),
    )
    assert prices is not None
    of_use = prices.curve("electricity")
    assert of_use is not None
    load = LoadShape(at_hours(*range(25)), np.where(np.arange(24) < 6, 50.0, 0.0))
    batches = runs([0], [10], kwh=400.0)
    result = shifted(prices, of_use, load, batches.start_us, batches.end_us, batches.kwh)
    assert (result.before, result.after, len(result.days)) == pytest.approx((100.0, 100.0, 1))


def test_a_day_of_which_an_hour_has_no_price_is_in_no_saving() -> None:
    prices = curve([1.0] * 12 + [np.nan] + [0.5] * 35)
    assert moved(prices, None, 0, 2, 100.0) == ShiftedCosts()
    assert moved(prices, None, 24, 26, 100.0) == ShiftedCosts(
        50.0, 50.0, frozenset({date(2023, 5, 2)})
    )


def test_the_cheapest_hours_are_as_many_as_it_ran() -> None:
    """Three hours at 1.0; the day has two hours at 0.2 and all others at 1.0: (2 x 0.2 + 1.0) / 3 a
    kWh.
    """
    prices = curve([1.0] * 20 + [0.2] * 2 + [1.0] * 2)
    result = moved(prices, None, 5, 8, 300.0)
    assert (result.before, result.after) == pytest.approx((300.0, 300 * 1.4 / 3))


def test_what_a_batch_gives_back_is_not_moved() -> None:
    assert moved(curve([1.0] * 24), None, 0, 2, -100.0) == ShiftedCosts()


def test_a_batch_over_midnight_counts_on_either_day_by_its_hours() -> None:
    """22:00 to 02:00, 100 kWh an hour at 1.0; each day's cheapest two hours cost 0.5 and 0.1."""
    prices = curve([0.5] * 2 + [1.0] * 22 + [1.0] * 2 + [0.1] * 2 + [1.0] * 20)
    result = moved(prices, None, 22, 26, 400.0)
    assert (result.before, result.after, len(result.days)) == pytest.approx(
        (400.0, 200 * 0.5 + 200 * 0.1, 2)
    )


def test_an_hour_in_which_power_flowed_back_weighs_nothing_in_the_price() -> None:
    """100 kW at 1.0, then -50 kW at 3.0: the mean price is that of the first hour."""
    paid, weight = integrals(
        curve([1.0, 3.0]),
        at_hours(0),
        at_hours(2),
        LoadShape(at_hours(0, 1, 2), np.array([100.0, -50.0])),
    )
    assert (paid / weight).tolist() == pytest.approx([1.0])


@pytest.mark.parametrize(
    ("start", "end", "load", "mean"),
    [
        (0, 2, [100.0, 300.0], 2.5),  # (1 x 100 + 3 x 300) / 400
        (0, 2, [0.0, 0.0], 2.0),  # a load of nothing: evenly
        (1, 3, [100.0, 300.0], 4.0),  # beyond the load's edges: evenly over 3 and 5
    ],
)
def test_a_price_is_weighed_with_the_load_where_that_is_known(
    start: float, end: float, load: list[float], mean: float
) -> None:
    paid, weight = integrals(
        curve([1.0, 3.0, 5.0]),
        at_hours(start),
        at_hours(end),
        LoadShape(at_hours(0, 1, 2), np.array(load)),
    )
    assert (paid / weight).tolist() == pytest.approx([mean])


@pytest.mark.parametrize(
    ("start", "end"),
    [(-1, 1), (2, 4), (1, 2.5)],
    ids=["begins before", "ends after", "has an hour without"],
)
def test_a_stretch_without_a_price_for_all_of_it_has_none(start: float, end: float) -> None:
    paid, _ = integrals(
        curve([1.0, 3.0, np.nan]) if end == 2.5 else curve([1.0, 3.0, 5.0]),
        at_hours(start),
        at_hours(end),
        None,
    )
    assert np.isnan(paid).all()


def test_a_new_price_in_another_unit_is_told_in_the_unit_of_the_first() -> None:
    """From June on 600 CNY a MWh, which are 0.6 a kWh."""
    rows = [
        {**FLAT, "valid_to": "2023-06-01"},
        {**FLAT, "unit": "MWh", "price": 600.0, "valid_from": "2023-06-01"},
    ]
    prices = tariff(prices=rows).curve("electricity")
    assert prices is not None
    moments = np.array([to_us(MONDAY), to_us(datetime(2023, 6, 2, tzinfo=UTC))])
    assert prices.unit == "kWh"
    assert prices.at(moments).tolist() == pytest.approx([0.5, 0.6])
    assert np.isnan(prices.at(moments[:1] - 1)).all(), "before the first day nothing is priced"


def test_the_load_of_a_step_is_that_of_the_meters_that_count_for_it() -> None:
    record = metered(np.full(24, 1000.0), 60, step_s=60.0)
    half = metered(np.full(24, 500.0), 60, step_s=60.0)
    both = LoadShapes([record, other(half)], UTC).of("eaf", "", "electricity")
    assert both is not None
    assert both.level.tolist() == pytest.approx([1500.0] * 24)
    counted = LoadShapes([record, other(half, counted=False)], UTC).of("eaf", "", "electricity")
    assert counted is not None
    assert counted.level.tolist() == pytest.approx([1000.0] * 24)
    assert LoadShapes([replace(record, counted=False)], UTC).of("eaf", "", "electricity") is None
    assert LoadShapes([record], UTC).of("eaf", "", "natural-gas") is None


def test_meters_in_two_units_make_one_load_and_a_volume_and_a_heat_none() -> None:
    record = metered(np.full(24, 1000.0), 60, step_s=60.0)
    by_volume, by_heat = (
        other(record, carrier="natural-gas", unit="Nm3"),
        other(record, carrier="natural-gas", unit="GJ", id="heat"),
    )
    both = LoadShapes(
        [record, other(metered(np.full(24, 0.5), 60, step_s=60.0), unit="MWh")], UTC
    ).of("eaf", "", "electricity")
    assert both is not None
    assert both.level.tolist() == pytest.approx([1500.0] * 24)
    assert LoadShapes([by_volume], UTC).of("eaf", "", "natural-gas") is not None
    assert LoadShapes([by_volume, by_heat], UTC).of("eaf", "", "natural-gas") is None


def test_a_load_is_that_of_the_batchs_own_equipment_and_direction() -> None:
    """A meter of one furnace, one of all of them, and one of what is given back."""
    load = metered(np.full(24, 100.0), 60, step_s=60.0)
    records = [
        other(load, id="first", equipment="eaf-1"),
        other(metered(np.full(24, 10.0), 60, step_s=60.0), id="all"),
        other(load, id="back", direction="recovered"),
    ]
    shapes = LoadShapes(records, UTC)
    levels = {
        name: shape.level[0]
        for name in ("eaf-1", "eaf-2", "")
        if (shape := shapes.of("eaf", name, "electricity")) is not None
    }
    assert levels == {"eaf-1": 110.0, "eaf-2": 10.0, "": 10.0}
    assert shapes.of("eaf", "", "electricity", Direction.EXPORT) is None, (
        "what is exported has no meter of its own"
    )


@pytest.mark.parametrize("minute", [90, 119, 120, 135, 165, 180])
def test_a_period_that_ends_in_the_hour_the_clock_skips_ends_when_it_goes_forward(
    minute: int,
) -> None:
    """A night price until 02:30: at 03:00, which follows 01:59 on that day, it is over."""
    settings = site(
        tariff={
            "currency": "EUR",
            "prices": [
                {**FLAT, "periods": [{"name": "night", "price": 0.1, "hours": ["22:00-02:30"]}]}
            ],
        }
    )
    works = settings.model_copy(
        update={"site": settings.site.model_copy(update={"timezone": "Europe/Berlin"})}
    )
    berlin = ZoneInfo("Europe/Berlin")
    prices = Prices.of(
        works, datetime(2023, 3, 25, tzinfo=berlin), datetime(2023, 3, 27, tzinfo=berlin)
    )
    moment = datetime(2023, 3, 25, 23, tzinfo=UTC) + timedelta(minutes=minute)
    assert prices is not None
    by_clock, start = prices.price_of("electricity", moment), np.array([to_us(moment)])
    assert by_clock is not None
    assert prices.mean("electricity", start, start + 60_000_000)[0] == pytest.approx(
        by_clock.amount
    )


def test_the_load_of_a_step_leaves_out_what_a_meter_counts_elsewhere_after_its_time() -> None:
    record = metered(np.full(48, 1000.0), 60, step_s=60.0)
    exchanged = LoadShapes([record, other(record, until="2023-05-02")], UTC).of(
        "eaf", "", "electricity"
    )
    assert exchanged is not None
    assert exchanged.level.tolist() == pytest.approx([2000.0] * 24 + [1000.0] * 24)


def test_a_batch_without_a_factor_leaves_no_sum_unless_its_part_is_nothing() -> None:
    nothing, complete, unknown = (
        [0.0, 0.0, 0.0, np.nan, np.nan],
        [2.0, 2.0, 0.25, 1.5, 4.0],
        [1.0, 1.0, 0.125, np.nan, 2.0],
    )
    assert amount_of(np.array([nothing, complete])) == Amount(2.0, 2.0, 0.25, 1.5, 4.0)
    assert amount_of(np.array([complete, unknown])) == Amount(3.0, 3.0, 0.375, None, 6.0)


def test_amounts_of_unlike_labels_are_added_in_coal_equivalent_and_parts_of_one_in_its_own_unit() -> (
    None
):
    electric, heat = Amount(100.0, 100.0, 12.25, 50.0, 60.0), Amount(293.0, 81.5, 10.0, 27.0, None)
    assert added([electric, heat]) == Amount(22.25, 181.5, 22.25, 77.0, None)
    assert plus(electric, electric) == Amount(200.0, 200.0, 24.5, 100.0, 120.0)


def fortnight(night: float, work: float, else_: float = 30.0) -> MeterRecord:
    """Two weeks from Monday on: nights until five, working hours from eight to eighteen, and all
    other hours.
    """
    clock = np.arange(24)
    day = np.where(clock < 5, night, np.where((clock >= 8) & (clock < 18), work, else_))
    weekend = np.full(24, else_)
    return metered(np.concatenate([*([day] * 5), weekend, weekend] * 2), 60, step_s=60.0)


WEEKDAYS = np.arange(14) % 7


@pytest.mark.parametrize(("night", "through"), [(81.0, True), (79.0, False)])
def test_a_plant_runs_through_where_its_nights_take_four_fifths_of_its_working_hours(
    night: float, through: bool
) -> None:
    record = fortnight(night, 100.0)
    load = base_load(record, LocalHours.of(record.hour_us, UTC), WEEKDAYS, None)
    assert load is not None
    assert (load.night, load.weekend) == (night, 30.0)
    assert load.sentence.en.startswith("It runs day and night") is through
    assert ("never switched off" in load.sentence.en) is not through


def test_hours_in_which_power_flowed_back_do_not_lower_what_was_used_at_night() -> None:
    """Ten nights of five hours feed back 10 kW; four days of rest take 30 kW: 4 x 24 x 30 kWh."""
    record = fortnight(-10.0, 100.0)
    load = base_load(record, LocalHours.of(record.hour_us, UTC), WEEKDAYS, None)
    assert load is not None
    assert load.outside_use == pytest.approx(4 * 24 * 30)


def test_a_meter_in_megawatt_hours_costs_a_thousand_times_the_price_of_a_kilowatt_hour() -> None:
    record = other(metered(np.full(24, 1.0), 60, step_s=60.0), unit="MWh")
    price = mean_price(tariff(), record, to_us(MONDAY), to_us(MONDAY) + 24 * HOUR_US)
    assert price == pytest.approx(500.0)


def test_readings_an_hour_apart_still_tell_nights_from_days() -> None:
    assert not too_seldom(metered(np.full(24, 1.0), 60, step_s=3600.0))
    assert too_seldom(metered(np.full(24, 1.0), 60, step_s=3601.0))
