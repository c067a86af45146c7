"""One product of a line that is booked or made differently from a day on, told against the others
beside it.
"""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from reporting_agent.changes import booking, levels
from reporting_agent.changes.change import Change, ChangeKind
from reporting_agent.changes.lines import Daily, MeterLine

BREADS = ("toast", "rye", "rolls", "baguette")
DAYS = 300
SINCE = 150


def oven(seed: int, factors: dict[str, float], *, until: int = DAYS) -> MeterLine:
    """Four breads a night, 3 % of scatter in output and energy; `factors` of each one's output are
    booked from night 150 on.
    """
    chance = np.random.default_rng(seed)
    day = np.repeat(np.arange(739_000, 739_000 + DAYS), len(BREADS))
    name = np.concatenate([chance.permutation(BREADS) for _ in range(DAYS)])
    true_rate, power = chance.normal(0, 0.03, len(day)), chance.normal(0, 0.03, len(day))
    night = day - day[0]
    booked = np.log([factors.get(variant, 1.0) for variant in name]) * (
        (night >= SINCE) & (night < until)
    )
    rate, per_output = true_rate + booked, power - booked
    batches = tuple(
        SimpleNamespace(variant=variant, product="bread", equipment="oven-1")
        for variant in name.tolist()
    )
    nothing = Daily(np.zeros(0, np.int64), np.zeros(0))
    record = {
        "meter": "gas",
        "step": "baking",
        "batches": batches,
        "idle": nothing,
        "conditions": (),
    }
    return cast(
        "MeterLine",
        SimpleNamespace(
            day=day, power=power + true_rate, rate=rate, per_output=per_output, **record
        ),
    )


@pytest.mark.parametrize("seed", range(5))
def test_one_bread_booked_too_heavy_is_told_by_name(seed: int) -> None:
    line = oven(seed, {"toast": 1.15})
    (product_change,) = booking.of_lines([line])
    assert (product_change.kind, product_change.product, product_change.equipment) == (
        ChangeKind.OUTPUT,
        "toast",
        ("oven-1",),
    )
    assert product_change.size == pytest.approx(1.15, abs=0.03)
    assert product_change.first is not None
    assert abs(product_change.first.toordinal() - 739_150) <= 2
    assert all(
        change.size != pytest.approx(1.15, abs=0.03) for change in levels.of_lines([line], {})
    )  # the whole line does not tell it


def test_two_names_exchanged_for_two_months_are_two_changes_with_an_end() -> None:
    changes = booking.of_lines([oven(1, {"toast": 1.6, "rolls": 1 / 1.6}, until=SINCE + 60)])
    assert {change.product for change in changes} == {"toast", "rolls"}
    assert all(change.until is not None for change in changes)


@pytest.mark.parametrize("seed", range(5))
def test_what_all_products_share_is_of_none_of_them(seed: int) -> None:
    assert booking.of_lines([oven(seed, dict.fromkeys(BREADS, 1.15))]) == []


@pytest.mark.slow
def test_a_sound_line_is_not_asked_about() -> None:
    assert sum(bool(booking.of_lines([oven(seed, {})])) for seed in range(60)) == 0


def test_what_a_product_shows_is_not_asked_of_its_line_again() -> None:
    (change,) = booking.of_lines([oven(2, {"toast": 1.15})])
    of_line = Change(
        ChangeKind.PROCESS, "baking", ("gas",), ("oven-1",), change.first, None, 0.97, 0.01, ()
    )
    assert booking.explained(of_line, [change])
    assert not booking.explained(of_line, [])


def converter(seed: int, factor: float = 1.0) -> MeterLine:
    """Two steels in campaigns of three days, 25 heats a day; eight heats of wet scrap begin and end
    the first campaign of B.

    From day 48 of 96 on, A is booked at `factor`.
    """
    chance = np.random.default_rng(seed)
    day = np.repeat(np.arange(739_000, 739_096), 25)
    name = np.where((day - day[0]) // 3 % 2 == 0, "A", "B")
    power, true_rate = chance.normal(0, 0.01, len(day)), chance.normal(0, 0.02, len(day))
    first_of_b = np.flatnonzero(name == "B")[:75]
    power[first_of_b[:8]] += 0.08
    power[first_of_b[-8:]] += 0.08
    booked = np.log(factor) * ((name == "A") & (day >= day[0] + 48))
    batches = tuple(
        SimpleNamespace(variant=variant, product="steel", equipment="bof-1")
        for variant in name.tolist()
    )
    nothing = Daily(np.zeros(0, np.int64), np.zeros(0))
    record = {
        "meter": "power",
        "step": "converter",
        "batches": batches,
        "idle": nothing,
        "conditions": (),
    }
    return cast(
        "MeterLine",
        SimpleNamespace(
            day=day,
            power=power + true_rate,
            rate=true_rate + booked,
            per_output=power - booked,
            **record,
        ),
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_campaign_beside_some_bad_heats_of_another_product_is_one_comparison(seed: int) -> None:
    assert booking.of_lines([converter(seed)]) == []


@pytest.mark.parametrize("seed", range(5))
def test_a_product_of_campaigns_is_told(seed: int) -> None:
    (change,) = booking.of_lines([converter(seed, 1.15)])
    assert (change.kind, change.product, change.first) == (
        ChangeKind.OUTPUT,
        "A",
        date.fromordinal(739_048),
    )
    assert change.size == pytest.approx(1.15, abs=0.03)
