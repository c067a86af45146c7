"""Every batch's loss in every unit: what adds up, what it is worth, and what cannot be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import packs
from benchmarks.conversion import FactorTable
from benchmarks.declared import Words
from benchmarks.labels import label_site
from benchmarks.measurements import Batch, CarrierEnergy, Direction, Period
from reporting_agent.analysis.drivers.result import NormalisedLabel, StepDrivers
from reporting_agent.analysis.energy_costs.amounts import Amount, added
from reporting_agent.analysis.waste.gap_parts import StepLosses, losses
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult, PlantData
from tests.unit.waste.conftest import KGCE_PER_KWH

Melt = Callable[..., Batch]
Labelled = Callable[..., LabelResult]
Sites = Callable[..., SiteSettings]

TARIFF = {"currency": "CNY", "prices": [{"carrier": "electricity", "price": 0.6, "unit": "kWh"}]}


def lost(batches: list[Batch], labelled: Labelled, a_site: Sites, **tables: Any) -> StepLosses:
    (loss,) = losses(a_site(**tables), labelled(batches), ())
    return loss


def value_in(amount: Amount, unit: str) -> float:
    value: float = getattr(amount, unit)
    return value


def uneven(a_melt: Melt, count: int = 80, seed: int = 5) -> list[Batch]:
    chance = np.random.default_rng(seed)
    return [
        a_melt(
            number,
            4_500 * (1 + abs(chance.normal(0, 0.04))),
            output=round(chance.uniform(90, 110), 3),
            reject=float(chance.choice([0, 0, 1.7])),
        )
        for number in range(count)
    ]


def test_parts_add_up_in_every_unit_to_the_last_digit(
    a_melt: Melt, labelled: Labelled, a_site: Sites
) -> None:
    loss = lost(uneven(a_melt), labelled, a_site, tariff=TARIFF)
    for unit in ("energy", "kwh", "kgce", "co2_kg", "money"):
        parts = [
            value_in(amount, unit)
            for amount in (
                loss.explained,
                loss.within_uncertainty,
                loss.avoidable,
                loss.unexplained,
            )
        ]
        assert value_in(loss.gap, unit) == sum(parts) == sum(reversed(parts))
        for part, named in ((loss.avoidable, True), (loss.unexplained, False)):
            assert (
                value_in(part, unit)
                == sum(
                    value_in(amount, unit)
                    for cause, amount in loss.by_cause.items()
                    if cause.named is named
                )
                > 0
            )
        assert value_in(loss.beyond, unit) == value_in(loss.avoidable, unit) + value_in(
            loss.unexplained, unit
        )
        assert value_in(loss.explained, unit) == sum(
            value_in(amount, unit) for amount in loss.by_variable.values()
        )
    for row in range(len(loss.batches.ids)):
        assert loss.batches.avoidable[row] == sum(
            part[row] for cause, part in loss.batches.by_cause.items() if cause.named
        )
        assert loss.batches.beyond[row] == sum(part[row] for part in loss.batches.by_cause.values())


def test_an_amount_is_told_at_the_batchs_own_factors(
    a_melt: Melt, labelled: Labelled, a_site: Sites
) -> None:
    loss = lost(uneven(a_melt), labelled, a_site, tariff=TARIFF)
    kgce = loss.avoidable.kgce
    assert kgce > 0
    assert loss.avoidable.energy == kgce  # the label's own unit
    assert loss.avoidable.kwh == pytest.approx(kgce / KGCE_PER_KWH, rel=1e-9)
    assert loss.avoidable.co2_kg == pytest.approx(
        kgce / KGCE_PER_KWH * 0.5306, rel=1e-9
    )  # the grid's average of 2023
    assert loss.avoidable.money == pytest.approx(kgce / KGCE_PER_KWH * 0.6, rel=1e-9)
    assert (loss.currency, loss.co2_reason, loss.money_reason) == ("CNY", None, None)


def test_without_a_price_or_a_factor_there_is_a_reason_instead_of_a_number(
    a_melt: Melt, labelled: Labelled, a_site: Sites
) -> None:
    moved = [
        Batch(**{**_fields(batch), "start": batch.start.replace(year=2019), "end": None})
        for batch in uneven(a_melt)
    ]
    (loss,) = losses(a_site(), labelled(moved, year="2019"), ())
    assert (loss.avoidable.co2_kg, loss.avoidable.money) == (None, None)
    assert loss.co2_reason is not None
    assert "electricity (2019-01-02)" in loss.co2_reason.en
    assert "电力" in loss.co2_reason.said_in("zh")
    assert loss.money_reason is not None
    assert "[tariff]" in loss.money_reason.en
    assert loss.avoidable.kgce > 0


def test_heat_whose_price_is_per_volume_makes_the_money_unknown_and_not_less(
    a_melt: Melt, labelled: Labelled, a_site: Sites
) -> None:
    def heat(number: int) -> Batch:
        energy = (
            CarrierEnergy("electricity", 3_000.0, "kWh"),
            CarrierEnergy("oxygen", 5_000.0, "Nm3"),
            CarrierEnergy("coke-oven-gas", 15.0 + number % 7, "GJ"),
        )
        return a_melt(
            number,
            step="converter",
            equipment="bof-1",
            variables={"scrap_pct": 15.0},
            energy=energy,
        )

    def lost_at(price: dict[str, Any]) -> StepLosses:
        oxygen = {"carrier": "oxygen", "price": 0.5, "unit": "Nm3"}
        prices = [*TARIFF["prices"], oxygen, {"carrier": "coke-oven-gas", **price}]
        return lost(
            [heat(number) for number in range(60)],
            labelled,
            a_site,
            tariff={"currency": "CNY", "prices": prices},
        )

    unknown = lost_at({"price": 0.9, "unit": "Nm3"})
    assert unknown.gap.money is None
    assert unknown.money_reason is not None
    assert (
        "60 batches have no price: their amounts of coke-oven gas cannot be turned into"
        in unknown.money_reason.en
    )
    assert lost_at({"price": 50.0, "unit": "GJ"}).gap.money is not None


def test_what_a_batch_did_not_use_leaves_its_money_and_its_co2(
    a_melt: Melt, labelled: Labelled, a_site: Sites
) -> None:
    none = CarrierEnergy("lpg", 0.0, "kg"), CarrierEnergy("mixed-gas", 0.0, "Nm3")
    batches = [replace(batch, energy=(*batch.energy, *none)) for batch in uneven(a_melt)]
    newest = packs.load("steel")
    result = LabelResult(
        label_site(batches, newest, FactorTable.load(), Period.parse("2023", UTC), site="works-2"),
        PlantData(newest, batches, [], []),
    )
    prices = [*TARIFF["prices"], {"carrier": "mixed-gas", "price": 40.0, "unit": "GJ"}]
    (loss,) = losses(a_site(tariff={"currency": "CNY", "prices": prices}), result, ())
    assert loss.gap.energy > 0
    assert (loss.co2_reason, loss.money_reason) == (None, None)
    assert loss.gap.co2_kg is not None
    assert loss.gap.money is not None


def test_a_batch_whose_meters_state_their_own_uncertainty_is_split_by_it(
    a_melt: Melt, labelled: Labelled, a_site: Sites
) -> None:
    """Of 5,500 kWh, 1,000 above the label, the site's 1 % leaves 55 in doubt; a meter that says 4 %
    leaves 220.
    """
    plain = [a_melt(number) for number in range(60)]
    coarse = CarrierEnergy("electricity", 5_500.0, "kWh", relative_uncertainty=0.04)
    loss = lost([*plain, a_melt(60, 5_500.0), a_melt(61, energy=(coarse,))], labelled, a_site)
    doubts = dict(
        zip(
            loss.batches.ids, (loss.batches.within_uncertainty / KGCE_PER_KWH).tolist(), strict=True
        )
    )
    assert doubts["L00060"] == pytest.approx(55, abs=1e-3)
    assert doubts["L00061"] == pytest.approx(220, abs=1e-3)
    assert loss.within_uncertainty.kgce == pytest.approx((55 + 220) * KGCE_PER_KWH, abs=1e-3)


def test_what_a_step_gives_back_is_no_part_of_the_mix(
    labelled: Labelled, a_site: Sites, a_melt: Melt
) -> None:
    """A converter: 3,000 kWh in, gas out. An amount of its gap is told as electricity, never as
    negative coal.
    """

    def heat(number: int, gas: float) -> Batch:
        gave = CarrierEnergy("converter-gas", gas, "Nm3", Direction.RECOVERED, lhv_mj_per_unit=8.0)
        fuel = CarrierEnergy("coke-oven-gas", 1_000.0, "Nm3", lhv_mj_per_unit=17.0)
        oxygen = CarrierEnergy("oxygen", 5_000.0, "Nm3")
        return a_melt(
            number,
            step="converter",
            equipment="bof-1",
            variables={"scrap_pct": 15.0},
            energy=(CarrierEnergy("electricity", 3_000.0, "kWh"), oxygen, fuel, gave),
        )

    loss = lost(
        [heat(number, 12_000.0 - 20 * (number % 25)) for number in range(60)], labelled, a_site
    )
    electricity, gas = 3_000.0 * KGCE_PER_KWH, 17_000.0 / 29.3076
    heat_kwh = (electricity / KGCE_PER_KWH + 17_000.0 / 3.6) / (electricity + gas)
    assert loss.label < 0
    assert loss.avoidable.kwh == pytest.approx(loss.avoidable.kgce * heat_kwh, rel=1e-9)


def test_labels_that_hold_the_same_energy_are_not_both_counted(
    a_melt: Melt, labelled: Labelled, a_site: Sites, pack: Any
) -> None:
    fuel = CarrierEnergy("natural-gas", 500.0, "Nm3", lhv_mj_per_unit=35.0)
    coke = CarrierEnergy("coke", 1.0, "t", lhv_mj_per_unit=28_400.0)
    heats = [
        a_melt(
            number,
            step="eaf",
            variables={"hot_metal_pct": 0.0},
            energy=(CarrierEnergy("electricity", 40_000.0 + 37 * (number % 30), "kWh"), fuel, coke),
        )
        for number in range(70)
    ]
    rest = {
        "eaf": frozenset(pack.step("eaf").boundary.carriers)
        - {"electricity", "natural-gas", "coke"}
    }
    step_losses = losses(a_site(), labelled(heats, not_used=rest), ())
    assert {(str(loss.metric), loss.counted) for loss in step_losses} == {
        ("total", True),
        ("electricity", False),
    }
    assert added(loss.avoidable for loss in step_losses if loss.counted).kgce == next(
        loss.avoidable.kgce for loss in step_losses if loss.counted
    )


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_no_order_of_the_log_changes_a_label_or_a_loss(
    a_melt: Melt, labelled: Labelled, a_site: Sites, chance: Random
) -> None:
    batches = uneven(a_melt, 70)
    shuffled = batches.copy()
    chance.shuffle(shuffled)
    ordered, other = labelled(batches), labelled(shuffled)
    for first, second in zip(ordered.site_label.steps, other.site_label.steps, strict=True):
        mine, theirs = first.to_json(), second.to_json()
        mine["gap"]["batches"].sort(key=lambda part: part["batch_id"])
        theirs["gap"]["batches"].sort(key=lambda part: part["batch_id"])
        assert mine == theirs
    here, reordered = losses(a_site(), ordered, ())[0], losses(a_site(), other, ())[0]
    assert (
        here.gap,
        here.explained,
        here.within_uncertainty,
        here.avoidable,
        here.unexplained,
    ) == (
        reordered.gap,
        reordered.explained,
        reordered.within_uncertainty,
        reordered.avoidable,
        reordered.unexplained,
    )
    assert {cause: amount.energy for cause, amount in here.by_cause.items()} == pytest.approx(
        {cause: amount.energy for cause, amount in reordered.by_cause.items()}, rel=1e-9
    )


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1_000, 9_000), st.integers(40, 160), st.integers(0, 5)),
        min_size=55,
        max_size=80,
    ),
    st.integers(2, 5),
)
def test_splitting_or_merging_batches_leaves_what_was_used_and_lost_to_rejects(
    a_melt: Melt, labelled: Labelled, pieces: list[tuple[int, int, int]], parts: int
) -> None:
    """A batch told as several of equal shape has the same energy, output and rejects: so has the
    sum over the log.
    """
    whole = [
        a_melt(number, float(1024 * kwh), output=float(tonnes * 8), reject=float(rejected))
        for number, (kwh, tonnes, rejected) in enumerate(pieces)
    ]
    divided = []
    for batch in whole:
        for part in range(parts):
            changes = {
                **_fields(batch),
                "batch_id": f"{batch.batch_id}-{part}",
                "output": batch.output / parts,
                "reject": batch.reject / parts,
            }
            entry = batch.energy[0]
            divided.append(
                Batch(
                    **{
                        **changes,
                        "energy": (CarrierEnergy("electricity", entry.quantity / parts, "kWh"),),
                    }
                )
            )
    (undivided,), (other,) = labelled(whole).site_label.steps, labelled(divided).site_label.steps
    assert other.output == pytest.approx(undivided.output, rel=1e-12)
    for mine, theirs in ((undivided.value_adding, other.value_adding),):
        assert mine.value_adding + mine.non_value_adding == pytest.approx(
            theirs.value_adding + theirs.non_value_adding, abs=1e-6 * len(divided)
        )
        assert mine.non_value_adding == sum(mine.by_cause.values())
    assert undivided.value_adding.by_cause.get("reject", 0.0) == pytest.approx(
        other.value_adding.by_cause.get("reject", 0.0), abs=1e-6 * len(divided)
    )
    if (
        undivided.gap is not None
        and other.gap is not None
        and undivided.best.value == pytest.approx(other.best.value, rel=1e-12)
    ):
        assert undivided.gap.energy == pytest.approx(
            other.gap.energy, abs=1e-6 * len(divided), rel=1e-9
        )


def _fields(batch: Batch) -> dict[str, Any]:
    return {name: getattr(batch, name) for name in Batch.__slots__}


def test_what_stands_in_the_columns_is_on_the_grid(
    a_melt: Melt, labelled: Labelled, a_site: Sites
) -> None:
    loss = lost(uneven(a_melt), labelled, a_site)
    for column in (
        loss.batches.explained,
        loss.batches.within_uncertainty,
        loss.batches.beyond,
        *loss.batches.by_cause.values(),
    ):
        steps = column * 2**20
        assert np.array_equal(steps, np.round(steps))
        assert (column >= 0).all()


def test_what_the_plants_own_variables_move_stands_apart(
    a_melt: Melt, labelled: Labelled, a_site: Sites
) -> None:
    """A plant's own regression says that 200 kWh of the last batch go with a setting: told beside,
    taken off nothing.
    """
    result = labelled([*[a_melt(number) for number in range(60)], a_melt(60, 5_500.0)])
    (label,) = result.site_label.steps
    values = [45.0 * KGCE_PER_KWH] * 60 + [53.0 * KGCE_PER_KWH]
    words = Words(en="w", zh="词")
    normalised = NormalisedLabel(5.0, 5.0, None, {}, tuple(values), words)
    own = StepDrivers(
        label.step,
        label.product,
        label.variant,
        label.metric,
        label.unit,
        61,
        61.0,
        None,
        (),
        None,
        None,
        normalised,
        (),
        words,
    )
    (plain,), (moved,) = losses(a_site(), result, ()), losses(a_site(), result, (own,))
    assert plain.moved_by_variables is None
    assert moved.moved_by_variables is not None
    assert moved.moved_by_variables.kwh == pytest.approx(200, abs=1e-3)
    assert (moved.avoidable, moved.unexplained, moved.explained) == (
        plain.avoidable,
        plain.unexplained,
        plain.explained,
    )
