"""Plants that burn what is not listed, sell by-products, buy intermediates and recover heat: labels
equal to the working by hand.
"""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime, timedelta
from math import fsum, prod
from pathlib import Path
from typing import Any

import pytest

from benchmarks import packs
from benchmarks.labels import StepLabel, label_site
from benchmarks.measurements import Batch, CarrierEnergy, Direction, Metric, Period

CASES: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parents[3] / "fixtures" / "worked_cases.toml").read_text(encoding="utf-8")
)["case"]
MJ_PER_KGCE = 29.3076
OUTPUT_T = 500.0
RUNS = 60
HOURS = {"heat": 1, "melt": 4, "shift": 8, "day": 24}


def worked(line: str) -> float:
    """`- 110 * 0.2714 = 29.8540`: the product, signed, after a check that the line itself is
    right.
    """
    match = re.fullmatch(r"([+-]) (.+) = ([\d.]+)", line)
    assert match is not None, line
    numbers = [
        float(number) if not part.startswith("/") else 1 / float(number)
        for part, number in re.findall(r"(/?\s*)([\d.]+)", match[2])
    ]
    value = prod(numbers)
    assert value == pytest.approx(float(match[3]), abs=6e-5), line
    return -value if match[1] == "-" else value


def labelled(case: dict[str, Any]) -> StepLabel:
    pack = packs.load(case["pack"])
    step = pack.step(case["step"])
    energy = tuple(
        CarrierEnergy(
            amount["carrier"],
            amount["quantity"] * OUTPUT_T,
            amount["unit"],
            Direction(amount.get("direction", "import")),
            lhv_mj_per_unit=amount.get("lhv"),
        )
        for amount in case["energy"]
    )
    length = timedelta(hours=HOURS[step.run_kind])
    start = datetime(2023, 1, 1, tzinfo=UTC)
    variant = case.get("variant", step.variants[0].id)
    runs = [
        Batch(
            f"R{number}",
            step.id,
            "",
            variant,
            start + number * length,
            start + (number + 1) * length,
            OUTPUT_T,
            energy=energy,
            variables={name: float(value) for name, value in case.get("variables", {}).items()},
        )
        for number in range(RUNS)
    ]
    site_label = label_site(
        runs,
        pack,
        packs.factors(pack),
        Period.parse("2023", UTC),
        not_used={step.id: frozenset((*case.get("not_used", ()), *case.get("made_inside", ())))},
        outside={step.id: case.get("outside", {})},
    )
    return next(
        label for label in site_label.steps if label.metric is Metric(case.get("metric", "total"))
    )


def test_there_are_forty_cases_and_more_each_with_a_name_of_its_own() -> None:
    assert len(CASES) >= 40
    assert len({case["id"] for case in CASES}) == len(CASES)


@pytest.mark.parametrize(
    "case", [case for case in CASES if "reason" not in case], ids=lambda case: case["id"]
)
def test_the_label_is_the_one_worked_by_hand(case: dict[str, Any]) -> None:
    by_hand = fsum(worked(line) for line in case["working"])
    if "metric" in case:
        assert by_hand == pytest.approx(case["kwh_per_unit"], abs=1e-3)
    else:
        assert by_hand == pytest.approx(case["kgce_per_t"], abs=1e-3)
        assert case["mj_per_t"] == pytest.approx(case["kgce_per_t"] * MJ_PER_KGCE, abs=0.01)
    label = labelled(case)
    assert label.best.value == pytest.approx(
        by_hand + fsum(worked(line) for line in case.get("to_reference", ())), rel=1e-9
    )
    assert label.mean == pytest.approx(by_hand, rel=1e-9)
    assert fsum(label.energy_by_carrier.values()) == pytest.approx(
        by_hand * OUTPUT_T * RUNS, rel=1e-9
    )  # the balance closes


@pytest.mark.parametrize(
    "case", [case for case in CASES if "reason" in case], ids=lambda case: case["id"]
)
def test_what_is_not_known_or_outside_has_no_label_and_says_why(case: dict[str, Any]) -> None:
    label = labelled(case)
    assert (label.best.value, label.mean, label.used) == (None, None, 0)
    assert label.excluded == {case["reason"]: RUNS}
    assert label.best.reason in (case["reason"], "too-few-batches")


def test_the_fuel_that_lies_outside_is_counted_and_does_not_win() -> None:
    """A third of the fuel as anthracite, and a second gas: worse than their honest neighbours."""
    value = {case["id"]: labelled(case).best.value for case in CASES}
    assert value["sinter-with-anthracite"] == pytest.approx(55.5135, abs=1e-3)
    assert value["rolling-on-two-gases"] == pytest.approx(50.1386, abs=1e-3)
    assert (value["sinter-with-its-own-loaders"] or 99) < 55
