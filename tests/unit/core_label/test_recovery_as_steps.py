"""Recovered heat and power as steps of their own: process and recovery add up, and nothing counts
twice.

By hand, per tonne of coke, hot metal and clinker (cases of `fixtures/worked_cases.toml`):

    coking 98.9434 and dry quenching -42.2130            =  56.7304 kgce =  1,662.63 MJ
    blast furnace 429.6714 and turbine -4.3015           = 425.3699 kgce = 12,466.57 MJ
    clinker burning 103.6890 and waste-heat power -4.3015 =  99.3875 kgce =  2,912.81 MJ
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from benchmarks import packs
from benchmarks.labels.coverage import Coverage
from benchmarks.labels.limit_test import grade_step
from benchmarks.measurements import Period
from tests.unit.core_label.test_worked_cases import CASES, MJ_PER_KGCE, labelled

BY_ID = {case["id"]: case for case in CASES}


def value(case: dict[str, Any]) -> float:
    best = labelled(case).best.value
    assert best is not None
    return best


@pytest.mark.parametrize(
    ("process", "recovery", "kgce", "mj"),
    [
        ("coking-beside-dry-quenching", "dry-quenching", 56.7304, 1662.63),
        ("blast-furnace-beside-its-turbine", "top-gas-turbine", 425.3699, 12466.57),
        ("kiln-beside-waste-heat-power", "waste-heat-power", 99.3875, 2912.81),
    ],
)
def test_process_and_recovery_add_up(process: str, recovery: str, kgce: float, mj: float) -> None:
    apart = value(BY_ID[process]) + value(BY_ID[recovery])
    assert apart == pytest.approx(kgce, abs=1e-3)
    assert apart * MJ_PER_KGCE == pytest.approx(mj, abs=0.05)


def test_a_tonne_of_steel_counts_the_power_house_by_its_loss_alone() -> None:
    """400 kWh of the works' own power a tonne of steel, on the gas that the furnace gave back.

    Without the power house the works sells 1,040 Nm3 of gas (133.744 kgce) and buys 400 kWh (49.160
    kgce): -84.584 kgce at the fence. With it nothing crosses: the route adds 400 x 0.21146 =
    +84.584 kgce = 2,478.95 MJ, which is what the conversion loses.
    """
    loss = 400 * value(BY_ID["power-house-on-blast-furnace-gas"])
    sold_and_bought = -1040 * 0.1286 + 400 * 0.1229
    assert loss == pytest.approx(84.584, abs=1e-3)
    assert loss * MJ_PER_KGCE == pytest.approx(2478.95, abs=0.05)
    assert loss + sold_and_bought == pytest.approx(
        0, abs=1e-3
    )  # its heating value is written to five decimals


def test_a_power_house_that_gives_back_more_than_it_takes_is_no_record() -> None:
    """0.8 Nm3 of gas for 1 kWh are 0.103 - 0.123 kgce: below 0, which no set can do, and bounds let
    through to -0.05.
    """
    case = BY_ID["power-house-on-blast-furnace-gas"]
    more = [
        {**flow, "quantity": 0.8} if flow["carrier"] == "blast-furnace-gas" else flow
        for flow in case["energy"]
    ]
    assert value(case) == pytest.approx(0.21146, abs=1e-4)
    assert labelled({**case, "energy": more}).best.value is None


@pytest.mark.parametrize(
    ("step_id", "recovery"),
    [("coking", "coke-dry-quenching"), ("blast-furnace", "top-gas-turbine")],
)
def test_a_limit_that_counts_recovery_in_is_tested_at_the_step_where_the_site_recovers_nothing(
    step_id: str, recovery: str
) -> None:
    """With the recovery in the log it is tested on the account of both
    (tests/unit/waste/test_route_against_limits.py).
    """
    step, start = packs.load("steel").step(step_id), datetime(2027, 1, 1, tzinfo=UTC)
    whole = Coverage(365, 365, (start, start), 12, 12)

    def reasons(*ran: str) -> set[str | None]:
        variables = {"feed_fe_pct": 62.0, "moisture_pct": 10.0, "volatile_pct": 26.0}
        variant = step.variants[-1].id
        period = Period.parse("2027", UTC)
        graded = grade_step(
            step,
            step.metrics[0],
            variant,
            400.0,
            variables,
            {},
            period,
            whole,
            frozenset({step_id, *ran}),
        )
        return {limit.reason for limit in graded.limits}

    assert None in reasons()
    assert reasons(recovery) - {"not-applicable"} == {
        "limit-over-several-steps"
    }  # not the limit of wet quenching


def test_a_limit_of_wet_quenching_holds_for_nobody_who_quenches_dry() -> None:
    """Grade 3 of oven and dry boiler together is 135; the 46.46 kgce/t of wet quenching do not come
    on top, whatever the site declares.
    """
    step, start = packs.load("steel").step("coking"), datetime(2027, 1, 1, tzinfo=UTC)
    means, period, covered = (
        {"moisture_pct": 10.0, "volatile_pct": 23.0},
        Period.parse("2027", UTC),
        Coverage(365, 365, (start, start), 12, 12),
    )

    def tested(*ran: str) -> dict[str, tuple[object, ...]]:
        together = frozenset({"coking", *ran})
        grade = grade_step(
            step,
            step.metrics[0],
            "top-charged",
            150.0,
            means,
            {"quench": "wet"},
            period,
            covered,
            together,
        )
        return {limit.limit: (limit.reason, limit.best_met) for limit in grade.limits}

    assert tested()["gb21342-2025-top-quenched-wet"] == (None, 3)
    assert tested()["gb21342-2025-top"] == (None, None)
    beside = tested("coke-dry-quenching")
    assert beside["gb21342-2025-top-quenched-wet"] == ("not-applicable", None)
    assert beside["gb21342-2025-top"] == ("limit-over-several-steps", None)
