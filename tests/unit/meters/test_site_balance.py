"""The site's balance: it closes per carrier and in coal equivalent, on each basis apart, with
conversions as plants of their own.
"""

import re
from collections.abc import Callable
from datetime import datetime

import pytest

from benchmarks.catalogue import in_language
from reporting_agent.analysis.account.flow import findings
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult
from reporting_agent.pipeline.site_balance import SiteBalance, site_balance
from tests.unit.meters.conftest import heats, meter, rate, register

Build = Callable[..., SiteSettings]
Label = Callable[[SiteSettings], LabelResult]
DAYS = 30
MONTH = "2024-03-01/2024-03-31"

# a furnace of 40 MW bought and generated; the power house burns coal; its own use and the offices
# are no production
METERS = (
    meter("bought", accuracy_class=0.5)
    + meter("f1", step='"eaf"', accuracy_class=0.5)
    + meter("generator", accuracy_class=0.5)
    + meter("offices", accuracy_class=1.0)
)
BOUNDARY = """
[site_boundary]
purchased = [
  {{ carrier = "electricity", meter = "bought" }},
  {{ carrier = "coal", quantity = 12000, unit = "t", period = "{period}" }},
]
stocks = [{{ carrier = "coal", opening = 1000, closing = 3000, unit = "t", period = "{period}" }}]
others = [{{ carrier = "electricity", meter = "offices", reason = "offices" }}]
losses = [{{ carrier = "electricity", pct = 2.0 }}]

[[site_boundary.conversions]]
id = "power-house"
takes = [{{ carrier = "coal", quantity = 10000, unit = "t", period = "{period}" }}]
gives = [{{ carrier = "electricity", meter = "generator" }}]
"""
POWER = {
    "f1": 40_000.0,
    "offices": 1_000.0,
    "generator": 20_000.0,
    "bought": 41_000 / 0.98 - 20_000.0,
}


def steady(power_kw: float) -> list[tuple[datetime, float]]:
    return register(lambda _: power_kw, DAYS, 300)


def closed(
    a_site: Build, labelled: Label, boundary: str = BOUNDARY, period: str = MONTH, **changed: float
) -> SiteBalance:
    curves = {name: steady(kw) for name, kw in (POWER | changed).items()}
    site = a_site(METERS + boundary.format(period=period), heats(24 * DAYS), curves)
    balance = site_balance(labelled(site).sitewide(site))
    assert balance is not None
    return balance


def test_every_carrier_closes(a_site: Build, labelled: Label) -> None:
    balance = closed(a_site, labelled)
    power, coal = balance.carriers
    assert (power.carrier, coal.carrier) == ("electricity", "coal")
    assert power.closes
    assert power.residual == pytest.approx(0, abs=10)
    assert power.supplied == pytest.approx(41_000 / 0.98 * 24 * DAYS)
    assert [line.name for line in power.use if line.kind == "step"] == ["eaf"]
    assert coal.unit == "kg"
    assert coal.residual == pytest.approx(0, abs=1e-3)
    assert findings(balance) == []


def test_the_lines_add_up_to_what_the_balance_says(a_site: Build, labelled: Label) -> None:
    for carrier in closed(a_site, labelled, f1=38_000.0).carriers:
        assert sum(line.amount for line in carrier.supply) == carrier.supplied
        assert carrier.supplied - sum(line.amount for line in carrier.use) == pytest.approx(
            carrier.residual, abs=1e-6
        )


def test_on_each_basis_the_whole_closes_and_the_power_house_has_its_own_loss(
    a_site: Build, labelled: Label
) -> None:
    balance = closed(a_site, labelled)
    for basis, per_kwh in ((balance.calorific, 0.1229), (balance.equivalent, 0.3000)):
        generated = 20_000 * 24 * DAYS * per_kwh
        assert basis.by_step["eaf"] == pytest.approx(40_000 * 24 * DAYS * per_kwh)
        assert basis.by_conversion["power-house"] == pytest.approx(10_000_000 * 0.7143 - generated)
        assert basis.residual == pytest.approx(0, abs=5)
        assert basis.sold == pytest.approx(2_000_000 * 0.7143)  # growth of stock
        assert basis.left_out == ()


