"""What a works of a few meters paid, each amount at the hours in which it was used: from files to
the cost of the step.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from benchmarks.errors import InputError
from reporting_agent.analysis.energy_costs.batch_costs import StepCost, costs
from reporting_agent.changes.questioned_label import labelled
from reporting_agent.cli import main
from reporting_agent.config import load_site
from tests.grinding_works import NEW_YEAR, TARIFF, hourly, meter, runs, works

DEMAND = TARIFF + "[[tariff.demand]]\nprice = 40\nminutes = 60\n"


def cost_of(path: Path, period: str = "2026-01") -> StepCost:
    site = load_site(path)
    (cost,) = costs(site, labelled(site, period, datetime.now(UTC)).result)
    return cost


def notes_of(cost: StepCost) -> str:
    return " ".join(note.en for note in cost.notes)


def by_night(kwh: float) -> Callable[[int], float]:
    return lambda hour: kwh if hour < 8 else 0.0


def by_day(kwh: float) -> Callable[[int], float]:
    return lambda hour: kwh if hour >= 8 else 0.0


def at_work(kwh: float, else_: float = 0.0) -> Callable[[int], float]:
    return lambda hour: kwh if 10 <= hour < 16 else else_


def test_what_is_taken_in_by_night_and_given_back_by_day_has_each_its_own_price(
    tmp_path: Path,
) -> None:
    """800 kWh in at 0.2 and 320 out at 1.0 are -160 CNY a day; by the hours of both together it was
    +206.
    """
    meters = [meter("in"), meter("out", 'direction = "export"')]
    cost = cost_of(
        works(
            tmp_path,
            meters,
            hourly("in", 40, by_night(100)) + hourly("out", 40, by_day(20)),
            tariff=TARIFF,
        )
    )
    assert cost.energy == pytest.approx(31 * (800 * 0.2 - 320 * 1.0), rel=0.01)


def test_what_is_given_back_without_a_meter_of_its_own_is_not_priced_at_the_hours_of_the_other(
    tmp_path: Path,
) -> None:
    """The 320 kWh of each day stand in a file: 8 hours at 0.2 and 16 at 1.0, and the note says that
    no meter shows them.
    """
    energy = [f"R{day:03},cement-grinding,electricity,-320,kWh" for day in range(31)]
    path = works(
        tmp_path, [meter("in")], hourly("in", 40, by_night(100)), tariff=TARIFF, energy=energy
    )
    (tmp_path / "energy.csv").write_text(
        "batch_id,step,carrier,quantity,unit,direction\n"
        + "".join(f"{row.replace('-320', '320')},export\n" for row in energy)
    )
    cost = cost_of(path)
    assert cost.energy == pytest.approx(31 * (800 * 0.2 - 320 * (8 * 0.2 + 16) / 24), rel=0.01)
    assert "evenly over the batch's time where none does" in notes_of(cost)


def test_the_money_of_a_gap_is_at_the_hours_in_which_its_energy_was_taken_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All is taken in at 0.2, whatever a turbine gives by day."""
    level = np.random.default_rng(1).uniform(1.0, 1.4, 100).tolist()
    taken_in = [
        ("in", NEW_YEAR + timedelta(hours=n + 1), 400.0 * level[n // 24] if n % 24 < 8 else 0.01)
        for n in range(2400)
    ]
    meters, own = (
        [meter("in"), meter("out", 'direction = "recovered"')],
        "[static]\nown_power_pct = 0.0\nbought_ground_pct = 0.0\n",
    )
    path = works(
        tmp_path,
        meters,
        taken_in + hourly("out", 100, lambda hour: 50.0 if hour >= 8 else 0.01),
        runs(90),
        tariff=TARIFF,
        more=own,
    )
    assert main(["worth", "--site", str(path), "--period", "2026-Q1", "--json"]) == 0
    gap = next(
        step["gap"]
        for step in json.loads(capsys.readouterr().out)["steps"]
        if step["metric"] == "electricity"
    )
    assert gap["money"] / gap["kwh"] == pytest.approx(0.2, rel=0.02)


def test_a_motor_in_megawatt_hours_and_its_auxiliaries_in_kilowatt_hours_are_priced_together(
    tmp_path: Path,
) -> None:
    """800 kWh by day at 1.0 and 8 kWh by night at 0.2; by the auxiliaries' hours alone all of it
    cost 0.2.
    """
    meters = [meter("aux"), meter("motor", unit="MWh")]
    cost = cost_of(
        works(
            tmp_path,
            meters,
            hourly("motor", 40, by_day(0.05)) + hourly("aux", 40, by_night(1.0)),
            tariff=TARIFF,
        )
    )
    assert cost.energy == pytest.approx(31 * (800 * 1.0 + 8 * 0.2), rel=0.01)


def test_each_of_two_mills_is_priced_along_its_own_meter(tmp_path: Path) -> None:
    """800 kWh a day of the first by night (0.2), 800 of the second by day (1.0)."""
    meters = [meter("m1", 'equipment = "mill-1"'), meter("m2", 'equipment = "mill-2"')]
    log = runs(31, equipment="mill-1", prefix="A") + runs(31, equipment="mill-2", prefix="B")
    cost = cost_of(
        works(
            tmp_path,
            meters,
            hourly("m1", 40, by_night(100)) + hourly("m2", 40, by_day(50)),
            log,
            tariff=TARIFF,
        )
    )
    first = sum(batch.energy for batch in cost.batches if batch.batch_id.startswith("A"))
    assert [first, cost.energy] == pytest.approx([31 * 160, 31 * 960], rel=0.01)


HOLES = {24 * day + hour for day in range(31) for hour in range(9, 13)}


def with_holes(name: str, each_hour: float) -> list[tuple[str, datetime, float]]:
    """A register that was not read for four hours of each day."""
    return [
        (name, NEW_YEAR + timedelta(hours=n), each_hour * n + n % 7)
        for n in range(24 * 35)
        if n not in HOLES
    ]


def test_what_of_one_carrier_is_known_in_part_leaves_the_cost_of_the_others(tmp_path: Path) -> None:
    """Coal is weighed without a hole, and the label of heat takes every run."""
    meters = [
        meter("kiln", step="clinker-burning", reading="register"),
        meter(
            "coal",
            "lhv = 25000",
            'lhv_source = "measured"',
            unit="t",
            carrier="coal",
            step="clinker-burning",
        ),
    ]
    log = [
        row.replace(",cement,", ",clinker,").replace(",t,,,", ",t,grey,,")
        for row in runs(31, tonnes=2400, step="clinker-burning")
    ]
    tariff = TARIFF + '[[tariff.prices]]\ncarrier = "coal"\nunit = "t"\nprice = 800\n'
    readings = with_holes("kiln", 3000.0) + hourly("coal", 40, lambda hour: 12.0 + hour % 3)
    cost = cost_of(works(tmp_path, meters, readings, log, tariff=tariff))
    assert cost.energy == pytest.approx(31 * 24 * 13 * 800, rel=0.01)
    assert cost.per_output is None
    assert "31 amounts of electricity are known only in part" in notes_of(cost)


def test_a_carrier_without_a_price_takes_no_cost_away(tmp_path: Path) -> None:
    meters = [meter("mill"), meter("air", unit="Nm3", carrier="compressed-air", reading="register")]
    cost = cost_of(
        works(
            tmp_path,
            meters,
            hourly("mill", 40, lambda _: 125.0) + with_holes("air", 10.0),
            tariff=TARIFF,
        )
    )
    assert cost.energy == pytest.approx(31 * 125 * (8 * 0.2 + 16), rel=0.01)
    assert cost.per_output is not None


def test_where_no_amount_is_wholly_known_that_is_said(tmp_path: Path) -> None:
    cost = cost_of(
        works(
            tmp_path, [meter("mill", reading="register")], with_holes("mill", 125.0), tariff=TARIFF
        )
    )
    assert (cost.energy, cost.per_output) == (0.0, None)
    assert "31 amounts of electricity are known only in part: not in the cost" in notes_of(cost)


def test_a_run_of_no_equipment_is_priced_along_the_meters_that_count_for_it(tmp_path: Path) -> None:
    """A meter of the step by night, 100 kWh an hour, and one of the first mill by day."""
    meters = [meter("m0"), meter("m1", 'equipment = "mill-1"')]
    log = [*runs(15, equipment="mill-1", prefix="A"), *runs(31, prefix="B")[15:]]
    cost = cost_of(
        works(
            tmp_path,
            meters,
            hourly("m0", 40, by_night(100)) + hourly("m1", 40, by_day(50)),
            log,
            tariff=TARIFF,
        )
    )
    own = [batch.energy for batch in cost.batches if batch.batch_id.startswith("B")]
    assert own[3] == pytest.approx(800 * 0.2, rel=0.02)


def test_a_meter_that_mills_share_by_their_names_shows_their_hours(tmp_path: Path) -> None:
    hall = (
        '[[meters]]\nid = "hall"\ncarrier = "electricity"\nreading = "interval"\nunit = '
        '"kWh"\n[meters.allocation]\nby = "output"\n'
    )
    mills = "".join(
        f'[[equipment]]\nid = "mill-{number}"\nstep = "cement-grinding"\n' for number in (1, 2)
    )
    log = runs(31, equipment="mill-1", prefix="A") + runs(31, equipment="mill-2", prefix="B")
    shared = [f'{hall}among = ["mill-1", "mill-2"]\n']
    cost = cost_of(
        works(
            tmp_path,
            shared,
            hourly("hall", 40, lambda hour: 100.0 if hour < 8 else 0.01),
            log,
            tariff=TARIFF,
            more=mills,
        )
    )
    assert cost.energy == pytest.approx(31 * 160, rel=0.02)


def test_shifting_between_hours_that_are_paid_and_hours_that_cost_saves(tmp_path: Path) -> None:
    """Three hours at -1 and three at +1 cost nothing; all six could have brought in money."""
    tariff = TARIFF.replace("price = 0.2", "price = -1.0").replace("00:00-08:00", "00:00-12:00")
    readings = hourly("mill", 40, lambda hour: 500.0 if 9 <= hour < 15 else 2.0)
    cost = cost_of(
        works(tmp_path, [meter("mill")], readings, runs(31, hours=6, at=9), tariff=tariff)
    )
    assert cost.shift is not None
    assert cost.shift.saving > 90_000
    assert "would have cost" in cost.shift.sentence.en


def test_a_tariff_that_sites_share_may_name_steps_to_shift_of_other_sectors(tmp_path: Path) -> None:
    tariff = TARIFF.replace('["cement-grinding"]', '["cement-grinding", "eaf"]')
    path = works(tmp_path, [meter("mill")], hourly("mill", 40, lambda _: 125.0), tariff=tariff)
    assert cost_of(path).energy > 0


def test_a_run_whose_energy_is_not_wholly_known_is_in_no_cost_per_tonne(tmp_path: Path) -> None:
    """Not read by day on every other day. A sound run of 3,000 kWh and 100 t costs 22 CNY/t: a
    third at 0.2, the rest at 1.0.
    """
    gone = {24 * day + hour for day in range(0, 30, 2) for hour in range(9, 21)}
    register = [
        ("mill", NEW_YEAR + timedelta(hours=n), 125.0 * n + n % 7)
        for n in range(24 * 35)
        if n not in gone
    ]
    cost = cost_of(works(tmp_path, [meter("mill", reading="register")], register, tariff=TARIFF))
    assert cost.per_output == pytest.approx(22.0, rel=0.01)
    assert "15 amounts of electricity are known only in part" in notes_of(cost)


def test_a_run_with_two_meters_is_shifted_as_one_run(tmp_path: Path) -> None:
    """Six hours at 1.0, 100 kWh an hour of motor and auxiliaries together; the valley has eight at
    0.2.
    """
    readings = hourly("motor", 40, at_work(90)) + hourly("aux", 40, at_work(10))
    cost = cost_of(
        works(
            tmp_path,
            [meter("motor"), meter("aux")],
            readings,
            runs(31, hours=6, at=10),
            tariff=TARIFF,
        )
    )
    assert cost.shift is not None
    assert cost.shift.saving == pytest.approx(31 * 600 * 0.8, rel=0.01)


def test_shifting_saves_also_where_prices_are_paid_out(tmp_path: Path) -> None:
    """-0.1 by day and -1.0 in the valley: 3,000 kWh a day bring in 0.9 more each."""
    tariff = TARIFF.replace("price = 1.0", "price = -0.1").replace("price = 0.2", "price = -1.0")
    cost = cost_of(
        works(
            tmp_path,
            [meter("mill")],
            hourly("mill", 40, at_work(500, 2)),
            runs(31, hours=6, at=10),
            tariff=tariff,
        )
    )
    assert cost.shift is not None
    assert cost.shift.saving == pytest.approx(31 * 3000 * 0.9)
    assert "would have cost 83,700 CNY less, over 31 days" in cost.shift.sentence.en


def test_a_demand_of_which_half_the_month_is_not_known_is_told_as_a_lower_bound(
    tmp_path: Path,
) -> None:
    """The main meter is silent from the 16th on, when the mill below it is at its highest."""
    meters = [meter("main", step=""), meter("mill", 'parent = "main"')]
    readings = hourly("main", 15, at_work(250, 50)) + hourly("mill", 40, at_work(250, 20))
    cost = cost_of(works(tmp_path, meters, readings, runs(31, hours=6, at=10), tariff=DEMAND))
    assert (
        "For 52 % of the charged time the site's power is not known, so the demand charge is a "
        "lower bound" in notes_of(cost)
    )
    assert "not known" not in notes_of(
        cost_of(
            works(tmp_path, [meter("mill")], hourly("mill", 40, at_work(250, 20)), tariff=DEMAND)
        )
    )


@pytest.mark.parametrize(
    ("period", "months"),
    [("2026-01", 1), ("2026-01-05/2026-01-08", 3 / 31), ("2026-01-30/2026-02-02", 2 / 31 + 1 / 28)],
)
def test_days_of_a_month_bear_their_part_of_its_demand_charge(
    period: str, months: float, tmp_path: Path
) -> None:
    """500 kW at 40 CNY a month."""
    path = works(
        tmp_path,
        [meter("mill")],
        hourly("mill", 40, at_work(500, 2)),
        runs(40, hours=6, at=10),
        tariff=DEMAND,
    )
    cost = cost_of(path, period)
    assert cost.demand == pytest.approx(20_000 * months)
    assert ("its days there" in notes_of(cost)) is (months != 1)


def test_carbon_by_the_supplys_own_factor_is_told_as_such(tmp_path: Path) -> None:
    own = (
        '[[emissions.electricity]]\nfrom = 2025-01-01\nkg_per_kwh = 0.05\nsource = "hydropower '
        'contract"\n'
    )
    tariff = TARIFF + "[tariff.carbon]\nprice = 100\nelectricity = true\n"
    cost = cost_of(
        works(
            tmp_path, [meter("mill")], hourly("mill", 40, lambda _: 125.0), tariff=tariff, more=own
        )
    )
    assert cost.carbon == pytest.approx(31 * 3000 * 0.05 / 1000 * 100)
    assert "at the supply's own factor where one is declared" in notes_of(cost)


def test_a_step_to_shift_that_the_pack_lacks_is_refused(tmp_path: Path) -> None:
    path = works(
        tmp_path,
        [meter("mill")],
        hourly("mill", 40, lambda _: 125.0),
        tariff=TARIFF.replace('"cement-grinding"', '"cement-griding"'),
    )
    with pytest.raises(InputError) as refused:
        cost_of(path)
    assert refused.value.code == "step-unknown"
    assert refused.value.place is not None
    assert refused.value.place.column == "tariff.shiftable"
