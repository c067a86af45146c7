"""The demand charge from readings to money: the highest mean over the tariff's own minutes, found
by the meters' one pass.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from reporting_agent.analysis.energy_costs.batch_costs import costs
from reporting_agent.analysis.energy_costs.demand_charge import BatchPower, site_power
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult
from tests.unit.meters.conftest import BEGIN, heats, meter, register

Build = Callable[..., SiteSettings]
Label = Callable[[SiteSettings], LabelResult]

TARIFF = """
[tariff]
currency = "CNY"
[[tariff.prices]]
carrier = "electricity"
unit = "kWh"
price = 0.5
[[tariff.demand]]
price = 40.0
minutes = {minutes}
"""

DAYS = 30 / 31
"""The period lacks the last day of March, and so does the charge."""


def load(moment: datetime) -> float:
    """45 MW while a heat runs; in the heat of the second day at noon 60 MW for a quarter of an
    hour.
    """
    if moment.minute >= 50:
        return 0.0
    peak = (moment - BEGIN).days == 1 and moment.hour == 12 and 15 <= moment.minute < 30
    return 60_000.0 if peak else 45_000.0


@pytest.mark.parametrize(
    ("minutes", "highest"), [(15, 60_000.0), (30, 52_500.0), (60, (35 * 45_000 + 15 * 60_000) / 60)]
)
def test_the_highest_mean_is_that_of_the_tariffs_minutes(
    minutes: int, highest: float, a_site: Build, labelled: Label
) -> None:
    toml = meter("main", step='"eaf"') + TARIFF.format(minutes=minutes)
    result = labelled(a_site(toml, heats(72), {"main": register(load, 3)}))
    (record,) = result.data.meters
    assert (record.demand is None) is (minutes == 60)
    if record.demand is not None:
        assert (
            record.demand.energy.sum() == record.hour_energy.sum()
        )  # the same energy, cut finer, to the last digit
    (cost,) = costs(a_site(toml), result)
    assert cost.demand == pytest.approx(40 * highest * DAYS, rel=1e-6)
    assert (
        sorted(batch.demand for batch in cost.batches)[-2] == 0.0
    )  # the one heat of that hour bears it


@pytest.mark.parametrize(
    "read", [("main", "beside"), ("beside",)], ids=["both read", "the check alone"]
)
def test_a_check_meter_adds_no_power_to_what_it_checks(
    read: tuple[str, ...], a_site: Build, labelled: Label
) -> None:
    toml = (
        meter("main", step='"eaf"')
        + meter("beside", role='"check"', checks='"main"')
        + TARIFF.format(minutes=15)
    )
    result = labelled(a_site(toml, heats(72), {name: register(load, 3) for name in read}))
    assert {record.meter.id for record in result.data.meters} == set(read)
    nothing = np.zeros(0, dtype=np.int64)
    power = site_power(
        result.data.meters, BatchPower(nothing, nothing, nothing, np.zeros(0)), 15, UTC
    )
    assert power is not None
    assert power.power_kw.max() == pytest.approx(60_000.0)
    if "main" in read:
        (cost,) = costs(a_site(toml), result)
        assert cost.demand == pytest.approx(40 * 60_000.0 * DAYS)
        assert not any("no batch used" in note.en for note in cost.notes)


def test_without_a_demand_charge_nothing_more_is_asked_of_the_meters(
    a_site: Build, labelled: Label
) -> None:
    result = labelled(a_site(meter("main", step='"eaf"'), heats(24), {"main": register(load, 1)}))
    assert result.data.meters[0].demand is None


@pytest.mark.parametrize("read_on", [False, True], ids=["removed", "read on elsewhere"])
def test_a_meter_that_took_anothers_place_goes_on_where_that_ended(
    read_on: bool, a_site: Build, labelled: Label
) -> None:
    """Exchanged at the end of the second day, whose peak the first shows."""
    counted = register(load, 3)
    day = BEGIN + timedelta(days=2)
    toml = (
        meter("old", step='"eaf"', until="2024-03-03")
        + meter("new", step='"eaf"', **{"from": "2024-03-03"})
        + TARIFF.format(minutes=15)
    )
    readings = {
        "old": [row for row in counted if row[0] <= day or read_on],
        "new": [row for row in counted if row[0] >= day],
    }
    result = labelled(a_site(toml, heats(72), readings))
    (cost,) = costs(a_site(toml), result)
    assert cost.demand == pytest.approx(40 * 60_000.0 * DAYS)