def test_a_heating_value_weighs_by_its_amount_whatever_the_unit(
    a_site: Build, labelled: Label
) -> None:
    """12,000 t at 26 MJ/kg and 10,000,000 kg at 20: 512 TJ in 22,000 t."""
    bought = BOUNDARY.replace('12000, unit = "t"', '12000, unit = "t", lhv = 26000').replace(
        'quantity = 10000, unit = "t"', 'quantity = 10000000, unit = "kg", lhv = 20'
    )
    intake = 1e7 * 512 / 22 / 29.3076
    generated = 20_000 * 24 * DAYS * 0.1229
    assert closed(a_site, labelled, bought).calorific.by_conversion["power-house"] == pytest.approx(
        intake - generated, rel=1e-6
    )


def test_a_user_that_nobody_meters_is_shown_as_a_residual(a_site: Build, labelled: Label) -> None:
    balance = closed(a_site, labelled, bought=POWER["bought"] + 3_000.0)
    power = balance.carriers[0]
    assert not power.closes
    assert power.residual == pytest.approx(0.98 * 3_000 * 24 * DAYS, rel=1e-3)
    (finding,) = findings(balance)
    assert finding.code == "site-balance-open"
    assert re.fullmatch(
        r"电力：可用 \S+ kWh，已归属 \S+ kWh；差额 \S+ kWh \(\S+%\) 超过各表允许误差（±\S+ kWh）。\S+未申报。",
        in_language(finding.sentence, "zh"),
    )
    assert "A user is not metered" in finding.sentence


def test_a_balance_of_meters_that_may_err_by_a_tenth_is_not_called_closed(
    a_site: Build, labelled: Label
) -> None:
    poor = METERS.replace("accuracy_class = 0.5", "accuracy_class = 12.0")
    site = a_site(
        poor + BOUNDARY.format(period=MONTH),
        heats(24 * DAYS),
        {name: steady(kw) for name, kw in POWER.items()},
    )
    balance = site_balance(labelled(site).sitewide(site))
    assert balance is not None
    power = balance.carriers[0]
    assert abs(power.residual) < power.allowance
    assert power.closes is None
    assert "site-balance-untold" in {finding.code for finding in findings(balance)}


def test_amounts_of_another_period_are_left_out_and_told(a_site: Build, labelled: Label) -> None:
    balance = closed(a_site, labelled, period="2023-03")
    assert [carrier.carrier for carrier in balance.carriers] == ["electricity"]
    assert {finding.code for finding in findings(balance)} == {"flow-of-another-period"}


def test_heat_that_one_step_gives_back_feeds_a_conversion(a_site: Build, labelled: Label) -> None:
    toml = meter("f1", step='"eaf"', accuracy_class=0.5)
    steam = '{ state = "saturated", feed_water_c = 104 }'
    toml += meter(
        "boiler",
        "rate",
        "t/h",
        carrier='"steam"',
        step='"eaf"',
        direction='"recovered"',
        pressure_kpa=1000,
        steam=steam,
    )
    toml += meter("turbine", accuracy_class=1.0) + meter("in", accuracy_class=0.5)
    toml += """
[site_boundary]
purchased = [{ carrier = "electricity", meter = "in" }]

[[site_boundary.conversions]]
id = "waste-heat-power"
takes = [{ carrier = "steam", meter = "boiler" }]
gives = [{ carrier = "electricity", meter = "turbine" }]
"""
    curves = {
        name: steady(kw)
        for name, kw in {"f1": 40_000.0, "turbine": 2_000.0, "in": 38_000.0}.items()
    }
    curves["boiler"] = rate(lambda _: 12.0, DAYS, 300)
    site = a_site(toml, heats(24 * DAYS), curves)
    balance = site_balance(labelled(site).sitewide(site))
    assert balance is not None
    steam_balance = next(carrier for carrier in balance.carriers if carrier.carrier == "steam")
    assert steam_balance.unit == "MJ"
    assert steam_balance.residual == 0.0  # what the step gave back is what the conversion took
    gone = balance.calorific.by_conversion["waste-heat-power"]
    # 12 t/h of saturated steam at 1 MPa: 2777.1 - 436.0 kJ/kg
    assert gone == pytest.approx(
        (12 * 24 * DAYS * 2341.1 / 29.3076) - 2_000 * 24 * DAYS * 0.1229, rel=1e-4
    )


def test_a_site_without_a_boundary_has_no_balance(a_site: Build, labelled: Label) -> None:
    site = a_site(meter("f1", step='"eaf"'), heats(24), {"f1": register(lambda _: 40_000.0, 2)})
    assert site_balance(labelled(site).sitewide(site)) is None
