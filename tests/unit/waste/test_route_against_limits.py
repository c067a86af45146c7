"""The annual account of a route, case by case beside its working by hand: coal 0.7143 kgce/kg,
electricity 0.1229 kgce/kWh.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest

from benchmarks import packs
from benchmarks.errors import InputError
from benchmarks.labels import label_site
from benchmarks.measurements import (
    Batch,
    CarrierEnergy,
    Direction,
    Metric,
    OperatingState,
    Period,
    ProductStatus,
)
from reporting_agent.analysis import Analysis
from reporting_agent.analysis.account.route import route_accounts
from reporting_agent.analysis.account.types import RouteAccount
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult, PlantData, constants
from reporting_agent.pipeline.material_flow import refuse_unknown_steps
from reporting_agent.pipeline.site_balance import site_balance
from reporting_agent.report import html, summary
from reporting_agent.report.label_json import label_json
from reporting_agent.schemas import label_schema

COAL, POWER = 0.7143, 0.1229  # kgce per kg and per kWh
MJ_PER_KGCE = 29.3076
GAS = 0.1286 * MJ_PER_KGCE  # measured, and as rich as the table's
YEAR = "2024"
MADE = datetime(2026, 1, 5, tzinfo=UTC)

CEMENT = {  # a month of each step: tonnes made, MWh, tonnes of coal
    "crushing-prehomogenisation": (147_000, 200, 0),
    "raw-meal-homogenisation": (152_000, 1_800, 0),
    "clinker-burning": (100_000, 2_600, 13_800),
    "clinker-cooling": (100_000, 500, 0),
    "cement-grinding": (130_000, 3_900, 0),
}
CLINKER = tuple(CEMENT)[:4]
MEAL = (
    ("crushing-prehomogenisation", "raw-meal-homogenisation"),
    ("raw-meal-homogenisation", "clinker-burning"),
)
STORED = ("crushing-prehomogenisation", "raw-meal-homogenisation", "clinker-cooling")
INGOT = {"electrolysis": (10_000, 133_500, 0), "aluminium-casting": (10_000, 300, 0)}
# electricity of clinker: (200 + 1,800 + 2,600 + 500) MWh / 100,000 t = 51 kWh/t; coal 138 kg/t
CLINKER_TOTAL = 138 * COAL + 51 * POWER  # 104.8413: below 107, above 100
CEMENT_TOTAL = CLINKER_TOTAL * 100 / 130 + 30 * POWER  # 84.3342

Months = Mapping[str, tuple[float, float, float]]


def a_month(step: str, month: int, output: float, mwh: float, coal_t: float) -> Batch:
    """One run of a whole month: far too long for any label, and in the account all the same."""
    end = (
        datetime(2024, month + 1, 1, tzinfo=UTC) if month < 12 else datetime(2025, 1, 1, tzinfo=UTC)
    )
    energy = [CarrierEnergy("electricity", mwh * 1000, "kWh")]
    energy += (
        [CarrierEnergy("coal", coal_t, "t", lhv_mj_per_unit=1000 * COAL * MJ_PER_KGCE)]
        if coal_t
        else []
    )
    return Batch(
        f"{step}-{month}",
        step,
        "",
        "",
        datetime(2024, month, 1, tzinfo=UTC),
        end,
        output,
        energy=tuple(energy),
    )


def the_year(steps: Months, months: int = 12) -> list[Batch]:
    return [
        a_month(step, month, *figures)
        for step, figures in steps.items()
        for month in range(1, months + 1)
    ]


def bought(batches: list[Batch], **more: float) -> list[dict[str, Any]]:
    """What came over the fence: what the batches took, less what they gave back, and `more` of a
    carrier.
    """
    net_intake: dict[tuple[str, str], float] = {}
    for batch in batches:
        for energy in batch.energy:
            sign = 1 if energy.direction is Direction.IMPORT else -1
            net_intake[energy.carrier, energy.unit] = (
                net_intake.get((energy.carrier, energy.unit), 0.0) + sign * energy.quantity
            )
    return [
        {
            "carrier": carrier,
            "quantity": quantity + more.get(carrier, 0.0),
            "unit": unit,
            "period": YEAR,
        }
        for (carrier, unit), quantity in net_intake.items()
    ]


def stock(
    made_by: str, opening: float = 0.0, closing: float = 0.0, sold: float = 0.0
) -> dict[str, Any]:
    return {
        "made_by": made_by,
        "opening": opening,
        "closing": closing,
        "sold": sold,
        "period": YEAR,
    }


def accounts(
    batches: list[Batch], sector: str = "cement", year: str = YEAR, **tables: Any
) -> dict[tuple[str, Metric], RouteAccount]:
    """By last step and metric."""
    site, result = labelled_year(batches, sector, year, **tables)
    return {
        (account.steps[-1], account.metric): account
        for account in route_accounts(site, result, site_balance(result.sitewide(site)))
    }


def labelled_year(
    batches: list[Batch], sector: str = "cement", year: str = YEAR, **tables: Any
) -> tuple[SiteSettings, LabelResult]:
    pack = packs.load(sector)
    defaults: dict[str, Any] = {
        "site": {"id": "works", "timezone": "UTC", "pack": sector},
        "inputs": {"batches": "batches.csv", "energy": "energy.csv"},
        "site_boundary": {"purchased": bought(batches)},
        "product_stocks": [stock(step) for step in (*STORED, "electrolysis")],
        "static": {"altitude_m": 200.0, "clinker_pct": 75.0},
        "steps": {"aluminium-casting": {"not_used": ["natural-gas"]}},
    }
    site = SiteSettings.model_validate({**defaults, **tables})
    not_used = {step: frozenset(setting.not_used) for step, setting in site.steps.items()}
    label = label_site(
        batches, pack, packs.factors(pack), Period.parse(year, UTC), site="works", not_used=not_used
    )
    label = replace(label, method={**label.method, "constants_digest": constants.digest()})
    return site, LabelResult(label, PlantData(pack, batches, [], []))


def whole(batches: list[Batch], **tables: Any) -> tuple[SiteSettings, LabelResult, Analysis]:
    """What report and label.json are made from; the balance and the accounts alone of the
    analysis.
    """
    site, result = labelled_year(batches, **tables)
    balance = site_balance(result.sitewide(site))
    return (
        site,
        result,
        Analysis(site_balance=balance, routes=route_accounts(site, result, balance)),
    )


def clinker(batches: list[Batch], metric: Metric = Metric.TOTAL, **tables: Any) -> RouteAccount:
    return accounts(batches, **tables)["clinker-cooling", metric]


def cement(batches: list[Batch], **tables: Any) -> RouteAccount:
    return accounts(batches, **tables)["cement-grinding", Metric.TOTAL]


def codes(account: RouteAccount) -> list[str]:
    return [code for code, _ in account.missing]


def level(account: RouteAccount) -> int | None:
    return None if account.best is None else account.best.best_met


def test_clinker_takes_all_energy_of_its_four_steps() -> None:
    account = clinker(the_year(CEMENT))
    assert codes(account) == []
    assert account.value == pytest.approx(CLINKER_TOTAL)
    assert account.value == pytest.approx(104.8413, abs=1e-4)
    assert {part.name: part.energy for part in account.parts}[
        "raw-meal-homogenisation"
    ] == pytest.approx(12 * 1_800_000 * POWER)
    assert level(account) == 2
    # the plant declares nothing, so 1 % of each energy; squares add: coal 0.9857, electricity of
    # four steps
    assert account.uncertainty == pytest.approx(
        0.01 * ((138 * COAL) ** 2 + POWER**2 * (2**2 + 18**2 + 26**2 + 5**2)) ** 0.5
    )


@pytest.mark.parametrize(
    ("altitude_m", "coal_t", "met", "is_told"),
    [(2500.0, 15_700, 3, True), (2500.0, 13_800, 2, False), (200.0, 15_700, None, False)],
)
def test_a_level_that_the_stated_altitude_gives_is_told_with_the_limits_without_it(
    altitude_m: float, coal_t: float, met: int | None, is_told: bool
) -> None:
    """157 kg of coal and 51 kWh are 118.4 kgce/t; level 3 is 117, at 74.7 kPa 119.7."""
    works = {**CEMENT, "clinker-burning": (100_000, 2_600, coal_t)}
    static = {"altitude_m": altitude_m, "clinker_pct": 75.0, "pressure_pa": 74_691.0}
    account = clinker(the_year(works), static=static)
    assert level(account) == met
    sentences = [
        proviso.en
        for proviso in account.provisos
        if "is met depends on what the site states" in proviso.en
    ]
    assert [
        f"altitude_m = {altitude_m:g}" in sentence
        and "100 / 107 / 117 kgce/t, and no level" in sentence
        for sentence in sentences
    ] == [True] * is_told


def test_the_grade_says_what_it_takes_for_granted_of_purchases() -> None:
    """Clinker is made of raw meal and stone: what of either was bought, nothing states; once stated
    as 0, nothing is left to say.
    """
    account = clinker(the_year(CEMENT))
    assert [why.en.partition(" was bought")[0] for why in account.provisos] == [
        f"This is valid only if none of the product of {step}"
        for step in ("Raw meal grinding and homogenisation", "Crushing and prehomogenisation")
    ]
    assert all("外购" in why.said_in("zh") for why in account.provisos)
    assert len(account.to_json()["provisos"]) == 2
    none = [
        {"made_by": STORED[0], "into": STORED[1], "quantity": 0},
        {"made_by": STORED[1], "into": "clinker-burning", "quantity": 0},
    ]
    stated = clinker(the_year(CEMENT), bought_in=none)
    assert (stated.provisos, stated.value) == ((), account.value)
    purchased = clinker(the_year(CEMENT), bought_in=[none[0], {**none[1], "quantity": 1000}])
    assert codes(purchased) == ["bought-in"]


def test_a_day_of_two_heating_values_leaves_the_account_open() -> None:
    batches = the_year(CEMENT)
    doubtful = [
        replace(batch, excluded="heating-value-two-sided")
        if batch.batch_id == "clinker-burning-3"
        else batch
        for batch in batches
    ]
    assert "heating-value-two-sided" in codes(clinker(doubtful))


def test_rows_that_cannot_be_read_leave_the_account_open() -> None:
    site, result = labelled_year(the_year(CEMENT))
    lost = replace(result, data=replace(result.data, unread={"clinker-burning": 3}))
    by_step = {
        account.steps[-1]: account
        for account in route_accounts(site, lost, site_balance(lost.sitewide(site)))
    }
    assert codes(by_step["clinker-cooling"]) == ["rows-unreadable"]


def test_a_run_of_which_an_energy_is_blank_leaves_the_account_open() -> None:
    batches = the_year(CEMENT)
    blank = [
        replace(batch, excluded="energy-partly-unknown")
        if batch.batch_id == "clinker-burning-3"
        else batch
        for batch in batches
    ]
    assert codes(clinker(blank)) == ["energy-missing"]


def test_coal_and_electricity_of_clinker_have_accounts_of_their_own() -> None:
    heat, power = (
        clinker(the_year(CEMENT), metric) for metric in (Metric.THERMAL, Metric.ELECTRICITY)
    )
    assert (heat.unit, power.unit) == ("MJ/t", "kWh/t")
    assert heat.value == pytest.approx(138 * COAL * MJ_PER_KGCE)  # 2,888.9: below 2,930.76
    assert power.value == pytest.approx(51)
    assert (level(heat), level(power)) == (2, 2)


def power_house(months: int = 12) -> list[Batch]:
    """Waste-heat power: of 100,000 t of clinker a month 35 kWh/t were delivered, net of its own
    use.
    """
    energies = (
        CarrierEnergy("electricity", 100_000, "kWh"),
        CarrierEnergy("electricity", 3_600_000, "kWh", Direction.RECOVERED),
    )
    return [
        replace(batch, energy=energies)
        for batch in the_year({"waste-heat-power": (100_000, 0, 0)}, months)
    ]


def test_recovered_power_lowers_the_total_and_no_electricity() -> None:
    """35 kWh/t delivered by the waste-heat power house: 104.8413 - 4.3015 = 100.5398."""
    batches = [*the_year(CEMENT), *power_house()]
    account = clinker(batches)
    assert account.steps == ("waste-heat-power", *CLINKER)
    assert account.value == pytest.approx(100.5398, abs=1e-4)
    assert clinker(batches, Metric.ELECTRICITY).value == pytest.approx(51)
    assert cement(batches).value == pytest.approx(CEMENT_TOTAL - 35 * POWER * 100 / 130)


def test_fuel_booked_at_the_waste_heat_power_house_is_fuel_of_the_clinker() -> None:
    """12 of 138 kg of coal said to be burnt there were in no coal limit: 126 x 0.7143 x 29.3076 =
    2,637.7 MJ/t, level 1, for 2,888.9.
    """
    kiln = the_year({**CEMENT, "clinker-burning": (100_000, 2_600, 12_600)})
    coal = CarrierEnergy("coal", 1_200, "t", lhv_mj_per_unit=1000 * COAL * MJ_PER_KGCE)
    heat = CarrierEnergy(
        "heat", 5_000_000, "MJ"
    )  # of the kiln's gas: burnt in the kiln, and no fuel
    batches = [*kiln, *(batch.with_energy([coal, heat]) for batch in power_house())]
    account = clinker(batches, Metric.THERMAL, site_boundary={"purchased": bought(batches)})
    assert account.value == pytest.approx(138 * COAL * MJ_PER_KGCE)
    assert account.steps == ("waste-heat-power", *CLINKER)
    assert clinker([*the_year(CEMENT), *power_house()], Metric.THERMAL).steps == CLINKER


def test_power_goes_with_the_clinker_that_it_was_made_beside() -> None:
    """85 % of the clinker is the cement's, and so is 85 % of the power; of the power house no stock
    is asked for.
    """
    stocks = [
        stock("crushing-prehomogenisation"),
        stock("raw-meal-homogenisation"),
        stock("clinker-cooling", 10_000, 70_000, 120_000),
    ]
    account = cement(
        [*the_year(CEMENT), *power_house()], product_stocks=stocks, static={"clinker_pct": 65.0}
    )
    assert account.value == pytest.approx(
        0.85 * (CLINKER_TOTAL - 35 * POWER) * 100 / 130 + 30 * POWER
    )


def test_power_reported_at_the_kiln_is_not_credited_and_a_power_house_of_half_a_year_leaves_the_account_open() -> (
    None
):
    back = CarrierEnergy("electricity", 3_500_000, "kWh", Direction.RECOVERED)
    at_the_kiln = [
        batch.with_energy([back]) if batch.step == "clinker-burning" else batch
        for batch in the_year(CEMENT)
    ]
    assert clinker(at_the_kiln).value == pytest.approx(CLINKER_TOTAL)
    assert codes(clinker([*the_year(CEMENT), *power_house(6)])) == ["period-not-covered"]


OVENS = {  # a month: 100,000 t of coke from 130 t of coal a hundred
    "coking": [
        CarrierEnergy("cleaned-coal", 130_000, "t", lhv_mj_per_unit=900 * MJ_PER_KGCE),
        CarrierEnergy("coke-oven-gas", 400_000, "GJ", lhv_mj_per_unit=1000),
        CarrierEnergy("electricity", 4_000_000, "kWh"),
        CarrierEnergy(
            "coke", 100_000, "t", Direction.RECOVERED, lhv_mj_per_unit=971.4 * MJ_PER_KGCE
        ),
        CarrierEnergy("coke-oven-gas", 570_000, "GJ", Direction.RECOVERED, lhv_mj_per_unit=1000),
    ],
    "coke-dry-quenching": [
        CarrierEnergy("electricity", 2_000_000, "kWh"),
        CarrierEnergy("coke", 1_000, "t", lhv_mj_per_unit=971.4 * MJ_PER_KGCE),  # burnt off
        CarrierEnergy("steam", 130_000, "GJ", Direction.RECOVERED),
    ],
}
# 1,300 x 0.9 + 4,000 / 29.3076 + 40 x 0.1229 - 1,000 x 0.9714 - 5,700 / 29.3076 = 145.5105;
# 20 x 0.1229 + 10 x 0.9714 - 1,300 / 29.3076 = -32.1853
COKING, QUENCHING = 145.5105, -32.1853


def ovens(*steps: str) -> list[Batch]:
    return [
        replace(batch, energy=tuple(OVENS[batch.step]))
        for batch in the_year(dict.fromkeys(steps, (100_000, 0, 0)))
    ]


def of_coke(batches: list[Batch]) -> tuple[SiteSettings, LabelResult, tuple[RouteAccount, ...]]:
    purchased = [purchase for purchase in bought(batches) if purchase["quantity"] > 0]
    sold = [
        {**purchase, "quantity": -purchase["quantity"]}
        for purchase in bought(batches)
        if purchase["quantity"] < 0
    ]
    site, result = labelled_year(
        batches, "steel", site_boundary={"purchased": purchased, "sold": sold}
    )
    return site, result, route_accounts(site, result, site_balance(result.sitewide(site)))


def test_no_more_coke_is_credited_than_was_made() -> None:
    """4 % more in the account of the year is 39 kgce/t; of each run the label says the same."""
    more = [
        replace(
            batch,
            energy=tuple(
                replace(e, quantity=104_000) if e.carrier == "coke" else e for e in batch.energy
            ),
        )
        for batch in ovens("coking", "coke-dry-quenching")
    ]
    _, result, (account,) = of_coke(more)
    assert codes(account) == ["credit-not-product"]
    assert next(label for label in result.site_label.steps if label.step == "coking").excluded == {
        "credit-not-product": 12
    }


def test_coke_quenched_dry_is_tested_with_what_the_quenching_recovers() -> None:
    """145.5105 - 32.1853 = 113.3252 kgce/t = 3,321.3 MJ/t; the limit is of 2026, so that no grade
    is told of 2024.
    """
    _, _, (account,) = of_coke(ovens("coking", "coke-dry-quenching"))
    assert (account.steps, codes(account)) == (("coke-dry-quenching", "coking"), [])
    assert account.value == pytest.approx(COKING + QUENCHING, abs=1e-3)
    assert account.value == pytest.approx(3321.3 / MJ_PER_KGCE, abs=0.01)
    assert {limit.reason for limit in account.limits} == {"not-in-force"}


def test_coke_quenched_wet_has_no_account_and_is_tested_at_the_step() -> None:
    _, _, routes = of_coke(ovens("coking"))
    assert routes == ()


def test_the_balance_counts_a_power_house_as_a_step_and_as_a_conversion_alike() -> None:
    """Gas that a furnace gave back, 800 Nm3/t, makes 300 kWh/t; steps take 322. Bought: coke and 22
    kWh/t. Nothing counts twice.
    """
    furnace = (
        CarrierEnergy("coke", 400_000, "t", lhv_mj_per_unit=971.4 * MJ_PER_KGCE),
        CarrierEnergy("blast-furnace-gas", 600_000_000, "Nm3", lhv_mj_per_unit=GAS),
        CarrierEnergy("electricity", 300_000_000, "kWh"),
        CarrierEnergy("oxygen", 40_000_000, "Nm3"),
        CarrierEnergy(
            "blast-furnace-gas", 1_400_000_000, "Nm3", Direction.RECOVERED, lhv_mj_per_unit=GAS
        ),
    )
    house = (
        CarrierEnergy("blast-furnace-gas", 800_000_000, "Nm3", lhv_mj_per_unit=GAS),
        CarrierEnergy("electricity", 300_000_000, "kWh", Direction.RECOVERED),
    )
    air = (
        CarrierEnergy("electricity", 40_000_000 * 0.55, "kWh"),
        CarrierEnergy("oxygen", 40_000_000, "Nm3", Direction.RECOVERED),
    )

    def a_year(step: str, output: float, energy: tuple[CarrierEnergy, ...]) -> Batch:
        return replace(a_month(step, 1, output, 0, 0), energy=energy)

    steps = [a_year("blast-furnace", 1_000_000, furnace), a_year("air-separation", 40_000_000, air)]
    gas_taken = {
        "carrier": "blast-furnace-gas",
        "quantity": 800_000_000,
        "unit": "Nm3",
        "period": YEAR,
    }
    power_given = {"carrier": "electricity", "quantity": 300_000_000, "unit": "kWh", "period": YEAR}
    purchased = [
        {"carrier": "coke", "quantity": 400_000, "unit": "t", "period": YEAR},
        {"carrier": "electricity", "quantity": 22_000_000, "unit": "kWh", "period": YEAR},
    ]
    as_conversion = {
        "purchased": purchased,
        "conversions": [{"id": "own-power", "takes": [gas_taken], "gives": [power_given]}],
    }
    by_name = {}
    for name, batches, fence in (
        ("step", [*steps, a_year("power-house", 300_000_000, house)], {"purchased": purchased}),
        ("conversion", steps, as_conversion),
    ):
        site, result = labelled_year(batches, "steel", site_boundary=fence)
        balance = site_balance(result.sitewide(site))
        assert balance is not None
        assert all(carrier.closes for carrier in balance.carriers), name
        by_name[name] = balance.calorific
        assert balance.calorific.residual == pytest.approx(0, abs=1)
        # coke 400 x 0.9714 and 22 kWh/t x 0.1229 through the fence: 391.264 kgce/t of hot metal =
        # 11,467.0 MJ
        assert balance.calorific.purchased / 1e6 == pytest.approx(391.2638, abs=1e-3)
        assert balance.calorific.purchased / 1e6 * MJ_PER_KGCE == pytest.approx(11_467.0, abs=0.1)
    lost = 800 * 0.1286 - 300 * POWER  # 66.01 kgce a tonne of hot metal
    assert by_name["step"].by_step["power-house"] / 1e6 == pytest.approx(lost)
    assert by_name["conversion"].by_conversion["own-power"] / 1e6 == pytest.approx(lost)
    assert by_name["step"].by_step["air-separation"] / 1e6 == pytest.approx(
        0, abs=1e-3
    )  # oxygen is charged to the furnace


def test_cement_carries_the_clinker_that_went_into_it() -> None:
    account = cement(the_year(CEMENT))
    assert account.value == pytest.approx(CEMENT_TOTAL)
    assert level(account) == 2  # 80 < 84.33 < 87 at 75 % of clinker


def test_stock_of_clinker_that_grew_or_was_sold_is_not_in_the_cement() -> None:
    """Of 1,200,000 t made, 60,000 went into store and 120,000 were sold: 85 % of the clinker's
    energy is the cement's.
    """
    stocks = [
        stock("crushing-prehomogenisation"),
        stock("raw-meal-homogenisation"),
        stock("clinker-cooling", 10_000, 70_000, 120_000),
    ]
    account = cement(the_year(CEMENT), product_stocks=stocks, static={"clinker_pct": 65.0})
    assert account.value == pytest.approx(0.85 * CLINKER_TOTAL * 100 / 130 + 30 * POWER)


def test_stock_drawn_down_counts_at_what_this_years_clinker_took() -> None:
    stocks = [
        stock("crushing-prehomogenisation"),
        stock("raw-meal-homogenisation"),
        stock("clinker-cooling", 120_000, 0),
    ]
    account = cement(the_year(CEMENT), product_stocks=stocks)
    assert account.value == pytest.approx(1.1 * CLINKER_TOTAL * 100 / 130 + 30 * POWER)
    assert level(account) == 3  # 92.4 by 94, where the year's own clinker alone would have met 87


def no_production(carrier: str, quantity: float, unit: str) -> dict[str, Any]:
    return {
        "carrier": carrier,
        "quantity": quantity,
        "unit": unit,
        "period": YEAR,
        "reason": "offices",
    }


@pytest.mark.slow
def test_what_is_called_no_production_is_small_and_shown_or_the_account_is_open() -> None:
    """15 kWh a tonne of the line's 51 called offices: an electricity of 36 kWh/t, where 51 is the
    truth.
    """
    batches = the_year(CEMENT)
    kwh_of_clinker = 12 * 5_100_000.0
    for kwh, lacks in (
        (15 * 1_200_000.0, ["others-too-much"]),
        (kwh_of_clinker * 0.004, []),
        (kwh_of_clinker * 0.006, ["others-too-much"]),
    ):
        fence = {
            "purchased": bought(batches, electricity=kwh),
            "others": [no_production("electricity", kwh, "kWh")],
        }
        account = clinker(batches, Metric.ELECTRICITY, site_boundary=fence)
        assert codes(account) == lacks
        assert lacks or any(
            "0.4 % of the energy is declared as not for production: offices." in why.en
            for why in account.provisos
        )
    small = {
        "purchased": bought(batches, electricity=kwh_of_clinker * 0.006),
        "others": [no_production("electricity", 367_200.0, "kWh")],
    }
    assert (
        codes(clinker(batches, site_boundary=small)) == []
    )  # of the total, coal included, it is 0.04 %


@pytest.mark.slow
def test_a_fuel_is_never_no_production() -> None:
    batches = the_year(CEMENT)
    fence = {"purchased": bought(batches, coal=1.0), "others": [no_production("coal", 1.0, "t")]}
    assert codes(clinker(batches, site_boundary=fence)) == ["others-fuel"]
    assert codes(clinker(batches, Metric.ELECTRICITY, site_boundary=fence)) == []


def test_what_is_called_no_production_says_why() -> None:
    silent = {
        "purchased": [],
        "others": [{**no_production("electricity", 1.0, "kWh"), "reason": " "}],
    }
    with pytest.raises(ValueError, match="reason"):
        labelled_year(the_year(CEMENT), site_boundary=silent)


def test_stock_that_nobody_stated_leaves_the_account_open() -> None:
    account = cement(the_year(CEMENT), product_stocks=[stock("clinker-cooling")])
    assert codes(account) == ["stock-not-stated", "stock-not-stated"]
    assert (account.value, account.uncertainty, level(account)) == (None, None, None)
    assert [limit.reason for limit in account.limits] == ["account-incomplete"]


def test_clinker_bought_in_took_energy_that_is_not_known_here() -> None:
    bought_in = [{"made_by": "clinker-cooling", "into": "cement-grinding", "quantity": 50_000}]
    batches = the_year(CEMENT)
    assert codes(cement(batches, bought_in=bought_in)) == ["bought-in"]
    assert (
        codes(clinker(batches, bought_in=bought_in)) == []
    )  # of its own clinker nothing is missing


def test_ingot_takes_electrolysis_and_casting() -> None:
    """13,350 kWh/t at the cell and 30 at the caster: 13,380 x 0.1229 = 1,644.4 kgce/t."""
    account = accounts(the_year(INGOT), "aluminium")["aluminium-casting", Metric.TOTAL]
    assert account.value == pytest.approx(1_644.402)
    by_edition = {limit.limit: (limit.best_met, limit.reason) for limit in account.limits}
    assert by_edition == {
        "gb21346-2022-ingot": (1, None),
        "gb21346-2013-ingot": (None, "not-in-force"),
    }
    assert account.to_json()["limits"][0]["edition"] == "2022"


def test_electricity_of_ingot_has_an_account_of_its_own() -> None:
    """13,380 kWh/t lies between 13,300 and 13,400."""
    account = accounts(the_year(INGOT), "aluminium")["aluminium-casting", Metric.ELECTRICITY]
    assert account.value == pytest.approx(13_380)
    by_edition = {limit.limit: (limit.best_met, limit.reason) for limit in account.limits}
    assert by_edition == {
        "gb21346-2022-ingot-electricity": (2, None),
        "gb21346-2013-ingot-electricity": (None, "not-in-force"),
    }


def test_ingot_whose_cells_a_gas_engine_feeds_has_no_account_in_kilowatt_hours() -> None:
    """450 Nm3/t make 1,800 kWh that no meter of electricity shows: 11,580 would be grade 1, 13,380
    is none of the best two.
    """
    cells = the_year({**INGOT, "electrolysis": (10_000, 115_500, 0)})
    gas = CarrierEnergy("natural-gas", 4_500_000, "Nm3", lhv_mj_per_unit=36.0)
    engine = [
        replace(batch, energy=(*batch.energy, gas)) if batch.step == "electrolysis" else batch
        for batch in cells
    ]
    assert codes(accounts(cells, "aluminium")["aluminium-casting", Metric.ELECTRICITY]) == []
    assert codes(accounts(engine, "aluminium")["aluminium-casting", Metric.ELECTRICITY]) == [
        "energy-outside-metric"
    ]


def with_metal(batches: list[Batch], pct: float) -> list[Batch]:
    return [
        replace(batch, variables={"liquid_metal_pct": pct})
        if batch.step == "aluminium-casting"
        else batch
        for batch in batches
    ]


def test_a_cast_house_that_adds_alloy_and_scrap_has_an_ingot_account_once_it_says_so() -> None:
    """12,500 t cast of 10,000 t from the cells and 2,500 t of scrap: 13,350 kWh/t of metal from the
    cells and 30 at the caster, as without scrap. Divided by all that was cast it would be 10,710,
    which no cell can do."""
    scrap = the_year({**INGOT, "aluminium-casting": (12_500, 375, 0)})
    assert codes(accounts(scrap, "aluminium")["aluminium-casting", Metric.ELECTRICITY]) == [
        "intermediate-short"
    ]
    for batches in (with_metal(scrap, 80.4), scrap):
        tables: dict[str, Any] = (
            {} if batches is not scrap else {"static": {"liquid_metal_pct": 80.4}}
        )
        account = accounts(batches, "aluminium", **tables)["aluminium-casting", Metric.ELECTRICITY]
        assert codes(account) == []
        assert account.value == pytest.approx(13_380)
        assert any(
            why.en.startswith("80 % of the output of Aluminium casting") for why in account.provisos
        )


def test_less_metal_than_went_in_makes_an_ingot_no_better() -> None:
    """A cast house without scrap that says 80 %: its account is a quarter worse, and never
    better.
    """
    account = accounts(with_metal(the_year(INGOT), 80.4), "aluminium")[
        "aluminium-casting", Metric.ELECTRICITY
    ]
    assert account.value == pytest.approx(13_350 * 1.25 + 30)


def test_more_than_its_intermediate_could_make_is_no_account() -> None:
    """Half of the metal bought and not stated: 6,690 kWh/t, which no cell can do, would meet every
    grade; 2.5 % less than the reference's 1.005 t is an error of weighing."""
    for output, lacks in (
        (4_900, ["intermediate-short"]),
        (9_700, ["intermediate-short"]),
        (9_800, []),
    ):
        fewer = the_year({**INGOT, "electrolysis": (output, 13.35 * output, 0)})
        assert codes(accounts(fewer, "aluminium")["aluminium-casting", Metric.TOTAL]) == lacks


