"""Costs by the hour energy was used, against sums done by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from pydantic import ValidationError

from benchmarks import packs
from benchmarks.conversion import FactorTable
from benchmarks.errors import InputError
from benchmarks.labels import label_site
from benchmarks.labels.columns import Floats
from benchmarks.measurements import Batch, CarrierEnergy, Direction, Period
from reporting_agent.analysis import Analysis
from reporting_agent.analysis.energy_costs.batch_costs import StepCost, costs
from reporting_agent.analysis.energy_costs.prices import Prices, priced, to_us
from reporting_agent.analysis.waste.gap_parts import losses
from reporting_agent.config import Meter, load_site
from reporting_agent.config.tariff import DemandCharge, Tariff
from reporting_agent.metering import MeterFacts, MeterRecord
from reporting_agent.metering.record import Intervals
from reporting_agent.pipeline import LabelResult, PlantData
from reporting_agent.report.sections import costs as page_of_costs
from reporting_agent.report.view import View
from tests.unit.drivers.simulated import plant, site

FLAT = {"carrier": "electricity", "unit": "kWh", "price": 0.5}
TIME_OF_USE = {
    **FLAT,
    "periods": [
        {
            "name": "peak",
            "price": 1.0,
            "hours": ["08:00-12:00"],
            "weekdays": ["mon", "tue", "wed", "thu", "fri"],
            "holidays": False,
        },
        {"name": "valley", "price": 0.25, "hours": ["22:00-06:00"]},
    ],
}
MONDAY = datetime(2023, 5, 1, tzinfo=UTC)


def batch(
    start: datetime, hours: float, *energy: CarrierEnergy, name: str = "B1", equipment: str = ""
) -> Batch:
    return Batch(
        name,
        "eaf",
        "liquid-steel",
        "",
        start,
        start + timedelta(hours=hours),
        100.0,
        equipment=equipment,
        energy=energy,
    )


def kwh(amount: float, direction: Direction = Direction.IMPORT) -> CarrierEnergy:
    return CarrierEnergy("electricity", amount, "kWh", direction)


def labelled(*batches: Batch) -> LabelResult:
    pack = packs.load("steel", None)
    label = label_site(
        list(batches), pack, FactorTable.load(), Period.parse("2023", UTC), site="works"
    )
    return LabelResult(label, PlantData(pack, list(batches), [], []))


def cost_of(tariff: dict[str, Any], *batches: Batch) -> StepCost:
    (cost,) = costs(site(tariff={"currency": "CNY", **tariff}), labelled(*batches))
    return cost


def test_a_flat_price_is_energy_times_price() -> None:
    cost = cost_of({"prices": [FLAT]}, batch(MONDAY, 2, kwh(1000)))
    assert cost.energy == pytest.approx(500)
    assert cost.total == pytest.approx(500)
    assert cost.per_output == pytest.approx(5)
    assert cost.currency == "CNY"


def test_a_batch_over_three_periods_pays_each_its_part() -> None:
    # 05:00 to 13:00: one hour of valley, two flat, four of peak, one flat; 100 kWh an hour
    cost = cost_of({"prices": [TIME_OF_USE]}, batch(MONDAY.replace(hour=5), 8, kwh(800)))
    by_hand = 100 * 0.25 + 300 * 0.5 + 400 * 1.0
    assert cost.energy == pytest.approx(by_hand)
    assert {(part.period, round(part.energy), round(part.cost, 6)) for part in cost.by_period} == {
        ("peak", 400, 400.0),
        ("flat", 300, 150.0),
        ("valley", 100, 25.0),
    }
    assert sum(part.cost for part in cost.by_period) == pytest.approx(cost.energy)


@pytest.mark.parametrize(("day", "paid"), [(1, 1.0), (6, 0.5), (3, 0.5)])
def test_weekends_and_holidays_have_their_own_prices(day: int, paid: float) -> None:
    tariff = {"prices": [TIME_OF_USE], "holidays": ["2023-05-03"]}  # a Wednesday
    assert cost_of(
        tariff, batch(MONDAY.replace(day=day, hour=9), 1, kwh(100))
    ).energy == pytest.approx(100 * paid)


def test_months_and_validity_choose_the_price_in_force() -> None:
    old = {**FLAT, "valid_to": "2023-06-01"}
    new = {
        **FLAT,
        "price": 0.7,
        "valid_from": "2023-06-01",
        "periods": [{"name": "summer", "price": 0.9, "months": [7, 8]}],
    }
    for month, paid in ((5, 0.5), (6, 0.7), (7, 0.9)):
        cost = cost_of({"prices": [old, new]}, batch(MONDAY.replace(month=month), 1, kwh(100)))
        assert cost.energy == pytest.approx(100 * paid)


def test_the_local_clock_decides_also_on_the_days_it_changes() -> None:
    settings = site(tariff={"currency": "EUR", "prices": [TIME_OF_USE]}).model_dump()
    settings["site"]["timezone"] = "Europe/Berlin"
    berlin = ZoneInfo("Europe/Berlin")
    works = type(site()).model_validate(settings)
    prices = Prices.of(
        works, datetime(2023, 3, 25, tzinfo=berlin), datetime(2023, 10, 30, tzinfo=berlin)
    )
    assert prices is not None
    for day in (
        datetime(2023, 3, 26, tzinfo=berlin),
        datetime(2023, 10, 29, tzinfo=berlin),
        datetime(2023, 7, 3, tzinfo=berlin),
    ):
        for hour in range(24):
            moment = day.replace(hour=hour, minute=30)
            if moment.astimezone(UTC).astimezone(berlin).hour != hour:
                continue  # the hour that the clock skipped
            price = prices.price_of("electricity", moment)
            assert price is not None
            stretch = np.array([to_us(moment)]), np.array([to_us(moment) + 60_000_000])
            assert prices.mean("electricity", *stretch)[0] == pytest.approx(price.amount)


def test_recovered_energy_is_credited_and_a_fuel_is_priced_by_its_heat() -> None:
    gas = CarrierEnergy("natural-gas", 1000.0, "Nm3", lhv_mj_per_unit=36.0)
    prices = [FLAT, {"carrier": "natural-gas", "unit": "GJ", "price": 60.0}]
    cost = cost_of(
        {"prices": prices}, batch(MONDAY, 1, kwh(1000), kwh(200, Direction.RECOVERED), gas)
    )
    assert cost.energy == pytest.approx(800 * 0.5 + 36.0 * 60)


def test_a_kwh_saved_is_worth_what_a_kwh_bought_costs_whatever_is_given_back() -> None:
    """1,000 kWh bought at 1.0 by day, 900 given back at 0.25 by night: net it would be 775 CNY over
    100 kWh.
    """
    day, night = (
        batch(MONDAY.replace(hour=8), 4, kwh(1000)),
        batch(MONDAY, 4, kwh(900, Direction.RECOVERED), name="B2"),
    )
    assert cost_of({"prices": [TIME_OF_USE]}, day, night).per_kwh == pytest.approx(1.0)


def test_a_carrier_without_a_price_is_named_and_not_in_the_sum() -> None:
    cost = cost_of(
        {"prices": [FLAT]}, batch(MONDAY, 1, kwh(100), CarrierEnergy("oxygen", 50.0, "Nm3"))
    )
    assert cost.energy == pytest.approx(50)
    assert cost.unpriced == ("oxygen",)
    assert any(
        "No price is given for oxygen" in note.en and "氧气" in note.said_in("zh")
        for note in cost.notes
    )
    (note,) = _of_the_page(View(site(), labelled(), Analysis(costs=(cost,)), "zh", MONDAY))[
        "unpriced"
    ]
    assert "氧气" in note
    assert "oxygen" not in note


def test_what_has_no_price_then_is_named_in_the_readers_language() -> None:
    works = site(tariff={"currency": "CNY", "prices": [{**FLAT, "valid_from": "2024-01-01"}]})
    result = plant(np.linspace(380, 420, 100), {})
    (reason,) = {
        loss.money_reason for loss in losses(works, result, ()) if loss.money_reason is not None
    }
    assert "has none for electricity" in reason.en
    assert "electricity" not in reason.said_in("zh")


def _of_the_page(view: View) -> dict[str, Any]:
    content = page_of_costs.data(view)
    assert content is not None
    return content


def test_the_demand_charge_goes_to_the_batches_that_ran_in_the_highest_quarter_hour() -> None:
    first = batch(MONDAY.replace(hour=8), 2, kwh(2000), name="B1", equipment="eaf-1")
    second = batch(MONDAY.replace(hour=9), 2, kwh(6000), name="B2", equipment="eaf-2")
    apart = batch(MONDAY.replace(day=20), 1, kwh(500), name="B3", equipment="eaf-1")
    cost = cost_of({"prices": [FLAT], "demand": [{"price": 40.0}]}, first, second, apart)
    # 09:00 to 10:00 both ran: 1,000 + 3,000 kW
    assert cost.demand == pytest.approx(4000 * 40)
    assert [batch_cost.demand for batch_cost in cost.batches] == [
        pytest.approx(40_000),
        pytest.approx(120_000),
        0.0,
    ]
    assert cost.total == pytest.approx(160_000 + 4250)


def test_the_demand_charge_of_summer_and_that_of_winter_stand_side_by_side() -> None:
    """May at 40 and November at 30, for the 1,000 kW of one hour each."""
    batches = batch(MONDAY, 1, kwh(1000)), batch(MONDAY.replace(month=11), 1, kwh(1000), name="B2")
    demand = [
        {"price": 40.0, "months": [*range(4, 10)]},
        {"price": 30.0, "months": [1, 2, 3, 10, 11, 12]},
    ]
    assert cost_of({"prices": [FLAT], "demand": demand}, *batches).demand == pytest.approx(
        40 * 1000 + 30 * 1000
    )


def test_a_batch_that_runs_on_after_its_period_is_on_the_bill_of_its_own_months_alone() -> None:
    first = batch(MONDAY, 1, kwh(1000))
    over = batch(datetime(2023, 12, 31, 23, tzinfo=UTC), 2, kwh(8000), name="B2")
    cost = cost_of({"prices": [FLAT], "demand": [{"price": 40.0}]}, first, over)
    assert cost.demand == pytest.approx(40 * (1000 + 4000)), (
        "May's and December's charge; what ran in January is on January's bill"
    )


def test_a_fuel_given_as_heat_and_priced_by_the_tonne_is_told_for_its_unit() -> None:
    prices = [FLAT, {"carrier": "coal", "unit": "t", "price": 900.0}]
    cost = cost_of({"prices": prices}, batch(MONDAY, 1, kwh(100), CarrierEnergy("coal", 5.0, "GJ")))
    assert cost.energy == pytest.approx(50)
    notes = [note.en for note in cost.notes]
    assert any(
        "1 amount of coal cannot be turned into the unit of its price" in note for note in notes
    )
    assert not any("outside the tariff's dates" in note for note in notes)


def test_what_was_not_used_needs_no_price_and_no_factor() -> None:
    none = (
        CarrierEnergy("oxygen", 0.0, "Nm3"),
        CarrierEnergy("coke-oven-gas", 0.0, "Nm3"),
        CarrierEnergy("diesel", 0.0, "kg"),
    )
    prices = [FLAT, {"carrier": "coke-oven-gas", "unit": "GJ", "price": 50.0}]
    tariff = {"prices": prices, "carbon": {"price": 80.0}}
    assert cost_of(tariff, batch(MONDAY, 1, kwh(100), *none)) == cost_of(
        tariff, batch(MONDAY, 1, kwh(100))
    )


@pytest.mark.parametrize(
    "charge",
    [
        {"valid_from": "2023-06-15"},
        {"valid_to": "2023-06-30"},
        {"valid_from": "2023-06-01", "valid_to": "2023-07-02"},
    ],
)
def test_a_demand_charge_is_of_whole_months(charge: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="must be the first of a month"):
        DemandCharge.model_validate({"price": 40.0, **charge})


def test_a_demand_charge_begins_with_its_month() -> None:
    hour = batch(MONDAY.replace(month=6), 1, kwh(1000))
    for begins, paid in (("2023-06-01", 40_000), ("2023-07-01", 0)):
        assert cost_of(
            {"prices": [FLAT], "demand": [{"price": 40.0, "valid_from": begins}]}, hour
        ).demand == pytest.approx(paid)


def test_batches_that_overlap_on_one_equipment_have_no_power_and_no_demand_charge() -> None:
    first, second = (
        batch(MONDAY, 2, kwh(2000)),
        batch(MONDAY.replace(hour=1), 2, kwh(2000), name="B2"),
    )
    cost = cost_of({"prices": [FLAT], "demand": [{"price": 40.0}]}, first, second)
    assert cost.demand == 0
    assert any("The demand charge is left out" in note.en for note in cost.notes)


def test_carbon_is_priced_by_the_dated_factors_and_electricity_only_where_declared() -> None:
    gas = CarrierEnergy("natural-gas", 1000.0, "Nm3", lhv_mj_per_unit=36.0)
    fuel = FactorTable.load().co2_kg(gas, MONDAY.date()) / 1000 * 80
    power = FactorTable.load().at("CN").co2_kg(kwh(1000), MONDAY.date()) / 1000 * 80
    only_fuel = cost_of(
        {"prices": [FLAT], "carbon": {"price": 80.0}}, batch(MONDAY, 1, kwh(1000), gas)
    )
    both = cost_of(
        {"prices": [FLAT], "carbon": {"price": 80.0, "electricity": True}},
        batch(MONDAY, 1, kwh(1000), gas),
    )
    assert only_fuel.carbon == pytest.approx(fuel)
    assert both.carbon == pytest.approx(fuel + power)


def test_shifting_moves_a_days_running_hours_to_its_cheapest_hours_and_no_further() -> None:
    # 08:00 to 18:00 in two batches: ten hours, 100 kWh each; the day has eight hours of valley and
    # twelve flat
    day = [
        batch(MONDAY.replace(hour=8), 4, kwh(400)),
        batch(MONDAY.replace(hour=12), 6, kwh(600), name="B2"),
    ]
    cost = cost_of({"prices": [TIME_OF_USE], "shiftable": ["eaf"]}, *day)
    assert cost.shift is not None
    before, after = 400 * 1.0 + 600 * 0.5, 800 * 0.25 + 200 * 0.5
    assert cost.shift.saving == pytest.approx(before - after)
    assert "Upper bound" in cost.shift.assumption.en
    assert cost_of({"prices": [FLAT], "shiftable": ["eaf"]}, *day).shift.saving == pytest.approx(0)  # type: ignore[union-attr]
    assert cost_of({"prices": [TIME_OF_USE]}, *day).shift is None


def test_money_of_a_batch_is_unknown_where_a_carrier_of_it_has_no_price() -> None:
    batches = [
        batch(MONDAY, 1, kwh(100)),
        batch(MONDAY, 1, kwh(100), CarrierEnergy("oxygen", 5.0, "Nm3"), name="B2"),
    ]
    prices = Prices.of(
        site(tariff={"currency": "CNY", "prices": [FLAT]}), MONDAY, MONDAY + timedelta(hours=1)
    )
    assert prices is not None
    power, oxygen = priced(prices, batches)
    assert power.cost.tolist() == pytest.approx([50, 50])
    assert (oxygen.curve, oxygen.row.tolist()) == (None, [1])
    assert np.isnan(oxygen.cost).all()


def metered(load: Floats, minutes: int, *, step_s: float, hours_only: bool = False) -> MeterRecord:
    """The record of a main meter from Monday 00:00 on, `load` in kW over each `minutes`."""
    start = to_us(MONDAY)
    edges = start + np.arange(len(load) + 1) * minutes * 60_000_000
    energy = load * minutes / 60
    hourly = energy.reshape(-1, 60 // minutes).sum(axis=1)
    meter = Meter.model_validate(
        {
            "id": "main",
            "step": "eaf",
            "carrier": "electricity",
            "reading": "register",
            "unit": "kWh",
        }
    )
    total = float(energy.sum())
    return MeterRecord(
        meter=meter,
        unit="kWh",
        counted=True,
        start_us=start,
        end_us=int(edges[-1]),
        total=total,
        in_batches=0.0,
        outside=total,
        unplaced=0.0,
        began_before=0.0,
        runs_on=0.0,
        known_s=0.0,
        missing_s=0.0,
        stretches=(),
        hour_us=edges[: -1 : 60 // minutes],
        hour_energy=hourly,
        hour_known=np.ones(len(hourly)),
        facts=MeterFacts(1, None, None, None, None, None, step_s, 0.0),
        demand=None
        if hours_only
        else Intervals(edges, energy, np.full(len(energy), minutes * 60.0)),
    )


@pytest.mark.parametrize(
    ("minutes", "hours_only", "step_s", "highest", "phrase"),
    [
        (15, False, 60.0, 4000.0, "highest mean over 15 minutes"),
        (30, False, 60.0, 2500.0, "highest mean over 30 minutes"),
        (60, False, 60.0, 1750.0, "highest mean over 60 minutes"),
        (15, True, 60.0, 1750.0, "means over 60 minutes. The bill's 15-minute maximum"),
        (15, False, 1800.0, 4000.0, "means over 30 minutes. The bill's 15-minute maximum"),
    ],
)
def test_the_demand_charge_is_taken_over_its_own_minutes(
    minutes: int, hours_only: bool, step_s: float, highest: float, phrase: str
) -> None:
    load = np.full(24 * 4, 1000.0)
    load[33] = 4000.0  # 08:15 to 08:30
    record = metered(load, 15, step_s=step_s, hours_only=hours_only)
    ran = batch(MONDAY.replace(hour=8), 1, kwh(1750))
    tariff = {"currency": "CNY", "prices": [FLAT], "demand": [{"price": 40.0, "minutes": minutes}]}
    plain = labelled(ran)
    (cost,) = costs(
        site(tariff=tariff), LabelResult(plain.site_label, replace(plain.data, meters=(record,)))
    )
    assert cost.demand == pytest.approx(highest * 40)  # the one batch took all of the hour
    assert any(phrase in note.en for note in cost.notes)


def test_what_no_batch_took_of_the_demand_charge_is_told_beside_the_steps() -> None:
    """The meter shows 1,000 kW and for one quarter of an hour 4,000; the batch took 437.5 kWh of
    that hour's 1,750.
    """
    load = np.full(24 * 4, 1000.0)
    load[33] = 4000.0
    tariff = {"currency": "CNY", "prices": [FLAT], "demand": [{"price": 40.0}]}
    plain = labelled(batch(MONDAY.replace(hour=8), 1, kwh(437.5)))
    meters = (metered(load, 15, step_s=60.0),)
    (cost,) = costs(
        site(tariff=tariff), LabelResult(plain.site_label, replace(plain.data, meters=meters))
    )
    assert cost.demand == pytest.approx(40_000)
    (rest,) = [note for note in cost.notes if "none of these batches used" in note.en]
    assert "160,000 CNY, 120,000 CNY" in rest.en
    assert "120,000 CNY" in rest.said_in("zh")


def test_a_price_is_asked_at_a_local_moment() -> None:
    tariff = Tariff.model_validate({"currency": "CNY", "prices": [TIME_OF_USE]})
    price = tariff.price_of("electricity", MONDAY.replace(hour=8))
    assert price is not None
    assert (price.amount, price.period, price.unit, price.currency) == (1.0, "peak", "kWh", "CNY")
    assert tariff.price_of("coal", MONDAY) is None


@pytest.mark.parametrize(
    ("tariff", "column", "wanted"),
    [
        ('currency = "yuan"', "tariff.currency", "^[A-Z]{3}$"),
        (
            '[[tariff.prices]]\ncarrier = "electricity"\nunit = "t"\nprice = 1',
            "tariff.prices.0",
            "such as kWh",
        ),
        (
            '[[tariff.prices]]\ncarrier = "steem"\nunit = "t"\nprice = 1',
            "tariff.prices.0",
            "must name a carrier",
        ),
        (
            (
                '[[tariff.prices]]\ncarrier = "electricity"\nunit = "kWh"\nprice = 1\n'
                '[[tariff.prices.periods]]\nname = "peak"\nprice = 2\nhours = ["8-25"]'
            ),
            "tariff.prices.0.periods.0.hours",
            "clock ranges such as",
        ),
        (
            (
                '[[tariff.prices]]\ncarrier = "electricity"\nunit = "kWh"\nprice = 1\n'
                '[[tariff.prices]]\ncarrier = "electricity"\nunit = "kWh"\nprice = 2'
            ),
            "tariff",
            "two prices of electricity hold on one day",
        ),
        ("[[tariff.demand]]\nprice = 40\nminutes = 20", "tariff.demand.0.minutes", "15, 30, 60"),
        (
            "[[tariff.demand]]\nprice = 40\nmonths = [13]",
            "tariff.demand.0.months",
            "months from 1 to 12",
        ),  # it would never be charged
        (
            "[[tariff.demand]]\nprice = 40\n[[tariff.demand]]\nprice = 30\nmonths = [7, 8]",
            "tariff",
            "two demand charges hold on one day",
        ),
    ],
)
def test_a_wrong_tariff_is_refused_by_its_key(
    tmp_path: Path, tariff: str, column: str, wanted: str
) -> None:
    text = (
        '[site]\nid = "w"\ntimezone = "UTC"\npack = "steel"\n[inputs]\nbatches = "b.csv"\nenergy '
        '= "e.csv"\n[tariff]\n'
    )
    currency = "" if "currency" in tariff else 'currency = "CNY"\n'
    path = tmp_path / "site.toml"
    path.write_text(text + currency + tariff, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_site(path)
    assert refused.value.place is not None
    assert refused.value.place.column == column
    assert wanted in refused.value.__dict__["wanted"]