def with_clinker(batches: list[Batch], pct: float) -> list[Batch]:
    return [
        replace(batch, variables={"clinker_pct": pct}) if batch.step == "cement-grinding" else batch
        for batch in batches
    ]


def test_cement_takes_the_clinker_that_its_own_log_names() -> None:
    """As the reviewer found it: 949 t of cement with 75 % of clinker from 365 t was 46.67 kgce/t,
    grade 1, where 87.73 is the truth.
    """
    none = [{"made_by": "clinker-cooling", "into": "cement-grinding", "quantity": 0}]
    bought_half = with_clinker(the_year({**CEMENT, "cement-grinding": (260_000, 7_800, 0)}), 75)
    assert codes(cement(bought_half)) == ["intermediate-short"]
    assert codes(cement(bought_half, bought_in=none)) == ["bought-in-refuted"]
    honest = with_clinker(
        the_year({**CEMENT, "cement-grinding": (260_000, 7_800, 0)}), 38
    )  # 98.8 t of 100
    assert codes(cement(honest, bought_in=none)) == []
    assert codes(cement(with_clinker(the_year(CEMENT), 79.2))) == []  # 102.96 of 100 t: the scales
    assert codes(cement(with_clinker(the_year(CEMENT), 79.4))) == ["intermediate-short"]  # 103.22


def test_a_share_of_clinker_that_the_log_refutes_corrects_no_limit() -> None:
    """75 % in the log and 95 % under [static] loosened cement's limits from 80, 87 and 94 to 102,
    110 and 118.
    """
    batches = with_clinker(the_year(CEMENT), 75)
    honest = cement(batches)
    assert (codes(honest), honest.limits[0].limits) == ([], (80, 87, 94))
    refuted = cement(batches, static={"altitude_m": 200.0, "clinker_pct": 95.0})
    assert [limit.reason for limit in refuted.limits] == ["constant-two-valued"]
    near = cement(
        with_clinker(the_year(CEMENT), 74.8), static={"altitude_m": 200.0, "clinker_pct": 75.0}
    )
    assert (
        near.limits
        == cement(with_clinker(the_year(CEMENT), 74.8), static={"altitude_m": 200.0}).limits
    )  # the log's corrects it


def test_the_error_of_weighing_is_allowed_once_along_a_route() -> None:
    """Clinker 2.9 % short of its raw meal's ratio and cement 2.9 % of its clinker were 5.3 % of
    cement in one account.
    """
    none = [
        {"made_by": maker, "into": into, "quantity": 0}
        for maker, into in (("clinker-cooling", "cement-grinding"), *MEAL)
    ]
    batches = with_clinker(the_year(CEMENT), 79.1)  # 102.83 of 100 t
    account = cement(batches, bought_in=none)
    assert codes(account) == []
    assert [why.en.partition(" than the following")[0] for why in account.provisos] == [
        "The output of Clinker cooling was 2.8 % less"
    ]
    both = with_clinker(the_year({**CEMENT, "raw-meal-homogenisation": (148_000, 1_800, 0)}), 79.1)
    assert codes(cement(both, bought_in=none)) == ["bought-in-refuted"]
    assert codes(clinker(both, bought_in=none)) == []  # of the meal alone 2.6 % is missing


def test_clinker_called_sold_is_not_in_the_cement() -> None:
    stocks = [
        stock("crushing-prehomogenisation"),
        stock("raw-meal-homogenisation"),
        stock("clinker-cooling", sold=360_000),
    ]
    assert codes(cement(with_clinker(the_year(CEMENT), 75), product_stocks=stocks)) == [
        "intermediate-short"
    ]
    assert codes(cement(with_clinker(the_year(CEMENT), 53), product_stocks=stocks)) == []


def test_auxiliary_energy_decides_over_the_grade() -> None:
    """Pumps and workshops of 180 kWh/t: 13,560 x 0.1229 = 1,666.5 still meets 1,670; of 250 kWh/t:
    1,675.1 does not, and meets 1,680.
    """
    batches = the_year(INGOT)
    for kwh_per_t, best in ((180, 1), (250, 2)):
        pumps = {
            "carrier": "electricity",
            "quantity": kwh_per_t * 120_000.0,
            "unit": "kWh",
            "period": YEAR,
            "step": "electrolysis",
        }
        fence = {
            "purchased": bought(batches, electricity=kwh_per_t * 120_000.0),
            "auxiliaries": [pumps],
        }
        account = accounts(batches, "aluminium", site_boundary=fence)[
            "aluminium-casting", Metric.TOTAL
        ]
        assert account.value == pytest.approx((13_380 + kwh_per_t) * POWER)
        assert level(account) == best


def test_an_auxiliary_serves_a_step_that_ran_or_there_is_no_account() -> None:
    """20 of 138 kg/t of coal said to serve a waste-heat power house that the site does not have:
    90.56 kgce/t and level 1 for 104.84.
    """
    batches = the_year({**CEMENT, "clinker-burning": (100_000, 2_600, 11_800)})
    coal = {
        "carrier": "coal",
        "quantity": 24_000.0,
        "unit": "t",
        "period": YEAR,
        "lhv": 1000 * COAL * MJ_PER_KGCE,
    }

    def served(step: str, metric: Metric = Metric.TOTAL) -> RouteAccount:
        return clinker(
            batches,
            metric,
            site_boundary={
                "purchased": bought(batches, coal=24_000.0),
                "auxiliaries": [{**coal, "step": step}],
            },
        )

    for metric, lacks in (
        (Metric.TOTAL, True),
        (Metric.THERMAL, True),
        (Metric.ELECTRICITY, False),
    ):
        assert codes(served("waste-heat-power", metric)) == (
            ["auxiliary-of-no-step"] if lacks else []
        )
    assert served("clinker-burning").value == pytest.approx(CLINKER_TOTAL)
    beside = served("cement-grinding")
    assert beside.value == pytest.approx(CLINKER_TOTAL - 20 * COAL)
    assert beside.provisos[-1].en.startswith(
        "Auxiliaries that are declared to serve steps outside this account used 14 % of their own "
        "and the account's energy together: Cement"
    )
    assert "cement" not in beside.provisos[-1].said_in("zh").lower()


def test_a_missing_step_leaves_the_account_open() -> None:
    account = clinker(
        the_year(
            {step: figures for step, figures in CEMENT.items() if step != "raw-meal-homogenisation"}
        )
    )
    assert "step-without-data" in codes(account)
    assert "Raw meal" in next(
        why.en for code, why in account.missing if code == "step-without-data"
    )
    assert account.value is None


def test_a_year_cut_short_leaves_the_account_open() -> None:
    assert codes(clinker(the_year(CEMENT, months=9))) == ["period-not-covered"] * 4
    assert "period-not-a-year" in codes(clinker(the_year(CEMENT), year="2024-01-01/2024-12-01"))


def test_a_step_that_stood_as_declared_is_no_gap() -> None:
    stopped = [
        {
            "kind": "stopped",
            "step": step,
            "from": "2024-10-01",
            "until": "2025-01-01",
            "reason": "market",
        }
        for step in CLINKER
    ]
    account = clinker(the_year({step: CEMENT[step] for step in CLINKER}, months=9), events=stopped)
    assert codes(account) == []
    assert account.value == pytest.approx(CLINKER_TOTAL)


def test_start_ups_scrap_and_excluded_runs_count_with_their_energy_and_scrap_makes_no_product() -> (
    None
):
    """One month of burning is a start-up and one of cooling scrap: energy as before, product 11 of
    12 months.
    """
    batches = the_year(CEMENT)
    changed = [
        replace(batch, state=OperatingState.START_UP)
        if batch.batch_id == "clinker-burning-3"
        else replace(batch, status=ProductStatus.SCRAP, excluded="overlap")
        if batch.batch_id == "clinker-cooling-4"
        else batch
        for batch in batches
    ]
    assert clinker(changed).value == pytest.approx(CLINKER_TOTAL * 12 / 11)


def test_energy_outside_a_steps_boundary_counts() -> None:
    """Producer gas with which nobody reckons: 12 Nm3/t of 5.2 MJ is 2.1291 kgce/t more."""
    gas = CarrierEnergy("producer-gas", 1_200_000, "Nm3", lhv_mj_per_unit=5.2)
    batches = [
        batch.with_energy([gas]) if batch.step == "clinker-burning" else batch
        for batch in the_year(CEMENT)
    ]
    assert clinker(batches).value == pytest.approx(CLINKER_TOTAL + 12 * 5.2 / MJ_PER_KGCE)


def test_a_batch_without_its_coal_leaves_the_account_open() -> None:
    batches = [
        replace(batch, energy=batch.energy[:1]) if batch.batch_id == "clinker-burning-5" else batch
        for batch in the_year(CEMENT)
    ]
    account = clinker(batches)
    assert codes(account) == ["energy-missing"]
    assert account.missing[0][1].en == "Clinker burning: coal of 1 batch is not known."


def test_an_account_that_the_fence_does_not_bear_out_is_open() -> None:
    batches = the_year(CEMENT)
    assert codes(
        clinker(batches, site_boundary={"purchased": bought(batches, electricity=10_000_000.0)})
    ) == ["site-balance-open"]
    assert codes(clinker(batches, site_boundary=None)) == ["site-boundary-missing"]


def test_what_came_over_the_fence_is_used_whoever_says_less() -> None:
    """138 kg/t of coal bought, 136.8 stated: within 1 % of both, and counted. 131 with 4 % said of
    the scales: the fence is 2 % wide.
    """
    batches = the_year(CEMENT)
    fence = {"purchased": bought(batches)}

    def stating(share: float) -> list[Batch]:
        return [
            replace(
                batch,
                energy=tuple(
                    replace(e, quantity=share * e.quantity) if e.carrier == "coal" else e
                    for e in batch.energy
                ),
            )
            for batch in batches
        ]

    less = clinker(stating(136.8 / 138), site_boundary=fence)
    assert less.value == pytest.approx(CLINKER_TOTAL)
    assert {part.kind: part.energy for part in less.parts}["residual"] == pytest.approx(
        1.2 * COAL * 1_200_000
    )
    assert clinker(
        stating(136.8 / 138), Metric.THERMAL, site_boundary=fence
    ).value == pytest.approx(138 * COAL * MJ_PER_KGCE)
    more = clinker(stating(139.2 / 138), site_boundary=fence)
    assert more.value == pytest.approx(
        CLINKER_TOTAL + 1.2 * COAL
    )  # what is used beyond what came is not taken off
    loose = {"id": "works", "timezone": "UTC", "pack": "cement", "uncertainty_pct": 4.0}
    assert codes(clinker(stating(131 / 138), site_boundary=fence, site=loose)) == [
        "site-balance-open"
    ]


def test_declared_losses_and_losses_of_conversions_are_shared_by_use() -> None:
    """2 % of the power bought is lost on its way: 51 / 0.98. A boiler burns 1.25 of coal for 1 of
    the steam that the raw mill takes.
    """
    batches = the_year(CEMENT)
    used = sum(
        energy.quantity
        for batch in batches
        for energy in batch.energy
        if energy.carrier == "electricity"
    )
    fence = {
        "purchased": bought(batches, electricity=used / 0.98 - used),
        "losses": [{"carrier": "electricity", "pct": 2.0}],
    }
    assert clinker(batches, Metric.ELECTRICITY, site_boundary=fence).value == pytest.approx(
        51 / 0.98
    )

    steam = CarrierEnergy("steam", 5_000.0, "GJ")
    wet = [
        batch.with_energy([steam]) if batch.step == "raw-meal-homogenisation" else batch
        for batch in batches
    ]
    coal_t = 1.25 * 60_000_000 / MJ_PER_KGCE / COAL / 1000
    boiler = {
        "id": "boiler",
        "takes": [{"carrier": "coal", "quantity": coal_t, "unit": "t", "period": YEAR}],
        "gives": [{"carrier": "steam", "quantity": 60_000.0, "unit": "GJ", "period": YEAR}],
    }
    fence = {"purchased": bought(batches, coal=coal_t), "conversions": [boiler]}
    assert clinker(wet, site_boundary=fence).value == pytest.approx(
        CLINKER_TOTAL + 1.25 * 60_000_000 / MJ_PER_KGCE / 1_200_000
    )


def conversion(
    name: str, takes: tuple[str, float, str], *gives: tuple[str, float, str]
) -> dict[str, Any]:
    def flow(carrier: str, quantity: float, unit: str) -> dict[str, Any]:
        return {"carrier": carrier, "quantity": quantity, "unit": unit, "period": YEAR}

    return {"id": name, "takes": [flow(*takes)], "gives": [flow(*output) for output in gives]}


@pytest.mark.parametrize(
    "product",
    [
        ("heat", 1.0, "MJ"),  # next to nothing, which nobody takes
        ("steam", 300_000.0, "GJ"),  # much, which nobody takes
        ("heat", 1.0, "MJ", "offices"),
    ],
)
def test_a_conversion_whose_product_nobody_takes_loses_what_everybody_bears(
    product: tuple[Any, ...],
) -> None:
    """14 of 138 kg/t of coal into a boiler whose steam is in no use were in no account: 94.84
    kgce/t, level 1, for 104.84.
    """
    batches = the_year({**CEMENT, "clinker-burning": (100_000, 2_600, 12_400)})
    coal_t = 14 * 1_200.0
    fence = {
        "purchased": bought(batches, coal=coal_t),
        "conversions": [conversion("boiler", ("coal", coal_t, "t"), product[:3])],
    }
    if len(product) > 3:
        fence["others"] = [no_production("heat", 1.0, "MJ")]
    assert clinker(batches, site_boundary=fence).value == pytest.approx(CLINKER_TOTAL, rel=1e-6)
    assert clinker(batches, Metric.THERMAL, site_boundary=fence).value == pytest.approx(
        138 * COAL * MJ_PER_KGCE, rel=1e-6
    )


def test_electricity_that_a_conversion_loses_counts_in_electricity() -> None:
    """500 of 13,380 kWh/t of a smelter into a rectifier that gives a megajoule: 12,880 kWh/t was
    level 1, the truth is level 2.
    """
    batches = the_year({**INGOT, "electrolysis": (10_000, 128_500, 0)})
    lost = 500 * 120_000.0
    fence = {
        "purchased": bought(batches, electricity=lost),
        "conversions": [conversion("rectifier", ("electricity", lost, "kWh"), ("heat", 1.0, "MJ"))],
    }
    by_metric = accounts(batches, "aluminium", site_boundary=fence)
    assert by_metric["aluminium-casting", Metric.ELECTRICITY].value == pytest.approx(13_380)
    assert by_metric["aluminium-casting", Metric.TOTAL].value == pytest.approx(13_380 * POWER)


def test_fuel_of_own_steam_counts_as_heat_and_fuel_of_own_power_does_not() -> None:
    """1.25 of coal for 1 of the raw mill's steam: all 1.25 are heat of the clinker. A power house's
    2.5 of coal for 1 are energy alone.
    """
    batches = the_year(CEMENT)
    steam = CarrierEnergy("steam", 5_000.0, "GJ")
    wet = [
        batch.with_energy([steam]) if batch.step == "raw-meal-homogenisation" else batch
        for batch in batches
    ]
    coal_t = 1.25 * 60_000_000 / MJ_PER_KGCE / COAL / 1000
    fence = {
        "purchased": bought(batches, coal=coal_t),
        "conversions": [conversion("boiler", ("coal", coal_t, "t"), ("steam", 60_000.0, "GJ"))],
    }
    heat = 138 * COAL * MJ_PER_KGCE
    assert clinker(wet, Metric.THERMAL, site_boundary=fence).value == pytest.approx(
        heat + 1.25 * 60_000_000 / 1_200_000
    )
    kwh = 51 * 1_200_000.0 + 30 * 1_560_000.0
    coal_t = 2.5 * POWER * kwh / COAL / 1000
    fence = {
        "purchased": [
            purchase for purchase in bought(batches, coal=coal_t) if purchase["carrier"] == "coal"
        ],
        "conversions": [conversion("power", ("coal", coal_t, "t"), ("electricity", kwh, "kWh"))],
    }
    assert clinker(batches, Metric.THERMAL, site_boundary=fence).value == pytest.approx(heat)
    assert clinker(batches, Metric.ELECTRICITY, site_boundary=fence).value == pytest.approx(51)
    assert clinker(batches, site_boundary=fence).value == pytest.approx(
        138 * COAL + 2.5 * 51 * POWER
    )


def test_a_loss_is_passed_on_through_another_conversion() -> None:
    """Coal makes steam at 80 %, steam power at 40 %: who takes all the power bears both losses."""
    batches = the_year(CEMENT)
    kwh = 51 * 1_200_000.0 + 30 * 1_560_000.0
    steam_gj = POWER * kwh * MJ_PER_KGCE / 0.4 / 1000
    coal_t = steam_gj / 0.8 / (COAL * MJ_PER_KGCE)
    fence = {
        "purchased": [
            purchase for purchase in bought(batches, coal=coal_t) if purchase["carrier"] == "coal"
        ],
        "conversions": [
            conversion("boiler", ("coal", coal_t, "t"), ("steam", steam_gj, "GJ")),
            conversion("turbine", ("steam", steam_gj, "GJ"), ("electricity", kwh, "kWh")),
        ],
    }
    assert clinker(batches, site_boundary=fence).value == pytest.approx(
        138 * COAL + 51 * POWER / 0.4 / 0.8
    )


def test_a_level_within_the_uncertainty_is_named() -> None:
    (limit,) = (row for row in clinker(the_year(CEMENT)).to_json()["limits"])
    assert limit["within_uncertainty"] == []
    near = clinker(
        the_year(CEMENT | {"clinker-burning": (100_000, 2_600, 14_000)})
    ).to_json()  # 106.27 by 107, and may err by 1.0
    assert near["limits"][0]["within_uncertainty"] == [2]


def test_a_site_without_such_a_route_has_no_account() -> None:
    assert accounts(the_year({"alumina-refining": (10_000, 2_000, 0)}), "aluminium") == {}


def test_a_stock_of_an_unknown_step_is_refused(
    pack: Any, a_site: Callable[..., SiteSettings]
) -> None:
    with pytest.raises(InputError, match="step that the pack does not have"):
        refuse_unknown_steps(a_site(product_stocks=[stock("clinker")]), pack)


def test_report_terminal_and_label_json_show_the_account_and_what_it_lacks() -> None:
    site, result, analysis = whole(the_year(CEMENT))
    lacking = whole(the_year(CEMENT), product_stocks=[])
    entry = label_json(result, analysis)["route_accounts"][0]
    assert (entry["steps"], entry["metric"]) == (list(CLINKER), "total")
    assert entry["value"] == pytest.approx(CLINKER_TOTAL)
    jsonschema.validate(label_json(result, analysis), label_schema())
    text = summary.routes_as_text(analysis.routes)
    assert "annual account: 104.8 ±0.9865 kgce/t (k = 2, for the energy only)" in text
    assert (
        "Clinker: comprehensive energy per unit of product, GB 16780-2021: level 2 met of 100.0 / "
        "107.0 / 117.0 kgce/t" in text
    )
    assert "incomplete\n  missing: The stock of the product of" in summary.routes_as_text(
        lacking[2].routes
    )
    for lang, value, why in (
        ("en", "104.8 ±0.9865 kgce/t", "The stock of the product of"),
        ("zh", "104.8 ±0.9865 kgce/t", "期末库存"),
    ):
        assert value in html.render(site, result, analysis, lang, MADE)
        assert why in html.render(*lacking, lang, MADE)


def test_what_leaves_holds_nothing_of_an_account() -> None:
    """The account is part of the analysis, which nothing that sends may import; the label that a
    report is drawn from has no such part.
    """
    _, result, analysis = whole(the_year(CEMENT))
    assert analysis.routes
    assert "route_accounts" not in result.site_label.to_json()
